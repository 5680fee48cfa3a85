"""Tests of other people: what pytest gives a parameter, and databases in containers."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from programs import codes_in, codes_of

from poolsafe.facts.deployment import Deployment, Evidence

HEAD = "import pytest\nimport pytest_asyncio\nfrom sqlalchemy.ext.asyncio import create_async_engine\n"
URL = "@pytest.fixture\ndef url():\n    return 'postgresql+asyncpg://db/a'\n\n"
ENGINE = (
    "@pytest_asyncio.fixture(scope='session')\nasync def engine(url):\n"
    "    yield create_async_engine(url, pool_pre_ping=True)\n"
)
TEST = "async def test_it(url):\n    create_async_engine(url, pool_pre_ping=True)\n"

PROJECTS: dict[str, tuple[dict[str, str], str, list[str]]] = {
    "a fixture of the same file": ({"conftest.py": HEAD + URL + ENGINE}, "conftest.py", ["PGB101"]),
    "a fixture that yields": (
        {"conftest.py": HEAD + URL.replace("return", "yield") + ENGINE}, "conftest.py", ["PGB101"],
    ),
    "a fixture of another driver": (
        {"conftest.py": HEAD + URL.replace("postgresql+asyncpg", "sqlite+aiosqlite") + ENGINE}, "conftest.py", [],
    ),
    "a fixture above": (
        {"conftest.py": HEAD + URL, "tests/unit/test_a.py": HEAD + TEST}, "tests/unit/test_a.py", ["PGB101"],
    ),
    "the nearest of two fixtures": (
        {"conftest.py": HEAD + URL, "tests/conftest.py": HEAD + URL.replace("postgresql+asyncpg", "sqlite+aiosqlite"),
         "tests/test_a.py": HEAD + TEST},
        "tests/test_a.py", [],
    ),
    "a fixture that overrides one and asks for it": (
        {"conftest.py": HEAD + URL,
         "tests/conftest.py": HEAD + "@pytest.fixture\ndef url(url):\n    return url + '?a=b'\n\n" + ENGINE},
        "tests/conftest.py", ["PGB101"],
    ),
    "fixtures that ask for each other": (
        {"conftest.py": HEAD + "@pytest.fixture\ndef url(other):\n    return other\n\n"
         "@pytest.fixture\ndef other(url):\n    return url\n\n" + ENGINE},
        "conftest.py", [],
    ),
    "a function that is no fixture": ({"conftest.py": HEAD + URL.split("\n", 1)[1] + ENGINE}, "conftest.py", []),
    "a function that asks for none": (
        {"conftest.py": HEAD + URL + ENGINE.split("\n", 1)[1]}, "conftest.py", [],
    ),
    "no test's file": ({"app.py": HEAD + URL + TEST}, "app.py", []),
    "a method of a class of tests": (
        {"test_a.py": HEAD + URL + "class TestIt:\n    async def test_it(self, url):\n"
         "        create_async_engine(url, pool_pre_ping=True)\n"},
        "test_a.py", ["PGB101"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PROJECTS)
def test_a_parameter_is_the_fixture_of_its_name(name: str, tmp_path: Path) -> None:
    files, checked, expected = PROJECTS[name]
    assert codes_in(tmp_path, files, checked) == expected


CONTAINER = (
    "from sqlalchemy.engine import make_url\nfrom sqlalchemy.ext.asyncio import create_async_engine\n"
    "from testcontainers.postgres import PostgresContainer\n"
)
STARTED = [
    "with PostgresContainer('postgres:16', driver='asyncpg') as it:\n    url = it.get_connection_url()",
    "url = PostgresContainer('postgres:16').start().get_connection_url(driver='asyncpg')",
    "url = PostgresContainer('postgres:16').get_connection_url().replace('psycopg2', 'asyncpg')",
    "url = make_url(PostgresContainer().get_connection_url()).set(drivername='postgresql+asyncpg')",
    "url = str(make_url(PostgresContainer().get_connection_url()).set(drivername='postgresql+asyncpg'))",
    "url = PostgresContainer(driver=None).get_connection_url().replace('postgresql', 'postgresql+asyncpg')",
    "url = unseen.get_connection_url(driver='asyncpg')",
]


@pytest.mark.parametrize(("code", "assumed"), list(itertools.product(STARTED, [None, True])))
def test_no_pooler_stands_before_a_container_that_the_code_starts(code: str, assumed: bool | None) -> None:
    made = "\ncreate_async_engine(url)\n"
    assert codes_of(CONTAINER + code + made, Deployment(assume_asyncpg=assumed)) == ""


def test_what_fails_without_a_pooler_fails_before_a_container_too() -> None:
    code = f"{CONTAINER}{STARTED[0]}\ncreate_async_engine(url, connect_args={{'statement_cache_size': -1}})\n"
    assert codes_of(code) == "PGB104"


def test_other_peoples_method_of_that_name_is_no_containers() -> None:
    code = f"{CONTAINER}create_async_engine(unseen.get_connection_url(), pool_pre_ping=True)\n"
    assert codes_of(code, Deployment(assume_asyncpg=True)) == "PGB101"


def test_a_url_that_may_be_a_containers_is_judged_as_the_other() -> None:
    code = f"{CONTAINER}if unseen:\n    url = 'postgresql+asyncpg://db/a'\nelse:\n    {STARTED[1]}\n"
    assert codes_of(code + "create_async_engine(url, pool_pre_ping=True)\n") == "PGB101"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("unseen", "PGB101"),
        ("make_url(unseen)", "PGB101"),
        ("unseen + '/a'", "PGB101"),
        ("f'{unseen}://db/a'", ""),
        ("f'{unseen}+{unseen}://db/a'", ""),
        ("URL.create(drivername=unseen, host='db')", ""),
    ],
)
def test_who_leaves_the_driver_open_is_not_taken_for_asyncpgs(url: str, expected: str) -> None:
    code = (
        "from sqlalchemy.engine import URL, make_url\nfrom sqlalchemy.ext.asyncio import create_async_engine\n"
        f"create_async_engine({url}, pool_pre_ping=True)\n"
    )
    found = Deployment(assume_asyncpg=True, evidence=(Evidence("assume-driver", "asyncpg", "pyproject.toml", 3),))
    assert codes_of(code, found) == expected
    assert codes_of(code, Deployment(assume_asyncpg=True)) == "PGB101"  # unless the user says so
