"""Code after a command in the callers of its function: programs with the codes of their statements."""

from __future__ import annotations

import pytest
from blocks import cases

from .test_transactions import said

FUNCTIONS = """
    async def take(conn):
        await conn.execute(text("SELECT pg_advisory_lock(1)"))
    async def give_back(conn):
        await conn.execute(text("SELECT pg_advisory_unlock(1)"))
    async def f():
        async with engine.begin() as conn:
            await take(conn)
            await give_back(conn)

    async def take(conn):
        await conn.execute(text("SELECT pg_advisory_lock(1)"))
    async def give_back(conn):
        await conn.execute(text("SELECT pg_advisory_unlock(1)"))
    async def f():
        async with engine.connect() as conn:
            await take(conn)
            await conn.commit()
            await give_back(conn)  # PGB403

    async def take(conn):
        await conn.execute(text("SELECT pg_advisory_lock(1)"))
    async def give_back(conn):
        await conn.execute(text("SELECT pg_advisory_unlock(1)"))
    async def f():
        async with engine.begin() as conn:
            await take(conn)
            await give_back(conn)
    async def g():
        async with engine.connect() as conn:
            await take(conn)
            await conn.commit()
            await give_back(conn)  # PGB403

    async def take(conn):
        await conn.execute(text("SELECT pg_advisory_lock(1)"))
    async def give_back(conn):
        await conn.execute(text("SELECT pg_advisory_unlock(1)"))
    async def save(conn):
        await conn.commit()
    async def f():
        async with engine.connect() as conn:
            await take(conn)
            await save(conn)
            await give_back(conn)  # PGB403

    async def take(conn):
        await conn.execute(text("SELECT pg_advisory_lock(1)"))
    async def f():
        async with engine.begin() as conn:
            await take(conn)  # PGB403?

    async def take(conn):
        await conn.execute(text("SELECT pg_advisory_lock(1)"))
    async def f():
        async with engine.begin() as conn:
            await take(conn)
            await release_lock(conn)

    async def take(conn):
        await conn.execute(text("SELECT pg_advisory_lock(1)"))
    async def f(conn):
        await take(conn)

    async def take(conn):
        await conn.execute(text("SELECT pg_advisory_lock(1)"))
    async def give_back(conn):
        await conn.execute(text("SELECT pg_advisory_unlock(2)"))
    async def f():
        async with engine.begin() as conn:
            await take(conn)
            await give_back(conn)  # PGB403?

    async def take(conn):
        await conn.fetchval("SELECT pg_advisory_lock(1)")
    async def f(pool: asyncpg.Pool):
        async with pool.acquire() as conn, conn.transaction():
            await take(conn)
            await conn.fetchval("SELECT pg_advisory_unlock(1)")

    async def take(conn):
        await conn.fetchval("SELECT pg_advisory_lock(1)")
    async def f(pool: asyncpg.Pool):
        async with pool.acquire() as conn:
            await take(conn)
            await conn.fetchval("SELECT pg_advisory_unlock(1)")  # PGB403

    async def set_tenant(conn, value):
        await conn.execute("SELECT set_config('app.tenant', $1, true)", value)
    async def f(pool: asyncpg.Pool):
        async with pool.acquire() as conn:
            await set_tenant(conn, "a")  # PGB404
"""

MANAGERS = """
    @asynccontextmanager
    async def locked(conn):
        await conn.execute(text("SELECT pg_advisory_lock(1)"))
        try:
            yield
        finally:
            await conn.execute(text("SELECT pg_advisory_unlock(1)"))
    async def f():
        async with engine.begin() as conn:
            async with locked(conn):
                await conn.execute(text("SELECT 1"))

    @asynccontextmanager
    async def locked(conn):
        await conn.execute(text("SELECT pg_advisory_lock(1)"))
        try:
            yield
        finally:
            await conn.execute(text("SELECT pg_advisory_unlock(1)"))
    async def f():
        async with maker() as session:
            async with locked(session):
                await session.commit()  # PGB403

    @asynccontextmanager
    async def locked(conn):
        await conn.execute(text("SELECT pg_advisory_lock(1)"))
        try:
            yield
        finally:
            await conn.execute(text("SELECT pg_advisory_unlock(1)"))
    async def f():
        async with maker() as session:
            async with locked(session):
                await session.execute(text("SELECT 1"))
            await session.commit()

    @asynccontextmanager
    async def locked():
        async with engine.connect() as conn:
            await conn.execute(text("SELECT pg_advisory_lock(1)"))
            yield conn
            await conn.execute(text("SELECT pg_advisory_unlock(1)"))
    async def f():
        async with locked() as conn:
            await conn.execute(text("SELECT 1"))

    @asynccontextmanager
    async def locked():
        async with engine.connect() as conn:
            await conn.execute(text("SELECT pg_advisory_lock(1)"))
            yield conn
            await conn.execute(text("SELECT pg_advisory_unlock(1)"))
    async def f():
        async with locked() as conn:
            await conn.commit()  # PGB403
"""

SHARED = """
    async def f():
        async with engine.begin() as conn:
            await conn.execute(text("SELECT pg_advisory_lock_shared(1)"))
            await conn.execute(text("SELECT pg_advisory_unlock_shared(1)"))

    async def f():
        async with engine.begin() as conn:
            await conn.execute(text("SELECT pg_advisory_lock(1)"))
            await conn.execute(text("SELECT pg_advisory_unlock_all()"))

    async def f():
        async with engine.begin() as conn:
            await conn.execute(text("SELECT pg_advisory_lock(1)"))
            await conn.execute(text("SELECT pg_advisory_unlock_shared(1)"))  # PGB403?
"""

