"""Finds the servers in an engine's URL: the host, port and database of each."""

from __future__ import annotations

import re
from collections.abc import Iterator

from poolsafe.facts.servers import DEFAULT_PORT, HOLE, NOWHERE, Server
from poolsafe.facts.views import query_value
from poolsafe.inference import Text, Url, Value, as_text


def servers_of(url: Value) -> Iterator[Server]:
    """Yields the servers in a URL: from its query, as in `?host=a:6543,b&port=5432`, or else from its authority."""
    if isinstance(url, Url):
        hosts, ports = (as_text(query_value(url, key)).known for key in ("host", "port"))
        if hosts:
            yield from _listed(hosts.split(","), (ports or "").split(","), "")
        else:
            port = as_text(url.port).known
            yield Server(as_text(url.host).known or None, port or None)
        return
    if not isinstance(url, Text):
        yield NOWHERE
        return
    text = "".join(piece if isinstance(piece, str) else HOLE for piece in url.pieces)
    rest = text.partition("://")[2]
    if not rest.strip(HOLE):
        yield NOWHERE
        return
    before, _, query = rest.partition("#")[0].partition("?")
    authority, _, path = before.partition("/")
    database = "" if HOLE in path else path
    named = _in_query(query, "host")
    if named:
        yield from _listed(named, _in_query(query, "port"), database)
    else:
        yield from _listed(authority.rpartition("@")[2].split(","), _in_query(query, "port"), database)


def _in_query(query: str, key: str) -> list[str]:
    values = [value for name, _, value in (part.partition("=") for part in query.split("&")) if name == key]
    return [one for value in values for one in value.split(",") if one]


def _listed(hosts: list[str], ports: list[str], database: str) -> Iterator[Server]:
    for index, written in enumerate(hosts):
        match = re.fullmatch(r"(\[[^\]]*\]|[^:\[\]]*)(?::(.*))?", written)
        if match is None:
            continue
        host, port = match[1].strip("[]"), match[2]
        if port is None and ports:
            # libpq and SQLAlchemy accept one port for all hosts, or as many ports as hosts.
            port = ports[min(index, len(ports) - 1)]
        yield Server(host if host.strip(HOLE) else None, _port(host, port), database)


def _port(host: str, port: str | None) -> str | None:
    if port:
        return None if HOLE in port else port
    # An unknown piece at the end of a host may include the port.
    return None if host.endswith(HOLE) else DEFAULT_PORT
