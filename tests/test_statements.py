"""SQL of several commands: how it comes to be, and who runs it."""

from __future__ import annotations

import pytest
from programs import codes_of, statements_of

HEAD = """
import textwrap
from textwrap import dedent
from sqlalchemy import text, DDL, create_engine
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, AsyncEngine, async_sessionmaker, create_async_engine
"""
RUN = "\nasync def run(conn: AsyncConnection):\n    await conn.execute(text(SQL))\n"

# how the SQL is written, how many commands it is; 0 is "one or none: no statement of ours"
WRITTEN = [
    ("SQL = 'a; b'", 2),
    ("SQL = 'a;b;c'", 3),
    ("SQL = 'a;' 'b'", 2),
    ("SQL = ('a;'\n       'b;')", 2),
    ("SQL = '''\na;\nb;\n'''", 2),
    ("SQL = dedent('''\n    a;\n    b;\n''')", 2),
    ("SQL = textwrap.dedent('a;b')", 2),
    ("A = 'a'\nSQL = A + ';' + 'b'", 2),
    ("SQL = 'a;'\nSQL += 'b'", 2),
    ("SQL = ';'.join(['a', 'b'])", 2),
    ("SQL = 'a; %s' % 'b'", 2),
    ("SQL = 'a; {}'.format('b')", 2),
    ("SQL = f'a {unknown}; b {unknown}'", 2),
    ("SQL = f'a {unknown}; -- c\\nb'", 2),
    ("SQL = '''a;\nb'''.strip()", 2),
    ("SQL = 'a; b' if unknown else 'a'", 2),
    ("class Q:\n    SQL = 'a; b'\nSQL = Q.SQL", 2),
    ("QUERIES = {'x': 'a; b'}\nSQL = QUERIES['x']", 2),
    ("SQL = 'a'", 0),
    ("SQL = 'a;'", 0),
    ("SQL = 'a; -- b'", 0),
    ("SQL = 'a; /* b; */ ;'", 0),
    ("SQL = \"a ';' b\"", 0),
    ("SQL = 'DO $$ BEGIN a; b; END $$'", 0),
    ("SQL = f'a {unknown}'", 0),
    ("SQL = f'{unknown};'", 0),
    ("SQL = f'{unknown}; b'", 0),
    ("SQL = unknown", 0),
    ("SQL = 'a; b'.split(';')[0]", 0),
    ("SQL = 'postgresql://u;p@h/d;x'", 0),
    ("SQL = 5", 0),
]


@pytest.mark.parametrize(("code", "count"), WRITTEN)
def test_the_sql_is(code: str, count: int) -> None:
    found = statements_of(HEAD + code + RUN)
    assert [len(statement.commands) for statement in found] == ([count] if count else [])


def test_statements_that_are_split_in_a_loop_are_single() -> None:
    code = (
        "SQL = 'a; b'\nasync def run(conn: AsyncConnection):\n"
        "    for one in SQL.split(';'):\n        await conn.execute(text(one))"
    )
    assert statements_of(HEAD + code) == []


