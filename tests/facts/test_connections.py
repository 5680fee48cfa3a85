"""Connections and pools without SQLAlchemy: programs with their codes."""

from __future__ import annotations

from pathlib import Path

import pytest
from blocks import cases, files, judged
from programs import codes_of

HEAD = """
import os
from functools import partial
import asyncpg
URL = "postgresql://app@pgbouncer:6432/app"
"""

SIZES = """
    asyncpg.connect(URL)  # PGB501
    asyncpg.connect()  # PGB501
    asyncpg.connect(dsn=URL, timeout=5)  # PGB501
    asyncpg.create_pool(URL)  # PGB501
    asyncpg.pool.create_pool(URL)  # PGB501
    asyncpg.connection.connect(URL)  # PGB501
    asyncpg.connect(URL, statement_cache_size=0)  # silent
    asyncpg.connect(URL, statement_cache_size=100)  # PGB103
    asyncpg.connect(URL, statement_cache_size=None)  # PGB104
    asyncpg.connect(URL, statement_cache_size="0")  # PGB104
    asyncpg.connect(URL, statement_cache_size=-1)  # PGB104
    asyncpg.connect(URL, statement_cache_size=unknown())  # silent
    asyncpg.connect(URL, statement_cache_size=int(os.environ.get("SIZE", "100")))  # PGB103
    asyncpg.connect(URL, statement_cache_size=0 if os.environ["PGBOUNCER"] else 100)  # silent
    asyncpg.connect(URL, statement_cache_size=0 if os.environ.get("STAGE") else 100)  # PGB103
    asyncpg.connect(URL, prepared_statement_cache_size=0)  # PGB105
    asyncpg.connect(URL + "?statement_cache_size=0")  # PGB105
    asyncpg.create_pool(URL, connect=partial(asyncpg.connect, statement_cache_size=0))  # silent
    asyncpg.create_pool(URL, connect=None)  # PGB501
    partial(asyncpg.connect, URL)()  # PGB501
    partial(asyncpg.connect, URL, statement_cache_size=0)()  # silent
    asyncpg.connect(**{"host": "db"})  # PGB501
    asyncpg.connect(**{"host": "db", "statement_cache_size": 0})  # silent
    asyncpg.connect(**unknown())  # silent
    asyncpg.connect(os.environ["DIRECT_URL"])  # silent
    asyncpg.connect(os.environ["POSTGRES_URL_NON_POOLING"])  # silent
    asyncpg.connect(settings.directUrl)  # silent
    asyncpg.connect(settings.redirect_url)  # PGB501
    asyncpg.connect(host=os.environ["DB_HOST_DIRECT"])  # silent
    asyncpg.PostgresError()  # silent
    bot.connect(URL)  # silent

    from asyncpg import create_pool as make
    make(URL)  # PGB501

    from asyncpg import connect
    open_connection = connect
    open_connection(URL)  # PGB501

    from asyncpg.pool import create_pool
    create_pool(URL)  # PGB501

    from buildpg import asyncpg
    asyncpg.create_pool_b(URL)  # PGB501

    async def make(**options):
        return await asyncpg.create_pool(URL, **options)

    async def make(size=0):
        return await asyncpg.create_pool(URL, statement_cache_size=size)

    async def make(*args):
        return await asyncpg.create_pool(*args)
    make(URL)  # PGB501

    options = {}
    if os.environ["STAGE"] == "production":
        options["statement_cache_size"] = 0
    asyncpg.create_pool(URL, **options)  # PGB108

    class Store:
        def __init__(self, url):
            self.options = dict(dsn=url)
        async def open(self):
            self.pool = await asyncpg.create_pool(**self.options)
    Store(URL)  # PGB501

    from testcontainers.postgres import PostgresContainer
    container = PostgresContainer()
    asyncpg.connect(container.get_connection_url(driver=None))

    from sqlalchemy.ext.asyncio import create_async_engine
    def connect():
        return asyncpg.connect(URL)
    create_async_engine("postgresql+asyncpg://", async_creator=connect, pool_pre_ping=True)  # PGB101

    from sqlalchemy import create_engine
    pool = asyncpg.create_pool(URL)
    create_engine("bridge://", creator=pool.acquire)  # PGB501

    from sqlalchemy.ext.asyncio import create_async_engine
    def connect():
        return asyncpg.connect(URL + "?search_path=app", server_settings={"jit": "off"}, pool_size=3)
    create_async_engine("postgresql+asyncpg://", async_creator=connect, pool_pre_ping=True)  # PGB204 PGB205 PGB101

    from sqlalchemy.ext.asyncio import create_async_engine
    def connect():
        return asyncpg.connect(URL + "?statement_cache_size=0", statement_cache_size=0)
    create_async_engine("postgresql+asyncpg://", async_creator=connect, pool_pre_ping=True)  # PGB105
"""


@pytest.mark.parametrize(("program", "expected"), cases(SIZES))
def test_what_is_said_of_asyncpgs_own_calls(program: str, expected: str) -> None:
    assert (codes_of(f"{HEAD}{program}\n") or "silent") == (expected or "silent")


