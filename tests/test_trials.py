"""What PGB203 and PGB205 claim, tried against SQLAlchemy and asyncpg themselves (no server is needed)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from poolsafe.rules.pgb203_null_pool_argument import QUEUE_ONLY
from poolsafe.rules.pgb205_rejected_connect_parameter import REFUSED

sqlalchemy = pytest.importorskip("sqlalchemy")
pool = pytest.importorskip("sqlalchemy.pool")
aio = pytest.importorskip("sqlalchemy.ext.asyncio")
asyncpg = pytest.importorskip("asyncpg")

# Nobody listens on port 1: whoever gets past the arguments is refused by the network.
URL = "postgresql+asyncpg://app@127.0.0.1:1/app"
VALUES: dict[str, Any] = {"pool_size": 5, "max_overflow": 1, "pool_timeout": 3, "pool_use_lifo": True}
HARMLESS: dict[str, Any] = {"pool_pre_ping": True, "pool_recycle": 60, "pool_reset_on_return": None, "echo_pool": False}


@pytest.mark.parametrize("name", sorted(QUEUE_ONLY))
@pytest.mark.parametrize("kind", ["NullPool", "StaticPool"])
def test_other_pools_refuse_what_belongs_to_the_queue(kind: str, name: str) -> None:
    with pytest.raises(TypeError, match=rf"Invalid argument\(s\) '{name}' sent to create_engine\(\)"):
        aio.create_async_engine(URL, poolclass=getattr(pool, kind), **{name: VALUES[name]})
    aio.create_async_engine(URL, poolclass=pool.AsyncAdaptedQueuePool, **{name: VALUES[name]})


@pytest.mark.parametrize("name", HARMLESS)
@pytest.mark.parametrize("kind", ["NullPool", "StaticPool"])
def test_other_pools_accept_the_rest(kind: str, name: str) -> None:
    aio.create_async_engine(URL, poolclass=getattr(pool, kind), **{name: HARMLESS[name]})


@pytest.mark.parametrize("key", sorted(REFUSED))
def test_asyncpg_refuses_foreign_parameters(key: str) -> None:
    message = rf"connect\(\) got an unexpected keyword argument '{key}'"
    with pytest.raises(TypeError, match=message):
        connect(f"{URL}?{key}=1")
    with pytest.raises(TypeError, match=message):
        connect(URL, connect_args={key: "1"})


@pytest.mark.parametrize(
    "options",
    [
        {"connect_args": {"ssl": "prefer"}},
        {"connect_args": {"timeout": 5, "command_timeout": 5}},
        {"connect_args": {"server_settings": {"application_name": "app"}}},
        {"connect_args": {"statement_cache_size": 0, "prepared_statement_cache_size": 0}},
    ],
)
def test_asyncpg_knows_its_own(options: dict[str, Any]) -> None:
    with pytest.raises(OSError, match="Connect call failed"):
        connect(URL, **options)
    with pytest.raises(OSError, match="Connect call failed"):
        connect(f"{URL}?ssl=prefer")


def test_a_statement_cache_size_in_the_url_stays_text() -> None:
    with pytest.raises(TypeError, match="'<' not supported between instances of 'str' and 'int'"):
        connect(f"{URL}?statement_cache_size=0")


@pytest.mark.parametrize("value", [None, False, -1])
def test_asyncpg_insists_on_a_number(value: Any) -> None:
    with pytest.raises(ValueError, match="statement_cache_size is expected to be greater or equal to 0, got"):
        connect(URL, connect_args={"statement_cache_size": value})


@pytest.mark.parametrize(
    "key", ["statement_cache_size", "prepared_statement_cache_size", "prepared_statement_name_func"]
)
def test_the_engine_function_takes_no_sizes(key: str) -> None:
    with pytest.raises(TypeError, match=rf"Invalid argument\(s\) '{key}' sent to create_engine\(\)"):
        aio.create_async_engine(URL, **{key: 0})


@pytest.mark.skipif(sqlalchemy.__version__ < "2.0.16", reason="async_creator is newer")
def test_connect_args_beside_a_creator_are_ignored() -> None:
    async def creator(**options: Any) -> Any:
        given.append(options)
        raise OSError("enough seen")

    given: list[dict[str, Any]] = []
    with pytest.raises(OSError, match="enough seen"):
        connect("postgresql+asyncpg://", async_creator=creator, connect_args={"statement_cache_size": 0})
    assert given == [{}]


def connect(url: str, **options: Any) -> None:
    async def attempt() -> None:
        engine = aio.create_async_engine(url, **options)
        try:
            async with engine.connect():
                pass
        finally:
            await engine.dispose()

    asyncio.run(attempt())
