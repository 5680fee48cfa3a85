"""Finds out whether a text may contain a command that changes the session: a search that may avoid LibCST.

If in doubt, the text is examined. A text that begins with `SET` or `LISTEN` counts. The word elsewhere does not count,
because `UPDATE ... SET` is very common.

Compiling all the expressions takes longer than searching most projects, so each is compiled on first use.
"""

from __future__ import annotations

import re
from functools import cache, partial

from poolsafe.sql.setting_names import is_setting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import AnyStr

# Each pattern has a literal that its matches contain, because a plain search for the literal is faster than `re`. A
# literal in lower case is searched for in the file in lower case, once for several patterns. The words are frequent in
# prose in lower case, so these patterns require more of the command.
_NAME = r"""([\w."'{}\x01%]+)"""
_SET = r"set\s+(?:(?:local|session)\s+)?"
_AS_WRITTEN = (
    ("SET", (rf"SET\s+(?!NULL\b|DEFAULT\b)(?:(?:LOCAL|SESSION)\s+)?{_NAME}",)),
    (
        "set ",
        (
            rf"{_SET}{_NAME}(?=\s*=|\s+to\b)",
            rf"{_SET}(?:role|time\s+zone|session\s+(?:authorization|characteristics))\b",
        ),
    ),
    ("EXECUTE", (r"""EXECUTE\s+(?!IMMEDIATE\b|format\b)\w+\s*(?:[("';]|\Z)""",)),
)
_BEFORE_TEMP = r"\s+(?:(?i:OR\s+REPLACE|GLOBAL|LOCAL)\s+)*"
_IN_ANY_CASE = (
    ("listen ", (r'LISTEN\s+["\w{\x01]', r"""listen\s+[\w"{}\x01]+\s*(?:[;"']|\Z)""")),
    ("discard ", (r"DISCARD\s+\w", r"discard\s+(?:all|temp|temporary|plans|sequences)\b")),
    ("deallocate ", (r"DEALLOCATE\s+\w", r"deallocate\s+(?:all|prepare)\b")),
    ("prepare ", (r"PREPARE\s+\w+\s*(?:\(|(?i:AS)\b)", r"prepare\s+\w+\s*(?:\(|(?i:AS)\b)")),
    ("load '", (r"LOAD\s+'", r"load\s+'")),
    (
        "temp",
        (
            rf"CREATE{_BEFORE_TEMP}(?i:TEMP(?:ORARY)?)\b",
            rf"create{_BEFORE_TEMP}(?i:temp(?:orary)?)\b",
            r"CREATE\s+(?i:TABLE\s+pg_temp)\b",
            r"create\s+(?i:table\s+pg_temp)\b",
        ),
    ),
)
# These commands decide what happens to the effects of others. A file with nothing else is not examined.
_BOUNDARIES = (
    r"""(?:BEGIN|COMMIT|ROLLBACK|START\s+TRANSACTION)\s*(?:[;"']|\Z)""",
    r"""(?:begin|commit|rollback|start\s+transaction)\s*(?:[;"']|\Z)""",
    r"(?:DROP|drop|RESET|reset)\s+\w",
)
# These may be anywhere in a command. The name of a function may be composed: `f"SELECT pg_{kind}advisory_lock"`.
_INSIDE = (
    # A function of the project may have the same name, but its arguments differ from those of SQL's function.
    ("set_config", (r"""\.set_config\b|set_config\s*\(\s*(?:['":$%{\\\x01]|\Z)""",)),
    ("advisory_", (r"advisory_(?:xact_)?(?:un)?lock",)),
    ("lastval(", (r"lastval\(",)),
    ("currval(", (r"currval\(",)),
    (" temp", (r"INTO\s+TEMP(?:ORARY)?\b", r"into\s+temp(?:orary)?\b")),
    ("with hold", (r"WITH\s+HOLD\b", r"with\s+hold\b")),
)


def _of_bytes(
    patterns: Iterable[tuple[str, tuple[str, ...]]],
) -> list[tuple[bytes, list[partial[re.Pattern[bytes]]]]]:
    return [(literal.encode(), [partial(re.compile, one.encode()) for one in found]) for literal, found in patterns]


_ANYWHERE = partial(re.compile, "|".join(one for _, patterns in _INSIDE for one in patterns))
_LEADING = [
    *(partial(re.compile, one) for _, patterns in (*_AS_WRITTEN, *_IN_ANY_CASE) for one in patterns),
    *(partial(re.compile, pattern) for pattern in _BOUNDARIES),
]


_AS_WRITTEN_BYTES = _of_bytes(_AS_WRITTEN)
_IN_ANY_CASE_BYTES = _of_bytes(_IN_ANY_CASE)
_INSIDE_BYTES = _of_bytes(_INSIDE)

# The words that may follow SET instead of the name of a setting.
_OTHER_NAMES = frozenset({"authorization", "characteristics", "names", "role", "schema", "session", "time"})

_ESCAPED_BLANKS = ("\\n", "\\r", "\\t")
_FARTHEST = 200  # characters of blanks and comments before a command


