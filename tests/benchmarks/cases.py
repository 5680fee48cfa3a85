"""The six cases of the benchmark. Each compares programs within one run, and states its upper bound."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from poolsafe import needles

from . import limits, trees
from .measure import Command, Ratio, Run, Series, cpu, interleave, peak_memory, ratio, wall

HERE = Path(__file__).parent
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
# Slow, and far from its bound.
FIXIT_ROUNDS = 2


@dataclass(frozen=True)
class Line:
    """One line of the table: the comparison, the result, and the bound."""

    case: str
    what: str
    measured: str
    value: float
    bound: float

    @property
    def kept(self) -> bool:
        return self.value <= self.bound


@dataclass(frozen=True)
class Places:
    """Where trees and tools are, and how often everything is repeated."""

    work: Path
    packages: Path | None
    services: tuple[Path, ...]
    rounds: int


def ours(cwd: Path, *arguments: str) -> Command:
    """Returns the command for a folder; its output is discarded, but it is produced."""
    return Command("poolsafe", [sys.executable, "-m", "fixer", *arguments], cwd)


def big_tree(places: Places) -> Iterator[Line]:
    """(a) and (e): about ten thousand files, almost none of which mentions an engine."""
    tree = places.packages or trees.packages(places.work)
    one, ruff, grep = interleave([ours(tree), _ruff(tree), _grep(tree)], places.rounds)
    yield _line("(a)", f"{_count(tree)} files / ruff, no cache, F401", one, ruff, 0.4)
    yield _line("(a)", f"{_count(tree)} files / ruff, CPU time", one, ruff, 0.4, cpu)
    yield _line("(a)", f"{_count(tree)} files / grep -r", one, grep, 2.5)
    yield _memory("(e)", tree, 120)
    if places.packages is None:
        with_sql = trees.packages(places.work, "packages-with-sql", trees.PACKAGES_WITH_SQL)
        one, ruff = interleave([ours(with_sql), _ruff(with_sql)], places.rounds)
        parsed = len(list(_parsed_files(with_sql)))
        name = f"pandas and SQLAlchemy, {parsed} of {_count(with_sql)} files"
        yield _line("(a)", f"{name} / ruff, no cache, F401", one, ruff, float("inf"))


def engines(places: Places) -> Iterator[Line]:
    """(b): many engines and much SQL, in the generated service and in the trees that the user names."""
    for tree in (trees.service(places.work), *places.services):
        yield from _engines(places, tree)


def _engines(places: Places, tree: Path) -> Iterator[Line]:
    paths = list(_parsed_files(tree))
    listing = places.work / f"{tree.name}.list"
    listing.write_text("\n".join(map(str, paths)), encoding="utf-8")
    fixit = Command("fixit", [str(trees.tools(places.work) / "fixit"), "lint", "."], tree, FIXIT_ROUNDS, (0, 1, 2, 3))
    one, ruff, other = interleave([ours(tree), _ruff(tree), fixit], places.rounds)
    alone = [_parse_alone(listing, 1) for _ in range(places.rounds)]
    together = [_parse_alone(listing, CORES) for _ in range(places.rounds)]
    name = f"{tree.name}: {len(paths)} of {_count(tree)} files"
    yield _line("(b)", f"{name} / parse_module, {CORES} processes", one, _series(together), 3)
    yield _line("(b)", f"{tree.name} / parse_module, one process", one, _series(alone), 3)
    yield _line("(b)", f"{tree.name} / parse_module, CPU time", one, _series(alone), 3, cpu)
    yield _line("(b)", f"{tree.name} / fixit", one, other, 1 / 20)
    yield _line("(b)", f"{tree.name} / ruff, no cache, F401", one, ruff, float("inf"))
    yield _memory("(b)", tree, 500)


def start_up(places: Places) -> Iterator[Line]:
    """(c): the time before any file is checked."""
    empty, plain, engine = (make(places.work) for make in (trees.empty, trees.without_needle, trees.one_engine))
    imports, libcst = _python("import argparse, tomli", empty), _python("import libcst", empty)
    rounds = places.rounds * 3
    nothing, file, base = interleave([ours(empty), ours(plain), imports], rounds)
    yield _line("(c)", 'empty project / "import argparse, tomli"', nothing, base, 1.5)
    yield _line("(c)", 'one file without a needle / "import argparse, tomli"', file, base, 1.5)
    hit, heavy = interleave([ours(engine), libcst], rounds)
    yield _line("(c)", 'one engine / "import libcst"', hit, heavy, 1.6)


def plugin(places: Places) -> Iterator[Line]:
    """(d): inside flake8, in its own process."""
    tree = trees.service(places.work)
    files = [str(path) for path in sorted(tree.rglob("*.py"))[:300]]
    runs = [_plugin_time(tree, files) for _ in range(places.rounds)]
    imports = [statistics.mean(run["import"]) for run in runs]
    without = [statistics.mean(run["without"]) for run in runs]
    worst = [max(run["without"]) for run in runs]
    yield _figure("(d)", "import of the plugin, ms", imports, 20)
    yield _figure("(d)", "a file without a needle, mean, ms", without, 1)
    yield _figure("(d)", "a file without a needle, the slowest, ms", worst, 1)
    needle = [statistics.mean(run["with"]) for run in runs]
    yield _figure("(d)", "a file with a needle, mean, ms", needle, float("inf"))


def least(places: Places) -> Iterator[Line]:
    """(f): trees with engines, compared with the minimum that LibCST allows and with rules for other programs."""
    for name, one, limit in limits.against_the_limit(places.work, places.rounds):
        bound = 1.5 if limit.command.label == "sum" else 2.5
        yield _line("(f)", f"{name} / its limit, CPU time", one, limit, bound, cpu)
    engines = trees.with_engines(places.work, "tiled").parent.parent
    for what, measured in limits.beside_peers(places.work, places.rounds, _ruff(engines)):
        yield Line("(f)", what, measured, 0, float("inf"))
    for what, measured in limits.in_the_fixtures(places.work):
        yield Line("(f)", what, measured, 0, float("inf"))


CASES: dict[str, Callable[[Places], Iterator[Line]]] = {
    "a": big_tree,
    "b": engines,
    "c": start_up,
    "d": plugin,
    "f": least,
}


def _line(case: str, what: str, one: Series, other: Series, bound: float, of: Callable[[Run], float] = wall) -> Line:
    found: Ratio = ratio(one, other, of)
    seconds = f"{one.median(of):.3g} s / {other.median(of):.3g} s"
    return Line(case, what, f"{found}, {seconds}", found.median, bound)


def _memory(case: str, tree: Path, bound: float) -> Line:
    peak = peak_memory(ours(tree))
    return Line(case, f"{tree.name}: peak memory of all processes, MB", f"{peak:.0f}", peak, bound)


def _figure(case: str, what: str, values: list[float], bound: float) -> Line:
    median = statistics.median(values)
    return Line(case, what, f"{median:.3g} ({min(values):.3g}-{max(values):.3g})", median, bound)


def _ruff(tree: Path) -> Command:
    program = shutil.which("ruff", path=str(Path(sys.executable).parent)) or "ruff"
    return Command("ruff", [program, "check", "--no-cache", "--isolated", "--quiet", "--select=F401", "."], tree)


def _grep(tree: Path) -> Command:
    return Command("grep", ["grep", "-r", "create_async_engine", "."], tree)


def _python(code: str, cwd: Path) -> Command:
    return Command(code, [sys.executable, "-c", code], cwd)


def _count(tree: Path) -> int:
    return sum(1 for _ in tree.rglob("*.py"))


def _parsed_files(tree: Path) -> Iterator[Path]:
    """The files that go to LibCST because of what they hold; modules that these import come on top of them."""
    shown = subprocess.run(
        [sys.executable, "-m", "fixer", "--show-files", "."], cwd=tree, capture_output=True, text=True, check=True
    )
    for path in map(Path, shown.stdout.splitlines()):
        if needles.wanted(path.read_bytes()) & ~needles.SUPPRESSION:
            yield path


def _parse_alone(listing: Path, processes: int) -> Run:
    script = [sys.executable, str(HERE / "parse_alone.py"), str(listing), str(processes)]
    said = subprocess.run(script, capture_output=True, text=True, check=True).stdout.split()
    return Run(float(said[0]), float(said[1]))


def _series(runs: list[Run]) -> Series:
    return Series(Command("parse_module", [], HERE), runs)


def _plugin_time(tree: Path, files: list[str]) -> dict[str, list[float]]:
    script = [sys.executable, str(HERE / "plugin_time.py")]
    ran = subprocess.run(script, cwd=tree, input="\n".join(files), stdout=subprocess.PIPE, text=True, check=True)
    said: dict[str, list[float]] = json.loads(ran.stdout)
    return said
