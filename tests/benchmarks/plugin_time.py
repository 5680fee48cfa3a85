"""The time that flake8 spends in the plugin, measured inside flake8's own process.

Run as a script with the files to look at on standard input, one in a line. Prints, as JSON, the milliseconds of the
import and those of each file that has no needle and of each that has one, as lists.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import time
from collections.abc import Iterator
from typing import Any

from flake8.main import application  # type: ignore[import-untyped]


def main() -> None:
    start = time.perf_counter()
    from poolsafe.flake8_plugin import Plugin

    taken = (time.perf_counter() - start) * 1e3
    without: list[float] = []
    with_needle: list[float] = []
    run = Plugin.run
    from poolsafe import needles

    def timed(self: Plugin) -> Iterator[tuple[int, int, str, type[Any]]]:
        start = time.perf_counter()
        found = list(run(self))
        spent = (time.perf_counter() - start) * 1e3
        (with_needle if needles.wanted("".join(self._lines).encode()) else without).append(spent)
        return iter(found)

    Plugin.run = timed  # type: ignore[method-assign]
    files = sys.stdin.read().splitlines()
    with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())):
        application.Application().run(["--isolated", "--jobs=1", "--select=PGB", *files])
    print(json.dumps({"import": [taken], "without": without, "with": with_needle}))


if __name__ == "__main__":
    main()
