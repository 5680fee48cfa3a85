"""The transaction of a command: programs with the codes of their statements.

`SET LOCAL` outside of a transaction is PGB404, and a fix is safe (`!`) only if the function shows the end of the
transaction and nothing after it.
"""

from __future__ import annotations

from pathlib import Path

import libcst as cst
import pytest
from blocks import cases
from programs import codes_in, record_loads

from poolsafe.checker import check
from poolsafe.facts.connection_names import dotted
from poolsafe.facts.deployment import Deployment, PoolMode
from poolsafe.findings import Applicability
from poolsafe.source import Source

HEADER = """\
import asyncpg
from alembic import op
from sqlalchemy import bindparam, event, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.util import await_only

engine = create_async_engine("postgresql+asyncpg://app@db/app")
maker = async_sessionmaker(engine)


"""


def said(program: str) -> str:
    """Returns the codes on session state in a program, in source order; `!` marks those with a safe fix."""
    source = Source.from_text("app.py", HEADER + program + "\n")
    found = check(source, Deployment(pooler=PoolMode.TRANSACTION)).findings
    marks = {None: "", Applicability.SAFE: "!", Applicability.UNSAFE: "?"}
    return " ".join(
        one.code + marks[one.fix.applicability if one.fix else None]
        for one in sorted(found, key=lambda one: one.start)
        if one.code.startswith("PGB4")
    )


SQLALCHEMY = """
    async def f():
        async with engine.begin() as conn:
            await conn.execute(text("SET work_mem = '1GB'"))
            await conn.execute(text("SELECT 1"))  # PGB401!

    async def f():
        async with engine.begin() as conn:
            await conn.execute(text("SET work_mem = '1GB'"))
            await conn.commit()
            await conn.execute(text("SELECT 1"))  # PGB401

    async def f():
        async with maker.begin() as session:
            await session.execute(text("SET work_mem = '1GB'"))  # PGB401!

    async def f():
        async with maker() as session, session.begin():
            await session.execute(text("SET work_mem = '1GB'"))  # PGB401!

    async def f():
        async with maker() as session:
            async with session.begin():
                await session.execute(text("SET work_mem = '1GB'"))
            await session.execute(text("SELECT 1"))  # PGB401

    async def f():
        async with engine.connect() as conn:
            await conn.execute(text("SET work_mem = '1GB'"))
            await conn.commit()  # PGB401?

    async def f(session: AsyncSession):
        await session.execute(text("SET work_mem = '1GB'"))  # PGB401?

    async def f(conn: AsyncConnection):
        async with conn.begin():
            await conn.execute(text("SET work_mem = '1GB'"))  # PGB401?

    async def f(session: AsyncSession):
        conn = await session.connection()
        await conn.execute(text("SET work_mem = '1GB'"))
        await session.commit()  # PGB401?

    async def f():
        async with engine.begin() as conn:
            await conn.execute(text("SET work_mem = '1GB'"))
            yield conn  # PGB401?

    async def f():
        async with engine.connect() as conn:
            await conn.execute(text("SET LOCAL work_mem = '1GB'"))

    async def f():
        async with engine.connect() as conn:
            await conn.execution_options(isolation_level="AUTOCOMMIT")
            await conn.execute(text("SET LOCAL work_mem = '1GB'"))  # PGB404

    async def f():
        async with engine.connect() as conn:
            conn = await conn.execution_options(isolation_level="AUTOCOMMIT")
            await conn.execute(text("SET LOCAL work_mem = '1GB'"))  # PGB404

    async def f():
        async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as conn:
            await conn.execute(text("BEGIN"))
            await conn.execute(text("SET LOCAL work_mem = '1GB'"))
            await conn.execute(text("COMMIT"))
"""

