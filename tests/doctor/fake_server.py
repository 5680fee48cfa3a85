"""A server in memory with a pooler in front of it, which answers the queries of the probes.

It knows the few commands that they send, and fails for any other command.
"""

from __future__ import annotations

import asyncio
import re
import selectors
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from poolsafe.doctor.bench import Lost, NoAnswer, Refused, Row, Statement

T = TypeVar("T")

DIRECT, SESSION, TRANSACTION, STATEMENT = "direct", "session", "transaction", "statement"


class _Impatient(selectors.SelectSelector):
    """Puts a clock forward instead of waiting."""

    clock = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(timeout if timeout is None else 0)
        if not ready:
            self.clock += timeout or 0
        return ready


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._impatient = _Impatient()
        super().__init__(self._impatient)

    def time(self) -> float:
        return self._impatient.clock


def run_without_waiting(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` on a loop whose clock is put forward where it would wait: a time limit ends only what hangs."""
    loop = _Loop()
    try:
        return loop.run_until_complete(main)
    finally:
        loop.close()


@dataclass
class Backend:
    """A server process and its state."""

    pid: int
    statements: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    state: set[str] = field(default_factory=set)


@dataclass
class FakeServer:
    """`mode` is the pooler's mode. `size` is the number of its servers; the last released one is assigned first."""

    mode: str = DIRECT
    size: int = 3
    carries: bool = False
    pins: bool = False
    refuses: frozenset[str] = frozenset()
    drops: frozenset[str] = frozenset()
    # Settings that are not reported when connecting.
    conceals: frozenset[str] = frozenset()
    pgpool: bool = False
    refuses_names: str = ""
    # The process that is announced is the one that answers.
    announces: bool = True
    reuses: bool = False
    # A command that holds this text is never answered.
    # What a client leaves on its server goes with it.
    resets: bool = True
    closes: bool = False
    hangs_at: str = "\0"
    free: list[Backend] = field(default_factory=list)
    every: list[Backend] = field(default_factory=list)
    clients: list[FakeClient] = field(default_factory=list)
    started: int = 0

    async def connect(self, settings: Mapping[str, str]) -> FakeClient:
        for name in settings:
            if name in self.refuses:
                raise Refused(f"unsupported startup parameter: {name}", "08P01")
        client = FakeClient(self, {name: said for name, said in settings.items() if name not in self.drops})
        self.clients.append(client)
        return client

    def take(self) -> Backend:
        if self.free:
            return self.free.pop()
        if self.mode in (TRANSACTION, STATEMENT) and len(self.every) >= self.size:
            raise NoAnswer
        return self.add()

    def add(self) -> Backend:
        self.started += 1
        self.every.append(Backend(100 + self.started))
        return self.every[-1]

    def left(self) -> list[str]:
        """Returns the state left on the servers."""
        named = [name for backend in self.every for name in backend.statements]
        return named + [item for backend in self.every for item in [*backend.state, *backend.settings]]


class FakeClient:
    """A client of the server."""

    def __init__(self, server: FakeServer, settings: Mapping[str, str]) -> None:
        self._server = server
        self._settings = dict(settings)
        self._own: dict[str, str] = {}
        self._backend: Backend | None = None
        self._open = False
        self._pinned = False
        self.closed = False
        self.heard: list[str] = []
        self.port: int | None = 5000
        keeps = server.mode in (DIRECT, SESSION)
        if keeps:
            self._backend = server.take()
        self.announced: int | None = self._backend.pid if self._backend and server.announces else 1

    def reported(self, setting: str) -> str | None:
        return None if setting in self._server.conceals else self._settings.get(setting, "")

    async def rows(self, sql: str) -> list[Row]:
        rows: list[Row] = await self._command(sql, lambda backend: self._rows(backend, sql))
        return rows

    async def run(self, sql: str, patience: float | None = None) -> None:
        if sql.startswith("BEGIN"):
            if self._server.mode == STATEMENT:
                self.closed = True
                text = "connection was closed in the middle of operation: transaction blocks not allowed in "
                raise Lost(f"{text}statement pooling mode")
            self._take()
            self._open = True
        elif sql in ("COMMIT", "ROLLBACK"):
            self._open = False
            self._release()
        elif "SAVEPOINT" not in sql:
            await self._command(sql, lambda backend: self._run(backend, sql))

    async def parse(self, name: str, sql: str) -> Statement:
        statement: Statement = await self._command(sql, lambda backend: self._parse(backend, name, sql))
        return statement

    async def listen(self, channel: str) -> Callable[[], bool]:
        await self.run(f"LISTEN {channel}")
        return lambda: bool(self.heard)

    async def close(self) -> None:
        self.closed = True
        self._open = self._pinned = False
        if self._backend is not None and (self._server.reuses or self._server.mode in (TRANSACTION, STATEMENT)):
            self._server.free.append(self._backend)
        if self._backend is not None and self._server.mode in (DIRECT, SESSION) and self._server.resets:
            self._backend.statements.clear()
            self._backend.state.clear()
        if self._server.mode == DIRECT and self._backend is not None:
            self._server.every.remove(self._backend)
        self._backend = None

    async def _command(self, sql: str, answer: Callable[[Backend], Any]) -> Any:
        if self.closed:
            raise Lost("connection is closed")
        if self._server.hangs_at in sql:
            await asyncio.sleep(3600)
        backend = self._take()
        try:
            return answer(backend)
        finally:
            self._release()

    def _take(self) -> Backend:
        if self.closed:
            raise Lost("connection is closed")
        if self._backend is None:
            self._backend = self._server.take()
        return self._backend

    def _release(self) -> None:
        keeps = self._server.mode in (DIRECT, SESSION) or self._open or self._pinned
        if not keeps and self._backend is not None:
            self._server.free.append(self._backend)
            self._backend = None

    def _parse(self, backend: Backend, name: str, sql: str) -> Statement:
        if self._server.refuses_names:
            raise Refused(self._server.refuses_names)
        if self._server.carries:
            self._own[name] = sql
            name = f"CARRIED_{abs(hash(sql))}"
        elif name in backend.statements:
            raise Refused(f'prepared statement "{name}" already exists', "42P05")
        backend.statements[name] = sql
        self._pinned = self._server.pins
        return FakeStatement(self, name, sql)

    def bound(self, name: str, sql: str) -> str:
        backend = self._take()
        try:
            if self._server.carries:
                backend.statements[name] = sql
            elif name not in backend.statements and self._server.closes:
                self.closed = True
                raise Lost("the pooler is angry")
            elif name not in backend.statements:
                raise Refused(f'prepared statement "{name}" does not exist', "26000")
            return backend.statements[name].split("'")[1]
        finally:
            self._release()

    def _rows(self, backend: Backend, sql: str) -> list[Row]:
        if "inet_client_port" in sql:
            return [(backend.pid, self.port, "15.1")]
        if "pg_prepared_statements" in sql:
            (marker,) = re.findall(r"strpos\(.*, '(\w+)'\)", sql)
            return [(each,) for each, text in backend.statements.items() if marker in f"{each} {text}"]
        if "FROM (VALUES" in sql:
            return [("jit", "on"), ("extra_float_digits", "1")]
        if sql.startswith("SELECT name, pg_catalog.current_setting(name)"):
            return [("tcp_keepalives_idle", "7200")]
        if sql.startswith("SELECT pg_catalog.pg_backend_pid()"):
            return [(backend.pid,)]
        if sql.startswith("SELECT pg_catalog.current_setting("):
            return [(self._setting(sql.split("'")[1]),)]
        if "pg_stat_activity" in sql:
            return [(each.pid,) for each in self._server.every if " = " not in sql or f"= {each.pid} " in f"{sql} "]
        for word, kind in (
            ("geqo_seed", "geqo"),
            ("pg_locks", "lock"),
            ("to_regclass", "table"),
            ("pg_listening", "ch"),
        ):
            if word in sql:
                return [(any(item.startswith(kind) for item in backend.state),)]
        raise AssertionError(sql)

    def _setting(self, name: str) -> str:
        sent = self._settings.get(name, "0" if name == "statement_timeout" else "default")
        if name == "statement_timeout" and "options" in self._settings:
            sent = self._settings["options"].rpartition("=")[2]
        return f"{sent}ms" if name == "statement_timeout" and sent != "0" else sent

    def _run(self, backend: Backend, sql: str) -> None:
        if sql == "SHOW pool_version":
            if not self._server.pgpool:
                raise Refused('unrecognized configuration parameter "pool_version"')
            return
        state = backend.state
        match sql.split()[0], sql:
            case "DEALLOCATE", _:
                del backend.statements[sql.split('"')[1]]
            case "SET", _:
                state.add("geqo")
            case "RESET", _:
                state.discard("geqo")
            case "DO", text if "unlock" in text:
                state.discard("lock")
            case "DO", _:
                state.add("lock")
            case "CREATE", _:
                state.add("table")
            case "DROP", _:
                state.discard("table")
            case "LISTEN", _:
                state.add(f"ch {sql.split()[1]}")
            case "UNLISTEN", _:
                state.discard(f"ch {sql.split()[1]}")
            case "NOTIFY", _:
                for client in self._server.clients:
                    if self._server.mode == SESSION and client is not self:
                        client.heard.append(sql)
            case _:
                raise AssertionError(sql)


class FakeStatement:
    """A prepared statement of a client."""

    def __init__(self, client: FakeClient, name: str, sql: str) -> None:
        self._client = client
        self._name = name
        self._sql = sql

    async def value(self) -> Any:
        return self._client.bound(self._name, self._sql)
