"""Finds out without a parser whether the code of a Python source uses names that create engines or run SQL.

Most files with such a name have it in a comment or in documentation, or only pass it on. If in doubt, the file is
parsed, as in the search of strings, because an unneeded parse is better than a missed alarm. Few projects need all the
expressions, so each is compiled on first use.
"""

from __future__ import annotations

import re
from functools import partial

from poolsafe.sql.python_strings import Strings, UnreadableError, code

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_GAP = rb"[\s\\]*"
_BLANKS = b" \t\n\r\f\v\\"

_ENGINE = (
    rb"(?:create_async_engine|async_engine_from_config|create_engine|engine_from_config|SQLAlchemyAsyncConfig"
    rb"|DatabaseConnection)"
)
_ENGINE_USED = partial(re.compile, rb"(?<![A-Za-z0-9_])(?<!def )" + _ENGINE + rb"(?![A-Za-z0-9_])")
# `x as x` renames nothing; it marks a name that is re-exported.
_ENGINE_RENAMED = partial(re.compile, rb"(?<![A-Za-z0-9_])(" + _ENGINE + rb")[\s\\]+as[\s\\]+(?!\1\b)")
_IMPORT = partial(re.compile, rb"from(?<!\wfrom)[ \t]+[.\w]+[ \t]+import\b[ \t]*(?:\([^()]*\)|[^\r\n\\;(]*)")

# Each begins with a literal, so that `re` can skip the text before it. The group is the parenthesis of a call.
_CALLED = _GAP + rb"(?:(\()|(?<=[\s\\])as\b)"
_TEXT = partial(re.compile, rb"text(?<![A-Za-z0-9_]text)(?<!def text)" + _CALLED)
_DDL = partial(re.compile, rb"DDL(?<![A-Za-z0-9_]DDL)(?<!class DDL)" + _CALLED)
_DRIVER_SQL = partial(re.compile, rb"exec_driver_sql(?<!def exec_driver_sql)(?:" + _CALLED + rb")?")
_FETCH = partial(re.compile, rb"\.(?:fetch(?:row|val|many)?|executemany|cursor|prepare)" + _CALLED)
_PSYCOPG = partial(re.compile, rb"psycopg(?<![A-Za-z0-9_]psycopg)(?!2)")
_EXECUTE = partial(re.compile, rb"execute(?<![A-Za-z0-9_]execute)" + _CALLED)
# The name of Alembic's `op`. Only its `execute`, and that of a cursor in a listener, take SQL as a plain string.
_LAST_WORD = partial(re.compile, rb"(?<![A-Za-z0-9_])[A-Za-z0-9_]+\Z")
_LONGEST_RECEIVER = 100
_LISTENER = partial(re.compile, rb"listens_for")


def uses_engine_function(data: bytes) -> bool:
    """Returns whether the code calls, passes on or renames one of the engine functions. An import alone does not count.

    A call with the literal URL of another database does not count either: many tests have one.
    """
    data = _OTHER_DATABASE().sub(_hidden, data)
    return _ENGINE_USED().search(_IMPORT().sub(_unless_renamed, code(data))) is not None


def bare_engine_functions(data: bytes) -> frozenset[bytes]:
    """Returns the engine functions that the code uses by their bare names, or none if it uses one in another way."""
    data = code(data)
    names = set()
    imports = [statement.span() for statement in _IMPORT().finditer(data)]
    for use in _ENGINE_NAMED().finditer(data):
        if use[1] or use[3]:
            return frozenset()
        if not any(start <= use.start() < end for start, end in imports):
            names.add(use[2])
    return frozenset(names)


# The groups before and after the name show that it is an attribute, or that the file itself binds it.
_ENGINE_NAMED = partial(
    re.compile,
    rb"(\.[\s\\]*|\bdef[ \t]+|\bas[ \t]+|(?<![A-Za-z0-9_]))("
    + _ENGINE
    + rb")(?![A-Za-z0-9_])([ \t]*=(?!=)|[ \t]+as\b)?",
)
# The literal is the whole argument, and its scheme has no placeholder. Nothing else in the call may hold parameters of
# asyncpg, which PGB205 reports for any driver.
_OTHER_ARGUMENTS = rb"(?:(?!connect_args)[^()\[\]{}*\"'#])*"
_OTHER_DATABASE = partial(
    re.compile,
    rb"(?<![A-Za-z0-9_])create_(?:async_)?engine(?=[ \t]*\(\s*(?:url[ \t]*=[ \t]*)?[fFrRuU]{0,2}([\"'])"
    rb"(?:sqlite|mysql|mariadb|oracle|mssql|duckdb)(?:\+\w+)?:[^\"'\\\r\n]*\1\s*"
    rb"(?:\)|,"
    + _OTHER_ARGUMENTS
    + rb"(?:connect_args[ \t]*=[ \t]*\{\s*[\"']check_same_thread[\"']\s*:\s*\w+\s*,?\s*\}"
    + _OTHER_ARGUMENTS
    + rb")?\)))",
)


def _hidden(name: re.Match[bytes]) -> bytes:
    return b"_" * len(name[0])


