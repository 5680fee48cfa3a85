"""Small poolers for behaviour that no installed program has: dropping parameters, pinning, losing connections.

They speak the protocol to a real PostgreSQL. They show how the doctor interprets such behaviour, but nothing about the
providers.
"""

from __future__ import annotations

import asyncio
import struct
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeAlias

from .servers import HOST

# Of the startup parameters only these reach the server, as behind Neon's proxy.
KEPT = ("user", "database")
_SSL_REQUEST = 80877103
_CANCEL = 80877102
_PROTOCOL = 196608

Reader: TypeAlias = asyncio.StreamReader
Writer: TypeAlias = asyncio.StreamWriter
Serve = Callable[[Reader, Writer], Awaitable[None]]


@contextmanager
def dropping(postgres_port: int) -> Iterator[int]:
    """A proxy that gives each client a connection of its own and drops its startup parameters; gives its port."""

    async def serve(reader: Reader, writer: Writer) -> None:
        startup = await _startup(reader, writer)
        if startup is None:
            return
        server = await asyncio.open_connection(HOST, postgres_port)
        server[1].write(_packed({key: startup[key] for key in KEPT}))
        await asyncio.gather(_copy(reader, server[1]), _copy(server[0], writer))

    with _listening(serve) as port:
        yield port


@contextmanager
def pinning(postgres_port: int, *, servers: int = 3) -> Iterator[int]:
    """A pooler in transaction mode where a client that has parsed a named statement keeps its server; gives its port.

    A server whose client has state is closed with it, as RDS Proxy does.
    """
    free: list[tuple[Reader, Writer]] = []
    welcome: list[bytes] = []
    room = asyncio.Semaphore(servers)

    async def serve(reader: Reader, writer: Writer) -> None:
        startup = await _startup(reader, writer)
        if startup is None:
            return
        parameters = {key: startup[key] for key in KEPT}
        await _Session(reader, writer, free, welcome, room, parameters, postgres_port).run()

    with _listening(serve) as port:
        yield port


class Cut:
    """Counts what clients have sent through a relay. When they have sent `last` messages, every connection ends.

    `kill` is called just before that.
    """

    def __init__(self, last: int | None) -> None:
        self.port = 0
        self.messages = 0
        self.kill: Callable[[], None] = lambda: None
        self._last = last
        self._writers: list[Writer] = []

    @property
    def done(self) -> bool:
        """Whether the last message has been passed on."""
        return self._last is not None and self.messages >= self._last

    async def serve(self, reader: Reader, writer: Writer, port: int) -> None:
        """Passes the messages of one client on."""
        startup = None if self.done else await _startup(reader, writer)
        if startup is None:
            return
        server = await asyncio.open_connection(HOST, port)
        self._writers += [writer, server[1]]
        answers = asyncio.ensure_future(_copy(server[0], writer))
        message: bytes | None = _packed(startup)
        try:
            while message is not None and not self.done:
                server[1].write(message)
                self.messages += 1
                if self.done:
                    await server[1].drain()
                    self.kill()
                    for each in self._writers:
                        each.close()
                message = await _message(reader)
        finally:
            server[1].close()
            await answers


@contextmanager
def cutting(port: int, last: int | None = None) -> Iterator[Cut]:
    """A relay that ends all connections after so many messages of clients, which is never without `last`."""
    cut = Cut(last)

    async def serve(reader: Reader, writer: Writer) -> None:
        await cut.serve(reader, writer, port)

    with _listening(serve) as cut.port:
        yield cut


class _Session:
    """One client of the pooler that pins."""

    def __init__(
        self,
        reader: Reader,
        writer: Writer,
        free: list[tuple[Reader, Writer]],
        welcome: list[bytes],
        room: asyncio.Semaphore,
        parameters: dict[str, str],
        port: int,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._free = free
        # What a server reports of its parameters, for clients that have none yet.
        self._welcome = welcome
        self._room = room
        self._parameters = parameters
        self._port = port
        self._server: tuple[Reader, Writer] | None = None
        self._pinned = False
        self._unanswered = 0

    async def run(self) -> None:
        """Answers the client until it leaves."""
        if not self._welcome:
            async with self._room:
                self._free.append(await self._connected())
        ready = struct.pack("!cic", b"Z", 5, b"I")
        key = struct.pack("!ciii", b"K", 12, 1, 1)
        self._writer.write(struct.pack("!cii", b"R", 8, 0) + b"".join(self._welcome) + key + ready)
        try:
            while (message := await _message(self._reader)) is not None and message[:1] != b"X":
                await self._assign()
                assert self._server is not None
                # A named Parse: the name follows the length.
                self._pinned = self._pinned or (message[:1] == b"P" and message[5:6] != b"\0")
                self._unanswered += message[:1] in b"SQ"
                self._server[1].write(message)
        finally:
            if self._server is not None:
                self._server[1].close()
                self._room.release()

    async def _assign(self) -> None:
        if self._server is None:
            await self._room.acquire()
            self._server = self._free.pop() if self._free else await self._connected()
            self._relay = asyncio.ensure_future(self._answer(self._server))

    async def _answer(self, server: tuple[Reader, Writer]) -> None:
        """Passes answers on, until the server can be given to somebody else."""
        while (message := await _message(server[0])) is not None:
            self._writer.write(message)
            if message[:1] != b"Z":
                continue
            self._unanswered -= 1
            if message[5:6] == b"I" and not self._unanswered and not self._pinned:
                self._server = None
                self._free.append(server)
                self._room.release()
                return

    async def _connected(self) -> tuple[Reader, Writer]:
        server = await asyncio.open_connection(HOST, self._port)
        server[1].write(_packed(self._parameters))
        reported = []
        while (message := await _message(server[0])) is not None and message[:1] != b"Z":
            if message[:1] == b"S":
                reported.append(message)
        self._welcome[:] = reported
        return server


async def _startup(reader: Reader, writer: Writer) -> dict[str, str] | None:
    """The client's startup parameters, or None for a request to cancel."""
    while True:
        (length,) = struct.unpack("!i", await reader.readexactly(4))
        body = await reader.readexactly(length - 4)
        (code,) = struct.unpack("!i", body[:4])
        if code == _SSL_REQUEST:
            writer.write(b"N")
            continue
        if code == _CANCEL:
            writer.close()
            return None
        words = body[4:].rstrip(b"\0").decode().split("\0")
        return dict(zip(words[::2], words[1::2], strict=True))


def _packed(parameters: dict[str, str]) -> bytes:
    words = [word for pair in parameters.items() for word in pair]
    body = struct.pack("!i", _PROTOCOL) + b"".join(f"{word}\0".encode() for word in words) + b"\0"
    return struct.pack("!i", len(body) + 4) + body


async def _message(reader: Reader) -> bytes | None:
    try:
        head = await reader.readexactly(5)
        (length,) = struct.unpack("!i", head[1:])
        return head + await reader.readexactly(length - 4)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


async def _copy(reader: Reader, writer: Writer) -> None:
    with suppress(ConnectionError):
        while content := await reader.read(1 << 16):
            writer.write(content)
            await writer.drain()
    writer.close()


@contextmanager
def _listening(serve: Serve) -> Iterator[int]:
    """A server in a thread, on a port of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> asyncio.Server:
        return await asyncio.start_server(guarded, HOST, 0)

    async def guarded(reader: Reader, writer: Writer) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await serve(reader, writer)
        writer.close()

    server = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
