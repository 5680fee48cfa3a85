"""Programs that change the session: generated, and run with stand-ins for SQLAlchemy's and asyncpg's clients."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any

from .choices import Choices
from .draft import Lines, block
from .pooled_servers import PROGRAM, Left, Session, line_of_program

HEADER = """\
import asyncio

import asyncpg
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

engine = create_async_engine("postgresql+asyncpg://app@db/app")
maker = async_sessionmaker(engine)
"""
PROBES = ("SELECT current_setting('app.tenant', true)", "SELECT current_setting('work_mem', true)")


def session_program(choices: Choices) -> str:
    """A program with one or two functions that run commands, each on a connection of its own."""
    functions = [_function(choices, f"work_{number}") for number in range(choices.between(1, 2))]
    calls = [f"await work_{number}()" for number in range(len(functions))]
    main = block("async def main() -> None:", calls)
    parts = [*("\n".join(lines) for lines in functions), "\n".join(main), "asyncio.run(main())"]
    return HEADER + "\n\n" + "\n\n\n".join(parts) + "\n"


def _function(choices: Choices, name: str) -> Lines:
    raw = choices.chance(35)
    opening, connection = choices.one(_RAW if raw else _ENGINES)
    begins = connection == "session" or not raw
    body = _body(choices, connection, raw=raw)
    if not opening.startswith("async with"):
        return block(f"async def {name}() -> None:", [opening, *body])
    if ".begin()" in opening or "transaction()" in opening:
        begins = False
    if begins and choices.chance(40):
        body.append(f"await {connection}.commit()")
        if choices.chance(40):
            body += _body(choices, connection, raw=raw)
    return block(f"async def {name}() -> None:", block(opening, body))


_ENGINES = (
    ("async with engine.begin() as conn:", "conn"),
    ("async with engine.connect() as conn:", "conn"),
    ("async with engine.connect() as conn, conn.begin():", "conn"),
    ("async with maker() as session:", "session"),
    ("async with maker.begin() as session:", "session"),
    ("async with maker() as session, session.begin():", "session"),
    ('async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as conn:', "conn"),
)
_RAW = (
    ('conn = await asyncpg.connect("postgresql://db/app")', "conn"),
    ('async with asyncpg.create_pool("postgresql://db/app") as pool, pool.acquire() as conn:', "conn"),
    (
        'async with asyncpg.create_pool("postgresql://db/app") as pool, pool.acquire() as conn, conn.transaction():',
        "conn",
    ),
)


def _body(choices: Choices, connection: str, *, raw: bool) -> Lines:
    lines: Lines = []
    for _ in range(choices.between(1, 4)):
        lines += _step(choices, connection, raw=raw)
    return lines


def _step(choices: Choices, connection: str, *, raw: bool) -> Lines:
    kind = choices.weighted(
        ((8, "command"), (2, "lock and release"), (2, "table"), (2, "probe"), (1, "block"), (1, "func"))
    )
    if kind == "block" and raw:
        return block(f"async with {connection}.transaction():", _run(choices, connection, _command(choices), raw=raw))
    if kind == "func" and not raw:
        function = choices.one(("pg_advisory_lock(7)", "pg_advisory_xact_lock(7)"))
        return [f"await {connection}.execute(select(func.{function}))"]
    if kind == "lock and release":
        between = _run(choices, connection, choices.one(PROBES), raw=raw)
        if not raw and choices.chance(30):
            between.append(f"await {connection}.commit()")
        return [
            *_run(choices, connection, "SELECT pg_advisory_lock(3)", raw=raw),
            *between,
            *_run(choices, connection, "SELECT pg_advisory_unlock(3)", raw=raw),
        ]
    if kind == "table":
        # A table that is created twice raises an error.
        table = f"scratch_{choices.between(1, 9_999)}"
        lines = _run(choices, connection, choices.one(_TABLES).format(table=table), raw=raw)
        return lines + (_run(choices, connection, f"DROP TABLE {table}", raw=raw) if choices.chance(50) else [])
    return _run(choices, connection, choices.one(PROBES) if kind == "probe" else _command(choices), raw=raw)


_STEPS = ((8, "command"), (2, "lock and release"), (2, "table"), (2, "probe"), (1, "block"), (1, "func"))
_TABLES = ("CREATE TEMP TABLE {table} (id int)", "CREATE TEMP TABLE {table} (id int) ON COMMIT DROP")
_COMMANDS = (
    "SET app.tenant = 'acme'",
    "SET LOCAL app.tenant = 'acme'",
    "SET work_mem TO '1GB'",
    "SELECT set_config('app.tenant', 'acme', false)",
    "SELECT set_config('app.tenant', 'acme', true)",
    "SET ROLE reader",
    "SET LOCAL ROLE reader",
    "SELECT pg_try_advisory_lock(5)",
    "SELECT pg_advisory_xact_lock(5)",
    "LISTEN jobs",
    "UPDATE jobs SET done = true",
    "SET LOCAL app.tenant = {parameter}",
)


def _command(choices: Choices) -> str:
    return choices.one(_COMMANDS)


def _run(choices: Choices, connection: str, sql: str, *, raw: bool) -> Lines:
    given = ""
    if "{parameter}" in sql:
        sql = sql.format(parameter="$1" if raw else ":tenant")
        given = ', "acme"' if raw else ', {"tenant": "acme"}'
    if raw:
        method = "fetchval" if sql.startswith("SELECT") else "execute"
        return [f'await {connection}.{method}("{sql}"{given})']
    form = choices.one(("written", "written", "name"))
    if form == "name":
        return [f'statement = text("{sql}")', f"await {connection}.execute(statement{given})"]
    return [f'await {connection}.execute(text("{sql}"){given})']


# --- stand-ins ---


class _Clause:
    """A clause, with the line of the program that creates it."""

    def __init__(self, sql: str, line: int | None = None) -> None:
        self.sql = sql
        self.line = line_of_program() if line is None else line


class _Functions:
    def __getattr__(self, name: str) -> Callable[..., _Clause]:
        return lambda *given: _Clause(f"SELECT {name}({', '.join(map(str, given))})")


class _Connection:
    """A connection or session of SQLAlchemy, or a connection of asyncpg."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def execute(self, statement: Any, parameters: object = None) -> Any:
        if isinstance(statement, _Clause):
            return self._session.run(statement.sql, parameters, statement.line)
        return self._session.run(statement, parameters, line_of_program())

    async def fetchval(self, statement: str, *parameters: object) -> Any:
        return self._session.run(statement, parameters, line_of_program())

    async def commit(self) -> None:
        self._session.end(commit=True)

    def begin(self) -> Any:
        return _transaction(self._session)

    transaction = begin


