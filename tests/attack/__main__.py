"""The long run: `python -m tests.attack --minutes 30`, from the root of the repository.

A stage is a module of this package with a function `run(seed, seconds)` that returns the failures, one line for each.
Prints a line for each stage and each failure, and exits with 1 if there was a failure.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

Stage = Callable[[int, float], list[str]]


def stages() -> dict[str, Stage]:
    """The stages of this package, by the names of their modules."""
    names = [each.name for each in pkgutil.iter_modules([str(Path(__file__).parent)])]
    modules = {
        name: importlib.import_module(f"{__package__}.{name}")
        for name in sorted(names)
        if not name.startswith(("test_", "__"))
    }
    return {name: module.run for name, module in modules.items() if hasattr(module, "run")}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.attack", description="Attack poolsafe from outside.")
    parser.add_argument("--minutes", type=float, default=10, help="time for all stages together (default: 10)")
    parser.add_argument("--stage", action="append", help="only this one; may be given several times")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    known = stages()
    unknown = set(options.stage or ()) - known.keys()
    if unknown:
        parser.error(f"no such stage: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    chosen = {name: stage for name, stage in known.items() if not options.stage or name in options.stage}
    failed = 0
    for name, stage in chosen.items():
        began = time.monotonic()
        problems = stage(options.seed, options.minutes * 60 / len(chosen))
        verdict = f"{len(problems)} failures" if problems else "passed"
        print(f"{name}: {verdict} in {time.monotonic() - began:.0f} s", flush=True)
        for problem in problems:
            print(f"  {problem}", flush=True)
        failed += bool(problems)
    print(f"{len(chosen) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
