"""Which driver's own connection runs a string of SQL: programs with their codes."""

from __future__ import annotations

from pathlib import Path

import pytest
from blocks import cases, files, judged

from poolsafe.checker import check
from poolsafe.facts.deployment import Deployment, PoolMode
from poolsafe.source import Source

TRANSACTION = Deployment(pooler=PoolMode.TRANSACTION)

ALONE = """
    import asyncpg
    async def f(conn):
        await conn.execute("SET ROLE app")  # PGB402

    from asyncpg import Connection
    async def f(conn: "Connection | None"):
        await conn.fetchval("SELECT set_config('app.tenant', 'a', false)")  # PGB401

    import asyncpg
    import psycopg
    async def f(conn):
        await conn.execute("SET ROLE app")

    import asyncpg
    import psycopg
    async def f(pool: asyncpg.Pool[asyncpg.Record]):
        async with pool.acquire() as conn:
            await conn.execute("SET ROLE app")  # PGB402

    import asyncpg
    import psycopg
    async def f():
        async with await psycopg.AsyncConnection.connect("postgresql://db/app") as conn:
            await conn.execute("SET ROLE app")

    import asyncpg
    import psycopg
    async def f():
        pool = await asyncpg.create_pool("postgresql://db/app")
        await pool.execute("SET ROLE app")  # PGB402

    import psycopg2
    def f():
        cursor = psycopg2.connect("dbname=app").cursor()
        cursor.execute("SET ROLE app")

    import aiosqlite
    async def f(conn):
        await conn.execute("CREATE TEMP TABLE t (id int)")

    async def f(conn):
        await conn.execute("SET ROLE app")

    async def f(conn):
        raw = await conn.get_raw_connection()
        await raw.driver_connection.execute("SET ROLE app")  # PGB402

    from app.adapters.asyncpg.core import Base
    class Driver(Base):
        async def f(self):
            await self.connection.execute("SET ROLE app")  # PGB402

    import asyncpg
    class Database:
        async def execute(self, sql):
            await self.pool.execute(sql)
    async def f():
        await Database().execute("SELECT 1")

    import asyncpg
    async def f(bot):
        bot.add_listener("jobs", print)

    import asyncpg
    async def f(emitter):
        await emitter.add_listener(print)

    import asyncpg
    async def f(api):
        await api.add_listener("jobs", print, cache=api.cache)

    import asyncpg
    async def f(api):
        await api.add_listener("jobs", callback=print)  # PGB407

    import asyncpg
    async def f(conn):
        await conn.execute("PREPARE p AS SELECT 1; EXECUTE p")  # PGB409

    import asyncpg
    async def f(conn):
        await conn.execute("UPDATE jobs SET done = true")

    import asyncpg
    async def f(client):
        await client.execute("SET key value")
"""


@pytest.mark.parametrize(("program", "expected"), cases(ALONE))
def test_the_driver_of_a_file(program: str, expected: str) -> None:
    found = check(Source.from_text("app.py", program + "\n"), TRANSACTION).findings
    assert " ".join(one.code for one in found if one.code.startswith("PGB4")) == expected


PROJECT = """
    # file: app/pool.py
    import {driver}

    # file: app/jobs.py
    async def lock(conn):
        await conn.execute("SET ROLE app")  # PGB402
"""


def test_the_only_driver_of_the_project(tmp_path: Path) -> None:
    project = PROJECT.format(driver="asyncpg")
    assert judged(tmp_path, project, TRANSACTION) == files(project)


@pytest.mark.parametrize("drivers", ["psycopg", "asyncpg\n    import psycopg", "json"])
def test_another_driver_of_the_project(tmp_path: Path, drivers: str) -> None:
    project = PROJECT.format(driver=drivers).replace("  # PGB402", "")
    assert judged(tmp_path, project, TRANSACTION) == files(project)


def test_a_driver_of_the_tests_alone(tmp_path: Path) -> None:
    project = PROJECT.format(driver="asyncpg").replace("app/pool.py", "tests/test_pool.py").replace("  # PGB402", "")
    assert judged(tmp_path, project, TRANSACTION) == files(project)
