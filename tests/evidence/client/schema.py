"""The database that the work and the fixtures need."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import asyncpg  # type: ignore[import-untyped]

from .work import KINDS_OF_ENUM

SQL = (
    "CREATE TABLE items (id bigserial PRIMARY KEY, owner text NOT NULL, value text NOT NULL)",
    *(f"CREATE TYPE kind_{number} AS ENUM ('a', 'b')" for number in range(KINDS_OF_ENUM)),
    # fixtures/PGB301 and PGB302
    "CREATE TABLE sales_by_day (day text, total integer)",
    "CREATE TABLE daily_sales (day text, total integer)",
    "CREATE TABLE events (created_at text)",
    "CREATE TABLE counters (n integer)",
    "INSERT INTO counters VALUES (1)",
    "CREATE TABLE orders (id serial PRIMARY KEY)",
    # fixtures/PGB402
    "CREATE ROLE auditor",
)


async def set_up(job: dict[str, Any]) -> dict[str, Any]:
    """Make the database of `server`, a PostgreSQL without a pooler, and fill it."""
    server = job["server"]
    await _execute(replace(server, database="postgres"), [f"CREATE DATABASE {server.database}"])
    await _execute(server, SQL)
    return {}


async def _execute(server: Any, commands: Any) -> None:
    connection: Any = await asyncpg.connect(server.dsn())
    try:
        for command in commands:
            await connection.execute(command)
    finally:
        await connection.close()