# a program that runs `text("a; b")`, who runs it
RUNNERS = [
    ("async def f(conn: AsyncConnection):\n    await conn.execute(text('a; b'))", "async"),
    ("async def f(session: AsyncSession):\n    await session.execute(text('a; b'))", "async"),
    ("async def f(session: 'AsyncSession'):\n    await session.scalar(text('a; b'))", "async"),
    ("async def f(session: AsyncSession | None = None):\n    await session.scalars(text('a; b'))", "async"),
    (
        "from typing import Optional\nasync def f(session: Optional[AsyncSession]):\n"
        "    await session.execute(text('a; b'))",
        "async",
    ),
    (
        "from typing import Annotated\nfrom fastapi import Depends\n"
        "async def f(session: Annotated[AsyncSession, Depends()]):\n"
        "    await session.execute(text('a; b'))",
        "async",
    ),
    (
        "from fastapi import Depends\nmaker = async_sessionmaker()\nasync def get():\n"
        "    async with maker() as session:\n        yield session\n"
        "async def f(db=Depends(get)):\n    await db.execute(text('a; b'))",
        "async",
    ),
    (
        "from typing import Annotated\nfrom fastapi import Depends\n"
        "maker = async_sessionmaker()\nasync def get():\n"
        "    async with maker() as session:\n        yield session\n"
        "Db = Annotated[object, Depends(get)]\nasync def f(db: Db):\n"
        "    await db.execute(text('a; b'))",
        "async",
    ),
    (
        "async def f(engine: AsyncEngine):\n    async with engine.connect() as conn:\n"
        "        await conn.execute(text('a; b'))",
        "async",
    ),
    (
        "engine = create_async_engine('postgresql+asyncpg://h')\nasync def f():\n"
        "    async with engine.begin() as conn:\n        await conn.execute(text('a; b'))",
        "async",
    ),
    (
        "maker = async_sessionmaker(create_async_engine('postgresql+asyncpg://h'))\n"
        "async def f():\n    async with maker() as session:\n"
        "        await session.execute(text('a; b'))",
        "async",
    ),
    (
        "maker = async_sessionmaker()\nasync def f():\n"
        "    async with maker.begin() as session:\n"
        "        await session.execute(text('a; b'))",
        "async",
    ),
    (
        "maker = sessionmaker(create_async_engine('postgresql+asyncpg://h'), class_=AsyncSession)\n"
        "async def f():\n    async with maker() as session:\n"
        "        await session.execute(text('a; b'))",
        "async",
    ),
    (
        "async def f():\n    async with AsyncSession(unknown) as session:\n        await session.execute(text('a; b'))",
        "async",
    ),
    ("async def f(thing):\n    await thing.execute(text('a; b'))", "async"),
    ("async def f(thing):\n    sql = text('a; b')\n    await thing.execute(sql)", "async"),
    (
        "class R:\n    def __init__(self, session: AsyncSession):\n"
        "        self.session = session\n    async def m(self):\n"
        "        await self.session.execute(text('a; b'))",
        "async",
    ),
    (
        "class R:\n    session: AsyncSession\n    async def m(self):\n        await self.session.execute(text('a; b'))",
        "async",
    ),
    (
        "def work(conn):\n    conn.execute(text('a; b'))\n"
        "async def f(conn: AsyncConnection):\n    await conn.run_sync(work)",
        "async",
    ),
    ("async def f(conn: AsyncConnection):\n    await conn.run_sync(lambda c: c.execute(text('a; b')))", "async"),
    (
        "async def f(engine: AsyncEngine):\n"
        "    with engine.sync_engine.connect() as conn:\n"
        "        conn.execute(text('a; b'))",
        "async",
    ),
    ("async def f(conn: AsyncConnection):\n    await conn.exec_driver_sql('a; b')", "async"),
    (
        "async def f(conn: AsyncConnection):\n    async for row in await conn.stream(text('a; b')):\n        pass",
        "async",
    ),
    ("async def f(conn: AsyncConnection):\n    await conn.execute(DDL('a; b'))", "async"),
    ("async def f(conn: AsyncConnection):\n    result = await conn.execute(text('a; b').bindparams(x=1))", "async"),
    ("def f(session: Session):\n    session.execute(text('a; b'))", "sync"),
    (
        "engine = create_engine('postgresql+psycopg2://h')\n"
        "with engine.connect() as conn:\n    conn.execute(text('a; b'))",
        "sync",
    ),
    (
        "maker = sessionmaker(create_engine('postgresql://h'))\n"
        "with maker() as session:\n    session.execute(text('a; b'))",
        "sync",
    ),
    (
        "engine = create_async_engine('postgresql+psycopg://h')\nasync def f():\n"
        "    async with engine.begin() as conn:\n        await conn.execute(text('a; b'))",
        "sync",
    ),
    (
        "engine = create_async_engine('sqlite+aiosqlite://')\n"
        "async def f(conn: AsyncConnection):\n    await conn.execute(text('a; b'))",
        "sync",
    ),
    ("def f(conn):\n    conn.execute(text('a; b'))", "unknown"),
    ("SQL = text('a; b')", "unknown"),
    ("from alembic import op\ndef upgrade():\n    op.execute('a; b')", "unknown"),
    ("from alembic import op\ndef upgrade():\n    op.execute(text('a; b'))", "unknown"),
    ("event.listen(table, 'after_create', DDL('a; b'))", "unknown"),
    ("maker = sessionmaker(class_=AsyncSession)\nwith maker() as session:\n    session.execute(text('a; b'))", "async"),
    (
        "from dataclasses import dataclass\n@dataclass\nclass R:\n    session: AsyncSession\n"
        "    async def m(self):\n        self.session.execute(text('a; b'))",
        "async",
    ),
    ("async def f(conn: AsyncConnection):\n    conn.run_sync(5)\n    conn.execute(text('a; b'))", "async"),
    ("async def f(s: AsyncSession):\n    s.registry.clear()\n    s.execute(text('a; b'))", "async"),
    (
        "from contextlib import nullcontext\nasync def f(conn: AsyncConnection):\n"
        "    with nullcontext(conn) as c:\n        c.execute(text('a; b'))",
        "async",
    ),
    ("maker = async_sessionmaker()\nwith maker() as session:\n    session.execute(text('a; b'))", "async"),
]


@pytest.mark.parametrize(("code", "runner"), RUNNERS)
def test_it_is_run_by(code: str, runner: str) -> None:
    assert [statement.runner.value for statement in statements_of(HEAD + code)] == [runner]


