"""The only module that imports asyncpg: connections, and the meaning of their errors."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from importlib import metadata
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

from poolsafe.config.errors import UsageError
from poolsafe.doctor.bench import Client, Lost, NoAnswer, Refused, Row, Statement
from poolsafe.doctor.target import Target

if TYPE_CHECKING:
    import asyncpg  # type: ignore[import-untyped]

    _T = TypeVar("_T")

MISSING = "--doctor needs asyncpg, which is not installed: python -m pip install 'poolsafe[doctor]'"
# Seconds for one command, and for closing.
_STEP = 10.0
_GOODBYE = 1.0
_WAITS = 5.0


def require() -> None:
    """Raises UsageError unless asyncpg can be imported."""
    try:
        import asyncpg  # noqa: F401
    except ImportError:
        raise UsageError(MISSING) from None


def installed(package: str) -> tuple[int, ...] | None:
    """Returns the release of a package in this environment as a tuple, or None if it is not installed."""
    try:
        written = metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
    from packaging.version import Version

    return Version(written).release


def arguments(target: Target) -> dict[str, Any]:
    """Returns the arguments of `asyncpg.connect` for this server. TLS files can only be set in a DSN."""
    said: dict[str, Any] = {
        "host": target.host,
        "port": target.port,
        "user": target.user,
        "password": target.password,
        "database": target.database,
    }
    if target.tls:
        said["dsn"] = f"postgresql://?{urlencode(target.tls)}"
    if target.options:
        said["server_settings"] = {"options": target.options}
    return {key: value for key, value in said.items() if value is not None}


def connection_class() -> Any:
    """Returns asyncpg's connection class with one change: it closes instead of asking the server to cancel a command.

    PgBouncer 1.18 queues such a request until it has a server for it, and by then another client may run there.
    """
    import asyncpg

    class Connection(asyncpg.Connection):  # type: ignore[misc]
        def _cancel_current_command(self, waiter: asyncio.Future[None], *_: object) -> None:
            def end() -> None:
                self.terminate()
                if not waiter.done():
                    waiter.set_result(None)

            # asyncpg is raising the exception to its caller.
            asyncio.get_running_loop().call_soon(end)

    return Connection


async def connect(target: Target, settings: Mapping[str, str], timeout: float) -> Client:
    """Connects with these startup parameters, in at most `timeout` seconds.

    Raises Refused with the server's message, Lost, NoAnswer, OSError (DNS, refused, TLS), and ValueError for arguments
    that asyncpg itself rejects.
    """
    import asyncpg

    said = arguments(target)
    startup = {**said.pop("server_settings", {}), **settings}
    connecting = asyncpg.connect(
        **said,
        connection_class=connection_class(),
        statement_cache_size=0,
        server_settings=startup or None,
        timeout=timeout,
        command_timeout=_STEP,
    )
    return _Connection(await _translated(connecting))


class _Connection:
    def __init__(self, connection: asyncpg.Connection[Any]) -> None:
        self._connection = connection
        self.announced: int | None = connection.get_server_pid()
        transport = getattr(connection, "_transport", None)
        name = transport.get_extra_info("sockname") if transport is not None else None
        self.port: int | None = name[1] if isinstance(name, tuple) else None

    def reported(self, setting: str) -> str | None:
        value = getattr(self._connection.get_settings(), setting, None)
        return None if value is None else str(value)

    async def rows(self, sql: str) -> list[Row]:
        return [tuple(row) for row in await _translated(self._connection.fetch(sql))]

    async def run(self, sql: str, patience: float | None = None) -> None:
        await _translated(self._connection.execute(sql, timeout=patience))

    async def parse(self, name: str, sql: str) -> Statement:
        return _Prepared(await _translated(self._connection.prepare(sql, name=name)))

    async def listen(self, channel: str) -> Callable[[], bool]:
        arrived: list[object] = []
        await _translated(self._connection.add_listener(channel, lambda *_: arrived.append(_)))
        return lambda: bool(arrived)

    async def close(self) -> None:
        import asyncpg

        # asyncpg warns about a remaining listener, but the doctor cleans up itself.
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError, asyncio.TimeoutError):
            if not self._connection.is_closed():
                # asyncpg's own timeout does not cover everything that it waits for.
                await asyncio.wait_for(self._connection.close(timeout=_GOODBYE), 2 * _GOODBYE)
        self._connection.terminate()


class _Prepared:
    def __init__(self, statement: Any) -> None:
        self._statement = statement

    async def value(self) -> Any:
        return await _translated(self._statement.fetchval(timeout=_WAITS))


async def _translated(answer: Coroutine[Any, Any, _T]) -> _T:
    import asyncpg

    try:
        return await answer
    except (asyncpg.ConnectionDoesNotExistError, asyncpg.ConnectionFailureError) as error:
        raise Lost(_one_line(error)) from error
    except asyncpg.PostgresError as error:
        raise Refused(_one_line(error), error.sqlstate or "") from error
    except asyncpg.InterfaceError as error:
        # asyncpg's own errors: a wrong parameter, or a lost connection.
        if isinstance(error, ValueError):
            raise ValueError(_one_line(error)) from error
        raise Lost(_one_line(error)) from error
    except (asyncpg.InternalClientError, BufferError) as error:
        # It is the answer to another query.
        raise Refused(_one_line(error)) from error
    except (asyncio.TimeoutError, TimeoutError) as error:
        raise NoAnswer from error


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split("\nHINT:")[0].split()) or type(error).__name__
