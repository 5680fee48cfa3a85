"""What a branch knows of a string because its condition asked for it."""

from __future__ import annotations

import pytest
from programs import engines_of

HEAD = """
import os
from sqlalchemy.ext.asyncio import create_async_engine

class Settings:
    url: str = os.environ["URL"]
    backend = os.environ["BACKEND"]
    default = os.environ.get("URL", "sqlite+aiosqlite:///a")

settings = Settings()
url = os.environ["URL"]
default = os.environ.get("URL", "postgresql+psycopg://db/a")
"""

# The condition, the URL of the engine in its branch, and the driver that the engine has there.
BRANCHES = [
    ('url.startswith("postgresql+asyncpg")', "url", "asyncpg"),
    ('url.startswith("postgresql+asyncpg://")', "url", "asyncpg"),
    ('"asyncpg" in url', "url", "asyncpg"),
    ('"+asyncpg" in url and url', "url", "asyncpg"),
    ('not ("asyncpg" not in url)', "url", "unknown"),
    ('settings.url.startswith("postgresql+asyncpg")', "settings.url", "asyncpg"),
    ('"asyncpg" in settings.url', "settings.url", "asyncpg"),
    ('settings.backend == "postgresql+asyncpg"', 'f"{settings.backend}://db/a"', "asyncpg"),
    ('settings.backend == "postgresql+psycopg"', 'f"{settings.backend}://db/a"', "other"),
    # The default is another driver's: only the environment leads here.
    ('default.startswith("postgresql+asyncpg")', "default", "asyncpg"),
    ('"asyncpg" in settings.default', "settings.default", "asyncpg"),
    # What was asked of something else, or does not tell the driver.
    ('url.startswith("postgresql")', "url", "unknown"),
    ('"postgres" in url', "url", "unknown"),
    ('not url.startswith("postgresql+asyncpg")', "url", "unknown"),
    ('"asyncpg" not in url', "url", "unknown"),
    ('"asyncpg" in url or other', "url", "unknown"),
    ('url.startswith("sqlite+aiosqlite")', "url", "other"),
    ('"asyncpg" in settings.url', "url", "unknown"),
]


@pytest.mark.parametrize(("condition", "url", "driver"), BRANCHES)
def test_a_branch_knows_what_its_condition_says(condition: str, url: str, driver: str) -> None:
    (engine,) = engines_of(f"{HEAD}\nif {condition}:\n    engine = create_async_engine({url})\n")
    assert engine.driver.value == driver


@pytest.mark.parametrize(("condition", "url", "driver"), BRANCHES)
def test_the_same_in_a_function(condition: str, url: str, driver: str) -> None:
    (engine,) = engines_of(f"{HEAD}\ndef make():\n    if {condition}:\n        return create_async_engine({url})\n")
    assert engine.driver.value == driver


def test_behind_the_branch_nothing_is_known_again() -> None:
    code = 'if url.startswith("postgresql+asyncpg"):\n    pass\nengine = create_async_engine(url)\n'
    (engine,) = engines_of(f"{HEAD}\n{code}")
    assert not engine.driver_everywhere


@pytest.mark.parametrize(
    "test", ['"+async" not in make_url(url).drivername', 'url.startswith("sqlite")', "'asyncpg' != driver"]
)
def test_a_test_for_the_driver_is_believed_even_where_nothing_else_reaches_the_branch(test: str) -> None:
    code = f"""
from sqlalchemy import create_engine, make_url
from sqlalchemy.ext.asyncio import create_async_engine
driver = "asyncpg"
url = "postgresql+asyncpg://db/a"
if {test}:
    create_engine(url)
else:
    create_async_engine(url)
"""
    assert [engine.function for engine in engines_of(code) if engine.driver.value == "asyncpg"] == [
        "sqlalchemy.ext.asyncio.create_async_engine"
    ]


def test_what_no_run_reaches_is_not_judged() -> None:
    code = f"{HEAD}if unset:\n    pass\nFLAG = False\nif FLAG:\n    create_async_engine('postgresql+asyncpg://db/a')\n"
    assert engines_of(code) == []


ENUM = """
from enum import Enum
class Backend(Enum):
{}
one, two = unknown
if one == "pg":
    arguments = {{"statement_cache_size": 0, "prepared_statement_cache_size": 0}}
else:
    arguments = {{}}
if Backend({}) is Backend.PG:
    create_async_engine("postgresql+asyncpg://db/a", connect_args=arguments)
"""


@pytest.mark.parametrize(
    ("members", "value", "states"),
    [
        (["PG = 'pg'", "SQLITE = 'sqlite'"], "one", {"zero"}),
        (["SQLITE = 'sqlite'", "PG = 'pg'"], "one", {"zero"}),
        (["SQLITE = 'sqlite'", "PG = 'pg'", "POSTGRES = 'pg'"], "one", {"zero"}),
        (["PG = 'pg'", "SQLITE = 'sqlite'"], "two", {"conditional"}),
        (["PG = 'pg'", "SQLITE = 'sqlite'"], "f'{one!r}'", {"conditional"}),
        (["PG = 'pg'", "SQLITE = 'sqlite'", "@classmethod", "def _missing_(cls, value): return cls.PG"], "one",
         {"conditional"}),
    ],
)  # fmt: skip
def test_a_member_made_of_a_value_says_what_the_value_is(members: list[str], value: str, states: set[str]) -> None:
    body = "\n".join(f"    {line}" for line in members)
    (engine,) = engines_of(HEAD + ENUM.format(body, value))
    assert {engine.statement_cache.state.value} == states


@pytest.mark.parametrize(
    ("one", "two"), [("f'{a!r}'", "f'{b!r}'"), ("f'{a:>3}'", "f'{b:>3}'"), ("a.lower()", "b.lower()")]
)
def test_two_texts_of_which_nothing_is_known_are_two(one: str, two: str) -> None:
    code = f"""
a, b = unknown
arguments = {{"statement_cache_size": 0}} if {one} == "on" else {{}}
if {two} == "on":
    create_async_engine("postgresql+asyncpg://db/a", connect_args=arguments)
"""
    (engine,) = engines_of(HEAD + code)
    assert engine.statement_cache.state.value == "conditional"


def test_a_member_made_of_the_backend_is_the_backend() -> None:
    code = """
import os
from enum import Enum
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import create_async_engine

class Backend(Enum):
    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"

def asynchronous(url):
    if url.get_backend_name() == "sqlite":
        return url.set(drivername="sqlite+aiosqlite")
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+asyncpg")
    raise ValueError(url)

url = make_url(os.environ["URL"])
if Backend(url.get_backend_name()) is Backend.SQLITE:
    create_async_engine(asynchronous(url))
else:
    create_async_engine(asynchronous(make_url(url.render_as_string())))
"""
    assert [engine.driver.value for engine in engines_of(code)] == ["other", "asyncpg"]
