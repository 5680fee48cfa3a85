"""The clients that a probe uses: limited in number and time. `Client` hides the driver."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol

# Connections that are open at the same time: more than in the processes of the state probes, to find what they left.
MOST_CLIENTS = 8
# Seconds that a client waits for a server connection that other clients may hold.
PATIENCE = 2.0
# Part of every command, to make it recognisable in `pg_stat_activity`. An application name would do the same, but
# PgBouncer 1.18 leaves it on the server connection for the next client.
SIGNATURE = "/* poolsafe --doctor */"

Row = tuple[Any, ...]


class Refused(Exception):  # noqa: N818 - it names what happened
    """The server or the pooler answered with an error. The connection can still be used."""

    def __init__(self, text: str, state: str = "") -> None:
        """`state` is the SQLSTATE, or "" if there is none."""
        super().__init__(text)
        self.state = state


class Lost(Exception):  # noqa: N818
    """The connection was closed. The message says by which side and why, if that is known."""


class NoAnswer(Exception):  # noqa: N818
    """There was no answer in time. The connection can no longer be used."""


class Statement(Protocol):
    """A named prepared statement, parsed once."""

    async def value(self) -> Any:
        """Binds and executes the statement, without parsing it again. Raises the same exceptions as `Client`."""


class Client(Protocol):
    """One connection. Its methods raise Refused, Lost or NoAnswer."""

    # The process id that the server announced when connecting, and the local TCP port, or None if there is none.
    announced: int | None
    port: int | None

    def reported(self, setting: str) -> str | None:
        """Returns the value that was reported when connecting, or None if there was none. Sends nothing."""

    async def rows(self, sql: str) -> list[Row]:
        """Runs one command as an unnamed statement and returns its rows."""

    async def run(self, sql: str, patience: float | None = None) -> None:
        """Runs commands in the simple protocol, without prepared statements. `patience` is in seconds."""

    async def parse(self, name: str, sql: str) -> Statement:
        """Prepares a statement under a unique name."""

    async def listen(self, channel: str) -> Callable[[], bool]:
        """Listens to a channel, and returns a function that returns whether anything has arrived."""

    async def close(self) -> None:
        """Ends the session if that is possible, and closes the connection. Never raises."""


Cleaner = Callable[["Bench"], Awaitable[bool]]
Connect = Callable[[Mapping[str, str]], Awaitable[Client]]


class Bench:
    """The clients of one examination. `token` is in every name that a probe creates; no other client uses it."""

    def __init__(self, connect: Connect, said: Callable[[str], None] = lambda _: None) -> None:
        """`said` is called with a description of the current step."""
        self._connect = connect
        self._open: list[Client] = []
        self.say = said
        self.token = secrets.token_hex(5)
        self._left: dict[str, Cleaner] = {}
        self._numbers = itertools.count(1)

    def next_number(self) -> int:
        """Returns 1, 2 and so on."""
        return next(self._numbers)

    def leaves(self, what: str, clean: Cleaner) -> None:
        """Records that a probe has left something on a server, and how to remove it if the probe does not."""
        self._left[what] = clean

    def removed(self, what: str) -> None:
        """Records that something that `leaves` recorded has been removed."""
        del self._left[what]

    @property
    def left(self) -> tuple[str, ...]:
        """Descriptions of everything that is still on a server."""
        return tuple(self._left)

    async def clean_up(self) -> None:
        """Removes everything that stopped probes have left. Never raises."""
        if not self._left:
            return
        self.say("cleaning up")
        # In a session pool, only the client that is still open can reach its server again.
        await self._clean()
        if self._left:
            # The open clients may have been interrupted.
            await self.close()
            await self._clean()

    async def _clean(self) -> None:
        for what, clean in list(self._left.items()):
            with suppress(Refused, Lost, NoAnswer, OSError):
                if await clean(self):
                    self.removed(what)

    async def client(self, settings: Mapping[str, str] | None = None) -> Client:
        """Returns a new client with these startup parameters. Raises Refused, Lost, NoAnswer, and OSError."""
        if len(self._open) >= MOST_CLIENTS:
            await self.drop(self._open[0])
        client = await self._connect(settings or {})
        self._open.append(client)
        return client

    async def clients(self, number: int) -> list[Client]:
        """Returns this many clients, and opens new ones if necessary."""
        while len(self._open) < number:
            await self.client()
        return self._open[:number]

    async def drop(self, client: Client) -> None:
        """Closes a client."""
        if client in self._open:
            self._open.remove(client)
        await client.close()

    async def close(self) -> None:
        """Closes all clients."""
        await asyncio.gather(*map(self.drop, list(self._open)))


@asynccontextmanager
async def transaction(client: Client, *, keep: bool = False, patience: float = PATIENCE) -> AsyncIterator[int]:
    """Holds a server connection during the block, and yields the process id of its server.

    The transaction is rolled back. With `keep`, it is committed unless the block fails.
    """
    await client.run(f"BEGIN {SIGNATURE}", patience)
    end = "ROLLBACK"
    try:
        yield await backend(client)
        end = "COMMIT" if keep else "ROLLBACK"
    finally:
        with suppress(Lost, NoAnswer, Refused):
            await client.run(end)


@asynccontextmanager
async def attempt(client: Client) -> AsyncIterator[None]:
    """Allows the block to fail without ending the transaction around it."""
    await client.run("SAVEPOINT poolsafe")
    try:
        yield
    finally:
        with suppress(Lost, NoAnswer):
            await client.run("ROLLBACK TO SAVEPOINT poolsafe")


async def backend(client: Client) -> int:
    """Returns the process id of the server that the client is connected to at the moment."""
    return int(await value(client, "SELECT pg_catalog.pg_backend_pid()"))


async def value(client: Client, sql: str) -> Any:
    """Returns the first value of the first row, or None without a row."""
    rows = await client.rows(f"{sql} {SIGNATURE}")
    return rows[0][0] if rows else None
