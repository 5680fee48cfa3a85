"""The claims of PGB203, PGB205 and PGB207, tested with SQLAlchemy and asyncpg themselves (no server is needed)."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest

from poolsafe.facts.deployment import Deployment, older_than
from poolsafe.facts.pool_class import REFUSED, REPLACEMENT
from poolsafe.fixes.parameter_fixes import SSL_MODES
from poolsafe.rules.accepted_keywords import ADAPTER, CONNECT, ENGINE, refuses_connect, refuses_engine
from poolsafe.rules.foreign_parameters import FOREIGN, of_another_driver
from poolsafe.rules.pgb203_null_pool_argument import QUEUE_ONLY
from poolsafe.rules.pgb205_rejected_connect_parameter import NOT_A_MODE, STAYS_TEXT
from poolsafe.rules.pgb207_refused_pool_class import REFUSED_SINCE

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


@pytest.mark.parametrize("key", sorted(FOREIGN))
def test_asyncpg_refuses_foreign_parameters(key: str) -> None:
    message = rf"connect\(\) got an unexpected keyword argument '{key}'"
    with pytest.raises(TypeError, match=message):
        connect(f"{URL}?{key}=1")
    with pytest.raises(TypeError, match=message):
        connect(URL, connect_args={key: "1"})


def installed() -> Deployment:
    """Returns the installed versions, as in a project that pins them."""
    versions = [tuple(map(int, re.findall(r"\d+", one.__version__)[:3])) for one in (asyncpg, sqlalchemy)]
    return Deployment(asyncpg=versions[0], sqlalchemy=versions[1])


def test_asyncpg_takes_what_its_signature_names() -> None:
    taken = {key for key in CONNECT if not refuses_connect(key, installed())}
    assert taken == set(inspect.signature(asyncpg.connect).parameters)


@pytest.mark.parametrize("key", sorted(ADAPTER))
def test_the_dialect_takes_its_own(key: str) -> None:
    raised = message_of(lambda: connect(URL, connect_args={key: 0}))
    refused = f"connect() got an unexpected keyword argument '{key}'"
    assert (refused in raised) == refuses_connect(key, installed())


def test_the_engine_function_takes_what_its_parts_ask_for() -> None:
    """The engine function accepts the keywords of the dialect, the pool and the engine class."""
    engine_class, dialect = sqlalchemy.Engine, sqlalchemy.make_url(URL).get_dialect()
    asked = set().union(*map(sqlalchemy.util.get_cls_kwargs, (dialect, engine_class, pool.AsyncAdaptedQueuePool)))
    # These are SQLAlchemy's own arguments, and the pool's go by other names.
    renamed = {"timeout", "recycle", "events", "reset_on_return", "pre_ping", "use_lifo"}
    asked = {f"pool_{name}" if name in renamed else name for name in asked} - {"dialect", "_dispatch"}
    assert {name for name in asked if refuses_engine(name, installed())} == set()


@pytest.mark.parametrize("name", sorted(ENGINE))
def test_the_engine_function_takes(name: str) -> None:
    value = URL if name == "url" else None
    raised = message_of(lambda: aio.create_async_engine(**{"url": URL, name: value}))
    assert (f"Invalid argument(s) '{name}' sent to create_engine()" in raised) == refuses_engine(name, installed())


@pytest.mark.parametrize("name", [*sorted(set(CONNECT) - {"url"}), "poolsize", "connect_arg", "application_name"])
def test_the_engine_function_refuses(name: str) -> None:
    with pytest.raises(TypeError, match=rf"Invalid argument\(s\) '{name}' sent to create_engine\(\)"):
        aio.create_async_engine(URL, **{name: None})


@pytest.mark.parametrize("name", ["QueuePool", "SingletonThreadPool", "AssertionPool", "StaticPool", "NullPool"])
def test_asynchronous_engines_refuse_pools_of_threads(name: str) -> None:
    raised = message_of(lambda: aio.create_async_engine(URL, poolclass=getattr(pool, name)))
    newer = not older_than(installed().sqlalchemy, REFUSED_SINCE)
    assert (f"Pool class {name} cannot be used with asyncio engine" in raised) == (name in REFUSED and newer)
    aio.create_async_engine(URL, poolclass=getattr(pool, REPLACEMENT))


def test_sqlite_refuses_a_key_of_asyncpg() -> None:
    _, raises = of_another_driver("sqlite", "statement_cache_size")
    assert raises == "TypeError"
    with pytest.raises(TypeError, match="'statement_cache_size'"):
        sqlalchemy.create_engine("sqlite://", connect_args={"statement_cache_size": 0}).connect()


@pytest.mark.parametrize("scheme", ["postgresql+psycopg", "postgresql+psycopg2", "postgresql+pg8000"])
def test_other_drivers_refuse_a_key_of_asyncpg(scheme: str) -> None:
    driver, raises = of_another_driver(scheme, "statement_cache_size")
    pytest.importorskip(driver)
    with pytest.raises(Exception, match=re.escape(raises.partition(": ")[2])):
        sqlalchemy.create_engine(f"{scheme}://app@127.0.0.1:1/app", connect_args={"statement_cache_size": 0}).connect()


def test_a_listener_changes_what_reaches_asyncpg() -> None:
    engine = aio.create_async_engine(URL, connect_args={"statement_cache_size": 50})
    sqlalchemy.event.listen(
        engine.sync_engine, "do_connect", lambda dialect, record, args, keywords: keywords.update(x=1)
    )
    with pytest.raises(TypeError, match=r"connect\(\) got an unexpected keyword argument 'x'"):
        asyncio.run(attempt(engine))


@pytest.mark.parametrize("key", sorted(FOREIGN))
def test_what_the_url_leaves_blank_reaches_nobody(key: str) -> None:
    with pytest.raises(OSError, match="Connect call failed"):
        connect(f"{URL}?{key}=")


@pytest.mark.parametrize("mode", sorted(SSL_MODES))
def test_asyncpg_takes_the_modes_of_libpq(mode: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # Where the two that verify look for the authority's certificate, they find none.
    monkeypatch.setenv("HOME", str(tmp_path))
    for text, options in ((f"{URL}?ssl={mode}", {}), (URL, {"connect_args": {"ssl": mode}})):
        if mode.startswith("verify"):
            with pytest.raises(Exception, match=r"root certificate file .* does not exist"):
                connect(text, **options)
        else:
            with pytest.raises(OSError, match="Connect call failed"):
                connect(text, **options)


@pytest.mark.parametrize("text", ["true", "True", "1", "on", "no-verify", "required"])
def test_asyncpg_takes_no_other_text_as_ssl(text: str) -> None:
    for url, options in ((f"{URL}?ssl={text}", {}), (URL, {"connect_args": {"ssl": text}})):
        with pytest.raises(Exception, match=NOT_A_MODE):
            connect(url, **options)


@pytest.mark.parametrize("key", sorted(STAYS_TEXT))
def test_a_number_in_the_url_stays_text(key: str) -> None:
    for url, options in ((f"{URL}?{key}=5", {}), (URL, {"connect_args": {key: "5"}})):
        with pytest.raises(TypeError, match=re.escape(STAYS_TEXT[key])):
            connect(url, **options)
    with pytest.raises(OSError, match="Connect call failed"):
        connect(URL, connect_args={key: 5})


@pytest.mark.parametrize("key", ["application_name", "timezone"])
def test_server_settings_are_texts(key: str) -> None:
    with pytest.raises(OSError, match="Connect call failed"):
        connect(URL, connect_args={"server_settings": {key: "1"}})
    with pytest.raises(Exception, match=r"server_settings is expected to be None or a Dict\[str, str\]"):
        connect(URL, connect_args={"server_settings": {key: 1}})


@pytest.mark.parametrize(
    "options",
    [
        {"connect_args": {"ssl": "prefer"}},
        {"connect_args": {"timeout": 5, "command_timeout": 5}},
        {"connect_args": {"command_timeout": "5"}},
        {"connect_args": {"server_settings": {"application_name": "app"}}},
        {"connect_args": {"statement_cache_size": 0, "prepared_statement_cache_size": 0}},
    ],
)
def test_asyncpg_knows_its_own(options: dict[str, Any]) -> None:
    with pytest.raises(OSError, match="Connect call failed"):
        connect(URL, **options)


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
    options = {"statement_cache_size": 0, "sslmode": "require"}
    with pytest.raises(OSError, match="enough seen"):
        connect("postgresql+asyncpg://?sslmode=require", async_creator=creator, connect_args=options)
    assert given == [{}]


def message_of(call: Callable[[], object]) -> str:
    """Returns the text of the exception that a call raises, or ""."""
    try:
        call()
    except Exception as error:
        return str(error)
    return ""


def connect(url: str, **options: Any) -> None:
    asyncio.run(attempt(aio.create_async_engine(url, **options)))


async def attempt(engine: Any) -> None:
    try:
        async with engine.connect():
            pass
    finally:
        await engine.dispose()