ASYNCPG = """
    async def f(pool: asyncpg.Pool):
        async with pool.acquire() as conn:
            await conn.execute("SET LOCAL work_mem = '1GB'")  # PGB404

    async def f(pool: asyncpg.Pool):
        async with pool.acquire() as conn:
            async with conn.transaction():
                await conn.execute("SET LOCAL work_mem = '1GB'")

    async def f(pool: asyncpg.Pool):
        async with pool.acquire() as conn, conn.transaction():
            await conn.execute("SET work_mem = '1GB'")  # PGB401!

    async def f(pool: asyncpg.Pool):
        await pool.execute("SET LOCAL work_mem = '1GB'")  # PGB404

    async def f():
        conn = await asyncpg.connect("postgresql://db/app")
        await conn.execute("SET LOCAL work_mem = '1GB'")  # PGB404

    async def f():
        conn = await asyncpg.connect("postgresql://db/app")
        transaction = conn.transaction()
        await transaction.start()
        await conn.execute("SET LOCAL work_mem = '1GB'")
        await transaction.commit()

    async def f(conn: asyncpg.Connection):
        await conn.execute("SET LOCAL work_mem = '1GB'")

    async def f(conn: asyncpg.Connection):
        await conn.execute("SET work_mem = '1GB'")  # PGB401

    async def set_limit(conn: asyncpg.Connection):
        await conn.execute("SET LOCAL work_mem = '1GB'")
    async def f():
        async with in_transaction() as conn:
            await set_limit(conn)
"""

LOCKS = """
    async def f():
        async with engine.begin() as conn:
            await conn.execute(text("SELECT pg_advisory_lock(1)"))
            await conn.execute(text("SELECT pg_advisory_unlock(1)"))

    async def f():
        async with engine.begin() as conn:
            await conn.execute(select(func.pg_advisory_lock(1)))
            await conn.commit()
            await conn.execute(select(func.pg_advisory_unlock(1)))  # PGB403

    async def f():
        async with maker() as session:
            await session.scalar(select(func.pg_try_advisory_lock(1)))  # PGB403?

    async def f(session: AsyncSession):
        await session.scalar(select(func.pg_try_advisory_lock(1)))

    async def f(pool: asyncpg.Pool):
        async with pool.acquire() as conn:
            await conn.fetchval("SELECT pg_try_advisory_lock(1)")
            await conn.execute("SELECT pg_advisory_unlock(1)")  # PGB403

    async def f(session: AsyncSession):
        await session.execute(select(func.pg_advisory_xact_lock(1)))

    async def f():
        async with maker() as session:
            await session.execute(text("SELECT pg_advisory_lock(1)"))
            await session.execute(text("SELECT pg_advisory_lock(1)"))
            await session.execute(text("SELECT pg_advisory_unlock(1)"))  # PGB403?

    async def f():
        async with maker() as session:
            await session.execute(text("SELECT pg_advisory_lock(1)"))
            await session.execute(text("SELECT pg_advisory_lock(1)"))
            await session.execute(text("SELECT pg_advisory_unlock(1)"))
            await session.execute(text("SELECT pg_advisory_unlock(1)"))

    async def f():
        async with maker() as session:
            await session.execute(text("SELECT pg_advisory_lock(1)"))
            await session.execute(text("SELECT pg_advisory_lock(1)"))
            await session.execute(text("SELECT pg_advisory_unlock_all()"))

    async def f():
        async with maker() as session:
            if not await session.scalar(text("SELECT pg_try_advisory_lock(1)")):
                await session.execute(text("SELECT pg_advisory_lock(1)"))
            await session.execute(text("SELECT pg_advisory_unlock(1)"))

    async def f():
        async with maker() as session:
            await session.execute(text("SELECT pg_advisory_lock(1)"))
            await session.execute(text("SELECT pg_advisory_lock(1)"))
            await session.execute(text("SELECT pg_advisory_unlock(1), pg_advisory_unlock(1)"))

    async def f():
        async with maker() as session:
            await session.execute(text("SELECT pg_advisory_lock(1)"))
            await session.execute(text("SELECT pg_advisory_lock(1)"))
            for _ in range(2):
                await session.execute(text("SELECT pg_advisory_unlock(1)"))

    async def f(names: list[str]):
        async with maker() as session:
            for _ in names:
                await session.execute(text("SELECT pg_advisory_lock(1)"))
                await session.execute(text("SELECT pg_advisory_lock(1)"))
                await session.execute(text("SELECT pg_advisory_unlock(1)"))  # PGB403?

    async def f(key: int, other: int):
        async with maker() as session:
            await session.execute(select(func.pg_advisory_lock(key)))
            await session.execute(select(func.pg_advisory_lock(other)))
            await session.execute(select(func.pg_advisory_unlock(key)))

    async def f():
        async with maker() as session:
            await session.execute(text("SELECT pg_advisory_lock(1)"))
            await session.execute(text("INSERT INTO a VALUES (1)"))
            await session.commit()
            await session.execute(text("SELECT pg_advisory_unlock(1)"))  # PGB403?

    async def f():
        async with maker() as session:
            await session.execute(text("SELECT pg_advisory_lock(1)"))
            await session.execute(text("INSERT INTO a VALUES (1)"))
            await session.commit()
            await session.execute(text("INSERT INTO a VALUES (2)"))
            await session.execute(text("SELECT pg_advisory_unlock(1)"))  # PGB403

    class Leader:
        async def lead(self):
            self._session = maker()
            await self._session.execute(text("SELECT pg_try_advisory_lock(1)"))  # PGB403?
"""

