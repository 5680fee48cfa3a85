"""A safe fix breaks no run of a program: whatever it would break is left alone, or changed at the call instead."""

from __future__ import annotations

import pytest
from programs import engine_of, engines_of

from poolsafe.checker import check
from poolsafe.edits.application import repair
from poolsafe.facts.deployment import Deployment, PoolMode
from poolsafe.findings import Applicability, Finding, Fix
from poolsafe.source import Source

IMPORTS = """
import os
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
URL = "postgresql+asyncpg://app@db/app"
OFF = {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
"""


def repaired(code: str) -> str:
    """The program after its safe fixes, without the imports."""
    found = repair(Source.from_text("app.py", IMPORTS + code), _findings, _is_safe)
    return found.source.text[len(IMPORTS) :]


def _findings(source: Source) -> list[Finding]:
    return check(source, Deployment(PoolMode.TRANSACTION)).findings


def _is_safe(fix: Fix) -> bool:
    return fix.applicability is Applicability.SAFE


BROUGHT = {
    "the ping comes with another pool": """
options = {"connect_args": dict(OFF)}
if os.getenv("DEBUG") is None:
    options = {"poolclass": NullPool, "pool_pre_ping": True, "connect_args": dict(OFF)}
create_async_engine(URL, **options)
""",
    "the arguments come with another driver's URL": """
url = os.environ.get("DATABASE_URL", URL)
options = {"pool_pre_ping": True}
if url.startswith("sqlite"):
    options["connect_args"] = {"check_same_thread": False}
create_async_engine(url, **options)
""",
    "the dict gets the arguments under another name": """
import contextlib
options = {"pool_pre_ping": True}
with contextlib.nullcontext(options) as same:
    same.update(connect_args={"timeout": 5})
create_async_engine(URL, **options)
""",
    "one of two callers brings the ping": """
def make(url, **options):
    return create_async_engine(url, connect_args=OFF, **options)

make(URL)
make(URL, pool_pre_ping=True, poolclass=NullPool)
""",
}


@pytest.mark.parametrize("code", BROUGHT.values(), ids=BROUGHT)
def test_no_keyword_is_added_that_may_come_inside_other_keywords(code: str) -> None:
    assert repaired(code) == code


def test_keywords_are_added_where_nothing_else_brings_them() -> None:
    code = "options = {'echo': True}\ncreate_async_engine(URL, **options)\n"
    assert engine_of(IMPORTS + code).brought == frozenset()
    assert "pool_pre_ping=True" in repaired(code)
    assert "connect_args={" in repaired(code)


def test_the_options_of_one_engine_say_nothing_of_those_of_another() -> None:
    code = "quiet = {'pool_pre_ping': True, 'connect_args': dict(OFF)}\ncreate_async_engine(URL, **quiet)\n"
    code += "options = dict(echo=True)\ncreate_async_engine(URL, **options)\n"
    assert "create_async_engine(URL, connect_args={" in repaired(code)
    assert "pool_pre_ping=True, **options)" in repaired(code)


SHARED = [
    "extra = {'prepared_statement_cache_size': 100}\nextra['statement_cache_size'] = 50\n",
    "extra = dict(statement_cache_size=1, prepared_statement_cache_size=0)\n",
    "extra = {'statement_cache_size': 1, 'prepared_statement_cache_size': 0} if os.getenv('A') else dict(OFF)\n",
]
OTHER = "create_engine('postgresql+psycopg://app@db/app', connect_args=extra)\n"


@pytest.mark.parametrize("dicts", SHARED)
def test_what_another_driver_gets_too_is_changed_at_the_call(dicts: str) -> None:
    changed = repaired(dicts + OTHER + "create_async_engine(URL, pool_pre_ping=True, connect_args=extra)\n")
    assert changed.startswith(dicts + OTHER)
    assert "connect_args={**extra, " in changed


def test_what_another_driver_gets_too_stays_where_the_call_cannot_be_changed() -> None:
    code = SHARED[0] + OTHER + "options = {'connect_args': extra, 'pool_pre_ping': True}\n"
    code += "create_async_engine(URL, **options)\n"
    assert repaired(code) == code


