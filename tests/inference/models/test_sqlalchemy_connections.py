"""What runs SQL: sessions and connections, and where they come from."""

from __future__ import annotations

import pytest
from blocks import cases
from programs import statements_of

HEAD = """
import textwrap
from textwrap import dedent
from sqlalchemy import text, DDL, create_engine
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, AsyncEngine, async_sessionmaker, create_async_engine
"""

RUNNERS = """
    async def f(conn: AsyncConnection):
        await conn.execute(text('a; b'))  # async

    async def f(session: AsyncSession):
        await session.execute(text('a; b'))  # async

    async def f(session: 'AsyncSession'):
        await session.scalar(text('a; b'))  # async

    async def f(session: AsyncSession | None = None):
        await session.scalars(text('a; b'))  # async

    from typing import Optional
    async def f(session: Optional[AsyncSession]):
        await session.execute(text('a; b'))  # async

    from typing import Annotated
    from fastapi import Depends
    async def f(session: Annotated[AsyncSession, Depends()]):
        await session.execute(text('a; b'))  # async

    from fastapi import Depends
    maker = async_sessionmaker()
    async def get():
        async with maker() as session:
            yield session
    async def f(db=Depends(get)):
        await db.execute(text('a; b'))  # async

    from typing import Annotated
    from fastapi import Depends
    maker = async_sessionmaker()
    async def get():
        async with maker() as session:
            yield session
    Db = Annotated[object, Depends(get)]
    async def f(db: Db):
        await db.execute(text('a; b'))  # async

    async def f(engine: AsyncEngine):
        async with engine.connect() as conn:
            await conn.execute(text('a; b'))  # async

    engine = create_async_engine('postgresql+asyncpg://h')
    async def f():
        async with engine.begin() as conn:
            await conn.execute(text('a; b'))  # async

    maker = async_sessionmaker(create_async_engine('postgresql+asyncpg://h'))
    async def f():
        async with maker() as session:
            await session.execute(text('a; b'))  # async

    maker = async_sessionmaker()
    async def f():
        async with maker.begin() as session:
            await session.execute(text('a; b'))  # async

    maker = sessionmaker(create_async_engine('postgresql+asyncpg://h'), class_=AsyncSession)
    async def f():
        async with maker() as session:
            await session.execute(text('a; b'))  # async

    async def f():
        async with AsyncSession(unknown) as session:
            await session.execute(text('a; b'))  # async

    async def f(thing):
        await thing.execute(text('a; b'))  # async

    async def f(thing):
        sql = text('a; b')
        await thing.execute(sql)  # async

    class R:
        def __init__(self, session: AsyncSession):
            self.session = session
        async def m(self):
            await self.session.execute(text('a; b'))  # async

    class R:
        session: AsyncSession
        async def m(self):
            await self.session.execute(text('a; b'))  # async

    def work(conn):
        conn.execute(text('a; b'))
    async def f(conn: AsyncConnection):
        await conn.run_sync(work)  # async

    async def f(conn: AsyncConnection):
        await conn.run_sync(lambda c: c.execute(text('a; b')))  # async

    async def f(engine: AsyncEngine):
        with engine.sync_engine.connect() as conn:
            conn.execute(text('a; b'))  # async

    async def f(conn: AsyncConnection):
        await conn.exec_driver_sql('a; b')  # async

    async def f(conn: AsyncConnection):
        async for row in await conn.stream(text('a; b')):
            pass  # async

    async def f(conn: AsyncConnection):
        await conn.execute(DDL('a; b'))  # async

    async def f(conn: AsyncConnection):
        result = await conn.execute(text('a; b').bindparams(x=1))  # async

    def f(session: Session):
        session.execute(text('a; b'))  # sync

    engine = create_engine('postgresql+psycopg2://h')
    with engine.connect() as conn:
        conn.execute(text('a; b'))  # sync

    maker = sessionmaker(create_engine('postgresql://h'))
    with maker() as session:
        session.execute(text('a; b'))  # sync

    engine = create_async_engine('postgresql+psycopg://h')
    async def f():
        async with engine.begin() as conn:
            await conn.execute(text('a; b'))  # sync

    engine = create_async_engine('sqlite+aiosqlite://')
    async def f(conn: AsyncConnection):
        await conn.execute(text('a; b'))  # sync

    def f(conn):
        conn.execute(text('a; b'))  # unknown

    SQL = text('a; b')  # unknown

    from alembic import op
    def upgrade():
        op.execute('a; b')  # unknown

    from alembic import op
    def upgrade():
        op.execute(text('a; b'))  # unknown

    event.listen(table, 'after_create', DDL('a; b'))  # unknown

    maker = sessionmaker(class_=AsyncSession)
    with maker() as session:
        session.execute(text('a; b'))  # async

    from dataclasses import dataclass
    @dataclass
    class R:
        session: AsyncSession
        async def m(self):
            self.session.execute(text('a; b'))  # async

    async def f(conn: AsyncConnection):
        conn.run_sync(5)
        conn.execute(text('a; b'))  # async

    async def f(s: AsyncSession):
        s.registry.clear()
        s.execute(text('a; b'))  # async

    from contextlib import nullcontext
    async def f(conn: AsyncConnection):
        with nullcontext(conn) as c:
            c.execute(text('a; b'))  # async

    maker = async_sessionmaker()
    with maker() as session:
        session.execute(text('a; b'))  # async
"""


@pytest.mark.parametrize(("code", "runner"), cases(RUNNERS))
def test_it_is_run_by(code: str, runner: str) -> None:
    assert [statement.runner.value for statement in statements_of(HEAD + code)] == [runner]
