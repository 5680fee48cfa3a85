"""The paths on which SQL may reach the server: the URLs of the engines and connections that may run it."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence

from poolsafe.facts.connect_listeners import Listened, listened
from poolsafe.facts.connection import ConnectionUrl, Route
from poolsafe.facts.engine import Driver, Engine, Pool, SizeState
from poolsafe.facts.given import Given, given_by
from poolsafe.facts.observed import Observed
from poolsafe.facts.pooling import creator_of, pool_of
from poolsafe.facts.receivers import connectable_of, receivers_of
from poolsafe.facts.runners import Runners
from poolsafe.facts.server_addresses import servers_of
from poolsafe.facts.session_statement import Client
from poolsafe.facts.sizes import PREPARED, STATEMENT, size_state, size_states
from poolsafe.facts.url_signs import signs_of
from poolsafe.facts.views import View, judged_values, views_of
from poolsafe.inference import LibraryResult, ObservedCall, Value, alternatives
from poolsafe.inference.models import is_address
from poolsafe.libraries import ASYNCPG_CONNECT, ASYNCPG_POOLS

_ASYNCPG = ASYNCPG_POOLS | {ASYNCPG_CONNECT}
# With these sizes a cache is used; if either is 0, nothing that is cached outlives a checkout (measured).
_ON = frozenset({SizeState.ABSENT, SizeState.POSITIVE})


class Routes:
    """Finds the routes for the SQL in a module.

    The engines of the file and the project are collected once for all SQL.
    """

    def __init__(self, observed: Observed, runners: Runners) -> None:
        self._observed = observed
        self._runners = runners

    def of(self, client: Client, runs: Iterable[ObservedCall], *, direct: bool) -> tuple[Route, ...]:
        """Returns the routes of the SQL that these calls run. `direct`: the connection's name indicates a direct one.

        If none of their connections can be traced to the call that creates it, all connections of the file count, or
        else all connections of the project.
        """
        if direct:
            return (Route(direct=True),)
        found = [route for run in runs for single in receivers_of([run]) for route in self._of_value(run, single)]
        return tuple(dict.fromkeys(found)) or self._anywhere(client)

    def _of_value(self, run: ObservedCall, value: Value) -> Iterator[Route]:
        made_on = connectable_of(value)
        if made_on is not None and made_on.made_by is not None:
            yield from self._of_engine([one for one in self._observed.engine_calls if one.node is made_on.made_by])
        elif isinstance(value, LibraryResult) and value.name in _ASYNCPG and value.arguments.open_keywords is None:
            made = ObservedCall(run.module, run.node, value.name, value.arguments, run.path, None, awaited=False)
            yield _of_client([given_by(made)])

    def _of_engine(self, calls: Sequence[ObservedCall]) -> Iterator[Route]:
        views = [view for seen in calls for view in views_of(seen) if view.driver is not Driver.OTHER]
        if views:
            servers = dict.fromkeys(server for view in views for server in servers_of(view.url))
            signs = signs_of((view.guard, view.url) for view in views)
            direct = all(is_address(view.url) for view in views)
            # A listener may set other sizes.
            caches = _cache(views) and not any(map(_is_listened_to, calls))
            yield Route(ConnectionUrl(tuple(servers), signs=signs), direct, caches)

    def _anywhere(self, client: Client) -> tuple[Route, ...]:
        if client is Client.ASYNCPG:
            return self._clients_here
        if client is Client.ALEMBIC:
            return _of_engines(self._runners.engines_of_migrations)
        return self._engines_here or self._engines_elsewhere

    @functools.cached_property
    def _engines_elsewhere(self) -> tuple[Route, ...]:
        return _of_engines(self._runners.engines_elsewhere())

    @functools.cached_property
    def _clients_here(self) -> tuple[Route, ...]:
        made = [calls for calls in self._observed.clients if calls[0].function in _ASYNCPG]
        return tuple(dict.fromkeys(_of_client([given_by(seen) for seen in calls]) for calls in made))

    @functools.cached_property
    def _engines_here(self) -> tuple[Route, ...]:
        found = [route for calls in self._observed.engines for route in self._of_engine(calls)]
        return tuple(dict.fromkeys(found))


def _of_client(given: Sequence[Given]) -> Route:
    servers = dict.fromkeys(server for one in given for server in one.servers())
    signs = signs_of(alternative for one in given for alternative in alternatives(one.url))
    caches = all(
        one.seen.function in ASYNCPG_POOLS
        and _ON.issuperset(size_state(STATEMENT, value) for value in judged_values(one.option(STATEMENT)))
        for one in given
    )
    return Route(ConnectionUrl(tuple(servers), signs=signs), all(one.is_direct for one in given), caches)


def _of_engines(engines: Iterable[Engine]) -> tuple[Route, ...]:
    ours = (one for one in engines if one.url.driver is not Driver.OTHER)
    routes = (
        Route(
            ConnectionUrl(one.url.servers, signs=one.url.signs),
            one.direct,
            one.pooling.pool is Pool.KEEPING and _ON.issuperset(size.state for size in one.sizes.both),
        )
        for one in ours
    )
    return tuple(dict.fromkeys(routes))


def _cache(views: Sequence[View]) -> bool:
    """Returns whether an engine with these views certainly keeps its connections and both of their caches."""
    kept = list(views)
    if creator_of(kept) is not None or pool_of(kept)[0] is not Pool.KEEPING:
        return False
    return _ON.issuperset(
        state for view in kept for key in (STATEMENT, PREPARED) for _, _, state in size_states(view, key, None)
    )


def _is_listened_to(seen: ObservedCall) -> bool:
    """Returns whether a listener of its file may change the connections of an engine."""
    call = seen.syntax
    return call is None or listened(seen.module, call) != Listened()
