"""Signs in a project's files that an engine may use asyncpg, or that a driver may prepare its SQL.

A synchronous engine reaches asyncpg only through `AsyncEngine` or a URL that names it. Of the drivers to which
SQLAlchemy gives several commands, only asyncpg and psycopg 3 refuse them. In a project without any sign of these, such
a file needs no analysis.
"""

from __future__ import annotations

import itertools
import re

from poolsafe.checkout.project_files import holds

# The functions and classes that create asynchronous engines.
ENGINES = (b"create_async_engine", b"async_engine_from_config", b"SQLAlchemyAsyncConfig")
_WORDS = (b"asyncpg", b"AsyncEngine", b"ext.asyncio", *ENGINES)
_PSYCOPG = b"psycopg"
_FALLBACK = b"async_fallback"
_WRAPPERS = (b"databases", b"gino", b"ormar", b"piccolo", b"tortoise")
# A file without any of these has no sign. Fewer searches take less time: the first ones are parts of several words.
_PARTS = (b"pg", b"ngine", b"ext.asyncio", b"AsyncConfig", _FALLBACK, *_WRAPPERS)
_OPTION = re.compile(rb"\b%b\b" % _FALLBACK)
_IMPORTED = re.compile(rb"^[ \t]*(?:import|from)[ \t]+(?:%b)\b" % b"|".join(_WRAPPERS), re.MULTILINE)


def names_driver(data: bytes) -> bool:
    """Returns whether bytes name asyncpg, psycopg 3, SQLAlchemy's asynchronous engines or a wrapper of a driver."""
    for part in _PARTS:
        if data.rfind(part) >= 0:  # faster than `in` for a few letters
            break
    else:
        return False
    if holds(data, _WORDS) or data.count(_PSYCOPG) > data.count(b"psycopg2"):
        return True
    if _FALLBACK in data and _OPTION.search(data) is not None:
        return True
    return holds(data, _WRAPPERS) and _IMPORTED.search(data) is not None


# Databases and drivers that a program may use in place of asyncpg.
OTHERS = b"sqlite|mysql|mariadb|oracle|mssql|psycopg|pg8000|asyncmy|duckdb|libsql|snowflake"
TESTED = (b"asyncpg", b"postgres", *OTHERS.split(b"|"))
# An asynchronous engine cannot use psycopg2.
_USABLE = re.compile(OTHERS.replace(_PSYCOPG, _PSYCOPG + b"(?!2)"))
_OTHER = rb"(?P<other>%b)" % OTHERS
_NAMED = rb"(?:[\^\w+]{0,12}?%b|postgres(?:ql)?(?:\+asyncpg)?\b(?!:)|\+?asyncpg\b)" % _OTHER
# A comparison with the name of a driver or a pattern that matches it, a test for it in a URL, and a dict or a decorator
# with something for each driver.
_TESTS = tuple(
    map(
        re.compile,
        (
            rb"(?:\.(?:(?:starts|ends)with|r?find|r?index|count|match|search)\(\s*r?\(?|[=!]=|\bin\s*[(\[{]|\bcase\s*\[?)"
            rb"\s*['\"]" + _NAMED,
            rb"['\"]" + _NAMED + rb"[^'\"\n]*['\"]\s*(?:[=!]=|(?:not\s+)?in\b)",
            rb"(?:@[\w.]+\(\s*|[{,]\s*|\n[ \t]*)['\"]" + _OTHER + rb"(?:\+\w+)?['\"]\s*[:)]",
        ),
    )
)
# The rest of the line and the two lines below.
_BODY = re.compile(rb"[^\n]*(?:\n[^\n]*){0,2}")
_REFUSES = re.compile(rb":[ \t]*(?:\n[ \t]*)?raise\b")


def asks_for_driver(data: bytes) -> bool:
    """Returns whether bytes test for a driver other than asyncpg, to treat it in its own way.

    A test that raises an exception does not count. Neither does a test for asyncpg itself if the code after it names
    asyncpg again, because such code changes the scheme.
    """
    for pattern in _TESTS:
        for found in pattern.finditer(data):
            body = _BODY.match(data, found.end())
            after = b"" if body is None else body[0]
            is_own = found["other"] is None and b"asyncpg" in after
            if not is_own and _REFUSES.search(after) is None:
                return True
    return False


def names_another(data: bytes) -> bool:
    """Returns whether bytes name a database or a driver, other than asyncpg, that an asynchronous engine can use."""
    return _USABLE.search(data) is not None


def awaits_sql(data: bytes) -> bool:
    """Returns whether a file awaits the execution of SQL, on any connection."""
    if b"await" not in data or not holds(data, _EXECUTING):
        return False
    return any(_is_awaited(data, found.start()) for found in _CALL.finditer(data))


def _is_awaited(data: bytes, end: int) -> bool:
    """Returns whether the expression of a call that begins at a place contains `await` before it."""
    before = data[max(0, end - _REACH) : end]
    return any(_is_one_expression(before[found.end() :] + b".") for found in _AWAIT.finditer(before))


def _is_one_expression(code: bytes) -> bool:
    """Returns whether each line of some code continues in the next, because of a bracket, a backslash or a dot."""
    depth = 0
    lines = code.splitlines()
    for line, following in itertools.pairwise(lines):
        depth += sum(map(line.count, _OPENING)) - sum(map(line.count, _CLOSING))
        if depth <= 0 and not line.endswith(b"\\") and not following.lstrip().startswith(b"."):
            return False
    return True


# What the names of methods that run SQL begin with. `run_sync` passes the connection to a function that runs it.
_EXECUTING = (b".exec", b".fetch", b".scalar", b".stream", b".run_sync", b".add_listener")
# A call with arguments.
_CALL = re.compile(
    rb"\.(?:exec(?:ute|utemany|_driver_sql)?|fetch(?:many|row|val)?|scalars?|stream(?:_scalars)?|run_sync|add_listener)"
    rb"\(\s*[^\s)]"
)
_AWAIT = re.compile(rb"\bawait\b")
_REACH = 1000  # bytes between `await` and the call
_OPENING, _CLOSING = (b"(", b"[", b"{"), (b")", b"]", b"}")