MIGRATIONS = """
    def upgrade():
        op.execute("SET lock_timeout = '5s'")

    def upgrade():
        with op.get_context().autocommit_block():
            op.execute("SET LOCAL lock_timeout = '5s'")
"""

OTHERS = """
    @event.listens_for(engine.sync_engine, "begin")
    def f(conn):
        conn.execute(text("SET LOCAL work_mem = '1GB'"))

    @event.listens_for(engine.sync_engine, "begin")
    def f(conn):
        conn.execute(text("SET work_mem = '1GB'"))  # PGB401!

    @event.listens_for(engine.sync_engine, "connect")
    def f(dbapi_connection, record):
        dbapi_connection.cursor().execute("SET work_mem = '1GB'")  # PGB408

    def f(dbapi_connection, record):
        dbapi_connection.cursor().execute("SET work_mem = '1GB'")
    event.listen(engine.sync_engine, "checkout", f)  # PGB408

    async def f():
        async with engine.begin() as conn:
            await conn.execute(text("CREATE TEMP TABLE t (id int)"))
            await conn.execute(text("DROP TABLE t"))

    async def f():
        async with engine.begin() as conn:
            await conn.execute(text("CREATE TEMP TABLE t (id int)"))  # PGB406!

    async def f():
        async with engine.begin() as conn:
            await conn.execute(text("CREATE TEMP TABLE a (id int)"))
            await conn.execute(text("CREATE TEMP TABLE pg_temp.b (id int)"))
            await conn.execute(text("DROP TABLE pg_temp.a, b"))

    async def f():
        async with engine.begin() as conn:
            await conn.execute(text("PREPARE p AS SELECT 1"))
            await conn.execute(text("EXECUTE p"))
            await conn.execute(text("DEALLOCATE p"))

    async def f():
        async with engine.begin() as conn:
            await conn.execute(text("PREPARE p AS SELECT 1"))
            await conn.execute(text("DEALLOCATE q"))  # PGB409

    async def f():
        conn = await asyncpg.connect(DIRECT_URL)
        await conn.add_listener("jobs", print)

    async def f():
        conn = await asyncpg.connect("postgresql://db/app")
        await conn.add_listener("jobs", print)  # PGB407
"""


LISTENERS = """
    @event.listens_for(engine.sync_engine, "connect")
    def f(dbapi_connection, record):
        dbapi_connection.run_async(lambda conn: conn.execute("SET search_path TO a"))  # PGB408

    @event.listens_for(engine.sync_engine, "connect")
    def f(dbapi_connection, record):
        async def setup(conn):
            await conn.execute("SET search_path TO a")
        dbapi_connection.run_async(setup)  # PGB408

    @event.listens_for(engine.sync_engine, "connect")
    def f(dbapi_connection, record):
        dbapi_connection.run_async(lambda conn: conn.set_type_codec("SET"))

    @event.listens_for(engine.sync_engine, "connect")
    def f(dbapi_connection, record):
        await_only(dbapi_connection.driver_connection.execute("SET search_path TO a"))  # PGB408

    @event.listens_for(engine.sync_engine, "connect")
    def f(dbapi_connection, record):
        raw = dbapi_connection.driver_connection
        dbapi_connection.await_(raw.execute("SET ROLE app"))  # PGB402

    @event.listens_for(engine.sync_engine, "connect")
    def f(dbapi_connection, record):
        await_only(dbapi_connection.driver_connection.execute("SELECT 1"))
        await_only(record.driver_connection.execute("SET search_path TO a"))  # PGB408

    @event.listens_for(engine.sync_engine, "connect")
    def f(dbapi_connection, record):
        record.driver_connection.execute("SET search_path TO a")

    @event.listens_for(engine.sync_engine, "checkin")
    def f(dbapi_connection, record):
        await_only(dbapi_connection.driver_connection.execute("DISCARD ALL"))  # PGB409

    @event.listens_for(engine.sync_engine, "connect")
    def f(dbapi_connection, record):
        await_only(dbapi_connection.driver_connection.add_listener("jobs", print))
        dbapi_connection.run_async(lambda conn: conn.add_listener("jobs", print))  # PGB407 PGB407
"""

