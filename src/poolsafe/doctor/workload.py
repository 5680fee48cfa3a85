"""Transactions like those of an application: SQLAlchemy with asyncpg, or asyncpg alone, with given client settings.

Every answer contains a value that only its own task knows, so another client's row is noticed. This module is also a
separate program, for trials that need several processes: it reads jobs as lines of JSON from standard input.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from poolsafe.doctor.advice import ALL, Configuration
from poolsafe.doctor.bench import SIGNATURE
from poolsafe.doctor.driver import arguments, connection_class, installed
from poolsafe.doctor.target import Target
from poolsafe.facts.engine import NameFunction
from poolsafe.records import frozen

if TYPE_CHECKING:
    from collections.abc import Awaitable

TASKS = 3
TRANSACTIONS = 8
WRONG = "wrong rows"
# Different statements of one task, so that several processes use the same statement numbers.
_TEXTS = 3
_PATIENCE = 8.0  # seconds for one transaction
_LOOK = 0.3  # seconds between checks of whether the parent process is still running


@frozen
class Job:
    """The work to do. `token` is in every statement and in every name; `who` distinguishes the processes."""

    target: Target
    configuration: Configuration
    autocommit: bool
    token: str
    who: str = "a"
    tasks: int = TASKS
    transactions: int = TRANSACTIONS


@frozen
class Outcome:
    """Attempts, and failures by exception, or WRONG for another client's row. `example` is the first error message.

    `servers` are the process ids of the servers that answered.
    """

    attempts: int
    failures: dict[str, int]
    example: str = ""
    servers: frozenset[int] = frozenset()

    @property
    def failed(self) -> int:
        return sum(self.failures.values())


def joined(outcomes: list[Outcome]) -> Outcome:
    """Returns the sum of several outcomes."""
    failures: Counter[str] = Counter()
    for outcome in outcomes:
        failures.update(outcome.failures)
    examples = [outcome.example for outcome in outcomes if outcome.example]
    servers = frozenset().union(*(outcome.servers for outcome in outcomes))
    return Outcome(sum(each.attempts for each in outcomes), dict(failures), examples[0] if examples else "", servers)


async def run(job: Job) -> Outcome:
    """Runs a job to its end. Failures are counted, not raised."""
    trial = _with_sqlalchemy if installed("sqlalchemy") is not None else _with_asyncpg
    counter = _Counter()
    await trial(job, counter)
    example = job.target.without_secrets(counter.example)
    return Outcome(counter.attempts, dict(counter.failures), example, frozenset(counter.servers))


class _Counter:
    def __init__(self) -> None:
        self.attempts = 0
        self.failures: Counter[str] = Counter()
        self.example = ""
        self.servers: set[int] = set()

    async def count(self, expected: str, answer: Awaitable[Sequence[Any]]) -> None:
        self.attempts += 1
        try:
            row = await asyncio.wait_for(answer, _PATIENCE)
        except Exception as error:
            # Every exception that an application would see counts.
            cause = error.__cause__ or error
            cause = cause.__cause__ or cause
            self._fail(type(cause).__name__, str(cause).split("\nHINT:")[0])
        else:
            # Another client's row may have another shape.
            self.servers.update(each for each in row[1:] if isinstance(each, int))
            if row[0] != expected:
                self._fail(WRONG, f"{row[0]!r} in place of {expected!r}")

    def _fail(self, name: str, text: str) -> None:
        self.failures[name] += 1
        self.example = self.example or f"{name}: {' '.join(text.split())}"


def _texts(job: Job, task: int) -> Iterator[tuple[str, str, str]]:
    """Yields for each transaction its SQL with a placeholder, the value to send, and the expected result."""
    for number in range(job.transactions):
        label = f"{job.who}-{task}-{number % _TEXTS}"
        said = f"{job.token}-{number}"
        yield (
            f"SELECT '{label}-' || CAST({{}} AS text), pg_backend_pid() /* {job.token} */ {SIGNATURE}",
            said,
            f"{label}-{said}",
        )


async def _with_sqlalchemy(job: Job, counter: _Counter) -> None:
    from sqlalchemy import text
    from sqlalchemy.engine import URL
    from sqlalchemy.ext.asyncio import create_async_engine

    keywords: dict[str, Any] = {"isolation_level": "AUTOCOMMIT"} if job.autocommit else {}
    connect_args = {**arguments(job.target), **_connect_args(job)}
    url = URL.create("postgresql+asyncpg", host=job.target.host, port=job.target.port)
    engine = create_async_engine(url, pool_size=job.tasks, max_overflow=0, connect_args=connect_args, **keywords)

    async def one(sql: str, said: str) -> Sequence[Any]:
        async with engine.connect() as connection:
            return (await connection.execute(text(sql.format(":said")), {"said": said})).one()

    async def task(number: int) -> None:
        for sql, said, expected in _texts(job, number):
            await counter.count(expected, one(sql, said))

    try:
        await asyncio.gather(*(task(number) for number in range(job.tasks)))
    finally:
        await engine.dispose()


async def _with_asyncpg(job: Job, counter: _Counter) -> None:
    import asyncpg  # type: ignore[import-untyped]

    said = {**arguments(job.target), **_asyncpg_arguments(job)}

    async def task(number: int) -> None:
        connections: list[Any] = []
        try:
            for sql, sent, expected in _texts(job, number):
                await counter.count(expected, one(connections, sql.format("$1"), sent))
        finally:
            for connection in connections:
                connection.terminate()

    async def one(connections: list[Any], sql: str, sent: str) -> Sequence[Any]:
        if not connections:
            connections.append(await asyncpg.connect(**said))
        connection = connections[0]
        if job.autocommit:
            return tuple(await connection.fetchrow(sql, sent))
        async with connection.transaction():
            return tuple(await connection.fetchrow(sql, sent))

    await asyncio.gather(*(task(number) for number in range(job.tasks)))


def _connect_args(job: Job) -> dict[str, Any]:
    said = _asyncpg_arguments(job)
    configuration = job.configuration
    if configuration.prepared_zero:
        said["prepared_statement_cache_size"] = 0
    functions: dict[NameFunction, Callable[[], str]] = {
        NameFunction.EMPTY: lambda: "",
        NameFunction.UNIQUE: lambda: _unique(job.token),
    }
    if configuration.name in functions:
        said["prepared_statement_name_func"] = functions[configuration.name]
    return said


def _asyncpg_arguments(job: Job) -> dict[str, Any]:
    count, trial = itertools.count(1), ALL.index(job.configuration)

    class Connection(connection_class()):  # type: ignore[misc]
        def _get_unique_id(self, prefix: str) -> str:
            # Numbered like asyncpg's names, so that two processes collide, but different from those of applications.
            return f"__poolsafe_{job.token}_{trial}_{prefix}_{next(count):x}__"

    said: dict[str, Any] = {"connection_class": Connection}
    if job.configuration.statement_zero:
        said["statement_cache_size"] = 0
    return said


def _unique(token: str) -> str:
    import uuid

    # One word, like the names in the report.
    return f"__poolsafe_{token}_{uuid.uuid4().hex}__"


def written(job: Job) -> str:
    """Returns a job as JSON."""
    target = job.target
    address = [
        target.host,
        target.port,
        target.user,
        target.password,
        target.database,
        dict(target.tls),
        target.options,
    ]
    number = ALL.index(job.configuration)
    return json.dumps([address, number, job.autocommit, job.token, job.who, job.tasks, job.transactions])


def read(text: str) -> Job:
    """Returns the job that `written` wrote."""
    address, number, *rest = json.loads(text)
    return Job(Target(*address), ALL[number], *rest)


def main() -> None:
    """Runs the jobs of standard input one after the other, and prints the outcome of each as a line of JSON."""
    asker = os.getppid()
    for line in sys.stdin:
        outcome = asyncio.run(_run_for(asker, read(line)))
        if outcome is None:
            break
        print(json.dumps([outcome.attempts, outcome.failures, outcome.example, sorted(outcome.servers)]), flush=True)


async def _run_for(asker: int, job: Job) -> Outcome | None:
    """Runs a job. Returns None if the process that requested it has ended in the meantime."""
    running = asyncio.ensure_future(run(job))
    while not (await asyncio.wait({running}, timeout=_LOOK))[0]:
        if os.getppid() != asker:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
            return None
    return running.result()
