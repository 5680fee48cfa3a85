"""The pooler for SQL is that of the connection that runs it, as far as its URL is known."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import pytest

from poolsafe.checker import check, check_in_project
from poolsafe.facts.deployment import Deployment, PoolMode
from poolsafe.facts.routes import Routes
from poolsafe.facts.runners import Runners
from poolsafe.findings import Finding, Severity
from poolsafe.source import Source

HEADER = """\
import os

import asyncpg
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

HOST = "postgresql+asyncpg://u:p@{host}/app"
pooled = create_async_engine("postgresql+asyncpg://u@ep-a-pooler.eu-central-1.aws.neon.tech/app")
straight = create_async_engine("postgresql+asyncpg://u@ep-a.eu-central-1.aws.neon.tech/app")
session_mode = create_async_engine("postgresql+asyncpg://u@aws-0.pooler.supabase.com:5432/app")
proxied = create_async_engine("postgresql+asyncpg://u@p.proxy-abc.eu-west-1.rds.amazonaws.com/app")
local = create_async_engine("postgresql+asyncpg://u@db/app")
named = create_async_engine(os.environ["DATABASE_URL_UNPOOLED"])
maker = async_sessionmaker({engine})
NEON = "postgresql://u@ep-a-pooler.eu-central-1.aws.neon.tech/app"
NEON_SERVER = "postgresql://u@ep-a.eu-central-1.aws.neon.tech/app"


"""
BY_ENGINE = """
async def work():
    async with {engine}.begin() as connection:
        await connection.execute(text("SET work_mem = '1GB'"))
"""
BY_SESSION = """
async def work():
    async with maker.begin() as session:
        await session.execute(text("SET work_mem = '1GB'"))
"""
BY_LISTENER = """
@event.listens_for({engine}.sync_engine, "begin")
def work(connection):
    connection.exec_driver_sql("SET work_mem = '1GB'")
"""
ENGINES = [
    ("pooled", "behind Neon's pooler (host ep-a-pooler.eu-central-1.aws.neon.tech)", Severity.ERROR),
    ("straight", None, None),
    ("session_mode", None, None),
    ("proxied", "behind RDS Proxy (host p.proxy-abc.eu-west-1.rds.amazonaws.com)", Severity.WARNING),
    ("local", "behind a pooler such as PgBouncer", Severity.WARNING),
    ("named", None, None),
]


def states(text: str, where: Deployment | None = None) -> list[Finding]:
    found = check(Source.from_text("app.py", text), where or Deployment()).findings
    return [one for one in found if one.code.startswith("PGB4") or one.code in ("PGB502", "PGB503")]


@pytest.mark.parametrize(("engine", "where", "severity"), ENGINES)
@pytest.mark.parametrize("program", [BY_ENGINE, BY_SESSION, BY_LISTENER], ids=["engine", "session", "listener"])
def test_the_engine_of_a_statement(program: str, engine: str, where: str | None, severity: Severity | None) -> None:
    found = states(HEADER.format(engine=engine, host="") + program.format(engine=engine))
    assert [one.severity for one in found] == ([] if severity is None else [severity])
    for one in found:
        assert where is not None
        assert where in one.message


RAW = """
async def work():
    connection = await asyncpg.connect({url})
    await connection.execute("LISTEN jobs")
    connection.cursor("SELECT 1")
"""
POOL = """
async def work():
    async with asyncpg.create_pool({url}) as pool, pool.acquire() as connection:
        await connection.execute("LISTEN jobs")
        await connection.cursor("SELECT 1")
"""


@pytest.mark.parametrize("program", [RAW.replace("    connection.cursor", "    await connection.cursor"), POOL])
def test_the_connection_of_asyncpg(program: str) -> None:
    start = HEADER.format(engine="local", host="")
    pooled = states(start + program.format(url="NEON"))
    # Neon carries named statements.
    assert [one.code for one in pooled] == ["PGB407"]
    assert "behind Neon's pooler" in pooled[0].message
    assert states(start + program.format(url="NEON_SERVER")) == []
    assert states(start + program.format(url="os.environ['DIRECT_URL']")) == []
    somewhere = states(start + program.format(url="os.environ['DATABASE_URL']"))
    assert [one.code for one in somewhere] == ["PGB407", "PGB502"]
    # What is configured goes before what the URL says, except a name that says direct.
    configured = Deployment(pooler=PoolMode.TRANSACTION)
    assert [one.code for one in states(start + program.format(url="NEON_SERVER"), configured)] == ["PGB407", "PGB502"]
    assert states(start + program.format(url="os.environ['DIRECT_URL']"), configured) == []


UNKNOWN_SESSION = """
async def work(session: AsyncSession):
    await session.execute(text("SET work_mem = '1GB'"))
