"""Runs a program with stand-ins for engines, drivers, `os` and `asyncio`, and records how it uses them.

URLs and pool classes are SQLAlchemy's own. Nothing connects anywhere, and the process's environment is left alone.
"""

from __future__ import annotations

import builtins
import io
import re
import sys
from collections.abc import Coroutine, Iterable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any

import sqlalchemy
import sqlalchemy.engine
import sqlalchemy.pool
from sqlalchemy import URL, make_url
from sqlalchemy.exc import StatementError

ASYNCPG = "postgresql+asyncpg"
PROGRAM = "<program>/"


@dataclass(frozen=True, slots=True)
class EngineCall:
    """One call to an engine function: its module's path and its line, and the arguments as they were at that moment."""

    path: str
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
    """SQL that was run: where its `text()` is (or the call that is given the SQL itself), and by which driver.

    `parameters` are the values of the parameters that the SQL names.
    """

    path: str
    line: int
    function: str
    sql: str
    parameters: dict[str, Any]
    driver: str
    asynchronous: bool

    @property
    def is_asyncpg(self) -> bool:
        return self.driver == ASYNCPG


@dataclass(frozen=True, slots=True)
class ClientCall:
    """One call that makes a connection or a pool without SQLAlchemy's asyncpg, and its arguments at that moment.

    `function` is its public name, as `asyncpg.connect`.
    """

    path: str
    line: int
    function: str
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]


@dataclass(slots=True)
class Run:
    """What one run did. `error` is the type of the exception that ended it, "" for none."""

    engines: list[EngineCall] = field(default_factory=list)
    clients: list[ClientCall] = field(default_factory=list)
    executed: list[Executed] = field(default_factory=list)
    printed: str = ""
    error: str = ""


def run(texts: str | bytes | Mapping[str, str], environment: Mapping[str, str]) -> Run:
    """Run a program in an environment that holds nothing but `environment`.

    `texts` are those of its modules by their paths; the first one is run, as if it were imported.
    """
    files = texts if isinstance(texts, Mapping) else {"app.py": texts}
    record = Run()
    output = io.StringIO()
    try:
        with redirect_stdout(output):
            _Importer(record, environment, files).load(_dotted(next(iter(files))))
    except Exception as error:
        record.error = type(error).__name__
    # An address differs from run to run.
    record.printed = re.sub(r"\b0x[0-9a-f]+", "0x", output.getvalue())
    return record


def _dotted(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


class _Importer:
    """`__import__` for the modules of a program, which takes stand-ins for what they import from elsewhere."""

    def __init__(self, record: Run, environment: Mapping[str, str], files: Mapping[str, str | bytes]) -> None:
        self._stand_ins = _modules(record, environment)
        self._files = {_dotted(path): (path, text) for path, text in files.items()}
        self._loaded: dict[str, ModuleType] = {}

    def load(self, name: str) -> ModuleType:
        """The module of this name, after the packages around it."""
        if name in self._loaded:
            return self._loaded[name]
        parent, _, last = name.rpartition(".")
        around = self.load(parent) if parent else None
        if name in self._loaded:
            return self._loaded[name]
        if name not in self._files:
            raise ModuleNotFoundError(name)
        path, text = self._files[name]
        module = self._loaded[name] = ModuleType(name)
        module.__package__ = name if path.endswith("/__init__.py") else parent
        module.__dict__["__builtins__"] = {**vars(builtins), "__import__": self._import}
        try:
            exec(compile(text, PROGRAM + path, "exec", dont_inherit=True), module.__dict__)
        except BaseException:
            del self._loaded[name]
            raise
        if around is not None:
            setattr(around, last, module)
        return module

    def _import(self, name: str, globals_: Any = None, locals_: Any = None, from_: Any = (), level: int = 0) -> Any:
        if level:
            parents = str(globals_["__package__"]).split(".")
            name = ".".join((*parents[: len(parents) - level + 1], *([name] if name else [])))
        if level or name in self._files:
            return self._module(name, from_ or ())
        if name not in self._stand_ins:
            return __import__(name, globals_, locals_, from_, level)
        return self._stand_ins[name] if from_ else self._stand_ins[name.partition(".")[0]]

    def _module(self, name: str, from_: Iterable[str]) -> ModuleType:
        module = self.load(name)
        for one in from_:
            if not hasattr(module, one) and f"{name}.{one}" in self._files:
                self.load(f"{name}.{one}")
        return module if from_ else self.load(name.partition(".")[0])


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
        "ormar": SimpleNamespace(DatabaseConnection=_ormars(engines["create_async_engine"])),
        **_clients(record),
    }


