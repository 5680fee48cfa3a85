"""Runs a program with stand-ins for SQLAlchemy's engines, `os` and `asyncio`, and writes down what it does with them.

URLs and pool classes are SQLAlchemy's own. Nothing connects anywhere, and the process's environment is left alone.
"""

from __future__ import annotations

import builtins
import io
import sys
from collections.abc import Coroutine, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import sqlalchemy
import sqlalchemy.engine
import sqlalchemy.pool
from sqlalchemy import URL, make_url
from sqlalchemy.exc import StatementError

ASYNCPG = "postgresql+asyncpg"
PROGRAM = "<program>"


@dataclass(frozen=True, slots=True)
class EngineCall:
    """One call of an engine function: its line, and the arguments as they were at that moment."""

    line: int
    function: str
    url: URL
    options: dict[str, Any]

    @property
    def is_asyncpg(self) -> bool:
        return self.url.drivername == ASYNCPG

    @property
    def connect_args(self) -> dict[str, Any]:
        given = self.options.get("connect_args")
        return given if isinstance(given, dict) else {}

    @property
    def to_asyncpg(self) -> dict[str, Any]:
        """The keywords of asyncpg's `connect()`: `connect_args` win over the URL's query."""
        return {**self.url.query, **self.connect_args}

    @property
    def keeps_connections(self) -> bool:
        """Whether the pool is one that holds connections between checkouts."""
        return self.options.get("poolclass") not in (sqlalchemy.pool.NullPool, sqlalchemy.pool.StaticPool)


@dataclass(frozen=True, slots=True)
class Executed:
    """SQL that was run: the line of its `text()` (or of the call that is given the SQL itself), and by which driver.

    `parameters` are the values of the parameters that the SQL names.
    """

    line: int
    function: str
    sql: str
    parameters: dict[str, Any]
    driver: str
    asynchronous: bool

    @property
    def is_asyncpg(self) -> bool:
        return self.driver == ASYNCPG


@dataclass(slots=True)
class Run:
    """What one run did. `error` is the type of the exception that ended it, "" for none."""

    engines: list[EngineCall] = field(default_factory=list)
    executed: list[Executed] = field(default_factory=list)
    printed: str = ""
    error: str = ""


def run(text: str | bytes, environment: Mapping[str, str]) -> Run:
    """Run a program in an environment that holds nothing but `environment`."""
    record = Run()
    names = {"__builtins__": {**vars(builtins), "__import__": _importer(record, environment)}, "__name__": "program"}
    output = io.StringIO()
    try:
        with redirect_stdout(output):
            exec(compile(text, PROGRAM, "exec", dont_inherit=True), names)
    except Exception as error:
        record.error = type(error).__name__
    record.printed = output.getvalue()
    return record


def _importer(record: Run, environment: Mapping[str, str]) -> Any:
    modules = _modules(record, environment)

    def import_(name: str, globals_: Any = None, locals_: Any = None, from_: Any = (), level: int = 0) -> Any:
        if name not in modules:
            return __import__(name, globals_, locals_, from_, level)
        return modules[name] if from_ else modules[name.partition(".")[0]]

    return import_


def _modules(record: Run, environment: Mapping[str, str]) -> dict[str, Any]:
    variables = dict(environment)
    engines = _engine_functions(record)
    asyncio = SimpleNamespace(
        create_async_engine=engines["create_async_engine"],
        async_engine_from_config=engines["async_engine_from_config"],
        AsyncSession=_AsyncConnection,
        AsyncConnection=_AsyncConnection,
        async_sessionmaker=_AsyncSessions,
    )
    root = SimpleNamespace(
        create_engine=engines["create_engine"],
        text=_Text,
        URL=URL,
        make_url=make_url,
        Connection=_Connection,
        NullPool=sqlalchemy.pool.NullPool,
        StaticPool=sqlalchemy.pool.StaticPool,
        pool=sqlalchemy.pool,
        engine=sqlalchemy.engine,
        ext=SimpleNamespace(asyncio=asyncio),
        orm=SimpleNamespace(Session=_Connection),
    )
    return {
        "os": SimpleNamespace(environ=variables, getenv=variables.get),
        "asyncio": SimpleNamespace(run=_finish),
        "sqlalchemy": root,
        "sqlalchemy.pool": sqlalchemy.pool,
        "sqlalchemy.engine": sqlalchemy.engine,
        "sqlalchemy.orm": root.orm,
        "sqlalchemy.ext": root.ext,
        "sqlalchemy.ext.asyncio": asyncio,
    }


