"""Builds one connection fact from the observed calls to a function that creates connections or a pool."""

from __future__ import annotations

from dataclasses import replace

from poolsafe.facts.connection import ClientDriver, Connection, ThresholdState
from poolsafe.facts.connection_calls import connection_of
from poolsafe.facts.creators import nodes_judged_with_engines
from poolsafe.facts.driver_options import asyncpg_settings, misplaced_options, refused_options
from poolsafe.facts.engine import Driver, MisplacedWhere, Parameters, SizeState
from poolsafe.facts.given import Given, given_by
from poolsafe.facts.observed import Observed
from poolsafe.facts.option_places import is_extendable, size_of
from poolsafe.facts.pool_hooks import hooks_of
from poolsafe.facts.reach import Surroundings
from poolsafe.facts.silence import Cause, Silence
from poolsafe.facts.sizes import STATEMENT
from poolsafe.facts.thresholds import KEY, psycopg_engines, threshold_of
from poolsafe.facts.views import views_of
from poolsafe.facts.wrappers import tortoise_dicts, wrapped_connections
from poolsafe.inference import Absent, Const, ObservedCall, alternatives
from poolsafe.libraries import ASYNCPG_CONNECT, ASYNCPG_POOLS, PSYCOPG_CONNECTS, PSYCOPG_POOLS

_ASYNCPG = ASYNCPG_POOLS | {ASYNCPG_CONNECT}
_PSYCOPG = PSYCOPG_CONNECTS | PSYCOPG_POOLS


def collect_connections(observed: Observed) -> tuple[list[Connection], list[Silence]]:
    """Returns the connections and pools of an explored module in source order, and a silence for each unknown one."""
    surroundings = Surroundings(observed)
    # An engine of another driver has no finding about its creator.
    views = [view for seen in observed.engine_calls for view in views_of(seen) if view.driver is not Driver.OTHER]
    creating = nodes_judged_with_engines(observed.inference.project, observed.module, views)
    found: list[Connection] = []
    for calls in observed.clients:
        if calls[0].function in _ASYNCPG:
            made = _asyncpg(surroundings, calls)
            if made is not None:
                found.append(_without_size(made) if id(calls[0].node) in creating else made)
        elif calls[0].function in _PSYCOPG:
            found.append(_psycopg(surroundings, calls))
        else:
            found += wrapped_connections(surroundings, calls)
    found += [*psycopg_engines(surroundings), *tortoise_dicts(observed)]
    found.sort(key=lambda one: one.span)
    return found, [one for one in map(_silence, found) if one is not None]


def _without_size(connection: Connection) -> Connection:
    """Returns a connection that a creator makes. Its sizes are checked with the engine, except for those in the DSN."""
    in_dsn = tuple(one for one in connection.misplaced if one.where is MisplacedWhere.DSN_QUERY)
    return replace(connection, size=None, misplaced=in_dsn)


def _silence(connection: Connection) -> Silence | None:
    size, threshold = connection.size, connection.threshold
    if size is not None and size.state is SizeState.UNKNOWN:
        return Silence(lambda: connection.span, Cause.SIZE, f"`{size.key}` is unknown", size.reason)
    if threshold is not None and threshold.state is ThresholdState.UNKNOWN:
        return Silence(lambda: connection.span, Cause.SIZE, f"`{KEY}` is unknown", threshold.reason)
    return None


def _asyncpg(surroundings: Surroundings, calls: list[ObservedCall]) -> Connection | None:
    module, given = surroundings.module, [given_by(seen) for seen in calls]
    if any(_is_made_otherwise(one) for one in given):
        return None
    made = connection_of(surroundings, calls, given, ClientDriver.ASYNCPG)
    return replace(
        made,
        size=size_of(surroundings, made.call, given),
        extendable=is_extendable(surroundings, calls, STATEMENT),
        misplaced=misplaced_options(module, made.call, given),
        refused=refused_options(module, made.call, given),
        parameters=Parameters(server_settings=asyncpg_settings(module, made.call, given)),
        hooks=hooks_of(module, given),
    )


def _is_made_otherwise(given: Given) -> bool:
    """Returns whether the pool has a `connect` function, which may create connections in its own way.

    Keywords that a caller may add are assumed not to contain `connect`.
    """
    written = given.seen.arguments.keywords.get("connect", Absent())
    return any(not isinstance(single, Absent) and single != Const(None) for _, single in alternatives(written))


def _psycopg(surroundings: Surroundings, calls: list[ObservedCall]) -> Connection:
    module, given = surroundings.module, [given_by(seen) for seen in calls]
    made = connection_of(surroundings, calls, given, ClientDriver.PSYCOPG)
    return replace(
        made,
        threshold=threshold_of(surroundings, made.call, given),
        extendable=is_extendable(surroundings, calls, made.options_name or KEY),
        refused=refused_options(module, made.call, given),
        parameters=Parameters(server_settings=asyncpg_settings(module, made.call, given)),
    )
