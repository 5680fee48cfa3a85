"""Configuration objects that create the engine themselves: advanced-alchemy's and Litestar's."""

from __future__ import annotations

import pytest
from blocks import cases, programs
from programs import PG, codes_of, on_by_default

from poolsafe.checker import check_bytes
from poolsafe.edits.application import repair
from poolsafe.facts.deployment import Deployment
from poolsafe.findings import Applicability, Finding
from poolsafe.source import Source

BOTH = '{"statement_cache_size": 0, "prepared_statement_cache_size": 0}'
HEAD = f"""
from advanced_alchemy.extensions.fastapi import EngineConfig, SQLAlchemyAsyncConfig, SQLAlchemySyncConfig
from litestar.plugins.sqlalchemy import SQLAlchemyAsyncConfig as LitestarConfig
URL = "{PG}"
both = {BOTH}
"""

FOUND = """
    SQLAlchemyAsyncConfig(connection_string=URL)  # PGB101 PGB201
    LitestarConfig(connection_string=URL, engine_config=EngineConfig(echo=True))  # PGB101 PGB201
    SQLAlchemyAsyncConfig(connection_string=URL, engine_config=EngineConfig(pool_pre_ping=True))  # PGB101
    SQLAlchemyAsyncConfig(connection_string=URL, engine_config=EngineConfig(connect_args=both))  # PGB201

    settings = EngineConfig(pool_pre_ping=True, connect_args={'statement_cache_size': 0})
    SQLAlchemyAsyncConfig(connection_string=URL, engine_config=settings)  # PGB102
"""

# All is set, another driver, an engine made elsewhere, settings that are not known.
SILENT = """
    LitestarConfig(connection_string=URL, engine_config=EngineConfig(connect_args=both, pool_pre_ping=True))

    SQLAlchemyAsyncConfig(connection_string='sqlite+aiosqlite:///a')

    SQLAlchemyAsyncConfig(engine_instance=make())

    SQLAlchemyAsyncConfig(engine_instance=make(), connection_string=URL)

    SQLAlchemyAsyncConfig(connection_string=URL, engine_config=make())

    SQLAlchemyAsyncConfig(connection_string=URL, engine_config=EngineConfig(**make()))

    SQLAlchemyAsyncConfig(**make())

    SQLAlchemySyncConfig(connection_string='postgresql+psycopg://a')

    class SQLAlchemyAsyncConfig:
        pass
    SQLAlchemyAsyncConfig(connection_string=URL)
"""


def found_in(text: str) -> tuple[Source, list[Finding]]:
    source, report = check_bytes("app.py", text.encode(), Deployment())
    return source, on_by_default(report)


@pytest.mark.parametrize(("code", "codes"), cases(FOUND, SILENT))
def test_a_configuration_is_judged_as_the_engine_that_it_makes(code: str, codes: str) -> None:
    source, found = found_in(HEAD + code + "\n")
    assert " ".join(finding.code for finding in found) == codes
    last = len((HEAD + code).splitlines())
    assert {source.row_column(finding.start)[0] for finding in found} <= {last}


# None of them has a URL to judge, whatever drivers the project declares.
WITHOUT_URL = """
    SQLAlchemyAsyncConfig(engine_instance=make())

    SQLAlchemyAsyncConfig(**make())

    SQLAlchemyAsyncConfig()

    SQLAlchemyAsyncConfig(engine_config=EngineConfig(echo=True))
"""


@pytest.mark.parametrize("code", programs(WITHOUT_URL))
def test_a_configuration_without_a_url_is_not_judged(code: str) -> None:
    assert codes_of(HEAD + code, Deployment(assume_asyncpg=True)) == ""


GIVEN = """
config = SQLAlchemyAsyncConfig(connection_string=URL, engine_config=EngineConfig(connect_args=both, pool_pre_ping=True))
with config.get_engine().connect() as connection:
    connection.execute(text("SELECT 1; SELECT 2"))
"""


def test_its_engine_is_the_one_that_it_made() -> None:
    assert codes_of(HEAD + "from sqlalchemy import text" + GIVEN) == "PGB301"


ONE_LINE = """
LitestarConfig(connection_string=URL, engine_config=EngineConfig(echo=True))
"""
ONE_LINE_FIXED = f"""
LitestarConfig(
    connection_string=URL,
    engine_config=EngineConfig(
        echo=True,
        connect_args={BOTH},
        pool_pre_ping=True,
    ),
)
"""
LINES = """
LitestarConfig(
    connection_string=URL,
    engine_config=EngineConfig(
        pool_pre_ping=True,
    ),
)
"""
LINES_FIXED = f"""
LitestarConfig(
    connection_string=URL,
    engine_config=EngineConfig(
        pool_pre_ping=True,
        connect_args={BOTH},
    ),
)
"""
# There is no call yet that the engine's arguments could be written into.
NO_CALL = """
SQLAlchemyAsyncConfig(connection_string=URL)
"""


@pytest.mark.parametrize(("before", "after"), [(ONE_LINE, ONE_LINE_FIXED), (LINES, LINES_FIXED), (NO_CALL, NO_CALL)])
def test_the_repair_goes_into_the_engines_own_configuration(before: str, after: str) -> None:
    source, _ = found_in(HEAD + before)
    done = repair(source, lambda one: found_in(one.text)[1], lambda fix: fix.applicability is Applicability.SAFE)
    assert done.source.text == HEAD + after
