"""Examines many programs, and reports how often the tool is wrong, with the smallest programs that show it."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, fields

from .comparison import Examination, Failure, Tool, examine
from .execution import run
from .programs import Program
from .projects import PLAIN, Variety, numbered
from .reduction import reduced

BATCH = 100


@dataclass(slots=True)
class Figures:
    """Counts over many programs. `kinds` counts failures, `examples` are the numbers of programs that show a kind."""

    programs: int = 0
    engines: int = 0
    clients: int = 0
    texts: int = 0
    findings: int = 0
    not_judged: int = 0
    other_drivers: int = 0
    repaired: int = 0
    always_raise: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[int]] = field(default_factory=dict)

    def count(self, number: int, examination: Examination) -> None:
        self.programs += 1
        self.engines += examination.engines
        self.clients += examination.clients
        self.texts += examination.texts
        self.findings += examination.findings
        self.not_judged += examination.not_judged
        self.other_drivers += examination.other_drivers
        self.repaired += examination.repaired
        self.always_raise += examination.always_raises
        for failure in examination.failures:
            self.kinds[failure.kind] += 1
            self.examples.setdefault(failure.kind, []).append(number)

    def add(self, other: Figures) -> None:
        for name in _COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.kinds += other.kinds
        for kind, numbers in other.examples.items():
            self.examples.setdefault(kind, []).extend(numbers)

    def failures(self, beginning: str) -> int:
        """How many failures there are of the kinds that begin so: `false`, `missed`, `broken`, `crash`."""
        return sum(count for kind, count in self.kinds.items() if kind.startswith(beginning))

    def table(self) -> str:
        rows = [
            ("programs", self.programs),
            ("  that raise in every environment (not compared)", self.always_raise),
            ("  with engines of other drivers, too", self.other_drivers),
            ("engines on asyncpg", self.engines),
            ("connections and pools", self.clients),
            ("places of executed SQL", self.texts),
            ("findings", self.findings),
            ("false findings", self.failures("false")),
            ("missed", self.failures("missed")),
            ("engines not judged", self.not_judged),
            ("programs with safe fixes", self.repaired),
            ("  broken by them", self.failures("broken")),
            ("crashes", self.failures("crash")),
        ]
        kinds = [(f"  {kind}", count) for kind, count in self.kinds.most_common()]
        return "\n".join(f"{name:<52}{count:>8,}" for name, count in [*rows, ("by kind:", len(kinds)), *kinds])


_COUNTS = [one.name for one in fields(Figures) if one.type == "int"]


def figures(seed: int, first: int, programs: int, variety: Variety = PLAIN, *, tool: Tool | None = None) -> Figures:
    """Examine so many programs of a seed, from the number `first` on."""
    total = Figures()
    for number in range(first, first + programs):
        total.count(number, examine(numbered(seed, number, variety), tool or Tool()))
    return total


def figures_in_parallel(seed: int, programs: int, jobs: int, variety: Variety = PLAIN) -> Iterator[Figures]:
    """Yield the figures of batches, in order: what they add up to does not depend on the number of jobs."""
    batches = [(first, min(BATCH, programs - first)) for first in range(0, programs, BATCH)]
    if jobs == 1:
        yield from (figures(seed, first, size, variety) for first, size in batches)
        return
    with ProcessPoolExecutor(jobs) as pool:
        waiting = [pool.submit(figures, seed, first, size, variety) for first, size in batches]
        for one in waiting:
            yield one.result()


def counterexample(program: Program, kind: str, tool: Tool | None = None) -> tuple[Program, Failure]:
    """The smallest program found with a failure of that kind, and the failure; `program` has one."""

    errors = _errors(program)

    def failure(candidate: Program) -> Failure | None:
        # A name whose binding is left out raises in a way that no linter has to follow.
        if not _errors(candidate) <= errors:
            return None
        return next((one for one in examine(candidate, tool or Tool()).failures if one.kind == kind), None)

    broken = kind.startswith("broken")
    smallest = reduced(program, lambda candidate: failure(candidate) is not None, environments=broken)
    found = failure(smallest)
    assert found is not None
    return smallest, found


def _errors(program: Program) -> set[str]:
    """The exceptions that end a program, "" for none."""
    return {run(program.texts, assignment).error for assignment in program.assignments()}


def shown(program: Program, failure: Failure, tool: Tool | None = None) -> str:
    """A counterexample as text that is itself a program: what is wrong in comments, the environments as `# env:`."""
    place = f"{failure.path}:{failure.line}" if program.modules else f"line {failure.line}"
    about = textwrap.wrap(f"{failure.kind}, {place}: {failure.message}", 115)
    where = [] if failure.assignment is None else [f"shows with the environment {failure.assignment}"]
    lines = [f"# {line}" for line in (*about, *where)]
    for assignment in program.assignments():
        if assignment:
            lines.append("# env: " + " ".join(f"{name}={value}" for name, value in assignment.items()))
    text = "\n".join([*lines, joined(program.texts)])
    after = examine(program, tool or Tool()).after
    if failure.kind.startswith("broken") and after:
        text += "\n\n# repaired:\n" + textwrap.indent(joined(after), "#   ")
    return text + "\n"


def joined(texts: Mapping[str, str]) -> str:
    """The text of a program, or those of its modules under their paths."""
    if len(texts) == 1:
        return next(iter(texts.values())).rstrip()
    return "\n\n".join(f"# --- {path} ---\n{text.rstrip()}" for path, text in texts.items())
