"""What runs SQL with several commands if another module decides it: small projects with their findings."""

from __future__ import annotations

from pathlib import Path

import pytest
from blocks import files, judged, lay
from programs import codes_in, record_loads

from poolsafe.checker import check_bytes
from poolsafe.facts.deployment import Deployment
from poolsafe.findings import Applicability
from poolsafe.inference.project import Project

PROJECTS = {
    "a session maker of another module": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+asyncpg://db/a')  # PGB101 PGB201
        async_session_maker = async_sessionmaker(engine)

        # file: app/x.py
        from sqlalchemy import text
        from app.db import async_session_maker
        async def f():
            async with async_session_maker() as s:
                await s.execute(text('DELETE FROM a; DELETE FROM b'))  # PGB301
    """,
    "a helper whose SQL another module gives it": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import create_async_engine
        engine = create_async_engine('postgresql+asyncpg://db/a')  # PGB101 PGB201
        def statement_of(sql, *more):
            for one in more:
                sql = sql + '; ' + one
            return text(sql)  # PGB301
        CLEANUP = 'DELETE FROM a; DELETE FROM b'

        # file: app/x.py
        from app.db import CLEANUP, engine, statement_of
        async def f():
            async with engine.begin() as connection:
                await connection.execute(statement_of(CLEANUP))
    """,
    "helpers that execute what they are given": """
        # file: helpers.py
        async def returned(conn, statement):
            return await conn.execute(statement)
        async def nested(conn, statement):
            await returned(conn, statement)

        # file: db.py
        from sqlalchemy import create_engine, text
        from sqlalchemy.ext.asyncio import create_async_engine
        from helpers import nested, returned
        engine = create_async_engine('postgresql+asyncpg://db/a')  # PGB101 PGB201
        other = create_engine('postgresql+psycopg://db/a')
        async def within(conn, statement):
            async with engine.begin() as conn:
                return (await conn.execute(statement)).all()
        def blocking(conn, statement):
            return conn.execute(statement)
        async def main():
            async with engine.begin() as conn:
                await returned(conn, text('DELETE FROM a; DELETE FROM b'))  # PGB301
                await nested(conn, text('DELETE FROM a; DELETE FROM b'))  # PGB301
                await within(None, text('DELETE FROM a; DELETE FROM b'))  # PGB301
                both = text('DELETE FROM a; DELETE FROM b')  # PGB301
                await nested(conn, both)
        def sync():
            with other.begin() as conn:
                blocking(conn, text('DELETE FROM a; DELETE FROM b'))
    """,
    "a listener in a project with another engine too": """
        # file: models.py
        from sqlalchemy import DDL, MetaData, event
        from sqlalchemy.ext.asyncio import create_async_engine
        metadata = MetaData()
        event.listen(metadata, 'after_create', DDL('create index a on b (c); create index d on e (f)'))
        engine = create_async_engine('postgresql+asyncpg://db/a')  # PGB101 PGB201

        # file: scripts.py
        from sqlalchemy import create_engine
        engine = create_engine('postgresql://db/a')
    """,
    "a listener in a project without engines": """
        # file: models.py
        from sqlalchemy import DDL, MetaData, event
        metadata = MetaData()
        event.listen(metadata, 'after_create', DDL('create index a on b (c); create index d on e (f)'))
    """,
    "a session maker of aiosqlite": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('sqlite+aiosqlite:///a.db')
        async_session_maker = async_sessionmaker(engine)

        # file: app/x.py
        from sqlalchemy import text
        from app.db import async_session_maker
        async def f():
            async with async_session_maker() as s:
                await s.execute(text('DELETE FROM a; DELETE FROM b'))
    """,
    "a session maker of psycopg": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+psycopg://db/a')
        async_session_maker = async_sessionmaker(engine)

        # file: app/x.py
        from sqlalchemy import text
        from app.db import async_session_maker
        async def f():
            async with async_session_maker() as s:
                await s.execute(text('DELETE FROM a; DELETE FROM b'))
    """,
    "an annotated session, asyncpg elsewhere": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+asyncpg://db/a')  # PGB101 PGB201
        async_session_maker = async_sessionmaker(engine)

        # file: app/x.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        async def f(s: AsyncSession):
            await s.execute(text('DELETE FROM a; DELETE FROM b'))  # PGB301
    """,
    "an annotated session, aiosqlite elsewhere": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('sqlite+aiosqlite:///a.db')
        async_session_maker = async_sessionmaker(engine)

        # file: app/x.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        async def f(s: AsyncSession):
            await s.execute(text('DELETE FROM a; DELETE FROM b'))
    """,
    "an annotated session, psycopg elsewhere": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+psycopg://db/a')
        async_session_maker = async_sessionmaker(engine)

        # file: app/x.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        async def f(s: AsyncSession):
            await s.execute(text('DELETE FROM a; DELETE FROM b'))
    """,
    "an annotated session, tests on aiosqlite": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+asyncpg://db/a')  # PGB101 PGB201
        async_session_maker = async_sessionmaker(engine)

        # file: tests/conftest.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('sqlite+aiosqlite://')
        async_session_maker = async_sessionmaker(engine)

        # file: app/x.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        async def f(s: AsyncSession):
            await s.execute(text('DELETE FROM a; DELETE FROM b'))  # PGB301
    """,
    "an annotated session, two engines": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+asyncpg://db/a')  # PGB101 PGB201
        async_session_maker = async_sessionmaker(engine)

        # file: app/other.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('sqlite+aiosqlite://')
        async_session_maker = async_sessionmaker(engine)

        # file: app/x.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        async def f(s: AsyncSession):
            await s.execute(text('DELETE FROM a; DELETE FROM b'))  # PGB301
    """,
    "an engine of two other drivers": """
        # file: app/x.py
        import os
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import create_async_engine
        url = 'sqlite+aiosqlite:///a.db' if os.environ.get('TEST') else 'mysql+aiomysql://db/a'
        engine = create_async_engine(url)
        async def f():
            async with engine.begin() as connection:
                await connection.execute(text('DELETE FROM a; DELETE FROM b'))
                await connection.execute(text("SET SESSION search_path TO a"))
    """,
    "an engine of two drivers, one of them asyncpg": """
        # file: app/x.py
        import os
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import create_async_engine
        url = 'sqlite+aiosqlite:///a.db' if os.environ.get('TEST') else 'postgresql+asyncpg://db/a'
        engine = create_async_engine(url, connect_args={})  # PGB101 PGB201
        async def f():
            async with engine.begin() as connection:
                await connection.execute(text('DELETE FROM a; DELETE FROM b'))  # PGB301
    """,
    "an annotated session, aiomysql": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('mysql+aiomysql://db/a')
        async_session_maker = async_sessionmaker(engine)

        # file: app/x.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        async def f(s: AsyncSession):
            await s.execute(text('DELETE FROM a; DELETE FROM b'))
    """,
    "a dependency of another module": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+asyncpg://db/a')  # PGB101 PGB201
        async_session_maker = async_sessionmaker(engine)

        # file: app/deps.py
        from app.db import async_session_maker
        async def get_session():
            async with async_session_maker() as session:
                yield session

        # file: app/x.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        from typing import Annotated
        from fastapi import Depends
        from app.deps import get_session
        async def f(s=Depends(get_session)):
            await s.execute(text('DELETE FROM a; DELETE FROM b'))  # PGB301
    """,
    "a dependency of another module, aiosqlite": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('sqlite+aiosqlite:///a.db')
        async_session_maker = async_sessionmaker(engine)

        # file: app/deps.py
        from app.db import async_session_maker
        async def get_session():
            async with async_session_maker() as session:
                yield session

        # file: app/x.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        from typing import Annotated
        from fastapi import Depends
        from app.deps import get_session
        async def f(s: AsyncSession = Depends(get_session)):
            await s.execute(text('DELETE FROM a; DELETE FROM b'))
    """,
    "an annotated alias of another module": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+asyncpg://db/a')  # PGB101 PGB201
        async_session_maker = async_sessionmaker(engine)

        # file: app/deps.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        from typing import Annotated
        from fastapi import Depends
        from app.db import async_session_maker
        async def get_session():
            async with async_session_maker() as session:
                yield session
        Db = Annotated[AsyncSession, Depends(get_session)]

        # file: app/x.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        from app.deps import Db
        async def f(s: Db):
            r = s.execute(text('DELETE FROM a; DELETE FROM b'))  # PGB301
            await r
    """,
    "an annotated alias of another module, psycopg": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+psycopg://db/a')
        async_session_maker = async_sessionmaker(engine)

        # file: app/deps.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        from typing import Annotated
        from fastapi import Depends
        from app.db import async_session_maker
        async def get_session():
            async with async_session_maker() as session:
                yield session
        Db = Annotated[AsyncSession, Depends(get_session)]

        # file: app/x.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        from app.deps import Db
        async def f(s: Db):
            await s.execute(text('DELETE FROM a; DELETE FROM b'))
    """,
    "a repository that is given its session": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+asyncpg://db/a')  # PGB101 PGB201
        async_session_maker = async_sessionmaker(engine)

        # file: app/x.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        class Repo:
            def __init__(self, session):
                self.session = session
            async def m(self):
                await self.session.execute(text('DELETE FROM a; DELETE FROM b'))  # PGB301
    """,
    "a base class of another module holds the session": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+asyncpg://db/a')  # PGB101 PGB201
        async_session_maker = async_sessionmaker(engine)

        # file: app/base.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        class Base:
            def __init__(self, session: AsyncSession):
                self.session = session

        # file: app/x.py
        from sqlalchemy import text
        from app.base import Base
        class Repo(Base):
            async def m(self):
                r = self.session.execute(text('DELETE FROM a; DELETE FROM b'))  # PGB301
                return await r
    """,
    "a synchronous repository": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+asyncpg://db/a')  # PGB101 PGB201
        async_session_maker = async_sessionmaker(engine)

        # file: app/x.py
        from sqlalchemy import text
        from sqlalchemy.orm import Session
        class Repo:
            def __init__(self, session: Session):
                self.session = session
            def m(self):
                self.session.execute(text('DELETE FROM a; DELETE FROM b'))
    """,
    "a synchronous maker beside an asyncpg one": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+asyncpg://db/a')  # PGB101 PGB201
        async_session_maker = async_sessionmaker(engine)

        # file: app/sync.py
        from sqlalchemy import create_engine
        from sqlalchemy.orm import sessionmaker
        engine = create_engine('postgresql+psycopg2://db/a')
        maker = sessionmaker(engine)

        # file: app/x.py
        from sqlalchemy import text
        from app.sync import maker
        def f():
            with maker() as s:
                s.execute(text('DELETE FROM a; DELETE FROM b'))
    """,
    "an async scoped session": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+asyncpg://db/a')  # PGB101 PGB201
        async_session_maker = async_sessionmaker(engine)

        # file: app/x.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import async_scoped_session
        from app.db import async_session_maker
        Session = async_scoped_session(async_session_maker, scopefunc=id)
        async def f():
            r = Session.execute(text('DELETE FROM a; DELETE FROM b'))  # PGB301
            await r
    """,
    "a scoped session": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import create_engine
        from sqlalchemy.orm import sessionmaker
        engine = create_engine('postgresql+psycopg2://db/a')
        maker = sessionmaker(engine)

        # file: app/x.py
        from sqlalchemy import text
        from sqlalchemy.orm import scoped_session
        from app.db import maker
        Session = scoped_session(maker)
        Session.execute(text('DELETE FROM a; DELETE FROM b'))
        Session().execute(text('DELETE FROM a; DELETE FROM b'))
    """,
    "work that another module hands to run_sync": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+asyncpg://db/a')  # PGB101 PGB201
        async_session_maker = async_sessionmaker(engine)

        # file: app/x.py
        from sqlalchemy import text
        def work(conn):
            conn.execute(text('DELETE FROM a; DELETE FROM b'))  # PGB301

        # file: app/main.py
        from app.db import engine
        from app.x import work
        async def f():
            async with engine.begin() as conn:
                await conn.run_sync(work)
    """,
    "work that another module hands to run_sync by its module": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+asyncpg://db/a')  # PGB101 PGB201
        async_session_maker = async_sessionmaker(engine)

        # file: app/x.py
        from sqlalchemy import text
        def work(conn):
            conn.execute(text('DELETE FROM a; DELETE FROM b'))  # PGB301

        # file: app/main.py
        from app import x
        from app.db import engine
        async def f():
            async with engine.begin() as conn:
                await conn.run_sync(x.work)
    """,
    "work on an engine of psycopg": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+psycopg://db/a')
        async_session_maker = async_sessionmaker(engine)

        # file: app/x.py
        from sqlalchemy import text
        def work(conn):
            conn.execute(text('DELETE FROM a; DELETE FROM b'))

        # file: app/main.py
        from app.db import engine
        from app.x import work
        async def f():
            async with engine.begin() as conn:
                await conn.run_sync(work)
    """,
    "work that a synchronous connection is given": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import create_engine
        from sqlalchemy.orm import sessionmaker
        engine = create_engine('postgresql+psycopg2://db/a')
        maker = sessionmaker(engine)

        # file: app/x.py
        from sqlalchemy import text
        def work(conn):
            conn.execute(text('DELETE FROM a; DELETE FROM b'))

        # file: app/main.py
        from app.db import engine
        from app.x import work
        with engine.connect() as conn:
            work(conn)
    """,
    "work that nobody asks for": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+asyncpg://db/a')  # PGB101 PGB201
        async_session_maker = async_sessionmaker(engine)

        # file: app/x.py
        from sqlalchemy import text
        def work(conn):
            conn.execute(text('DELETE FROM a; DELETE FROM b'))
    """,
    "a clause that another module runs": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+asyncpg://db/a')  # PGB101 PGB201
        async_session_maker = async_sessionmaker(engine)

        # file: app/queries.py
        from sqlalchemy import text
        CLEAR = text('DELETE FROM a; DELETE FROM b')  # PGB301

        # file: app/x.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        from app.queries import CLEAR
        async def f(s: AsyncSession):
            await s.execute(CLEAR)
    """,
    "a clause that another module runs on psycopg": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+psycopg://db/a')
        async_session_maker = async_sessionmaker(engine)

        # file: app/queries.py
        from sqlalchemy import text
        CLEAR = text('DELETE FROM a; DELETE FROM b')

        # file: app/x.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        from app.queries import CLEAR
        async def f(s: AsyncSession):
            await s.execute(CLEAR)
    """,
    "a clause that a synchronous module runs": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+asyncpg://db/a')  # PGB101 PGB201
        async_session_maker = async_sessionmaker(engine)

        # file: app/queries.py
        from sqlalchemy import text
        CLEAR = text('DELETE FROM a; DELETE FROM b')

        # file: app/x.py
        from sqlalchemy.orm import Session
        from app.queries import CLEAR
        def f(s: Session):
            s.execute(CLEAR)
    """,
    "a clause that nobody runs": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+asyncpg://db/a')  # PGB101 PGB201
        async_session_maker = async_sessionmaker(engine)

        # file: app/queries.py
        from sqlalchemy import text
        CLEAR = text('DELETE FROM a; DELETE FROM b')
    """,
    "a clause that only a test runs": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+asyncpg://db/a')  # PGB101 PGB201
        async_session_maker = async_sessionmaker(engine)

        # file: app/queries.py
        from sqlalchemy import text
        CLEAR = text('DELETE FROM a; DELETE FROM b')

        # file: tests/test_x.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        from app.queries import CLEAR
        async def f(s: AsyncSession):
            await s.execute(CLEAR)
    """,
    "a clause of a class that another module runs": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+asyncpg://db/a')  # PGB101 PGB201
        async_session_maker = async_sessionmaker(engine)

        # file: app/queries.py
        from sqlalchemy import text
        class Q:
            CLEAR = text('DELETE FROM a; DELETE FROM b')  # PGB301

        # file: app/x.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        from app.queries import Q
        async def f(s: AsyncSession):
            await s.execute(Q.CLEAR)
    """,
    "a clause that a function of another module asks for": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+asyncpg://db/a')  # PGB101 PGB201
        async_session_maker = async_sessionmaker(engine)

        # file: app/queries.py
        from sqlalchemy import text
        def clear():
            return text('DELETE FROM a; DELETE FROM b')  # PGB301

        # file: app/x.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        from app import queries
        async def f(s: AsyncSession):
            await s.execute(queries.clear())
    """,
    "a listener of the metadata, created on asyncpg": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+asyncpg://db/a')  # PGB101 PGB201
        async_session_maker = async_sessionmaker(engine)

        # file: app/base.py
        from sqlalchemy.orm import DeclarativeBase
        class Base(DeclarativeBase):
            pass

        # file: app/main.py
        from app.base import Base
        from app.db import engine
        async def start():
            async with engine.begin() as conn:
                await conn.run_sync(Base.metadata.create_all)

        # file: app/x.py
        from sqlalchemy import DDL, event
        from app.base import Base
        event.listen(Base.metadata, 'after_create', DDL('DELETE FROM a; DELETE FROM b'))  # PGB302
    """,
    "a listener for PostgreSQL, created on asyncpg": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+asyncpg://db/a')  # PGB101 PGB201
        async_session_maker = async_sessionmaker(engine)

        # file: app/base.py
        from sqlalchemy.orm import DeclarativeBase
        class Base(DeclarativeBase):
            pass

        # file: app/main.py
        from app.base import Base
        from app.db import engine
        async def start():
            async with engine.begin() as conn:
                await conn.run_sync(Base.metadata.create_all)

        # file: app/x.py
        from sqlalchemy import DDL, event
        from app.base import Base
        event.listen(
            Base.metadata,
            'after_create',
            DDL('DELETE FROM a; DELETE FROM b').execute_if(dialect='postgresql'),  # PGB302
        )
    """,
    "a listener for SQLite, created on asyncpg": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+asyncpg://db/a')  # PGB101 PGB201
        async_session_maker = async_sessionmaker(engine)

        # file: app/base.py
        from sqlalchemy.orm import DeclarativeBase
        class Base(DeclarativeBase):
            pass

        # file: app/main.py
        from app.base import Base
        from app.db import engine
        async def start():
            async with engine.begin() as conn:
                await conn.run_sync(Base.metadata.create_all)

        # file: app/x.py
        from sqlalchemy import DDL, event
        from app.base import Base
        event.listen(Base.metadata, 'after_create', DDL('DELETE FROM a; DELETE FROM b').execute_if(dialect='sqlite'))
    """,
    "a listener of the metadata, created on aiosqlite": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('sqlite+aiosqlite:///a.db')
        async_session_maker = async_sessionmaker(engine)

        # file: app/base.py
        from sqlalchemy.orm import DeclarativeBase
        class Base(DeclarativeBase):
            pass

        # file: app/main.py
        from app.base import Base
        from app.db import engine
        async def start():
            async with engine.begin() as conn:
                await conn.run_sync(Base.metadata.create_all)

        # file: app/x.py
        from sqlalchemy import DDL, event
        from app.base import Base
        event.listen(Base.metadata, 'after_create', DDL('DELETE FROM a; DELETE FROM b'))
    """,
    "a listener of the metadata, created by psycopg2": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import create_engine
        from sqlalchemy.orm import sessionmaker
        engine = create_engine('postgresql+psycopg2://db/a')
        maker = sessionmaker(engine)

        # file: app/base.py
        from sqlalchemy.orm import DeclarativeBase
        class Base(DeclarativeBase):
            pass

        # file: app/main.py
        from app.base import Base
        from app.db import engine
        Base.metadata.create_all(engine)

        # file: app/x.py
        from sqlalchemy import DDL, event
        from app.base import Base
        event.listen(Base.metadata, 'after_create', DDL('DELETE FROM a; DELETE FROM b'))
    """,
    "a listener of the metadata, created by nobody known, where all engines are asyncpg's": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+asyncpg://db/a')  # PGB101 PGB201
        async_session_maker = async_sessionmaker(engine)

        # file: app/base.py
        from sqlalchemy.orm import DeclarativeBase
        class Base(DeclarativeBase):
            pass

        # file: app/x.py
        from sqlalchemy import DDL, event
        from app.base import Base
        event.listen(Base.metadata, 'after_create', DDL('DELETE FROM a; DELETE FROM b'))  # PGB302
    """,
    "a listener of the metadata, created both ways": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+asyncpg://db/a')  # PGB101 PGB201
        async_session_maker = async_sessionmaker(engine)

        # file: app/base.py
        from sqlalchemy.orm import DeclarativeBase
        class Base(DeclarativeBase):
            pass

        # file: app/main.py
        from app.base import Base
        from app.db import engine
        async def start():
            async with engine.begin() as conn:
                await conn.run_sync(Base.metadata.create_all)

        # file: app/now.py
        from app.base import Base
        from app.db import engine
        Base.metadata.create_all(engine)

        # file: app/x.py
        from sqlalchemy import DDL, event
        from app.base import Base
        event.listen(Base.metadata, 'after_create', DDL('DELETE FROM a; DELETE FROM b'))
    """,
    "a migration on the application's engine": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+asyncpg://db/a')  # PGB101 PGB201
        async_session_maker = async_sessionmaker(engine)

        # file: migrations/env.py
        from alembic import context
        from app.db import engine
        def migrate(connection):
            context.configure(connection=connection)
        async def run():
            async with engine.connect() as connection:
                await connection.run_sync(migrate)

        # file: migrations/versions/one.py
        from alembic import op
        import sqlalchemy as sa
        def upgrade():
            op.execute('DELETE FROM a; DELETE FROM b')  # PGB302
    """,
    "a migration on the application's engine, aiosqlite": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('sqlite+aiosqlite:///a.db')
        async_session_maker = async_sessionmaker(engine)

        # file: migrations/env.py
        from alembic import context
        from app.db import engine
        def migrate(connection):
            context.configure(connection=connection)
        async def run():
            async with engine.connect() as connection:
                await connection.run_sync(migrate)

        # file: migrations/versions/one.py
        from alembic import op
        import sqlalchemy as sa
        def upgrade():
            op.execute('DELETE FROM a; DELETE FROM b')
    """,
    "a synchronous env.py beside an asyncpg application": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+asyncpg://db/a')  # PGB101 PGB201
        async_session_maker = async_sessionmaker(engine)

        # file: migrations/env.py
        from alembic import context
        from sqlalchemy import create_engine
        engine = create_engine('postgresql+psycopg2://db/a')
        with engine.connect() as connection:
            context.configure(connection=connection)

        # file: migrations/versions/one.py
        from alembic import op
        import sqlalchemy as sa
        def upgrade():
            op.execute(sa.text('DELETE FROM a; DELETE FROM b'))
    """,
    "the nearest of two env.py": """
        # file: one/env.py
        from alembic import context
        from sqlalchemy.ext.asyncio import async_engine_from_config
        engine = async_engine_from_config({'sqlalchemy.url': 'postgresql+asyncpg://db/a'})  # PGB101 PGB201

        # file: two/env.py
        from alembic import context
        from sqlalchemy import create_engine
        engine = create_engine('postgresql+psycopg2://db/a')
        with engine.connect() as connection:
            context.configure(connection=connection)

        # file: two/versions/one.py
        from alembic import op
        import sqlalchemy as sa
        def upgrade():
            op.execute('DELETE FROM a; DELETE FROM b')
    """,
    "a migration's own connection": """
        # file: m/env.py
        from alembic import context
        from sqlalchemy.ext.asyncio import async_engine_from_config
        engine = async_engine_from_config({'sqlalchemy.url': 'postgresql+asyncpg://db/a'})  # PGB101 PGB201

        # file: m/versions/one.py
        from alembic import op
        import sqlalchemy as sa
        def upgrade():
            bind = op.get_bind()
            bind.execute(sa.text('DELETE FROM a; DELETE FROM b'))  # PGB301
    """,
    "a migration's own connection, driver SQL": """
        # file: m/env.py
        from alembic import context
        from sqlalchemy.ext.asyncio import async_engine_from_config
        engine = async_engine_from_config({'sqlalchemy.url': 'postgresql+asyncpg://db/a'})  # PGB101 PGB201

        # file: m/versions/one.py
        from alembic import op
        import sqlalchemy as sa
        def upgrade():
            op.get_bind().exec_driver_sql('DELETE FROM a; DELETE FROM b')  # PGB302
    """,
    "a migration's session": """
        # file: m/env.py
        from alembic import context
        from sqlalchemy.ext.asyncio import async_engine_from_config
        engine = async_engine_from_config({'sqlalchemy.url': 'postgresql+asyncpg://db/a'})  # PGB101 PGB201

        # file: m/versions/one.py
        from sqlalchemy.orm import Session
        from alembic import op
        import sqlalchemy as sa
        def upgrade():
            with Session(bind=op.get_bind()) as s:
                s.execute(sa.text('DELETE FROM a; DELETE FROM b'))  # PGB301
    """,
    "a migration's own connection, synchronous": """
        # file: m/env.py
        from alembic import context
        from sqlalchemy import create_engine
        engine = create_engine('postgresql+psycopg2://db/a')
        with engine.connect() as connection:
            context.configure(connection=connection)

        # file: m/versions/one.py
        from alembic import op
        import sqlalchemy as sa
        def upgrade():
            bind = op.get_bind()
            bind.execute(sa.text('DELETE FROM a; DELETE FROM b'))
    """,
    "a migration in pieces": """
        # file: m/env.py
        from alembic import context
        from sqlalchemy.ext.asyncio import async_engine_from_config
        engine = async_engine_from_config({'sqlalchemy.url': 'postgresql+asyncpg://db/a'})  # PGB101 PGB201

        # file: m/versions/one.py
        from alembic import op
        import sqlalchemy as sa
        def upgrade():
            for one in 'DELETE FROM a; DELETE FROM b'.split(';'):
                op.execute(one)
    """,
    "a migration for another dialect": """
        # file: m/env.py
        from alembic import context
        from sqlalchemy.ext.asyncio import async_engine_from_config
        engine = async_engine_from_config({'sqlalchemy.url': 'postgresql+asyncpg://db/a'})  # PGB101 PGB201

        # file: m/versions/one.py
        from alembic import op
        import sqlalchemy as sa
        def upgrade():
            if op.get_bind().dialect.name == 'sqlite':
                op.execute('DELETE FROM a; DELETE FROM b')
    """,
    "a migration that leaves another dialect early": """
        # file: m/env.py
        from alembic import context
        from sqlalchemy.ext.asyncio import async_engine_from_config
        engine = async_engine_from_config({'sqlalchemy.url': 'postgresql+asyncpg://db/a'})  # PGB101 PGB201

        # file: m/versions/one.py
        from alembic import op
        import sqlalchemy as sa
        def upgrade():
            bind = op.get_bind()
            if bind.dialect.name != 'mysql':
                return
            op.execute('DELETE FROM a; DELETE FROM b')
    """,
    "a migration for PostgreSQL alone": """
        # file: m/env.py
        from alembic import context
        from sqlalchemy.ext.asyncio import async_engine_from_config
        engine = async_engine_from_config({'sqlalchemy.url': 'postgresql+asyncpg://db/a'})  # PGB101 PGB201

        # file: m/versions/one.py
        from alembic import op
        import sqlalchemy as sa
        def upgrade():
            if op.get_bind().dialect.name == 'postgresql':
                op.execute('DELETE FROM a; DELETE FROM b')  # PGB302
    """,
    "a migration for another dialect by its context": """
        # file: m/env.py
        from alembic import context
        from sqlalchemy.ext.asyncio import async_engine_from_config
        engine = async_engine_from_config({'sqlalchemy.url': 'postgresql+asyncpg://db/a'})  # PGB101 PGB201

        # file: m/versions/one.py
        from alembic import op
        import sqlalchemy as sa
        def upgrade():
            dialect = op.get_context().dialect.name
            if dialect in ('sqlite', 'mysql'):
                op.execute('DELETE FROM a; DELETE FROM b')
    """,
    "a trigger of SQLite in a migration": """
        # file: m/env.py
        from alembic import context
        from sqlalchemy.ext.asyncio import async_engine_from_config
        engine = async_engine_from_config({'sqlalchemy.url': 'postgresql+asyncpg://db/a'})  # PGB101 PGB201

        # file: m/versions/one.py
        from alembic import op
        import sqlalchemy as sa
        def upgrade():
            op.execute('CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; DELETE FROM c; END')
    """,
    "pragmas in a migration": """
        # file: m/env.py
        from alembic import context
        from sqlalchemy.ext.asyncio import async_engine_from_config
        engine = async_engine_from_config({'sqlalchemy.url': 'postgresql+asyncpg://db/a'})  # PGB101 PGB201

        # file: m/versions/one.py
        from alembic import op
        import sqlalchemy as sa
        def upgrade():
            op.execute('PRAGMA foreign_keys=OFF; PRAGMA journal_mode=WAL')
    """,
    "a listener of an asyncpg engine's connections": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+asyncpg://db/a')  # PGB101 PGB201
        async_session_maker = async_sessionmaker(engine)

        # file: app/x.py
        from sqlalchemy import event
        from app.db import engine
        @event.listens_for(engine.sync_engine, 'connect')
        def setup(connection, record):
            cursor = connection.cursor()
            cursor.execute("SET a = 1; SET b = 2")  # PGB302
    """,
    "a listener of an aiosqlite engine's connections": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('sqlite+aiosqlite:///a.db')
        async_session_maker = async_sessionmaker(engine)

        # file: app/x.py
        from sqlalchemy import event
        from app.db import engine
        @event.listens_for(engine.sync_engine, 'connect')
        def setup(connection, record):
            cursor = connection.cursor()
            cursor.execute("SET a = 1; SET b = 2")
    """,
    "a listener of a synchronous engine's connections": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import create_engine
        from sqlalchemy.orm import sessionmaker
        engine = create_engine('postgresql+psycopg2://db/a')
        maker = sessionmaker(engine)

        # file: app/x.py
        from sqlalchemy import event
        from app.db import engine
        @event.listens_for(engine, 'connect')
        def setup(connection, record):
            cursor = connection.cursor()
            cursor.execute("SET a = 1; SET b = 2")
    """,
    "a listener that runs one command": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+asyncpg://db/a')  # PGB101 PGB201
        async_session_maker = async_sessionmaker(engine)

        # file: app/x.py
        from sqlalchemy import event
        from app.db import engine
        @event.listens_for(engine.sync_engine, 'connect')
        def setup(connection, record):
            cursor = connection.cursor()
            cursor.execute("SET a = 'x; y';")
    """,
    "a raw connection of asyncpg": """
        # file: app/__init__.py

        # file: app/db.py
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
        engine = create_async_engine('postgresql+asyncpg://db/a')  # PGB101 PGB201
        async_session_maker = async_sessionmaker(engine)

        # file: app/x.py
        from app.db import engine
        async def f():
            async with engine.connect() as conn:
                raw = await conn.get_raw_connection()
                await raw.driver_connection.execute('DELETE FROM a; DELETE FROM b')
    """,
}


