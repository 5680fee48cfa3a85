"""Runs work in a child process, so that a crash or a hang only affects one item and is reported."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

# Wall clock for one item: far more than it may take of the processor, as machines are shared.
PATIENCE = 600.0


def each(work: Callable[[T], R], items: Sequence[T], patience: float = PATIENCE) -> Iterator[tuple[T, R | str]]:
    """Yield every item with its result, or with a line about how the process ended."""
    context = multiprocessing.get_context("fork")
    done = 0
    while done < len(items):
        ours, theirs = context.Pipe(duplex=False)
        child = context.Process(target=_serve, args=(work, items[done:], theirs), daemon=True)
        child.start()
        theirs.close()
        while done < len(items):
            try:
                result: R | str = ours.recv() if ours.poll(patience) else f"no end after {patience:.0f} seconds"
                over = isinstance(result, str)
            except EOFError:
                child.join()
                result, over = f"the process died with {child.exitcode}", True
            yield items[done], result
            done += 1
            if over:
                break
        child.kill()
        child.join()
        ours.close()


def _serve(work: Callable[[T], R], items: Sequence[T], pipe: Connection) -> None:
    sys.settrace(None)  # what a measurement of coverage would note here is lost with the child
    for item in items:
        pipe.send(work(item))
