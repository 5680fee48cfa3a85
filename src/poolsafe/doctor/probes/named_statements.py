"""Whether a named prepared statement follows its client to another server."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from poolsafe.doctor.bench import Lost, NoAnswer, Refused, attempt, transaction
from poolsafe.doctor.cleaning import at_successor, drop_statements, drop_statements_everywhere
from poolsafe.doctor.probes.transaction_pooling import Movement, Pooling
from poolsafe.records import frozen

if TYPE_CHECKING:
    from poolsafe.doctor.bench import Bench, Client, Statement

TITLE = "Named prepared statements"
EXPLANATION = (
    "the doctor prepares a statement with a random name in one transaction and executes it in another. If clients "
    "share server connections, a second client keeps the first connection busy in the meantime. In a session pool, the "
    "next client looks for the name. Finally, the doctor deallocates the statement"
)

_TRIES = 16
# In a busy pool a client may get the same server six times by chance (measured: 4 of 40).
_PINNED_AFTER = 14


class Carried(enum.Enum):
    """What happens to the name."""

    YES = "carried"
    NO = "lost"
    PINNED = "pinned"
    INHERITED = "inherited"
    UNKNOWN = "not tried"


@frozen
class Naming:
    """What happens to a name, and the sentence that proves it."""

    carried: Carried
    proof: str


async def run(bench: Bench, pooling: Pooling) -> Naming:
    """Parses one statement in one transaction. Raises the same exceptions as `Client`.

    `bench.left` lists what cannot be removed.
    """
    if pooling.movement is Movement.NO_TRANSACTIONS:
        return Naming(
            Carried.UNKNOWN, "without transactions, it is unknown which server connection would keep the name"
        )
    return await _Trial(bench).run(pooling)


class _Trial:
    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        # The name is new each time, in case an interrupted trial has left one.
        self._name = f"poolsafe_{bench.token}_{bench.next_number()}"
        # The text is unique, so a pooler that shares statements by text does not share it with other clients.
        self._marker = f"poolsafe {bench.token}"
        self._home = 0
        self._remains = False

    async def run(self, pooling: Pooling) -> Naming:
        owner, other = await self._bench.clients(2)
        async with transaction(owner) as self._home:
            # From here on until it is dropped, the name is on that server, even if this process ends.
            note = self._note()
            home = [self._home]
            self._bench.leaves(note, lambda bench: drop_statements_everywhere(bench, bench.token, home, alone=True))
            try:
                async with attempt(owner):
                    statement = await owner.parse(self._name, f"SELECT '{self._marker}'::text")
                    await self._check(statement)
            except Refused as error:
                await drop_statements(owner, self._bench.token)
                self._bench.removed(note)
                return Naming(Carried.NO, f"a named statement is rejected: {error}")
        moves = pooling.movement is Movement.MOVES
        found = await (self._shared(owner, other, statement) if moves else self._own(owner, statement, pooling))
        if found is None:
            return Naming(Carried.UNKNOWN, f"server process {self._home} was busy with other clients for too long")
        if not self._remains:
            self._bench.removed(note)
        return found

    def _note(self) -> str:
        return (
            f"one prepared statement, `{self._name}`, on server process {self._home}: no client uses its name, and "
            "it disappears when the pooler closes that server connection"
        )

    async def _own(self, owner: Client, statement: Statement, pooling: Pooling) -> Naming:
        async with transaction(owner) as pid:
            error = await self._error(owner, statement)
            if error or not pooling.reused:
                await drop_statements(owner, self._bench.token)
        if error:
            return Naming(Carried.NO, f"a statement prepared in one transaction failed in the next one: {error}")
        if pooling.reused and await self._is_inherited(owner):
            return Naming(
                Carried.INHERITED,
                f"after a client had disconnected, the next client on server process {pid} still found its statement",
            )
        return Naming(
            Carried.YES, f"a statement prepared in one transaction worked in the next one, both on server process {pid}"
        )

    async def _is_inherited(self, owner: Client) -> bool:
        """Returns whether the next client still has the statement, and drops it."""
        await self._bench.drop(owner)
        found = await at_successor(self._bench, self._home, self._dropped)
        # The client that has that server now may keep it for long.
        self._remains = found is None
        return bool(found)

    async def _dropped(self, client: Client) -> bool:
        return bool(await drop_statements(client, self._bench.token))

    async def _shared(self, owner: Client, other: Client, statement: Statement) -> Naming | None:
        stayed = 0
        for _ in range(_TRIES):
            async with transaction(other) as pid:
                if pid == self._home:
                    found = await self._beside(owner, other, statement)
                    await drop_statements(other, self._bench.token)
                    return found
                # While this server is held, the owner gets its old server, or a free one.
                async with transaction(owner) as pid:
                    if pid != self._home:
                        # A client that has ever moved is not pinned.
                        stayed = -_TRIES
                        continue
                    stayed += 1
                    if stayed >= _PINNED_AFTER:
                        error = await self._error(owner, statement)
                        await drop_statements(owner, self._bench.token)
                        return self._pinned(error)
        return None

    def _pinned(self, error: str) -> Naming:
        if error:
            return Naming(
                Carried.NO, f"a statement failed on server process {self._home}, on which it was prepared: {error}"
            )
        proof = f"a client with a prepared statement keeps server process {self._home}, and no other client gets it"
        return Naming(Carried.PINNED, proof)

    async def _beside(self, owner: Client, holder: Client, statement: Statement) -> Naming:
        """Executes the statement on another server, while `holder` keeps the one that knows it."""
        try:
            async with transaction(owner) as pid:
                error = await self._error(owner, statement)
                # If the pooler supports statements, the name is on this server as well.
                await drop_statements(owner, self._bench.token)
        except NoAnswer:
            await self._bench.drop(owner)
            return await self._same_name(holder)
        except Lost as lost:
            await self._bench.drop(owner)
            said = f"executing a statement of server process {self._home} on another one closed the connection: {lost}"
            return Naming(Carried.NO, said)
        if error:
            return Naming(Carried.NO, f"a statement prepared on server process {self._home} failed on {pid}: {error}")
        return Naming(Carried.YES, f"a statement prepared on server process {self._home} worked on {pid}")

    async def _same_name(self, holder: Client) -> Naming:
        """Decides for a pool with only one server: by whether two clients can use the same name."""
        try:
            async with attempt(holder):
                statement = await holder.parse(self._name, f"SELECT '{self._marker}'::text, 2")
                await self._check(statement)
        except Refused as error:
            return Naming(
                Carried.NO, f"on the only server process, {self._home}, a second client could not use the name: {error}"
            )
        return Naming(
            Carried.YES,
            f"on the only server process, {self._home}, two clients could prepare statements of the same name",
        )

    async def _error(self, client: Client, statement: Statement) -> str:
        """Returns why the statement cannot be executed, or "". The transaction continues."""
        try:
            async with attempt(client):
                await self._check(statement)
        except Refused as error:
            return str(error)
        return ""

    async def _check(self, statement: Statement) -> None:
        found = await statement.value()
        if found != self._marker:
            raise Refused(f"it returned another statement's row: {found!r}")