def _finish(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that never has to wait."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    coroutine.close()
    raise RuntimeError("the coroutine waits")


# --- engines ---


def _engine_functions(record: Run) -> dict[str, Any]:
    def named(name: str) -> Any:
        def function(url: Any, **options: Any) -> _Engine:
            made = EngineCall(_line(), name, make_url(url), {key: _kept(value) for key, value in options.items()})
            record.engines.append(made)
            return _Engine(record, made)

        return function

    def from_config(section: dict[str, Any], prefix: str = "sqlalchemy.", **options: Any) -> _Engine:
        given = {key.removeprefix(prefix): value for key, value in section.items() if key.startswith(prefix)} | options
        return named("async_engine_from_config")(**given)  # type: ignore[no-any-return]

    functions = {name: named(name) for name in ("create_async_engine", "create_engine")}
    return {**functions, "async_engine_from_config": from_config}


def _line() -> int:
    """The line of the program that is being run."""
    frame = sys._getframe(1)
    while frame.f_code.co_filename != PROGRAM:
        assert frame.f_back is not None
        frame = frame.f_back
    return frame.f_lineno


def _kept(value: Any) -> Any:
    """A value as it is now: what the program does to its dicts later is not in it."""
    if isinstance(value, dict):
        return {key: _kept(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_kept(item) for item in value)
    return value


class _Engine:
    def __init__(self, record: Run, made: EngineCall) -> None:
        self.record = record
        self.driver = made.url.drivername
        self.asynchronous = made.function != "create_engine"
        self.url = made.url
        self.sync_engine = self

    def connect(self) -> Any:
        return _AsyncConnection(self) if self.asynchronous else _Connection(self)

    begin = connect


# --- what executes SQL ---


class _Text:
    def __init__(self, text: str) -> None:
        self.text = text
        self.line = _line()
        self.names = frozenset(sqlalchemy.text(text).compile().params)

    def bindparams(self, **_: Any) -> _Text:
        return self


class _Connection:
    """A synchronous connection or session."""

    def __init__(self, engine: _Engine) -> None:
        self._engine = engine

    def execute(self, statement: _Text, parameters: Any = None) -> None:
        given = parameters if isinstance(parameters, dict) else {}
        if statement.names - given.keys():
            raise StatementError("a value is required for a bind parameter", statement.text, given, None)
        used = {name: given[name] for name in sorted(statement.names)}
        self._write(statement.line, "text", statement.text, used)

    scalar = execute

    def exec_driver_sql(self, statement: str, parameters: Any = None) -> None:
        self._write(_line(), "exec_driver_sql", statement, {})

    def _write(self, line: int, function: str, sql: str, parameters: dict[str, Any]) -> None:
        if not isinstance(sql, str):
            raise TypeError("SQL is text")
        engine = self._engine
        engine.record.executed.append(Executed(line, function, sql, parameters, engine.driver, engine.asynchronous))

    def commit(self) -> None:
        return None

    def __enter__(self) -> _Connection:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class _AsyncConnection:
    """An asynchronous connection or session."""

    def __init__(self, engine: _Engine) -> None:
        self._connection = _Connection(engine)

    async def execute(self, statement: _Text, parameters: Any = None) -> None:
        self._connection.execute(statement, parameters)

    scalar = execute

    async def exec_driver_sql(self, statement: str, parameters: Any = None) -> None:
        self._connection.exec_driver_sql(statement, parameters)

    async def commit(self) -> None:
        return None

    async def __aenter__(self) -> _AsyncConnection:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None


class _AsyncSessions:
    """`async_sessionmaker`."""

    def __init__(self, engine: _Engine) -> None:
        self._engine = engine

    def __call__(self) -> _AsyncConnection:
        return _AsyncConnection(self._engine)

    begin = __call__
