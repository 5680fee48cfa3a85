"""A project in which nothing names asyncpg, psycopg 3 or a wrapper needs no analysis of its synchronous engines."""

from __future__ import annotations

from pathlib import Path

import pytest
from blocks import files, lay

from poolsafe.checker import check_bytes
from poolsafe.checkout.driver_signs import asks_for_driver, awaits_sql, names_driver
from poolsafe.facts.deployment import Deployment
from poolsafe.inference import Project
from poolsafe.source import Source
from poolsafe.syntax import tree

SIGNS = [
    "import asyncpg",
    "URL = 'postgresql+asyncpg://db/a'",
    "from sqlalchemy.ext.asyncio import AsyncEngine",
    "from sqlalchemy.ext import asyncio as sa\nengine = sa.create_async_engine(URL)",
    "engine = make_engine('?async_fallback=True')",
    "import psycopg",
    "URL = 'postgresql+psycopg://db/a'",
    "import psycopg2\nimport psycopg_pool",
    "    from databases import Database",
    "import tortoise",
    "config = SQLAlchemyAsyncConfig(connection_string=URL)",
]
SILENT = [
    "import psycopg2",
    "URL = 'postgresql+psycopg2://db/a'",
    "async def async_fallback_poll(): ...",
    "# The databases of all customers\nfrom app import databases",
    "async def run(): await connect()",
]


@pytest.mark.parametrize("written", SIGNS)
def test_a_file_names_a_driver(written: str) -> None:
    assert names_driver(written.encode())


@pytest.mark.parametrize("written", SILENT)
def test_a_file_names_no_driver(written: str) -> None:
    assert not names_driver(written.encode())


TESTS = [
    "is_lite = url.startswith('sqlite')",
    "args = {} if 'sqlite' not in url else {'check_same_thread': False}",
    "if make_url(url).get_backend_name() == 'mysql': ...",
    "if url.startswith(('postgresql', 'postgres')): ...",
    "if driver != 'asyncpg':\n    options.pop('connect_args')",
    "match backend:\n    case 'postgresql':\n        ...",
    "match url.drivername.split('+'):\n    case ['sqlite', *_]:\n        ...",
    "if backend in ('mysql', 'mariadb'): ...",
    "OPTIONS = {'sqlite': {}, 'postgresql': {'timeout': 5}}",
    "OPTIONS = {\n    'sqlite+aiosqlite': {},\n}",
    "@options_for('mysql')\ndef options(): ...",
]
NO_TESTS = [
    "URL = 'sqlite+aiosqlite:///app.db'",
    "url = url.replace('+asyncpg', '+psycopg')",
    "if url.startswith('postgresql://'):\n    url = 'postgresql+asyncpg' + url[10:]",
    "if '+asyncpg' not in url:\n    url = url.replace('postgresql:', 'postgresql+asyncpg:')",
    "if not url.startswith('postgresql'):\n    raise ValueError(url)",
    "if 'sqlite' in url: raise ValueError(url)",
]


@pytest.mark.parametrize(("written", "found"), [*((one, True) for one in TESTS), *((one, False) for one in NO_TESTS)])
def test_a_file_tests_for_another_driver(written: str, found: bool) -> None:
    assert asks_for_driver(written.encode()) is found


@pytest.mark.parametrize(
    ("written", "awaited"),
    [
        ("await connection.execute(SQL)", True),
        ("await (\n    connection.execute(SQL)\n)", True),
        ("await (\n    session\n    .execute(SQL)\n)", True),
        ("rows = (\n    await session\n    .execute(SQL)\n)", True),
        ("await \\\n    session.execute(SQL)", True),
        ("await gather(\n    first(),\n    session.execute(SQL),\n)", True),
        ("rows = (await session.exec(SQL)).all()", True),
        ("await connection.fetchval(SQL)", True),
        ("await session.scalar(SQL)", True),
        ("await connection.run_sync(create_all)", True),
        ("await connection.add_listener('channel', call)", True),
        ("await command.execute()  # no SQL", False),
        ("connection.execute(SQL)", False),
        ("await connect()\nconnection.execute(SQL)", False),
        ("await connect(\n    URL,\n)\nconnection.execute(SQL)", False),
        ("await pool.submit(engine.execute, SQL)", False),
    ],
)
def test_a_file_awaits_sql(written: str, awaited: bool) -> None:
    assert awaits_sql(written.encode()) is awaited


