"""asyncpg's own connections and pools on real servers: what fails with which size, and what its DSN does."""

from __future__ import annotations

from typing import Any

import pytest

from .cells import Where
from .conftest import ClientOf
from .servers import Pooler, Servers

OFF = {"statement_cache_size": 0}
RACES = {"DuplicatePreparedStatementError", "InvalidSQLStatementNameError", "WrongRowsError", "ProtocolViolationError"}
TRIES = 4  # a race may not happen


def tried(where: Where, **job: Any) -> dict[str, Any]:
    """Runs one cell on new server connections."""
    return where.client.do("own", server=where.server(), **job)


@pytest.mark.parametrize("make", ["connect", "create_pool"])
@pytest.mark.parametrize("options", [{}, {"statement_cache_size": 50}], ids=str)
def test_a_cache_fails(
    make: str, options: dict[str, int], client_of: ClientOf, servers: Servers, pooler: Pooler
) -> None:
    where = Where(client_of("newest"), servers, pooler)
    seen: set[str] = set()
    for _ in range(TRIES):
        seen |= tried(where, make=make, options=options, work="fetch")["failures"].keys()
        if seen & RACES:
            break
    assert seen & RACES
    assert not tried(where, make=make, options=OFF, work="fetch")["failures"]


def test_a_cursor_fails_with_every_size(client_of: ClientOf, servers: Servers, pooler: Pooler) -> None:
    where = Where(client_of("newest"), servers, pooler)
    examples: dict[str, str] = {}
    for _ in range(TRIES):
        examples |= tried(where, make="connect", options=OFF, work="cursor")["examples"]
        if "DuplicatePreparedStatementError" in examples:
            break
    assert 'prepared statement "__asyncpg_stmt_' in examples["DuplicatePreparedStatementError"]
    assert not tried(Where(where.client, servers), make="connect", options=OFF, work="cursor")["failures"]


def test_the_version_decides_on_prepare(client_of: ClientOf, servers: Servers, pooler: Pooler) -> None:
    old = Where(client_of("old"), servers, pooler)
    seen: set[str] = set()
    for _ in range(TRIES):
        seen |= tried(old, make="connect", options=OFF, work="prepare")["failures"].keys()
        if seen & RACES:
            break
    assert seen & RACES
    new = Where(client_of("newest"), servers, pooler)
    assert not tried(new, make="connect", options=OFF, work="prepare")["failures"]
    assert tried(new, make="connect", options=OFF, work="named")["failures"]


@pytest.mark.parametrize("through_pooler", [True, False])
def test_init_is_lost_at_the_first_release(
    through_pooler: bool, client_of: ClientOf, servers: Servers, pooler: Pooler
) -> None:
    where = Where(client_of("newest"), servers, pooler if through_pooler else None)
    told = tried(where, make="create_pool", options=OFF, init="SET my.tenant = 'acme'", work="setting")
    assert told["failures"].keys() == {"WrongRowsError"}


@pytest.mark.parametrize(
    ("job", "name", "text"),
    [
        (
            {"query": "?statement_cache_size=0"},
            "ProtocolViolationError",
            "unsupported startup parameter: statement_cache_size",
        ),
        ({"query": "?search_path=app"}, "ProtocolViolationError", "unsupported startup parameter: search_path"),
        (
            {"options": {"server_settings": {"search_path": "app"}}},
            "ProtocolViolationError",
            "unsupported startup parameter: search_path",
        ),
        (
            {"options": {"prepared_statement_cache_size": 0}},
            "TypeError",
            "connect() got an unexpected keyword argument 'prepared_statement_cache_size'",
        ),
        ({"options": {"sslmode": "require"}}, "TypeError", "connect() got an unexpected keyword argument 'sslmode'"),
        (
            {"options": {"statement_cache_size": None}},
            "ValueError",
            "statement_cache_size is expected to be greater or equal to 0, got None",
        ),
    ],
)
def test_what_every_connect_refuses(
    job: dict[str, Any], name: str, text: str, client_of: ClientOf, servers: Servers, pooler: Pooler
) -> None:
    where = Where(client_of("newest"), servers, pooler)
    told = tried(where, make="connect", work="fetch", processes=1, rounds=1, **job)
    assert told["failures"] == {name: 1}
    assert text in told["examples"][name]


def test_a_dsn_makes_settings_of_unknown_keys(client_of: ClientOf, servers: Servers) -> None:
    where = Where(client_of("newest"), servers)
    told = tried(where, make="connect", query="?statement_cache_size=0", work="fetch", processes=1, rounds=1)
    assert told["examples"] == {"UndefinedObjectError": 'unrecognized configuration parameter "statement_cache_size"'}
