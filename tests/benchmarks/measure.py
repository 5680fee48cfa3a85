"""Measures whole processes from outside, in turn, so that a machine that slows down affects all of them equally."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PROC = Path("/proc")
POLL = 0.01


@dataclass(frozen=True)
class Command:
    """What is run: `label` for the tables, `cwd` the folder it runs in, `most` a bound on its repetitions."""

    label: str
    argv: Sequence[str]
    cwd: Path
    most: int | None = None
    codes: tuple[int, ...] = (0, 1)


@dataclass(frozen=True)
class Run:
    """Seconds on the clock and on the processors, those of finished child processes included."""

    wall: float
    cpu: float


@dataclass
class Series:
    """The runs of one command, in the order of the rounds."""

    command: Command
    runs: list[Run] = field(default_factory=list)

    def median(self, of: Callable[[Run], float]) -> float:
        return statistics.median(map(of, self.runs))


@dataclass(frozen=True)
class Ratio:
    """The median of the ratios round by round, and the smallest and the largest of them."""

    median: float
    least: float
    most: float

    def __str__(self) -> str:
        return f"{self.median:.3g} ({self.least:.3g}-{self.most:.3g})"


def wall(run: Run) -> float:
    return run.wall


def cpu(run: Run) -> float:
    return run.cpu


def ratio(one: Series, other: Series, of: Callable[[Run], float] = wall) -> Ratio:
    """How much more `one` takes than `other`; a round in which only one of them ran is left out."""
    ratios = [of(a) / of(b) for a, b in zip(one.runs, other.runs, strict=False)]
    return Ratio(statistics.median(ratios), min(ratios), max(ratios))


def interleave(commands: Sequence[Command], rounds: int) -> list[Series]:
    """Run all commands once to warm the caches of the disk, then all in turn, `rounds` times."""
    series = [Series(command) for command in commands]
    for command in commands:
        if command.most is None:
            run(command)
    for number in range(rounds):
        for each in series:
            if each.command.most is None or number < each.command.most:
                each.runs.append(run(each.command))
    return series


def run(command: Command) -> Run:
    """Run a command to its end, its output thrown away. Raises RuntimeError for an exit code that it must not have."""
    start = time.perf_counter()
    process = _start(command)
    _, status, usage = os.wait4(process.pid, 0)
    taken = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    _refuse(command, process.returncode)
    return Run(taken, usage.ru_utime + usage.ru_stime)


def peak_memory(command: Command) -> float:
    """The most memory, in MB, that a command and its children hold at one time, shared pages counted once.

    Linux only. It is looked at every few milliseconds, which slows the command down: no time is taken here.
    """
    process = _start(command)
    most = 0
    while process.poll() is None:
        most = max(most, sum(map(_proportional, _family(process.pid))))
        time.sleep(POLL)
    _refuse(command, process.returncode)
    return most / 1e3


def _start(command: Command) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command.argv,
        cwd=command.cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _refuse(command: Command, code: int) -> None:
    if code not in command.codes:
        raise RuntimeError(f"{command.label}: exit code {code}: {' '.join(command.argv)[:300]}")


def _family(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for one in found:
        try:
            for thread in (PROC / str(one) / "task").iterdir():
                found += map(int, (thread / "children").read_text().split())
        except OSError:
            continue
    return found


def _proportional(pid: int) -> int:
    """The kB of a process, of each shared page its part."""
    try:
        text = (PROC / str(pid) / "smaps_rollup").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")), 0)
