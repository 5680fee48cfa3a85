"""Provides enough stack for deep trees."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from poolsafe.syntax.limits import SHALLOW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

DEEP_STACK = 64 * 1024 * 1024
DEEP_RECURSION = 40_000


def in_deep_stack(height: int, work: Callable[[], T]) -> T:
    """Runs `work`, in a thread with a large stack if the height requires it. Its exceptions are raised here."""
    if height <= SHALLOW:
        return work()
    outcome: list[T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            with deep_recursion():
                outcome.append(work())
        except BaseException as error:
            failure.append(error)

    _run_in_thread(run)
    if failure:
        raise failure[0]
    return outcome[0]


_lock = threading.Lock()
_users = 0
_usual_limit = 0


@contextmanager
def deep_recursion() -> Iterator[None]:
    """Raises Python's recursion limit temporarily. The limit is per process, so the last user restores it."""
    global _users, _usual_limit
    with _lock:
        if _users == 0:
            _usual_limit = sys.getrecursionlimit()
            sys.setrecursionlimit(max(_usual_limit, DEEP_RECURSION))
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                sys.setrecursionlimit(_usual_limit)


def _run_in_thread(run: Callable[[], None]) -> None:
    usual = threading.stack_size(DEEP_STACK)
    try:
        thread = threading.Thread(target=run, name="poolsafe-deep")
        thread.start()
    except RuntimeError as error:
        raise RecursionError(f"no memory for a deep stack: {error}") from None
    finally:
        threading.stack_size(usual)
    thread.join()
