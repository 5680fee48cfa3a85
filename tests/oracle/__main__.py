"""The long run: `python -m tests.oracle --programs 20000 --jobs 2`, from the root of the repository."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from . import report
from .comparison import examine
from .projects import Variety, numbered
from .session_comparison import examined


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.oracle",
        description="Run generated programs and hold the findings and the safe fixes against what they do.",
    )
    parser.add_argument("--programs", type=int, default=1_000, help="how many (default: 1000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="processes (default: 1)")
    parser.add_argument(
        "--other-drivers", action="store_true", help="let DATABASE_URL bring other drivers than its default's"
    )
    parser.add_argument("--session", action="store_true", help="programs that change the session, behind a pooler")
    parser.add_argument("--connections", action="store_true", help="programs of asyncpg, psycopg and what wraps them")
    parser.add_argument("--projects", action="store_true", help="part each program into several modules")
    parser.add_argument("--show", type=int, default=1, help="smallest programs to print for each kind (default: 1)")
    parser.add_argument("--number", type=int, help="examine only the program of this number, and print it as it is")
    options = parser.parse_args()
    if options.session:
        return _session(options)
    variety = Variety(options.other_drivers, options.projects, options.connections)
    if options.number is not None:
        return _one(options, variety)
    started = time.perf_counter()
    total = report.Figures()
    for batch in report.figures_in_parallel(options.seed, options.programs, options.jobs, variety):
        if batch.kinds and not total.kinds:
            print(f"first failure within {time.perf_counter() - started:.1f} s", flush=True)
        total.add(batch)
    print(f"seed {options.seed}, {time.perf_counter() - started:.0f} s\n{total.table()}", flush=True)
    for kind, numbers in total.examples.items():
        for number in list(dict.fromkeys(numbers))[: options.show]:
            program = numbered(options.seed, number, variety)
            print(f"\n--- {kind}: --seed {options.seed} --number {number} ---")
            print(report.shown(*report.counterexample(program, kind)), flush=True)
    return 1 if total.kinds else 0


def _session(options: argparse.Namespace) -> int:
    """Examines programs that change the session, and prints the first one of each kind of failure."""
    numbers = range(options.programs) if options.number is None else (options.number,)
    kinds: Counter[str] = Counter()
    findings = repaired = 0
    for number in numbers:
        found = examined(options.seed, number)
        findings += found.findings
        repaired += found.repaired is not None
        for failure in found.failures:
            kind = " ".join(failure.split(",")[0].split()[:2])
            kinds[kind] += 1
            if kinds[kind] <= options.show:
                print(f"\n--- {failure}: --session --seed {options.seed} --number {number} ---\n{found.program}")
    print(f"{len(numbers):,} programs, {findings:,} findings, {repaired:,} with safe fixes, {kinds.total()} failures")
    for kind, count in kinds.most_common():
        print(f"  {kind:<40}{count:>8,}")
    return 1 if kinds else 0


def _one(options: argparse.Namespace, variety: Variety) -> int:
    program = numbered(options.seed, options.number, variety)
    found = examine(program)
    print(report.joined(program.texts))
    for failure in found.failures:
        print(f"{failure.kind}, {failure.path}:{failure.line}: {failure.message} {failure.assignment or ''}")
    if found.after:
        print(f"\n--- repaired ---\n{report.joined(found.after)}")
    return 1 if found.failures else 0


if __name__ == "__main__":
    sys.exit(main())