# SQL that functions give, how many commands it is
GIVEN_BACK = [
    ("def q():\n    return 'a; b'\nSQL = q()" + RUN, 2),
    ("def q():\n    return 'a; b'\nasync def run(conn: AsyncConnection):\n    await conn.execute(text(q()))", 2),
    (
        "def table():\n    return 'DELETE FROM a; '\ndef q(more):\n    return table() + more\n"
        "async def run(conn: AsyncConnection):\n    await conn.execute(text(q('DELETE FROM b')))",
        2,
    ),
    (
        "class Q:\n    @property\n    def sql(self):\n        return 'a; b'\n"
        "async def run(conn: AsyncConnection):\n    await conn.execute(text(Q().sql))",
        2,
    ),
    (
        "class R:\n    def _sql(self):\n        return 'a; b'\n    async def run(self, conn: AsyncConnection):\n"
        "        await conn.execute(text(self._sql()))",
        2,
    ),
    (
        "def q(name):\n    return f'DELETE FROM {name}; DELETE FROM b'\n"
        "async def run(conn: AsyncConnection, name):\n    await conn.execute(text(q(name)))",
        2,
    ),
    ("def q():\n    return 'a; b'.split(';')[0]\nSQL = q()" + RUN, 0),
    ("def q():\n    log('a; b')\n    return 'a'\nSQL = q()" + RUN, 0),
    ("def q():\n    return 'a; b'\nasync def run(conn: AsyncConnection):\n    await conn.execute(text(p()))", 0),
    ("def q():\n    return 'a; b'\nclass R:\n    def q(self):\n        return 'a'\nSQL = R().q()" + RUN, 0),
    (
        "def q():\n    yield from 'a; b'.split(';')\nasync def run(conn: AsyncConnection):\n"
        "    for one in q():\n        await conn.execute(text(one))",
        0,
    ),
]


@pytest.mark.parametrize(("code", "count"), GIVEN_BACK)
def test_sql_that_a_function_returns(code: str, count: int) -> None:
    assert [len(one.commands) for one in statements_of(HEAD + code)] == ([count] if count else [])


# `SQL` or the like is a clause of two commands; who runs it
NAMED = [
    ("async def f(conn: AsyncConnection):\n    await conn.execute(SQL)", "async"),
    ("async def f(conn: AsyncConnection):\n    await conn.execute(SQL, {'x': 1})", "async"),
    ("async def f(conn: AsyncConnection):\n    await conn.execute(SQL.bindparams(x=1))", "async"),
    ("async def f(s: AsyncSession):\n    rows = (await s.scalars(SQL)).all()", "async"),
    (
        "async def g(c, s):\n    await c.execute(s)\nasync def f(conn: AsyncConnection):\n    await g(conn, SQL)",
        "async",
    ),
    ("def g(c, s):\n    c.execute(s)\ndef f(conn: Session):\n    g(conn, SQL)", "sync"),
    ("def f(session: Session):\n    session.execute(SQL)", "sync"),
    ("def f(session: Session):\n    print(SQL)", "unknown"),
    ("def f(conn):\n    conn.execute(SQL)", "unknown"),
    ("def f(session: Session):\n    session.execute(OTHER)", "unknown"),
    ("async def f(conn: AsyncConnection, SQL):\n    await conn.execute(SQL)", "unknown"),
    (
        "async def f(conn: AsyncConnection):\n    for one in str(SQL).split(';'):\n"
        "        await conn.execute(text(one))",
        "unknown",
    ),
]


@pytest.mark.parametrize(("code", "runner"), NAMED)
def test_a_global_clause_is_run_by_whoever_names_it(code: str, runner: str) -> None:
    found = statements_of(HEAD + "SQL = text('a; b')\nOTHER = text('a')\n" + code)
    assert [statement.runner.value for statement in found] == [runner]


KEPT_IN = [
    "class Q:\n    SQL = text('a; b')\nasync def f(conn: AsyncConnection):\n    await conn.execute(Q.SQL)",
    "Q = {'x': text('a; b')}\nasync def f(conn: AsyncConnection):\n    await conn.execute(Q['x'])",
    "SQL = text('a; b').bindparams(x=1)\nasync def f(conn: AsyncConnection):\n    await conn.execute(SQL)",
    "SQL: object = text('a; b')\nasync def f(conn: AsyncConnection):\n    await conn.execute(SQL)",
    "class R:\n    def __init__(self):\n        self.sql = text('a; b')\n"
    "    async def m(self, conn: AsyncConnection):\n        await conn.execute(self.sql)",
    "def q():\n    return text('a; b')\nasync def f(conn: AsyncConnection):\n    await conn.execute(q())",
]


