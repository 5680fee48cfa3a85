"""Generates programs that change the session, by SQLAlchemy's and asyncpg's clients and in migrations."""

from __future__ import annotations

from .choices import Choices
from .draft import Lines, block
from .session_locks import LockPair

HEADER = """\
import asyncio
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

engine = create_async_engine("postgresql+asyncpg://app@db/app")
maker = async_sessionmaker(engine)
"""
PROBES = ("SELECT current_setting('app.tenant', true)", "SELECT current_setting('work_mem', true)")


def session_program(choices: Choices) -> str:
    """A program with one or two functions that run commands, each on a connection of its own, or with a migration."""
    if choices.chance(12):
        return _migration(choices)
    writers = [_Writer(choices, f"work_{number}") for number in range(choices.between(1, 2))]
    pairs = [LockPair(choices, number, raw=raw) for number, raw in enumerate((False, True))]
    for writer in writers:
        writer.pair = next(pair for pair in pairs if pair.raw == writer.raw)
    written = [function for writer in writers for function in writer.functions()]
    functions = [*(definition for pair in pairs if pair.is_used for definition in pair.definitions()), *written]
    calls = [f"await {writer.name}()" for writer in writers]
    main = block("async def main() -> None:", calls)
    parts = [*("\n".join(lines) for lines in functions), "\n".join(main), "asyncio.run(main())"]
    return HEADER + "\n\n" + "\n\n\n".join(parts) + "\n"


_AUTOCOMMIT = 'execution_options(isolation_level="AUTOCOMMIT")'
_ENGINES = (
    ("async with engine.begin() as conn:", "conn"),
    ("async with engine.connect() as conn:", "conn"),
    ("async with engine.connect() as conn, conn.begin():", "conn"),
    ("async with maker() as session:", "session"),
    ("async with maker.begin() as session:", "session"),
    ("async with maker() as session, session.begin():", "session"),
    (f"async with engine.{_AUTOCOMMIT}.connect() as conn:", "conn"),
)
_RAW = (
    ('conn = await asyncpg.connect("postgresql://db/app")', "conn"),
    ('async with asyncpg.create_pool("postgresql://db/app") as pool, pool.acquire() as conn:', "conn"),
    (
        'async with asyncpg.create_pool("postgresql://db/app") as pool, pool.acquire() as conn, conn.transaction():',
        "conn",
    ),
    ('pool = await asyncpg.create_pool("postgresql://db/app")\nconn = await pool.acquire()', "conn"),
)


