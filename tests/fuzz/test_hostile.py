"""A seeded sample of the long run, `python -m tests.fuzz`: no crash, no hang, and nothing written wrongly."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from fuzz import crew, guided, inputs, slow, stages
from fuzz.examination import NOWHERE, Verdict, judge

SEED = 20261122
# Of the processor, with room for machines that are busy; the long run holds three seconds for a report and a repair.
BOUND = 10.0
STAGES = {"mutations": 250, "nestings": 60, "cookies": 200, "grammar": 40}


def _verdict(text: str) -> Verdict:
    return judge(text.encode())


@pytest.mark.torture
def test_no_program_takes_long() -> None:
    names = list(slow.PROGRAMS)
    took = {}
    for (name, text), verdict in zip(
        slow.PROGRAMS.items(), (result for _, result in crew.each(_verdict, list(slow.PROGRAMS.values()))), strict=True
    ):
        assert isinstance(verdict, Verdict), f"{name}: {verdict}"
        assert verdict.problems == [], name
        assert verdict.examined, (name, len(text))
        took[name] = verdict.seconds
    assert list(took) == names
    assert {name: seconds for name, seconds in took.items() if seconds > BOUND} == {}


@pytest.mark.parametrize("share", [0.1, pytest.param(1, marks=pytest.mark.torture)])
@pytest.mark.parametrize("name", STAGES)
def test_a_sample_of_the_long_run(name: str, share: float) -> None:
    stage: stages.Stage = getattr(stages, name)
    figures = stages.run(name, stage(random.Random(SEED)), seconds=25, most=int(share * STAGES[name]))
    assert figures.problems == []
    assert figures.examined


@pytest.mark.long
def test_engines_in_modules_that_have_none() -> None:
    folder = Path(random.__file__).parent / "json"
    figures = stages.run("injected", stages.files([folder], False)(random.Random(SEED)), seconds=20, most=5)
    assert figures.problems == []
    assert figures.changed


@pytest.mark.parametrize("name", guided.TARGETS)
def test_targets_of_the_guided_runs(name: str) -> None:
    if name == "sql":
        pytest.importorskip("pglast", reason="PostgreSQL's parser has no wheel for this Python")
    take = guided.load(name)
    for data in guided.sample(random.Random(SEED), 60 if name == "evaluator" else 300):
        take(data)


# --- the harness itself can fail


def test_a_broken_law_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    from fuzz import examination

    monkeypatch.setattr(examination, "_comments", lambda text: {"x": 1} if "connect_args" not in text else {})
    monkeypatch.setattr(examination, "_faults", lambda *_: ["a fault"])
    text = f"{slow.HEAD}e = {slow.ENGINE}\n"
    assert judge(text.encode()).problems == ["a fault"]


def _dies(number: int) -> int:
    import os
    import time

    if number == 1:
        os._exit(9)
    if number == 2:
        time.sleep(30)
    return number


def test_a_crash_and_a_hang_cost_one_item_each() -> None:
    assert [result for _, result in crew.each(_dies, [0, 1, 2, 3], patience=3.0)] == [
        0,
        "the process died with 9",
        "no end after 3 seconds",
        3,
    ]


def test_what_has_no_needle_is_not_examined() -> None:
    assert judge(b"print(1)\n") == Verdict()
    assert not Path(NOWHERE).parent.exists()


def test_mutations_are_the_same_for_a_seed() -> None:
    first, second = (inputs.mutated("a = 1\n" * 50, random.Random(7)) for _ in range(2))
    assert first == second != b"a = 1\n" * 50