@asynccontextmanager
async def _transaction(session: Session) -> Any:
    if session.open:
        # Inside of another one, it is a savepoint.
        yield None
        return
    session.begin()
    try:
        yield None
    except BaseException:
        session.end(commit=False)
        raise
    session.end(commit=True)


class _Source:
    """An engine, a session maker or a pool: whatever gives connections."""

    def __init__(self, left: Left, *, automatic: bool) -> None:
        self._left = left
        self._automatic = automatic

    @asynccontextmanager
    async def connect(self) -> Any:
        session = Session(self._left, automatic=self._automatic)
        try:
            yield _Connection(session)
        finally:
            if self._automatic:
                session.end(commit=False)

    acquire = connect

    def __call__(self) -> Any:
        return self.connect()

    @asynccontextmanager
    async def begin(self) -> Any:
        async with self.connect() as connection, connection.begin():
            yield connection

    def execution_options(self, **_: object) -> _Source:
        return _Source(self._left, automatic=False)

    async def __aenter__(self) -> _Source:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass


def run_session_program(text: str) -> Left:
    """Runs a program, and returns what it leaves behind."""
    left = Left()

    async def connect(_: str) -> _Connection:
        return _Connection(Session(left, automatic=False))

    modules = {
        "asyncpg": _module(connect=connect, create_pool=lambda _: _Source(left, automatic=False)),
        "sqlalchemy": _module(text=_Clause, func=_Functions(), select=lambda clause: clause),
        "sqlalchemy.ext": _module(),
        "sqlalchemy.ext.asyncio": _module(
            create_async_engine=lambda _: _Source(left, automatic=True), async_sessionmaker=lambda engine: engine
        ),
    }
    before = {name: sys.modules.get(name) for name in modules}
    sys.modules.update(modules)
    try:
        exec(compile(text, PROGRAM, "exec"), {"__name__": "__main__"})
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
    return left


def _module(**names: object) -> Any:
    module = ModuleType("stand_in")
    module.__dict__.update(names)
    return module