class _Writer:
    """Writes a function that runs commands on a connection, and private functions that it gives the connection to."""

    def __init__(self, choices: Choices, name: str) -> None:
        self.choices = choices
        self.name = name
        self._helpers: list[Lines] = []
        self.raw = self._raw = choices.chance(35)
        self.pair: LockPair | None = None
        self._opening, self._connection = choices.one(_RAW if self._raw else _ENGINES)
        # A savepoint raises an error in AUTOCOMMIT.
        later = self._opening == "async with engine.connect() as conn:" and choices.chance(25)
        self._autocommit = later or _AUTOCOMMIT in self._opening

    def functions(self) -> list[Lines]:
        """Returns the function, behind those that it calls."""
        choices, opening = self.choices, self._opening
        nested: Lines = []
        start = f"async def {self.name}() -> None:"
        inner: Lines = []
        if self._autocommit and _AUTOCOMMIT not in opening:
            inner.append(f"{choices.one(('await conn.', 'conn = await conn.'))}{_AUTOCOMMIT}")
        elif not self._raw and choices.chance(10):
            nested, call = self._nested()
            inner += call
        inner += self._body()
        if not opening.startswith("async with"):
            return [*self._helpers, block(start, [*opening.split("\n"), *inner])]
        begun = ".begin()" in opening or "transaction()" in opening
        if not self._raw and not begun and not self._autocommit and choices.chance(40):
            inner.append(f"await {self._connection}.commit()")
            if choices.chance(40):
                inner += self._body()
        return [*self._helpers, block(start, [*nested, *block(opening, inner)])]

    def _nested(self) -> tuple[Lines, Lines]:
        """Returns a function that stands in the function, and its call by `run_sync`."""
        command = self.choices.one(("SET work_mem TO '1GB'", "SET LOCAL work_mem TO '1GB'", "SET ROLE reader"))
        if self.choices.chance(40):
            return [], [f'await {self._connection}.run_sync(lambda sync: sync.execute(text("{command}")))']
        lines = block("def prepare(sync) -> None:", [f'sync.execute(text("{command}"))'])
        return lines, [f"await {self._connection}.run_sync(prepare)"]

    def _body(self) -> Lines:
        lines: Lines = []
        for _ in range(self.choices.between(1, 4)):
            lines += self._step(self._connection)
        return lines

    def _step(self, connection: str) -> Lines:
        choices, raw = self.choices, self._raw
        kind = choices.weighted(_STEPS)
        if kind == "helper" and connection == self._connection:
            name = f"_{self.name}_{len(self._helpers)}"
            self._helpers.append(block(f"async def {name}(connection) -> None:", self._step("connection")))
            return [f"await {name}({connection})"]
        if kind == "block" and not (self._autocommit and not raw):
            opening = f"async with {connection}.{'transaction' if raw else 'begin_nested'}():"
            return block(opening, self._in_savepoint(connection))
        if kind == "nested function" and connection == self._connection:
            name = f"inner_{choices.between(1, 9_999)}"
            lines = block(f"async def {name}(connection) -> None:", self._step("connection"))
            return [*lines, f"await {name}({connection})"]
        if kind == "lock twice":
            return self._locked_twice(connection)
        if kind == "func" and not raw:
            function = choices.one(("pg_advisory_lock(7)", "pg_advisory_xact_lock(7)"))
            return [f"await {connection}.execute(select(func.{function}))"]
        if kind == "set and reset":
            begin, end = choices.one(_RESETS)
            between = _run(choices, connection, choices.one(PROBES), raw=raw)
            return [
                *_run(choices, connection, begin, raw=raw),
                *between,
                *_run(choices, connection, end, raw=raw),
            ]
        if kind == "lock and release":
            return self._locked(connection)
        if kind == "pair" and self.pair is not None and connection == self._connection:
            between = _run(choices, connection, choices.one(PROBES), raw=raw)
            lines = self.pair.used(connection, between, self._commits() if choices.chance(30) else [])
            if self.pair.is_kept:
                # A lock that is taken twice and released once is another kind of fault.
                self.pair = None
            return lines
        if kind == "table":
            # A table that is created twice raises an error.
            table = f"scratch_{choices.between(1, 9_999)}"
            lines = _run(choices, connection, choices.one(_TABLES).format(table=table), raw=raw)
            dropped = _run(choices, connection, f"DROP TABLE {table}", raw=raw) if choices.chance(50) else []
            return lines + dropped
        return _run(choices, connection, choices.one(PROBES) if kind == "probe" else _command(choices), raw=raw)

    def _in_savepoint(self, connection: str) -> Lines:
        """Returns what runs in a savepoint: a command, or a lock that is released in it or behind it, or not at all."""
        choices, raw = self.choices, self._raw
        if choices.chance(60):
            return _run(choices, connection, _command(choices), raw=raw)
        key = choices.between(20, 9_999)
        lines = _run(choices, connection, f"SELECT pg_advisory_lock({key})", raw=raw)
        released = _run(choices, connection, f"SELECT pg_advisory_unlock({key})", raw=raw)
        return [*lines, *(released if choices.chance(70) else [])]

    def _locked_twice(self, connection: str) -> Lines:
        """Returns lines that take a lock twice, which the server counts, and release it once or twice."""
        choices, raw = self.choices, self._raw
        key = choices.between(20, 9_999)
        lines: Lines = []
        for _ in range(2):
            function = choices.one(("pg_advisory_lock", "pg_advisory_lock", "pg_try_advisory_lock"))
            lines += _run(choices, connection, f"SELECT {function}({key})", raw=raw)
        for _ in range(choices.one((1, 2, 2))):
            if self._may_commit(connection) and choices.chance(15):
                lines += self._commits()
            lines += _run(choices, connection, f"SELECT pg_advisory_unlock({key})", raw=raw)
        return lines

    def _locked(self, connection: str) -> Lines:
        choices, raw = self.choices, self._raw
        between = _run(choices, connection, choices.one(PROBES), raw=raw)
        if self._may_commit(connection) and choices.chance(30):
            between += self._commits()
        released = _run(choices, connection, "SELECT pg_advisory_unlock(3)", raw=raw)
        if choices.chance(40):
            between, released = [*block("try:", between), *block("finally:", released)], []
        return [*_run(choices, connection, "SELECT pg_advisory_lock(3)", raw=raw), *between, *released]

    def _may_commit(self, connection: str) -> bool:
        return connection == self._connection and not self._raw

    def _commits(self) -> Lines:
        """Returns lines that commit, by themselves or by a function that they give the connection to."""
        if self._raw:
            return []
        if self.choices.chance(70):
            return [f"await {self._connection}.commit()"]
        name = f"_{self.name}_{len(self._helpers)}"
        self._helpers.append(block(f"async def {name}(connection) -> None:", ["await connection.commit()"]))
        return [f"await {name}({self._connection})"]


_STEPS = (
    (8, "command"),
    (2, "lock and release"),
    (2, "pair"),
    (2, "table"),
    (2, "probe"),
    (2, "set and reset"),
    (2, "helper"),
    (1, "block"),
    (1, "nested function"),
    (1, "lock twice"),
    (1, "func"),
)
_TABLES = ("CREATE TEMP TABLE {table} (id int)", "CREATE TEMP TABLE {table} (id int) ON COMMIT DROP")
_RESETS = (
    ("SET app.tenant = 'acme'", "RESET app.tenant"),
    ("SET work_mem TO '1GB'", "SET work_mem TO DEFAULT"),
    ("SET work_mem TO '1GB'", "RESET ALL"),
    ("SET work_mem TO '1GB'", "SET LOCAL work_mem TO DEFAULT"),
    ("SET ROLE reader", "RESET ROLE"),
    ("SET ROLE reader", "SET ROLE NONE"),
    ("SET ROLE reader", "RESET ALL"),
)
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


def _migration(choices: Choices) -> str:
    """A migration of Alembic, which its env.py runs in a transaction."""
    commands = [one for one in _COMMANDS if "parameter" not in one]
    lines: Lines = []
    for _ in range(choices.between(1, 4)):
        written = [f'op.execute("{choices.one(commands)}")' for _ in range(choices.between(1, 2))]
        if choices.chance(15):
            lock = f'op.execute("SELECT pg_advisory_lock({len(lines)})")'
            written = [lock, *written, lock.replace("_lock(", "_unlock(")]
        if choices.chance(30):
            written = block("with op.get_context().autocommit_block():", written)
        lines += written
    return "\n".join(["from alembic import op", "", "", *block("def upgrade() -> None:", lines)]) + "\n"
