"""The catalogue of poolers: the signs of each row, look-alikes, and the findings on an engine behind it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from in_process import run

from poolsafe.checker import check
from poolsafe.deployment.providers.catalogue import CATALOGUE, behind, named, names, of_server
from poolsafe.deployment.providers.hosted import HOSTED
from poolsafe.deployment.providers.page import render
from poolsafe.deployment.providers.programs import PROGRAMS
from poolsafe.facts.deployment import Deployment, PoolMode
from poolsafe.facts.pooler import Fate, Pooler, PoolerClass
from poolsafe.facts.server_addresses import servers_of
from poolsafe.facts.servers import HOLE, NOWHERE, Server
from poolsafe.findings import Finding, Severity
from poolsafe.inference.values import MappingValue, Unknown, Url, text
from poolsafe.source import Source

PAGE = Path(__file__).parents[2] / "docs" / "poolers.md"
DIRECT, SESSION, BREAKS = PoolerClass.DIRECT, PoolerClass.SESSION, PoolerClass.BREAKS
CARRIES, PINS, UNKNOWN = PoolerClass.CARRIES, PoolerClass.PINS, PoolerClass.UNKNOWN
ERROR, WARNING = Severity.ERROR, Severity.WARNING

# Each row: an address that it recognises, its class, and a look-alike that it must not recognise.
SIGNS = {
    "supabase-session": ("aws-1-us-east-1.pooler.supabase.com/postgres", SESSION, "pooler.supabase.com.evil.example/x"),
    "supabase-transaction": (
        "aws-0-eu-central-1.pooler.supabase.com:6543/postgres",
        BREAKS,
        "pooler.supabase.com:6543",
    ),
    "supabase-dedicated": ("db.abcdefghijklmnopqrst.supabase.co:6543/postgres", UNKNOWN, "db.abc.supabase.com:6543/x"),
    "supabase-direct": ("db.abcdefghijklmnopqrst.supabase.co:5432/postgres", DIRECT, "db.a.b.supabase.co/postgres"),
    "neon": ("ep-cool-name-123456-pooler.eu-central-1.aws.neon.tech/db", CARRIES, "ep-cool-name.eu.aws.neon.tech/db"),
    "neon-direct": ("ep-cool-name-123456.eu-central-1.aws.neon.tech/db", DIRECT, "ep-a-pooler.eu.aws.neon.tech/db"),
    "lakebase": ("ep-a-pooler.database.eastus.azuredatabricks.net/db", UNKNOWN, "ep-a.database.x.azuredatabricks.net"),
    "lakebase-direct": ("ep-a.database.us-west-2.cloud.databricks.com/db", DIRECT, "dbc-1.cloud.databricks.com/db"),
    "rds-proxy": (
        "app.proxy-abcdefghijkl.eu-west-1.rds.amazonaws.com/db",
        PINS,
        "proxy.abc.eu-west-1.rds.amazonaws.com",
    ),
    "rds-direct": ("app.cluster-ro-abc.eu-west-1.rds.amazonaws.com/db", DIRECT, "a.proxy-b.c.rds.amazonaws.com/db"),
    "azure": ("app.postgres.database.azure.com:6432/db", BREAKS, "app.mysql.database.azure.com:6432/db"),
    "azure-direct": ("app.postgres.database.azure.com/db", DIRECT, "app.postgres.database.azure.com:6432/db"),
    "digitalocean": ("app-do-user-1-0.b.db.ondigitalocean.com:25061/pool", UNKNOWN, "a.db.ondigitalocean.com:25060/db"),
    "digitalocean-direct": ("app-do-user-1-0.b.db.ondigitalocean.com:25060/db", DIRECT, "db.example.com:25060/db"),
    "tiger-transaction": (
        "a.b.tsdb.cloud.timescale.com:30133/tsdb_transaction",
        UNKNOWN,
        "a.b.tsdb.cloud.timescale.com/db",
    ),
    "crunchy-bridge": ("p.abc123.db.postgresbridge.com:5431/db", CARRIES, "q.abc123.db.postgresbridge.com:5431/db"),
    "crunchy-bridge-direct": ("p.abc123.db.postgresbridge.com:5432/db", DIRECT, "p.abc.db.postgresbridge.com:5433/db"),
    "fly": ("pgbouncer.abc123.flympg.net/db", SESSION, "direct.abc123.flympg.net/db"),
    "fly-direct": ("direct.abc123.flympg.net/db", DIRECT, "app.flympg.net/db"),
    "planetscale": ("eu-west-1.pg.psdb.cloud:6432/db", UNKNOWN, "eu-west-1.pg.psdb.cloud.example:6432/db"),
    "planetscale-direct": ("aws-eu-1.horizon.psdb.cloud:5432/db", DIRECT, "psdb.cloud.example/db"),
    "prisma-postgres": ("pooled.db.prisma.io:5432/db", UNKNOWN, "db.prisma.io:5432/db"),
    "prisma-postgres-direct": ("db.prisma.io:5432/db", DIRECT, "my.db.prisma.io:5432/db"),
    "yandex": ("rc1a-abc.mdb.yandexcloud.net:6432/db", SESSION, "rc1a-abc.mdb.yandexcloud.net:5432/db"),
}


def url(address: str) -> str:
    return f"postgresql+asyncpg://user.ref:p@ss@{address}"


def at(address: str) -> Pooler | None:
    (server,) = servers_of(text(url(address)))
    return of_server(server)


def said(address: str, more: str = "", where: Deployment = Deployment()) -> list[Finding]:  # noqa: B008
    module = (
        "from sqlalchemy.ext.asyncio import create_async_engine\n"
        f"engine = create_async_engine({url(address)!r}{more})\n"
    )
    return check(Source.from_text("db.py", module), where).findings


def codes(findings: list[Finding]) -> list[tuple[str, Severity]]:
    return [(finding.code, finding.severity) for finding in findings]


def test_every_row_with_hosts_is_in_the_table() -> None:
    assert list(SIGNS) == [row.name for row in HOSTED], "add the rows of HOSTED to SIGNS, in the same order"
    assert not any(row.hosts or row.ports for row in PROGRAMS)


def test_names_are_unique() -> None:
    assert len(names()) == len(CATALOGUE)
    assert not {"auto", "transaction", "statement", "session", "none"} & set(names())


@pytest.mark.parametrize("row", CATALOGUE, ids=lambda row: row.name)
def test_every_row_says_where_it_is_from(row: Pooler) -> None:
    assert row.title
    assert row.state
    assert row.sure
    assert row.source.startswith("https://")
    assert row.settle in ("pooler", "max-prepared-statements")
    # Only a pooler that breaks or carries statements has a number, and the class agrees with it.
    classes = "`prepared` is 0 for BREAKS, more for CARRIES, and left out for other classes"
    assert row.prepared is None or (row.prepared > 0) == (row.kind is CARRIES), classes
    assert row.prepared is None or row.kind in (BREAKS, CARRIES), classes
    assert all(name == name.lower() for name in row.excepted)


@pytest.mark.parametrize("name", SIGNS)
def test_signs(name: str) -> None:
    address, kind, alike = SIGNS[name]
    assert named(name).kind is kind
    assert at(address) is named(name)
    assert at(address.upper().replace("TSDB_TRANSACTION", "tsdb_transaction")) is named(name)
    assert at(alike) is not named(name)


SAID: dict[PoolerClass, list[tuple[str, Severity]]] = {
    DIRECT: [],
    SESSION: [("PGB201", WARNING)],
    PINS: [("PGB201", WARNING)],
    CARRIES: [("PGB201", ERROR)],
    BREAKS: [("PGB101", ERROR), ("PGB201", ERROR)],
    UNKNOWN: [("PGB101", WARNING), ("PGB201", WARNING)],
}


@pytest.mark.parametrize("name", SIGNS)
def test_the_verdict_by_the_url(name: str) -> None:
    address, kind, _ = SIGNS[name]
    findings = said(address)
    assert codes(findings) == SAID[kind]
    if kind in (BREAKS, UNKNOWN):
        assert named(name).title in findings[0].message
    for finding in findings:
        assert "PgBouncer" not in finding.message or "PgBouncer" in named(name).title


@pytest.mark.parametrize("row", CATALOGUE, ids=lambda row: row.name)
def test_the_verdict_by_the_configuration(row: Pooler) -> None:
    where = behind(row, Deployment())
    findings = said("db/app", where=where)
    assert codes(findings) == SAID[row.kind]
    if row.kind in (BREAKS, UNKNOWN):
        assert f"behind {row.title} (configured" in findings[0].message
    # What is configured wins over what the URL says.
    assert codes(said("a.pooler.supabase.com:6543/app", where=where)) == SAID[row.kind]


def jit(name: str, setting: str = "'jit': 'off'") -> list[Finding]:
    where = behind(named(name), Deployment())
    found = said("db/app", f", connect_args={{'server_settings': {{{setting}}}}}", where)
    return [finding for finding in found if finding.code == "PGB204"]


@pytest.mark.parametrize("row", CATALOGUE, ids=lambda row: row.name)
def test_startup_parameters(row: Pooler) -> None:
    found = jit(row.name)
    if row.startup in (Fate.CARRIED, Fate.UNKNOWN):
        assert not found
        return
    (finding,) = found
    assert f"{'on' if row.kind is DIRECT else 'behind'} {row.title} (configured" in finding.message
    if row.startup is Fate.REFUSED:
        assert finding.severity is ERROR
        assert "connecting raises `ProtocolViolationError: unsupported startup parameter: jit`" in finding.message
    else:
        assert finding.severity is WARNING
        assert "`jit` in asyncpg's `server_settings` is dropped" in finding.message
        assert "and has no effect" in finding.message
        assert "raises" not in finding.message


@pytest.mark.parametrize(
    ("name", "setting", "phrase"),
    [
        ("supabase-transaction", "'search_path': 'a'", ""),
        ("supabase-transaction", "'application_name': 'a'", ""),
        ("supabase-transaction", "'options': 'reference=abc'", ""),
        ("supabase-transaction", "'options': '-c jit=off'", "is dropped"),
        ("supabase-transaction", "'TimeZone': 'UTC', 'jit': 'off'", "`TimeZone` and `jit` in asyncpg's"),
        ("supabase-transaction", "'TimeZone': 'UTC', 'jit': 'off'", "are dropped"),
        ("neon", "'options': '-c jit=off'", "unsupported startup parameter: options"),
        ("neon", "'options': 'endpoint=ep-1'", ""),
        ("neon-direct", "'options': '-c jit=off'", ""),
        ("neon-direct", "'application_name': 'a'", ""),
        ("rds-proxy", "'options': '-c jit=off'", "RDS Proxy currently doesn't support command-line options"),
        ("rds-proxy", "'jit': 'off'", ""),
        ("cloudnative-pg", "'extra_float_digits': '1'", "is dropped"),
        ("azure", "'extra_float_digits': '1'", "unsupported startup parameter: extra_float_digits"),
        ("azure", "'TimeZone': 'UTC'", ""),
        # What is refused is said first.
        ("cloudnative-pg", "'extra_float_digits': '1', 'jit': 'off'", "unsupported startup parameter: jit"),
        ("pgpool", "'statement_timeout': '1'", ""),
    ],
)
def test_startup_parameters_apart(name: str, setting: str, phrase: str) -> None:
    found = jit(name, setting)
    assert bool(found) == bool(phrase)
    assert all(phrase in finding.message for finding in found)


@pytest.mark.parametrize(
    ("address", "codes_"),
    [
        # Several servers: the one that breaks most decides, and an unknown one leaves it open.
        ("db.example,a.pooler.supabase.com:6543/app", [("PGB101", ERROR)]),
        ("/app?host=a.pooler.supabase.com:6543&host=b.pooler.supabase.com:6543", [("PGB101", ERROR)]),
        ("/app?host=a.pooler.supabase.com,b.pooler.supabase.com&port=6543,6543", [("PGB101", ERROR)]),
        ("/app?host=a.pooler.supabase.com&port=5432", []),
        ("a.pooler.supabase.com:5432,db.abc.supabase.co:5432/app", []),
        ("db.example:5432,db.abc.supabase.co:5432/app", [("PGB101", WARNING)]),
        ("[::1]:6432/app", [("PGB101", WARNING)]),
        ("localhost:6543/app", [("PGB101", WARNING)]),
        ("pgbouncer/app", [("PGB101", WARNING)]),
        ("app-pooler.ns.svc:5432/app", [("PGB101", WARNING)]),
        ("db/app", [("PGB101", WARNING)]),
    ],
)
def test_servers_of_one_url(address: str, codes_: list[tuple[str, Severity]]) -> None:
    assert codes(said(address, ", pool_pre_ping=True")) == codes_


@pytest.mark.parametrize(
    ("address", "servers"),
    [
        ("h/d", [Server("h", "5432", "d")]),
        ("h:1/d?ssl=require#f", [Server("h", "1", "d")]),
        ("h:1,i:2,j/d", [Server("h", "1", "d"), Server("i", "2", "d"), Server("j", "5432", "d")]),
        ("/d?host=h,i&port=1", [Server("h", "1", "d"), Server("i", "1", "d")]),
        ("/d?host=/var/run/postgresql", [Server("/var/run/postgresql", "5432", "d")]),
        ("[::1]:6432", [Server("::1", "6432")]),
        ("[::1", []),
    ],
)
def test_addresses(address: str, servers: list[Server]) -> None:
    assert list(servers_of(text(url(address)))) == servers


HIDDEN = Unknown("hidden")


def pieces(*parts: str | Unknown) -> list[Server]:
    return list(servers_of(text("postgresql+asyncpg://", *parts)))


def test_addresses_with_unknown_parts() -> None:
    assert pieces(HIDDEN) == [NOWHERE]
    assert pieces("u:", HIDDEN, "@h:6543/", HIDDEN) == [Server("h", "6543")]
    assert pieces(HIDDEN, ":6543/d") == [Server(None, "6543", "d")]
    assert pieces("h:", HIDDEN, "/d") == [Server("h", None, "d")]
    assert pieces("db.", HIDDEN, "/d") == [Server(f"db.{HOLE}", None, "d")]
    assert list(servers_of(HIDDEN)) == [NOWHERE]
    assert list(servers_of(text("not a URL"))) == [NOWHERE]


def test_addresses_of_url_objects() -> None:
    scheme = text("postgresql+asyncpg")
    assert list(servers_of(Url(scheme, HIDDEN, text("h"), text("6543")))) == [Server("h", "6543")]
    assert list(servers_of(Url(scheme, HIDDEN, HIDDEN, HIDDEN))) == [NOWHERE]
    query = MappingValue({"host": text("h:1,i"), "port": text("2")})
    assert list(servers_of(Url(scheme, query, HIDDEN, HIDDEN))) == [Server("h", "1"), Server("i", "2")]


@pytest.mark.parametrize(
    ("server", "name"),
    [
        (Server(f"db.{HOLE}.supabase.co", "5432"), "supabase-direct"),
        (Server(f"{HOLE}.pooler.supabase.com", "6543"), "supabase-transaction"),
        (Server("a.pooler.supabase.com", None), None),
        (Server("pgbouncer.a.flympg.net", None), "fly"),
        # What is missing may be `-pooler`, or `proxy-`.
        (Server(f"{HOLE}.eu.aws.neon.tech", "5432"), None),
        (Server(f"ep-{HOLE}.eu.aws.neon.tech", "5432"), None),
        (Server(f"{HOLE}.eu-west-1.rds.amazonaws.com", "5432"), None),
        (Server(None, "6543"), None),
    ],
)
def test_unknown_parts_that_decide(server: Server, name: str | None) -> None:
    assert of_server(server) is (None if name is None else named(name))


@pytest.mark.parametrize("kind", [SESSION, CARRIES, PINS])
def test_max_prepared_statements_of_the_configuration_wins(kind: PoolerClass) -> None:
    row = next(row for row in CATALOGUE if row.kind is kind)
    assert behind(row, Deployment(max_prepared_statements=7)).max_prepared_statements == 7
    found = codes(said("db/app", ", pool_pre_ping=True", behind(row, Deployment(max_prepared_statements=0))))
    assert found == ([("PGB101", ERROR)] if kind is CARRIES else [])


def test_a_number_settles_an_unknown_class() -> None:
    address = SIGNS["planetscale"][0]
    assert codes(said(address, ", pool_pre_ping=True", Deployment(max_prepared_statements=200))) == []
    (finding,) = said(address, ", pool_pre_ping=True")
    assert "behind PlanetScale's PgBouncer (port 6432; `max-prepared-statements` not set)" in finding.message


def test_a_configured_mode_keeps_what_the_host_says_of_parameters() -> None:
    args = ", pool_pre_ping=True, connect_args={'server_settings': {'jit': 'off'}, 'statement_cache_size': 0}"
    where = Deployment(PoolMode.TRANSACTION, asyncpg=(0, 32))
    (finding,) = said("a.pooler.supabase.com:6543/app", args, where)
    assert "is dropped behind Supabase's transaction pooler (configured)" in finding.message
    (finding,) = said("a.pooler.supabase.com:5432/app", args, where)
    assert "unsupported startup parameter: jit` behind the configured transaction pooler" in finding.message
    assert said("db/app", args, Deployment(PoolMode.NONE)) == []


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        (
            "a.pooler.supabase.com/app",
            "Supabase's session pooler gives each client its own server connection (port 5432)",
        ),
        ("db.abc.supabase.co/app", "it connects to Supabase's server, without a pooler (port 5432)"),
        ("ep-a-pooler.neon.tech/app", "Neon's pooler supports prepared statements (host ep-a-pooler.neon.tech)"),
        ("a.proxy-b.c.rds.amazonaws.com/app", "RDS Proxy keeps a client on one server connection if necessary (host "),
    ],
)
def test_silence_names_the_pooler(tmp_path: Path, address: str, reason: str) -> None:
    module = (
        "from sqlalchemy.ext.asyncio import create_async_engine\n"
        f"engine = create_async_engine({url(address)!r}, pool_pre_ping=True)\n"
    )
    (tmp_path / "db.py").write_text(module)
    ran = run(tmp_path, "--verbose", "--isolated")
    assert ran.returncode == 0
    assert f"db.py:2: not reported: {reason}" in ran.stderr


def configured(folder: Path, pooler: str) -> Iterator[str]:
    (folder / "poolsafe.toml").write_text(f'pooler = "{pooler}"\n')
    module = (
        "from sqlalchemy.ext.asyncio import create_async_engine\n"
        f"engine = create_async_engine({url('db/app')!r}, pool_pre_ping=True)\n"
    )
    (folder / "db.py").write_text(module)
    ran = run(folder)
    yield from (str(ran.returncode), ran.stdout, ran.stderr)


def test_the_configuration_takes_a_name(tmp_path: Path) -> None:
    code, out, _ = configured(tmp_path, "pgcat")
    assert code == "1"
    assert "behind PgCat (configured)" in out
    code, _, _ = configured(tmp_path, "neon")
    assert code == "0"


@pytest.mark.parametrize(
    ("pooler", "near"),
    [
        ("supabase", "`supabase-dedicated`, `supabase-direct`, `supabase-session` or `supabase-transaction`?"),
        ("pgbouncr", "not `pgbouncr`; did you mean `pgbouncer`?"),
        ("sesion", "did you mean `session`"),
        ("zzz", "or the name of a pooler, not `zzz`"),
        ("", "or the name of a pooler, not ``"),
    ],
)
def test_an_unknown_name_is_refused_with_near_ones(tmp_path: Path, pooler: str, near: str) -> None:
    code, _, error = configured(tmp_path, pooler)
    assert code == "2"
    assert "poolsafe.toml: `pooler`: must be one of `auto`, " in error
    assert near in error
    assert error.count("\n") == 1


def test_the_page_is_fresh() -> None:
    """If this fails, run `python -m poolsafe.deployment.providers.page docs/poolers.md`."""
    assert PAGE.read_text(encoding="utf-8") == render()
