"""The relevant Python packages, and what one file says about one of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from poolsafe.deployment.versions import ANY, specified
from poolsafe.facts.deployment import Versions
from poolsafe.records import frozen

WATCHED = frozenset({"asyncpg", "sqlalchemy"})

# Other drivers that SQLAlchemy may use.
OTHER_DRIVERS = frozenset(
    {
        "aiomysql",
        "aioodbc",
        "aiosqlite",
        "asyncmy",
        "cx-oracle",
        "mariadb",
        "mysql-connector-python",
        "mysqlclient",
        "oracledb",
        "pg8000",
        "psycopg",
        "psycopg-binary",
        "psycopg2",
        "psycopg2-binary",
        "psycopg2cffi",
        "pymssql",
        "pymysql",
        "pyodbc",
    }
)

# The drivers among them that an asynchronous engine can use.
ASYNC_DRIVERS = frozenset({"aiomysql", "aioodbc", "aiosqlite", "asyncmy", "oracledb", "psycopg", "psycopg-binary"})

# The packages of SQLAlchemy's extras.
EXTRAS = {
    "aiomysql": "aiomysql",
    "aioodbc": "aioodbc",
    "aiosqlite": "aiosqlite",
    "asyncmy": "asyncmy",
    "mariadb-connector": "mariadb",
    "mssql": "pyodbc",
    "mssql-pymssql": "pymssql",
    "mssql-pyodbc": "pyodbc",
    "mysql": "mysqlclient",
    "mysql-connector": "mysql-connector-python",
    "oracle": "cx-oracle",
    "oracle-oracledb": "oracledb",
    "postgresql": "psycopg2",
    "postgresql-asyncpg": "asyncpg",
    "postgresql-pg8000": "pg8000",
    "postgresql-psycopg": "psycopg",
    "postgresql-psycopg2binary": "psycopg2-binary",
    "postgresql-psycopg2cffi": "psycopg2cffi",
    "postgresql-psycopgbinary": "psycopg-binary",
    "pymysql": "pymysql",
}

LONGEST = 2_000  # characters
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?\s*([^;#]*)")

Entry = tuple[str, Versions]


@frozen
class Said:
    """The releases of a package that a file allows, and the 1-based row."""

    package: str
    versions: Versions
    path: str
    row: int


def normalized(name: str) -> str:
    """Returns a package's name as PyPI compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirement(text: str) -> Iterator[Entry]:
    """Yields a requirement's name and the releases that it allows, ignoring markers and hashes.

    The specifier of an irrelevant package is not read. SQLAlchemy's extras are separate requirements.
    """
    match = _REQUIREMENT.match(text) if len(text) <= LONGEST else None
    if match is None:
        return
    name = normalized(match[1])
    if name not in WATCHED:
        yield name, ANY
        return
    specifier = re.split(r"\s(?:--|\\)", match[3])[0].strip()
    # A URL or a path does not give the version.
    yield name, ANY if specifier.startswith(("@", "/", ":")) else specified(specifier)
    yield from extras(name, (match[2] or "").split(","))


def extras(name: str, asked: Iterable[str]) -> Iterator[Entry]:
    """Yields the drivers that a package is installed with through extras."""
    for extra in asked if name == "sqlalchemy" else ():
        driver = EXTRAS.get(normalized(extra.strip()))
        if driver is not None:
            yield driver, ANY
