"""The floor under every linter on LibCST: `libcst.parse_module` and nothing else, for the files named in a file.

Run as a script: `parse_alone.py LIST PROCESSES`. Prints the seconds on the clock and on the processors that parsing
took, without starting Python and importing LibCST, separated by a blank.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import libcst

CHUNK = 4


def parse(path: str) -> None:
    """Parse a file, where LibCST can."""
    with contextlib.suppress(libcst.ParserSyntaxError, UnicodeDecodeError):
        libcst.parse_module(Path(path).read_bytes())


def main() -> None:
    paths = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    processes = int(sys.argv[2])
    before, start = os.times(), time.perf_counter()
    if processes == 1:
        for path in paths:
            parse(path)
    else:
        with ProcessPoolExecutor(processes, mp_context=get_context("fork")) as pool:
            list(pool.map(parse, paths, chunksize=CHUNK))
    taken, after = time.perf_counter() - start, os.times()
    print(taken, sum(after[:4]) - sum(before[:4]))


if __name__ == "__main__":
    main()
