"""Removing what a probe has put on a server connection, from another client that holds the same server."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from poolsafe.doctor.clients import Lost, NoAnswer, Refused, attempt, transaction

if TYPE_CHECKING:
    from poolsafe.doctor.clients import Bench, Client

# Transactions of one visit to every server, each beside the others.
_HELD = 5
# Visits without anything found until every server counts as clean.
_QUIET = 2
_VISITS = 12


async def drop_statements(client: Client, marker: str) -> list[str]:
    """Drops the statements of this server whose name or text holds `marker`, and returns their names.

    A pooler that carries statements gives them names of its own.
    """
    rows = await client.rows(
        "SELECT name FROM pg_catalog.pg_prepared_statements "
        f"WHERE pg_catalog.strpos(name || ' ' || statement, '{marker}') > 0 AND name <> ''"
    )
    names = [str(name) for (name,) in rows]
    for name in names:
        quoted = name.replace('"', '""')
        # Closed by its owner meanwhile.
        with suppress(Refused):
            async with attempt(client):
                await client.run(f'DEALLOCATE "{quoted}"')
    return names


async def drop_statements_everywhere(bench: Bench, marker: str) -> bool:
    """Drops such statements on every server that can be reached; returns whether it ended with nothing found.

    As many transactions as clients are open at once, so that each holds another server.
    """
    quiet = 0
    for _ in range(_VISITS):
        found: list[str] = []
        if not await _visit(bench, await bench.clients(_HELD), marker, found):
            return False
        quiet = 0 if found else quiet + 1
        if quiet == _QUIET:
            return True
    return False


async def _visit(bench: Bench, clients: list[Client], marker: str, found: list[str]) -> bool:
    if not clients:
        return True
    first, *others = clients
    try:
        # It waits while others hold all servers; those that are held already have been visited then.
        async with transaction(first, patience=1.0):
            found += await drop_statements(first, marker)
            return await _visit(bench, others, marker, found)
    except NoAnswer:
        await bench.drop(first)
        return True
    except (Lost, Refused):
        await bench.drop(first)
        return False
