"""Recognises commands that are not in PostgreSQL's grammar: blocks and commands of SQLite, MySQL, Oracle and others.

Such text is written for another database, so asyncpg never receives it, whatever runs the code around it.
"""

from __future__ import annotations

import re

from poolsafe.sql.scanner import PLACEHOLDER

# PostgreSQL's own BEGIN is followed by nothing, or by transaction modes.
_BLOCK = r"\bBEGIN\s+(?!(?:WORK|TRANSACTION|ISOLATION|READ|NOT|DEFERRABLE|ATOMIC)\b)[\w@:\"]"
_CREATE = r"CREATE\s+(?:OR\s+REPLACE\s+)?(?:CONSTRAINT\s+|TEMP(?:ORARY)?\s+|DEFINER\s*=\s*\S+\s+)?"
_FOREIGN = re.compile(
    rf"""\s*(?:
      (?: PRAGMA | DELIMITER | USE | EXEC | GO ) \b
    | {_BLOCK}
    # A cursor is all that PostgreSQL declares.
    | DECLARE \b (?: (?!\bCURSOR\b) [^;{PLACEHOLDER}] )* (?: ; | \Z )
    # Its triggers name a function to execute.
    | {_CREATE} TRIGGER \b (?: (?!\bEXECUTE\b) [^;{PLACEHOLDER}] )* (?: ; | \Z )
    # The bodies of its routines are strings. A parameter may be called `begin`.
    | {_CREATE} (?: PROCEDURE | FUNCTION | PACKAGE ) \b
      (?: \( (?: [^()] | \( [^()]* \) )* \) | (?!{_BLOCK}) [^;$'()] )* {_BLOCK}
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_COMMENT = re.compile(r"--[^\n\r]*|/\*")


def is_of_another_database(command: str) -> bool:
    """Returns whether PostgreSQL's parser rejects a command, as returned by `split`, that another database accepts."""
    return _FOREIGN.match(_without_comments(command)) is not None


def _without_comments(command: str) -> str:
    """Returns the command with a blank in place of each comment, except block comments that are never closed."""
    kept = []
    position = after = 0
    last = command.rfind("*/")
    while (comment := _COMMENT.search(command, after)) is not None:
        start, after = comment.span()
        if comment[0] == "/*":
            if after > last:
                continue
            after = command.find("*/", after) + 2
        kept.append(command[position:start])
        position = after
    return " ".join((*kept, command[position:]))
