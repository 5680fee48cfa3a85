"""Finds out what runs a SQL statement from observed executions, a migration's env.py, or the project's engines."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence

from poolsafe.facts.elsewhere import seen_in
from poolsafe.facts.engine import Driver, Engine
from poolsafe.facts.migrations import Environment, environment_of
from poolsafe.facts.observed import OP_EXECUTE, Observed
from poolsafe.facts.receivers import connectable_of
from poolsafe.facts.schemas import Creation, creation_of
from poolsafe.facts.statement import Runner
from poolsafe.inference import Guard, IsSet, Module, ObservedCall, Value, alternatives
from poolsafe.inference.models import Connectable, engine_url, schemes_of
from poolsafe.libraries import PSYCOPG_SCHEMES
from poolsafe.sql.dialects import is_of_another_database

ASYNCPG = "postgresql+asyncpg"

_ENGINES = (b"create_async_engine", b"async_engine_from_config")
_ANY_ENGINES = (*_ENGINES, b"create_engine", b"engine_from_config")
# The receivers that execute the SQL, and whether the call is awaited.
Receivers = Sequence[tuple[Value | None, bool]]
Verdict = tuple[Runner, str]


class Runners:
    """Determines what runs the statements of a module. Facts about the project are computed once for all of them."""

    def __init__(self, observed: Observed) -> None:
        self._observed = observed
        self._module = observed.module
        self._project = observed.inference.project

    def runner_of(self, calls: list[ObservedCall], commands: Iterable[str]) -> Verdict:
        """Returns whether asyncpg will run the commands in these calls, and the reason in words."""
        if any(map(is_of_another_database, commands)):
            return Runner.SYNC, "it is written for another database"
        receivers = self._receivers(calls)
        if _is_of_migration(calls, receivers):
            return self._of_migrations
        if any(one.schema for one in _connectables(receivers)):
            return self._of_schema
        return self._judged(self._module, [(run.receiver, run.awaited) for run in self._by_default(calls)])

    def may_be_autocommit(self, calls: list[ObservedCall]) -> bool:
        """Returns whether the commands may run under AUTOCOMMIT, where each is its own transaction.

        They may if the file mentions AUTOCOMMIT anywhere, or if the known engine, the env.py or an engine of the
        project sets it.
        """
        receivers = self._receivers(calls)
        if self._observed.mentions_autocommit or any(one.autocommit for one in _connectables(receivers)):
            return True
        if _is_of_migration(calls, receivers):
            env = self._environment
            return env is not None and "autocommit" in env.module.source.text.lower()
        return not _is_asyncpgs(receivers) and self._is_autocommit_elsewhere

    def is_of_dbapi(self, calls: list[ObservedCall]) -> bool:
        """Returns whether a cursor of SQLAlchemy's dialect, or SQLAlchemy itself, runs the SQL of these calls."""
        return any(True for _ in _connectables(self._receivers(calls)))

    def is_of_migration(self, calls: list[ObservedCall]) -> bool:
        """Returns whether Alembic runs the SQL of these calls."""
        return _is_of_migration(calls, self._receivers(calls))

    def is_autocommit(self, runs: Iterable[ObservedCall]) -> bool:
        """Returns whether one of the receivers of these calls is certainly in AUTOCOMMIT."""
        return any(one.autocommit for one in _connectables([(run.receiver, run.awaited) for run in runs]))

    def _receivers(self, calls: list[ObservedCall]) -> Receivers:
        return [(run.receiver, run.awaited) for run in self._runs(calls)]

    def _runs(self, calls: list[ObservedCall]) -> list[ObservedCall]:
        """Returns the calls that execute the SQL of these calls."""
        return [*self._observed.executions_of(calls[0]), *(seen for seen in calls if seen.receiver is not None)]

    def _judged(self, module: Module, receivers: Receivers) -> Verdict:
        answers = [_of_receiver(receiver, awaited=awaited) for receiver, awaited in receivers]
        if Runner.ASYNC in answers:
            if _is_asyncpgs(receivers):
                return Runner.ASYNC, "a connection or session of an asyncpg engine runs it"
            if self._has_only_other_drivers(module):
                return Runner.SYNC, "the engines of this file use another driver"
            if self._only_other_drivers_elsewhere:
                return Runner.SYNC, "the engines of the project use another driver"
            return Runner.ASYNC, "an async connection or session runs it"
        if Runner.SYNC in answers:
            return Runner.SYNC, "a synchronous connection or session runs it"
        return Runner.UNKNOWN, "it is unknown which connection runs it"

    def _by_default(self, calls: list[ObservedCall]) -> list[ObservedCall]:
        """Returns the executions, without those on an engine that is only created if a URL's default is replaced."""
        runs = self._runs(calls)
        unset = {one.symbol for run in runs for way in run.path for one in way if not one.holds}

        def replaces(way: Guard) -> bool:
            return any(one.holds and isinstance(one.symbol, IsSet) and one.symbol in unset for one in way)

        return [run for run in runs if not (_is_overridden(run) and all(map(replaces, run.path)))] or runs

    def _has_only_other_drivers(self, module: Module) -> bool:
        """Returns whether the file creates engines and all of them certainly use another driver."""
        engines = self._schemes_in(module)
        return bool(engines) and all(map(_are_others, engines))

    def _schemes_in(self, module: Module) -> list[frozenset[str]]:
        """Returns the schemes that each engine of a module may have: an empty set if they are unknown."""
        calls = [seen for seen in self._observed.engine_calls if seen.module is module]
        return [schemes_of(engine_url(seen.function, seen.arguments)) for seen in calls]

    @functools.cached_property
    def _has_only_asyncpg(self) -> bool:
        """Whether the project, except its tests, creates engines and all of them certainly use asyncpg."""
        here = [schemes == {ASYNCPG} for schemes in self._schemes_in(self._module)]
        if not all(here):
            return False
        drivers = (engine.url.driver for engine in self._made_elsewhere(_ANY_ENGINES))
        first = next(drivers, Driver.ASYNCPG if here else None)
        return first is Driver.ASYNCPG and all(driver is Driver.ASYNCPG for driver in drivers)

    @functools.cached_property
    def has_only_psycopg(self) -> bool:
        """Whether the file creates engines and all of them certainly use psycopg 3."""
        here = self._schemes_in(self._module)
        return bool(here) and all(one and one <= PSYCOPG_SCHEMES for one in here)

    @functools.cached_property
    def _environment(self) -> Environment | None:
        return environment_of(self._project, self._module)

    @functools.cached_property
    def _of_migrations(self) -> Verdict:
        env = self._environment
        if env is None:
            return Runner.UNKNOWN, "there is no env.py above the migration"
        match env.driver:
            case Driver.ASYNCPG:
                return Runner.ASYNC, "the engine of its env.py is on asyncpg"
            case Driver.OTHER:
                return Runner.SYNC, "the engine of its env.py is not on asyncpg"
            case Driver.UNKNOWN:
                return Runner.UNKNOWN, "the driver in its env.py is unknown"
        return self._judged(env.module, [(connection, False) for connection in env.connections])

    @functools.cached_property
    def _of_schema(self) -> Verdict:
        match creation_of(self._project, self._module):
            case Creation.ASYNC if not self._only_other_drivers_elsewhere:
                return Runner.ASYNC, "`run_sync(metadata.create_all)` runs it"
            case Creation.ASYNC | Creation.SYNC:
                return Runner.SYNC, "the tables are created by another driver"
            case None if self._has_only_asyncpg:
                return Runner.ASYNC, "all engines of the project are on asyncpg"
        return Runner.UNKNOWN, "it is unknown which engine creates the tables"

    @functools.cached_property
    def engines_of_migrations(self) -> list[Engine]:
        """The engines of the env.py above a migration."""
        return [] if self._environment is None else seen_in(self._project, self._environment.module).engines

    def engines_elsewhere(self) -> Iterator[Engine]:
        """Yields the engines of the project's other modules, except tests."""
        return self._made_elsewhere(_ENGINES)

    def _made_elsewhere(self, functions: tuple[bytes, ...]) -> Iterator[Engine]:
        """Yields the engines that the project's other modules create. A module is only explored when it is reached."""
        for other in self._project.others(self._module, functions):
            yield from seen_in(self._project, other).engines

    @functools.cached_property
    def _is_autocommit_elsewhere(self) -> bool:
        return any(engine.autocommit for engine in self.engines_elsewhere())

    @functools.cached_property
    def _only_other_drivers_elsewhere(self) -> bool:
        """Whether the other modules create async engines and all of them certainly use another driver."""
        drivers = (engine.url.driver for engine in self.engines_elsewhere() if "async" in engine.function)
        return next(drivers, None) is Driver.OTHER and all(driver is Driver.OTHER for driver in drivers)