"""


def test_of_several_engines_the_one_that_breaks_most_counts() -> None:
    imports = "\n".join(HEADER.splitlines()[:5]) + "\n"
    urls = {
        "pooled": "postgresql+asyncpg://u@aws-0.pooler.supabase.com:6543/app",
        "straight": "postgresql+asyncpg://u@ep-a.eu-central-1.aws.neon.tech/app",
        "unknown": "postgresql+asyncpg://u@db/app",
    }

    def program(*names: str) -> str:
        return imports + "".join(f'{one} = create_async_engine("{urls[one]}")\n' for one in names) + UNKNOWN_SESSION

    assert states(program("straight")) == []
    (found,) = states(program("straight", "unknown"))
    assert "behind a pooler such as PgBouncer" in found.message
    (found,) = states(program("straight", "unknown", "pooled"))
    assert "Supabase" in found.message
    assert found.severity is Severity.ERROR


@pytest.mark.parametrize(
    ("host", "where"),
    [("ep-a-pooler", "behind Neon's pooler"), ("ep-a", None), ("", "behind a pooler such as PgBouncer")],
)
@pytest.mark.parametrize("followed", [True, False])
def test_the_engine_of_another_module(tmp_path: Path, host: str, where: str | None, followed: bool) -> None:
    (tmp_path / "pyproject.toml").touch()
    server = f"{host}.eu-central-1.aws.neon.tech" if host else "db"
    (tmp_path / "db.py").write_text(
        "from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine\n"
        f'engine = create_async_engine("postgresql+asyncpg://u@{server}/app")\n'
        "maker = async_sessionmaker(engine)\n"
    )
    start = "from sqlalchemy import text\nfrom sqlalchemy.ext.asyncio import AsyncSession\nfrom db import maker\n"
    path = tmp_path / "app.py"
    path.write_text(start + (BY_SESSION if followed else UNKNOWN_SESSION))
    found = check_in_project(Source.from_text(str(path), path.read_text()), Deployment()).findings
    messages = [one.message for one in found if one.code == "PGB401"]
    assert len(messages) == (where is not None)
    assert all(where is not None and where in message for message in messages)


def test_the_engines_of_other_modules_are_collected_once_for_all_statements(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "db.py").write_text(
        "from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine\n"
        'engine = create_async_engine("postgresql+asyncpg://u@db/app")\n'
        "maker = async_sessionmaker(engine)\n"
    )
    start = "from sqlalchemy import text\nfrom sqlalchemy.ext.asyncio import AsyncSession\nfrom db import maker\n"
    path = tmp_path / "app.py"

    def collections(statements: int) -> int:
        path.write_text(
            start + "".join(UNKNOWN_SESSION.replace("def work", f"def work_{n}") for n in range(statements))
        )
        collect = mock.patch.object(Runners, "engines_elsewhere", autospec=True, side_effect=Runners.engines_elsewhere)
        with collect as collected:
            found = check_in_project(Source.from_text(str(path), path.read_text()), Deployment()).findings
        assert [one.code for one in found] == ["PGB401"] * statements
        return int(collected.call_count)

    assert collections(1) == collections(10) > 0


ENDED = """
async def work():
    async with maker() as session:
        await session.execute(text("SET work_mem = '1GB'"))
        await session.rollback()
"""


def test_the_engines_of_other_modules_do_not_matter_for_an_effect_that_ends(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    path = tmp_path / "app.py"
    source = Source.from_text(str(path), "from sqlalchemy import text\nfrom db import maker\n" + ENDED)
    with mock.patch.object(Routes, "of", return_value=()) as asked:
        assert check_in_project(source, Deployment()).findings == []
        assert check_in_project(source.with_text(source.text.replace("rollback", "commit")), Deployment()).findings
    assert asked.call_count == 1


@pytest.mark.parametrize(("host", "wanted"), [("ep-a-pooler", ["PGB401"]), ("ep-a", [])])
def test_the_engine_of_a_migration(tmp_path: Path, host: str, wanted: list[str]) -> None:
    (tmp_path / "pyproject.toml").touch()
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    migration = versions / "one.py"
    migration.write_text("from alembic import op\ndef upgrade():\n    op.execute(\"SET work_mem = '1GB'\")\n")
    (tmp_path / "migrations" / "env.py").write_text(
        "from sqlalchemy.ext.asyncio import create_async_engine\n"
        f'engine = create_async_engine("postgresql+asyncpg://u@{host}.eu-central-1.aws.neon.tech/app")\n'
    )
    found = check_in_project(Source.from_text(str(migration), migration.read_text()), Deployment()).findings
    assert [one.code for one in found if one.code.startswith("PGB4")] == wanted
