"""Who runs SQL of several commands where the answer stands in another module: small projects, and what is reported."""

# ruff: noqa: E501 - the files of a project stand as lines in the table

from __future__ import annotations

from pathlib import Path

import pytest

from poolsafe.checker import check_bytes
from poolsafe.facts.deployment import Deployment
from poolsafe.findings import Applicability, Finding
from poolsafe.inference.project import Project

ASYNC = "from sqlalchemy import text\nfrom sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine\n"
DB = ASYNC + "engine = create_async_engine('{}')\nasync_session_maker = async_sessionmaker(engine)\n"
ASYNCPG = {"app/__init__.py": "", "app/db.py": DB.format("postgresql+asyncpg://db/a")}
AIOSQLITE = {"app/__init__.py": "", "app/db.py": DB.format("sqlite+aiosqlite:///a.db")}
PSYCOPG = {"app/__init__.py": "", "app/db.py": DB.format("postgresql+psycopg://db/a")}
PSYCOPG2 = {
    "app/__init__.py": "",
    "app/db.py": "from sqlalchemy import create_engine\nfrom sqlalchemy.orm import sessionmaker\n"
    "engine = create_engine('postgresql+psycopg2://db/a')\nmaker = sessionmaker(engine)\n",
}
DEPENDENCY = "async def get_session():\n    async with async_session_maker() as session:\n        yield session\n"
FASTAPI = "from typing import Annotated\nfrom fastapi import Depends\n"
MAKER = (
    "from sqlalchemy import text\nfrom app.db import async_session_maker\nasync def f():\n"
    "    async with async_session_maker() as s:\n        await s.execute(text('DELETE FROM a; DELETE FROM b'))\n"
)
ANNOTATED = ASYNC + "async def f(s: AsyncSession):\n    await s.execute(text('DELETE FROM a; DELETE FROM b'))\n"
WORK = "from sqlalchemy import text\ndef work(conn):\n    conn.execute(text('DELETE FROM a; DELETE FROM b'))\n"
CLAUSE = "from sqlalchemy import text\nCLEAR = text('DELETE FROM a; DELETE FROM b')\n"
RUNS_CLAUSE = ASYNC + "from app.queries import CLEAR\nasync def f(s: AsyncSession):\n    await s.execute(CLEAR)\n"
DDL = (
    "from sqlalchemy import DDL, event\nfrom app.base import Base\n"
    "event.listen(Base.metadata, 'after_create', DDL('DELETE FROM a; DELETE FROM b'){})\n"
)
BASE = {"app/base.py": "from sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase):\n    pass\n"}
CREATES = {
    "app/main.py": "from app.base import Base\nfrom app.db import engine\nasync def start():\n"
    "    async with engine.begin() as conn:\n        await conn.run_sync(Base.metadata.create_all)\n"
}
CREATES_NOW = {
    "app/main.py": "from app.base import Base\nfrom app.db import engine\nBase.metadata.create_all(engine)\n"
}
ENV = "from alembic import context\n"
ASYNC_ENV = (
    ENV + "from sqlalchemy.ext.asyncio import async_engine_from_config\n"
    "engine = async_engine_from_config({'sqlalchemy.url': 'postgresql+asyncpg://db/a'})\n"
)
APP_ENV = (
    ENV + "from app.db import engine\ndef migrate(connection):\n    context.configure(connection=connection)\n"
    "async def run():\n    async with engine.connect() as connection:\n        await connection.run_sync(migrate)\n"
)
SYNC_ENV = (
    ENV + "from sqlalchemy import create_engine\nengine = create_engine('postgresql+psycopg2://db/a')\n"
    "with engine.connect() as connection:\n    context.configure(connection=connection)\n"
)
UPGRADE = "from alembic import op\nimport sqlalchemy as sa\ndef upgrade():\n    {}\n"
TWO = "'DELETE FROM a; DELETE FROM b'"

