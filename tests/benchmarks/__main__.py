"""`python -m tests.benchmarks`: measures the table of docs/performance.md on this machine.

The packages of (a) and the other tools are installed once below `--work`, which needs a package index and about 1.5 GB.
`--packages` names another tree for (a), `--service` more trees for (b).
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

from .cases import CASES, CORES, Line, Places


def main() -> int:
    options = _parser().parse_args()
    # Modules that are compiled anew in every run would be most of what is measured.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    options.work.mkdir(parents=True, exist_ok=True)
    places = Places(options.work, options.packages, tuple(options.service), options.rounds)
    print(f"{time.strftime('%Y-%m-%d')}, {CORES} cores, {platform.platform()}, Python {platform.python_version()}")
    print("Medians of ratios round by round (least-most), then medians of seconds.\n")
    print("| | case | measured | limit | |\n| --- | --- | --- | --- | --- |")
    kept = True
    for name in options.cases.split(","):
        for line in CASES[name](places):
            print(_row(line), flush=True)
            kept &= line.kept
    return 0 if kept else 1


def _row(line: Line) -> str:
    bound = "" if line.bound == float("inf") else f"{line.bound:g}"
    verdict = "" if not bound else "kept" if line.kept else "**missed**"
    return f"| {line.case} | {line.what} | {line.measured} | {bound} | {verdict} |"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    default = Path(tempfile.gettempdir()) / "poolsafe-benchmarks"
    parser.add_argument("--work", type=Path, default=default, help=f"folder for trees and tools (default: {default})")
    parser.add_argument("--packages", type=Path, help="tree for (a) instead of the packages of the index")
    parser.add_argument("--service", type=Path, action="append", default=[], help="one more tree for (b)")
    parser.add_argument("--rounds", type=int, default=7, help="how often everything is repeated (default: 7)")
    parser.add_argument("--cases", default="a,b,c,d,f", help="which of them (default: a,b,c,d,f; e comes with a)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
