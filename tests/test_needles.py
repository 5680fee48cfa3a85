"""Which files the byte search rules out, and that it imports almost nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from timing import is_linear

import poolsafe
from poolsafe.checkout import second_look
from poolsafe.cli import sieve
from poolsafe.needles import CLIENT, ENGINE, PREPARING, STATEMENT, SUPPRESSION, uses_synchronous_engine, wanted
from poolsafe.sql.python_strings import holds_several_commands

SQLALCHEMY = b"import sqlalchemy as sa\n"
SQL = '"create table a (x int); create index on a (x)"'


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"\xff\xfe\x00",
        b"print('hello')",
        b"engine = build_engine(url)",
        b"engine: AsyncEngine = app.engine",
        b"from sqlalchemy import create_engine\nengine = create_engine(settings.url)",
        b"connectable = engine_from_config(section)",
        b"x = 1  # noqa",
        b"x = 1  # noqa: F401",
        b"PGB = 1",
        b"a; b; text",
        "create_async_engine".encode("utf-16"),
        b"op.execute('drop table a;')",
        # named, but not used
        b"# create_async_engine(url)",
        b"'create_async_engine(url)'",
        b"from sqlalchemy.ext.asyncio import (\n    AsyncEngine,\n    create_async_engine,  # (again)\n)",
        b"from .engine import create_async_engine as create_async_engine\n__all__ = ['create_async_engine']",
        b"def create_async_engine(url):\n    'Like create_async_engine().'",
        # clients that are named, or that make no connection here
        b"# asyncpg.connect(dsn)\nbot.connect(url)",
        b"import asyncpg\ntry: f()\nexcept asyncpg.PostgresError: pass",
        b"from asyncpg import connect\n__all__ = ['connect']",
        b"'import asyncpg'\nconnect(url)",
        b"psycopg = 1\nconnect(url)",
        b"import databases\nurl = databases.DatabaseURL(x)",
        b"create_engine('postgresql+psycopg2://h/d')",
        b"async def f(): conn.cursor()",
        b"async def f(self): await response.prepare(self.request)",
        b"import aiomysql\nasync def f(): await conn.cursor(DictCursor)",
        b"def f(): sqlite.cursor(Cursor)",
        # a method with the name of a client's function
        b"import asyncpg\nclass Fake:\n    async def connect(self): raise asyncpg.PostgresError",
        # engines of another database by a literal
        b"import asyncio\ncreate_engine('sqlite:///:memory:', poolclass=StaticPool)",
        b"create_async_engine(\n    'sqlite+aiosqlite://',\n)",
        b"create_async_engine('sqlite+aiosqlite://', connect_args={'check_same_thread': False}, poolclass=Pool)",
        b"create_async_engine(url = f'sqlite+aiosqlite:///{path}', echo=True)",
        b'from sqlalchemy.ext.asyncio import create_async_engine\ncreate_async_engine("mysql+asyncmy://h/d")',
    ],
)
def test_drops(source: bytes) -> None:
    assert wanted(source) == 0


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (b"create_async_engine(url)", ENGINE),
        (b"import sqlalchemy.ext.asyncio as sa\nsa.async_engine_from_config(c)", ENGINE),
        (b"AsyncEngine(create_engine(settings.url))", ENGINE),
        (b"AsyncEngine(engine_from_config(c))", ENGINE),
        (b"create_engine('postgresql+asyncpg://h/d')", ENGINE),
        (b"create_engine(ASYNC_URL)", ENGINE),
        (b"import advanced_alchemy\nSQLAlchemyAsyncConfig(connection_string=url)", ENGINE),
        (b"make = partial(create_async_engine, url)", ENGINE),
        (b"from sqlalchemy.ext.asyncio import create_async_engine as make\nmake(url)", ENGINE),
        (b"from sqlalchemy.ext.asyncio import \\\n  create_async_engine\ncreate_async_engine(url)", ENGINE),
        (b"f'{create_async_engine(url)}'", ENGINE),
        (b"create_async_engine('sqlite+aiosqlite://' if testing else url)", ENGINE),
        (b"create_async_engine('sqlite+aiosqlite:' + path)", ENGINE),
        (b"create_async_engine('sqlite+aiosqlite://' '/a')", ENGINE),
        (b"create_async_engine(f'{driver}://')", ENGINE),
        (b"create_async_engine('sqlite_url')", ENGINE),
        (b"create_async_engine('sqlite+aiosqlite://', connect_args={'command_timeout': 30})", ENGINE),
        (b"create_async_engine('sqlite+aiosqlite://', connect_args=settings.arguments)", ENGINE),
        (b"create_async_engine('sqlite+aiosqlite://', **settings.options)", ENGINE),
        (b"create_async_engine('sqlite+aiosqlite://')\ncreate_async_engine(url)", ENGINE),
        (b"make = create_async_engine\nmake('sqlite+aiosqlite://')", ENGINE),
        (b"create_async_engine('", ENGINE),
        (b"import asyncpg\nasyncpg.connect(dsn)", CLIENT),
        (b"import asyncpg\ndef connect(): return asyncpg.connect(dsn)", CLIENT),
        (b"import os, asyncpg as pg\npg.create_pool(dsn)", CLIENT),
        (b"from asyncpg import create_pool as make\nmake(dsn)", CLIENT),
        (b"from buildpg import asyncpg\nasyncpg.create_pool_b(dsn)", CLIENT),
        (b"from psycopg_pool import AsyncConnectionPool\nAsyncConnectionPool(uri)", CLIENT),
        (b"from databases import Database\nDatabase(url)", CLIENT),
        (b"from tortoise.contrib.fastapi import register_tortoise\nregister_tortoise(app)", CLIENT),
        (b"x = {'engine': 'tortoise.backends.asyncpg'}", CLIENT),
        (b"from app import db  # gino\nawait db.set_bind(url)", CLIENT),
        (b"create_engine('postgresql+psycopg://h/d')", CLIENT),
        (b"create_engine(url, connect_args={'prepare_threshold': 0})", CLIENT),
        (b"async def f(): await conn.cursor(sql)", PREPARING),
        (b"async def f():\n  async for row in conn.cursor(sql): pass", PREPARING),
        (b"import asyncpg, psycopg\nasync def f(): await conn.prepare(sql)", PREPARING),
        (b"from ormar import DatabaseConnection\nasync_db = DatabaseConnection(url)", ENGINE),
        (b"x  # noqa: PGB101", SUPPRESSION),
        (b"x  # NoQA : E501,PGB101", SUPPRESSION),
        (b"# poolsafe: ignore[PGB101]", SUPPRESSION),
        (SQLALCHEMY + b"text(" + SQL.encode() + b")", STATEMENT),
        (b"from sqlalchemy \\\n    import text\ntext(" + SQL.encode() + b")", STATEMENT),
        (b"from sqlalchemy \\\r\n    import text\r\ntext(" + SQL.encode() + b")", STATEMENT),
        (b"async def f(conn): conn.exec_driver_sql(" + SQL.encode() + b")", STATEMENT),
        (SQLALCHEMY + b"create_async_engine(u)\ntext('a; do b')  # noqa: PGB301", ENGINE | STATEMENT | SUPPRESSION),
    ],
)
def test_keeps(source: bytes, expected: int) -> None:
    assert wanted(source) == expected


def test_a_name_that_another_module_gives_an_engine_function_is_looked_up(tmp_path: Path) -> None:
    (tmp_path / "db.py").write_bytes(b"from sqlalchemy.ext.asyncio import create_async_engine as make_engine\r\n")
    (tmp_path / "none.py").write_bytes(b"def make_engine(url): ...\n")
    (tmp_path / "parts.py").write_bytes(
        b"import functools, db\nfrom db import make_engine as made\npinged = functools.partial(\n    made, echo=True)\n"
        b"again: object = db.make_engine  # as it is\nmade_engine = db.make_engine(URL)\nround = trip\ntrip = round\n"
    )
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/__init__.py").write_bytes(
        b"from parts import (\n    pinged,  # a comment, with a comma\n    again)\n"
    )
    sources = {
        b"from db import make_engine\nengine = make_engine(URL)": True,
        b"from db import make_engine as made\nengine = made(URL)": True,
        b"from db import make_engine\nprint(make_engine)": False,
        b"from db import other\nengine = make_engine(URL)": False,
        b"from none import make_engine\nengine = make_engine(URL)": False,
        b"from nowhere import make_engine\nengine = make_engine(URL)": False,
        b"from parts import pinged\nengine = pinged(URL)": True,
        b"from parts import again as pinged\nmain = pinged('postgresql+asyncpg://db/a')": True,
        b"import parts as p\nengine = p.pinged(URL)": True,
        b"import shop.other, shop\nengine = shop.pinged(URL)": True,
        b"from shop import *\nmain = again(async_url, connect_args={})": True,
        b"import parts\nnew = parts.pinged\nengine = new(URL)": True,
        b"from parts import made_engine\nengine = made_engine()": False,
        b"from parts import round\nengine = round()": False,
        b"from parts import trip\nengine = other.pinged()": False,
    }
    path = str(tmp_path / "app.py")
    assert {source: sieve.may_hold(path, source) for source in sources} == sources
    assert {source: second_look.wanted(path, source, str(tmp_path)) == ENGINE for source in sources} == sources


def test_what_second_looks_read_is_kept_until_it_changes(tmp_path: Path) -> None:
    (tmp_path / "db.py").write_bytes(b"from sqlalchemy.ext.asyncio import create_async_engine as make_engine\n")
    looked_at: dict[str, second_look.ImportedFiles] = {}
    source = b"from db import make_engine\nengine = make_engine(URL)"

    def renamed(name: str) -> list[str]:
        found = second_look.renamed_engine_functions(str(tmp_path / name), source, str(tmp_path), looked_at)
        return sorted(found)

    with mock.patch.object(second_look, "_content", side_effect=second_look._content) as read:
        assert renamed("one.py") == renamed("two.py") == ["make_engine"]
        assert read.call_count == 1
        (tmp_path / "db.py").write_bytes(b"def make_engine(url): ...\n")
        second_look.renamed_engine_functions(
            str(tmp_path / "db.py"), (tmp_path / "db.py").read_bytes(), str(tmp_path), looked_at
        )
        assert renamed("one.py") == []


def test_imports_are_read_only_if_a_file_may_rename_an_engine_function(tmp_path: Path) -> None:
    sources = {
        "app/main.py": b"from db import make_engine\nengine = make_engine(URL)",
        "app/other.py": b"from db import other\nengine = other(URL)",
        "db.py": b"from sqlalchemy.ext.asyncio import create_async_engine as make_engine\n",
        "pyproject.toml": b"",
    }
    (tmp_path / "app").mkdir()
    for name, source in sources.items():
        (tmp_path / name).write_bytes(source)
    main, other, db = (str(tmp_path / name) for name in sources if name.endswith(".py"))

    def found(paths: list[str], *folders: Path) -> tuple[list[str], bool]:
        with mock.patch.object(second_look, "revealed", side_effect=second_look.revealed) as revealed:
            hits = sieve.sift(paths, 1, (), [str(folder) for folder in folders])
        return [paths[index] for index, _, _ in hits], revealed.called

    assert found([main, other, db], tmp_path) == ([main, db], True)
    assert found([main, other], tmp_path / "app") == ([main], True)
    assert found([main]) == ([main], True)
    # As if `db.py` was excluded: none of the project's files uses an engine function.
    assert found([main, other], tmp_path) == ([], False)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (b"from app import URL\ncreate_engine(URL)", True),
        (b"connectable = engine_from_config(section)", True),
        (b"create_engine(ASYNC_URL)", False),
        (b"from sqlalchemy import create_engine\n# create_engine(url)", False),
        (b"engine = build()", False),
        (b"engine = self._create_engine()", False),
    ],
)
def test_synchronous_engines_get_a_second_look(source: bytes, expected: bool) -> None:
    assert uses_synchronous_engine(source) is expected


@pytest.mark.parametrize(
    "name", ["text", "sa.text", "DDL", "op.execute", "conn.exec_driver_sql", "migration_op.execute"]
)
def test_keeps_several_commands_beside_what_runs_them(name: str) -> None:
    assert wanted(SQLALCHEMY + f"{name}({SQL})".encode()) == STATEMENT


@pytest.mark.parametrize(
    "call",
    [
        "text(SQL)",
        "sa.text ( # why (\n\n  SQL)",
        "text((SQL), bind=x)",
        "text(f(SQL))",
        "text(SQL % x)",
        "x = SQL\ntext(x)",
        "from sqlalchemy import text as t\nt(SQL)",
        "from sqlalchemy import text \\\n as t\nt(SQL)",
        "from alembic.op import execute as run\nrun(SQL)",
        "run = conn.exec_driver_sql\nrun(SQL)",
        "text('select 1') + text('select 2;' + x)",
        "text(x)\n';'.join(commands)",
        "text(x)\nglue = ';'\n",
        "text(x)\njoin(commands, ';')",
        "text(x)\ncommands.replace(',', ';')",
        "migration.execute(SQL)",
        "op . execute(SQL)",
        "@event.listens_for(engine, 'connect')\ndef f(c, r):\n    c.cursor().execute(SQL)",
    ],
)
def test_keeps_what_may_run_several_commands(call: str) -> None:
    assert wanted(SQLALCHEMY + call.replace("SQL", SQL).encode()) == STATEMENT


@pytest.mark.parametrize(
    "call",
    [
        "# text(SQL)\nSQL",
        "'text(x)'\nx = SQL",
        "text('select 1')\nx = SQL",
        "text('select 1' 'from a', SQL)",
        "text(x)\nmime.split(';')",
        "text(x)\nmime.partition( '; ' )",
        "text(x)\nf'drop table \"{x}\";'",
        "ax.text(0.5, .5, SQL)",
        "ax.text(.5, .5, SQL)",
        "text()\nx = SQL",
        "def text(value): pass\nx = SQL",
        "class DDL(Base): pass\nx = SQL",
        "def exec_driver_sql(self, sql): pass\nx = SQL",
        "cursor.execute(SQL)",
        "cursor.execute(SQL)  # @event.listens_for",
        "from sqlalchemy import text\nx = SQL",
    ],
)
def test_drops_what_runs_one_command_or_none(call: str) -> None:
    assert wanted(SQLALCHEMY + call.replace("SQL", SQL).encode()) == 0


@pytest.mark.parametrize(
    "name", ["print", "context", "textual", "executes", "executor.submit", "session.execute", "cursor.execute"]
)
def test_drops_several_commands_that_nothing_runs(name: str) -> None:
    assert wanted(SQLALCHEMY + f"{name}({SQL})".encode()) == 0


@pytest.mark.parametrize("runs", ["text(SQL)", "conn.execute(SQL)", "cursor.fetch(SQL)", "op.execute('SET ROLE app')"])
def test_drops_a_synchronous_file_that_imports_nothing_that_runs_sql(runs: str) -> None:
    assert wanted(f"import numpy as np\n{runs.replace('SQL', SQL)}".encode()) == 0


# Expressions, tried as the argument of a call.
ONE_COMMAND_AT_MOST = [
    "'select 1'",
    "'select 1;'",
    "'select 1; -- done; select'",
    "'\\nselect 1;\\n'",
    "';'",
    "''",
    "'select 1;' if a else 'select 2;'",
    "'select 1;', 'select 2;'",
    "g('select 1;')('select 2;')",
    # dollar quotes, rules and routines
    "'do $$ begin; select 1; end $$'",
    "TQcreate rule r as on delete to t do also (delete from a; delete from b)TQ",
    "'create function f() returns int begin atomic select 1; select 2; end'",
    # strings that are no SQL
    "'color: red; margin: 0'",
    "'a &lt; b &amp; c'",
    "'not found; try again'",
    "'text/html; charset=utf-8'",
    "'while read a; done'",
    "'Accept; selected'",
    "'a;b;c;d'",
    "x.split(';')",
    "b'\\x1b[0;1m'",
    "'insert a coin; then play'",
    # comments, none of which hides a command
    "'select 1 /* a; select 2 */'",
    "'select 1 /* /* ; */ drop; */'",
    "TQselect 1 -- it's; drop\nTQ",
    "TQ\n-- select 1;\nselect 2;\n-- drop;\nTQ",
    # escapes
    r"'select \'a; select b\''",
    r"'select 1 -- it; \\n select 2'",
    r"r'select 1 -- it; \n select 2'",
    r'"select \"a; select b\""',
    r"'select 1;\n'",
    "'select 1 \\\n ;'",
    # f-strings
    "f'select {a};'",
    "f'{a};'",
    "f'select {a[\"b; c\"]} {d:;>10}'",
    "f'select {{; not a field }}'",
    "f'select {a[';']}'",
    "f'select {a['drop; select']}'",
    "f'select {f'{f'{a}'}'};'",
    "f'{a!r:\">10}' + x",
    r"rf'\{a};'",
    r"f'\N{SEMICOLON} {a};'",
    # incomplete
    "'select (1; select 2'",
    '"it\'s; select 1"',
]

SEVERAL_COMMANDS = [
    "'select 1; select 2'",
    "'SELECT 1;SELECT 2;'",
    "TQ\nselect 1;\n-- c\nselect 2;\nTQ",
    "r'select 1; select 2'",
    "B'select 1; select 2'",
    "Rb'select 1; select 2'",
    "u'select 1; select 2'",
    "'(select 1); (select 2)'",
    "'insert a coin; select a game'",
    r"'select \'a\'; select 2'",
    r"'select 1 -- it; is\n; select 2'",
    "'select 1;\\\n select 2'",
    "TQéTQ, 'select \"é\"; select 2'",
    "'select {}; {}'",
    "'select %s; %s'",
    "'select %(a)s; %(b)s'",
    # added up
    "'select 1;' 'select 2'",
    "'select 1;'\n  # it's; a comment\n  'select 2'",
    "'select 1;' \\\n 'select 2'",
    "'select 1;' + 'select 2'",
    "('select 1;') + (\n'select 2')",
    "'select (1' + '); select 2'",
    "'select 1;' + x",
    "x + '; select 2'",
    '"select \'" + f(x, y=1) + "\'; select 2"',
    # f-strings
    "f'select {a}; select {b}'",
    "f'{a}; {b}'",
    "F'select {a}; select {b}'",
    "fTQselect {a}; select {b}TQ",
    "t'select {a}; select {b}'",
    "Rf'select {a}; select {b}'",
    "f'select {a[\"b\"]:>{c}}; select 2'",
    "f'select {a['b']}; select 2'",
    "f'select {a:\"^3}; select 2'",
    "f'select {{}}; select 2'",
    "f'{f'{x}'}' 'select 1; select 2'",
    "fTQ{\n  a  # it's\n}; select 2TQ",
    r"f'select \N{BULLET}; select {a}'",
]

MODULES_WITH_ONE_COMMAND_AT_MOST = [
    "",
    "a; b; c",
    "# 'select 1; select 2'",
    "x = 1  # it's\n# don't; select",
    "x = 'select 1;'\ny = 'select 2;'",
    "x = TQit'sTQ; drop = 'a'",
    # documentation
    "TQSelect this; drop that.TQ",
    "# c\n\nTQSelect this; drop that.TQ\nx = 1",
    "\ufeffTQSelect this; drop that.TQ",
    "def f(a: int, b=g(1)) -> str:\n    TQSelect this; drop that.TQ\n    return a",
    "async def f():  # c\n    TQSelect this; drop that.TQ",
    "class A(B):\n\n    rTQSelect this; drop that.TQ\n",
    # names whose text goes on, but not with a command
    "x = 'select 1;'\ny = f'{x}'",
    "x = 'select 1;'\ny = f'running {x} now'",
    "x = 'select 1;'\ny = z + 1",
    "x == 'select 1;'\ny += 'select 2'",
]

MODULES_WITH_SEVERAL_COMMANDS = [
    "\"it's \" + x\ny = z + 'select 1; select 2'",
    "x += '; select 2'",
    "x = 'select 1;'\nx += 'select 2'",
    "x: str = (\n'select 1;')\ny = x + 'select 2'",
    "class A:\n    X = 'select 1;'\ny = f'{A.X} select 2'",
    "x = 'select 1;'\ny = f'{x}\\n{z}'",
    "def f(a='x'):\n    y = TQselect 1; select 2TQ",
    "def f():\n    return TQselect 1; select 2TQ",
    "def f():\n    TQselect 1; select 2TQ.strip()",
    "x = {a:\n    TQselect 1; select 2TQ}",
    "x = \\\n'select 1; select 2'",
    "print'select 1; select 2'",
    # what this lexer cannot read
    "x = ';\n",
    "x = TQ;",
    "x = f'{;",
    "x = f'}';",
    "x = f';",
    "x = f'{a:;",
    "x = f'{" * 100 + ";",
]


def each_with_both_quotes(sources: list[str]) -> list[str]:
    """The sources with their triple quotes filled in, and once more with all quotes exchanged."""
    exchange = str.maketrans({"'": '"', '"': "'"})
    filled = [source.replace("TQ", "'''") for source in sources]
    return filled + [source.translate(exchange) for source in filled]


SILENT = each_with_both_quotes(MODULES_WITH_ONE_COMMAND_AT_MOST + [f"run({sql})" for sql in ONE_COMMAND_AT_MOST])
LOUD = each_with_both_quotes(MODULES_WITH_SEVERAL_COMMANDS + [f"run({sql})" for sql in SEVERAL_COMMANDS])


@pytest.mark.parametrize("source", SILENT)
def test_drops_strings_with_one_command(source: str) -> None:
    assert not holds_several_commands(source.encode())
    assert not holds_several_commands(source.replace("\n", "\r\n").encode())


@pytest.mark.parametrize("source", LOUD)
def test_keeps_strings_with_several_commands(source: str) -> None:
    among = f"a = 'b'\n{source}\nc = \"d\"\n"
    assert holds_several_commands(source.encode())
    assert holds_several_commands(among.encode())
    assert holds_several_commands(among.replace("\n", "\r\n").encode())


PIECES = [
    *("'", '"', "'''", '"""', "f", "r", "{", "}", ";", "\\", "\n", "\r", "a", "drop ", "+", "=", "(", ")", "#", ":"),
    *("é", "\0", "\\N{", "text ", "def f():\n", "%s", "["),
]