# name: the files, the file that is checked, the codes expected there.
PROJECTS: dict[str, tuple[dict[str, str], str, str]] = {
    "a session maker of another module": ({**ASYNCPG, "app/x.py": MAKER}, "app/x.py", "PGB301"),
    "a session maker of aiosqlite": ({**AIOSQLITE, "app/x.py": MAKER}, "app/x.py", ""),
    "a session maker of psycopg": ({**PSYCOPG, "app/x.py": MAKER}, "app/x.py", ""),
    "an annotated session, asyncpg elsewhere": ({**ASYNCPG, "app/x.py": ANNOTATED}, "app/x.py", "PGB301"),
    "an annotated session, aiosqlite elsewhere": ({**AIOSQLITE, "app/x.py": ANNOTATED}, "app/x.py", ""),
    "an annotated session, psycopg elsewhere": ({**PSYCOPG, "app/x.py": ANNOTATED}, "app/x.py", ""),
    "an annotated session, tests on aiosqlite": (
        {**ASYNCPG, "tests/conftest.py": DB.format("sqlite+aiosqlite://"), "app/x.py": ANNOTATED}, "app/x.py", "PGB301",
    ),
    "an annotated session, two engines": (
        {**ASYNCPG, "app/other.py": DB.format("sqlite+aiosqlite://"), "app/x.py": ANNOTATED}, "app/x.py", "PGB301",
    ),
    "an annotated session, aiomysql": (
        {"app/__init__.py": "", "app/db.py": DB.format("mysql+aiomysql://db/a"), "app/x.py": ANNOTATED}, "app/x.py", "",
    ),
    "a dependency of another module": (
        {**ASYNCPG, "app/deps.py": "from app.db import async_session_maker\n" + DEPENDENCY,
         "app/x.py": ASYNC + FASTAPI + "from app.deps import get_session\nasync def f(s=Depends(get_session)):\n    await s.execute(text('DELETE FROM a; DELETE FROM b'))\n"},
        "app/x.py", "PGB301",
    ),
    "a dependency of another module, aiosqlite": (
        {**AIOSQLITE, "app/deps.py": "from app.db import async_session_maker\n" + DEPENDENCY,
         "app/x.py": ASYNC + FASTAPI + "from app.deps import get_session\nasync def f(s: AsyncSession = Depends(get_session)):\n    await s.execute(text('DELETE FROM a; DELETE FROM b'))\n"},
        "app/x.py", "",
    ),
    "an annotated alias of another module": (
        {**ASYNCPG, "app/deps.py": ASYNC + FASTAPI + "from app.db import async_session_maker\n" + DEPENDENCY + "Db = Annotated[AsyncSession, Depends(get_session)]\n",
         "app/x.py": ASYNC + "from app.deps import Db\nasync def f(s: Db):\n    r = s.execute(text('DELETE FROM a; DELETE FROM b'))\n    await r\n"},
        "app/x.py", "PGB301",
    ),
    "an annotated alias of another module, psycopg": (
        {**PSYCOPG, "app/deps.py": ASYNC + FASTAPI + "from app.db import async_session_maker\n" + DEPENDENCY + "Db = Annotated[AsyncSession, Depends(get_session)]\n",
         "app/x.py": ASYNC + "from app.deps import Db\nasync def f(s: Db):\n    await s.execute(text('DELETE FROM a; DELETE FROM b'))\n"},
        "app/x.py", "",
    ),
    "a repository that is given its session": (
        {**ASYNCPG, "app/x.py": ASYNC + "class Repo:\n    def __init__(self, session):\n        self.session = session\n"
         "    async def m(self):\n        await self.session.execute(text('DELETE FROM a; DELETE FROM b'))\n"},
        "app/x.py", "PGB301",
    ),
    "a base class of another module holds the session": (
        {**ASYNCPG, "app/base.py": ASYNC + "class Base:\n    def __init__(self, session: AsyncSession):\n        self.session = session\n",
         "app/x.py": "from sqlalchemy import text\nfrom app.base import Base\nclass Repo(Base):\n    async def m(self):\n        r = self.session.execute(text('DELETE FROM a; DELETE FROM b'))\n        return await r\n"},
        "app/x.py", "PGB301",
    ),
    "a synchronous repository": (
        {**ASYNCPG, "app/x.py": "from sqlalchemy import text\nfrom sqlalchemy.orm import Session\nclass Repo:\n    def __init__(self, session: Session):\n        self.session = session\n"
         "    def m(self):\n        self.session.execute(text('DELETE FROM a; DELETE FROM b'))\n"},
        "app/x.py", "",
    ),
    "a synchronous maker beside an asyncpg one": (
        {**ASYNCPG, "app/sync.py": PSYCOPG2["app/db.py"],
         "app/x.py": "from sqlalchemy import text\nfrom app.sync import maker\ndef f():\n    with maker() as s:\n        s.execute(text('DELETE FROM a; DELETE FROM b'))\n"},
        "app/x.py", "",
    ),
    "an async scoped session": (
        {**ASYNCPG, "app/x.py": "from sqlalchemy import text\nfrom sqlalchemy.ext.asyncio import async_scoped_session\nfrom app.db import async_session_maker\n"
         "Session = async_scoped_session(async_session_maker, scopefunc=id)\nasync def f():\n    r = Session.execute(text('DELETE FROM a; DELETE FROM b'))\n    await r\n"},
        "app/x.py", "PGB301",
    ),
    "a scoped session": (
        {**PSYCOPG2, "app/x.py": "from sqlalchemy import text\nfrom sqlalchemy.orm import scoped_session\nfrom app.db import maker\n"
         "Session = scoped_session(maker)\nSession.execute(text('DELETE FROM a; DELETE FROM b'))\nSession().execute(text('DELETE FROM a; DELETE FROM b'))\n"},
        "app/x.py", "",
    ),
    "work that another module hands to run_sync": (
        {**ASYNCPG, "app/x.py": WORK, "app/main.py": "from app.db import engine\nfrom app.x import work\nasync def f():\n    async with engine.begin() as conn:\n        await conn.run_sync(work)\n"},
        "app/x.py", "PGB301",
    ),
    "work that another module hands to run_sync by its module": (
        {**ASYNCPG, "app/x.py": WORK, "app/main.py": "from app import x\nfrom app.db import engine\nasync def f():\n    async with engine.begin() as conn:\n        await conn.run_sync(x.work)\n"},
        "app/x.py", "PGB301",
    ),
    "work on an engine of psycopg": (
        {**PSYCOPG, "app/x.py": WORK, "app/main.py": "from app.db import engine\nfrom app.x import work\nasync def f():\n    async with engine.begin() as conn:\n        await conn.run_sync(work)\n"},
        "app/x.py", "",
    ),
    "work that a synchronous connection is given": (
        {**PSYCOPG2, "app/x.py": WORK, "app/main.py": "from app.db import engine\nfrom app.x import work\nwith engine.connect() as conn:\n    work(conn)\n"},
        "app/x.py", "",
    ),
    "work that nobody asks for": ({**ASYNCPG, "app/x.py": WORK}, "app/x.py", ""),
    "a clause that another module runs": ({**ASYNCPG, "app/queries.py": CLAUSE, "app/x.py": RUNS_CLAUSE}, "app/queries.py", "PGB301"),
    "a clause that another module runs on psycopg": ({**PSYCOPG, "app/queries.py": CLAUSE, "app/x.py": RUNS_CLAUSE}, "app/queries.py", ""),
    "a clause that a synchronous module runs": (
        {**ASYNCPG, "app/queries.py": CLAUSE, "app/x.py": RUNS_CLAUSE.replace("async def f(s: AsyncSession)", "def f(s: Session)").replace("await ", "").replace(ASYNC, "from sqlalchemy.orm import Session\n")},
        "app/queries.py", "",
    ),
    "a clause that nobody runs": ({**ASYNCPG, "app/queries.py": CLAUSE}, "app/queries.py", ""),
    "a clause that only a test runs": ({**ASYNCPG, "app/queries.py": CLAUSE, "tests/test_x.py": RUNS_CLAUSE}, "app/queries.py", ""),
    "a clause of a class that another module runs": (
        {**ASYNCPG, "app/queries.py": "from sqlalchemy import text\nclass Q:\n    CLEAR = text('DELETE FROM a; DELETE FROM b')\n",
         "app/x.py": ASYNC + "from app.queries import Q\nasync def f(s: AsyncSession):\n    await s.execute(Q.CLEAR)\n"},
        "app/queries.py", "PGB301",
    ),
    "a clause that a function of another module asks for": (
        {**ASYNCPG, "app/queries.py": "from sqlalchemy import text\ndef clear():\n    return text('DELETE FROM a; DELETE FROM b')\n",
         "app/x.py": ASYNC + "from app import queries\nasync def f(s: AsyncSession):\n    await s.execute(queries.clear())\n"},
        "app/queries.py", "PGB301",
    ),
    "a listener of the metadata, created on asyncpg": ({**ASYNCPG, **BASE, **CREATES, "app/x.py": DDL.format("")}, "app/x.py", "PGB302"),
    "a listener for PostgreSQL, created on asyncpg": (
        {**ASYNCPG, **BASE, **CREATES, "app/x.py": DDL.format(".execute_if(dialect='postgresql')")}, "app/x.py", "PGB302",
    ),
    "a listener for SQLite, created on asyncpg": ({**ASYNCPG, **BASE, **CREATES, "app/x.py": DDL.format(".execute_if(dialect='sqlite')")}, "app/x.py", ""),
    "a listener of the metadata, created on aiosqlite": ({**AIOSQLITE, **BASE, **CREATES, "app/x.py": DDL.format("")}, "app/x.py", ""),
    "a listener of the metadata, created by psycopg2": ({**PSYCOPG2, **BASE, **CREATES_NOW, "app/x.py": DDL.format("")}, "app/x.py", ""),
    "a listener of the metadata, created by nobody": ({**ASYNCPG, **BASE, "app/x.py": DDL.format("")}, "app/x.py", ""),
    "a listener of the metadata, created both ways": (
        {**ASYNCPG, **BASE, **CREATES, "app/now.py": CREATES_NOW["app/main.py"], "app/x.py": DDL.format("")}, "app/x.py", "",
    ),
    "a migration on the application's engine": (
        {**ASYNCPG, "migrations/env.py": APP_ENV, "migrations/versions/one.py": UPGRADE.format(f"op.execute({TWO})")},
        "migrations/versions/one.py", "PGB302",
    ),
    "a migration on the application's engine, aiosqlite": (
        {**AIOSQLITE, "migrations/env.py": APP_ENV, "migrations/versions/one.py": UPGRADE.format(f"op.execute({TWO})")},
        "migrations/versions/one.py", "",
    ),
    "a synchronous env.py beside an asyncpg application": (
        {**ASYNCPG, "migrations/env.py": SYNC_ENV, "migrations/versions/one.py": UPGRADE.format(f"op.execute(sa.text({TWO}))")},
        "migrations/versions/one.py", "",
    ),
    "the nearest of two env.py": (
        {"one/env.py": ASYNC_ENV, "two/env.py": SYNC_ENV, "two/versions/one.py": UPGRADE.format(f"op.execute({TWO})")},
        "two/versions/one.py", "",
    ),
    "a migration's own connection": (
        {"m/env.py": ASYNC_ENV, "m/versions/one.py": UPGRADE.format(f"bind = op.get_bind()\n    bind.execute(sa.text({TWO}))")}, "m/versions/one.py", "PGB301",
    ),
    "a migration's own connection, driver SQL": (
        {"m/env.py": ASYNC_ENV, "m/versions/one.py": UPGRADE.format(f"op.get_bind().exec_driver_sql({TWO})")}, "m/versions/one.py", "PGB302",
    ),
    "a migration's session": (
        {"m/env.py": ASYNC_ENV, "m/versions/one.py": "from sqlalchemy.orm import Session\n" + UPGRADE.format(f"with Session(bind=op.get_bind()) as s:\n        s.execute(sa.text({TWO}))")},
        "m/versions/one.py", "PGB301",
    ),
    "a migration's own connection, synchronous": (
        {"m/env.py": SYNC_ENV, "m/versions/one.py": UPGRADE.format(f"bind = op.get_bind()\n    bind.execute(sa.text({TWO}))")}, "m/versions/one.py", "",
    ),
    "a migration in pieces": (
        {"m/env.py": ASYNC_ENV, "m/versions/one.py": UPGRADE.format(f"for one in {TWO}.split(';'):\n        op.execute(one)")}, "m/versions/one.py", "",
    ),
    "a migration for another dialect": (
        {"m/env.py": ASYNC_ENV, "m/versions/one.py": UPGRADE.format(f"if op.get_bind().dialect.name == 'sqlite':\n        op.execute({TWO})")}, "m/versions/one.py", "",
    ),
    "a migration that leaves another dialect early": (
        {"m/env.py": ASYNC_ENV, "m/versions/one.py": UPGRADE.format(f"bind = op.get_bind()\n    if bind.dialect.name != 'mysql':\n        return\n    op.execute({TWO})")}, "m/versions/one.py", "",
    ),
    "a migration for PostgreSQL alone": (
        {"m/env.py": ASYNC_ENV, "m/versions/one.py": UPGRADE.format(f"if op.get_bind().dialect.name == 'postgresql':\n        op.execute({TWO})")}, "m/versions/one.py", "PGB302",
    ),
    "a migration for another dialect by its context": (
        {"m/env.py": ASYNC_ENV, "m/versions/one.py": UPGRADE.format(f"dialect = op.get_context().dialect.name\n    if dialect in ('sqlite', 'mysql'):\n        op.execute({TWO})")}, "m/versions/one.py", "",
    ),
    "a trigger of SQLite in a migration": (
        {"m/env.py": ASYNC_ENV, "m/versions/one.py": UPGRADE.format("op.execute('CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; DELETE FROM c; END')")}, "m/versions/one.py", "",
    ),
    "pragmas in a migration": (
        {"m/env.py": ASYNC_ENV, "m/versions/one.py": UPGRADE.format("op.execute('PRAGMA foreign_keys=OFF; PRAGMA journal_mode=WAL')")}, "m/versions/one.py", "",
    ),
    "a listener of an asyncpg engine's connections": (
        {**ASYNCPG, "app/x.py": "from sqlalchemy import event\nfrom app.db import engine\n@event.listens_for(engine.sync_engine, 'connect')\n"
         "def setup(connection, record):\n    cursor = connection.cursor()\n    cursor.execute(\"SET a = 1; SET b = 2\")\n"},
        "app/x.py", "PGB302",
    ),
    "a listener of an aiosqlite engine's connections": (
        {**AIOSQLITE, "app/x.py": "from sqlalchemy import event\nfrom app.db import engine\n@event.listens_for(engine.sync_engine, 'connect')\n"
         "def setup(connection, record):\n    cursor = connection.cursor()\n    cursor.execute(\"SET a = 1; SET b = 2\")\n"},
        "app/x.py", "",
    ),
    "a listener of a synchronous engine's connections": (
        {**PSYCOPG2, "app/x.py": "from sqlalchemy import event\nfrom app.db import engine\n@event.listens_for(engine, 'connect')\n"
         "def setup(connection, record):\n    cursor = connection.cursor()\n    cursor.execute(\"SET a = 1; SET b = 2\")\n"},
        "app/x.py", "",
    ),
    "a listener that runs one command": (
        {**ASYNCPG, "app/x.py": "from sqlalchemy import event\nfrom app.db import engine\n@event.listens_for(engine.sync_engine, 'connect')\n"
         "def setup(connection, record):\n    cursor = connection.cursor()\n    cursor.execute(\"SET a = 'x; y';\")\n"},
        "app/x.py", "",
    ),
    "a raw connection of asyncpg": (
        {**ASYNCPG, "app/x.py": "from app.db import engine\nasync def f():\n    async with engine.connect() as conn:\n        raw = await conn.get_raw_connection()\n"
         "        await raw.driver_connection.execute('DELETE FROM a; DELETE FROM b')\n"},
        "app/x.py", "",
    ),
}  # fmt: skip


