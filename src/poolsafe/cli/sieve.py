"""Finds the files that have a needle, on all processors if there are thousands of files.

It uses `os.fork` directly, because importing Python's modules for multiprocessing takes longer than most searches.
"""

from __future__ import annotations

import marshal
import os
import sys

from poolsafe import needles, reading
from poolsafe.cli.processes import allowed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from poolsafe.checkout.second_look import ImportedFiles


# Below this many files, a second process costs more than it saves.
WORTH_SPLITTING = 1_500

# The index of a file in the list, the size of its code in bytes, and why it could not be read, or None.
# The size is 0 if the file is too large to check.
Hit = tuple[int, int, "str | None"]


def sift(paths: Sequence[str], jobs: int | None = None, notebooks: Container[str] = ()) -> list[Hit]:
    """Returns the files that have a needle or cannot be read, in the order of `paths`.

    `jobs` is the value of `--jobs`; `notebooks` are the paths of Jupyter notebooks.
    """
    size = allowed(jobs) if len(paths) >= WORTH_SPLITTING and sys.platform == "linux" else 1
    shares = [range(first, len(paths), size) for first in range(size)]
    helpers = [_Helper(paths, share, notebooks) for share in shares[1:]]
    hits = _search(paths, shares[0], notebooks)
    for helper in helpers:
        hits += helper.hits()
    return sorted(hits)


def _search(paths: Sequence[str], share: range, notebooks: Container[str]) -> list[Hit]:
    hits: list[Hit] = []
    looked_at: dict[str, ImportedFiles] = {}
    for index in share:
        try:
            path = paths[index]
            size = _size_of_code(path) if path in notebooks else _size_with_needle(path, looked_at)
        except OSError as error:
            hits.append((index, 0, error.strerror or str(error)))
            continue
        if size is not None:
            hits.append((index, size, None))
    return hits


def _size_with_needle(path: str, looked_at: dict[str, ImportedFiles]) -> int | None:
    """Returns the size of a file that has a needle, and None for any other. Raises OSError."""
    try:
        raw = reading.read(path, reading.LARGEST_SOURCE)
    except reading.TooLargeError:
        # It is too large to check, which is reported if it creates an engine.
        return 0 if needles.pieces_use_engine(reading.pieces(path)) else None
    return len(raw) if may_hold(path, raw, looked_at) else None


def may_hold(path: str, raw: bytes, looked_at: dict[str, ImportedFiles] | None = None) -> bool:
    """Returns whether a file has a needle, or may create an engine that only its imports reveal.

    Calls for the files of one run share `looked_at`.
    """
    found = needles.search(raw)
    if found != needles.IMPORTED:
        return found != 0
    # Imported late, because few files get this far.
    from poolsafe.checkout.second_look import revealed

    return revealed(path, raw, looked_at=looked_at) != 0


def _size_of_code(path: str) -> int | None:
    """Returns the size of the code of a notebook that has a needle, and None for any other. Raises OSError."""
    # Imported late, because many projects have no notebooks.
    from poolsafe.notebooks import sifting

    try:
        wanted, size = sifting.wanted(reading.read(path, reading.LARGEST_NOTEBOOK))
    except reading.TooLargeError:
        return 0 if any(map(needles.may_use_engine, reading.pieces(path))) else None
    return size if wanted else None


class _Helper:
    """A forked process that searches its share of the files. If it dies or cannot start, this process searches them."""

    def __init__(self, paths: Sequence[str], share: range, notebooks: Container[str] = ()) -> None:
        self._paths = paths
        self._share = share
        self._notebooks = notebooks
        self._pid: int | None = None
        try:
            self._answer, answering = os.pipe()
        except OSError:
            return
        try:
            self._pid = os.fork()
        except OSError:
            os.close(self._answer)
        if self._pid == 0:
            _answer(paths, share, notebooks, answering)
        os.close(answering)

    def hits(self) -> list[Hit]:
        if self._pid is None:
            return _search(self._paths, self._share, self._notebooks)
        with open(self._answer, "rb") as pipe:
            answer = pipe.read()
        _, status = os.waitpid(self._pid, 0)
        if status != 0:
            return _search(self._paths, self._share, self._notebooks)
        found: list[Hit] = marshal.loads(answer)
        return found


def _answer(paths: Sequence[str], share: range, notebooks: Container[str], pipe: int) -> None:
    """Searches the files, and always ends this process."""
    code = 1
    try:
        with open(pipe, "wb") as file:
            file.write(marshal.dumps(_search(paths, share, notebooks)))
        code = 0
    finally:
        os._exit(code)