def _is_of_migration(calls: list[ObservedCall], receivers: Receivers) -> bool:
    return calls[0].function == OP_EXECUTE or any(one.migration for one in _connectables(receivers))


def _is_overridden(run: ObservedCall) -> bool:
    """Returns whether the driver is unknown, because the environment has replaced the default of the engine's URL."""
    found = list(_connectables([(run.receiver, run.awaited)]))
    return bool(found) and all(one.overridden and not one.schemes for one in found)


def _are_others(schemes: frozenset[str]) -> bool:
    """Returns whether an engine whose URL may have these schemes certainly uses a driver other than asyncpg."""
    return bool(schemes) and ASYNCPG not in schemes


def _of_receiver(receiver: Value | None, *, awaited: bool) -> Runner:
    """Returns whether a receiver executes SQL through asyncpg, by its own kind and driver."""
    for _, single in () if receiver is None else alternatives(receiver):
        found = connectable_of(single)
        if found is not None:
            if _are_others(found.schemes):
                return Runner.SYNC
            if found.asynchronous is None:
                return Runner.UNKNOWN
            return Runner.ASYNC if found.asynchronous else Runner.SYNC
    return Runner.ASYNC if awaited else Runner.UNKNOWN


def _connectables(receivers: Receivers) -> Iterator[Connectable]:
    for receiver, _ in receivers:
        for _, single in () if receiver is None else alternatives(receiver):
            found = connectable_of(single)
            if found is not None:
                yield found


def _is_asyncpgs(receivers: Receivers) -> bool:
    """Returns whether one of the receivers certainly comes from an asyncpg engine."""
    return any(one.asynchronous and one.driver == ASYNCPG for one in _connectables(receivers))
