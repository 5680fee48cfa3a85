"""How many processes a run uses."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# Without `--jobs`, there are at most this many, because each needs memory of its own.
MOST = 8

# The work for a file, in bytes of source: its size, plus this for the modules that it imports. Fitted to the generated
# service of tests/benchmarks and to public trees: 3 microseconds for a byte, 20 milliseconds for a file.
FOLLOWED = 7_000
# A process is worthwhile for this much work: 0.3 s. Two processes cost 0.13 s of CPU time more than one: 0.04 s
# to import and start the pool, and the rest for modules that both analyse. On two busy cores, two processes took 1.23
# times as long as one for 12 engine files of the service, 1.03 times for 16 (this bound), 0.89 times for 24.
WORTH_A_PROCESS = 100_000


def processors() -> int:
    """Returns how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def allowed(jobs: int | None) -> int:
    """Returns how many processes may work at once. `jobs` is the value of `--jobs`; 0 means all processors."""
    if jobs is None:
        return min(MOST, processors())
    return min(jobs, processors()) if jobs else processors()


def worthwhile(sizes: Sequence[int], jobs: int | None) -> int:
    """Returns how many processes should check files of these sizes in bytes; 1 means this process only.

    `--jobs` overrides the estimate.
    """
    most = min(allowed(jobs), len(sizes))
    if jobs is not None:
        return max(most, 1)
    works = [FOLLOWED + size for size in sizes]
    total, largest = sum(works), max(works, default=0)
    # A run takes at least as long as its largest file, so only the work for the others can be shared.
    if total - largest < WORTH_A_PROCESS:
        return 1
    return min(most, total // WORTH_A_PROCESS, -(-total // largest))
