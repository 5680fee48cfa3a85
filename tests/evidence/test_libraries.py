"""psycopg, and the libraries that create asyncpg's connections, on real servers: with and without the option."""

from __future__ import annotations

from typing import Any

import pytest

from .cells import Where
from .conftest import ClientOf
from .servers import Pooler, Servers

OFF = {"statement_cache_size": 0}
NEVER = {"prepare_threshold": None}
# The environment of a library that has one of its own.
PAIRS = {"gino": "gino"}
TRIES = 6  # a race may not happen
ASYNCPG = ("prepared statement", "bind message", "instead of")
PSYCOPG = ('prepared statement "_pg3_', "instead of", "bind message")


def failures(where: Where, *, tries: int = TRIES, **job: Any) -> dict[str, str]:
    """The first text of each exception, on servers that nobody has used, until there is one."""
    for _ in range(tries):
        told = where.client.do("own", server=where.server(), **job)
        if told["failures"]:
            examples: dict[str, str] = told["examples"]
            return examples
    return {}


@pytest.mark.parametrize(
    ("library", "right"),
    [
        ("databases", {"options": OFF}),
        ("tortoise", {"options": OFF}),
        ("tortoise", {"query": "?statement_cache_size=0"}),
        ("piccolo", {"options": OFF}),
        ("gino", {"options": OFF}),
    ],
)
def test_a_wrapper_fails_without_the_size(
    library: str, right: dict[str, Any], client_of: ClientOf, servers: Servers, pooler: Pooler
) -> None:
    where = Where(client_of(PAIRS.get(library, "libraries")), servers, pooler)
    seen = failures(where, make=library, work="fetch")
    assert any(word in text for text in seen.values() for word in ASYNCPG), seen
    assert not failures(where, make=library, work="fetch", tries=2, **right)


@pytest.mark.parametrize("library", ["databases", "gino"])
def test_the_size_in_a_url_is_ignored(library: str, client_of: ClientOf, servers: Servers, pooler: Pooler) -> None:
    where = Where(client_of(PAIRS.get(library, "libraries")), servers, pooler)
    seen = failures(where, make=library, query="?statement_cache_size=0", work="fetch")
    assert any(word in text for text in seen.values() for word in ASYNCPG), seen


@pytest.mark.parametrize("option", ["connect_args", "prepared_statement_cache_size"])
def test_gino_refuses_what_asyncpg_does_not_take(option: str, client_of: ClientOf, servers: Servers) -> None:
    where = Where(client_of("gino"), servers)
    seen = failures(where, make="gino", options={option: {}}, work="fetch", tries=1)
    refused = f"Invalid argument(s) '{option}' sent to create_engine(), using configuration AsyncpgDialect/GinoEngine."
    assert refused in seen["TypeError"]


def test_iterating_fails_with_every_size(client_of: ClientOf, servers: Servers, pooler: Pooler) -> None:
    where = Where(client_of("libraries"), servers, pooler)
    seen = failures(where, make="databases", options=OFF, work="cursor", processes=5, attempts=40)
    assert 'prepared statement "__asyncpg_stmt_' in seen["DuplicatePreparedStatementError"]
    assert not failures(Where(where.client, servers), make="databases", options=OFF, work="cursor", tries=1)


@pytest.mark.parametrize("pair", ["libraries", "psycopg 3.1"])
@pytest.mark.parametrize(("make", "options", "texts"), [("psycopg", {"prepare_threshold": 0}, 4), ("psycopg", {}, 1)])
def test_psycopg_fails_unless_it_never_prepares(
    pair: str,
    make: str,
    options: dict[str, Any],
    texts: int,
    client_of: ClientOf,
    servers: Servers,
    pooler: Pooler,
) -> None:
    where = Where(client_of(pair), servers, pooler)
    # By default a text is prepared when it runs for the sixth time.
    job: dict[str, Any] = {"make": make, "work": "fetch", "texts": texts, "attempts": 24}
    seen = failures(where, options=options, **job)
    assert any(word in text for text in seen.values() for word in PSYCOPG), seen
    assert not failures(where, options=NEVER, tries=2, **job)


def test_a_pool_of_psycopg_hands_its_kwargs_on(client_of: ClientOf, servers: Servers, pooler: Pooler) -> None:
    where = Where(client_of("libraries"), servers, pooler)
    seen = failures(where, make="psycopg_pool", options={"prepare_threshold": 0}, work="fetch")
    assert any(word in text for text in seen.values() for word in PSYCOPG), seen
    assert not failures(where, make="psycopg_pool", options=NEVER, work="fetch", tries=2)
