"""One examination: runs the probes in order, within a time limit, and always cleans up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

from poolsafe.doctor import advice, driver
from poolsafe.doctor.bench import Bench, Client, Lost, NoAnswer, Refused
from poolsafe.doctor.diagnosis import Between, Observations, between
from poolsafe.doctor.failures import reason
from poolsafe.doctor.probes import (
    cache_configurations,
    leftover_state,
    named_statements,
    recommended_configuration,
    server_identity,
    server_settings,
    transaction_pooling,
)
from poolsafe.doctor.target import Target
from poolsafe.doctor.workload import Outcome
from poolsafe.facts.deployment import Version

# Seconds for one connection, and for cleaning up after an interruption.
_CONNECTING = 10.0
_CLEANING = 8.0
# How often a probe is repeated in a busy pool.
_AGAIN = 3

_T = TypeVar("_T")


@dataclass(slots=True)
class Examination:
    """The results so far. A field is None if its probe was not reached; `stopped` says why."""

    target: Target
    versions: dict[str, Version | None]
    seen: Observations | None = None
    between: Between | None = None
    recommended: advice.Configuration | None = None
    trial: Outcome | None = None
    configurations: tuple[tuple[advice.Configuration, Outcome], ...] | None = None
    state: tuple[leftover_state.StateFate, ...] | None = None
    notifications: bool | None = None
    left: tuple[str, ...] = ()
    problems: list[str] = field(default_factory=list)
    stopped: str = ""

    @property
    def works(self) -> bool:
        """Whether the recommended options have been seen to work."""
        if self.between is None or self.recommended is None:
            return False
        # The probe of names has already tried asyncpg's defaults; any other configuration needs a trial.
        return not self.trial.failed if self.trial is not None else self.recommended == advice.DEFAULT

    @property
    def error(self) -> str:
        """Why there is no verdict, in one line, or "" if there is one."""
        if self.between is not None:
            return ""
        return self.problems[0] if self.problems else f"{self.target.address}: {self.stopped}"

    @property
    def settings(self) -> dict[str, str | int]:
        """The keys of `[tool.poolsafe]` for the result. There must be a verdict."""
        assert self.between is not None
        target = self.target
        pgpool = self.seen is not None and self.seen.identity.pgpool
        return advice.settings(self.between, target.host, target.port, target.database or "", pgpool=pgpool)


class NoConnection(Exception):  # noqa: N818 - it names what happened
    """Raised if there is no verdict. The message is the reason, in one line. `found` has the results so far."""

    def __init__(self, text: str, found: Examination) -> None:
        super().__init__(text)
        self.found = found


async def examine(
    target: Target, *, timeout: float, state: bool = False, say: Callable[[str], None] = lambda _: None
) -> Examination:
    """Examines a server within `timeout` seconds. `state` enables the probes that leave state behind if interrupted.

    If it is cancelled, it cleans up and returns the results so far. Raises NoConnection.
    """
    connecting = min(_CONNECTING, timeout)

    async def connect(settings: Mapping[str, str]) -> Client:
        return await driver.connect(target, settings, connecting)

    found = Examination(target, {name: driver.installed(name) for name in ("asyncpg", "sqlalchemy")})
    bench = Bench(connect, say)
    try:
        await _connected(bench, found, connecting)
        await asyncio.wait_for(_Run(bench, found, state=state).probes(), timeout)
    except (asyncio.TimeoutError, TimeoutError):
        found.stopped = f"the time limit of {timeout:g} s was reached"
    except asyncio.CancelledError:
        found.stopped = "interrupted"
    finally:
        with suppress(asyncio.TimeoutError, TimeoutError):
            await asyncio.wait_for(_clean(bench), _CLEANING)
        found.left = bench.left
    if found.between is None and not found.left and found.stopped != "interrupted":
        raise NoConnection(f"no verdict: {found.error}", found)
    return found


async def _clean(bench: Bench) -> None:
    await bench.clean_up()
    await bench.close()


async def _connected(bench: Bench, found: Examination, timeout: float) -> None:
    """Makes the first connection. If that fails, the reason is reported."""
    try:
        await bench.client()
    except Exception as error:
        # asyncpg raises various exceptions if the server is not PostgreSQL.
        found.problems.append(reason(error, found.target, timeout))
        raise NoConnection(found.error, found) from error


class _Run:
    def __init__(self, bench: Bench, found: Examination, *, state: bool) -> None:
        self._bench = bench
        self._found = found
        self._state = state

    async def probes(self) -> None:
        """Runs the probes one after another, each with the results of the others."""
        try:
            await self._verdict()
        except (Refused, Lost, NoAnswer, OSError) as error:
            self._problem("", error)
            return
        await self._advice()
        await self._parameters()
        if self._state:
            await self._session_state()

    async def _verdict(self) -> None:
        bench, found = self._bench, self._found
        bench.say("which server answers")
        identity = await self._patiently(server_identity.run)
        bench.say("do clients share servers")
        pooling = await self._patiently(transaction_pooling.run)
        bench.say("are prepared statements supported")
        for _ in range(_AGAIN):
            naming = await self._patiently(lambda bench: named_statements.run(bench, pooling))
            found.seen = Observations(identity, pooling, naming)
            found.between = between(found.seen)
            if found.between is not Between.UNKNOWN:
                break
            # Other clients kept the server with the name. There is never more than one such name.
            await bench.clean_up()
            if bench.left:
                break

    async def _patiently(self, probe: Callable[[Bench], Awaitable[_T]]) -> _T:
        """Repeats a probe with new clients if other clients kept every server busy for too long."""
        for _ in range(_AGAIN):
            try:
                return await probe(self._bench)
            except NoAnswer:
                await self._bench.close()
        return await probe(self._bench)

    async def _advice(self) -> None:
        found = self._found
        assert found.between is not None
        found.recommended = self._advised()
        if found.recommended in recommended_configuration.UNNAMED:
            self._bench.say("do the recommended options work")
            # The number of connections may be limited, and the trial needs some.
            await self._bench.close()
            found.trial = await recommended_configuration.run(
                self._bench, found.target, found.recommended, found.between
            )

    async def _parameters(self) -> None:
        found = self._found
        assert found.seen is not None
        try:
            parameters = await self._patiently(server_settings.run)
        except (Refused, Lost, NoAnswer, OSError) as error:
            self._problem("startup parameters", error)
            return
        found.seen = Observations(found.seen.identity, found.seen.pooling, found.seen.naming, parameters)
        # Dropped parameters may be the only sign of a proxy.
        found.between = between(found.seen)

    async def _session_state(self) -> None:
        bench, found = self._bench, self._found
        assert found.between is not None
        try:
            if found.between is Between.STATEMENT:
                self._found.problems.append(
                    "session state: not tried, because without transactions it could not be removed again"
                )
                return
            found.configurations = await cache_configurations.run(bench, found.target)
            self._reconsider(dict(found.configurations))
            found.state = await leftover_state.run(bench)
            bench.say("session state: notifications")
            found.notifications = await leftover_state.arrives(bench)
        except (Refused, Lost, NoAnswer, OSError) as error:
            self._problem("session state", error)

    def _reconsider(self, tried: Mapping[advice.Configuration, Outcome]) -> None:
        """Recommends something else if the recommended options failed with two processes."""
        found = self._found
        failed = [each for each, outcome in tried.items() if outcome.failures.keys() - {cache_configurations.NO_ANSWER}]
        if found.recommended not in failed:
            return
        other = self._advised(failed)
        if other is not None and other in tried:
            found.recommended = other
        if found.recommended is not None:
            found.trial = tried[found.recommended]

    def _advised(self, failed: Collection[advice.Configuration] = ()) -> advice.Configuration | None:
        found = self._found
        assert found.between is not None
        return advice.recommended(found.between, found.versions["asyncpg"], found.versions["sqlalchemy"], failed)

    def _problem(self, what: str, error: Exception) -> None:
        busy = (
            f"{self._found.target.address} did not answer in time; other clients may be using every server connection"
        )
        text = busy if isinstance(error, NoAnswer) else reason(error, self._found.target, _CONNECTING)
        self._found.problems.append(f"{what}: {text}" if what else text)
