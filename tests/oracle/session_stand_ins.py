"""Runs programs that change the session, with stand-ins for SQLAlchemy's and asyncpg's clients."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import asynccontextmanager, contextmanager
from types import ModuleType
from typing import Any

from .pooled_servers import PROGRAM, Left, Session, line_of_program


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

    async def close(self) -> None:
        self._session.end(commit=False)

    def begin(self) -> Any:
        return _transaction(self._session)

    transaction = begin

    def begin_nested(self) -> Any:
        self._session.begin_by_itself()
        return _transaction(self._session)

    async def run_sync(self, function: Callable[[Any], Any]) -> Any:
        return function(_SynchronousConnection(self._session))

    def execution_options(self, **_: object) -> Any:
        self._session.automatic = False
        return _answering(self)


class _SynchronousConnection:
    """What `run_sync` gives to its function."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def execute(self, statement: _Clause) -> Any:
        return self._session.run(statement.sql, None, statement.line)


async def _answering(value: Any) -> Any:
    return value


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

    def connect(self) -> Any:
        return _Acquired(self)

    acquire = connect
    __call__ = connect

    @asynccontextmanager
    async def connected(self) -> Any:
        session = Session(self._left, automatic=self._automatic)
        try:
            yield _Connection(session)
        finally:
            if self._automatic:
                session.end(commit=False)

    def __await__(self) -> Any:
        return _answering(self).__await__()

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


class _Acquired:
    """What `connect()` of an engine and `acquire()` of a pool return: it may be awaited, or entered."""

    def __init__(self, source: _Source) -> None:
        self._manager = source.connected()

    def __await__(self) -> Any:
        return self._manager.__aenter__().__await__()

    async def __aenter__(self) -> Any:
        return await self._manager.__aenter__()

    async def __aexit__(self, *given: Any) -> None:
        await self._manager.__aexit__(*given)


class _Operations:
    """Alembic's `op`, and its migration context."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def execute(self, sql: str) -> None:
        self._session.run(sql, None, line_of_program())

    def get_context(self) -> _Operations:
        return self

    @contextmanager
    def autocommit_block(self) -> Any:
        self._session.end(commit=True)
        yield None
        self._session.begin()


def is_migration(text: str) -> bool:
    """Returns whether a program is a migration of Alembic."""
    return text.startswith("from alembic")


def run_session_program(text: str) -> Left:
    """Runs a program, and returns what it leaves behind."""
    left = Left()
    migrating = Session(left, automatic=False)
    migrating.begin()

    async def connect(_: str) -> _Connection:
        return _Connection(Session(left, automatic=False))

    modules = {
        "alembic": _module(op=_Operations(migrating)),
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
        names: dict[str, Any] = {"__name__": "__main__"}
        exec(compile(text, PROGRAM, "exec"), names)
        if is_migration(text):
            names["upgrade"]()
            migrating.end(commit=True)
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
