"""Transactions whose results only their own task can know, so that another client's rows are noticed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import sqlalchemy as sa

# Different texts, so that equal statement names mean different queries.
VARIANTS = 7
KINDS_OF_ENUM = 12


class WrongRows(Exception):  # noqa: N818 - it names what came back
    """A query returned another client's rows without an error."""


def _query(me: str, step: int) -> tuple[str, str]:
    """A query that holds the process's name in its text and takes one value; what it must return for that value."""
    variant = step % VARIANTS
    return f"SELECT '{me}-{variant}-' || CAST(:value AS text)", f"{me}-{variant}-{step}"


def check(found: Any, expected: Any) -> None:
    """Raise WrongRows unless they are equal."""
    if found != expected:
        raise WrongRows(f"expected {expected!r}, got {found!r}")


async def text(engine: Any, me: str, step: int) -> None:
    """Three queries in one transaction."""
    async with engine.connect() as connection:
        for each in (step, step + 1, step + 2):
            sql, expected = _query(me, each)
            check((await connection.execute(sa.text(sql), {"value": str(each)})).scalar(), expected)


async def core(engine: Any, me: str, step: int) -> None:
    """A query made with SQLAlchemy's expressions."""
    prefix: Any = sa.literal_column(f"'{me}+{step % VARIANTS}+'")
    async with engine.begin() as connection:
        found = (await connection.execute(sa.select(prefix + sa.literal(str(step))))).scalar()
        check(found, f"{me}+{step % VARIANTS}+{step}")


async def insert(engine: Any, me: str, step: int) -> None:
    """An insert with RETURNING, and a query after it."""
    sql, expected = _query(me, step)
    insert = sa.text(f"INSERT INTO items (owner, value) VALUES ('{me}', :value) RETURNING owner || value")
    async with engine.begin() as connection:
        check((await connection.execute(insert, {"value": str(step)})).scalar(), f"{me}{step}")
        check((await connection.execute(sa.text(sql), {"value": str(step)})).scalar(), expected)


async def many(engine: Any, me: str, step: int) -> None:
    """An executemany, which asyncpg prepares in a way of its own."""
    insert = sa.text(f"INSERT INTO items (owner, value) VALUES ('{me}-{step % VARIANTS}', :value)")
    async with engine.begin() as connection:
        await connection.execute(insert, [{"value": str(number)} for number in range(4)])


async def types(engine: Any, me: str, step: int) -> None:
    """Enum types: asyncpg asks the server about each type once per connection."""
    kind = step % KINDS_OF_ENUM
    sql = sa.text(f"SELECT CAST('b' AS kind_{kind}), '{me}' || CAST(:value AS text)")
    async with engine.connect() as connection:
        row = (await connection.execute(sql, {"value": str(step)})).one()
        check(tuple(row), ("b", f"{me}{step}"))


async def stream(engine: Any, me: str, step: int) -> None:
    """A cursor on the server."""
    sql, expected = _query(me, step)
    async with engine.connect() as connection:
        result = await connection.stream(sa.text(f"{sql} FROM generate_series(1, 5)"), {"value": str(step)})
        for row in await result.all():
            check(row[0], expected)


async def maintain(engine: Any, me: str, step: int) -> None:
    """Queries on a connection whose own option is AUTOCOMMIT."""
    async with engine.connect() as plain:
        connection = await plain.execution_options(isolation_level="AUTOCOMMIT")
        for each in (step, step + 1, step + 2):
            sql, expected = _query(me, each)
            check((await connection.execute(sa.text(sql), {"value": str(each)})).scalar(), expected)


Work = Callable[[Any, str, int], Awaitable[None]]

WORK: dict[str, Work] = {each.__name__: each for each in (text, core, insert, many, types, stream, maintain)}
# A cursor needs a transaction, with or without a pooler.
AUTOCOMMIT = tuple(name for name in WORK if name != "stream")


def migrate(connection: Any) -> None:
    """Runs a few queries on the given connection, in place of Alembic's migrations."""
    for step in range(3):
        sql, expected = _query(f"m{id(connection)}", step)
        check(connection.execute(sa.text(sql), {"value": str(step)}).scalar(), expected)
