"""The arguments that libraries pass to asyncpg, tested with stand-ins for its functions (no server is needed).

Seen with databases 0.9.0, Tortoise ORM 1.1.9, Piccolo 1.38.0 and asyncpg 0.32.0; each is skipped where it is missing.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any

import pytest

from poolsafe.facts.wrappers import OTHERWISE, TORTOISE_SCHEMES

asyncpg = pytest.importorskip("asyncpg")

SIZE = "statement_cache_size"
URL = "postgresql://app@127.0.0.1:1/app"
CREDENTIALS = {"host": "127.0.0.1", "port": 1, "user": "app", "password": "", "database": "app"}


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The keywords of each call of asyncpg's `connect()` and `create_pool()`, which connect nowhere."""
    found: list[dict[str, Any]] = []

    def refused(*_: object, **keywords: Any) -> Awaitable[None]:
        async def connect() -> None:
            raise ConnectionRefusedError

        found.append(keywords)
        return connect()

    monkeypatch.setattr(asyncpg, "connect", refused)
    monkeypatch.setattr(asyncpg, "create_pool", refused)
    return found


def tried(start: Callable[[], Awaitable[Any]]) -> None:
    """Starts a library that cannot connect."""

    async def run() -> None:
        with contextlib.suppress(ConnectionRefusedError):
            await start()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("url", "options", "size"),
    [(URL, {}, None), (URL, {SIZE: 0}, 0), (f"{URL}?{SIZE}=0", {}, None), (URL, {SIZE: None}, None)],
)
def test_databases(url: str, options: dict[str, Any], size: int | None, given: list[dict[str, Any]]) -> None:
    databases = pytest.importorskip("databases")
    tried(lambda: databases.Database(url, **options).connect())
    (keywords,) = given
    assert (SIZE in keywords, keywords.get(SIZE)) == (SIZE in options, size)


def test_databases_opens_postgresql_with_asyncpg() -> None:
    backends = dict(pytest.importorskip("databases.core").Database.SUPPORTED_BACKENDS)
    ours = {name for name in backends if name.startswith("postgres")} - OTHERWISE
    assert {backends[name] for name in ours} == {"databases.backends.postgres:PostgresBackend"}
    assert import_module("databases.backends.postgres").asyncpg is asyncpg
    assert {backends.get(name, "aiopg").rpartition(".")[2].partition(":")[0] for name in OTHERWISE} == {"aiopg"}


@pytest.mark.parametrize("scheme", sorted(TORTOISE_SCHEMES))
def test_tortoise_opens_a_url_with_asyncpg_and_makes_a_number_of_its_size(scheme: str) -> None:
    generator = pytest.importorskip("tortoise.backends.base.config_generator")
    expanded = generator.expand_db_url(f"{scheme}://app@127.0.0.1:1/app?{SIZE}=0")
    assert expanded["engine"] == "tortoise.backends.asyncpg"
    assert expanded["credentials"][SIZE] == 0


@pytest.mark.parametrize(("options", "size"), [({}, None), ({SIZE: 0}, 0)])
def test_tortoise(options: dict[str, Any], size: int | None, given: list[dict[str, Any]]) -> None:
    pytest.importorskip("tortoise")
    client = import_module("tortoise.backends.asyncpg").AsyncpgDBClient(
        connection_name="default", **CREDENTIALS, **options
    )
    tried(lambda: client.create_connection(with_db=True))
    assert given[0].get(SIZE) == size


def test_tortoise_makes_a_startup_parameter_of_its_schema(given: list[dict[str, Any]]) -> None:
    pytest.importorskip("tortoise")
    client = import_module("tortoise.backends.asyncpg").AsyncpgDBClient(
        connection_name="default", schema="app", **CREDENTIALS
    )
    tried(lambda: client.create_connection(with_db=True))
    assert given[0]["server_settings"] == {"search_path": "app"}


@pytest.mark.parametrize(("config", "size"), [({}, None), ({SIZE: 0}, 0)])
@pytest.mark.filterwarnings("ignore")
def test_piccolo(config: dict[str, Any], size: int | None, given: list[dict[str, Any]]) -> None:
    postgres = pytest.importorskip("piccolo.engine.postgres")
    with contextlib.suppress(ConnectionRefusedError):
        engine = postgres.PostgresEngine(config={"dsn": URL, **config})
        tried(engine.start_connection_pool)
        tried(engine.get_new_connection)
    assert given
    assert {keywords.get(SIZE) for keywords in given} == {size}


def test_piccolo_takes_no_size_beside_its_config() -> None:
    postgres = pytest.importorskip("piccolo.engine.postgres")
    with pytest.raises(TypeError, match=f"unexpected keyword argument '{SIZE}'"):
        postgres.PostgresEngine(config={"dsn": URL}, **{SIZE: 0})
