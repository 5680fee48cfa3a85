"""Removes what a probe has left on a server, with another client that holds the same server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from typing import TYPE_CHECKING

from poolsafe.doctor.bench import MOST_CLIENTS, SIGNATURE, Lost, NoAnswer, Refused, attempt, transaction, value

if TYPE_CHECKING:
    from poolsafe.doctor.bench import Bench, Client

# After this many visits without finding anything, every server counts as clean.
_QUIET = 2
_VISITS = 12
# The number of new clients to find one with the server of a client that has left, and the seconds between them.
_SUCCESSORS = 40
_PAUSE = 0.03
# Seconds that one more client waits for a server.
_PATIENCE = 1.0


async def drop_statements(client: Client, marker: str) -> list[str]:
    """Drops the statements of this server whose name or text contains `marker`, and returns their names.

    A pooler that supports prepared statements gives them other names.
    """
    rows = await client.rows(
        "SELECT name FROM pg_catalog.pg_prepared_statements "
        f"WHERE pg_catalog.strpos(name || ' ' || statement, '{marker}') > 0 AND name <> ''"
    )
    names = [str(name) for (name,) in rows]
    for name in names:
        quoted = name.replace('"', '""')
        # The client has closed it in the meantime.
        with suppress(Refused):
            async with attempt(client):
                await client.run(f'DEALLOCATE "{quoted}"')
    return names


async def drop_statements_everywhere(
    bench: Bench, marker: str, servers: Collection[int] = (), *, alone: bool = False
) -> bool:
    """Drops such statements on every server that can be reached, and returns whether none is left.

    All clients have open transactions at the same time, so that each holds a different server. `servers` are process
    ids that have to be visited, unless they have ended; with `alone`, no other server can have such a statement.
    Otherwise, a server that other clients keep busy may be missed.
    """
    missing = set(servers)
    quiet = 0
    for _ in range(_VISITS):
        visit = _Visit(bench, marker)
        if not await visit.run(await bench.clients(MOST_CLIENTS)):
            return False
        missing -= visit.servers
        if missing:
            missing &= await _alive(bench)
        quiet = 0 if visit.found else quiet + 1
        if not missing and (alone or quiet >= _QUIET):
            return True
    return False


async def _alive(bench: Bench) -> set[int]:
    client = (await bench.clients(1))[0]
    return {int(pid) for (pid,) in await client.rows(f"SELECT pid FROM pg_catalog.pg_stat_activity {SIGNATURE}")}


async def at_successor(bench: Bench, home: int, look: Callable[[Client], Awaitable[bool]]) -> bool | None:
    """Returns the result of `look` on the server `home`, for the next client that gets it after its owner has left.

    It is False if that server has ended, and None if it is still running but no new client got it.
    """
    for _ in range(_SUCCESSORS):
        client = await bench.client()
        async with transaction(client, keep=True) as pid:
            if pid == home:
                return await look(client)
            if not await value(client, f"SELECT pid FROM pg_catalog.pg_stat_activity WHERE pid = {home}"):
                return False
        await bench.drop(client)
        # A pooler may reset a server before it gives it to the next client.
        await asyncio.sleep(_PAUSE)
    return None


class _Visit:
    """One round of transactions that are open at the same time."""

    def __init__(self, bench: Bench, marker: str) -> None:
        self._bench = bench
        self._marker = marker
        self.servers: set[int] = set()
        self.found: list[str] = []

    async def run(self, clients: list[Client]) -> bool:
        """Visits a server for each client, and returns whether every one of them answered."""
        if not clients:
            return True
        first, *others = clients
        try:
            async with transaction(first, patience=_PATIENCE) as pid:
                self.servers.add(pid)
                self.found += await drop_statements(first, self._marker)
                return await self.run(others)
        except NoAnswer:
            # This client waits while the others hold all servers, so all servers have been visited.
            await self._bench.drop(first)
            return True
        except (Lost, Refused):
            await self._bench.drop(first)
            return False
