"""The messages for each pooler of the catalogue: they name that pooler, and not PgBouncer."""

from __future__ import annotations

import functools
import re

import pytest

from poolsafe.checker import check
from poolsafe.deployment.providers.catalogue import CATALOGUE, behind
from poolsafe.edits import apply
from poolsafe.facts.deployment import Deployment, Evidence
from poolsafe.facts.pooler import Fate, Pooler, PoolerClass, State
from poolsafe.findings import Finding, Severity
from poolsafe.rules.registry import OFF_BY_DEFAULT
from poolsafe.source import Source

# A fault for every rule that depends on the pooler, as far as one file can hold them.
PROGRAM = """
import uuid
import asyncpg, databases, psycopg
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import create_async_engine
URL = "postgresql+asyncpg://app@db/app"
ZERO = {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
NAMES = {"prepared_statement_name_func": lambda: str(uuid.uuid4())}
missing = create_async_engine(URL)
partial = create_async_engine(URL, connect_args={"prepared_statement_cache_size": 0}, pool_pre_ping=False)
positive = create_async_engine(URL, connect_args={"statement_cache_size": 50}, pool_pre_ping=True)
sometimes = create_async_engine(URL, connect_args=ZERO if fast else {}, pool_pre_ping=True)
engine = create_async_engine(URL, connect_args=ZERO, pool_pre_ping=True)
beside = create_async_engine(URL, creator=make, connect_args=ZERO, pool_pre_ping=True)
unsafe = create_async_engine(URL, connect_args=NAMES, pool_pre_ping=True)
plain = create_async_engine(URL, connect_args={**ZERO, **NAMES}, isolation_level="AUTOCOMMIT", pool_pre_ping=True)
jit = create_async_engine(URL, connect_args={**ZERO, "server_settings": {"jit": "off"}}, pool_pre_ping=True)
options = create_async_engine(URL, connect_args={**ZERO, "server_settings": {"options": "-c jit=off"}})

async def work():
    async with engine.begin() as connection:
        await connection.execute(text("SET search_path TO app"))
        await connection.execute(text("SET ROLE app"))
        await connection.execute(text("SELECT pg_advisory_lock(1)"))
        await connection.execute(text("CREATE TEMP TABLE x (a int)"))
        await connection.execute(text("LISTEN news"))
        await connection.execute(text("PREPARE p AS SELECT 1"))

@event.listens_for(engine.sync_engine, "connect")
def setting(connection, record):
    connection.cursor().execute("SET search_path TO app")

async def without_an_engine():
    pool = await asyncpg.create_pool("postgresql://db/app", setup=prepare_session)
    connection = await asyncpg.connect("postgresql://db/app")
    await connection.prepare("SELECT 1", name="x")
    async for row in connection.cursor("SELECT 1"):
        pass
    psycopg.connect("postgresql://db/app", prepare_threshold=0)
    database = databases.Database("postgresql://db/app")

async def prepare_session(connection):
    await connection.execute("SET search_path TO app")
"""
CACHED = re.compile(r"PGB(?:10[1-8]|50[123]|51[12])$")
STATE = re.compile(r"PGB4|PGB504$")
PINGS = {"PGB201", "PGB202"}
WHERE = re.compile(r"(?:behind|on) [^;]+?\(|after a restart of|: .+? (?:closes|restarts|drains)[^;]*? then")


@functools.cache
def said(row: Pooler) -> tuple[Finding, ...]:
    """Returns the findings behind a pooler, with an old asyncpg, so that every rule reports something."""
    where = behind(row, Deployment(asyncpg=(0, 30), sqlalchemy=(2, 0, 40)))
    found = check(Source.from_text("db.py", PROGRAM), where).findings
    return tuple(one for one in found if one.code not in OFF_BY_DEFAULT)


EACH = pytest.mark.parametrize("row", CATALOGUE, ids=lambda row: row.name)


@EACH
def test_nothing_is_called_pgbouncer_that_is_not(row: Pooler) -> None:
    for finding in said(row):
        assert "PgBouncer" not in finding.message.replace(row.title, "")


