"""poolsafe's findings for other poolers than PgBouncer: pgpool-II if it is installed, and stand-ins on loopback.

A stand-in shows how drivers react to such a pooler, and that the message quotes it; it proves nothing about the
provider.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from poolsafe.checker import check
from poolsafe.deployment.providers.catalogue import behind, named
from poolsafe.facts.deployment import Deployment
from poolsafe.facts.pooler import PoolerClass
from poolsafe.findings import Finding
from poolsafe.source import Source

from .cells import Outcome
from .conftest import ClientOf
from .installed import Missing
from .pgpool import start
from .servers import DATABASE, HOST, USER, Servers
from .stand_ins import Reader, Writer, _copy, _listening, _packed, _startup, dropping

TIMEOUT = {"statement_timeout": "5000"}
OPTIONS = {"options": "-c statement_timeout=5000"}


@pytest.fixture(scope="module")
def pgpool(servers: Servers) -> int:
    """The port of pgpool-II, or a skip with the reason: not every machine has it."""
    try:
        return start(servers).port
    except Missing as reason:
        pytest.skip(str(reason))


@contextmanager
def refusing_options(postgres_port: int, refusal: str) -> Iterator[int]:
    """A proxy that refuses clients with `options` among their startup parameters; gives its port."""

    async def serve(reader: Reader, writer: Writer) -> None:
        startup = await _startup(reader, writer)
        if startup is None:
            return
        if "options" in startup:
            fields = b"".join(f"{kind}{value}\0".encode() for kind, value in zip("SVCM", _fatal(refusal), strict=True))
            writer.write(b"E" + struct.pack("!i", len(fields) + 5) + fields + b"\0")
            await writer.drain()
            return
        server = await asyncio.open_connection(HOST, postgres_port)
        server[1].write(_packed(startup))
        await asyncio.gather(_copy(reader, server[1]), _copy(server[0], writer))

    with _listening(serve) as port:
        yield port


def _fatal(message: str) -> tuple[str, str, str, str]:
    return "FATAL", "FATAL", "0A000", message


def timeout_at(port: int, settings: dict[str, str]) -> str:
    """The server's statement_timeout for an engine that asks for these startup parameters."""

    async def ask() -> str:
        url = f"postgresql+asyncpg://{USER}@{HOST}:{port}/{DATABASE}"
        engine = create_async_engine(url, connect_args={"server_settings": settings})
        try:
            async with engine.connect() as connection:
                return str((await connection.execute(text("SHOW statement_timeout"))).scalar())
        finally:
            await engine.dispose()

    return asyncio.run(ask())


def said(pooler: str, settings: dict[str, str]) -> list[Finding]:
    """The findings behind a pooler of the catalogue on an engine with default sizes and these startup parameters."""
    program = (
        "from sqlalchemy.ext.asyncio import create_async_engine\n"
        f"create_async_engine('postgresql+asyncpg://db/app', pool_pre_ping=True, "
        f"connect_args={{'server_settings': {settings!r}}})\n"
    )
    where = behind(named(pooler), Deployment())
    return [one for one in check(Source.from_text("db.py", program), where).findings if one.code != "PGB010"]


def load_at(port: int, client_of: ClientOf, work: tuple[str, ...]) -> Outcome:
    """A cell with asyncpg's and SQLAlchemy's default sizes."""
    address = {"host": HOST, "port": port, "user": USER, "database": DATABASE}
    job: dict[str, Any] = {"processes": 3, "tasks": 3, "transactions": 12, "server": address, "engine": {}}
    outcome = Outcome()
    outcome.join(client_of("newest").do("cell", work=work, **job))
    return outcome


def test_pgpool_pools_sessions(pgpool: int, client_of: ClientOf) -> None:
    outcome = load_at(pgpool, client_of, ("text", "core", "insert", "many"))
    assert not outcome.failed, str(outcome)
    assert named("pgpool").kind is PoolerClass.SESSION


@pytest.mark.parametrize("settings", [TIMEOUT, OPTIONS])
def test_pgpool_carries_startup_parameters(pgpool: int, settings: dict[str, str]) -> None:
    assert timeout_at(pgpool, settings) == "5s"
    assert said("pgpool", settings) == []


def test_a_direct_connection_carries_them(servers: Servers) -> None:
    assert timeout_at(servers.postgres.port, TIMEOUT) == timeout_at(servers.postgres.port, OPTIONS) == "5s"


@pytest.mark.parametrize("pooler", ["neon", "supabase-session", "pgcat"])
def test_what_is_dropped_does_not_apply(servers: Servers, pooler: str) -> None:
    with dropping(servers.postgres.port) as port:
        assert timeout_at(port, TIMEOUT) == "0"
    (message,) = [one.message for one in said(pooler, TIMEOUT) if one.code == "PGB204"]
    assert "dropped" in message
    assert "no effect" in message
    assert "PgBouncer" not in message


def test_what_is_refused_is_quoted(servers: Servers) -> None:
    refusal = named("rds-proxy").refusal
    with refusing_options(servers.postgres.port, refusal) as port:
        with pytest.raises(Exception, match=refusal):
            timeout_at(port, OPTIONS)
        assert timeout_at(port, TIMEOUT) == "5s"
    (finding,) = said("rds-proxy", OPTIONS)
    assert finding.code == "PGB204"
    assert refusal in finding.message
    assert "PgBouncer" not in finding.message
    assert said("rds-proxy", TIMEOUT) == []
