"""psycopg's `prepare_threshold`: programs with their codes behind a transaction pooler."""

from __future__ import annotations

import textwrap

import pytest
from blocks import cases
from programs import codes_of

from poolsafe.checker import check
from poolsafe.facts.deployment import Deployment, PoolMode
from poolsafe.source import Source

HEAD = """
import os
import psycopg
from psycopg_pool import AsyncConnectionPool, ConnectionPool, NullConnectionPool
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import create_async_engine
URL = "postgresql://app@db/app"
ENGINE = "postgresql+psycopg://app@db/app"
"""

THRESHOLDS = """
    psycopg.connect(URL)  # PGB511
    psycopg.Connection.connect(URL)  # PGB511
    psycopg.AsyncConnection.connect(URL)  # PGB511
    psycopg.connect(URL, prepare_threshold=None)  # silent
    psycopg.connect(URL, prepare_threshold=0)  # PGB511
    psycopg.connect(URL, prepare_threshold=False)  # PGB511
    psycopg.connect(URL, prepare_threshold=-1)  # PGB511
    psycopg.connect(URL, prepare_threshold=5)  # PGB511
    psycopg.connect(URL, prepare_threshold="0")  # PGB511
    psycopg.connect(URL, prepare_threshold=unknown())  # silent
    psycopg.connect(URL, prepare_threshold=None if os.environ.get("PGBOUNCER") else 5)  # silent
    psycopg.connect(URL, prepare_threshold=None if os.environ.get("STAGE") else 5)  # PGB511
    psycopg.connect(URL, **unknown())  # silent
    psycopg.connect(os.environ["DIRECT_URL"])  # silent
    ConnectionPool(URL)  # PGB511
    NullConnectionPool(URL)  # PGB511
    AsyncConnectionPool(URL, kwargs={"autocommit": True})  # PGB511
    AsyncConnectionPool(URL, kwargs={"prepare_threshold": None})  # silent
    AsyncConnectionPool(URL, kwargs=unknown())  # silent
    AsyncConnectionPool(URL, kwargs=None)  # PGB511
    AsyncConnectionPool(URL, configure=unknown)  # silent
    AsyncConnectionPool(URL, configure=None)  # PGB511
    ConnectionPool(URL, prepare_threshold=None)  # PGB205
    psycopg.connect(URL + "?prepare_threshold=0", prepare_threshold=None)  # PGB205
    psycopg.connect(URL, options="-c jit=off", prepare_threshold=None)  # PGB204
    psycopg.connect(URL + "?options=-cjit%3Doff", prepare_threshold=None)  # PGB204
    psycopg.connect(URL, application_name="a", prepare_threshold=None)  # silent
    psycopg.connect(URL, search_path="a", prepare_threshold=None)  # PGB205
    create_engine(ENGINE)  # PGB511
    create_async_engine(ENGINE)  # PGB511
    create_async_engine("postgresql+psycopg_async://app@db/app")  # PGB511
    create_engine(ENGINE, connect_args={"prepare_threshold": None})  # silent
    create_engine(ENGINE, connect_args={"prepare_threshold": 0})  # PGB511
    create_engine(ENGINE, connect_args=unknown())  # silent
    create_engine(os.environ["URL"], connect_args={"prepare_threshold": 0})  # PGB511
    create_engine("postgresql+psycopg2://app@db/app")  # silent
    create_engine(ENGINE, creator=lambda: psycopg.connect(URL, prepare_threshold=None))  # silent

    connection = psycopg.connect(URL)
    connection.prepare_threshold = None

    def configure(connection):
        connection.autocommit = True
    ConnectionPool(URL, configure=configure)  # PGB511

    options = {"prepare_threshold": None}
    if os.environ["STAGE"] == "test":
        options = {}
    ConnectionPool(URL, kwargs=options)  # PGB511
"""


@pytest.mark.parametrize(("program", "expected"), cases(THRESHOLDS))
def test_the_threshold(program: str, expected: str) -> None:
    assert (codes_of(f"{HEAD}{program}\n") or "silent") == (expected or "silent")


WITHOUT_A_POOLER = """
    psycopg.connect(URL)  # silent
    psycopg.connect(URL, prepare_threshold=0)  # PGB511
    ConnectionPool("postgresql://app@pgbouncer:6432/app")  # PGB511
    create_engine(ENGINE)  # silent
"""


@pytest.mark.parametrize(("program", "expected"), cases(WITHOUT_A_POOLER))
def test_what_is_not_given_counts_with_a_sign_of_a_pooler(program: str, expected: str) -> None:
    assert (codes_of(f"{HEAD}{program}\n", Deployment()) or "silent") == (expected or "silent")


def test_the_options_of_a_configuration_object_are_not_given_beside_it() -> None:
    code = """
    from advanced_alchemy.config import EngineConfig, SQLAlchemyAsyncConfig
    URL = "postgresql+psycopg://app@db/app"
    one = SQLAlchemyAsyncConfig(connection_string=URL)
    config = EngineConfig(connect_args={"prepare_threshold": 0})
    two = SQLAlchemyAsyncConfig(connection_string=URL, engine_config=config)
    """
    source = Source.from_text("app.py", textwrap.dedent(code))
    fixes = [one.fix for one in check(source, Deployment(PoolMode.TRANSACTION)).findings if one.code == "PGB511"]
    assert [fix and fix.message for fix in fixes] == [None, "Set `prepare_threshold=None`"]