EXPECTED = """
    async def f():
        async with engine.begin() as conn:
            with pytest.raises(DBAPIError):
                await conn.execute(text("SET ROLE app"))

    class Tests(TestCase):
        async def test(self):
            async with engine.begin() as conn:
                with self.assertRaisesRegex(DBAPIError, "denied"):
                    await conn.execute(text("SET ROLE app"))
                await conn.execute(text("SET ROLE other"))  # PGB402!
"""

SAVEPOINTS = """
    async def f(pool: asyncpg.Pool):
        async with pool.acquire() as conn, conn.transaction():
            async with conn.transaction():
                await conn.execute("SET ROLE app")
            await conn.execute("RESET ROLE")

    async def f(pool: asyncpg.Pool):
        async with pool.acquire() as conn:
            async with conn.transaction():
                await conn.execute("SET ROLE app")
            await conn.execute("RESET ROLE")  # PGB402?
"""

ADAPTERS = """
    async def f():
        async with engine.begin() as conn:
            raw = await conn.get_raw_connection()
            await raw.driver_connection.execute("SET LOCAL work_mem = '1GB'")
            await raw.driver_connection.execute("SET work_mem = '1GB'")  # PGB404 PGB401

    async def f():
        async with engine.begin() as conn:
            await conn.execute(text("SELECT 1"))
            raw = await conn.get_raw_connection()
            await raw.driver_connection.execute("SET LOCAL work_mem = '1GB'")

    async def f():
        async with engine.connect() as conn:
            await conn.execute(text("SELECT 1"))
            driver = (await conn.get_raw_connection()).driver_connection
            await driver.execute("SET LOCAL work_mem = '1GB'")

    async def f():
        async with engine.begin() as conn:
            raw = await conn.get_raw_connection()
            async with raw.driver_connection.transaction():
                await raw.driver_connection.execute("SET LOCAL work_mem = '1GB'")
                await raw.driver_connection.execute("SET ROLE app")  # PGB402!
"""

PARAMETERS = """
    async def f():
        async with engine.begin() as conn:
            await conn.execute(text("SET LOCAL app.x = :v").bindparams(bindparam("v", "a")))  # PGB405?

    async def f():
        async with engine.begin() as conn:
            await conn.execute(text("SET LOCAL app.x = :v").bindparams(bindparam("v", "a", literal_execute=True)))

    async def f():
        async with engine.begin() as conn:
            await conn.execute(text("SET app.x = :v").bindparams(bindparam("v", literal_execute=True)))  # PGB401!
"""

RESETS = """
    async def f():
        async with engine.begin() as conn:
            await conn.execute(text("SET session_replication_role = replica;"))
            await conn.execute(text("DELETE FROM runs"))
            await conn.execute(text("SET session_replication_role = DEFAULT;"))

    async def f():
        async with engine.begin() as conn:
            await conn.execute(text("SET ROLE reader"))
            await conn.execute(text("RESET ROLE"))

    async def f():
        async with engine.begin() as conn:
            await conn.execute(text("SET ROLE reader"))
            await conn.execute(text("RESET ALL"))  # PGB402!

    async def f():
        async with engine.begin() as conn:
            await conn.execute(text("SET app.tenant = 'a'"))
            await conn.execute(text("RESET ALL"))

    async def f():
        async with engine.begin() as conn:
            await conn.execute(text("SET app.tenant = 'a'"))
            await conn.execute(text("RESET app.other"))  # PGB401!

    async def f():
        async with engine.begin() as conn:
            await conn.execute(text("SET app.tenant = 'a'"))
            await conn.execute(text("SET LOCAL app.tenant = DEFAULT"))  # PGB401!

    async def f():
        async with engine.connect() as conn:
            await conn.execute(text("SET app.tenant = 'a'"))
            await conn.commit()
            await conn.execute(text("RESET app.tenant"))  # PGB401?

    async def f(pool: asyncpg.Pool):
        async with pool.acquire() as conn:
            await conn.execute("SET app.tenant = 'a'")
            await conn.execute("RESET app.tenant")  # PGB401
"""

