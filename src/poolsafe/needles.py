"""The byte search that decides what a file may contain, before LibCST or even `pathlib` is imported.

Most files contain nothing to check, and plain `in` on bytes shows that ten times faster than a regular expression. Only
if a file has a name that creates engines, or a semicolon and a name that runs SQL, are its code and its strings
searched, and only then is the lexer for that imported. An unneeded parse is better than a missed alarm, because a file
that is ruled out here is never reported.

Nothing here raises, whatever the bytes are. A file in UTF-16 has no needle, but Python would not run it either.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

#: The file uses a function of SQLAlchemy that creates engines for asyncpg.
ENGINE = 1
#: The file uses something that runs SQL, and one of its strings may be several commands.
STATEMENT = 2
#: The file may contain a suppression comment: a `noqa` with a PGB code, or a `poolsafe:` comment.
SUPPRESSION = 4
#: The file uses something that runs SQL, and one of its strings or calls may change the session.
SESSION = 8
#: The file may create a connection or a pool of asyncpg or psycopg without an asynchronous engine.
CLIENT = 16
#: The file may pass SQL to `cursor()`, `prepare()` or `iterate()` of a connection of asyncpg.
PREPARING = 32
#: The file has none of its own, but its imports may reveal an engine.
IMPORTED = 64


def wanted(data: bytes) -> int:
    """Returns what a file may contain: the sum of `ENGINE`, `STATEMENT` and the others, or 0 to rule it out."""
    return search(data) & ~IMPORTED


def search(data: bytes) -> int:
    """Returns what `wanted` returns, plus `IMPORTED` if only the file's imports can tell whether it has an engine.

    Each search of the whole file takes about as long as reading it, and a few of them rule out most files: a file
    counts if it imports something that runs SQL, is asynchronous, or names an engine or an argument of one.
    """
    found = SUPPRESSION if _holds_suppression(data) else 0
    imports = _import_lines(data)
    # For words of a few letters, `rfind` takes half to nine tenths of the time of `in`.
    is_asynchronous = data.rfind(b"async") >= 0
    names_engine = data.rfind(b"ngine") >= 0
    imports_driver = b"pg" in imports
    imports_sql = imports_driver or b"sql" in imports or b"alchemy" in imports or b"alembic" in imports
    imports_wrapper = (
        b"databases" in imports
        or b"tortoise" in imports
        or b"piccolo" in imports
        or b"gino" in imports
        or b"ormar" in imports
    )
    if not (is_asynchronous or names_engine or imports_sql or imports_wrapper):
        return found
    names_engine = names_engine or b"connect_args" in data or b"postgresql+" in data
    if (names_engine or imports_sql or imports_wrapper) and uses_engine(data):
        found |= ENGINE
    if b";" in data and (imports_sql or (is_asynchronous and (b"sql" in data or b"pg" in data))):
        found |= STATEMENT if _runs_several_commands(data) else 0
    if (imports_sql or is_asynchronous) and _changes_session(data, creates_clauses=imports_sql):
        found |= SESSION
    if (imports_driver or imports_wrapper or (names_engine and _names_client(data))) and _makes_connections(data):
        found |= CLIENT
    if is_asynchronous and _names_prepared_statement(data):
        found |= PREPARING
    if imports and names_engine and not found & ENGINE:
        found |= IMPORTED
    return found


def _import_lines(data: bytes) -> bytes:
    """Returns the lines with the word `import`, and the lines that they continue, because these name the packages."""
    lines = []
    end = 0
    find, find_back = data.find, data.rfind
    while (found := find(b"import", end)) >= 0:
        start = find_back(b"\n", end, found)
        if start > 0 and data[start - 1] in b"\\\r" and b"\\" in data[start - 2 : start]:
            start = find_back(b"\n", end, start)
        last = end
        end = find(b"\n", found)
        if end < 0:
            end = len(data)
        # The line before may have been added already.
        lines.append(data[start if start > last else last : end])
    return b"".join(lines)


def uses_engine(data: bytes) -> bool:
    """Returns whether the file's code uses an engine function whose engine asyncpg may serve.

    The two functions without "async" in their name only count if the file contains that word: their engine reaches
    asyncpg through `AsyncEngine(create_engine(...))`; without it, an asyncpg URL fails at the first query, even without
    a pooler. They also count if the file contains one of asyncpg's keys, which other drivers refuse. The configuration
    of advanced-alchemy, which creates the engine itself, counts too.
    """
    if not may_use_engine(data):
        return False
    # Imported late, because its expressions take milliseconds to compile.
    from poolsafe.sql.python_names import uses_engine_function

    return uses_engine_function(data)


def uses_synchronous_engine(data: bytes) -> bool:
    """Returns whether the code uses an engine function, but nothing in the file suggests asyncpg."""
    if not _names_engine(data) or _is_asynchronous(data):
        return False
    from poolsafe.sql.python_names import uses_engine_function

    return uses_engine_function(data)


def pieces_use_engine(pieces: Iterable[bytes]) -> bool:
    """Returns whether `uses_engine` is true of a source that is read in pieces.

    If a piece begins inside a string, the rest of the string counts as code. Raises what `pieces` raises.
    """
    used = asynchronous = False
    for piece in pieces:
        asynchronous = asynchronous or _is_asynchronous(piece)
        if not used and _names_engine(piece):
            from poolsafe.sql.python_names import uses_engine_function

            used = uses_engine_function(piece)
        if used and asynchronous:
            return True
    return False


def bare_engine_functions(data: bytes) -> frozenset[bytes]:
    """Returns the engine functions that the code uses by their bare names, or none if it uses one in another way."""
    from poolsafe.sql import python_names

    return python_names.bare_engine_functions(data)


def may_use_engine(data: bytes) -> bool:
    """Returns whether the bytes contain the names that `uses_engine` looks for, in code or not."""
    return _names_engine(data) and _is_asynchronous(data)


def _names_engine(data: bytes) -> bool:
    if b"SQLAlchemyAsyncConfig" in data or (b"ormar" in data and b"DatabaseConnection" in data):
        return True
    if b"engine" not in data:
        return False
    if b"create_async_engine" in data or b"async_engine_from_config" in data:
        return True
    # Many methods are called `_create_engine`.
    return _holds_word(data, b"create_engine") or _holds_word(data, b"engine_from_config")


def _holds_word(data: bytes, word: bytes) -> bool:
    """Returns whether the bytes contain a word that is not part of a longer one."""
    at = data.find(word)
    while at >= 0:
        end = at + len(word)
        if not _continues(data, at - 1) and not _continues(data, end):
            return True
        at = data.find(word, end)
    return False


def _is_called(data: bytes, name: bytes) -> bool:
    """Returns whether a name is followed by a parenthesis or by `as`, in code or not."""
    at = data.find(name)
    while at >= 0:
        end = at + len(name)
        if not _continues(data, at - 1) and not _continues(data, end):
            behind = data[end : end + _WIDEST_GAP].lstrip(b" \t\r\n\f\v\\")
            if behind.startswith((b"(", b"as")) or not behind:
                return True
        at = data.find(name, end)
    return False


_WIDEST_GAP = 100


def _continues(data: bytes, offset: int) -> bool:
    """Returns whether the byte there can be part of a name."""
    byte = data[offset : offset + 1] if offset >= 0 else b""
    return byte.isalnum() or byte == b"_"


def _is_asynchronous(data: bytes) -> bool:
    return b"async" in data or b"Async" in data or b"ASYNC" in data or any(key in data for key in _KEYS)


# Keys of connect_args that only asyncpg and its dialect accept; "statement_cache_size" is the end of another one.
_KEYS = (
    b"statement_cache_size",
    b"server_settings",
    b"command_timeout",
    b"prepared_statement_name_func",
    b"max_cached_statement_lifetime",
    b"max_cacheable_statement_size",
    b"direct_tls",
    b"record_class",
)


def _names_prepared_statement(data: bytes) -> bool:
    """Returns whether the code may pass SQL to `cursor()`, `prepare()` or `iterate()` of an asynchronous connection.

    It does not if the file names another driver, and not asyncpg.
    """
    if not (b".cursor(" in data or b".prepare(" in data or b".iterate(" in data):
        return False
    if b"asyncpg" not in data and any(driver in data for driver in _OTHER_DRIVERS):
        return False
    from poolsafe.sql.python_names import names_prepared_statement

    return names_prepared_statement(data)


_OTHER_DRIVERS = (b"aiomysql", b"asyncmy", b"psycopg", b"aiosqlite", b"aiopg", b"psqlpy", b"oracledb", b"sqlite3")


def _makes_connections(data: bytes) -> bool:
    """Returns whether the code may create a connection or a pool of asyncpg or psycopg without SQLAlchemy's asyncpg.

    psycopg's connections count, and engines in files that name it, because a synchronous engine may set its threshold.
    """
    if b"tortoise.backends.asyncpg" in data:
        return True
    if not any(maker in data for maker in _MAKERS):
        return False
    from poolsafe.sql.python_names import makes_connections

    return makes_connections(data)


def _names_client(data: bytes) -> bool:
    """Returns whether a file that names an engine may create it with psycopg, or is a configuration of Tortoise."""
    return b"psycopg" in data or b"prepare_threshold" in data or b"tortoise.backends.asyncpg" in data


_MAKERS = (b"connect", b"create_", b"Pool", b"Database", b"Tortoise", b"tortoise", b"PostgresEngine", b"set_bind")


def may_hold_suppression(data: bytes) -> bool:
    """Returns whether a file contains one of the words of poolsafe's suppression comments."""
    return b"PGB" in data or b"poolsafe" in data


