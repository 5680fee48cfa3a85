"""Look-ups in the catalogue: the row of a server's address, and the row of a name."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import replace

from poolsafe.deployment.providers.hosted import HOSTED
from poolsafe.deployment.providers.programs import PROGRAMS
from poolsafe.facts.deployment import Deployment, PoolMode
from poolsafe.facts.pooler import Pooler, PoolerClass
from poolsafe.facts.servers import DEFAULT_PORT, HOLE, Server

CATALOGUE = (*HOSTED, *PROGRAMS)

_MODES = {
    PoolerClass.DIRECT: PoolMode.NONE,
    PoolerClass.SESSION: PoolMode.SESSION,
    PoolerClass.PINS: PoolMode.SESSION,
    PoolerClass.BREAKS: PoolMode.TRANSACTION,
    PoolerClass.CARRIES: PoolMode.TRANSACTION,
    PoolerClass.UNKNOWN: PoolMode.AUTO,
}
# The maximum length of a name in the DNS.
_LONGEST_HOST = 253
# Samples for an unknown part of a host. A row counts only if it matches for all of them.
_FILLINGS = ("x", "x-pooler", "x.proxy-x", "pgbouncer.x")


def named(name: str) -> Pooler:
    """Returns the row with this name. Raises KeyError if there is none."""
    return _by_name()[name]


def names() -> tuple[str, ...]:
    """Returns the name of every row, sorted."""
    return tuple(sorted(_by_name()))


def behind(pooler: Pooler, deployment: Deployment) -> Deployment:
    """Returns the deployment behind a pooler of the catalogue. A configured max_prepared_statements still applies."""
    known = deployment.max_prepared_statements
    if known is None or deployment.because("max-prepared-statements") is not None:
        # The project's files describe another pooler.
        known = pooler.prepared
    evidence = tuple(one for one in deployment.evidence if one.key not in ("pooler", "max-prepared-statements"))
    return replace(
        deployment,
        pooler=_MODES[pooler.kind],
        product=pooler,
        max_prepared_statements=known,
        parameters=frozenset(),
        evidence=evidence,
    )


def of_product(name: str, deployment: Deployment) -> Deployment:
    """Returns the deployment with the pooler that a file names, unless it already has one. "" means PgBouncer."""
    if deployment.product is not None or name in ("", "pgbouncer"):
        return deployment
    return replace(deployment, product=named(name))


def of_server(server: Server) -> Pooler | None:
    """Returns the row that matches a server's address, or None if there is none or it depends on unknown parts."""
    if server.host is None or len(server.host) > _LONGEST_HOST:
        return None
    fillings = _FILLINGS if HOLE in server.host else ("",)
    ports = (server.port,) if server.port is not None else (DEFAULT_PORT, *_ports())
    found: set[Pooler | None] = set()
    for filling in fillings:
        host = server.host.replace(HOLE, filling).lower()
        rows = {_row(host, port, server.database) for port in ports}
        # Not every sample is a valid host of the provider.
        if rows != {None}:
            found |= rows
    return found.pop() if len(found) == 1 else None


def _row(host: str, port: str, database: str) -> Pooler | None:
    for row in HOSTED:
        if (
            (not row.ports or port in row.ports)
            and (not row.database or row.database == database)
            and _matches(row.hosts, host)
            and not _matches(row.unless, host)
        ):
            return row
    return None


def _matches(patterns: Iterable[str], host: str) -> bool:
    return any(_compiled(pattern).fullmatch(host) for pattern in patterns)


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    written = re.escape(pattern).replace(r"\*\*\.", r"(?:[^.]+\.)*").replace(r"\*", "[^.]+")
    return re.compile(written)


@functools.cache
def _ports() -> tuple[str, ...]:
    return tuple(sorted({port for row in HOSTED for port in row.ports}))


@functools.cache
def _by_name() -> dict[str, Pooler]:
    return {row.name: row for row in CATALOGUE}