PROJECT = """
    # file: app/pools.py
    import asyncpg

    async def make_pool(dsn, **options):
        return await asyncpg.create_pool(dsn, **options)  # PGB501

    # file: app/main.py
    from app.pools import make_pool

    async def main():
        return await make_pool("postgresql://app@pgbouncer/app", max_size=3)
"""


@pytest.mark.parametrize("given", ["max_size=3", "max_size=3, statement_cache_size=0", "**read()"])
def test_callers_in_other_modules_decide(tmp_path: Path, given: str) -> None:
    project = PROJECT.replace("max_size=3", given)
    if given != "max_size=3":
        project = project.replace("  # PGB501", "")
    assert judged(tmp_path, project) == files(project)


CREATORS = """
    # file: app/pg.py
    import asyncpg

    async def connect():
        return await asyncpg.connect("postgresql://app@pgbouncer:6432/app")  # PGB501

    async def refused():
        return await asyncpg.connect(SETTINGS, statement_cache_size=None)  # PGB104

    async def right():
        return await asyncpg.connect("postgresql://app@pgbouncer:6432/app", statement_cache_size=0)

    async def open(**options):
        return await asyncpg.connect("postgresql://app@pgbouncer:6432/app", **options)

    async def called(size):
        return await asyncpg.connect("postgresql://app@pgbouncer:6432/app", statement_cache_size=size)  # PGB103

    # file: app/db.py
    from sqlalchemy.ext.asyncio import create_async_engine
    from app import pg

    here = create_async_engine("postgresql+asyncpg://", async_creator=pg.connect, pool_pre_ping=True)
    there = create_async_engine("postgresql+asyncpg://", async_creator=pg.refused, pool_pre_ping=True)
    fine = create_async_engine("postgresql+asyncpg://", async_creator=pg.right, pool_pre_ping=True)
    own = create_async_engine("postgresql+asyncpg://", async_creator=pg.open, pool_pre_ping=True)  # PGB101

    def sized():
        return pg.called(5)
    create_async_engine("postgresql+asyncpg://", async_creator=sized, pool_pre_ping=True)
"""


def test_a_creator_in_another_module_is_judged_once(tmp_path: Path) -> None:
    project = CREATORS.replace("SETTINGS", '"postgresql://app@pgbouncer/app"')
    assert judged(tmp_path, project) == files(project)


BY_ANOTHER_NAME = """
    # file: drivers/pg.py
    import asyncpg

    async def connect(host, **options):
        return await asyncpg.connect(host=host, **options)

    # file: connector.py
    from drivers import pg

    class Connector:
        async def connect(self, driver, **options):
            drivers = {"asyncpg": pg.connect, "pg8000": None}
            chosen = drivers[driver]
            return await chosen("pgbouncer", **options)

    # file: db.py
    from sqlalchemy.ext.asyncio import create_async_engine
    from connector import Connector

    connector = Connector()
    create_async_engine(  # PGB101
        "postgresql+asyncpg://",
        async_creator=lambda: connector.connect("asyncpg", user="app"),
        pool_pre_ping=True,
    )
"""


def test_a_creator_whose_callers_are_not_found_where_it_connects_is_judged_with_the_engine(tmp_path: Path) -> None:
    assert judged(tmp_path, BY_ANOTHER_NAME) == files(BY_ANOTHER_NAME)


PARAMETERS = """
    asyncpg.connect(URL, server_settings={"jit": "off"}, statement_cache_size=0)  # PGB204
    asyncpg.connect(URL, server_settings={"application_name": "a"}, statement_cache_size=0)  # silent
    asyncpg.create_pool(URL, server_settings=unknown(), statement_cache_size=0)  # silent
    asyncpg.connect(URL + "?search_path=app", statement_cache_size=0)  # PGB204
    asyncpg.connect(URL + "?options=-csearch_path%3Dapp", statement_cache_size=0)  # PGB204
    asyncpg.connect(URL + "?application_name=a&sslmode=require", statement_cache_size=0)  # silent
    asyncpg.connect(URL + "?pgbouncer=true", statement_cache_size=0)  # PGB205
    asyncpg.connect(URL, sslmode="require", statement_cache_size=0)  # PGB205
    asyncpg.connect(URL, max_size=3, statement_cache_size=0)  # PGB205
    asyncpg.create_pool(URL, max_size=3, statement_cache_size=0)  # silent
    asyncpg.create_pool(URL, reset_query="", statement_cache_size=0)  # PGB205
    asyncpg.connect(URL, novelty=1, statement_cache_size=0)  # silent
    asyncpg.connect(**{"dsn": URL, "prepare_threshold": None, "statement_cache_size": 0})  # PGB205
"""


@pytest.mark.parametrize(("program", "expected"), cases(PARAMETERS))
def test_what_else_asyncpg_is_given(program: str, expected: str) -> None:
    assert (codes_of(f"{HEAD}{program}\n") or "silent") == (expected or "silent")
