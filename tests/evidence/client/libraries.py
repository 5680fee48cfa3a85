"""psycopg, and libraries that create asyncpg's connections: each with its own connection or pool.

They are imported when a job needs them, because most environments lack them.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import sqlalchemy

from . import hooks
from .hooks import Server

# Runs SQL with one parameter, written as `{}`, and returns the value that it selects.
Fetch = Callable[[str, str], Awaitable[Any]]


@dataclass(frozen=True)
class Library:
    """What a library has opened: how it fetches, how it reads with a cursor (None if it cannot), and how it closes."""

    fetch: Fetch
    close: Callable[[], Awaitable[Any]]
    iterate: Fetch | None = None


async def opened(library: str, server: Server, query: str, options: dict[str, Any]) -> Library:
    """Open what a library connects with: `options` are the driver's keywords, `query` is added to the URL."""
    return await OPENING[library](server, query, options)


async def _psycopg(server: Server, query: str, options: dict[str, Any]) -> Library:
    psycopg = import_module("psycopg")
    connection = await psycopg.AsyncConnection.connect(server.dsn() + query, autocommit=True, **options)

    async def fetch(sql: str, value: str) -> Any:
        row = await (await connection.execute(sql.format("%s"), (value,))).fetchone()
        return row[0] if row else None

    return Library(fetch, connection.close)


async def _psycopg_pool(server: Server, query: str, options: dict[str, Any]) -> Library:
    pools = import_module("psycopg_pool")
    pool = pools.AsyncConnectionPool(server.dsn() + query, min_size=2, max_size=2, open=False, kwargs=options)
    await pool.open()

    async def fetch(sql: str, value: str) -> Any:
        async with pool.connection() as connection:
            row = await (await connection.execute(sql.format("%s"), (value,))).fetchone()
            return row[0] if row else None

    return Library(fetch, pool.close)


async def _databases(server: Server, query: str, options: dict[str, Any]) -> Library:
    databases = import_module("databases")
    return await with_databases(databases.Database(server.dsn() + query, min_size=2, max_size=2, **options))


async def _tortoise(server: Server, query: str, options: dict[str, Any]) -> Library:
    tortoise = import_module("tortoise")
    given = {"host": server.host, "port": server.port, "user": server.user, "database": server.database}
    credentials = {"engine": "tortoise.backends.asyncpg", "credentials": {**given, "password": "", **options}}
    default = "asyncpg" + server.dsn().removeprefix("postgresql") + query if query else credentials
    apps = {"none": {"models": [__name__], "default_connection": "default"}}
    return await with_tortoise(
        lambda: tortoise.Tortoise.init(config={"connections": {"default": default}, "apps": apps})
    )


async def _piccolo(server: Server, query: str, options: dict[str, Any]) -> Library:
    engine = import_module("piccolo.engine.postgres").PostgresEngine(config={"dsn": server.dsn() + query, **options})
    return await with_piccolo(engine)


async def _gino(server: Server, query: str, options: dict[str, Any]) -> Library:
    database = import_module("gino").Gino()
    await database.set_bind(server.dsn() + query, min_size=2, max_size=2, **options)

    async def fetch(sql: str, value: str) -> Any:
        return await database.scalar(sqlalchemy.text(sql.format(":value")), value=value)

    return Library(fetch, lambda: database.pop_bind().close())


OPENING: dict[str, Callable[[Server, str, dict[str, Any]], Awaitable[Library]]] = {
    "psycopg": _psycopg,
    "psycopg_pool": _psycopg_pool,
    "databases": _databases,
    "tortoise": _tortoise,
    "piccolo": _piccolo,
    "gino": _gino,
}


# --- what a fixture has made ---


async def with_databases(database: Any) -> Library:
    """Connect a `Database` of encode/databases."""
    await database.connect()

    async def fetch(sql: str, value: str) -> Any:
        return await database.fetch_val(sql.format(":value"), {"value": value})

    async def iterate(sql: str, value: str) -> Any:
        async with database.transaction():
            (row,) = [row async for row in database.iterate(sql.format(":value"), {"value": value})]
        return row[0]

    return Library(fetch, database.disconnect, iterate)


async def with_tortoise(init: Callable[[], Awaitable[Any]]) -> Library:
    """Initialise Tortoise ORM with a function that calls `Tortoise.init()` with the connection `default`."""
    tortoise = import_module("tortoise")
    # The models of a fixture's project: there are none.
    for name in ("app", "app.models"):
        sys.modules.setdefault(name, types.ModuleType(name))
    await init()
    connection = tortoise.connections.get("default")

    async def fetch(sql: str, value: str) -> Any:
        (row,) = await connection.execute_query_dict(sql.format("$1"), [value])
        return next(iter(row.values()))

    return Library(fetch, tortoise.Tortoise.close_connections)


async def with_piccolo(engine: Any) -> Library:
    """Start the pool of Piccolo's engine."""
    querystring = import_module("piccolo.querystring")
    await engine.start_connection_pool(min_size=2, max_size=2)

    async def fetch(sql: str, value: str) -> Any:
        (row,) = await engine.run_querystring(querystring.QueryString(sql, value))
        return next(iter(row.values()))

    return Library(fetch, engine.close_connection_pool)


async def with_psycopg_pool(pool: Any) -> Library:
    """Open a synchronous pool of psycopg's."""
    pool.open()

    async def fetch(sql: str, value: str) -> Any:
        with pool.connection() as connection:
            row = connection.execute(sql.format("%s"), (value,)).fetchone()
            return row[0] if row else None

    async def close() -> None:
        pool.close()

    return Library(fetch, close)


async def with_engine(engine: Any) -> Library:
    """An engine of SQLAlchemy, synchronous or not."""

    async def fetch(sql: str, value: str) -> Any:
        clause = sqlalchemy.text(sql.format(":value"))
        if hasattr(engine, "sync_engine"):
            async with engine.begin() as connection:
                return (await connection.execute(clause, {"value": value})).scalar()
        with engine.begin() as connection:
            return connection.execute(clause, {"value": value}).scalar()

    return Library(fetch, lambda: hooks.disposed(engine))


async def with_function(function: Callable[[], Awaitable[Any]]) -> Library:
    """A function of a fixture that connects and queries by itself: each attempt calls it."""

    async def fetch(sql: str, value: str) -> Any:
        await function()
        return value

    async def close() -> None:
        """Nothing stays open."""

    return Library(fetch, close)


async def of_fixture(use: str, given: Any, server: Server) -> Library:
    """Open what a fixture has made or makes: `given` is its object, or its function, which may take a DSN."""
    match use:
        case "databases":
            return await with_databases(given)
        case "tortoise":
            return await with_tortoise(given)
        case "piccolo":
            return await with_piccolo(given)
        case "psycopg_pool":
            return await with_psycopg_pool(given(server.dsn()))
        case "engine":
            return await with_engine(given)
    return await with_function(lambda: given(server.dsn()))