def _holds_suppression(data: bytes) -> bool:
    """Returns whether the file may contain a `noqa` comment with a PGB code, or a `poolsafe:` comment."""
    if b"poolsafe" in data:
        return True
    if data.rfind(b"PGB") < 0 or b"noqa" not in data.lower():
        return False
    import re

    # Each match reaches to the code or to the end of the line, so that no line is read twice.
    return any(match[1] for match in re.finditer(rb"(?i:noqa)[^\r\n]*?(?:(PGB)|(?=[\r\n])|\Z)", data))


def _runs_several_commands(data: bytes) -> bool:
    """Returns whether `text`, `DDL`, `exec_driver_sql` or Alembic's `execute` may get a string of several commands."""
    if not _runs_text(data):
        return False
    from poolsafe.sql import python_names

    return python_names.runs_several_commands(data)


def _runs_text(data: bytes) -> bool:
    """Returns whether the file calls or renames something that runs SQL, in code or not."""
    if b"exec_driver_sql" in data or any(_is_called(data, runner) for runner in (b"text", b"execute", b"DDL")):
        return True
    # Only these drivers' methods are given several commands.
    return (b"asyncpg" in data or b"psycopg" in data) and any(method in data for method in _OF_DRIVERS)


_OF_DRIVERS = (b".fetch", b".executemany", b".prepare", b".cursor")


def _changes_session(data: bytes, *, creates_clauses: bool) -> bool:
    """Returns whether something that runs SQL may get a command that changes the session, such as `SET` or `LISTEN`."""
    words = _RUNS + _CLAUSES if creates_clauses else _RUNS
    if not any(word in data for word in words):
        return False
    from poolsafe.sql import session_words

    return session_words.names_session_change(data)


# Every file that runs SQL with SQLAlchemy, Alembic or a driver contains one of these. The others create a clause, which
# another file may execute. Two forms are missed: `run = text` in a file that only creates clauses, and `conn.\` with
# `execute` on the next line. To find them, many files would have to be read for nothing.
_RUNS = (b".exec", b".fetch", b"add_listener")
_CLAUSES = (b"text(", b".text", b".scalar", b"func.", b"DDL", b"text as")
