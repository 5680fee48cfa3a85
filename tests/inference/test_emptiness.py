"""A fix is safe unless the analysis leaves out a branch that an empty environment variable may enter."""

from __future__ import annotations

import pytest
from blocks import programs

from poolsafe.checker import check
from poolsafe.facts.deployment import Deployment, PoolMode
from poolsafe.findings import Applicability
from poolsafe.source import Source

HEAD = """
import os
import sys
from sqlalchemy.ext.asyncio import create_async_engine

URL = "postgresql+asyncpg://app@db/app"

def fail():
    raise SystemExit

"""

EVERY_PATH_IS_KNOWN = """
    echo = False
    if not os.getenv("TOKEN"):
        fail()
    if not os.getenv("TOKEN"):
        echo = True
    create_async_engine(URL, echo=echo)

    def token():
        found = os.environ.get("TOKEN")
        if not found:
            fail()
        return found
    create_async_engine(URL, echo=token() == token())

    echo = False
    if "REGION" in os.environ:
        if os.getenv("REGION") is None:
            echo = True
        create_async_engine(URL, echo=echo)

    echo = False
    if os.getenv("DEBUG", ""):
        if not os.getenv("DEBUG", ""):
            echo = True
    create_async_engine(URL, echo=echo)

    _settings = None
    def settings():
        global _settings
        if _settings is None:
            _settings = {"echo": bool(os.getenv("DEBUG"))}
        return _settings
    settings()
    create_async_engine(URL, echo=settings()["echo"])
"""

A_PATH_IS_LEFT_OUT = """
    echo = False
    if os.getenv("DEBUG") is not None:
        if not os.getenv("DEBUG"):
            echo = True
    create_async_engine(URL, echo=echo)

    echo = False
    if os.getenv("DEBUG"):
        print("debug")
    elif "DEBUG" in os.environ:
        echo = True
    create_async_engine(URL, echo=echo)

    echo = False
    if not os.getenv("DEBUG", "1"):
        echo = True
    create_async_engine(URL, echo=echo)

    echo = False
    if not os.environ["DEBUG"]:
        echo = True
    create_async_engine(URL, echo=echo)

    create_async_engine(URL, echo=True if os.environ["DEBUG"] else False)
"""


@pytest.mark.parametrize("code", programs(EVERY_PATH_IS_KNOWN))
def test_a_fix_is_safe_where_an_empty_variable_counts_as_one_that_is_not_set(code: str) -> None:
    assert applicabilities(code) == {Applicability.SAFE}


@pytest.mark.parametrize("code", programs(A_PATH_IS_LEFT_OUT))
def test_a_fix_is_unsafe_where_only_an_empty_variable_enters_a_branch(code: str) -> None:
    assert applicabilities(code) == {Applicability.UNSAFE}


def applicabilities(code: str) -> set[Applicability]:
    found = check(Source.from_text("app.py", HEAD + code), Deployment(PoolMode.TRANSACTION)).findings
    return {one.fix.applicability for one in found if one.fix is not None}
