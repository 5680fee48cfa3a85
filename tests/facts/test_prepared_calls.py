"""Calls that name a prepared statement on asyncpg's connection: programs with their codes."""

from __future__ import annotations

import pytest
from blocks import programs
from programs import codes_of

from poolsafe.facts.deployment import Deployment, PoolMode

HEAD = """
import asyncpg
"""

CALLS = """
    async def f(conn: asyncpg.Connection):
        async for row in conn.cursor("SELECT 1"):  # PGB502
            print(row)

    async def f(pool: asyncpg.Pool, sql):
        async with pool.acquire() as conn:
            return [row async for row in conn.cursor(sql, 1)]  # PGB502

    async def f(conn):
        return await conn.cursor("SELECT 1")  # PGB502

    async def f(conn):
        async with conn.cursor("SELECT 1") as cursor:  # PGB502
            print(cursor)

    async def f(conn):
        return conn.cursor("SELECT 1")

    async def f(conn):
        return await conn.cursor()

    async def f(conn):
        statement = await conn.prepare("SELECT $1")  # PGB503
        async for row in statement.cursor(1):
            print(row)

    async def f(statement: asyncpg.prepared_stmt.PreparedStatement):
        async for row in statement.cursor(1):
            print(row)

    async def f(conn, sql):
        await conn.prepare("SELECT 1", timeout=5)  # PGB503

    async def f(approvals, call):
        await approvals.prepare(call, request_metadata=None)

    async def f(response, request):
        await response.prepare(request)

    class Loader:
        async def f(self):
            await self.prepare("SELECT 1")

    async def f(conn):
        await conn.prepare("SELECT 1")  # PGB503

    async def f(url):
        conn = await asyncpg.connect(url, statement_cache_size=0)
        await conn.prepare("SELECT 1", name="one")  # PGB503

    async def f(direct_connection: asyncpg.Connection):
        await direct_connection.cursor("SELECT 1")

    from databases import Database
    database = Database("postgresql://app@db/app", statement_cache_size=0)
    async def f():
        async for row in database.iterate("SELECT 1"):  # PGB502
            print(row)

    async def f(stream):
        async for row in stream.iterate("SELECT 1"):
            print(row)

    import aiomysql
    async def f(conn):
        await conn.cursor(aiomysql.DictCursor)

    if False:
        async def f(conn):
            await conn.cursor("SELECT 1")  # PGB502
"""


@pytest.mark.parametrize("program", programs(CALLS))
def test_what_names_a_statement(program: str) -> None:
    expected = [word for word in program.replace("#", " ").split() if word.startswith("PGB5")]
    assert codes_of(f"{HEAD}{program}\n").split() == expected


PREPARE = """
async def f(url):
    conn = await asyncpg.connect(url, statement_cache_size={size})
    await conn.prepare("SELECT 1")
"""


@pytest.mark.parametrize(
    ("asyncpg", "size", "expected"),
    [
        ((0, 32), 0, ""),
        ((0, 30), 0, "PGB503"),
        (None, 0, "PGB503"),
        ((0, 32), 100, "PGB103 PGB503"),
    ],
)
def test_the_version_decides_on_prepare(asyncpg: tuple[int, ...] | None, size: int, expected: str) -> None:
    deployment = Deployment(pooler=PoolMode.TRANSACTION, asyncpg=asyncpg)
    assert codes_of(HEAD + PREPARE.format(size=size), deployment) == expected