# The files of each project, the last of which is checked, and whether its repair is safe.
ATOMIC: dict[str, tuple[str, bool]] = {
    "an engine in sight": (
        """
            # file: app/__init__.py

            # file: app/db.py
            from sqlalchemy import text
            from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
            engine = create_async_engine('postgresql+asyncpg://db/a')
            async_session_maker = async_sessionmaker(engine)

            # file: app/x.py
            from sqlalchemy import text
            from app.db import async_session_maker
            async def f():
                async with async_session_maker() as s:
                    await s.execute(text('DELETE FROM a; DELETE FROM b'))
        """,
        True,
    ),
    "an annotated session": (
        """
            # file: app/__init__.py

            # file: app/db.py
            from sqlalchemy import text
            from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
            engine = create_async_engine('postgresql+asyncpg://db/a')
            async_session_maker = async_sessionmaker(engine)

            # file: app/x.py
            from sqlalchemy import text
            from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
            async def f(s: AsyncSession):
                await s.execute(text('DELETE FROM a; DELETE FROM b'))
        """,
        True,
    ),
    "an engine under AUTOCOMMIT": (
        """
            # file: app/__init__.py

            # file: app/db.py
            from sqlalchemy import text
            from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
            engine = create_async_engine('postgresql+asyncpg://db/a', isolation_level='AUTOCOMMIT')
            async_session_maker = async_sessionmaker(engine)

            # file: app/x.py
            from sqlalchemy import text
            from app.db import async_session_maker
            async def f():
                async with async_session_maker() as s:
                    await s.execute(text('DELETE FROM a; DELETE FROM b'))
        """,
        False,
    ),
    "an annotated session, an engine under AUTOCOMMIT": (
        """
            # file: app/__init__.py

            # file: app/db.py
            from sqlalchemy import text
            from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
            engine = create_async_engine('postgresql+asyncpg://db/a', isolation_level='AUTOCOMMIT')
            async_session_maker = async_sessionmaker(engine)

            # file: app/x.py
            from sqlalchemy import text
            from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
            async def f(s: AsyncSession):
                await s.execute(text('DELETE FROM a; DELETE FROM b'))
        """,
        False,
    ),
    "an engine's options say AUTOCOMMIT": (
        """
            # file: app/__init__.py

            # file: app/db.py
            from sqlalchemy import text
            from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
            options = {'isolation_level': 'AUTOCOMMIT'}
            engine = create_async_engine('postgresql+asyncpg://db/a', execution_options=options)
            async_session_maker = async_sessionmaker(engine)

            # file: app/x.py
            from sqlalchemy import text
            from app.db import async_session_maker
            async def f():
                async with async_session_maker() as s:
                    await s.execute(text('DELETE FROM a; DELETE FROM b'))
        """,
        False,
    ),
    "another isolation level": (
        """
            # file: app/__init__.py

            # file: app/db.py
            from sqlalchemy import text
            from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
            engine = create_async_engine('postgresql+asyncpg://db/a', isolation_level='SERIALIZABLE')
            async_session_maker = async_sessionmaker(engine)

            # file: app/x.py
            from sqlalchemy import text
            from app.db import async_session_maker
            async def f():
                async with async_session_maker() as s:
                    await s.execute(text('DELETE FROM a; DELETE FROM b'))
        """,
        True,
    ),
    "a migration": (
        """
            # file: m/env.py
            from alembic import context
            from sqlalchemy.ext.asyncio import async_engine_from_config
            engine = async_engine_from_config({'sqlalchemy.url': 'postgresql+asyncpg://db/a'})

            # file: m/versions/one.py
            from alembic import op
            import sqlalchemy as sa
            def upgrade():
                op.execute('DELETE FROM a; DELETE FROM b')
        """,
        True,
    ),
    "a migration in an autocommit block": (
        """
            # file: m/env.py
            from alembic import context
            from sqlalchemy.ext.asyncio import async_engine_from_config
            engine = async_engine_from_config({'sqlalchemy.url': 'postgresql+asyncpg://db/a'})

            # file: m/versions/one.py
            from alembic import op
            import sqlalchemy as sa
            def upgrade():
                with op.get_context().autocommit_block():
                    op.execute('DELETE FROM a; DELETE FROM b')
        """,
        False,
    ),
    "an env.py under AUTOCOMMIT": (
        """
            # file: m/env.py
            from alembic import context
            from sqlalchemy.ext.asyncio import async_engine_from_config
            options = {'sqlalchemy.url': 'postgresql+asyncpg://db/a', 'sqlalchemy.isolation_level': 'AUTOCOMMIT'}
            engine = async_engine_from_config(options)

            # file: m/versions/one.py
            from alembic import op
            import sqlalchemy as sa
            def upgrade():
                op.execute('DELETE FROM a; DELETE FROM b')
        """,
        False,
    ),
}