ENGINE = """
    # file: app/jobs.py
    from sqlalchemy import create_engine, text
    from app.settings import URL
    async def run():
        with create_engine(URL).connect() as connection:
            connection.execute(text('DELETE FROM a; DELETE FROM b'))

    # file: app/settings.py
    import os
    URL = os.environ['DATABASE_URL']
"""
CLAUSE = """
    # file: app/queries.py
    from sqlalchemy import text
    CLEAN = text('DELETE FROM a; DELETE FROM b')
"""
SETTING = """
    # file: app/settings.py
    from sqlalchemy import text
    def use(connection):
        connection.execute(text("SET search_path = a"))
"""
PASSING = """
    # file: app/db.py
    async def run(session, query):
        return await session.execute(query)

    # file: app/run.py
    from sqlalchemy import text
    from app.db import run
    async def use(session):
        await run(session, text("SET search_path = a"))
"""


@pytest.mark.parametrize(
    ("program", "path", "parsed"),
    [
        (ENGINE, "app/jobs.py", False),
        (ENGINE + "    # file: app/listening.py\n    import asyncpg\n", "app/jobs.py", True),
        (ENGINE + "    # file: tests/test_jobs.py\n    import asyncpg\n", "app/jobs.py", False),
        (ENGINE + "    # file: .env\n    DATABASE_URL=postgresql+asyncpg://db/a\n", "app/jobs.py", True),
        (ENGINE + "    # file: requirements.txt\n    asyncpg\n    sqlalchemy\n", "app/jobs.py", True),
        (ENGINE.replace("async", "# noqa: PGB301\n    async"), "app/jobs.py", True),
        (CLAUSE, "app/queries.py", False),
        (CLAUSE + "    # file: app/run.py\n    import psycopg\n", "app/queries.py", True),
        # A file that has nothing to do with SQLAlchemy may await methods of the same names.
        (
            CLAUSE + "    # file: app/mail.py\n    async def get(client): await client.fetch(1)\n",
            "app/queries.py",
            False,
        ),
        (
            CLAUSE + "    # file: app/run.py\n    import sqlmodel\n    async def clean(c): await c.execute(sql)\n",
            "app/queries.py",
            True,
        ),
        (CLAUSE + "    # file: tests/run.py\n    import sqlmodel\n    await c.execute(sql)\n", "app/queries.py", False),
        (SETTING, "app/settings.py", False),
        (SETTING + "    # file: app/run.py\n    import asyncpg\n", "app/settings.py", True),
        (
            SETTING + "    # file: app/run.py\n    from app.settings import use\n    await c.run_sync(use)\n",
            "app/settings.py",
            True,
        ),
        (PASSING, "app/run.py", True),
    ],
)
def test_a_file_is_parsed_if_a_driver_is_named(
    program: str, path: str, parsed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources: list[str] = []
    parse = tree.parse

    def noted(source: Source) -> tree.Tree:
        sources.append(source.path)
        return parse(source)

    monkeypatch.setattr("poolsafe.inference.project.parse", noted)
    lay(tmp_path, files(program))
    file = tmp_path / path
    check_bytes(str(file), file.read_bytes(), Deployment(), Project(str(tmp_path)))
    assert (str(file) in sources) is parsed


AWAITED = (
    CLAUSE
    + """
    # file: app/run.py
    from app.queries import CLEAN
    async def clean(connection):
        await connection.execute(CLEAN)
"""
)


def test_sql_that_an_imported_file_awaits_is_reported(tmp_path: Path) -> None:
    lay(tmp_path, files(PASSING))
    file = tmp_path / "app/run.py"
    report = check_bytes(str(file), file.read_bytes(), Deployment(), Project(str(tmp_path)))[1]
    assert [finding.code for finding in report.findings] == ["PGB401"]


def test_a_clause_that_another_file_awaits_is_reported(tmp_path: Path) -> None:
    lay(tmp_path, files(AWAITED))
    file = tmp_path / "app/queries.py"
    report = check_bytes(str(file), file.read_bytes(), Deployment(), Project(str(tmp_path)))[1]
    assert [finding.code for finding in report.findings] == ["PGB301"]
