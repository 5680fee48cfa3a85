"""Checks many files in several processes. If a process dies, only the file that killed it is lost."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.context import BaseContext

from poolsafe.cli import examine as _warm  # noqa: F401  # Imported before the fork, the workers share LibCST.
from poolsafe.cli.one_file import Place, Unreadable, examine_path
from poolsafe.cli.outcome import Outcome
from poolsafe.cli.task import Task
from poolsafe.config.resolver import Resolver
from poolsafe.rules.registry import rules

# The maximum number of descriptors of a pool for queues and pipes, and of each process in addition.
_DESCRIPTORS = 24
_DESCRIPTORS_EACH = 8
# `ProcessPoolExecutor` refuses more there.
_MOST_ON_WINDOWS = 61


def available(wanted: int) -> int:
    """Returns how many processes can be started, at most `wanted`; 1 means this process only."""
    number = min(wanted, _MOST_ON_WINDOWS) if sys.platform == "win32" else wanted
    if _context() is None or not _has_descriptors(_DESCRIPTORS + number * _DESCRIPTORS_EACH):
        return 1
    return number


def _has_descriptors(number: int) -> bool:
    """Returns whether this many files may be opened. A pool that runs out of descriptors never ends."""
    opened = []
    try:
        for _ in range(number):
            opened.append(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        return False
    finally:
        for descriptor in opened:
            os.close(descriptor)
    return True


def examine_all(
    places: Sequence[Place], sizes: Sequence[int], resolver: Resolver, task: Task, processes: int
) -> Iterator[Outcome | Unreadable]:
    """Yields the outcomes in the order of `places`, which have `sizes` in bytes.

    The largest files are started first, so that none of them remains when the other processes have finished. If no
    process can be started, the files are checked in this one.
    """
    _warm_up()
    waiting = sorted(range(len(places)), key=lambda index: -sizes[index])
    known: dict[int, Outcome | Unreadable] = {}
    told = 0
    while waiting:
        with _Pool(resolver, task, processes) as pool:
            try:
                futures = {index: pool.submit(places[index]) for index in waiting}
            except OSError:
                break
            try:
                while told < len(places):
                    yield known.pop(told) if told in known else futures[told].result()
                    told += 1
                return
            except BrokenProcessPool:
                # Checked files may have been written already, and would have no findings the second time.
                known |= {index: futures[index].result() for index in waiting if _has_result(futures[index])}
        waiting = [index for index in waiting if index >= told and index not in known]
        # Any of the files in progress may have killed its process. The first one is certainly among them, and is tried
        # alone.
        suspect = waiting.pop(0)
        known[suspect] = _alone(places[suspect], resolver, task)
    for index in range(told, len(places)):
        yield known.pop(index) if index in known else examine_path(places[index], resolver, task)


def _warm_up() -> None:
    """Imports the modules that the first file would import, so that the workers share them after the fork."""
    importlib.import_module("libcst.native")
    rules()


def _has_result(future: Future[Outcome | Unreadable]) -> bool:
    return future.done() and future.exception() is None


def _alone(place: Place, resolver: Resolver, task: Task) -> Outcome | Unreadable:
    with _Pool(resolver, task, 1) as pool:
        try:
            return pool.submit(place).result()
        except BrokenProcessPool:
            return Outcome(
                place[0], errors=("the process that checked this file died; please report this, and exclude the file",)
            )


class _Pool:
    """An executor that drops pending work when it is left early."""

    def __init__(self, resolver: Resolver, task: Task, size: int) -> None:
        self._executor = ProcessPoolExecutor(size, mp_context=_context(), initializer=_start, initargs=(resolver, task))
        self._failed = False

    def __enter__(self) -> _Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown(wait=not self._failed, cancel_futures=True)

    def submit(self, place: Place) -> Future[Outcome | Unreadable]:
        try:
            return self._executor.submit(_work, place)
        except OSError:
            # The processes that have started end with this one.
            self._failed = True
            raise


def _context() -> BaseContext | None:
    """Returns how to start workers, or None if they could import modules from the checked tree."""
    if sys.platform == "linux":
        # forkserver and spawn run `python -c`, which has the current directory on its path.
        return multiprocessing.get_context("fork")
    if sys.version_info >= (3, 11):
        os.environ["PYTHONSAFEPATH"] = "1"
        return multiprocessing.get_context("spawn")
    return None


M_ARENA_MAX = -8  # malloc.h

_resolver: Resolver
_task: Task


def _start(resolver: Resolver, task: Task) -> None:
    global _resolver, _task
    _resolver, _task = resolver, task
    # The command itself handles interrupts.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _keep_one_heap()
    threading.Thread(target=_follow_the_command, daemon=True).start()


def _keep_one_heap() -> None:
    """Makes all threads share one heap. glibc gives each thread its own, which others cannot reuse.

    Deep recursion runs in threads, and a quarter of a worker's memory was in such gaps. Other C libraries do not have
    this function, and some Python builds do not have ctypes.
    """
    try:
        import ctypes

        mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    except (ImportError, OSError):
        return
    if mallopt is not None:
        mallopt(M_ARENA_MAX, 1)


def _follow_the_command() -> None:
    """Ends this worker when the command ends, for any reason. The workers of a killed command would wait forever."""
    command = multiprocessing.parent_process()
    if command is not None:
        command.join()
        os._exit(1)


def _work(place: Place) -> Outcome | Unreadable:
    return examine_path(place, _resolver, _task)
