"""No fix causes a new finding: every finding after a fix was reported before it."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from blocks import programs
from laws import apply_once, deployment, findings
from samples import LONG, one_in

from poolsafe.facts.deployment import Deployment
from poolsafe.source import Source

IMPORTS = """
import asyncpg
from pydantic_settings import BaseSettings
from sqlalchemy import pool, text
from sqlalchemy.ext.asyncio import create_async_engine
URL = "postgresql+asyncpg://app@db/app"
OFF = {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
"""

ENGINES = """
    create_async_engine(URL)

    create_async_engine(URL, connect_args={"statement_cache_size": 0})

    create_async_engine(URL, connect_args={"prepared_statement_cache_size": 0})

    create_async_engine(URL, connect_args={"statement_cache_size": 9, "prepared_statement_cache_size": 0})

    create_async_engine(URL, connect_args={"statement_cache_size": None})

    create_async_engine(URL, connect_args={"statement_cache_size": "0"}, pool_pre_ping=False)

    create_async_engine(URL, connect_args={"statement_cache_size": unknown(), "prepared_statement_cache_size": 9})

    create_async_engine(URL, connect_args={"statement_cache_size": 0 if unknown() else 9})

    create_async_engine(URL, connect_args=OFF, pool_pre_ping=False)

    create_async_engine(URL, connect_args=OFF, isolation_level="AUTOCOMMIT")

    # Both sizes are written where the fix can reach them; the name has no place.
    OPTIONS = {"connect_args": {"statement_cache_size": 9, "prepared_statement_cache_size": 9}}
    create_async_engine(URL, **OPTIONS)

    create_async_engine(URL, statement_cache_size=0)

    create_async_engine(URL, statement_cache_size=9, prepared_statement_cache_size=9)

    create_async_engine(URL + "?statement_cache_size=0")

    create_async_engine("postgresql+asyncpg://app@db/app?statement_cache_size=0&prepared_statement_cache_size=0")

    # A name function that has no effect as a keyword has one where it belongs.
    create_async_engine(URL, prepared_statement_name_func=lambda: "")

    create_async_engine(URL, connect_args=OFF, prepared_statement_name_func=lambda: f"{unknown()}")

    create_async_engine(URL, prepared_statement_name_func=lambda: f"{unknown()}", isolation_level="AUTOCOMMIT")

    create_async_engine(URL, connect_args=OFF | {"prepared_statement_name_func": lambda: ""}, pool_pre_ping=False)

    create_async_engine(URL, connect_args={"prepared_statement_name_func": lambda: ""})

    create_async_engine(URL, connect_args={"statement_cache_size": 9, "prepared_statement_name_func": lambda: ""})

    create_async_engine(URL, connect_args={"connection_class": unknown})

    # The environment may bring a connection class, in place of a default that is judged.
    class Settings(BaseSettings):
        connect_args: dict[str, int] = {}
    create_async_engine(URL, connect_args=Settings().connect_args)

    async def connect():
        return await asyncpg.connect("postgresql://app@db/app")
    create_async_engine(URL, async_creator=connect)

    async def connect():
        return await asyncpg.connect("postgresql://app@db/app", statement_cache_size=9)
    create_async_engine(URL, async_creator=connect)

    create_async_engine(URL, async_creator=unknown, connect_args=OFF)

    create_async_engine(URL, connect_args=OFF, poolclass=pool.NullPool, pool_size=5, pool_pre_ping=False)

    create_async_engine(URL, poolclass=pool.StaticPool, max_overflow=5)

    create_async_engine(URL, pool_size=5, connect_args=OFF)  # noqa: PGB201, PGB203

    create_async_engine(URL + "?sslmode=require&application_name=shop&connect_timeout=5", connect_args=OFF)

    create_async_engine(URL, connect_args={"sslmode": "require", "application_name": "shop", "connect_timeout": 5})

    create_async_engine("postgresql+asyncpg://app@pgbouncer/app?pgbouncer=true&application_name=shop")

    async def run():
        async with create_async_engine(URL).begin() as connection:
            await connection.execute(text("SET search_path TO shop; SELECT 1"))
"""

VERSIONS = {
    "no versions": {},
    "no name is known": {"asyncpg-version": "0.27.0", "sqlalchemy-version": "2.0.40"},
    "the ping fails": {"asyncpg-version": "0.28.0", "sqlalchemy-version": "2.0.15"},
    "no SQLAlchemy is known": {"asyncpg-version": "0.30.0"},
    "SQLAlchemy knows no names": {"asyncpg-version": "0.30.0", "sqlalchemy-version": "1.4.54"},
    "the empty name helps": {"asyncpg-version": "0.30.0", "sqlalchemy-version": "2.0.40"},
    "two zeros are enough": {"asyncpg-version": "0.32.0", "sqlalchemy-version": "2.0.40"},
}
POOLERS = [
    ("auto", "statement"),
    pytest.param(("transaction", "session", "none", "supabase-transaction", "neon"), marks=LONG),
]


def found(source: Source, where: Deployment) -> Counter[str]:
    return Counter(finding.code for finding in findings(source, where))


@pytest.mark.parametrize("poolers", POOLERS)
@pytest.mark.parametrize(("code", "versions"), one_in(3, itertools.product(programs(ENGINES), VERSIONS), LONG))
def test_no_fix_gives_birth_to_a_finding(code: str, versions: str, poolers: tuple[str, ...]) -> None:
    source = Source.from_text("app.py", IMPORTS + code + "\n")
    for pooler in poolers:
        where = deployment({"pooler": pooler, **VERSIONS[versions]})
        for finding in findings(source, where):
            if finding.fix is not None:
                repaired = source.with_text(apply_once(source.text, [finding], unsafe=True))
                before, after = found(source, where), found(repaired, where)
                assert after[finding.code] < before[finding.code]
                assert after <= before, (pooler, finding.code)