def may_change_session(literal: str) -> bool:
    """Returns whether a string literal, or its text, may contain a command that changes the session or transaction."""
    return _ANYWHERE().search(literal) is not None or any(
        _may_be_setting(found) and _leads(literal[max(found.start() - _FARTHEST, 0) : found.start()])
        for pattern in _leading()
        for found in pattern.finditer(literal)
    )


@cache
def _leading() -> list[re.Pattern[str]]:
    return [pattern() for pattern in _LEADING]


def _leads(before: str) -> bool:
    """Returns whether a command may begin after this text: only blanks and comments follow a quote or a semicolon."""
    while True:
        text = _without_blanks(before)
        if not text or text[-1] in "\"';":
            return True
        line = max(text.rfind("\n"), text.rfind("\r")) + 1
        comment = text.find("--", line)
        if comment < 0 or not any(end in before[len(text) :] for end in "\r\n"):
            return False
        before = text[:comment]


def _without_blanks(text: str) -> str:
    while (text := text.rstrip()).endswith(_ESCAPED_BLANKS):
        text = text[:-2]
    return text


def _may_be_setting(found: re.Match[AnyStr]) -> bool:
    """Returns whether the name after SET may be a setting, if SET was found. `SET done = 1` is part of an UPDATE."""
    if not found.re.groups:
        return True
    text = found[1] if isinstance(found[1], str) else found[1].decode("latin-1")
    return text.lower() in _OTHER_NAMES or not text.isidentifier() or is_setting(text)


# A literal can only be run if one of these names occurs, even if the function is then called by another name.
_RUNNER = rb"(text|DDL|exec_driver_sql|execute|executemany|fetch|fetchmany|fetchrow|fetchval)(?![A-Za-z0-9_])"
_RUNNERS = partial(re.compile, rb"\b" + _RUNNER)
# A function of PostgreSQL that SQLAlchemy's `func` calls, and asyncpg's own method for `LISTEN`.
_CALLS = (
    (b"set_config", partial(re.compile, rb"\.[\s\\]*set_config[\s\\]*\(")),
    (b"advisory_", partial(re.compile, rb"(?i)\.[\s\\]*pg_(?:try_)?advisory_\w+[\s\\]*\(")),
    (b"lastval", partial(re.compile, rb"(?i)\.[\s\\]*lastval[\s\\]*\(")),
    (b"currval", partial(re.compile, rb"(?i)\.[\s\\]*currval[\s\\]*\(")),
    # Only if awaited and called with a channel, because many other methods have this name.
    (
        b"add_listener",
        partial(
            re.compile,
            rb"\b(?:await(?:_\w*)?|run_async)\b[^=;#]{1,300}?\.[\s\\]*add_listener[\s\\]*\((?!\s*(?:(?:self\.)?\w+\s*)?\))",
        ),
    ),
)


def names_session_change(data: bytes) -> bool:
    """Returns whether a source may run such a command in a literal, or calls a function that changes the session."""
    small = data.lower()
    if any(literal in small and pattern().search(data) is not None for literal, pattern in _CALLS):
        return True
    found = sorted(_commands(data, small))
    if not found or _RUNNERS().search(data) is None:
        return False
    # Imported late, because few files reach this line.
    from poolsafe.sql.python_strings import Strings, UnreadableError, code

    try:
        return Strings(data).hold_one_of(found) and _names_runner(code(data))
    except UnreadableError:
        return True


def _names_runner(written: bytes) -> bool:
    """Returns whether code calls something that runs SQL, or may call it by another name.

    Many files have a variable or an attribute called `text`. If it is not called, it only counts if it is imported, or
    a member of something that is.
    """
    imported = {word for one in _IMPORT().finditer(written) for word in _WORD().findall(one[0])}
    is_text = b"text" in imported or b"*" in imported
    return any(
        found[2] != b"text" or found[3] is not None or (found[1] in imported if found[1] else is_text)
        for found in _RUNNER_USED().finditer(written)
    )


# The groups are the name before a dot, the name itself, and the parenthesis of a call.
_RUNNER_USED = partial(re.compile, rb"(?:\b(\w+)\.|(?<!\w))" + _RUNNER + rb"(?:[\s\\]*(\())?")
_IMPORT = partial(re.compile, rb"\bimport\b[ \t]*(?:\([^()]*\)|[^\r\n\\;(]*)")
_WORD = partial(re.compile, rb"\w+|\*")


def _commands(data: bytes, small: bytes) -> Iterator[int]:
    """Yields the offsets of text that looks like a command, inside and outside literals."""
    for pattern in _with_literal(_INSIDE_BYTES, small):
        yield from (found.start() for found in pattern.finditer(data))
    for pattern in (*_with_literal(_AS_WRITTEN_BYTES, data), *_with_literal(_IN_ANY_CASE_BYTES, small)):
        for found in pattern.finditer(data):
            before = data[max(found.start() - _FARTHEST, 0) : found.start()].decode("latin-1")
            if _may_be_setting(found) and _leads(before):
                yield found.start()


def _with_literal(
    patterns: Iterable[tuple[bytes, list[partial[re.Pattern[bytes]]]]], data: bytes
) -> Iterator[re.Pattern[bytes]]:
    return (pattern() for literal, found in patterns if literal in data for pattern in found)
