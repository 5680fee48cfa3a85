"""Engines that connect to the test servers, created from a configuration or by a fixture with other URLs."""

from __future__ import annotations

import contextlib
import os
import sys
import types
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import asyncpg.connection  # type: ignore[import-untyped]
import sqlalchemy
from sqlalchemy.engine.url import make_url
from sqlalchemy.pool import NullPool

_CONNECT = asyncpg.connect
# Imported when it is needed: gino's SQLAlchemy does not have it.
_ASYNCHRONOUS = "sqlalchemy.ext.asyncio"
# What else than the DSN names a server.
_ADDRESS = frozenset({"host", "port", "user", "password", "database"})


@dataclass(frozen=True)
class Server:
    """The server that every engine connects to, whatever its URL."""

    host: str
    port: int
    user: str
    database: str

    def url(self, url: Any) -> Any:
        """The URL with its server replaced; driver and query stay."""
        return make_url(url).set(
            host=self.host, port=self.port, username=self.user, password=None, database=self.database
        )

    def dsn(self) -> str:
        return f"postgresql://{self.user}@{self.host}:{self.port}/{self.database}"


def engine_of(described: dict[str, Any], server: Server) -> Any:
    """An engine from `query`, `connect_args`, `name` ("empty", "unique"), `autocommit`, `null_pool` and `keywords`."""
    connect_args = dict(described.get("connect_args", {}))
    if described.get("name"):
        empty = described["name"] == "empty"
        connect_args["prepared_statement_name_func"] = (lambda: "") if empty else lambda: f"__asyncpg_{uuid.uuid4()}__"
    keywords: dict[str, Any] = dict(described.get("keywords", {}))
    if described.get("null_pool"):
        keywords["poolclass"] = NullPool
    else:
        keywords["pool_size"] = 3
    if described.get("autocommit"):
        keywords["isolation_level"] = "AUTOCOMMIT"
    url = server.url("postgresql+asyncpg://server/database" + described.get("query", ""))
    return import_module(_ASYNCHRONOUS).create_async_engine(url, connect_args=connect_args, **keywords)


def restore() -> None:
    """Has asyncpg connect to where it is told to again, after a fixture that was run in this process."""
    asyncpg.connect = asyncpg.connection.connect = _CONNECT


async def disposed(engine: Any) -> None:
    """Disposes of an engine, synchronous or not."""
    waiting = engine.dispose()
    if waiting is not None:
        await waiting


def module_of(path: str, server: Server, environment: dict[str, str], migrate: Any = None) -> tuple[Any, list[Any]]:
    """Run a fixture as a module: the module, and the engines it made, all of them ending at `server`.

    `migrate` is what Alembic's `run_migrations()` does with the connection, for a fixture that is an env.py.
    """
    module = types.ModuleType("fixture")
    engines: list[Any] = []
    with open(path, encoding="utf-8") as file:
        code = compile(file.read(), path, "exec")
    with _redirected(server, engines), _environment(environment), _strangers(migrate):
        # Classes and annotations of the fixture look themselves up here.
        sys.modules["fixture"] = module
        exec(code, module.__dict__)
    return module, engines


@contextlib.contextmanager
def _redirected(server: Server, engines: list[Any]) -> Iterator[None]:
    """The functions that make engines, replaced while the fixture imports them."""
    aio = import_module(_ASYNCHRONOUS)
    create, from_config = aio.create_async_engine, aio.async_engine_from_config
    create_synchronous = sqlalchemy.create_engine

    def create_here(url: Any, **keywords: Any) -> Any:
        engines.append(create(server.url(url), **keywords))
        return engines[-1]

    def from_config_here(section: dict[str, Any], prefix: str = "sqlalchemy.", **keywords: Any) -> Any:
        url = server.url(section[f"{prefix}url"]).render_as_string(hide_password=False)
        engines.append(from_config({**section, f"{prefix}url": url}, prefix=prefix, **keywords))
        return engines[-1]

    def synchronous_here(url: Any, **keywords: Any) -> Any:
        if make_url(url).get_backend_name() != "postgresql":
            return create_synchronous(url, **keywords)
        engines.append(create_synchronous(server.url(url), **keywords))
        return engines[-1]

    def connect_here(dsn: str | None = None, **keywords: Any) -> Any:
        return _CONNECT(server.dsn(), **{key: value for key, value in keywords.items() if key not in _ADDRESS})

    # Creators and pools look asyncpg's function up when they connect, after the module has run: it stays replaced.
    asyncpg.connect = asyncpg.connection.connect = connect_here
    replaced: Any = aio
    replaced.create_async_engine, replaced.async_engine_from_config = create_here, from_config_here
    whole: Any = sqlalchemy
    whole.create_engine = synchronous_here
    try:
        yield
    finally:
        whole.create_engine = create_synchronous
        replaced.create_async_engine, replaced.async_engine_from_config = create, from_config


@contextlib.contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def _strangers(migrate: Any) -> Iterator[None]:
    """Stand-ins for the packages that fixtures import besides SQLAlchemy and asyncpg: what they do is not tested."""
    strangers = {"fastapi": _fastapi(), "alembic": _alembic(migrate)}
    before = {name: sys.modules.get(name) for name in strangers}
    sys.modules.update(strangers)
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def _fastapi() -> Any:
    class FastAPI:
        def __init__(self, **keywords: Any) -> None: ...

        def get(self, path: str) -> Any:
            return lambda function: function

    module: Any = types.ModuleType("fastapi")
    module.FastAPI, module.Depends = FastAPI, lambda dependency: dependency
    return module


def _alembic(migrate: Any) -> Any:
    class Context:
        config: Any = None
        connection: Any = None

        def is_offline_mode(self) -> bool:
            return False

        def configure(self, connection: Any, **options: Any) -> None:
            self.connection = connection

        def begin_transaction(self) -> Any:
            return self.connection.begin()

        def run_migrations(self) -> None:
            migrate(self.connection)

    module: Any = types.ModuleType("alembic")
    module.context = Context()
    return module