@given(st.one_of(st.binary(), st.lists(st.sampled_from(PIECES)).map(lambda pieces: "".join(pieces).encode())))
@example(b"text" + b"'\\UFFFFFFFF;'")
@example(b"text;'\\")
@example(b"text;" + b"f'{" * 5000)
def test_any_bytes_are_taken(data: bytes) -> None:
    assert 0 <= wanted(SQLALCHEMY + data + b" text;") <= ENGINE | STATEMENT | SUPPRESSION


HOSTILE = [
    *("'", '"', "'''", '"""', '"""\\"', "'\\", "f'{{", 'f"{', 'f"{x}"', 'f"{f"', 'f"{[', "f'{a:{b:", "f'\\N{", "#\n"),
    *("'a;'#\n", "'a;'+", "'a;'+\n", "'a;' + x + ", "x='a;'\n", "x+='a;'\n", "def a(", "def a(()", "def a():\n"),
    *("'''a;do b'''\ndef a(x):\n", "a ", "a+", "a:", "=", "'\\N{a;'", "\\\n", "';'", "f'{a;b}'", "{a.", "x:", "+ "),
    *("import a \\\n", "import a \\\r\n", "text ", "text\n"),
]


@pytest.mark.parametrize("start", ["", "x = 'a;'\n"])
@pytest.mark.parametrize("unit", HOSTILE)
def test_time_is_linear(unit: str, start: str) -> None:
    def search(length: int) -> None:
        wanted(SQLALCHEMY + (start + unit * (length // len(unit)) + "\n'''a;b''' text").encode())

    assert is_linear(search, 5_000)


def imports(call: str) -> list[str]:
    """What a bare interpreter, with `re`, has to import for `call` of the needles."""
    program = (
        "import re, sys; before = set(sys.modules); "
        f"sys.path.insert(0, {str(Path(poolsafe.__file__).parents[1])!r}); "
        f"from poolsafe import needles; needles.{call}; print(*sorted(set(sys.modules) - before))"
    )
    run = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
    return run.stdout.split()


NEEDLES = ["__future__", "poolsafe", "poolsafe.needles"]
LOOK = ["_bisect", "bisect", "poolsafe.sql", "poolsafe.sql.python_names", "poolsafe.sql.python_strings"]
LOOK += ["poolsafe.sql.scanner", "poolsafe.sql.session_words", "poolsafe.sql.setting_names"]


@pytest.mark.parametrize("source", [b"", b"text()", b"pass  # noqa: PGB101", b"print(';')"])
def test_byte_search_imports_nothing(source: bytes) -> None:
    assert imports(f"wanted({source!r})") == NEEDLES


def test_look_imports_next_to_nothing() -> None:
    assert imports("wanted(b\"import sqlalchemy; text('select 1; select 2')\")") == sorted(NEEDLES + LOOK)


def test_re_brings_none_of_the_slow_ones() -> None:
    program = "import re, sys; print(*{'dataclasses', 'libcst', 'pathlib', 'typing'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []
