"""AUTOCOMMIT that is set after the engine is created: on a connection, a session or a copy of the engine."""

from __future__ import annotations

from pathlib import Path

import pytest
from blocks import cases, files, judged, programs, related
from programs import engines_of

HEAD = """
import uuid
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
ARGS = {"prepared_statement_name_func": lambda: f"q{uuid.uuid4()}"}
engine = create_async_engine("postgresql+asyncpg://app@db/app", connect_args=ARGS)
quiet = create_async_engine("postgresql+asyncpg://app@db/app", connect_args=ARGS)
"""

# Beside each program: which of the two engines is concerned.
SETS = """
    other = engine.execution_options(isolation_level="AUTOCOMMIT")  # engine

    other = engine.execution_options(isolation_level="autocommit")  # engine

    other = engine.execution_options(**{"isolation_level": "AUTOCOMMIT"})  # engine

    LEVEL = "AUTOCOMMIT"
    other = engine.execution_options(isolation_level=LEVEL)  # engine

    other = engine.sync_engine.execution_options(isolation_level="AUTOCOMMIT")  # engine

    async def vacuum():
        async with engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")  # engine

    async def vacuum():
        connection = await engine.connect()
        connection = await connection.execution_options(isolation_level="AUTOCOMMIT")  # engine

    async def vacuum(connection):
        await connection.execution_options(isolation_level="AUTOCOMMIT")
    async def main():
        async with engine.connect() as connection:
            await vacuum(connection)  # engine

    class Store:
        def __init__(self):
            self.engine = quiet
        async def vacuum(self):
            async with self.engine.connect() as connection:
                await connection.execution_options(isolation_level="AUTOCOMMIT")  # quiet

    async def vacuum():
        async with AsyncSession(engine) as session:
            await session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})  # engine

    make = async_sessionmaker(quiet)
    async def vacuum():
        async with make() as session:
            await session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})  # quiet

    async def vacuum():
        for one in (engine, quiet):
            async with one.connect() as connection:
                await connection.execution_options(isolation_level="AUTOCOMMIT")  # engine quiet
"""
SETS_NOT = """
    other = engine.execution_options(isolation_level="SERIALIZABLE")

    other = engine.execution_options(stream_results=True)  # no AUTOCOMMIT

    statement = text("SELECT 1").execution_options(isolation_level="AUTOCOMMIT")

    async def vacuum(connection):
        await connection.execution_options(isolation_level="AUTOCOMMIT")
"""


@pytest.mark.parametrize(("code", "expected"), cases(SETS))
def test_autocommit_is_set_later(code: str, expected: str) -> None:
    first, second = engines_of(HEAD + code)
    found = (["engine"] if first.autocommit_later else []) + (["quiet"] if second.autocommit_later else [])
    assert " ".join(found) == expected
    assert first.autocommit is second.autocommit is False


@pytest.mark.parametrize("code", programs(SETS_NOT))
def test_autocommit_is_not_set(code: str) -> None:
    assert not any(engine.autocommit_later for engine in engines_of(HEAD + code))


def test_a_copy_made_at_once_is_in_autocommit() -> None:
    made = """create_async_engine("postgresql+asyncpg://app@db/app", connect_args=ARGS)"""
    for option, expected in (
        ('isolation_level="AUTOCOMMIT"', True),
        ('isolation_level="SERIALIZABLE"', False),
        ("isolation_level=level", False),
        ("", False),
    ):
        *_, engine = engines_of(f"{HEAD}copy = {made}.execution_options({option})")
        assert engine.autocommit is expected
    *_, engine = engines_of(f"{HEAD}same = {made}.sync_engine")
    assert engine.autocommit is False


PROJECT = """
    # file: app/db.py
    from uuid import uuid4
    from sqlalchemy.ext.asyncio import create_async_engine
    ARGS = {
        "statement_cache_size": 0,
        "prepared_statement_cache_size": 0,
        "prepared_statement_name_func": lambda: f"q{uuid4()}",
    }
    engine = create_async_engine("postgresql+asyncpg://db/a", connect_args=ARGS, pool_pre_ping=True)  # PGB107

    # file: app/quiet.py
    from uuid import uuid4
    from sqlalchemy.ext.asyncio import create_async_engine
    from app.db import ARGS
    engine = create_async_engine("postgresql+asyncpg://db/a", connect_args=ARGS, pool_pre_ping=True)

    # file: app/vacuum.py
    from app.db import engine
    async def vacuum():
        async with engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
"""


def test_another_module_sets_it(tmp_path: Path) -> None:
    assert judged(tmp_path, PROJECT) == files(PROJECT)


def test_the_place_is_shown(tmp_path: Path) -> None:
    contents = {name: text.replace("  # PGB107", "") for name, text in files(PROJECT).items() if "quiet" not in name}
    contents = dict(reversed(contents.items()))
    assert related(tmp_path, contents) == [("vacuum.py", 4, "AUTOCOMMIT is set here")]


MIGRATIONS = """
    # file: app/db.py
    from uuid import uuid4
    from sqlalchemy.ext.asyncio import create_async_engine
    ARGS = {
        "statement_cache_size": 0,
        "prepared_statement_cache_size": 0,
        "prepared_statement_name_func": lambda: f"q{uuid4()}",
    }
    engine = create_async_engine("postgresql+asyncpg://db/a", connect_args=ARGS, pool_pre_ping=True)  # PGB107
    quiet = create_async_engine("postgresql+asyncpg://db/a", connect_args=ARGS, pool_pre_ping=True)

    # file: first/env.py
    from alembic import context
    from app.db import engine
    context.run_migrations()

    # file: first/versions/one.py
    from alembic import op
    def upgrade():
        with op.get_context().autocommit_block():
            op.create_index("i", "jobs", ["state"], postgresql_concurrently=True)

    # file: second/env.py
    from alembic import context
    from sqlalchemy.ext.asyncio import create_async_engine
    from app.db import ARGS
    engine = create_async_engine("postgresql+asyncpg://db/a", connect_args=ARGS, pool_pre_ping=True)
    context.run_migrations()

    # file: second/versions/one.py
    from alembic import op
    def upgrade():
        op.create_index("i", "jobs", ["state"])

    # file: third/env.py
    from alembic import context
    from sqlalchemy.ext.asyncio import create_async_engine
    from app.db import ARGS
    engine = create_async_engine("postgresql+asyncpg://db/a", connect_args=ARGS, pool_pre_ping=True)  # PGB107
    context.run_migrations()

    # file: third/versions/one.py
    from alembic import op
    def upgrade():
        with op.get_context().autocommit_block():
            op.create_index("i", "jobs", ["state"], postgresql_concurrently=True)
"""


def test_autocommit_blocks_of_migrations(tmp_path: Path) -> None:
    assert judged(tmp_path, MIGRATIONS) == files(MIGRATIONS)