def _ormars(create_async_engine: Any) -> Any:
    """ormar's class, which keeps one argument for itself and makes an engine with the others."""

    def connection(url: Any, *, force_rollback: bool = False, **options: Any) -> object:
        return SimpleNamespace(engine=create_async_engine(url, **options))

    return connection


def _clients(record: Run) -> dict[str, Any]:
    """The modules of drivers, and of libraries on top of asyncpg, by their names."""

    def named(name: str) -> Any:
        def function(*arguments: Any, **keywords: Any) -> object:
            record.clients.append(ClientCall(*_place(), name, _kept(arguments), _kept(keywords)))
            return SimpleNamespace()

        return function

    connect, create_pool, pool = map(named, ("asyncpg.connect", "asyncpg.create_pool", "asyncpg.Pool"))
    synchronous, asynchronous = named("psycopg.connect"), named("psycopg.AsyncConnection.connect")
    pools = {
        name: named(f"psycopg_pool.{name}") for name in ("ConnectionPool", "AsyncConnectionPool", "NullConnectionPool")
    }
    inner = SimpleNamespace(create_pool=create_pool, Pool=pool)
    postgres = SimpleNamespace(PostgresEngine=named("piccolo.engine.PostgresEngine"))
    return {
        "asyncpg": SimpleNamespace(connect=connect, create_pool=create_pool, Pool=pool, pool=inner),
        "asyncpg.pool": inner,
        "psycopg": SimpleNamespace(
            connect=synchronous,
            Connection=SimpleNamespace(connect=synchronous),
            AsyncConnection=SimpleNamespace(connect=asynchronous),
        ),
        "psycopg_pool": SimpleNamespace(**pools),
        "databases": SimpleNamespace(Database=named("databases.Database")),
        "piccolo.engine.postgres": postgres,
        "tortoise": SimpleNamespace(Tortoise=SimpleNamespace(init=named("tortoise.Tortoise.init"))),
        "gino": SimpleNamespace(Gino=lambda: SimpleNamespace(set_bind=named("gino.Gino.set_bind"))),
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
            kept = {key: _kept(value) for key, value in options.items()}
            made = EngineCall(*_place(), name, make_url(url), kept)
            record.engines.append(made)
            return _Engine(record, made)

        return function

    def from_config(section: dict[str, Any], prefix: str = "sqlalchemy.", **options: Any) -> _Engine:
        given = {key.removeprefix(prefix): value for key, value in section.items() if key.startswith(prefix)} | options
        return named("async_engine_from_config")(**given)  # type: ignore[no-any-return]

    functions = {name: named(name) for name in ("create_async_engine", "create_engine")}
    return {**functions, "async_engine_from_config": from_config}


def _place() -> tuple[str, int]:
    """The module and the line of the program that is being run."""
    frame = sys._getframe(1)
    while not frame.f_code.co_filename.startswith(PROGRAM):
        assert frame.f_back is not None
        frame = frame.f_back
    return frame.f_code.co_filename.removeprefix(PROGRAM), frame.f_lineno


def _kept(value: Any, around: tuple[int, ...] = ()) -> Any:
    """A value as it is now: what the program does to its dicts later is not in it. A dict inside itself is None."""
    if id(value) in around:
        return None
    if isinstance(value, dict):
        return {key: _kept(item, (*around, id(value))) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_kept(item, (*around, id(value))) for item in value)
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
        self.place = _place()
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
        self._write(statement.place, "text", statement.text, used)

    scalar = execute

    def exec_driver_sql(self, statement: str, parameters: Any = None) -> None:
        self._write(_place(), "exec_driver_sql", statement, {})

    def _write(self, place: tuple[str, int], function: str, sql: str, parameters: dict[str, Any]) -> None:
        if not isinstance(sql, str):
            raise TypeError("SQL is text")
        engine = self._engine
        engine.record.executed.append(Executed(*place, function, sql, parameters, engine.driver, engine.asynchronous))

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
