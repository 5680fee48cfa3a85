"""The table of configurations on this pooler: how many transactions failed, or got another client's rows."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING

from poolsafe.doctor.advice import ALL, DEFAULT, ONE_ZERO, Configuration
from poolsafe.doctor.cleaning import drop_statements_everywhere
from poolsafe.doctor.driver import installed
from poolsafe.doctor.workload import Job, Outcome, joined, written
from poolsafe.facts.deployment import at_least
from poolsafe.facts.engine import NameFunction

if TYPE_CHECKING:
    from poolsafe.doctor.bench import Bench
    from poolsafe.doctor.target import Target

TITLE = "Configurations"
EXPLANATION = "two processes with three tasks each run queries in transactions, and check every row"
LEAVES = "prepared statements named `__poolsafe_{token}_...`"

NO_ANSWER = "no answer"
_PROCESSES = ("a", "b")
_PATIENCE = 40.0  # seconds for one configuration
_NAMES_SINCE = (2, 0, 10)  # SQLAlchemy's prepared_statement_name_func
# The path is set before any import, so that no module from the current directory can run.
_START = "import sys; sys.path[:] = sys.argv[1:]; from poolsafe.doctor.workload import main; main()"


def candidates() -> tuple[Configuration, ...]:
    """Returns the configurations that the installed versions support."""
    sqlalchemy = installed("sqlalchemy")
    if sqlalchemy is None:
        return DEFAULT, ONE_ZERO
    named = at_least(sqlalchemy, _NAMES_SINCE)
    return tuple(each for each in ALL if named or each.name is NameFunction.ABSENT)


async def run(bench: Bench, target: Target) -> tuple[tuple[Configuration, Outcome], ...]:
    """Runs every configuration in separate processes, and cleans up. `bench.left` lists what cannot be removed.

    The pooler has to accept transactions, because otherwise no server can be held in order to clean it.
    """
    note = f"{LEAVES.format(token=bench.token)}: no other client uses these names"
    bench.leaves(note, lambda bench: drop_statements_everywhere(bench, bench.token))
    found: list[tuple[Configuration, Outcome]] = []
    # Only the servers that they used can still have a statement.
    await bench.close()
    async with AsyncExitStack() as stack:
        processes = [await stack.enter_async_context(_process()) for _ in _PROCESSES]
        for configuration in candidates():
            bench.say(f"configuration: {configuration.title}")
            jobs = [Job(target, configuration, False, bench.token, who) for who in _PROCESSES]
            outcomes = await asyncio.gather(*map(_done, processes, jobs))
            found.append((configuration, joined(list(outcomes))))
            if any(NO_ANSWER in outcome.failures for outcome in outcomes):
                break
    bench.say("removing the statements again")
    servers = joined([outcome for _, outcome in found]).servers
    if await drop_statements_everywhere(bench, bench.token, servers):
        bench.removed(note)
    return tuple(found)


@asynccontextmanager
async def _process() -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _START,
        *filter(None, sys.path),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        # The parent handles Ctrl-C, and ends this process.
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _done(process: Process, job: Job) -> Outcome:
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(f"{written(job)}\n".encode())
        answer = await asyncio.wait_for(process.stdout.readline(), _PATIENCE)
        attempts, failures, example, servers = json.loads(answer)
    except (asyncio.TimeoutError, TimeoutError, ValueError, ConnectionError):
        return Outcome(1, {NO_ANSWER: 1}, "the process that ran it did not answer")
    return Outcome(attempts, failures, example, frozenset(servers))