CLASSES = """
    class Lock:
        def __init__(self, connection):
            self.connection = connection
        async def acquire(self):
            await self.connection.execute(text("SELECT pg_advisory_lock(1)"))
        async def release(self):
            await self.connection.execute(text("SELECT pg_advisory_unlock(1)"))
    async def f():
        async with engine.begin() as conn:
            lock = Lock(conn)
            await lock.acquire()
            await lock.release()

    class Lock:
        def __init__(self, connection):
            self.connection = connection
        async def acquire(self):
            await self.connection.execute(text("SELECT pg_advisory_lock(1)"))
        async def release(self):
            await self.connection.execute(text("SELECT pg_advisory_unlock(1)"))
    async def f():
        async with engine.connect() as conn:
            lock = Lock(conn)
            await lock.acquire()
            await conn.commit()
            await lock.release()  # PGB403

    class Lock:
        def __init__(self, connection):
            self.connection = connection
        async def acquire(self):
            await self.connection.execute(text("SELECT pg_advisory_lock(1)"))
        async def release(self):
            await self.connection.execute(text("SELECT pg_advisory_unlock(1)"))
        async def __aenter__(self):
            await self.acquire()
        async def __aexit__(self, *given):
            await self.release()
    async def f():
        async with engine.begin() as conn, Lock(conn):
            await conn.execute(text("SELECT 1"))

    @dataclass
    class Lock:
        key: int
        conn: AsyncConnection
        async def __aenter__(self):
            await self.conn.execute(text("SELECT pg_advisory_lock(1)"))
        async def __aexit__(self, *given):
            await self.conn.execute(text("SELECT pg_advisory_unlock(1)"))
    async def f():
        async with engine.connect() as conn:
            lock = Lock(1, conn=conn)
            async with lock:
                await conn.commit()  # PGB403

    class Lock:
        async def acquire(self):
            self.connection = await engine.connect()
            await self.connection.execute(text("SELECT pg_advisory_lock(1)"))
        async def release(self):
            await self.connection.execute(text("SELECT pg_advisory_unlock(1)"))
            await self.connection.close()

    class Lock:
        async def acquire(self):
            self.connection = await engine.connect()
            await self.connection.execute(text("SELECT pg_advisory_lock(1)"))
            await self.connection.commit()
        async def release(self):
            await self.connection.execute(text("SELECT pg_advisory_unlock(1)"))  # PGB403

    class Lock:
        async def connect(self):
            self.connection = await engine.connect()
        async def acquire(self):
            await self.connection.execute(text("SELECT pg_advisory_lock(1)"))
        async def release(self):
            await self.connection.close()  # PGB403?

    class Lock:
        async def connect(self):
            self.connection = await engine.connect()
            await self.connection.execution_options(isolation_level="AUTOCOMMIT")
        async def acquire(self):
            await self.connection.execute(text("SELECT pg_advisory_lock(1)"))
        async def release(self):
            await self.connection.execute(text("SELECT pg_advisory_unlock(1)"))  # PGB403

    class Lock:
        async def connect(self):
            self.connection = await engine.connect()
        async def acquire(self):
            await self.connection.execute(text("SELECT pg_advisory_lock(1)"))
        async def release(self):
            await self.connection.execute(text("SELECT pg_advisory_unlock(1)"))

    class Lock:
        async def acquire(self):
            self.connection = await asyncpg.connect("postgresql://db/app")
            await self.connection.execute("SELECT pg_advisory_lock(1)")
        async def release(self):
            await self.connection.execute("SELECT pg_advisory_unlock(1)")  # PGB403
"""


IN_ALEMBICS_ENVIRONMENT = """
    def run(connection):
        context.configure(connection=connection)
        connection.execute(text("SELECT pg_advisory_lock(1)"))
        with context.begin_transaction():
            context.run_migrations()
        connection.execute(text("SELECT pg_advisory_unlock(1)"))
    async def f():
        async with engine.connect() as conn:
            await conn.run_sync(run)  # PGB403

    def run(connection):
        connection.execute(text("SELECT pg_advisory_lock(1)"))
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
        connection.execute(text("SELECT pg_advisory_unlock(1)"))
    async def f():
        async with engine.connect() as conn:
            await conn.run_sync(run)

    def run(connection):
        connection.execute(text("SELECT pg_advisory_lock(1)"))
        connection.commit()
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
        connection.execute(text("SELECT pg_advisory_unlock(1)"))
    async def f():
        async with engine.connect() as conn:
            await conn.run_sync(run)  # PGB403
"""

IN_THE_METHOD_THAT_CONNECTS = """
    class Store:
        async def prepare(self):
            conn = await asyncpg.connect("postgresql://db/app")
            await conn.execute("SET ROLE app")  # PGB402

    class Store:
        async def prepare(self):
            made = create_async_engine("postgresql+asyncpg://db/app")
            async with made.begin() as conn:
                await conn.execute(text("SET ROLE app"))  # PGB402!
"""


ALL = (FUNCTIONS, MANAGERS, SHARED, CLASSES, IN_ALEMBICS_ENVIRONMENT, IN_THE_METHOD_THAT_CONNECTS)


@pytest.mark.parametrize(("program", "expected"), cases(*ALL))
def test_what_follows_in_other_functions(program: str, expected: str) -> None:
    assert said(program) == expected
