"""The Python packages that decide something here, and what one file says of one of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from poolsafe.deployment.versions import ANY, specified
from poolsafe.facts.deployment import Versions

WATCHED = frozenset({"asyncpg", "sqlalchemy"})

# Other drivers that SQLAlchemy may run a query with.
OTHER_DRIVERS = frozenset(
    {
        "aiomysql",
        "aioodbc",
        "aiosqlite",
        "asyncmy",
        "cx-oracle",
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

_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*([^;#]*)")


@dataclass(frozen=True, slots=True)
class Said:
    """What a file says of a package: the releases it allows, and the 1-based row where it says so."""

    package: str
    versions: Versions
    path: str
    row: int


def normalized(name: str) -> str:
    """A package's name as PyPI compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirement(text: str) -> tuple[str, Versions] | None:
    """A requirement's name and the releases it allows, whatever its extras, markers and hashes; None for anything else.

    Of a package that decides nothing the specifier is not read.
    """
    match = _REQUIREMENT.match(text)
    if match is None:
        return None
    name = normalized(match[1])
    if name not in WATCHED:
        return name, ANY
    specifier = re.split(r"\s+--|\s+\\", match[2])[0].strip()
    # A URL or a path says nothing of the version.
    return name, ANY if specifier.startswith(("@", "/", ":")) else specified(specifier)
