"""A cell: one configuration in several processes with several tasks each, on a small pool of servers."""

from __future__ import annotations

import asyncio
import json
import mmap
import os
import random
import signal
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from . import hooks, work

# Seconds: a transaction that takes longer has failed, a cell ends, and a process that has not ended then is killed.
TRANSACTION = 20.0
SECONDS = 60.0
PATIENCE = 30.0
# In `stop_at`: whatever the exception.
ANY = "any"


@dataclass
class Tally:
    """The results of one process: `failures` and first `examples` by exception name, and the first `traceback`."""

    attempts: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    tracebacks: dict[str, str] = field(default_factory=dict)

    def add(self, error: BaseException) -> str:
        name, text = named(error)
        self.failures[name] += 1
        self.examples.setdefault(name, text)
        if name not in self.tracebacks:
            self.tracebacks[name] = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        return name

    def join(self, other: dict[str, Any]) -> None:
        self.attempts += other["attempts"]
        self.failures.update(other["failures"])
        for mine, theirs in ((self.examples, other["examples"]), (self.tracebacks, other["tracebacks"])):
            for name, value in theirs.items():
                mine.setdefault(name, value)

    def as_json(self) -> dict[str, Any]:
        return {
            "attempts": self.attempts,
            "failures": dict(self.failures),
            "examples": self.examples,
            "tracebacks": self.tracebacks,
        }


def named(error: BaseException) -> tuple[str, str]:
    """The name of the driver's exception where SQLAlchemy wraps one, else the exception's own, and its first line."""
    # SQLAlchemy 2.1 no longer writes asyncpg's class into its message; the cause is there in every version.
    wrapped = getattr(error, "orig", None)
    inner = getattr(wrapped, "__cause__", None) or wrapped or error
    return type(inner).__name__, (str(inner).splitlines() or [""])[0]


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Forks the processes, waits for them, and adds up their results.

    `processes`, `tasks` and `transactions` give the size. Everybody stops at the first exception that `stop_at` names,
    after `seconds`, and is killed `patience` seconds later.
    """
    stop = mmap.mmap(-1, 1)
    # One moment to begin at, since a race needs rivals.
    begin = time.monotonic() + 0.15
    children = [_fork(job, number, stop, begin) for number in range(job["processes"])]
    total = Tally()
    deadline = begin + job.get("seconds", SECONDS) + job.get("patience", PATIENCE)
    for child, pipe in children:
        total.join(_result(child, pipe, deadline))
    return total.as_json()


def _fork(job: dict[str, Any], number: int, stop: mmap.mmap, begin: float) -> tuple[int, int]:
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    try:
        os.close(reading)
        tally = Tally()
        _process(job, number, stop, begin, tally)
        with os.fdopen(writing, "w") as pipe:
            json.dump(tally.as_json(), pipe)
    finally:
        # Nothing of the parent's is cleaned up here, whatever happened.
        os._exit(0)


def _result(child: int, pipe: int, deadline: float) -> dict[str, Any]:
    """What a process wrote; one that never comes to its end (an endless loop blocks its tasks) counts as a failure."""
    os.set_blocking(pipe, False)
    text, ended = b"", False
    while not ended and time.monotonic() < deadline:
        try:
            piece = os.read(pipe, 65536)
        except BlockingIOError:
            time.sleep(0.005)
            continue
        text += piece
        ended = not piece
    os.close(pipe)
    if not ended:
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    if not text:
        return {"attempts": 1, "failures": {"Hangs": 1}, "examples": {"Hangs": "never returned"}, "tracebacks": {}}
    result: dict[str, Any] = json.loads(text)
    return result


def _process(job: dict[str, Any], number: int, stop: mmap.mmap, begin: float, tally: Tally) -> None:
    try:
        if "root_certificate" in job:
            # This process is the cell's own, and asyncpg looks here whom to trust.
            os.environ["PGSSLROOTCERT"] = job["root_certificate"]
        if job.get("script"):
            _scripts(job, stop, begin, tally)
            return
        asyncio.run(_tasks(job, number, stop, begin, tally))
    except BaseException as error:
        tally.attempts += 1
        _fail(job, stop, tally, error)


def _scripts(job: dict[str, Any], stop: mmap.mmap, begin: float, tally: Tally) -> None:
    """A fixture that does its work on import, again and again."""
    time.sleep(max(0.0, begin - time.monotonic()))
    for _ in range(job["transactions"]):
        if _over(job, stop, begin):
            return
        tally.attempts += 1
        try:
            hooks.module_of(job["fixture"], job["server"], job.get("environment", {}), work.migrate)
        except Exception as error:
            _fail(job, stop, tally, error)


async def _tasks(job: dict[str, Any], number: int, stop: mmap.mmap, begin: float, tally: Tally) -> None:
    engines = _engines(job)
    await asyncio.sleep(max(0.0, begin - time.monotonic()))
    await asyncio.gather(
        *(_task(job, engines, f"p{number}", number * 100 + task, stop, begin, tally) for task in range(job["tasks"]))
    )
    for engine in engines:
        await engine.dispose()


def _engines(job: dict[str, Any]) -> list[Any]:
    if "fixture" not in job:
        return [hooks.engine_of(job["engine"], job["server"])]
    _, engines = hooks.module_of(job["fixture"], job["server"], job.get("environment", {}))
    return engines


async def _task(
    job: dict[str, Any], engines: list[Any], me: str, seed: int, stop: mmap.mmap, begin: float, tally: Tally
) -> None:
    chosen = random.Random(seed)
    for count in range(job["transactions"]):
        if _over(job, stop, begin):
            return
        # Every kind of work in turn, each process in an order of its own.
        if count % len(job["work"]) == 0:
            order = chosen.sample(job["work"], len(job["work"]))
        one = work.WORK[order[count % len(order)]]
        tally.attempts += 1
        try:
            await asyncio.wait_for(one(engines[count % len(engines)], me, seed * 100 + count), TRANSACTION)
        except Exception as error:
            _fail(job, stop, tally, error)


def _fail(job: dict[str, Any], stop: mmap.mmap, tally: Tally, error: BaseException) -> None:
    if {ANY, tally.add(error)} & set(job.get("stop_at", ())):
        stop[0] = 1


def _over(job: dict[str, Any], stop: mmap.mmap, begin: float) -> bool:
    return bool(stop[0]) or time.monotonic() > begin + job.get("seconds", SECONDS)
