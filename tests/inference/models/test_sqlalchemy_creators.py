"""`creator` and `async_creator`: SQLAlchemy ignores connect_args then, and the sizes are in the creator."""

from __future__ import annotations

import pytest
from programs import PG, TRANSACTION, engines_of, on_by_default, silence_of, sizes_of

from poolsafe.checker import check
from poolsafe.facts.deployment import Deployment, PoolMode
from poolsafe.source import Source

HEAD = f"""import asyncpg, functools
from google.cloud.sql.connector import Connector
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_connection
from sqlalchemy.ext.asyncio import create_async_engine
URL = {PG!r}
OPTIONS = {{"statement_cache_size": 0}}
async def connect():
    return await asyncpg.connect("postgresql://h", statement_cache_size=0)
async def bare():
    return await asyncpg.connect("postgresql://h")
async def cached():
    return await asyncpg.connect("postgresql://h", statement_cache_size=100)
async def prepared():
    conn = await asyncpg.connect("postgresql://h", **OPTIONS)
    await conn.execute("SET x = 1")
    return conn
async def adapted():
    return AsyncAdapt_asyncpg_connection(asyncpg, await connect(), prepared_statement_cache_size=100)
async def either():
    if unknown:
        return await bare()
    return await connect()
async def foreign():
    return await pool.acquire()
async def connector():
    return await Connector().connect_async("instance", "asyncpg", user="app")
async def unknown_connector():
    connection = await unknown.connector.connect("instance", "asyncpg", statement_cache_size=0)
    return connection
async def other_connector():
    return await unknown.connect_async("instance", "pg8000")
async def pooled():
    connections = await asyncpg.create_pool("postgresql://h", statement_cache_size=0)
    async def borrow():
        return await connections.acquire()
    return borrow
def creator_for(dsn, **options):
    async def connect():
        return await asyncpg.connect(dsn, **options)
    return connect
caching = asyncpg.create_pool("postgresql://h", min_size=1)
own = asyncpg.create_pool("postgresql://h", connect=connect)
class Pool:
    async def connect(self):
        return await asyncpg.connect("postgresql://h", statement_cache_size=0)
both = {{"statement_cache_size": 0, "prepared_statement_cache_size": 0}}
"""

STATES = [
    ("async_creator=connect", "zero absent"),
    ("async_creator=bare", "absent absent"),
    ("async_creator=cached", "positive absent"),
    ("async_creator=prepared", "zero absent"),
    ("async_creator=adapted", "zero positive"),
    ("async_creator=either", "conditional absent"),
    ("async_creator=foreign", "unknown unknown"),
    ("async_creator=connector", "absent absent"),
    ("async_creator=unknown_connector", "zero absent"),
    ("async_creator=other_connector", "unknown unknown"),
    ("async_creator=unknown", "unknown unknown"),
    ("async_creator=unknown, connect_args=both", "unknown unknown"),
    ("async_creator=connect, connect_args=both", "zero absent"),
    ("async_creator=bare, connect_args=both", "absent absent"),
    ("async_creator=lambda: asyncpg.connect('postgresql://h', statement_cache_size=0)", "zero absent"),
    ("async_creator=functools.partial(asyncpg.connect, statement_cache_size=0)", "zero absent"),
    ("async_creator=asyncpg.connect", "absent absent"),
    ("async_creator=lambda: asyncpg.connect(**unknown)", "unknown absent"),
    ("async_creator=Pool().connect", "zero absent"),
    ("async_creator=pooled()", "zero absent"),
    ("async_creator=caching.acquire", "unknown unknown"),
    ("async_creator=lambda: caching.acquire()", "absent absent"),
    ("async_creator=lambda: own.acquire()", "unknown unknown"),
    ("async_creator=creator_for('postgresql://h', statement_cache_size=0)", "zero absent"),
    ("async_creator=creator_for('postgresql://h', timeout=5)", "absent absent"),
    ("async_creator=None", "absent absent"),
    ("async_creator=None, connect_args=both", "zero zero"),
    ("creator=lambda: AsyncAdapt_asyncpg_connection(asyncpg, unknown)", "unknown absent"),
    ("**{'async_creator': connect}", "zero absent"),
]


@pytest.mark.parametrize(("arguments", "states"), STATES)
def test_a_creator_gives(arguments: str, states: str) -> None:
    assert sizes_of(HEAD + f"engine = create_async_engine(URL, {arguments})") == states


def of_the_engine(code: str, deployment: Deployment) -> str:
    """The codes of the engine: those of the connections above that no engine uses stand before it."""
    found = on_by_default(check(Source.from_text("app.py", HEAD + code), deployment))
    return " ".join(one.code for one in found if one.start >= len(HEAD))


CODES = [
    ("async_creator=connect", ""),
    ("async_creator=bare", "PGB101"),
    ("async_creator=cached", "PGB103"),
    ("async_creator=bare, connect_args=both", "PGB105"),
    ("async_creator=foreign", ""),
    ("async_creator=foreign, connect_args=both", "PGB105"),
    ("async_creator=lambda: asyncpg.connect(prepared_statement_cache_size=0, statement_cache_size=0)", "PGB105"),
]


@pytest.mark.parametrize(("arguments", "codes"), CODES)
def test_reported_of_a_creator(arguments: str, codes: str) -> None:
    assert of_the_engine(f"engine = create_async_engine(URL, pool_pre_ping=True, {arguments})", TRANSACTION) == codes


@pytest.mark.parametrize(("creator", "codes"), [("connect", "PGB106"), ("adapted", "PGB103 PGB106")])
def test_with_an_old_asyncpg(creator: str, codes: str) -> None:
    old = Deployment(PoolMode.TRANSACTION, asyncpg=(0, 30, 0))
    assert (
        of_the_engine(f"engine = create_async_engine(URL, async_creator={creator}, pool_pre_ping=True)", old) == codes
    )


def test_a_creator_that_cannot_be_followed_says_so() -> None:
    code = HEAD + "engine = create_async_engine(URL, async_creator=foreign)"
    assert silence_of(code)[0] == "poolsafe cannot follow its `async_creator`"


def test_what_a_creator_changes_is_not_changed_yet() -> None:
    code = """
args = {}
def make():
    args["statement_cache_size"] = 0
    return asyncpg.connect()
kw = {"async_creator": make}
create_async_engine("sqlite://", **kw)
engine = create_async_engine(URL, connect_args=args)
"""
    assert [one.sizes.statement.state.value for one in engines_of(HEAD + code)] == ["unknown", "absent"]
