"""What happens to session state: a setting, an advisory lock, a temporary table, LISTEN.

One client leaves each of them on a server, and another client looks for it there and removes it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from poolsafe.doctor.bench import MOST_CLIENTS, Lost, NoAnswer, Refused, transaction, value
from poolsafe.doctor.cleaning import at_successor
from poolsafe.records import frozen

if TYPE_CHECKING:
    from poolsafe.doctor.bench import Bench, Client

TITLE = "Session state"
EXPLANATION = (
    "one client creates the state in a transaction and commits; another client looks for it on that server connection"
)

_TRIES = 16
_ARRIVES = 1.5  # seconds to wait for a notification


@frozen
class Kind:
    """One kind of state. `leave`, `look` (true if it exists) and `clean` are SQL; `note` is its name in messages."""

    name: str
    note: str
    leave: str
    look: str
    clean: str


@frozen
class StateFate:
    """What happened to the state: whether the next client on that server has it, and whether its owner keeps it.

    None is unknown.
    """

    name: str
    leaks: bool | None
    kept: bool | None
    problem: str = ""


def kinds(token: str) -> tuple[Kind, ...]:
    """Returns the kinds, with unique names and numbers."""
    number = int(token[:7], 16)
    # This setting only affects queries of twelve tables or more; a custom setting would remain known forever.
    seed = f"0.{number:09}"
    table, channel = f"poolsafe_{token}", f"poolsafe_{token}"
    lock = "SELECT pg_catalog.count(*) > 0 FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND "
    return (
        Kind(
            "setting",
            f"the setting `geqo_seed = {seed}`",
            f"SET geqo_seed = {seed}",
            f"SELECT pg_catalog.abs(pg_catalog.current_setting('geqo_seed')::float8 - {seed}) < 1e-6",
            "RESET geqo_seed",
        ),
        Kind(
            "advisory lock",
            f"the advisory lock {number}",
            f"DO $$BEGIN PERFORM pg_catalog.pg_advisory_lock({number}); END$$",
            f"{lock}pid = pg_catalog.pg_backend_pid() AND objid = {number} AND classid = 0",
            f"DO $$BEGIN PERFORM pg_catalog.pg_advisory_unlock({number}); END$$",
        ),
        Kind(
            "temporary table",
            f"the temporary table `{table}`",
            f"CREATE TEMPORARY TABLE {table} (number int)",
            f"SELECT pg_catalog.to_regclass('pg_temp.{table}') IS NOT NULL",
            f"DROP TABLE IF EXISTS pg_temp.{table}",
        ),
        Kind(
            "LISTEN",
            f"the channel `{channel}`",
            f"LISTEN {channel}",
            f"SELECT pg_catalog.count(*) > 0 FROM pg_catalog.pg_listening_channels() AS c WHERE c = '{channel}'",
            f"UNLISTEN {channel}",
        ),
    )


async def run(bench: Bench) -> tuple[StateFate, ...]:
    """Tries every kind and cleans up. `bench.left` lists what cannot be removed."""
    found = []
    for kind in kinds(bench.token):
        bench.say(f"session state: {kind.name}")
        try:
            found.append(await _try(bench, kind))
        except Refused as error:
            found.append(StateFate(kind.name, None, None, str(error)))
    return tuple(found)


async def arrives(bench: Bench) -> bool:
    """Returns whether a notification arrives at the listening client."""
    channel = f"poolsafe_{bench.token}_n"
    note = f"the channel `{channel}`"
    listener, other = await bench.clients(2)
    clean = f"UNLISTEN {channel}"
    async with transaction(listener, keep=True) as home:
        bench.leaves(note, lambda bench: _clean(bench, home, clean))
        arrived = await listener.listen(channel)
    async with transaction(other, keep=True):
        await other.run(f"NOTIFY {channel}")
    for _ in range(15):
        await asyncio.sleep(_ARRIVES / 15)
        if arrived():
            break
    if await _clean(bench, home, clean):
        bench.removed(note)
    return arrived()


async def _try(bench: Bench, kind: Kind) -> StateFate:
    owner, other = await bench.clients(2)
    async with transaction(owner, keep=True) as home:
        note = f"{kind.note}, on server process {home}"
        bench.leaves(note, lambda bench: _clean(bench, home, kind.clean))
        await owner.run(kind.leave)
    leaks, kept = None, None
    for _ in range(_TRIES):
        async with transaction(other, keep=True) as pid:
            if pid == home:
                leaks = bool(await value(other, kind.look))
                kept = await _kept(bench, owner, kind)
                await other.run(kind.clean)
                bench.removed(note)
                return StateFate(kind.name, leaks, kept)
            async with transaction(owner, keep=True) as pid:
                if pid == home:
                    kept = bool(await value(owner, kind.look))
    # No other client gets that server while its owner is connected, so another client has to come later.
    await bench.drop(owner)

    async def look(client: Client) -> bool:
        found = bool(await value(client, kind.look))
        if found:
            await client.run(kind.clean)
        return found

    leaks = await at_successor(bench, home, look)
    if leaks is not None:
        bench.removed(note)
    return StateFate(kind.name, leaks, kept)


async def _kept(bench: Bench, owner: Client, kind: Kind) -> bool | None:
    try:
        async with transaction(owner):
            return bool(await value(owner, kind.look))
    except NoAnswer:
        # There is no other server.
        await bench.drop(owner)
        return None


async def _clean(bench: Bench, home: int, clean: str) -> bool:
    """Runs `clean` on the server `home`, with any client that gets it. Returns whether one did."""
    for turn in range(_TRIES):
        # In a session pool, a client always gets the same server, so more and more clients are needed.
        if await _run_on(bench, home, clean, await bench.clients(min(2 + turn, MOST_CLIENTS))):
            return True
    return False


async def _run_on(bench: Bench, home: int, command: str, clients: list[Client]) -> bool:
    """Holds a server for each client until one of them has `home`, and runs the command there."""
    if not clients:
        return False
    first, *others = clients
    try:
        async with transaction(first, keep=True) as pid:
            if pid != home:
                return await _run_on(bench, home, command, others)
            await first.run(command)
            return True
    except (NoAnswer, Lost, Refused):
        await bench.drop(first)
        return False
