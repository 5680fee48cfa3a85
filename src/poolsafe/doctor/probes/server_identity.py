"""Which server answers, and PostgreSQL's settings for idle connections."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from poolsafe.doctor.bench import SIGNATURE, Refused
from poolsafe.records import frozen

if TYPE_CHECKING:
    from poolsafe.doctor.bench import Bench, Client

TITLE = "Server"
EXPLANATION = (
    "the server announces a process when the doctor connects; the doctor compares it with the process that runs its "
    "queries, and asks that process for the version and for the client port that it sees"
)

_IDLE = ("idle_session_timeout", "idle_in_transaction_session_timeout")


@frozen
class Identity:
    """The server's information about itself.

    `version` is PostgreSQL's. `process` is True if queries run on the process that the server announced, which is rare
    with a pooler. `port` says whether that process sees the client's own port, None if it is unknown. `pgpool` says
    whether pgpool-II answers. `limits` are settings that end idle connections, as (name, value) without those that are
    off.
    """

    version: str
    process: bool
    port: bool | None
    pgpool: bool
    limits: tuple[tuple[str, str], ...]


async def run(bench: Bench) -> Identity:
    """Asks with one client. Raises the same exceptions as `Client`."""
    client = (await bench.clients(1))[0]
    rows = await client.rows(
        "SELECT pg_catalog.pg_backend_pid(), pg_catalog.inet_client_port(), "
        f"pg_catalog.current_setting('server_version') {SIGNATURE}"
    )
    process, port, version = rows[0]
    seen = None if client.port is None or port is None else client.port == port
    announced = client.announced == process
    # A server without a pooler would write an error to its log.
    pgpool = not (announced and seen) and await _is_pgpool(client)
    return Identity(str(version), announced, seen, pgpool, await _limits(client))


async def _is_pgpool(client: Client) -> bool:
    # pgpool-II answers this itself, in the simple protocol only; PostgreSQL and other servers reject it.
    with suppress(Refused):
        await client.run("SHOW pool_version")
        return True
    return False


async def _limits(client: Client) -> tuple[tuple[str, str], ...]:
    listed = ", ".join(f"'{name}'" for name in _IDLE)
    with suppress(Refused):
        rows = await client.rows(
            f"SELECT name, pg_catalog.current_setting(name) FROM pg_catalog.pg_settings WHERE name IN ({listed}) "
            f"AND setting <> '0' ORDER BY name {SIGNATURE}"
        )
        return tuple((str(name), str(setting)) for name, setting in rows)
    return ()
