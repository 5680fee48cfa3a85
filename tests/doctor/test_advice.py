"""The advice: the simplest configuration that the linter's own table accepts."""

from __future__ import annotations

import pytest

from poolsafe.config import keys
from poolsafe.doctor.advice import (
    ALL,
    BOTH_ZERO,
    DEFAULT,
    EMPTY_NAME,
    Configuration,
    asyncpg_call,
    engine_call,
    recommended,
    settings,
)
from poolsafe.doctor.diagnosis import Between
from poolsafe.facts.deployment import Version

NEW, OLD, OLDEST = (0, 32, 0), (0, 30, 0), (0, 27, 0)


@pytest.mark.parametrize(
    ("between", "asyncpg", "sqlalchemy", "configuration"),
    [
        (Between.DIRECT, NEW, (2, 1, 9), DEFAULT),
        (Between.SESSION, OLD, (2, 0, 58), DEFAULT),
        (Between.PINS, NEW, None, DEFAULT),
        (Between.CARRIES, OLD, (2, 0, 58), DEFAULT),
        (Between.BREAKS, NEW, (2, 1, 9), BOTH_ZERO),
        (Between.BREAKS, NEW, None, BOTH_ZERO),
        (Between.BREAKS, OLD, (2, 0, 58), EMPTY_NAME),
        (Between.BREAKS, OLD, (2, 0, 9), None),  # SQLAlchemy without names
        (Between.BREAKS, OLDEST, (2, 0, 58), None),  # the empty name fails with asyncpg 0.27
        (Between.UNKNOWN, NEW, (2, 1, 9), BOTH_ZERO),
        (Between.STATEMENT, NEW, (2, 1, 9), BOTH_ZERO),
        (Between.STATEMENT, OLD, (2, 0, 58), EMPTY_NAME),
    ],
)
def test_what_is_recommended(
    between: Between, asyncpg: Version, sqlalchemy: Version | None, configuration: Configuration | None
) -> None:
    assert recommended(between, asyncpg, sqlalchemy) == configuration


@pytest.mark.parametrize(
    ("between", "host", "port", "database", "found"),
    [
        (Between.DIRECT, "db", 5432, "app", {"pooler": "none"}),
        (Between.SESSION, "", 0, "", {"pooler": "session"}),
        (Between.PINS, "db", 5432, "app", {"pooler": "session"}),
        (Between.BREAKS, "db", 6432, "app", {"pooler": "transaction", "max-prepared-statements": 0}),
        (Between.CARRIES, "db", 6432, "app", {"pooler": "transaction", "max-prepared-statements": 1}),
        (Between.UNKNOWN, "db", 6432, "app", {"pooler": "transaction"}),
        (Between.STATEMENT, "db", 6432, "app", {"pooler": "statement"}),
        (Between.BREAKS, "aws-0-eu.pooler.supabase.com", 6543, "postgres", {"pooler": "supabase-transaction"}),
        # What was measured wins over what the catalogue says.
        (Between.CARRIES, "aws-0-eu.pooler.supabase.com", 6543, "postgres",
            {"pooler": "transaction", "max-prepared-statements": 1}),
        (Between.PINS, "app.proxy-abc.eu-west-1.rds.amazonaws.com", 5432, "app", {"pooler": "rds-proxy"}),
    ],
)  # fmt: skip
def test_the_linter_s_settings(
    between: Between, host: str, port: int, database: str, found: dict[str, str | int]
) -> None:
    assert settings(between, host, port, database) == found
    for key, value in found.items():
        keys.read_value(key, value, "advice")


@pytest.mark.parametrize(
    ("configuration", "between", "call"),
    [
        (DEFAULT, Between.DIRECT, "create_async_engine(url)"),
        (DEFAULT, Between.STATEMENT, 'create_async_engine(url, isolation_level="AUTOCOMMIT")'),
        (
            BOTH_ZERO,
            Between.BREAKS,
            'create_async_engine(url, connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0})',
        ),
        (
            EMPTY_NAME,
            Between.BREAKS,
            'create_async_engine(url, connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0, '
            '"prepared_statement_name_func": lambda: ""})',
        ),
    ],
)
def test_the_call(configuration: Configuration, between: Between, call: str) -> None:
    compile(call, "advice", "eval")
    assert engine_call(configuration, between) == call


def test_every_configuration_is_python() -> None:
    for configuration in ALL:
        compile(engine_call(configuration, Between.BREAKS), "advice", "eval")
    assert asyncpg_call(DEFAULT) == "asyncpg.connect(url)"
    assert asyncpg_call(BOTH_ZERO) == "asyncpg.connect(url, statement_cache_size=0)"
