"""State that clients leave on the servers of a pool, do not find again, or find from others."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import sqlalchemy
from sqlalchemy.util import await_only

from . import hooks

# The servers of a pool, and the clients that hold them all at once.
SERVERS = 3
# Seconds until a notification has arrived where it arrives.
ARRIVAL = 2.0
WORKERS = 4
_CONNECT = asyncpg.connect


async def on_every_server(server: Any, sql: str, first: str | None = None) -> list[str]:
    """The value that `sql` gives on each server of the pool, sorted; `first` is executed and committed there before."""
    values = []
    async with contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(connected(server)) for _ in range(SERVERS)]
        for client in clients:
            await stack.enter_async_context(client.transaction())
        for client in clients:
            if first is not None:
                await client.execute(first)
            values.append(str(await client.fetchval(sql)))
    return sorted(values)


@contextlib.asynccontextmanager
async def connected(server: Any) -> AsyncIterator[Any]:
    """A connection of asyncpg that names no statement."""
    connection: Any = await _CONNECT(server.dsn(), statement_cache_size=0)
    try:
        yield connection
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def moved(engine: Any, server: Any) -> AsyncIterator[None]:
    """During the block, another client takes the engine's server before its second transaction, and keeps it."""
    begun: list[Any] = []
    async with contextlib.AsyncExitStack() as stack:

        async def take_server() -> None:
            other = await stack.enter_async_context(connected(server))
            await stack.enter_async_context(other.transaction())
            await other.fetchval("SELECT 1")

        def on_begin(connection: Any) -> None:
            begun.append(connection)
            if len(begun) == 2:
                await_only(take_server())

        sqlalchemy.event.listen(engine.sync_engine, "begin", on_begin)
        yield


async def move(job: dict[str, Any]) -> dict[str, Any]:
    """Execute `sql` in a transaction of its own, and `read` in the next one on another server: `there` and `elsewhere`.

    `there` is what another client reads on the first server at that moment.
    """
    server = job["server"]
    async with connected(server) as client:
        async with client.transaction():
            pid = await client.fetchval("SELECT pg_backend_pid()")
            await client.execute(job["sql"])
        async with contextlib.AsyncExitStack() as stack:
            other = await stack.enter_async_context(connected(server))
            await stack.enter_async_context(other.transaction())
            if await other.fetchval("SELECT pg_backend_pid()") != pid:
                raise AssertionError("another server was free first")
            there = await other.fetchval(job["read"])
            async with client.transaction():
                assert await client.fetchval("SELECT pg_backend_pid()") != pid
                elsewhere = await client.fetchval(job["read"])
    return {"there": str(there), "elsewhere": str(elsewhere)}


async def listen(job: dict[str, Any]) -> dict[str, Any]:
    """Have `watch` of `fixture` listen on `jobs`, notify it on `origin`, the server itself, and say what was heard."""
    module, _ = hooks.module_of(job["fixture"], job["server"], {})
    heard: list[str] = []
    connection = await module.watch(job["server"].dsn(), heard)
    async with connected(hooks.Server(**job["origin"])) as other:
        await other.execute("NOTIFY jobs, 'new'")
    for _ in range(20):
        if heard:
            break
        await asyncio.sleep(ARRIVAL / 20)
    await connection.close()
    return {"heard": heard}


async def last_value(job: dict[str, Any]) -> dict[str, Any]:
    """Have several clients call `add_item` of `fixture` until one gets a wrong id, or `rounds` are over."""
    module, _ = hooks.module_of(job["fixture"], job["server"], {})
    mistakes: list[str] = []

    async def work(worker: int) -> None:
        for number in range(job["rounds"]):
            if mistakes:
                return
            owner = f"worker {worker}, round {number}"
            try:
                found = await module.add_item(job["server"].dsn(), owner)
            except asyncpg.PostgresError as error:
                mistakes.append(str(error))
                return
            async with connected(job["server"]) as client:
                if await client.fetchval("SELECT owner FROM items WHERE id = $1", found) != owner:
                    mistakes.append("another client's id")

    await asyncio.gather(*map(work, range(WORKERS)))
    return {"mistakes": mistakes}
