"""The observed calls in a module, grouped by kind: those that create engines, take SQL, or execute clauses."""

from __future__ import annotations

import functools

from poolsafe.facts.targets import engine_sites, may_prepare, option_sites
from poolsafe.inference import Inference, Module, ObservedCall, Value, alternatives
from poolsafe.inference.models import PREPARING, Connectable, TextClause
from poolsafe.libraries import CLIENT_FUNCTIONS, DRIVER_METHODS, ENGINE_FUNCTIONS, SETTING_OPTIONS, SQL_FUNCTIONS

OP_EXECUTE = "alembic.op.execute"


class Observed:
    """The calls observed by the runs for a module. It is created after the last run."""

    def __init__(self, inference: Inference) -> None:
        self.inference = inference
        self.module: Module = inference.module

    @functools.cached_property
    def engine_calls(self) -> list[ObservedCall]:
        """The calls to engine functions, in the order of the runs."""
        return [seen for seen in self.inference.calls if seen.function in ENGINE_FUNCTIONS]

    @functools.cached_property
    def elsewhere(self) -> list[ObservedCall]:
        """The calls to engine functions that other modules make through functions that the module also calls itself.

        The runs take place on first use, because only fixes, and engines with other drivers in this module, need them.
        """
        seen = self.inference.seen_from_other_callers(engine_sites(self.module, self.inference.project))
        return [one for one in seen if one.function in ENGINE_FUNCTIONS]

    @functools.cached_property
    def engines(self) -> list[list[ObservedCall]]:
        """The observations of each call in the module that creates an engine."""
        return self._by_node(self.engine_calls)

    @functools.cached_property
    def clients(self) -> list[list[ObservedCall]]:
        """The observations of each call in the module that creates a connection or a pool without SQLAlchemy."""
        return self._by_node([seen for seen in self.inference.calls if seen.function in CLIENT_FUNCTIONS])

    @functools.cached_property
    def preparing(self) -> list[list[ObservedCall]]:
        """The observations of each call that may name a prepared statement of asyncpg."""
        return self._by_node([seen for seen in self.inference.calls if seen.function in PREPARING])

    @functools.cached_property
    def statements(self) -> list[list[ObservedCall]]:
        """The observations of each call in the module that takes SQL as a string.

        These are `text`, `DDL`, `exec_driver_sql`, `op.execute`, and the methods of drivers that may prepare the SQL.
        """
        calls = self.inference.calls
        given = [one for one in calls if one.function in SQL_FUNCTIONS or _takes_string(one) or _is_drivers(one)]
        return self._by_node(given)

    @functools.cached_property
    def session_calls(self) -> list[list[ObservedCall]]:
        """The observations of each call in the module that takes SQL, or creates a clause for a SQL function."""
        return self._by_node([seen for seen in self.inference.calls if _may_change_session(seen)])

    @functools.cached_property
    def _executions(self) -> dict[int, list[ObservedCall]]:
        found: dict[int, list[ObservedCall]] = {}
        for seen in self.inference.calls:
            for one in seen.arguments.positional:
                if isinstance(one, TextClause):
                    found.setdefault(id(one.call), []).append(seen)
        return found

    @functools.cached_property
    def autocommits(self) -> list[ObservedCall]:
        """The calls that put a connection or a copy of an engine into AUTOCOMMIT, in this module and its importers.

        The runs take place on first use, because only engines with a name function need them.
        """
        here = option_sites(self.module) if self.mentions_autocommit else []
        others = self.inference.project.users(self.module, ["AUTOCOMMIT"])
        elsewhere = [(other, sites) for other in others if (sites := option_sites(other))]
        seen = self.inference.seen_on_the_way(here, elsewhere) if here or elsewhere else []
        return [one for one in seen if one.function in SETTING_OPTIONS]

    def executions_of(self, clause: ObservedCall) -> list[ObservedCall]:
        """Returns the calls that execute the clause created by a call."""
        return self._executions.get(id(clause.node), [])

    @functools.cached_property
    def mentions_autocommit(self) -> bool:
        """Whether the file contains the word "autocommit"."""
        return "autocommit" in self.module.source.text.lower()

    def _by_node(self, calls: list[ObservedCall]) -> list[list[ObservedCall]]:
        groups: dict[int, list[ObservedCall]] = {}
        for seen in calls:
            if seen.module is self.module:
                groups.setdefault(id(seen.node), []).append(seen)
        return list(groups.values())


def _takes_string(seen: ObservedCall) -> bool:
    """Returns whether a call is `exec_driver_sql`, or `execute` of a cursor in a listener."""
    if seen.function == "execute":
        receivers = () if seen.receiver is None else alternatives(seen.receiver)
        if not any(isinstance(one, Connectable) and one.dbapi for _, one in receivers):
            return False
    elif seen.function != "exec_driver_sql":
        return False
    return not isinstance(seen.arguments.positional[0], TextClause)


def _is_drivers(seen: ObservedCall) -> bool:
    """Returns whether a call passes a string to a method of a driver's own connections that may prepare it."""
    if seen.function not in DRIVER_METHODS and seen.function not in PREPARING:
        return False
    return may_prepare(seen.module, seen.node) and not isinstance(seen.arguments.positional[0], TextClause)


def _may_change_session(seen: ObservedCall) -> bool:
    if seen.function in SQL_FUNCTIONS or seen.function in ("exec_driver_sql", "add_listener"):
        return True
    if seen.function in DRIVER_METHODS:
        return not isinstance(seen.arguments.positional[0], TextClause)
    return ".func." in seen.function


def sql_of(seen: ObservedCall) -> Value:
    """Returns the SQL of one of the `statements`."""
    return seen.arguments.positional[0]
