"""Weak signs in an engine's URL: names of variables, parameters of dashboards, words and ports."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from blocks import cases
from programs import engine_of

from poolsafe.checker import check_bytes
from poolsafe.facts.deployment import Deployment
from poolsafe.findings import Finding, Severity
from poolsafe.inference.project import Project

HEAD = """
from asyncpg import connect
import os
from pydantic_settings import BaseSettings
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import create_async_engine
PG = "postgresql+asyncpg://"
class Settings(BaseSettings):
    POOLER_URL: str = "postgresql+asyncpg://db/app"
    database_url_unpooled: str = "postgresql+asyncpg://db/app"
    pool_size: int = 5
settings = Settings()
"""

SIGNS = """
    create_async_engine(os.environ["PGBOUNCER_URL"])  # + variable PGBOUNCER_URL
    create_async_engine(os.environ["DATABASE_URL_POOLED"])  # + variable DATABASE_URL_POOLED
    create_async_engine(os.environ["DB_PGBOUNCER"])  # + variable DB_PGBOUNCER
    create_async_engine(os.getenv("POOLER_URL", PG + "db/app"))  # + variable POOLER_URL
    create_async_engine(os.environ["POOLER_URL"].replace("postgres://", PG))  # + variable POOLER_URL
    create_async_engine(PG + os.environ["PGBOUNCER_HOST"] + "/app")  # + variable PGBOUNCER_HOST
    create_async_engine(URL.create("postgresql+asyncpg", host=os.environ["POOLER_HOST"]))  # + variable POOLER_HOST
    create_async_engine(settings.POOLER_URL)  # + variable POOLER_URL
    create_async_engine(PG + "db/app?pgbouncer=true")  # + `pgbouncer` in the URL
    create_async_engine(PG + "db/app?supa=base-pooler.x")  # + `supa` in the URL
    create_async_engine(os.environ["DIRECT_URL"])  # - variable DIRECT_URL
    create_async_engine(os.environ["POSTGRES_URL_NON_POOLING"])  # - variable POSTGRES_URL_NON_POOLING
    create_async_engine(os.environ["DATABASE_URL_UNPOOLED"])  # - variable DATABASE_URL_UNPOOLED
    create_async_engine(settings.database_url_unpooled)  # - variable database_url_unpooled
    create_async_engine(PG, async_creator=lambda: connect(os.environ["DIRECT_URL"]))  # - variable DIRECT_URL
    create_async_engine(PG, async_creator=lambda: connect(os.getenv("DIRECT_URL", PG)))  # - variable DIRECT_URL
    create_async_engine(PG, async_creator=lambda: connect(host=os.environ["HOST_UNPOOLED"]))  # - variable HOST_UNPOOLED
    create_async_engine(os.environ["DIRECT_URL"] + "?pgbouncer=true")  # - variable DIRECT_URL + `pgbouncer` in the URL
"""
NO_SIGNS = """
    create_async_engine(os.environ["DATABASE_URL"])
    create_async_engine(PG + "db/app")
    create_async_engine(PG + "db/app?schema=public&connection_limit=1")
    create_async_engine(PG + "db/app", pool_size=int(os.environ["POOL_SIZE"]))
    create_async_engine(PG + "db/app", pool_size=settings.pool_size)
    create_async_engine(os.environ["DIRECTORY_URL"])
    create_async_engine(os.environ["DIRECT_URL"], async_creator=lambda: connect(os.environ["DATABASE_URL"]))
    create_async_engine(PG, async_creator=lambda: connect(os.getenv("DIRECT_URL") or os.environ["DATABASE_URL"]))
    create_async_engine(os.environ["DIRECT_URL" if settings.pool_size > 5 else "DATABASE_URL"])
    create_async_engine(os.environ["SPOOLER_URL"])
    create_async_engine(PG + os.environ["POOL_NAME_PREFIX"] + "/app")
"""


def written(code: str) -> str:
    return " ".join(f"{'+' if sign.pooled else '-'} {sign.words}" for sign in engine_of(HEAD + code).url.signs)


@pytest.mark.parametrize(("code", "expected"), cases(SIGNS))
def test_signs(code: str, expected: str) -> None:
    assert written(code) == expected


@pytest.mark.parametrize("code", textwrap.dedent(NO_SIGNS).strip().splitlines())
def test_no_signs(code: str) -> None:
    assert written(code) == ""


def said(root: Path, code: str) -> list[Finding]:
    """Returns the findings on the sizes of the only engine of a project."""
    path = root / "db.py"
    path.write_text(HEAD + code)
    _, report = check_bytes(str(path), path.read_bytes(), Deployment(), Project(str(root)))
    return [finding for finding in report.findings if finding.code == "PGB101"]


@pytest.mark.parametrize(
    ("code", "sign"),
    [
        ('create_async_engine(PG + os.environ["PGBOUNCER_HOST"])', "(variable PGBOUNCER_HOST suggests one)"),
        # A name goes before a mere port or word.
        ('create_async_engine(PG + os.environ["POOLER_HOST"] + ":6432/app")', "(variable POOLER_HOST suggests one)"),
        ('create_async_engine(PG + "db/app?pgbouncer=true")', "(`pgbouncer` in the URL suggests one)"),
        ('create_async_engine(PG + "pooler:6432/app")', "(port 6432 suggests one)"),
        # What contradicts itself says nothing against a pooler.
        ('create_async_engine(os.getenv("DIRECT_URL", PG + "pgbouncer/app"))', "(host pgbouncer suggests one)"),
    ],
)
def test_a_weak_sign_is_named_and_makes_no_error(tmp_path: Path, code: str, sign: str) -> None:
    (finding,) = said(tmp_path, code)
    assert f"behind a pooler {sign}" in finding.message
    assert finding.severity is Severity.WARNING


def test_a_direct_variable_needs_nothing(tmp_path: Path) -> None:
    direct = 'create_async_engine(os.getenv("DIRECT_URL", PG + "db/app"))'
    assert said(tmp_path, direct) == []


def test_a_file_goes_before_names(tmp_path: Path) -> None:
    direct = 'create_async_engine(os.getenv("DIRECT_URL", PG + "db/app"))'
    (tmp_path / "pgbouncer.ini").write_text("[pgbouncer]\npool_mode = transaction\n")
    (finding,) = said(tmp_path, direct)
    assert finding.severity is Severity.ERROR


@pytest.mark.parametrize("host", ["ep-a-1-pooler.eu-central-1.aws.neon.tech", "aws-0-eu-west-1.pooler.supabase.com"])
def test_a_host_goes_before_names(tmp_path: Path, host: str) -> None:
    assert said(tmp_path, f'create_async_engine(os.getenv("PGBOUNCER_URL", PG + "{host}/app"))') == []
    transaction = 'create_async_engine(os.getenv("DIRECT_URL", PG + "aws-0-eu-west-1.pooler.supabase.com:6543/app"))'
    (finding,) = said(tmp_path, transaction)
    assert finding.severity is Severity.ERROR
