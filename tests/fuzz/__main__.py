"""The long run: `python -m tests.fuzz --minutes 60 --files FOLDER...`, from the root of the repository.

It prints a line of figures for each kind of input and every problem, and exits with 1 if there was a problem.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

from . import kills, stages


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("--minutes", type=float, default=10, help="time for all inputs together (default: 10)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--files", type=Path, nargs="*", default=[], help="folders of Python files to take as well")
    parser.add_argument(
        "--stages", nargs="*", help="only these: mutations, nestings, cookies, grammar, plain, injected"
    )
    parser.add_argument("--kills", type=int, default=0, help="kill so many runs of --apply over 1,000 files")
    options = parser.parse_args()
    chosen: dict[str, stages.Stage] = {
        "cookies": stages.cookies,
        "nestings": stages.nestings,
        "mutations": stages.mutations,
        "grammar": stages.grammar,
    }
    if options.files:
        chosen |= {"plain": stages.files(options.files, True), "injected": stages.files(options.files, False)}
    if options.stages is not None:
        chosen = {name: stage for name, stage in chosen.items() if name in options.stages}
    failed = False
    for name, stage in chosen.items():
        figures = stages.run(name, stage(random.Random(options.seed)), options.minutes * 60 / len(chosen))
        print(figures, flush=True)
        for seconds, what in sorted(figures.slow, reverse=True)[:20]:
            print(f"  slow: {seconds} s: {what}", flush=True)
        for problem in figures.problems:
            print(f"  problem: {problem}", flush=True)
        failed = failed or bool(figures.problems)
    if options.kills:
        with tempfile.TemporaryDirectory() as folder:
            killed = kills.kill_often(Path(folder), 1_000, options.kills, options.seed)
        print(killed, *killed.problems, sep="\n", flush=True)
        failed = failed or bool(killed.problems)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
