"""Over all files: read, drop what has no needle, examine the rest, on several processors where it pays.

LibCST and multiprocessing are imported late: a project without a needle never pays for them.
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

    from poolsafe.cli.outcome import Outcome
    from poolsafe.config.resolver import Resolver

# So many new objects make the garbage collector look.
OBJECTS = 200_000


def run(
    paths: Sequence[str],
    resolver: Resolver,
    task: Task,
    real: Callable[[str], str] = os.path.realpath,
    jobs: int | None = None,
    notebooks: Container[str] = (),
) -> Iterator[Outcome | Unreadable]:
    """Yields the outcomes in the order of `paths`, nothing for a file without a needle.

    `real` returns the real path that a file had when it was found: it is read and written there, and nowhere else.
    `jobs` is how many processes may work at once, 0 for all processors; None leaves it to the estimated work.
    `notebooks` are those of the paths that are Jupyter notebooks.
    Raises UsageError, before anything is examined or written, where a file's configuration is wrong.
    """
    slots: list[Place | Unreadable] = []
    sizes: list[int] = []
    for index, size, reason in sift(paths, jobs, notebooks):
        path = paths[index]
        if reason is not None:
            slots.append(Unreadable(path, reason))
            continue
        settings = resolver.for_file(path)
        if task.baselines is not None:
            task.baselines.of(settings)
        slots.append((path, real(path)))
        sizes.append(size)
    places = [slot for slot in slots if not isinstance(slot, Unreadable)]
    outcomes = _outcomes(places, sizes, resolver, task, jobs)
    for slot in slots:
        yield slot if isinstance(slot, Unreadable) else next(outcomes)


def _prepare() -> None:
    """Import what examines files, before any process is forked, and begin to collect garbage, but not of modules.

    Syntax trees are many small objects that mostly live as long as their file is looked at: to look through them every
    few hundred objects takes a fifth of a run.
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
