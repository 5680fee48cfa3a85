"""The length of a message as docs/style.md counts it: without what varies with the project."""

from __future__ import annotations

import re

LONGEST = 160
# Parts that vary with the project: the pooler and why it is assumed, why something is unknown, advice for old versions.
_VARYING = re.compile(
    r"assuming the driver is asyncpg, |use SQLAlchemy >= 2.0.21, then "
    r"| and use asyncpg >= 0.31(?: or `prepared_statement_name_func=lambda: ..`)?"
    r"|(?:^| )behind (?:a pooler such as PgBouncer|a pooler|the configured \w+ pooler|the \w+ pooler in [\w.-]+)"
    r"| \((?:poolsafe |it |the |its |`|syntax error|(?:port|host|variable) \S+ suggests)[^;]*\)"
)
# A longer name or quoted text counts as this many characters.
_COUNTED = 12
_WORD = re.compile(r"`[^`]*`|[^\s`]+")


def counted(message: str) -> int:
    """Returns the number of characters of a message that count."""
    return len(_WORD.sub(lambda word: word[0][:_COUNTED], _VARYING.sub("", message)))