HELPERS = """
    async def f():
        def version(conn):
            conn.execute(text("SET search_path TO a"))
            return conn.execute(text("SELECT 1"))
        async with engine.connect() as conn:
            return await conn.run_sync(version)

    async def f():
        def version(conn):
            conn.execute(text("SET search_path TO a"))
        async with engine.connect() as conn:
            await conn.run_sync(version)
    async def g():
        def version(conn):
            conn.execute(text("SET search_path TO b"))
        async with engine.begin() as conn:
            await conn.run_sync(version)  # PGB401!

    async def _lock(conn):
        async with conn.transaction():
            await conn.fetchval("SELECT pg_advisory_lock(1)")
    async def f(pool: asyncpg.Pool):
        async with pool.acquire() as conn:
            await _lock(conn)  # PGB403?

    async def _lock(conn):
        async with conn.transaction():
            await conn.fetchval("SELECT pg_advisory_lock(1)")
    async def f(pool: asyncpg.Pool):
        async with pool.acquire() as conn, conn.transaction():
            await _lock(conn)
            await conn.fetchval("SELECT pg_advisory_unlock(1)")

    async def f():
        def upgrade(conn):
            conn.execute(text("SET search_path TO a"))
            conn.commit()
        async with engine.connect() as conn:
            await conn.run_sync(upgrade)  # PGB401?

    async def f():
        def create(conn):
            conn.execute(text("SET search_path TO a"))
        async with engine.begin() as conn:
            await conn.run_sync(create)
            await conn.execute(text("SELECT 1"))  # PGB401!

    async def f():
        async with engine.begin() as conn:
            await conn.run_sync(lambda sync: sync.execute(text("SET search_path TO a")))  # PGB401!

    async def f():
        async with engine.connect() as conn:
            await conn.run_sync(lambda sync: sync.execute(text("SET search_path TO a")))

    async def f():
        async with engine.connect() as conn:
            await conn.execute(text("SET search_path TO a"))
            await conn.run_sync(metadata.create_all)

    async def f():
        async with engine.connect() as conn:
            await conn.execute(text("SET search_path TO a"))
            await conn.run_sync(do_migrations)  # PGB401?

    async def _set(conn):
        await conn.execute(text("SET search_path TO a"))
    async def f():
        async with engine.begin() as conn:
            await _set(conn)  # PGB401?

    async def _set(conn):
        await conn.execute(text("SET search_path TO a"))
    async def f():
        async with engine.connect() as conn:
            await _set(conn)
            await conn.execute(text("SELECT 1"))

    async def _set(conn):
        await conn.execute(text("SET search_path TO a"))
    async def f():
        async with engine.connect() as conn:
            await _set(conn)
    async def g():
        async with engine.connect() as conn:
            await _set(conn)
            await conn.commit()  # PGB401?

    async def _set(conn):
        await conn.execute(text("SET search_path TO a"))
    async def f():
        async with engine.connect() as conn:
            await _set(conn)
    handed_out = [_set]  # PGB401?

    async def set_path(conn):
        await conn.execute(text("SET search_path TO a"))
    async def f():
        async with engine.connect() as conn:
            await set_path(conn)  # PGB401?

    async def _set(conn, value):
        await conn.execute("SELECT set_config('app.tenant', $1, true)", value)
    async def f(pool: asyncpg.Pool):
        async with pool.acquire() as conn:
            await _set(conn, "a")  # PGB404

    async def _set(conn, value):
        await conn.execute("SELECT set_config('app.tenant', $1, true)", value)
    async def f(pool: asyncpg.Pool):
        async with pool.acquire() as conn, conn.transaction():
            await _set(conn, "a")

    class Store:
        async def _set(self, conn):
            await conn.execute("SET LOCAL app.tenant = 'a'")
        async def load(self, pool: asyncpg.Pool):
            async with pool.acquire() as conn:
                await self._set(conn=conn)  # PGB404

    async def _lock(conn):
        await conn.execute(text("SELECT pg_advisory_lock(1)"))
    async def _release(conn):
        await conn.execute(text("SELECT pg_advisory_unlock(1)"))
    async def f():
        async with engine.begin() as conn:
            await _lock(conn)
            await _release(conn)

    async def _lock(conn):
        await conn.execute(text("SELECT pg_advisory_lock(1)"))
    async def _release(conn):
        await conn.execute(text("SELECT pg_advisory_unlock(1)"))
    async def f():
        async with engine.connect() as conn:
            await _lock(conn)
            await conn.commit()
            await _release(conn)  # PGB403
"""