@pytest.mark.parametrize("code", KEPT_IN)
def test_a_clause_is_found_where_it_is_kept(code: str) -> None:
    assert [statement.runner.value for statement in statements_of(HEAD + code)] == ["async"]


NOT_OURS = [
    "import asyncpg\nasync def f(conn: asyncpg.Connection):\n    await conn.execute('a; b')",
    "import asyncpg\nasync def f():\n    conn = await asyncpg.connect()\n    await conn.execute('a; b')",
    "async def f(pool):\n    async with pool.acquire() as conn:\n        await conn.execute('a; b')",
    "def text(sql):\n    return sql\nasync def f(conn: AsyncConnection):\n    await conn.execute(text('a; b'))",
    "from rich.text import Text as text\nasync def f(conn: AsyncConnection):\n    await conn.execute(text('a; b'))",
    "async def f(conn: AsyncConnection):\n    await conn.execute('a; b')",
    "async def f(conn: AsyncConnection):\n    await conn.execute(text())",
    "async def f(cursor):\n    await cursor.execute('a; b')",
    "async def f(conn: AsyncConnection):\n    await conn.execute(text(sql=unknown))",
    "import shop\nasync def f(conn: AsyncConnection):\n    await shop.execute('a; b')",
]


@pytest.mark.parametrize("code", NOT_OURS)
def test_this_is_no_statement_of_ours(code: str) -> None:
    assert statements_of(HEAD + code) == []


CODES = [
    ("async def f(conn: AsyncConnection):\n    await conn.execute(text('SELECT 1; SELECT 2'))", "PGB301"),
    ("async def f(conn: AsyncConnection):\n    await conn.exec_driver_sql('SELECT 1; SELECT 2')", "PGB302"),
    ("def f(session: Session):\n    session.execute(text('SELECT 1; SELECT 2'))", ""),
    ("def f(conn):\n    conn.execute(text('SELECT 1; SELECT 2'))", ""),
    ("async def f(conn: AsyncConnection):\n    await conn.execute(text('SELECT 1;'))", ""),
]


@pytest.mark.parametrize(("code", "codes"), CODES)
def test_reported_is(code: str, codes: str) -> None:
    assert codes_of(HEAD + code) == codes


def test_where_the_commands_stand() -> None:
    code = HEAD + "async def f(conn: AsyncConnection):\n    await conn.execute(text('one; two'))"
    (statement,) = statements_of(code)
    assert [code[slice(*piece.span)] for piece in statement.commands if piece.span] == ["one", "two"]
    assert statement.literal is not None
    assert code[slice(*statement.literal)] == "'one; two'"
    assert statement.execution is not None
    assert code[slice(*statement.execution)] == "await conn.execute(text('one; two'))"


NOT_IN_PLACE = [
    "await conn.execute(text('a;\\x20b'))",
    "await conn.execute(text('a;' 'b'))",
    "await conn.execute(text(f'a; {1}'))",
    "await conn.execute(text(('a; b')))",
]


@pytest.mark.parametrize("call", NOT_IN_PLACE)
def test_what_is_no_plain_literal_has_no_spans(call: str) -> None:
    (statement,) = statements_of(HEAD + f"async def f(conn: AsyncConnection):\n    {call}")
    assert statement.literal is None
    assert {piece.span for piece in statement.commands} == {None}


@pytest.mark.parametrize("before", ["result = ", "pass; "])
def test_only_a_bare_statement_can_be_split(before: str) -> None:
    run = f"{before}await conn.execute(text('a; b'))"
    (statement,) = statements_of(HEAD + f"async def f(conn: AsyncConnection):\n    {run}")
    assert statement.execution is None
    assert statement.executor is not None


def test_lines_that_end_in_any_way_keep_their_places() -> None:
    code = HEAD + "async def f(conn: AsyncConnection):\r\n    await conn.execute(text('''one;\r\ntwo'''))\r\n"
    (statement,) = statements_of(code)
    assert [code[slice(*piece.span)] for piece in statement.commands if piece.span] == ["one", "two"]


def test_unknown_pieces_and_autocommit_are_noted() -> None:
    run = "async def f(conn: AsyncConnection):\n    await conn.execute(text({}))"
    (statement,) = statements_of(HEAD + run.format("f'a {x}; b'"))
    assert (statement.interpolated, statement.autocommit) == (True, False)
    (statement,) = statements_of(HEAD + "LEVEL = 'AUTOCOMMIT'\n" + run.format("'a; b'"))
    assert (statement.interpolated, statement.autocommit) == (False, True)


def test_where_the_sql_was_written_is_told() -> None:
    (statement,) = statements_of(HEAD + "SQL = 'a; b'" + RUN)
    assert [(place.row, place.message) for place in statement.origin] == [(7, "the SQL is written here")]
