"""The pooler in front of one engine, from the engine's own URL and the project's files.

In order of precedence: a provider's host, a service of that name, other files, the names of variables and parameters of
the URL, and a single word or port. Sizes of 0 are not a sign, because the rules demand them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from poolsafe.deployment.providers.catalogue import behind, of_product, of_server
from poolsafe.facts.connection import AnyClient, Route
from poolsafe.facts.deployment import Deployment, Evidence, PoolMode, Service
from poolsafe.facts.pooler import WORST_FIRST, Pooler, PoolerClass
from poolsafe.facts.servers import HOLE, Server

# A published server may have any port, and a host any name.
_PORTS = frozenset({"6432", "6543"})
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1", "host.docker.internal"})
_WORD = re.compile(r"(?:^|[._-])(?:pgbouncer|pooler|pgcat|pgdog|odyssey|supavisor|pgpool)(?:$|[._-])", re.IGNORECASE)

# The suffix that Kubernetes appends to the name of a service: its namespace, and the cluster.
_CLUSTER = re.compile(r"\.[a-z0-9-]+\.svc(?:\.cluster\.local)?$")


def in_front_of(engine: AnyClient | Route, deployment: Deployment) -> Deployment:
    """Returns the deployment of this engine or connection. The configuration takes precedence over its URL."""
    if engine.direct:
        return replace(deployment, pooler=PoolMode.NONE, product=None)
    found = [(of_server(server), server) for server in engine.url.servers]
    rows = [(row, server) for row, server in found if row is not None]
    named = deployment.pooler is not PoolMode.AUTO or deployment.product is not None
    if named and deployment.because("pooler") is None:
        return _configured(rows, deployment)
    if rows and (len(rows) == len(found) or any(row.kind is PoolerClass.BREAKS for row, _ in rows)):
        row, server = min(rows, key=lambda one: WORST_FIRST.index(one[0].kind))
        standing = behind(row, deployment)
        evidence = Evidence("pooler", _shown(row, server))
        return replace(standing, evidence=(*standing.evidence, evidence))
    joined = [_service(server, deployment) for server in engine.url.servers]
    if joined and None not in joined and len(set(joined)) == 1 and joined[0] is not None:
        return _at(joined[0], deployment)
    if deployment.pooler is not PoolMode.AUTO:
        return deployment
    return _by_signs(engine, deployment)


def _by_signs(engine: AnyClient | Route, deployment: Deployment) -> Deployment:
    """Returns the deployment with the sign of some pooler, or without a pooler if all signs are against one."""
    pooled, direct = ([sign.words for sign in engine.url.signs if sign.pooled is kind] for kind in (True, False))
    pooled += [sign for server in engine.url.servers if (sign := _weak(server))]
    if not pooled and not direct:
        return deployment
    evidence = (*deployment.evidence, Evidence("pooler", (pooled or direct)[0]))
    return replace(deployment, pooler=deployment.pooler if pooled else PoolMode.NONE, evidence=evidence)


def _configured(rows: Iterable[tuple[Pooler, Server]], deployment: Deployment) -> Deployment:
    """Returns the configured deployment, with facts about the pooler that the host reveals beyond the mode."""
    if deployment.product is not None or deployment.pooler is PoolMode.NONE:
        return deployment
    for row, _ in rows:
        if behind(row, deployment).pooler in (deployment.pooler, PoolMode.AUTO):
            return replace(deployment, product=row)
    return deployment


def _service(server: Server, deployment: Deployment) -> Service | None:
    """Returns the service of a server, by its name or by a port that it publishes on this machine."""
    host = (server.host or "").lower()
    for service in deployment.services:
        if service.pooler is not PoolMode.AUTO:
            by_port = host in _LOCAL and server.port in service.published & _PORTS
            by_name = service.pooler is not PoolMode.NONE and _CLUSTER.sub("", host) == service.name
            if by_port or by_name:
                return service
    return None


def _at(service: Service, deployment: Deployment) -> Deployment:
    """Returns the deployment behind a service. Other files of the project describe other poolers."""
    evidence = [one for one in deployment.evidence if one.key not in ("pooler", "max-prepared-statements")]
    evidence.append(Evidence("pooler", service.pooler.value, service.path, service.row))
    known = deployment.max_prepared_statements
    if known is None or deployment.because("max-prepared-statements") is not None:
        known = service.max_prepared_statements
    standing = replace(deployment, product=None, max_prepared_statements=known, evidence=tuple(evidence))
    return replace(of_product(service.product, standing), pooler=service.pooler)


def _shown(row: Pooler, server: Server) -> str:
    if row.database:
        return f"database {row.database}"
    if row.ports and server.port is not None:
        return f"port {server.port}"
    return f"host {(server.host or '').replace(HOLE, '*')}"


def _weak(server: Server) -> str:
    """Returns the sign of some pooler in an address that matches no row, such as `port 6432`, or ""."""
    if server.port in _PORTS:
        return f"port {server.port}"
    word = server.host is not None and _WORD.search(server.host)
    return f"host {(server.host or '').replace(HOLE, '*')}" if word else ""