@pytest.mark.parametrize(
    ("program", "expected"),
    cases(
        SQLALCHEMY,
        ASYNCPG,
        LOCKS,
        MIGRATIONS,
        OTHERS,
        LISTENERS,
        ADAPTERS,
        EXPECTED,
        SAVEPOINTS,
        PARAMETERS,
        RESETS,
        HELPERS,
    ),
)
def test_the_transaction_around_a_command(program: str, expected: str) -> None:
    assert said(program) == expected


def test_names_with_dots() -> None:
    assert dotted(cst.parse_expression("self.pool.conn")) == "self.pool.conn"
    assert dotted(cst.parse_expression("(await self.conn)")) == "self.conn"
    assert dotted(cst.parse_expression("get().conn")) is None
    assert dotted(None) is None


GIVEN = """
async def test_a_table(session: AsyncSession):
    await session.execute(text("CREATE TEMP TABLE x (a int)"))
    await session.commit()
"""
MADE = """
async def test_a_table():
    async with engine.begin() as session:
        await session.execute(text("CREATE TEMP TABLE x (a int)"))
"""


def test_what_a_test_is_given_is_rolled_back() -> None:
    for path, program, expected in (
        ("tests/test_tables.py", GIVEN, []),
        ("tests/test_tables.py", MADE, ["PGB406"]),
        ("tables.py", GIVEN, ["PGB406"]),
    ):
        found = check(Source.from_text(path, HEADER + program), Deployment(pooler=PoolMode.TRANSACTION)).findings
        assert [one.code for one in found if one.code.startswith("PGB4")] == expected


def test_a_project_in_a_folder_of_that_name_is_no_test(tmp_path: Path) -> None:
    checkout = tmp_path / "tests" / "shop"
    (checkout / ".git").mkdir(parents=True)
    source = Source.from_text(str(checkout / "tables.py"), HEADER + GIVEN)
    found = check(source, Deployment(pooler=PoolMode.TRANSACTION)).findings
    assert [one.code for one in found if one.code.startswith("PGB4")] == ["PGB406"]


PSYCOPG = """
import psycopg

async def work(conninfo):
    async with await psycopg.AsyncConnection.connect(conninfo) as connection:
        await {cursor}.execute("SET app.x = %s", ("a",))
"""


@pytest.mark.parametrize(
    ("cursor", "codes"), [("connection", ["PGB405"]), ("psycopg.AsyncClientCursor(connection)", [])]
)
def test_a_client_cursor_writes_parameters(cursor: str, codes: list[str]) -> None:
    found = check(Source.from_text("app.py", PSYCOPG.format(cursor=cursor)), Deployment()).findings
    assert [one.code for one in found if one.code.startswith("PGB4")] == codes


@pytest.mark.parametrize(("function", "asked"), [("pg_advisory_xact_lock", False), ("pg_advisory_lock", True)])
def test_no_engine_is_looked_for_if_the_effect_ends_with_the_transaction(
    function: str, asked: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = record_loads(monkeypatch)
    files = {
        "locks.py": (
            "from sqlalchemy import text\nfrom sqlalchemy.ext.asyncio import AsyncSession\n"
            "async def lock(session: AsyncSession):\n"
            f"    await session.execute(text('SELECT {function}(1)'))\n"
        ),
        "db.py": "from sqlalchemy.ext.asyncio import create_async_engine\ncreate_async_engine('postgresql+asyncpg://h')\n",
    }
    codes_in(tmp_path, files, "locks.py")
    assert ("db.py" in loaded) is asked
