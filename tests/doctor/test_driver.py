"""The arguments passed to asyncpg, and the meaning of its answers and errors."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest

from poolsafe.config.errors import UsageError
from poolsafe.doctor import driver
from poolsafe.doctor.bench import Lost, NoAnswer, Refused
from poolsafe.doctor.target import Target


class Connection:
    """The parts of asyncpg's connection that are used. Every call returns `answer`, or raises it."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer
        self.calls: list[tuple[str, object]] = []
        self.listener: Any = None
        self._transport = self

    def get_server_pid(self) -> int:
        return 7

    def get_extra_info(self, name: str) -> object:
        return ("127.0.0.1", 5000) if name == "sockname" else None

    def is_closed(self) -> bool:
        return False

    def terminate(self) -> None:
        self.calls.append(("terminate", None))

    async def _said(self, name: str, said: object) -> Any:
        self.calls.append((name, said))
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer

    async def fetch(self, sql: str) -> Any:
        return await self._said("fetch", sql)

    async def fetchval(self, timeout: float) -> Any:
        return await self._said("fetchval", timeout)

    async def execute(self, sql: str, timeout: float | None) -> Any:
        return await self._said("execute", (sql, timeout))

    async def prepare(self, sql: str, name: str) -> Any:
        return await self._said("prepare", (sql, name))

    async def add_listener(self, channel: str, listener: Any) -> Any:
        self.listener = listener
        return await self._said("add_listener", channel)

    async def close(self, timeout: float) -> Any:
        return await self._said("close", timeout)


def connected(monkeypatch: pytest.MonkeyPatch, connection: Connection, target: Target, **settings: str) -> Any:
    said: dict[str, Any] = {}

    async def connect(**keywords: Any) -> Connection:
        said.update(keywords)
        return connection

    monkeypatch.setattr(asyncpg, "connect", connect)
    return asyncio.run(driver.connect(target, settings, 3)), said


def test_what_connecting_says(monkeypatch: pytest.MonkeyPatch) -> None:
    target = Target("db", 1, "u", "p", "app", {"sslmode": "require", "sslrootcert": "/a b"}, "endpoint=x")
    client, said = connected(monkeypatch, Connection(), target, jit="off")
    assert said.pop("command_timeout") > 0
    assert issubclass(said.pop("connection_class"), asyncpg.Connection)
    assert said == {
        "host": "db",
        "port": 1,
        "user": "u",
        "password": "p",
        "database": "app",
        "dsn": "postgresql://?sslmode=require&sslrootcert=%2Fa+b",
        "server_settings": {"options": "endpoint=x", "jit": "off"},
        "statement_cache_size": 0,
        "timeout": 3,
    }
    assert (client.announced, client.port) == (7, 5000)


def test_what_is_not_known_is_left_to_asyncpg(monkeypatch: pytest.MonkeyPatch) -> None:
    _, said = connected(monkeypatch, Connection(), Target("db", 1))
    assert said["server_settings"] is None
    assert "password" not in said


def test_a_socket_has_no_port(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = Connection()
    monkeypatch.setattr(Connection, "get_extra_info", lambda self, name: "")
    assert connected(monkeypatch, connection, Target("/run", 1))[0].port is None


def test_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = Connection([("a", 1)])
    client, _ = connected(monkeypatch, connection, Target("db", 1))

    async def use() -> None:
        assert await client.rows("SELECT 1") == [("a", 1)]
        await client.run("BEGIN", 2)
        connection.answer = connection
        statement = await client.parse("name", "SELECT 2")
        connection.answer = "value"
        assert await statement.value() == "value"
        arrived = await client.listen("channel")
        assert not arrived()
        connection.listener(1, 2, 3, 4)
        assert arrived()
        connection.answer = asyncpg.InterfaceError("closed")
        await client.close()

    asyncio.run(use())
    names = [name for name, _ in connection.calls]
    assert names == ["fetch", "execute", "prepare", "fetchval", "add_listener", "close", "terminate"]


def test_no_request_to_cancel_is_sent() -> None:
    ended: list[str] = []

    class Connection(driver.connection_class()):  # type: ignore[misc]
        def __init__(self) -> None:
            pass

        def __del__(self) -> None:
            pass

        def terminate(self) -> None:
            ended.append("terminate")

    async def cancel() -> None:
        waiter = asyncio.get_running_loop().create_future()
        for _ in range(2):
            Connection()._cancel_current_command(waiter, None)
        await waiter
        await asyncio.sleep(0)

    asyncio.run(cancel())
    assert ended == ["terminate", "terminate"]


def test_a_goodbye_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = Connection()

    async def hang(timeout: float) -> None:
        await asyncio.sleep(3600)

    monkeypatch.setattr(driver, "_GOODBYE", 0.01)
    monkeypatch.setattr(connection, "close", hang)
    client, _ = connected(monkeypatch, connection, Target("db", 1))
    asyncio.run(client.close())
    assert connection.calls == [("terminate", None)]


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (asyncpg.ProtocolViolationError("unsupported\nstartup\nHINT: x"), Refused, "unsupported startup"),
        (asyncpg.UndefinedTableError("no table"), Refused, "no table"),
        (asyncpg.ConnectionDoesNotExistError("closed"), Lost, "closed"),
        (asyncpg.InterfaceError("an answer is missing"), Lost, "an answer is missing"),
        (asyncpg.exceptions.ClientConfigurationError("a wrong parameter"), ValueError, "a wrong parameter"),
        (asyncpg.InternalClientError("cannot switch"), Refused, "cannot switch"),
        (BufferError("unexpected trailing 9 bytes"), Refused, "unexpected trailing 9 bytes"),
        (asyncio.TimeoutError(), NoAnswer, ""),
        (TimeoutError(), NoAnswer, ""),
    ],
)
def test_errors(error: Exception, kind: type[Exception], text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client, _ = connected(monkeypatch, Connection(error), Target("db", 1))
    with pytest.raises(kind) as caught:
        asyncio.run(client.rows("SELECT 1"))
    assert str(caught.value) == text


def test_an_error_keeps_its_state(monkeypatch: pytest.MonkeyPatch) -> None:
    client, _ = connected(monkeypatch, Connection(asyncpg.UndefinedTableError("x")), Target("db", 1))
    with pytest.raises(Refused) as caught:
        asyncio.run(client.run("x"))
    assert caught.value.state == "42P01"


def test_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert driver.installed("asyncpg") is not None
    assert driver.installed("poolsafe-is-not-called-this") is None
    driver.require()
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    with pytest.raises(UsageError, match=r"pip install 'poolsafe\[doctor\]'"):
        driver.require()