@EACH
def test_messages_that_depend_on_the_pooler_name_it(row: Pooler) -> None:
    for finding in said(row):
        if WHERE.search(finding.message):
            assert row.title in finding.message


@EACH
def test_the_class_decides_what_is_said(row: Pooler) -> None:
    codes = {finding.code for finding in said(row)}
    breaks = row.kind in (PoolerClass.BREAKS, PoolerClass.UNKNOWN)
    assert bool([code for code in codes if CACHED.match(code)]) is breaks
    assert bool(PINGS & codes) is (row.kind is not PoolerClass.DIRECT)
    shared = row.kind not in (PoolerClass.DIRECT, PoolerClass.SESSION)
    assert bool([code for code in codes if STATE.match(code)]) is (shared and row.state is not State.OWN)
    lost = {Fate.REFUSED, Fate.DROPPED} & {row.fate("jit"), row.fate("options")}
    assert ("PGB204" in codes) is bool(lost)


@EACH
def test_an_error_needs_a_pooler_that_certainly_breaks(row: Pooler) -> None:
    for finding in said(row):
        if row.kind is PoolerClass.UNKNOWN and (CACHED.match(finding.code) or STATE.match(finding.code)):
            assert finding.severity is Severity.WARNING


@EACH
def test_a_startup_parameter_that_is_dropped_is_not_called_refused(row: Pooler) -> None:
    for finding in said(row):
        if finding.code == "PGB204":
            parameter = re.match(r"`(\w+)`", finding.message)
            assert parameter is not None
            refused = row.fate(parameter[1]) is Fate.REFUSED
            assert ("connecting raises" in finding.message) is refused
            assert (finding.severity is Severity.ERROR) is refused


def test_state_that_is_lost_is_not_said_to_leak() -> None:
    for row in CATALOGUE:
        if row.state is State.LOST:
            states = [one.message for one in said(row) if one.code in ("PGB401", "PGB402", "PGB406", "PGB504")]
            assert all("another client" not in one and "next client" not in one for one in states)


def test_what_pins_is_not_said_to_break() -> None:
    for row in CATALOGUE:
        if row.kind is PoolerClass.PINS:
            states = [one for one in said(row) if STATE.match(one.code)]
            assert states
            assert all("pins" in one.message and "lost" not in one.message for one in states)
            assert {one.severity for one in states} == {Severity.WARNING}


@pytest.mark.parametrize("sign", ["port 6432", "host odyssey", "variable POOLER_URL"])
def test_a_mere_sign_is_no_pgbouncer(sign: str) -> None:
    where = Deployment(evidence=(Evidence("pooler", sign),))
    for finding in check(Source.from_text("db.py", PROGRAM), where).findings:
        assert "PgBouncer" not in finding.message
        if CACHED.match(finding.code) or STATE.match(finding.code):
            assert finding.severity is Severity.WARNING


REPAIRABLE = """
from sqlalchemy.ext.asyncio import create_async_engine
engine = create_async_engine("postgresql+asyncpg://app@db/app", pool_pre_ping=False)
other = create_async_engine("postgresql+asyncpg://app@{}/app")
"""


@pytest.mark.parametrize("host", ["db", "pooler", "db:6432"])
@pytest.mark.parametrize("asyncpg", [None, (0, 30)])
def test_the_own_repair_is_no_sign(host: str, asyncpg: tuple[int, ...] | None) -> None:
    """After the sizes and names are repaired, what is left weighs as much as before, on the same grounds."""
    where = Deployment(asyncpg=asyncpg, sqlalchemy=(2, 0, 40))
    source = Source.from_text("db.py", REPAIRABLE.format(host))
    before = {(one.code, one.severity, one.message) for one in check(source, where).findings}
    repaired = False
    for _ in range(4):
        fixes = [one.fix for one in check(source, where).findings if one.code in ("PGB101", "PGB106") and one.fix]
        source = apply(source, fixes)[0] if fixes else source
        repaired = repaired or bool(fixes)
    after = {(one.code, one.severity, one.message) for one in check(source, where).findings}
    assert repaired
    assert after < before
    assert {severity for _, severity, _ in before} == {Severity.WARNING}
