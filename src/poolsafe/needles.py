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
#: The file may make a connection or a pool of asyncpg or psycopg without an asynchronous engine.
CLIENT = 16
#: The file may give SQL to `cursor()`, `prepare()` or `iterate()` of a connection of asyncpg.
PREPARING = 32


def wanted(data: bytes) -> int:
    """Returns what a file may contain: the sum of `ENGINE`, `STATEMENT` and the others, or 0 to rule it out."""
    found = ENGINE if uses_engine(data) else 0
    if holds_suppression(data):
        found |= SUPPRESSION
    if runs_several_commands(data):
        found |= STATEMENT
    if changes_session(data):
        found |= SESSION
    if makes_connections(data):
        found |= CLIENT
    if names_prepared_statement(data):
        found |= PREPARING
    return found


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
    """Whether the code uses an engine function, but nothing in the file suggests asyncpg."""
    if not _names_engine(data) or _is_asynchronous(data):
        return False
    from poolsafe.sql.python_names import uses_engine_function

    return uses_engine_function(data)


def may_deserve_second_look(data: bytes) -> bool:
    """Returns whether the file's imports may reveal engines that the file itself does not show."""
    return b"import" in data and (b"ngine" in data or b"postgresql+" in data or b"connect_args" in data)


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


def may_use_engine(data: bytes) -> bool:
    """Returns whether the bytes hold the names that `uses_engine` asks for, in code or not."""
    return _names_engine(data) and _is_asynchronous(data)


def _names_engine(data: bytes) -> bool:
    if b"SQLAlchemyAsyncConfig" in data or (b"ormar" in data and b"DatabaseConnection" in data):
        return True
    if b"engine" not in data:
        return False
    if b"create_async_engine" in data or b"async_engine_from_config" in data:
        return True
    return b"create_engine" in data or b"engine_from_config" in data


def _is_asynchronous(data: bytes) -> bool:
    return b"async" in data or b"Async" in data or b"ASYNC" in data or any(key in data for key in _KEYS)


# Keys of connect_args that only asyncpg and its dialect take; "statement_cache_size" is the end of another one.
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


def names_prepared_statement(data: bytes) -> bool:
    """Whether the file's code may give SQL to `cursor()`, `prepare()` or `iterate()` of an asynchronous connection.

    It does not if the file names another driver, and not asyncpg.
    """
    if not (b".cursor(" in data or b".prepare(" in data or b".iterate(" in data) or b"async" not in data:
        return False
    if b"asyncpg" not in data and any(driver in data for driver in _OTHER_DRIVERS):
        return False
    from poolsafe.sql.python_names import names_prepared_statement

    return names_prepared_statement(data)


_OTHER_DRIVERS = (b"aiomysql", b"asyncmy", b"psycopg", b"aiosqlite", b"aiopg", b"psqlpy", b"oracledb", b"sqlite3")


def makes_connections(data: bytes) -> bool:
    """Whether the file's code may make a connection or a pool of asyncpg or psycopg without SQLAlchemy's asyncpg.

    psycopg's connections count, and engines in files that name it, because a synchronous engine may set its threshold.
    """
    if b"tortoise.backends.asyncpg" in data:
        return True
    if not any(package in data for package in _CLIENT_PACKAGES) or not any(maker in data for maker in _MAKERS):
        return False
    from poolsafe.sql.python_names import makes_connections

    return makes_connections(data)


_CLIENT_PACKAGES = (b"asyncpg", b"psycopg", b"databases", b"tortoise", b"piccolo", b"gino", b"prepare_threshold")
_MAKERS = (b"connect", b"create_", b"Pool", b"Database", b"Tortoise", b"tortoise", b"PostgresEngine", b"set_bind")


def holds_suppression(data: bytes) -> bool:
    """Returns whether the file may hold a suppression that names a code of ours, or a `poolsafe:` comment."""
    if b"poolsafe" in data:
        return True
    if b"PGB" not in data or b"noqa" not in data.lower():
        return False
    import re

    # Each match reaches to the code or to the end of the line, so that no line is read twice.
    return any(match[1] for match in re.finditer(rb"(?i:noqa)[^\r\n]*?(?:(PGB)|(?=[\r\n])|\Z)", data))


def runs_several_commands(data: bytes) -> bool:
    """Whether `text`, `DDL`, `exec_driver_sql` or Alembic's `execute` may be given a string of several commands."""
    if b";" not in data or not (
        b"text" in data
        or b"exec" in data
        or b"DDL" in data
        or b".fetch" in data
        or b".prepare(" in data
        or b".cursor(" in data
    ):
        return False
    from poolsafe.sql import python_names

    return python_names.runs_several_commands(data)


def changes_session(data: bytes) -> bool:
    """Whether something that runs SQL may be given a command that changes the session, such as `SET` or `LISTEN`."""
    if b"sql" in data:
        words: tuple[bytes, ...] = _RUNS + _CLAUSES
    elif b"await" in data or b"alembic" in data:
        words = _RUNS
    else:
        return False
    if not any(word in data for word in words):
        return False
    from poolsafe.sql import session_words

    return session_words.names_session_change(data)


# Every file that runs SQL with SQLAlchemy, Alembic or a driver contains one of these. The others create a clause, which
# another file may execute. Two forms are missed: `run = text` in a file that only creates clauses, and `conn.\` with
# `execute` on the next line. To find them, many files would be read in vain.
_RUNS = (b".exec", b".fetch", b"add_listener")
_CLAUSES = (b"text(", b".text", b".scalar", b"func.", b"DDL", b"text as")
