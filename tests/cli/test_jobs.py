"""The number of processes, and the order of their results."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from in_process import run

from poolsafe.cli import examine, processes, sieve, workers
from poolsafe.cli.outcome import Outcome
from poolsafe.cli.task import APPLY, Task
from poolsafe.config.layers import Value
from poolsafe.config.resolver import Resolver

ENGINE = """from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine("postgresql+asyncpg://db/app")
"""
BY_FORK = pytest.mark.skipif(sys.platform != "linux", reason="a patch reaches workers by fork only")


@pytest.fixture(autouse=True)
def four_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "processors", lambda: 4)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Records how many processes were requested each time that workers checked files."""
    numbers: list[int] = []
    real = workers.examine_all

    def counted(places: Sequence[object], sizes: object, resolver: object, task: object, number: int) -> object:
        numbers.append(number)
        return real(places, sizes, resolver, task, number)  # type: ignore[arg-type]

    monkeypatch.setattr(workers, "examine_all", counted)
    return numbers


def write(folder: Path, *sizes: int) -> None:
    """Writes files of at least this many bytes, each with an engine that lacks everything."""
    for number, size in enumerate(sizes):
        (folder / f"a{number}.py").write_text(ENGINE + "x = 1\n" * (size // 6), encoding="utf-8")


LITTLE = processes.WORTH_A_PROCESS - processes.FOLLOWED


@pytest.mark.parametrize(
    ("sizes", "jobs", "number"),
    [
        ([], None, 1),
        ([10 * LITTLE], None, 1),  # one file cannot be shared
        ([LITTLE, LITTLE - 1], None, 1),
        ([LITTLE, LITTLE], None, 2),
        ([LITTLE] * 3, None, 3),
        ([5 * LITTLE, LITTLE - 1], None, 1),  # the other one is little work
        ([5 * LITTLE, *[LITTLE] * 6], None, 3),  # the large one and its rest are done at the same time
        ([0] * 1000, None, 4),  # many small files are work, too
        ([LITTLE] * 100, None, 4),
        ([], 0, 1),
        ([1, 1], 0, 2),
        ([1] * 9, 0, 4),
        ([LITTLE] * 9, 1, 1),
        ([1] * 9, 3, 3),
        ([1] * 9, 99, 4),
    ],
)
def test_the_number_of_processes(sizes: list[int], jobs: int | None, number: int) -> None:
    assert processes.worthwhile(sizes, jobs) == number


def test_without_a_word_a_large_machine_is_not_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "processors", lambda: 64)
    assert processes.allowed(None) == processes.MOST
    assert processes.allowed(0) == 64
    assert processes.allowed(20) == 20


def test_processors_where_nobody_can_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert processes.processors() >= 1
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert processes.processors() == 1


def test_windows_takes_no_more_than_61(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_context", object)
    monkeypatch.setattr(sys, "platform", "win32")
    assert workers.available(80) == 61


@pytest.mark.parametrize(
    ("flags", "numbers"), [([], []), (["--jobs=2"], [2]), (["-j3"], [3]), (["--jobs", "0"], [3]), (["-j", "1"], [])]
)
def test_the_flag_overrides_the_estimate(
    tmp_path: Path, started: list[int], flags: list[str], numbers: list[int]
) -> None:
    write(tmp_path, 0, 0, 0)
    assert run(tmp_path, "-q", *flags).returncode == 1
    assert started == numbers


@pytest.mark.long
def test_few_large_files_are_shared(tmp_path: Path, started: list[int]) -> None:
    write(tmp_path, LITTLE, LITTLE)
    assert run(tmp_path, "-q").returncode == 1
    assert started == [2]
    assert run(tmp_path, "-q", "--jobs=1").returncode == 1
    assert started == [2]


def test_one_job_searches_alone_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, 0, 0)
    monkeypatch.setattr(sieve, "WORTH_SPLITTING", 1)
    monkeypatch.setattr(sieve, "_Helper", None)
    assert run(tmp_path, "-q", "--jobs=1").returncode == 1


@pytest.mark.parametrize("value", ["-1", "x", "1.5", "", "+2", " 2", "²", "٣", "1_0", "9" * 5000, "0x2", "\x1b[2J"])
def test_bad_values_give_one_line(tmp_path: Path, value: str) -> None:
    ran = run(tmp_path, f"--jobs={value}")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith(
        "poolsafe: error: --jobs: must be a number of processes, or 0 for one per processor, not `"
    )
    assert ran.stderr.count("\n") == 1
    assert "\x1b" not in ran.stderr
    assert len(ran.stderr) < 300


def test_a_missing_value_gives_one_line(tmp_path: Path) -> None:
    ran = run(tmp_path, "--jobs")
    assert (ran.returncode, ran.stderr) == (2, "poolsafe: error: argument -j/--jobs: expected one argument\n")


@pytest.mark.long
def test_results_stay_in_order_whichever_file_is_begun_first(tmp_path: Path) -> None:
    write(tmp_path, 0, 30_000, 100, 60_000, 0, 50_000)
    alone = run(tmp_path, "--output-format=full", "--jobs=1")
    shared = run(tmp_path, "--output-format=full", "--jobs=3")
    assert (shared.returncode, shared.stdout, shared.stderr) == (1, alone.stdout, alone.stderr)


def _deadly(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    real = examine.examine

    def examined(path: str, *rest: object) -> object:
        if path.endswith(name):
            os._exit(9)
        return real(path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(examine, "examine", examined)


LINE = "the process that checked this file died; please report this, and exclude the file"


@BY_FORK
@pytest.mark.parametrize("deadly", range(5))
def test_a_worker_that_dies_takes_no_other_file_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deadly: int
) -> None:
    """This does not depend on the file's position or size."""
    write(tmp_path, 600, 6000, 60, 3000, 0)
    _deadly(monkeypatch, f"a{deadly}.py")
    ran = run(tmp_path, "--output-format=concise", "--select=PGB101", "--jobs=2")
    assert ran.returncode == 2
    assert ran.stderr == f"poolsafe: error: a{deadly}.py: {LINE}\n"
    told = [line[:5] for line in ran.stdout.splitlines() if "PGB101" in line]
    assert told == [f"a{number}.py" for number in range(5) if number != deadly]


@BY_FORK
@pytest.mark.parametrize("deadly", range(5))
def test_repairs_that_were_written_before_a_worker_died_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deadly: int
) -> None:
    sizes = [600, 6000, 60, 3000, 0]
    write(tmp_path, *sizes)
    _deadly(monkeypatch, f"a{deadly}.py")
    paths = [str((tmp_path / f"a{number}.py").resolve()) for number in range(5)]
    resolver = Resolver([{"fix": Value(True, "--apply", str(tmp_path))}], isolated=True)
    # One worker has told of a file before it begins the next one.
    found = list(workers.examine_all([(path, path) for path in paths], sizes, resolver, Task(APPLY), 1))
    assert all(isinstance(outcome, Outcome) for outcome in found)
    outcomes = [outcome for outcome in found if isinstance(outcome, Outcome)]
    assert [outcome.path for outcome in outcomes] == paths
    assert [sum(outcome.fixed.values()) for outcome in outcomes] == [0 if n == deadly else 2 for n in range(5)]
    assert outcomes[deadly].errors == (LINE,)
