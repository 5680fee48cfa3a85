"""The fixes of calls that create connections and pools without SQLAlchemy: before and after."""

from __future__ import annotations

import laws
import pytest
from blocks import changes

from poolsafe.source import Source

HEAD = """import os
import asyncpg
import psycopg
from databases import Database
from piccolo.engine.postgres import PostgresEngine
from psycopg_pool import ConnectionPool
from sqlalchemy import create_engine

"""

SAFE = """
    asyncpg.connect()
    # becomes
    asyncpg.connect(statement_cache_size=0)

    asyncpg.create_pool(dsn, max_size=3)
    # becomes
    asyncpg.create_pool(dsn, max_size=3, statement_cache_size=0)

    asyncpg.create_pool(**{"dsn": dsn})
    # becomes
    asyncpg.create_pool(**{"dsn": dsn}, statement_cache_size=0)

    asyncpg.connect(dsn, statement_cache_size=50)
    # becomes
    asyncpg.connect(dsn, statement_cache_size=0)

    asyncpg.connect(dsn, statement_cache_size=0 if os.getenv("CI") else 50)
    # becomes
    asyncpg.connect(dsn, statement_cache_size=0)

    options = {"autocommit": True, "prepare_threshold": None if os.getenv("CI") else 5}
    psycopg.connect(uri, **options)
    # becomes
    options = {"autocommit": True, "prepare_threshold": None}
    psycopg.connect(uri, **options)

    options = dict(statement_cache_size="0")
    asyncpg.connect(dsn, **options)
    # becomes
    options = dict(statement_cache_size=0)
    asyncpg.connect(dsn, **options)

    asyncpg.connect("postgresql://db/app?statement_cache_size=0&application_name=a")
    # becomes
    asyncpg.connect("postgresql://db/app?application_name=a", statement_cache_size=0)

    asyncpg.connect(dsn, prepared_statement_cache_size=0)
    # becomes
    asyncpg.connect(dsn, statement_cache_size=0)

    asyncpg.connect(dsn, prepared_statement_cache_size=0, statement_cache_size=0)
    # becomes
    asyncpg.connect(dsn, statement_cache_size=0)

    psycopg.connect(uri)
    # becomes
    psycopg.connect(uri, prepare_threshold=None)

    psycopg.connect(uri, prepare_threshold=0)
    # becomes
    psycopg.connect(uri, prepare_threshold=None)

    ConnectionPool(uri)
    # becomes
    ConnectionPool(uri, kwargs={"prepare_threshold": None})

    ConnectionPool(uri, kwargs={"autocommit": True})
    # becomes
    ConnectionPool(uri, kwargs={"autocommit": True, "prepare_threshold": None})

    options = {"autocommit": True}
    ConnectionPool(uri, kwargs=options)
    # becomes
    options = {"autocommit": True}
    ConnectionPool(uri, kwargs={**options, "prepare_threshold": None})

    create_engine("postgresql+psycopg://db/app")
    # becomes
    create_engine("postgresql+psycopg://db/app", connect_args={"prepare_threshold": None})

    Database("postgresql://db/app")
    # becomes
    Database("postgresql://db/app", statement_cache_size=0)

    PostgresEngine(config={"host": "db"})
    # becomes
    PostgresEngine(config={"host": "db", "statement_cache_size": 0})

    orm = {"engine": "tortoise.backends.asyncpg", "credentials": {"host": "db"}}
    # becomes
    orm = {"engine": "tortoise.backends.asyncpg", "credentials": {"host": "db", "statement_cache_size": 0}}
"""


@pytest.mark.parametrize(("before", "after"), changes(SAFE))
def test_safe_fixes(before: str, after: str) -> None:
    assert repaired(before, unsafe=False) == after


UNSAFE = """
    async def make(**options):
        return await asyncpg.create_pool(dsn, **options)
    make()
    # becomes
    async def make(**options):
        return await asyncpg.create_pool(dsn, statement_cache_size=0, **options)
    make()

    asyncpg.connect(*arguments)
    # becomes
    asyncpg.connect(*arguments, statement_cache_size=0)

    asyncpg.connect(dsn, statement_cache_size=50)  # measured
    # becomes
    asyncpg.connect(dsn, statement_cache_size=0)  # measured

    class Listener:
        def __init__(self, connect=asyncpg.connect):
            self.connect = connect
        async def listen(self):
            return await self.connect()
    # becomes
    class Listener:
        def __init__(self, connect=asyncpg.connect):
            self.connect = connect
        async def listen(self):
            return await self.connect(statement_cache_size=0)
"""


@pytest.mark.parametrize(("before", "after"), changes(UNSAFE))
def test_unsafe_fixes(before: str, after: str) -> None:
    assert repaired(before, unsafe=False) == before
    assert repaired(before, unsafe=True) == after


NONE = """
    options = {"prepare_threshold": 0}
    psycopg.connect(dsn, **{key: value for key, value in options.items() if value is not None})
    # becomes
    options = {"prepare_threshold": 0}
    psycopg.connect(dsn, **{key: value for key, value in options.items() if value is not None})

    SIZE = 50
    asyncpg.connect(dsn, statement_cache_size=SIZE)
    # becomes
    SIZE = 50
    asyncpg.connect(dsn, statement_cache_size=SIZE)

    options = {"prepare_threshold": 0}
    print(options["prepare_threshold"] > 0)
    psycopg.connect(uri, **options)
    # becomes
    options = {"prepare_threshold": 0}
    print(options["prepare_threshold"] > 0)
    psycopg.connect(uri, **options)

    dsn = f"postgresql://{host}/app?statement_cache_size={size}"
    asyncpg.connect(dsn)
    # becomes
    dsn = f"postgresql://{host}/app?statement_cache_size={size}"
    asyncpg.connect(dsn)

    print(f"{asyncpg.connect(dsn)}")
    # becomes
    print(f"{asyncpg.connect(dsn)}")
"""


@pytest.mark.parametrize(("before", "after"), changes(NONE))
def test_no_fix(before: str, after: str) -> None:
    assert repaired(before, unsafe=True) == after


def repaired(code: str, *, unsafe: bool) -> str:
    source = Source.from_text("app.py", HEAD + code)
    deployment = laws.deployment({"pooler": "transaction"})
    return laws.repaired(source, deployment, unsafe=unsafe).text.removeprefix(HEAD)
