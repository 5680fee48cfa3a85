"""Counterexamples become smaller, and remain counterexamples."""

from __future__ import annotations

import textwrap

from . import report
from .comparison import Tool, examine
from .execution import run
from .programs import Program
from .projects import numbered
from .reduction import reduced
from .test_comparison import tool

LONG = """
import os
from sqlalchemy.ext.asyncio import create_async_engine

URL = "postgresql+asyncpg://app@db/app"


def unused():
    return None


def make(url, **options):
    options = dict(options)
    if os.environ.get("APP_ENV") == "test":
        options["echo"] = False
    for key in ("a", "b"):
        len(key)
    return create_async_engine(url, pool_pre_ping=True, **options)


other = unused()
engine = make(URL, connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0})
"""
SHORT = """
from sqlalchemy.ext.asyncio import create_async_engine
URL = 'postgresql+asyncpg://app@db/app'

def make(url):
    return create_async_engine(url)
engine = make(URL)
"""


def test_what_does_not_matter_is_left_out() -> None:
    def makes_an_engine(program: Program) -> bool:
        return any(made.is_asyncpg for made in run(program.text, {}).engines)

    smallest = reduced(Program(LONG, {"APP_ENV": ("test", "other")}), makes_an_engine)
    assert smallest.text == textwrap.dedent(SHORT).lstrip()
    assert not smallest.variables


def test_the_values_that_matter_stay() -> None:
    text = 'import os\nif os.environ.get("A") == "2":\n    raise ValueError\n'
    smallest = reduced(
        Program(text, {"A": ("1", "2", "3")}),
        lambda program: any(run(program.text, at).error for at in program.assignments()),
    )
    assert smallest.variables in ({"A": ("2",)}, {})


def test_the_environments_stay_where_fewer_runs_would_be_a_failure_in_themselves() -> None:
    program = Program('import os\nprint(1, os.environ.get("A"))\n', {"A": ("1", "2")})
    smallest = reduced(program, lambda candidate: '"A"' in candidate.text.replace("'", '"'), environments=False)
    assert smallest.text == "os.environ.get('A')\n"
    assert smallest.variables == program.variables


def test_a_counterexample_shows_what_is_wrong() -> None:
    silent = tool()
    number = next(number for number in range(100) if "missed PGB101" in kinds(number, silent))
    smallest, failure = report.counterexample(numbered(0, number), "missed PGB101", silent)
    assert failure.kind == "missed PGB101"
    assert len(smallest.text) < len(numbered(0, number).text)
    assert report.shown(smallest, failure, silent).startswith("# missed PGB101, line ")


def kinds(number: int, wrong: Tool) -> list[str]:
    return [failure.kind for failure in examine(numbered(0, number), wrong).failures]
