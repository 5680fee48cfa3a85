"""Whether clients keep their server, or get a different one for the next transaction."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from poolsafe.doctor.bench import Lost, NoAnswer, Refused, backend, transaction
from poolsafe.records import frozen

if TYPE_CHECKING:
    from poolsafe.doctor.bench import Bench, Client

TITLE = "Transactions"
EXPLANATION = (
    "three connected clients ask for `pg_backend_pid()` in short transactions, first in turn, then at the same time"
)

_CLIENTS = 3
_ROUNDS = 4
_REFUSED = "statement pooling"


class Movement(enum.Enum):
    """On which servers the transactions of a client run."""

    MOVES = "moves"
    STAYS = "stays"
    NO_TRANSACTIONS = "no transactions"


@frozen
class Pooling:
    """`movement`, the sentence that proves it, and whether a new connection got the server of one that had ended."""

    movement: Movement
    proof: str
    reused: bool = False


async def run(bench: Bench) -> Pooling:
    """Runs trivial transactions until one proves that clients share servers. Raises the same exceptions as `Client`."""
    refusal = await _refusal(bench, (await bench.clients(1))[0])
    if refusal:
        return Pooling(Movement.NO_TRANSACTIONS, f"BEGIN is rejected: {refusal}")
    seen = _Seen()
    for turn in range(_ROUNDS):
        clients = await bench.clients(_CLIENTS)
        runs = await _at_once(bench, clients) if turn % 2 else await _one_by_one(clients)
        for client, pid in runs:
            proof = seen.proof(client, pid)
            if proof:
                return Pooling(Movement.MOVES, proof)
    pids = ", ".join(map(str, seen.owners))
    proof = f"each of {_CLIENTS} clients kept its own server process ({pids}) over {_ROUNDS} transactions"
    return Pooling(Movement.STAYS, proof, await _is_reused(bench))


class _Seen:
    """Records which client ran on which server process."""

    def __init__(self) -> None:
        self.owners: dict[int, Client] = {}
        self._numbers: dict[int, int] = {}

    def proof(self, client: Client, pid: int) -> str:
        """Records that a client ran on a server process, and returns what that proves about sharing, or ""."""
        owner = self.owners.setdefault(pid, client)
        if owner is not client:
            pair = f"clients {self._number(owner)} and {self._number(client)}"
            return f"{pair}, connected at the same time, ran transactions on the same server process, {pid}"
        own = [known for known, other in self.owners.items() if other is client]
        number = self._number(client)
        return f"client {number} ran transactions on server processes {own[0]} and {own[1]}" if len(own) > 1 else ""

    def _number(self, client: Client) -> int:
        return self._numbers.setdefault(id(client), len(self._numbers) + 1)


async def _refusal(bench: Bench, client: Client) -> str:
    """Returns the error for a transaction, or "". In statement mode, the pooler closes the connection."""
    # First a query without a transaction, so that an error is certainly about the transaction.
    await backend(client)
    try:
        async with transaction(client):
            return ""
    except Refused as error:
        return str(error)
    except Lost as error:
        await bench.drop(client)
        if _REFUSED in str(error):
            return str(error).rpartition("operation: ")[2]
        raise


async def _one_by_one(clients: list[Client]) -> list[tuple[Client, int]]:
    runs = []
    for client in clients:
        async with transaction(client) as pid:
            runs.append((client, pid))
    return runs


async def _at_once(bench: Bench, clients: list[Client]) -> list[tuple[Client, int]]:
    """Nests the transactions, so that each has a different server; the last client is the outermost."""
    if not clients:
        return []
    *others, client = clients
    try:
        async with transaction(client) as pid:
            return [(client, pid), *await _at_once(bench, others)]
    except NoAnswer:
        # The pool has fewer servers than there are clients.
        await bench.drop(client)
        return []


async def _is_reused(bench: Bench) -> bool:
    """Returns whether a server process outlives its client."""
    first = await bench.client()
    async with transaction(first) as pid:
        pass
    await bench.drop(first)
    second = await bench.client()
    async with transaction(second) as other:
        return pid == other
