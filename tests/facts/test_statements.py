"""SQL with several commands: how it is built, and what runs it."""

from __future__ import annotations

import pytest
from blocks import cases, programs
from programs import TRANSACTION, codes_of, statements_of

from poolsafe.checker import check
from poolsafe.facts.silence import Cause
from poolsafe.source import Source

HEAD = """
import textwrap
from textwrap import dedent
from sqlalchemy import text, DDL, create_engine
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, AsyncEngine, async_sessionmaker, create_async_engine
"""
RUN = """
async def run(conn: AsyncConnection):
    await conn.execute(text(SQL))
"""

# how the SQL is written, how many commands it is; 0 is "one or none: no statement of ours"
WRITTEN = r"""
    SQL = 'a; b'  # 2
    SQL = 'a;b;c'  # 3
    SQL = 'a;' 'b'  # 2

    SQL = ('a;'
           'b;')  # 2

    SQL = '''
    a;
    b;
    '''  # 2

    SQL = dedent('''
        a;
        b;
    ''')  # 2

    SQL = textwrap.dedent('a;b')  # 2

    A = 'a'
    SQL = A + ';' + 'b'  # 2

    SQL = 'a;'
    SQL += 'b'  # 2

    SQL = ';'.join(['a', 'b'])  # 2
    SQL = 'a; %s' % 'b'  # 2
    SQL = 'a; {}'.format('b')  # 2
    SQL = f'a {unknown}; b {unknown}'  # 2
    SQL = f'a {unknown}; -- c\nb'  # 2

    SQL = '''a;
    b'''.strip()  # 2

    SQL = 'a; b' if unknown else 'a'  # 2

    class Q:
        SQL = 'a; b'
    SQL = Q.SQL  # 2

    QUERIES = {'x': 'a; b'}
    SQL = QUERIES['x']  # 2

    SQL = 'a'  # 0
    SQL = 'a;'  # 0
    SQL = 'a; -- b'  # 0
    SQL = 'a; /* b; */ ;'  # 0
    SQL = "a ';' b"  # 0
    SQL = 'DO $$ BEGIN a; b; END $$'  # 0
    SQL = f'a {unknown}'  # 0
    SQL = f'{unknown};'  # 0
    SQL = f'{unknown}; b'  # 0
    SQL = unknown  # 0
    SQL = 'a; b'.split(';')[0]  # 0
    SQL = 'postgresql://u;p@h/d;x'  # 0
    SQL = 5  # 0
"""


@pytest.mark.parametrize(("code", "count"), cases(WRITTEN))
def test_the_sql_is(code: str, count: str) -> None:
    found = statements_of(HEAD + code + RUN)
    assert [str(len(statement.commands)) for statement in found] == ([count] if count != "0" else [])


def test_statements_that_are_split_in_a_loop_are_single() -> None:
    code = """
SQL = 'a; b'
async def run(conn: AsyncConnection):
    for one in SQL.split(';'):
        await conn.execute(text(one))
"""
    assert statements_of(HEAD + code) == []


# SQL that functions give, how many commands it is
GIVEN_BACK = """
    def q():
        return 'a; b'
    SQL = q()
    async def run(conn: AsyncConnection):
        await conn.execute(text(SQL))  # 2

    def q():
        return 'a; b'
    async def run(conn: AsyncConnection):
        await conn.execute(text(q()))  # 2

    def table():
        return 'DELETE FROM a; '
    def q(more):
        return table() + more
    async def run(conn: AsyncConnection):
        await conn.execute(text(q('DELETE FROM b')))  # 2

    class Q:
        @property
        def sql(self):
            return 'a; b'
    async def run(conn: AsyncConnection):
        await conn.execute(text(Q().sql))  # 2

    class R:
        def _sql(self):
            return 'a; b'
        async def run(self, conn: AsyncConnection):
            await conn.execute(text(self._sql()))  # 2

    def q(name):
        return f'DELETE FROM {name}; DELETE FROM b'
    async def run(conn: AsyncConnection, name):
        await conn.execute(text(q(name)))  # 2

    def q():
        return 'a; b'.split(';')[0]
    SQL = q()
    async def run(conn: AsyncConnection):
        await conn.execute(text(SQL))  # 0

    def q():
        log('a; b')
        return 'a'
    SQL = q()
    async def run(conn: AsyncConnection):
        await conn.execute(text(SQL))  # 0

    def q():
        return 'a; b'
    async def run(conn: AsyncConnection):
        await conn.execute(text(p()))  # 0

    def q():
        return 'a; b'
    class R:
        def q(self):
            return 'a'
    SQL = R().q()
    async def run(conn: AsyncConnection):
        await conn.execute(text(SQL))  # 0

    def q():
        yield from 'a; b'.split(';')
    async def run(conn: AsyncConnection):
        for one in q():
            await conn.execute(text(one))  # 0
"""


