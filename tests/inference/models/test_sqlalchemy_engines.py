"""Which calls are engines: names, aliases, wrappers, and functions that only look like one."""

from __future__ import annotations

import pytest
from blocks import cases, programs
from programs import PG, engines_of

URL = f"URL = {PG!r}\n"

ENGINES = """
    from sqlalchemy.ext.asyncio import create_async_engine
    create_async_engine(URL)

    from sqlalchemy.ext.asyncio import create_async_engine as make
    make(URL)

    from sqlalchemy.ext.asyncio.engine import create_async_engine
    create_async_engine(URL)

    import sqlalchemy.ext.asyncio
    sqlalchemy.ext.asyncio.create_async_engine(URL)

    import sqlalchemy.ext.asyncio as sa
    sa.create_async_engine(URL)

    from sqlalchemy.ext import asyncio as sa
    sa.create_async_engine(URL)

    import sqlalchemy
    import sqlalchemy.ext.asyncio
    sqlalchemy.ext.asyncio.create_async_engine(URL)

    import sqlalchemy as s
    s.ext.asyncio.create_async_engine(URL)

    from sqlalchemy.ext.asyncio import *
    create_async_engine(URL)

    def f():
        from sqlalchemy.ext.asyncio import create_async_engine
        return create_async_engine(URL)

    def f():
        from sqlalchemy.ext import asyncio
        return asyncio.create_async_engine(URL)

    if True:
        from sqlalchemy.ext.asyncio import create_async_engine
    create_async_engine(URL)

    try:
        from sqlalchemy.ext.asyncio import create_async_engine
    except ImportError:
        create_async_engine = None
    create_async_engine(URL)

    from sqlalchemy.ext.asyncio import create_async_engine
    make = create_async_engine
    make(URL)

    from functools import partial
    from sqlalchemy.ext.asyncio import create_async_engine
    make = partial(create_async_engine, echo=True)
    make(URL)

    from dependency_injector import providers
    from sqlalchemy.ext.asyncio import create_async_engine
    engine = providers.Singleton(create_async_engine, URL)

    from dependency_injector import providers
    from sqlalchemy.ext.asyncio import create_async_engine
    url = providers.Callable(lambda: URL)
    engine = providers.Resource(create_async_engine, url=url)

    from dependency_injector import providers
    from sqlalchemy.ext.asyncio import create_async_engine
    def make(url):
        return create_async_engine(url)
    engine = providers.Factory(make, URL)

    import typer
    from sqlalchemy.ext.asyncio import create_async_engine
    def main(url: str = typer.Option(URL, help='the database')):
        create_async_engine(url)

    from sqlalchemy.ext import asyncio
    asyncio.create_async_engine(url=URL)

    from sqlalchemy import create_engine
    from sqlalchemy.ext.asyncio import AsyncEngine
    AsyncEngine(create_engine(URL))

    from sqlmodel import create_engine
    create_engine(URL)

    from sqlalchemy.future import create_engine
    from sqlalchemy.ext.asyncio import AsyncEngine
    AsyncEngine(create_engine(URL))

    from sqlalchemy import engine_from_config
    engine_from_config({'sqlalchemy.url': URL})

    from sqlalchemy.ext.asyncio import async_engine_from_config
    async_engine_from_config({'sqlalchemy.url': URL})

    from sqlalchemy.ext.asyncio import create_async_engine, async_sessionmaker
    maker = async_sessionmaker(create_async_engine(URL))

    from sqlalchemy.ext.asyncio import create_async_engine
    make = lambda: create_async_engine(URL)
"""


@pytest.mark.parametrize("code", programs(ENGINES))
def test_this_is_an_engine(code: str) -> None:
    found = [engine for engine in engines_of(URL + code) if engine.url.driver.value == "asyncpg"]
    assert len(found) == 1
    assert found[0].url.driver_everywhere


NO_ENGINES = """
    from app.db import create_async_engine
    create_async_engine(URL)

    from .db import create_async_engine
    create_async_engine(URL)

    def create_async_engine(url):
        return None
    create_async_engine(URL)

    class Factory:
        def create_async_engine(self, url):
            return None
    Factory().create_async_engine(URL)

    unknown.create_async_engine(URL)

    create_async_engine(URL)

    from game import create_engine
    create_engine(URL)

    from sqlalchemy.ext.asyncio import create_async_engine
    create_async_engine

    from sqlalchemy.ext.asyncio import create_async_pool_from_url
    create_async_pool_from_url(URL)

    from sqlalchemy.ext.asyncio import create_async_engine
    create_async_engine = None
    create_async_engine(URL)
"""


@pytest.mark.parametrize("code", programs(NO_ENGINES))
def test_this_is_none(code: str) -> None:
    assert engines_of(URL + code) == []


ASYNCHRONOUS = """
    from sqlalchemy.ext.asyncio import create_async_engine
    create_async_engine(unknown)  # True

    from sqlalchemy.ext.asyncio import async_engine_from_config
    async_engine_from_config(unknown)  # True

    from sqlalchemy import create_engine
    create_engine(unknown)  # False

    from sqlalchemy import create_engine
    async_engine = create_engine(unknown)  # False

    from sqlalchemy import create_engine
    from sqlalchemy.ext.asyncio import AsyncEngine
    AsyncEngine(create_engine(unknown))  # True

    from sqlalchemy import engine_from_config
    from sqlalchemy.ext import asyncio
    asyncio.AsyncEngine(sync_engine=engine_from_config(unknown))  # True

    from litestar.plugins.sqlalchemy import SQLAlchemyAsyncConfig
    SQLAlchemyAsyncConfig(connection_string=unknown)  # True
"""


@pytest.mark.parametrize(("code", "asynchronous"), cases(ASYNCHRONOUS))
def test_only_an_asynchronous_engine_may_be_taken_for_asyncpgs(code: str, asynchronous: str) -> None:
    (engine,) = engines_of(code)
    assert str(engine.asynchronous) == asynchronous
