"""Processor times: those on the clock depend on what else the machine does."""

from __future__ import annotations

import time
from collections.abc import Callable

# Seconds on the clock after which a process hangs, however busy the machine is.
PATIENCE = 300


def seconds(work: Callable[[], object], runs: int = 3) -> float:
    """The time of the fastest of some runs."""
    times = []
    for _ in range(runs):
        begin = time.process_time()
        work()
        times.append(time.process_time() - begin)
    return min(times)


def is_linear(work: Callable[[int], object], size: int) -> bool:
    """Whether four times the size takes about four times as long. It takes sixteen times as long if it is quadratic."""
    # The summand stands for the clock's grain and for what is answered at once.
    return seconds(lambda: work(4 * size)) <= 8 * seconds(lambda: work(size)) + 0.02