@pytest.mark.parametrize(("code", "count"), cases(GIVEN_BACK))
def test_sql_that_a_function_returns(code: str, count: str) -> None:
    found = statements_of(HEAD + code)
    assert [str(len(one.commands)) for one in found] == ([count] if count != "0" else [])


# `SQL` or the like is a clause of two commands; who runs it
NAMED = """
    async def f(conn: AsyncConnection):
        await conn.execute(SQL)  # async

    async def f(conn: AsyncConnection):
        await conn.execute(SQL, {'x': 1})  # async

    async def f(conn: AsyncConnection):
        await conn.execute(SQL.bindparams(x=1))  # async

    async def f(s: AsyncSession):
        rows = (await s.scalars(SQL)).all()  # async

    async def g(c, s):
        await c.execute(s)
    async def f(conn: AsyncConnection):
        await g(conn, SQL)  # async

    def g(c, s):
        c.execute(s)
    def f(conn: Session):
        g(conn, SQL)  # sync

    def f(session: Session):
        session.execute(SQL)  # sync

    def f(session: Session):
        print(SQL)  # unknown

    def f(conn):
        conn.execute(SQL)  # unknown

    def f(session: Session):
        session.execute(OTHER)  # unknown

    async def f(conn: AsyncConnection, SQL):
        await conn.execute(SQL)  # unknown

    async def f(conn: AsyncConnection):
        for one in str(SQL).split(';'):
            await conn.execute(text(one))  # unknown
"""


@pytest.mark.parametrize(("code", "runner"), cases(NAMED))
def test_a_global_clause_is_run_by_whoever_names_it(code: str, runner: str) -> None:
    found = statements_of(HEAD + "SQL = text('a; b')\nOTHER = text('a')\n" + code)
    assert [statement.runner.value for statement in found] == [runner]


KEPT_IN = """
    class Q:
        SQL = text('a; b')
    async def f(conn: AsyncConnection):
        await conn.execute(Q.SQL)

    Q = {'x': text('a; b')}
    async def f(conn: AsyncConnection):
        await conn.execute(Q['x'])

    SQL = text('a; b').bindparams(x=1)
    async def f(conn: AsyncConnection):
        await conn.execute(SQL)

    SQL: object = text('a; b')
    async def f(conn: AsyncConnection):
        await conn.execute(SQL)

    class R:
        def __init__(self):
            self.sql = text('a; b')
        async def m(self, conn: AsyncConnection):
            await conn.execute(self.sql)

    def q():
        return text('a; b')
    async def f(conn: AsyncConnection):
        await conn.execute(q())
"""


@pytest.mark.parametrize("code", programs(KEPT_IN))
def test_a_clause_is_found_where_it_is_kept(code: str) -> None:
    assert [statement.runner.value for statement in statements_of(HEAD + code)] == ["async"]


NOT_OURS = """
    import asyncpg
    async def f(conn: asyncpg.Connection):
        await conn.execute('a; b')

    import asyncpg
    async def f():
        conn = await asyncpg.connect()
        await conn.execute('a; b')

    async def f(pool):
        async with pool.acquire() as conn:
            await conn.execute('a; b')

    def text(sql):
        return sql
    async def f(conn: AsyncConnection):
        await conn.execute(text('a; b'))

    from rich.text import Text as text
    async def f(conn: AsyncConnection):
        await conn.execute(text('a; b'))

    async def f(conn: AsyncConnection):
        await conn.execute('a; b')

    async def f(conn: AsyncConnection):
        await conn.execute(text())

    async def f(cursor):
        await cursor.execute('a; b')

    async def f(conn: AsyncConnection):
        await conn.execute(text(sql=unknown))

    import shop
    async def f(conn: AsyncConnection):
        await shop.execute('a; b')
"""


