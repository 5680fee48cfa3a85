"""The servers and clients that the evidence tests share. Each process of pytest-xdist has its own servers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import pytest

from .cells import Where
from .clients import GINO, LIBRARIES, NEWEST, OLD, OLDER, PSYCOPG_31, Client, Pair, client, made
from .installed import Missing, Programs, programs
from .servers import Pooler, Servers, running

PAIRS = {pair.name: pair for pair in (NEWEST, OLD, OLDER, LIBRARIES, GINO, PSYCOPG_31)}

ClientOf = Callable[[str], Client]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests in this folder, so that `-m "not evidence"` leaves them out."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.evidence)


def absent(reason: Missing) -> None:
    """Skips a test if something is missing; in CI, that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason} (in CI the evidence cannot be skipped)", pytrace=False)
    pytest.skip(str(reason))


@pytest.fixture(scope="session")
def installed() -> Programs:
    """The programs, or a skip with the reason."""
    try:
        for package in ("sqlalchemy", "asyncpg"):
            if find_spec(package) is None:
                raise Missing(f"no {package} here: pip install -e '.[dev]'")
        return programs()
    except Missing as reason:
        absent(reason)
        raise


@pytest.fixture(scope="session")
def servers(installed: Programs, client_of: ClientOf) -> Iterator[Servers]:
    """PostgreSQL with the tables of the work and of the fixtures."""
    with running(installed) as found:
        client_of("newest").do("set_up", server=Where(client_of("newest"), found).server())
        yield found


@pytest.fixture(scope="session")
def client_of(pytestconfig: pytest.Config) -> Iterator[ClientOf]:
    """Returns the client of a version pair by its name; new environments are kept in pytest's cache."""
    clients: dict[str, Client] = {}
    with ExitStack() as stack:

        def find(name: str) -> Client:
            if name not in clients:
                clients[name] = stack.enter_context(client(_python(PAIRS[name], pytestconfig)))
            return clients[name]

        yield find


def _python(pair: Pair, config: pytest.Config) -> str:
    try:
        return made(pair, config.rootpath / ".pytest_cache" / "evidence")
    except Missing as reason:
        absent(reason)
        raise


@pytest.fixture(scope="session")
def pooler(servers: Servers) -> Pooler:
    """PgBouncer without support for prepared statements."""
    return servers.pooler()


@pytest.fixture(scope="session")
def encrypting_pooler(servers: Servers) -> Pooler:
    """PgBouncer that also accepts encrypted connections."""
    certificate = servers.certificate()
    return servers.pooler(
        client_tls_sslmode="allow",
        client_tls_cert_file=str(certificate),
        client_tls_key_file=str(certificate.with_name("key.pem")),
    )


@pytest.fixture(scope="session")
def carrying_pooler(servers: Servers) -> Pooler:
    """PgBouncer with support for prepared statements; skips the test if it is too old."""
    if not servers.knows_prepared_statements:
        version = ".".join(map(str, servers.programs.pgbouncer_version))
        pytest.skip(f"PgBouncer {version} has no max_prepared_statements")
    return servers.pooler(prepared_statements=200)
