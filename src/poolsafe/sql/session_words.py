"""Whether a text may hold a command that changes the session: one search, in front of LibCST.

It errs on the side of an unneeded look. A text that begins with `SET` or `LISTEN` counts, one that contains the word
elsewhere does not: `UPDATE ... SET` is everywhere.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# Each pattern stands beside a literal that its matches contain: a plain search for that is faster than `re`. In small
# letters these words are frequent in prose, so more of the command is asked for.
_COMMANDS = (
    ("SET", r'SET\s+(?!NULL\b|DEFAULT\b)[\w."{\x01%]'),
    ("set ", r'set\s+(?:(?:local|session|role|time)\b|[\w."{}\x01%]+\s*(?:=|to\b))'),
    ("LISTEN", r'LISTEN\s+["\w{\x01]'),
    ("listen ", r"""listen\s+[\w"{}\x01]+\s*(?:[;"']|\Z)"""),
    ("DISCARD", r"DISCARD\s+\w"),
    ("discard ", r"discard\s+(?:all|temp|temporary|plans|sequences)\b"),
    ("DEALLOCATE", r"DEALLOCATE\s+\w"),
    ("deallocate ", r"deallocate\s+(?:all|prepare)\b"),
    ("PREPARE", r"PREPARE\s+\w+\s*(?:\(|(?i:AS)\b)"),
    ("prepare ", r"prepare\s+\w+\s*(?:\(|(?i:AS)\b)"),
    ("EXECUTE", r"""EXECUTE\s+(?!IMMEDIATE\b|format\b)\w+\s*(?:[("';]|\Z)"""),
    ("LOAD", r"LOAD\s+'"),
    ("load '", r"load\s+'"),
    ("TEMP", r"(?:CREATE|create)\s+(?:(?i:OR\s+REPLACE|GLOBAL|LOCAL)\s+)*TEMP(?:ORARY)?\b"),
    ("temp", r"(?:CREATE|create)\s+(?:(?i:OR\s+REPLACE|GLOBAL|LOCAL)\s+)*(?:temp(?:orary)?\b|(?i:table)\s+pg_temp\b)"),
)
# These say what becomes of the effects of other commands, and are nothing to look for by themselves.
_BOUNDARIES = (
    r"""(?:BEGIN|COMMIT|ROLLBACK|START\s+TRANSACTION)\s*(?:[;"']|\Z)""",
    r"""(?:begin|commit|rollback|start\s+transaction)\s*(?:[;"']|\Z)""",
    r"(?:DROP|drop)\s+\w",
)
# These may stand anywhere in a command. The name of a function may be put together: `f"SELECT pg_{kind}advisory_lock"`.
_INSIDE = (
    ("set_config", r"(?:\b|(?<=\\[nrt]))set_config\s*\("),
    ("advisory_", r"advisory_(?:xact_)?(?:un)?lock"),
    ("lastval", r"lastval\s*\("),
    ("currval", r"currval\s*\("),
    ("TEMP", r"INTO\s+TEMP(?:ORARY)?\b"),
    ("temp", r"into\s+temp(?:orary)?\b"),
    ("HOLD", r"WITH\s+HOLD\b"),
    ("hold", r"with\s+hold\b"),
)
_LEADING = [re.compile(pattern) for _, pattern in _COMMANDS]
_LEADING_BYTES = [(literal.encode(), re.compile(pattern.encode())) for literal, pattern in _COMMANDS]
_BOUNDARY = [re.compile(pattern) for pattern in _BOUNDARIES]
_ANYWHERE = re.compile("|".join(pattern for _, pattern in _INSIDE))
_ANYWHERE_BYTES = [(literal.encode(), re.compile(pattern.encode())) for literal, pattern in _INSIDE]

# What may stand between the beginning of a literal, or a semicolon in it, and the command.
_LEAD = re.compile(r"(?:\A|[\"';])(?:\s|\\[nrt]|--[^\r\n]*[\r\n])*\Z")
_FARTHEST = 200  # characters of blanks and comments before a command


def may_change_session(literal: str) -> bool:
    """Returns whether a string literal, or its text, may hold a command that changes the session or a transaction."""
    return _ANYWHERE.search(literal) is not None or any(
        _leads(literal, found.start()) for pattern in (*_LEADING, *_BOUNDARY) for found in pattern.finditer(literal)
    )


def _leads(text: str, start: int) -> bool:
    return _LEAD.search(text[max(start - _FARTHEST, 0) : start]) is not None


# What has to be named for a literal to be run, under another name too.
_RUNNERS = re.compile(
    rb"\b(?:text|DDL|exec_driver_sql|execute|executemany|fetch|fetchmany|fetchrow|fetchval)(?![A-Za-z0-9_])"
)
# A function of PostgreSQL that SQLAlchemy's `func` calls, and asyncpg's own method for `LISTEN`.
_CALLS = (
    (b"set_config", re.compile(rb"\.[\s\\]*set_config[\s\\]*\(")),
    (b"advisory_", re.compile(rb"\.[\s\\]*pg_(?:try_)?advisory_\w+[\s\\]*\(", re.IGNORECASE)),
    (b"val", re.compile(rb"\.[\s\\]*(?:lastval|currval)[\s\\]*\(", re.IGNORECASE)),
    # Awaited and with a channel: many other methods have the name.
    (
        b"add_listener",
        re.compile(rb"\bawait\b[^=;#]{1,300}?\.[\s\\]*add_listener[\s\\]*\((?!\s*(?:self\.)?\w*\s*\))"),
    ),
)


def names_session_change(data: bytes) -> bool:
    """Returns whether a source may run such a command in a literal, or calls a function that changes the session."""
    if any(literal in data and pattern.search(data) is not None for literal, pattern in _CALLS):
        return True
    found = sorted(_commands(data)) if _RUNNERS.search(data) is not None else []
    if not found:
        return False
    # Imported late, as few files get so far.
    from poolsafe.sql.python_strings import Strings, UnreadableError

    try:
        return Strings(data).hold_one_of(found)
    except UnreadableError:
        return True


def _commands(data: bytes) -> Iterator[int]:
    """Yields the offsets of what looks like a command, also where no literal is."""
    for literal, pattern in _ANYWHERE_BYTES:
        if literal in data:
            yield from (found.start() for found in pattern.finditer(data))
    for literal, pattern in _LEADING_BYTES:
        for found in pattern.finditer(data) if literal in data else ():
            before = data[max(found.start() - _FARTHEST, 0) : found.start()]
            if _LEAD.search(before.decode("latin-1")) is not None:
                yield found.start()