@pytest.mark.parametrize("code", programs(NOT_OURS))
def test_this_is_no_statement_of_ours(code: str) -> None:
    assert statements_of(HEAD + code) == []


CODES = """
    async def f(conn: AsyncConnection):
        await conn.execute(text('SELECT 1; SELECT 2'))  # PGB301

    async def f(conn: AsyncConnection):
        await conn.exec_driver_sql('SELECT 1; SELECT 2')  # PGB302

    def f(session: Session):
        session.execute(text('SELECT 1; SELECT 2'))

    def f(conn):
        conn.execute(text('SELECT 1; SELECT 2'))

    async def f(conn: AsyncConnection):
        await conn.execute(text('SELECT 1;'))
"""


@pytest.mark.parametrize(("code", "codes"), cases(CODES))
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
    assert [(place.row, place.message) for place in statement.origin] == [(7, "the SQL is defined here")]


def test_many_literals_are_all_found() -> None:
    run = "".join(f"    await conn.execute(text('a{n}; b'))\n" for n in range(2_500))
    found = statements_of(HEAD + f"async def run(conn: AsyncConnection):\n{run}")
    assert [statement.commands[0].sql for statement in found] == [f"a{n}" for n in range(2_500)]


def test_what_costs_too_much_is_said() -> None:
    loops = "".join(f"{'    ' * (depth + 1)}for {name} in range(30):\n" for depth, name in enumerate("abc"))
    code = f"{HEAD}async def run(conn):\n{loops}                sql = str(a + b + c)\n"
    code += "    await conn.execute(text('DELETE FROM a; DELETE FROM b WHERE x = ' + sql))\n"
    source = Source.from_text("app.py", code)
    report = check(source, TRANSACTION)
    assert [(finding.code, source.row_column(finding.start)[0]) for finding in report.findings] == [("PGB010", 12)]
    assert report.findings[0].message.startswith(
        "this SQL was not checked: the code that leads to it takes too long to analyse; "
    )
    assert [(one.cause, one.holds_sql) for one in report.silences] == [(Cause.BUDGET, True)]
    assert report.engines == 0


def test_the_default_of_a_url_decides_which_driver_runs_the_sql() -> None:
    code = """
import os
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
url = os.getenv('DATABASE_URL', {default!r})
options = {{'pool_pre_ping': True}} if url.startswith('postgresql') else {{}}
engine = create_async_engine(url, **options)

async def main():
    async with engine.connect() as connection:
        await connection.execute(text('SELECT 1; SELECT 2'))
"""
    assert "PGB301" not in codes_of(code.format(default="sqlite+aiosqlite://"))
    assert "PGB301" in codes_of(code.format(default="postgresql+asyncpg://db/app"))


BRANCHES = """
    # Only an engine that the environment brings instead has an unknown driver.
    async def main():
        async with engine_for(os.getenv('URL', 'sqlite+aiosqlite://')).connect() as connection:
            await connection.execute(text('SELECT 1; SELECT 2'))

    async def main():
        async with engine_for(os.getenv('URL', 'postgresql+asyncpg://db/app')).connect() as connection:
            await connection.execute(text('SELECT 1; SELECT 2'))  # PGB301

    # Without a default, the driver may be any.
    async def main():
        async with engine_for(os.environ['URL']).connect() as connection:
            await connection.execute(text('SELECT 1; SELECT 2'))  # PGB301

    async def main():
        made = engine_for(os.environ['URL']) if os.getenv('URL') else create_async_engine('sqlite+aiosqlite://')
        async with made.connect() as connection:
            await connection.execute(text('SELECT 1; SELECT 2'))  # PGB301
"""
ENGINE_FOR = """
import os
def engine_for(url):
    if url.startswith('sqlite'):
        return create_async_engine(url, connect_args={'check_same_thread': False})
    return create_async_engine(url, pool_pre_ping=True, connect_args=OFF)
OFF = {'statement_cache_size': 0, 'prepared_statement_cache_size': 0}
"""


@pytest.mark.parametrize(("code", "codes"), cases(BRANCHES))
def test_the_default_of_a_url_decides_which_engine_runs_the_sql(code: str, codes: str) -> None:
    assert codes_of(HEAD + ENGINE_FOR + code) == codes
