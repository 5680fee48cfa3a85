"""Connections that are idle in SQLAlchemy's pool while PgBouncer closes them, with and without pre-ping."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from .bad_fixtures import BROKEN_BY_PAUSES, repaired
from .cells import Where
from .clients import wait_for
from .conftest import ClientOf
from .servers import Pooler, Servers

# What asyncpg says where it had no chance to notice, and where its event loop ran meanwhile.
CLOSED = ("ConnectionDoesNotExistError", "connection was closed in the middle of operation")
NOTICED = ("InterfaceError", "connection is closed")
IDLE = 1

SIZES = {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
ENGINES: dict[str, Any] = {
    "no pre-ping": {"connect_args": SIZES},
    "pre-ping": {"connect_args": SIZES, "keywords": {"pool_pre_ping": True}},
    "NullPool": {"connect_args": SIZES, "null_pool": True},
}


def after(
    event: str, engines: dict[str, Any], where: Where, folder: Path, *, busy: bool = True
) -> dict[str, list[list[str] | None]]:
    """The exceptions of each engine's first queries after a restart of the pooler or its `client_idle_timeout`."""
    assert where.pooler is not None
    ready, go = folder / "ready", folder / "go"
    address = where.server()
    where.client.begin(
        "pause", engines=engines, servers=dict.fromkeys(engines, address), ready=str(ready), go=str(go), busy=busy
    )
    wait_for(ready)
    if event == "restart":
        where.pooler.server.restart()
    else:
        # PgBouncer looks for idle clients three times a second.
        time.sleep(IDLE + 1)
    go.touch()
    found: dict[str, list[list[str] | None]] = where.client.answer()["found"]
    return found


@pytest.fixture
def impatient(servers: Servers) -> Pooler:
    """A PgBouncer of one's own, to restart at will, that closes idle clients."""
    return servers.pooler(client_idle_timeout=IDLE)


@pytest.mark.parametrize(
    ("mode", "event", "busy", "exception"),
    [
        ("transaction", "client_idle_timeout", True, CLOSED),
        ("transaction", "client_idle_timeout", False, NOTICED),
        ("transaction", "restart", True, CLOSED),
        ("transaction", "restart", False, NOTICED),
        # A client in session pooling keeps its server, and so never counts as idle.
        ("session", "client_idle_timeout", True, None),
        ("session", "restart", True, CLOSED),
    ],
)
def test_the_first_query_after(
    mode: str,
    event: str,
    busy: bool,
    exception: tuple[str, str] | None,
    client_of: ClientOf,
    servers: Servers,
    impatient: Pooler,
    tmp_path: Path,
) -> None:
    where = Where(client_of("newest"), servers, impatient, mode)
    found = after(event, ENGINES, where, tmp_path, busy=busy)
    assert not any(any(queries) for label, queries in found.items() if label != "no pre-ping"), found
    first, *others = found["no pre-ping"]
    assert is_like(first, exception)
    # SQLAlchemy replaces the whole pool at the first failure.
    assert not any(others)


def is_like(found: list[str] | None, exception: tuple[str, str] | None) -> bool:
    """Whether that is the exception's name and a part of its text, or none at all."""
    if exception is None:
        return found is None
    return found is not None and found[0] == exception[0] and exception[1] in found[1]


@pytest.mark.parametrize("event", ["client_idle_timeout", "restart"])
def test_fixtures(event: str, client_of: ClientOf, servers: Servers, impatient: Pooler, tmp_path: Path) -> None:
    bad = {case.name: str(case.path) for case in BROKEN_BY_PAUSES}
    repairable = [case for case in BROKEN_BY_PAUSES if case.fixed.exists()]
    fixed = {f"fixed {case.name}": str(repaired(case, tmp_path)) for case in repairable}
    found = after(event, bad | fixed, Where(client_of("newest"), servers, impatient), tmp_path)
    for label, queries in found.items():
        if label in fixed:
            assert not any(queries), (label, queries)
        else:
            # While the first engine is at work, asyncpg notices what happened to the others.
            assert is_like(queries[0], CLOSED) or is_like(queries[0], NOTICED), (label, queries)
