"""The session settings in a pool's `init` and `setup`: programs with their codes."""

from __future__ import annotations

from pathlib import Path

import pytest
from blocks import cases, files, judged
from programs import codes_of

from poolsafe.deployment.providers.catalogue import behind, named
from poolsafe.facts.deployment import Deployment, PoolMode

HEAD = """
import asyncpg
def pool(**hooks):
    return asyncpg.create_pool("postgresql://app@db/app", statement_cache_size=0, **hooks)
"""

HOOKS = """
    async def init(connection):
        await connection.execute("SET search_path TO app")
    pool(init=init)  # PGB504

    async def init(connection):
        await connection.fetchval("SELECT set_config('app.tenant', $1, false)", "a")
    pool(init=init)  # PGB504

    SQL = "SET ROLE app"
    async def init(connection):
        await connection.execute(SQL)
    pool(init=init)  # PGB504

    async def init(connection):
        sql = "SET search_path TO {}".format("app")
        await connection.execute(sql)
    pool(init=init)  # PGB504

    async def init(connection):
        await connection.execute("SET " + name + " = 1")
    pool(init=init)  # PGB504

    async def init(connection):
        await connection.set_type_codec("json")
        await connection.execute("SELECT 1")
    pool(init=init)  # silent

    async def init(connection):
        await connection.execute("SET LOCAL search_path TO app")
    pool(init=init)  # silent

    async def init(connection):
        await other.execute("SELECT 1")
        await connection.execute(statement)
    pool(init=init)  # silent

    async def init(connection):
        await helper(1, connection)
    async def helper(number, connection):
        await connection.execute("SET jit = off")
    pool(init=init)  # PGB504

    class Init:
        async def __call__(self, connection):
            await self.prepare(connection)
        async def prepare(self, connection):
            await connection.execute("SET jit = off")
    pool(init=Init())  # PGB504

    class Store:
        async def init(self, connection):
            await connection.execute("SET jit = off")
        def open(self):
            return pool(init=self.init)
    Store().open()  # PGB504

    class Silent:
        pass
    pool(init=Silent())  # silent

    pool(init=lambda connection: connection.execute("SET jit = off"))  # PGB504
    pool(init=lambda: 1)  # silent
    pool(init=None)  # silent
    pool(init=unknown)  # silent
    pool(setup=lambda connection: connection.execute("SET jit = off"))  # PGB504
"""


@pytest.mark.parametrize(("program", "expected"), cases(HOOKS))
def test_what_a_hook_sets(program: str, expected: str) -> None:
    assert (codes_of(f"{HEAD}{program}\n") or "silent") == (expected or "silent")


WITHOUT_A_POOLER = """
    pool(init=lambda connection: connection.execute("SET jit = off"))  # PGB504
    pool(setup=lambda connection: connection.execute("SET jit = off"))  # silent
    pool(init=lambda connection: connection.execute("SET jit = off"), reset=unknown)  # silent
"""


@pytest.mark.parametrize(("program", "expected"), cases(WITHOUT_A_POOLER))
def test_what_a_hook_sets_on_a_direct_connection(program: str, expected: str) -> None:
    assert (codes_of(f"{HEAD}{program}\n", Deployment(pooler=PoolMode.NONE)) or "silent") == (expected or "silent")


WITHOUT_RESET = """
    pool(init=lambda connection: connection.execute("SET jit = off"))  # PGB504
    pool(setup=lambda connection: connection.execute("SET jit = off"))  # silent
    pool(setup=lambda connection: connection.execute("SET jit = off"), reset=unknown)  # PGB504
"""


@pytest.mark.parametrize(("program", "expected"), cases(WITHOUT_RESET))
def test_what_a_hook_sets_in_a_session_that_the_pooler_does_not_reset(program: str, expected: str) -> None:
    where = behind(named("session-without-reset"), Deployment())
    assert (codes_of(f"{HEAD}{program}\n", where) or "silent") == (expected or "silent")


PROJECT = """
    # file: app/hooks.py
    async def init(connection):
        await connection.execute("SET jit = off")

    # file: app/pools.py
    import asyncpg
    from app.hooks import init

    async def make_pool():
        return await asyncpg.create_pool(init=init, statement_cache_size=0)  # PGB504
"""


def test_a_hook_of_another_module(tmp_path: Path) -> None:
    found = judged(tmp_path, PROJECT, Deployment(pooler=PoolMode.NONE))
    assert found == files(PROJECT)