@pytest.mark.parametrize("dicts", SHARED[:2])
def test_what_only_asyncpg_gets_is_changed_where_it_is_written(dicts: str) -> None:
    code = f"{dicts}create_async_engine(URL, pool_pre_ping=True, connect_args=extra)\n"
    assert "**" not in repaired(code)
    assert repaired(code) != code


HALF = [
    "args = {'statement_cache_size': 50, 'prepared_statement_cache_size': 0}\n"
    "if os.getenv('LAZY'):\n    args.pop('statement_cache_size', None)\n",
    "args = {}\nif os.getenv('FAST'):\n    args.update(prepared_statement_cache_size=100, statement_cache_size='0')\n",
]


@pytest.mark.parametrize("dicts", HALF)
def test_a_size_that_some_path_lacks_is_set_at_the_call(dicts: str) -> None:
    changed = repaired(f"{dicts}create_async_engine(URL, pool_pre_ping=True, connect_args=args)\n")
    assert changed.startswith(dicts)
    assert 'connect_args={**args, "statement_cache_size": 0' in changed.replace("'", '"')


@pytest.mark.parametrize("dicts", HALF)
def test_a_size_that_some_path_lacks_stays_where_the_call_cannot_be_changed(dicts: str) -> None:
    code = f"{dicts}options = {{'connect_args': args, 'pool_pre_ping': True}}\ncreate_async_engine(URL, **options)\n"
    assert repaired(code) == code


def test_all_places_that_write_a_size_are_changed_together() -> None:
    code = IMPORTS + "if os.getenv('A'):\n    args = {'statement_cache_size': 1}\nelse:\n"
    code += "    args = {'statement_cache_size': 2}\ncreate_async_engine(URL, connect_args=args)\n"
    literals = engine_of(code).statement_cache.literals
    assert literals is not None
    assert {code[start:end] for start, end in literals} == {"1", "2"}


def test_nothing_is_repaired_by_half_beside_what_is_not_known() -> None:
    code = "from elsewhere import key\nargs = {'statement_cache_size': 1}\nargs[key] = 0\n"
    code += "create_async_engine(URL, pool_pre_ping=True, connect_args=args)\n"
    assert repaired(code) == code


DEFAULTS = [
    "url = os.getenv('DATABASE_URL', URL)\nif not url:\n    url = 'sqlite+aiosqlite:///app.db'\n",
    "url = os.getenv('DATABASE_URL', URL)\nis_lite = 'sqlite' in url\n",
    "url = os.getenv('DATABASE_URL', URL)\nname = f'sqlite:///{os.getcwd()}'\n",
]


@pytest.mark.parametrize("code", DEFAULTS)
def test_nothing_is_repaired_where_the_environment_may_bring_a_driver_that_is_named(code: str) -> None:
    code += "create_async_engine(url)\n"
    assert repaired(code) == code


@pytest.mark.parametrize(
    "code",
    [
        "url = os.getenv('DATABASE_URL', URL)\ncreate_async_engine(url)\n",
        "'''Not for sqlite.'''\nurl = os.getenv('DATABASE_URL', URL)\ncreate_async_engine(url)\n",
        "url = os.getenv('DATABASE_URL', URL).replace('+psycopg2', '+asyncpg')\ncreate_async_engine(url)\n",
        "lite = 'sqlite:///app.db'\ncreate_async_engine(URL)\n",
    ],
)
def test_a_default_speaks_for_the_environment_where_no_other_driver_is_named(code: str) -> None:
    assert "connect_args=" in repaired(code)


RULED_OUT = [
    "if url.split(':', 1)[0] == 'sqlite+aiosqlite':\n    pass\nelse:\n    create_async_engine(url)\n",
    "if url.split(':', 1)[0] != 'sqlite+aiosqlite':\n    create_async_engine(url)\n",
    "if not url.startswith('sqlite'):\n    create_async_engine(url)\n",
]


@pytest.mark.parametrize("code", RULED_OUT)
def test_a_branch_that_has_ruled_the_other_driver_out_is_repaired(code: str) -> None:
    code = f"url = os.getenv('DATABASE_URL', URL)\n{code}"
    assert all(engine.driver_everywhere for engine in engines_of(IMPORTS + code))
    assert "connect_args=" in repaired(code)
