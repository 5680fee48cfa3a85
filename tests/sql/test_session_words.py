"""The search for commands that change the session: which texts have to be parsed, and which do not."""

from __future__ import annotations

import time

import pytest

from poolsafe import needles
from poolsafe.sql.session_words import may_change_session, names_session_change

FOUND = [
    '"SET search_path TO app"',
    '"set local work_mem = 1"',
    '"set role app"',
    '"SET SESSION AUTHORIZATION app"',
    '"set session characteristics as transaction read only"',
    '"set local app.tenant to 1"',
    '"SET TIME ZONE 1"',
    '"SET " + name',
    '"SET LOCAL " + name',
    'f"SELECT set_config({name}, $1, false)"',
    '"SELECT set_config(\\n"',
    "'''\n    SET ROLE app\n'''",
    '"-- for this tenant\n SET app.tenant = 1"',
    '"SELECT 1; SET app.tenant = 1"',
    'f"SET {name} = 1"',
    "\"SELECT set_config('a.b', $1, false)\"",
    '"SELECT pg_try_advisory_lock(1)"',
    'f"SELECT pg_{kind}advisory_xact_lock(1)"',
    '"LISTEN jobs"',
    '"listen jobs"',
    '"CREATE TEMP TABLE t (id int)"',
    '"create or replace temporary view v as select 1"',
    '"SELECT 1 INTO TEMP t"',
    '"DISCARD ALL"',
    '"deallocate all"',
    '"PREPARE p AS SELECT 1"',
    '"EXECUTE p(1)"',
    "\"LOAD 'auto_explain'\"",
    '"DECLARE c CURSOR WITH HOLD FOR SELECT 1"',
    '"SELECT lastval()"',
]
LEFT = [
    '"UPDATE jobs\n    SET done = true"',
    '"""Set up the database."""',
    '"set of jobs"',
    '"ON DELETE SET NULL"',
    '"SET done = true"',
    '"set done = 1 "',
    '"Set up the database"',
    '"SET NULL"',
    '"listen to jobs, then work"',
    '"prepare the data"',
    '"load the data"',
    '"execute the plan"',
    '"CREATE TABLE t (temp int)"',
    '"EXECUTE IMMEDIATE"',
]


@pytest.mark.parametrize("literal", FOUND)
def test_a_command_is_found(literal: str) -> None:
    assert may_change_session(literal)
    assert names_session_change(f"conn.execute({literal})".encode())


@pytest.mark.parametrize("literal", LEFT)
def test_other_words_are_left(literal: str) -> None:
    assert not may_change_session(literal)
    assert not names_session_change(f"conn.execute({literal})".encode())


def test_functions_called_set_config() -> None:
    assert names_session_change(b"select(func.set_config(name, value, True))")
    assert not names_session_change(b"with set_config(application, name, value):")


@pytest.mark.parametrize("boundary", ['"BEGIN"', '"commit;"', '"START TRANSACTION"'])
def test_a_boundary_is_read_but_not_looked_for(boundary: str) -> None:
    assert may_change_session(boundary)
    assert not names_session_change(f"conn.execute({boundary})".encode())


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ('import asyncpg\nawait conn.execute("SET ROLE app")', needles.SESSION),
        ("import asyncpg\nawait conn.add_listener('jobs', print)", needles.SESSION),
        ("from sqlalchemy import func\nsession.scalar(func.pg_advisory_lock(1))", needles.SESSION),
        ("from sqlalchemy import func, text\nf(text('SELECT\\nset_config(:name)'))", needles.SESSION),
        ("import asyncpg\nawait conn.execute(f'SET ROLE {role}'", needles.SESSION),
        ('cursor.execute("SET ROLE app")', 0),
        # The names of other functions, comments and docstrings.
        ("await hub.listen()\nx = 1\nhub.add_listener(f, 2)", 0),
        ("await hub.add_listener(self.f)", 0),
        ("await hub.async_add_listener(f)\nexecute('x')", 0),
        ("await get_preset_config(f)\nconn.execute('x')", 0),
        ("from sqlalchemy import orm\nawait pg_advisory_lock(1)\nconn.execute('x')", 0),
        ("import asyncpg\n# SET ROLE app; set_config(x)\nconn.execute('x')", 0),
        ("import asyncpg\ndef f():\n    '''Keep it; set x to 1, as set_config(x) does.'''\n    conn.execute('x')", 0),
        ("import asyncpg\nconn.execute('x')  # Recurse into templates", 0),
        ('import asyncpg\nROLE = "SET ROLE app"', 0),
        # A variable called `text`, and what may be SQLAlchemy's function.
        ('import sqlalchemy\ntext += " SET " + one.text\nrow.exec(text)', 0),
        ('import sqlalchemy as sa\nrun = sa.text\nf.exec(run("SET ROLE app"))', needles.SESSION),
        ('import sqlalchemy\ntext += " SET "\nrun(text(sql))', needles.SESSION),
        ('import sqlalchemy\nopen_one().execute("SET ROLE app")', needles.SESSION),
        (
            'from sqlalchemy import (\n    text,  # it\n)\nrun = text\nf.exec(run("SET ROLE app"))',
            needles.SESSION,
        ),
        ('from sqlalchemy import *\nrun = text\nf.exec(run("SET ROLE app"))', needles.SESSION),
        ('import asyncpg\nawait conn.execute("UPDATE jobs SET done = true")', 0),
    ],
)
def test_a_file_needs_a_client_and_a_call(source: str, wanted: int) -> None:
    assert needles.wanted(source.encode()) == wanted


@pytest.mark.parametrize(
    "source",
    [
        'import sqlalchemy as sa\nrun = sa.text\nrun("SET app.tenant = 1")',
        'import asyncpg\nawait pool.\\\nadd_listener("jobs", print)',
        'import sqlalchemy\nawait_only(raw.add_listener("jobs", print))',
        'import sqlalchemy\nadapted.run_async(lambda raw: raw.add_listener("jobs", print))',
    ],
)
def test_what_the_byte_search_finds(source: str) -> None:
    assert needles.wanted(source.encode()) & needles.SESSION


def test_a_long_run_of_blanks_takes_linear_time() -> None:
    began = time.process_time()
    assert names_session_change(b"await a.add_listener(" + b" " * 100_000 + b"\n")
    assert time.process_time() - began < 2
