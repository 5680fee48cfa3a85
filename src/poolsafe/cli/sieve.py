"""Which of many files have a needle: each is read and searched, on all processors where there are thousands.

`os.fork` alone does it, as the modules that Python has for such work take longer to import than most searches last.
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

# Below this many files, a second process costs more than it saves.
WORTH_SPLITTING = 1_500

# The place of a file in the list that was given, the size of its code in bytes, and why it could not be read, or None.
# The size is 0 where the file is too large to be examined.
Hit = tuple[int, int, "str | None"]


def sift(paths: Sequence[str], jobs: int | None = None, notebooks: Container[str] = ()) -> list[Hit]:
    """Returns the files that have a needle or cannot be read, in the order of `paths`.

    `jobs` is what `--jobs` says of the number of processes, `notebooks` those of the paths that are Jupyter notebooks.
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
    for index in share:
        try:
            path = paths[index]
            size = _size_of_code(path) if path in notebooks else _size_with_needle(path)
        except OSError as error:
            hits.append((index, 0, error.strerror or str(error)))
            continue
        if size is not None:
            hits.append((index, size, None))
    return hits


def _size_with_needle(path: str) -> int | None:
    """Returns the size of a file that has a needle, and None for any other. Raises OSError."""
    try:
        raw = reading.read(path, reading.LARGEST_SOURCE)
    except reading.TooLargeError:
        # It can only be refused, and that is said where it makes an engine.
        return 0 if needles.pieces_use_engine(reading.pieces(path)) else None
    return len(raw) if may_hold(path, raw) else None


def may_hold(path: str, raw: bytes) -> bool:
    """Returns whether a file has a needle, or may make an engine that only its imports tell of."""
    if needles.wanted(raw):
        return True
    if not needles.may_deserve_second_look(raw):
        return False
    # Imported late, as few files get so far.
    from poolsafe.checkout.second_look import wanted

    return wanted(path, raw) != 0


def _size_of_code(path: str) -> int | None:
    """Returns the size of the code of a notebook that has a needle, and None for any other. Raises OSError."""
    # Not all of a run's folders hold notebooks.
    from poolsafe.notebooks import sifting

    try:
        wanted, size = sifting.wanted(reading.read(path, reading.LARGEST_NOTEBOOK))
    except reading.TooLargeError:
        return 0 if any(map(needles.may_use_engine, reading.pieces(path))) else None
    return size if wanted else None


class _Helper:
    """A copy of this process that searches its share. Where it dies or cannot start, the share is searched here."""

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
    """Search and end this process, whatever happens."""
    code = 1
    try:
        with open(pipe, "wb") as file:
            file.write(marshal.dumps(_search(paths, share, notebooks)))
        code = 0
    finally:
        os._exit(code)
