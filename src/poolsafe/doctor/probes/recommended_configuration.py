"""Whether the recommended options work, in transactions like those of an application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolsafe.doctor.advice import BOTH_ZERO, EMPTY_NAME
from poolsafe.doctor.diagnosis import Between
from poolsafe.doctor.workload import TASKS, TRANSACTIONS, Job, Outcome
from poolsafe.doctor.workload import run as run_job

if TYPE_CHECKING:
    from poolsafe.doctor.advice import Configuration
    from poolsafe.doctor.bench import Bench
    from poolsafe.doctor.target import Target

TITLE = "Recommended options"
EXPLANATION = f"{TASKS} tasks run {TRANSACTIONS} queries each with the options below, and check every row"

# Without a name, nothing can remain on a server.
UNNAMED = (BOTH_ZERO, EMPTY_NAME)


async def run(bench: Bench, target: Target, configuration: Configuration, between: Between) -> Outcome:
    """Runs the transactions. `configuration` must be among `UNNAMED`."""
    return await run_job(Job(target, configuration, between is Between.STATEMENT, bench.token))
