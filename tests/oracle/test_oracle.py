"""The seeded sample of `python -m tests.oracle`, and the requirements on the oracle itself."""

from __future__ import annotations

import re
from typing import Any

import pytest
from samples import LONG, one_in

from . import report
from .execution import run
from .projects import Variety, numbered

SEED = 0
PROGRAMS, PROJECTS, CONNECTIONS = 150, 51, 60  # of each seed, in three parts
# How often the tool may be wrong on the sample. The long run still finds some, a few in a thousand programs.
MOST = {"false": 0, "missed": 0, "broken": 0, "crash": 0}
MOST_NOT_JUDGED = 0.01


def parts(programs: int) -> list[Any]:
    """Three parts of each of three samples of this many programs: seed, first number, count. All but one are `long`."""
    count = programs // 3
    return one_in(9, [(seed, first, count) for seed in range(3) for first in range(0, programs, count)], LONG)


@pytest.mark.parametrize(("seed", "first", "programs"), parts(PROGRAMS))
def test_a_sample(seed: int, first: int, programs: int) -> None:
    figures = _without_failures(seed, first, programs, Variety())
    assert figures.engines > programs / 2
    assert figures.not_judged <= max(1, MOST_NOT_JUDGED * figures.engines)


@pytest.mark.parametrize(("seed", "first", "programs"), parts(PROJECTS))
def test_a_sample_of_projects(seed: int, first: int, programs: int) -> None:
    figures = _without_failures(seed, first, programs, Variety(projects=True))
    assert figures.engines > programs / 2
    assert figures.not_judged <= max(1, MOST_NOT_JUDGED * figures.engines)


def _without_failures(seed: int, first: int, programs: int, variety: Variety) -> report.Figures:
    """The figures of some programs, of which none may show a failure."""
    figures = report.figures(seed, first, programs, variety)
    for beginning, most in MOST.items():
        if figures.failures(beginning) > most:
            pytest.fail(f"{figures.table()}\n\n{smallest(figures, beginning, variety, seed)}")
    return figures


def smallest(figures: report.Figures, beginning: str, variety: Variety, seed: int) -> str:
    """A small program that shows a failure of a kind that begins so."""
    kind, numbers = next((kind, numbers) for kind, numbers in figures.examples.items() if kind.startswith(beginning))
    return report.shown(*report.counterexample(numbered(seed, numbers[0], variety), kind))


@pytest.mark.parametrize(("seed", "first", "programs"), [*parts(CONNECTIONS), pytest.param(3, 0, 600, marks=LONG)])
def test_a_sample_of_connections(seed: int, first: int, programs: int) -> None:
    figures = _without_failures(seed, first, programs, Variety(connections=True))
    assert figures.clients > programs / 2
    assert figures.repaired > programs / 10  # 0.3 on average: a part of 20 programs may hold few
    assert figures.not_judged <= max(2, MOST_NOT_JUDGED * figures.clients)


@pytest.mark.parametrize(
    "variety", [Variety(), Variety(other_drivers=True), Variety(projects=True), Variety(connections=True)]
)
def test_a_program_belongs_to_its_seed_and_number(variety: Variety) -> None:
    first = numbered(0, 7, variety)
    assert numbered(0, 7, variety) == first
    assert numbered(0, 8, variety) != first
    assert numbered(1, 7, variety) != first


def test_batches_add_up_to_the_whole() -> None:
    whole = report.figures(SEED, 0, 20)
    parts = report.figures(SEED, 0, 7)
    parts.add(report.figures(SEED, 7, 13))
    assert parts == whole


def test_few_programs_show_nothing() -> None:
    programs = [numbered(SEED, number) for number in range(200)]
    silent = [one for one in programs if all(run(one.text, environment).error for environment in one.assignments())]
    assert len(silent) <= 8


def test_an_environment_is_empty_first_and_then_each_value_is_met() -> None:
    programs = [numbered(SEED, number) for number in range(50)]
    assert all(next(program.assignments()) == {} for program in programs)
    for program in programs:
        met = {(name, value) for assignment in program.assignments() for name, value in assignment.items()}
        assert met == {(name, value) for name, values in program.variables.items() for value in values}


def test_an_address_is_the_same_in_every_run() -> None:
    assert run("print(object())", {}).printed == "<object object at 0x>\n"


def test_another_driver_comes_only_where_the_program_names_it() -> None:
    programs = [numbered(SEED, number, Variety(other_drivers=True)) for number in range(200)]
    brought = [one for one in programs if any("sqlite" in url for url in one.variables.get("DATABASE_URL", ()))]
    assert brought
    assert all(re.search('sqlite|check_same_thread|postgresql" not in|startswith', one.text) for one in brought)


@pytest.mark.parametrize(("seed", "first", "programs"), parts(PROGRAMS))
def test_a_sample_with_other_drivers(seed: int, first: int, programs: int) -> None:
    figures = _without_failures(seed, first, programs, Variety(other_drivers=True))
    assert figures.other_drivers > programs / 4
    assert figures.not_judged <= max(2, 2 * MOST_NOT_JUDGED * figures.engines)