# name: the files, the file that is checked, whether its repair is safe.
ATOMIC: dict[str, tuple[dict[str, str], str, bool]] = {
    "an engine in sight": ({**ASYNCPG, "app/x.py": MAKER}, "app/x.py", True),
    "an annotated session": ({**ASYNCPG, "app/x.py": ANNOTATED}, "app/x.py", True),
    "an engine under AUTOCOMMIT": (
        {"app/__init__.py": "", "app/db.py": ASYNCPG["app/db.py"].replace("/a')", "/a', isolation_level='AUTOCOMMIT')"), "app/x.py": MAKER},
        "app/x.py", False,
    ),
    "an annotated session, an engine under AUTOCOMMIT": (
        {"app/__init__.py": "", "app/db.py": ASYNCPG["app/db.py"].replace("/a')", "/a', isolation_level='AUTOCOMMIT')"), "app/x.py": ANNOTATED},
        "app/x.py", False,
    ),
    "an engine's options say AUTOCOMMIT": (
        {"app/__init__.py": "", "app/db.py": ASYNCPG["app/db.py"].replace("/a')", "/a', execution_options={'isolation_level': 'AUTOCOMMIT'})"), "app/x.py": MAKER},
        "app/x.py", False,
    ),
    "another isolation level": (
        {"app/__init__.py": "", "app/db.py": ASYNCPG["app/db.py"].replace("/a')", "/a', isolation_level='SERIALIZABLE')"), "app/x.py": MAKER},
        "app/x.py", True,
    ),
    "a migration": ({"m/env.py": ASYNC_ENV, "m/versions/one.py": UPGRADE.format(f"op.execute({TWO})")}, "m/versions/one.py", True),
    "a migration in an autocommit block": (
        {"m/env.py": ASYNC_ENV, "m/versions/one.py": UPGRADE.format(f"with op.get_context().autocommit_block():\n        op.execute({TWO})")}, "m/versions/one.py", False,
    ),
    "an env.py under AUTOCOMMIT": (
        {"m/env.py": ASYNC_ENV.replace("/a'}", "/a', 'sqlalchemy.isolation_level': 'AUTOCOMMIT'}"), "m/versions/one.py": UPGRADE.format(f"op.execute({TWO})")}, "m/versions/one.py", False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ATOMIC)
def test_commands_are_split_safely_inside_a_transaction(name: str, tmp_path: Path) -> None:
    files, checked, safe = ATOMIC[name]
    (finding,) = _findings(files, checked, tmp_path)
    assert finding.fix is not None
    assert (finding.fix.applicability is Applicability.SAFE) is safe


def _findings(files: dict[str, str], checked: str, root: Path) -> list[Finding]:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    target = root / checked
    _, report = check_bytes(str(target), target.read_bytes(), Deployment(), Project(str(root)))
    return report.findings


_LATER = (
    "work that another module hands",
    "a clause that another module runs",
    "a clause of a class",
    "a clause that a function",
    "a listener",
)


@pytest.mark.parametrize("name", PROJECTS)
def test_who_runs_it_is_found_in_the_project(name: str, tmp_path: Path) -> None:
    files, checked, expected = PROJECTS[name]
    assert " ".join(finding.code for finding in _findings(files, checked, tmp_path)) == expected