# An import of a package whose functions create connections, and the use of such a function.
_CLIENT_IMPORTED = partial(
    re.compile,
    rb"(?m)^[ \t]*(?:from|import)[ \t]+(?:[\w.]+[ \t]*,[ \t]*)*"
    rb"(?:asyncpg|buildpg|psycopg|psycopg_pool|databases|tortoise|piccolo|gino)\b",
)
_CLIENT_USED = partial(
    re.compile,
    rb"\b(?<!def )(?:connect|create_pool(?:_b)?|Pool|(?:Async)?(?:Null)?ConnectionPool|Database|Tortoise"
    rb"|register_tortoise|PostgresEngine|create_engine|set_bind)\b",
)
# A call with a positional argument that is awaited, iterated or entered asynchronously. An argument called `request`
# does not count, because web frameworks have a method `prepare` for the response to a request.
_PREPARING = partial(
    re.compile,
    rb"(?:\bawait\b|\basync[\s\\]+for\b[^:\r\n]*?\bin\b|\basync[\s\\]+with\b)[^\r\n]{0,200}?"
    rb"\.(?:cursor|prepare|iterate)\((?!\s*(?:\)|\w+\s*=(?!=)|(?:\w+\.)*_?request\s*[,)]))",
)
_PSYCOPG_URL = partial(re.compile, rb"\+psycopg\b")


def names_prepared_statement(data: bytes) -> bool:
    """Returns whether a call to `cursor`, `prepare` or `iterate` with a positional argument runs asynchronously."""
    return _PREPARING().search(code(data)) is not None


def makes_connections(data: bytes) -> bool:
    """Returns whether asyncpg, psycopg or a wrapper is imported and used to connect, or an engine uses psycopg.

    A binding method such as `db.set_bind(url)` is called on an object that often comes from another module.
    """
    written = code(data)
    if _CLIENT_IMPORTED().search(written) is not None and _CLIENT_USED().search(
        _IMPORT().sub(_unless_renamed_client, written)
    ):
        return True
    if b"set_bind" in written and b"gino" in data:
        return True
    is_psycopg = b"prepare_threshold" in data or _PSYCOPG_URL().search(data) is not None
    return is_psycopg and _ENGINE_USED().search(written) is not None


_CLIENT_RENAMED = partial(re.compile, rb"\bas\b")


def _unless_renamed_client(statement: re.Match[bytes]) -> bytes:
    return statement[0] if _CLIENT_RENAMED().search(statement[0]) else b""


def runs_several_commands(data: bytes) -> bool:
    """Returns whether `text`, `DDL`, `exec_driver_sql` or Alembic's `execute` may be given several commands.

    An argument that is a text is judged by itself. Any other argument may be any text in the file.
    """
    runners = {runner.end(): bool(runner.lastindex) for runner in _runners(data)}
    cursors = {call.end(): True for call in _EXECUTE().finditer(data)} if b"listens_for" in data else {}
    if not runners and not cursors:
        return False
    try:
        strings = Strings(data)
    except UnreadableError:
        return True
    if strings.outside([listener.start() for listener in _LISTENER().finditer(data)]):
        runners = {**cursors, **runners}
    # A function that is not called here may be called by another name.
    used = strings.outside(sorted(runners))
    judged = [strings.argument(end) if runners[end] else None for end in used]
    return True in judged or (None in judged and (strings.holds_several_commands() or _holds_glue(strings)))


def _holds_glue(strings: Strings) -> bool:
    """Returns whether one of the strings is a lone semicolon that may join commands, or is a value."""
    data = strings.data
    found = [one.start() for one in _GLUE().finditer(data)]
    starts = {start for start, _ in strings.strings} if found else ()
    return any(at in starts and _SEARCHING().search(data, max(at - 30, 0), at) is None for at in found)


# A method that searches a text for the string behind it.
_SEARCHING = partial(
    re.compile, rb"\.(?:r?split|r?partition|[lr]?strip|startswith|endswith|r?find|r?index|count|replace)\([ \t]*\Z"
)
# A lone semicolon, which may join commands or be the value of a name or parameter.
_GLUE = partial(re.compile, rb"""["'][ \t]?;[ \t]?["'][ \t]?(?:\.[ \t]?join\b|[,)\r\n])|["'];\\n["']\.join\b""")


def _unless_renamed(statement: re.Match[bytes]) -> bytes:
    return statement[0] if _ENGINE_RENAMED().search(statement[0]) else b""


def _runners(data: bytes) -> Iterator[re.Match[bytes]]:
    for name, pattern in ((b"text", _TEXT), (b"exec_driver_sql", _DRIVER_SQL), (b"DDL", _DDL)):
        if name in data:
            yield from pattern().finditer(data)
    takes_strings = b"asyncpg" in data or _PSYCOPG().search(data) is not None
    if takes_strings:
        yield from _FETCH().finditer(data)
    if b"execute" not in data:
        return
    for call in _EXECUTE().finditer(data):
        receiver = data[max(call.start() - _LONGEST_RECEIVER, 0) : call.start()]
        if not call.lastindex or _is_operations(receiver) or takes_strings:
            yield call


def _is_operations(receiver: bytes) -> bool:
    """Returns whether the text before a call ends in a name such as `op` and a dot."""
    name, dot, rest = receiver.rpartition(b".")
    word = _LAST_WORD().search(name.rstrip(_BLANKS))
    return bool(dot) and not rest.strip(_BLANKS) and word is not None and (b"op" in word[0] or b"migration" in word[0])
