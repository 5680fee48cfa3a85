"""Clients without SQLAlchemy: one configuration in several processes, each with its own connections or pool."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections import Counter
from typing import Any

import asyncpg  # type: ignore[import-untyped]

from . import hooks, libraries
from .cell import named

SECONDS = 60.0


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Forks the processes, and adds up their attempts and failures, with the first text of each exception.

    `make` is "connect" or "create_pool" of asyncpg, or a name of `libraries`. With a `fixture`, it is the way to open
    its `object`. `options` are the driver's keywords, `query` is what is added to the DSN, `work` what each attempt
    does: "fetch", "prepare", "named" (a statement with a name), "cursor", "setting" (read what `init` set), "call" (the
    fixture's own function). `texts` is the number of different texts of a process.
    """
    begin = time.monotonic() + 0.15
    children = [_fork(job, number, begin) for number in range(job.get("processes", 3))]
    attempts = 0
    failures: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for child, pipe in children:
        with os.fdopen(pipe) as reading:
            told = json.loads(reading.read() or '{"attempts": 0, "failures": {}, "examples": {}}')
        os.waitpid(child, 0)
        attempts += told["attempts"]
        failures.update(told["failures"])
        examples = told["examples"] | examples
    return {"attempts": attempts, "failures": dict(failures), "examples": examples}


def _fork(job: dict[str, Any], number: int, begin: float) -> tuple[int, int]:
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    try:
        os.close(reading)
        told = asyncio.run(asyncio.wait_for(_process(job, number, begin), SECONDS))
        with os.fdopen(writing, "w") as pipe:
            json.dump(told, pipe)
    finally:
        os._exit(0)


async def _process(job: dict[str, Any], number: int, begin: float) -> dict[str, Any]:
    attempts = 0
    failures: Counter[str] = Counter()
    examples: dict[str, str] = {}
    await asyncio.sleep(max(0.0, begin - time.monotonic()))
    for _ in range(job.get("rounds", 3)):
        try:
            holder = await _made(job)
        except Exception as error:
            attempts += 1
            name, text = named(error)
            failures[name] += 1
            examples.setdefault(name, text)
            continue
        try:
            for step in range(job.get("attempts", 12)):
                attempts += 1
                try:
                    await _attempt(holder, job["work"], number, step % job.get("texts", 4))
                except Exception as error:
                    name, text = named(error)
                    failures[name] += 1
                    examples.setdefault(name, text)
        finally:
            await holder.close()
    return {"attempts": attempts, "failures": dict(failures), "examples": examples}


async def _made(job: dict[str, Any]) -> Any:
    if "fixture" in job:
        module, _ = hooks.module_of(job["fixture"], job["server"], {})
        return await libraries.of_fixture(job["make"], getattr(module, job["object"]), job["server"])
    dsn = job["server"].dsn() + job.get("query", "")
    options = dict(job.get("options", {}))
    if job["make"] in libraries.OPENING:
        return await libraries.opened(job["make"], job["server"], job.get("query", ""), options)
    if job["make"] == "connect":
        return await asyncpg.connect(dsn, **options)
    if job.get("init"):
        options["init"] = lambda connection: connection.execute(job["init"])
    return await asyncpg.create_pool(dsn, min_size=2, max_size=2, **options)


async def _attempt(holder: Any, work: str, number: int, step: int) -> None:
    if isinstance(holder, libraries.Library):
        await _work_of_library(holder, work, f"p{number}-{step}")
    elif hasattr(holder, "acquire"):
        async with holder.acquire() as connection:
            await _work(connection, work, number, step)
    else:
        await _work(holder, work, number, step)


class WrongRowsError(Exception):
    """A query returned the result of another query, or a setting has a value that this client has not set."""


async def _work_of_library(library: libraries.Library, work: str, asked: str) -> None:
    read = library.iterate if work == "cursor" else library.fetch
    assert read is not None
    found = await read(f"SELECT '{asked}' || CAST({{}} AS text)", "")
    if work != "call" and found != asked:
        raise WrongRowsError(f"{found!r} instead of {asked!r}")


async def _work(connection: Any, work: str, number: int, step: int) -> None:
    # Each process and step has a text of its own, so that rows of another one are noticed.
    asked = f"p{number}-{step}"
    sql = f"SELECT '{asked}' || $1::text"
    if work == "fetch":
        found = await connection.fetchval(sql, "")
    elif work == "cursor":
        async with connection.transaction():
            (found,) = [row[0] async for row in connection.cursor(sql, "")]
    elif work == "setting":
        found, asked = await connection.fetchval("SELECT current_setting('my.tenant', true)"), "acme"
    else:
        named_so = {"name": f"s{number}"} if work == "named" else {}
        found = await (await connection.prepare(sql, **named_so)).fetchval("")
    if found != asked:
        raise WrongRowsError(f"{found!r} instead of {asked!r}")
