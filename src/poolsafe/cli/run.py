"""Checks all files that have a needle, in several processes if that saves time.

LibCST and multiprocessing are imported late, so that a project without a needle does not need them.
"""

from __future__ import annotations

import os

from poolsafe.cli.one_file import Place, Unreadable, examine_path
from poolsafe.cli.processes import worthwhile
from poolsafe.cli.sieve import sift
from poolsafe.cli.task import Task

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence

    from poolsafe.checkout.second_look import ImportedFiles
    from poolsafe.cli.outcome import Outcome
    from poolsafe.config.resolver import Resolver

# The garbage collector runs after this many new objects.
OBJECTS = 500_000


def run(
    paths: Sequence[str],
    resolver: Resolver,
    task: Task,
    real: Callable[[str], str] = os.path.realpath,
    jobs: int | None = None,
    notebooks: Container[str] = (),
    folders: Sequence[str] = (),
) -> Iterator[Outcome | Unreadable]:
    """Yields the outcomes in the order of `paths`, and nothing for a file without a needle.

    `real` returns the real path that a file had when it was found; it is only read and written there. `jobs` is the
    maximum number of processes, 0 for one per processor, or None to decide by the estimated work. `notebooks` are the
    paths of Jupyter notebooks, `folders` those whose files are all among `paths`. Raises UsageError, before anything is
    checked or written, if the configuration of a file is invalid.
    """
    slots: list[Place | Unreadable | Outcome] = []
    sizes: list[int] = []
    looked_at: dict[str, ImportedFiles] = {}
    for index, size, reason in sift(paths, jobs, notebooks, folders):
        path = paths[index]
        if reason is not None:
            slots.append(Unreadable(path, reason))
            continue
        settings = resolver.for_file(path)
        if task.baselines is not None:
            task.baselines.of(settings)
        # Imported late, because most projects have no file with a needle.
        from poolsafe.cli.settling import settled

        place = path, real(path)
        outcome = None if path in notebooks else settled(*place, settings, task, looked_at)
        slots.append(place if outcome is None else outcome)
        if outcome is None:
            sizes.append(size)
    places = [slot for slot in slots if isinstance(slot, tuple)]
    outcomes = _outcomes(places, sizes, resolver, task, jobs)
    for slot in slots:
        yield next(outcomes) if isinstance(slot, tuple) else slot


def _prepare() -> None:
    """Imports the modules that check files, before any process is forked, and starts garbage collection without them.

    Syntax trees consist of many small objects, most of which live as long as their file is checked. Traversing them
    after every few hundred objects would take a fifth of a run.
    """
    import gc

    from poolsafe.cli import examine as _warm  # noqa: F401

    if not gc.isenabled():
        gc.freeze()
        gc.set_threshold(OBJECTS, 20, 50)
        gc.enable()


def _outcomes(
    places: Sequence[Place], sizes: Sequence[int], resolver: Resolver, task: Task, jobs: int | None
) -> Iterator[Outcome | Unreadable]:
    if places:
        _prepare()
    wanted = worthwhile(sizes, jobs)
    if wanted > 1:
        from poolsafe.cli import workers

        number = workers.available(wanted)
        if number > 1:
            yield from workers.examine_all(places, sizes, resolver, task, number)
            return
    for place in places:
        yield examine_path(place, resolver, task)