@pytest.mark.parametrize("name", ATOMIC)
def test_commands_are_split_safely_inside_a_transaction(name: str, tmp_path: Path) -> None:
    project, safe = ATOMIC[name]
    target = lay(tmp_path, files(project))[-1]
    _, report = check_bytes(str(target), target.read_bytes(), Deployment(), Project(str(tmp_path)))
    (finding,) = report.findings
    assert finding.fix is not None
    assert (finding.fix.applicability is Applicability.SAFE) is safe


RUN_BY_A_SESSION = """
    # file: app/a.py
    from sqlalchemy.ext.asyncio import create_async_engine
    engine = create_async_engine('postgresql+asyncpg://db/a')

    # file: app/b.py
    from sqlalchemy.ext.asyncio import create_async_engine
    engine = create_async_engine('postgresql+asyncpg://db/b')

    # file: app/c.py
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession
    AUTOCOMMIT = True
    async def clear(session: AsyncSession):
        await session.execute(text('DELETE FROM a; DELETE FROM b'))  # PGB301
"""


def test_engines_are_looked_at_until_the_answer_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = record_loads(monkeypatch)
    assert codes_in(tmp_path, files(RUN_BY_A_SESSION), "app/c.py") == ["PGB301"]
    assert loaded == ["c.py", "a.py"]


OF_NO_ASYNCPG = """
    # file: app/main.py
    from app.db import connected
    connected('postgresql://db/a')

    # file: app/listening.py
    import asyncpg

    # file: app/db.py
    from sqlalchemy import create_engine, text
    def connected(url):
        with create_engine(url).connect() as connection:
            connection.execute(text('DELETE FROM a; DELETE FROM b'))
"""


def test_callers_are_not_asked_for_engines_that_cannot_be_of_asyncpg(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = record_loads(monkeypatch)
    assert codes_in(tmp_path, files(OF_NO_ASYNCPG), "app/db.py") == []
    assert loaded == ["db.py"]


@pytest.mark.parametrize("name", PROJECTS)
def test_who_runs_it_is_found_in_the_project(name: str, tmp_path: Path) -> None:
    assert judged(tmp_path, PROJECTS[name]) == files(PROJECTS[name])
