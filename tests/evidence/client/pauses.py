"""Engines that are idle while something happens to their connections, and then run their next query."""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any

import sqlalchemy as sa

from . import hooks
from .cell import named

# Connections that wait in each engine's pool.
WAITING = 3


async def run(job: dict[str, Any]) -> dict[str, Any]:
    """Fills the pools, creates the file `ready`, waits for the file `go`, and runs queries one after the other.

    With `busy`, the event loop is blocked in the meantime; otherwise, asyncpg notices what happens. `engines` maps a
    label to a described engine or to the path of a fixture, and `servers` to where it connects. The answer maps the
    label to the exceptions of its queries, None for those that came back.
    """
    engines = {label: _engine(described, job["servers"][label]) for label, described in job["engines"].items()}
    for engine in engines.values():
        await _fill(engine)
    with open(job["ready"], "w"):
        pass
    while not os.path.exists(job["go"]):
        if job["busy"]:
            time.sleep(0.02)
        else:
            await asyncio.sleep(0.02)
    found = {}
    for label, engine in engines.items():
        found[label] = [await _query(engine) for _ in range(WAITING)]
        await engine.dispose()
    return {"found": found}


def _engine(described: Any, server: dict[str, Any]) -> Any:
    where = hooks.Server(**server)
    if isinstance(described, str):
        return hooks.module_of(described, where, {})[1][0]
    return hooks.engine_of(described, where)


async def _fill(engine: Any) -> None:
    connections = [await engine.connect() for _ in range(WAITING)]
    for connection in connections:
        # Inside a transaction each would hold a server, and all pools together want more than there are.
        await connection.execute(sa.text("SELECT 1"))
        await connection.rollback()
    for connection in connections:
        await connection.close()


async def _query(engine: Any) -> list[str] | None:
    try:
        async with engine.connect() as connection:
            await connection.execute(sa.text("SELECT 1"))
    except Exception as error:
        return list(named(error))
    return None
