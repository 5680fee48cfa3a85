"""Finds the files that have a needle, on all processors if there are thousands of files.

A file may call an engine function by a name that another file gives it. To find that out, the imported files have to be
read, which waits until all files have been searched: if none of them uses an engine function, no file renames one.

It uses `os.fork` directly, because importing Python's modules for multiprocessing takes longer than most searches.
"""

from __future__ import annotations

import marshal
import os
import sys

from poolsafe import needles, reading
from poolsafe.checkout.roots import is_below, root_of
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
# The hits, the files whose imports may reveal an engine, and whether a file uses an engine function.
Search = tuple[list[Hit], list[int], bool]


def sift(
    paths: Sequence[str], jobs: int | None = None, notebooks: Container[str] = (), folders: Sequence[str] = ()
) -> list[Hit]:
    """Returns the files that have a needle or cannot be read, in the order of `paths`.

    `jobs` is the value of `--jobs`; `notebooks` are the paths of Jupyter notebooks. `folders` are the folders whose
    files are all among `paths`.
    """
    size = allowed(jobs) if len(paths) >= WORTH_SPLITTING and sys.platform == "linux" else 1
    shares = [range(first, len(paths), size) for first in range(size)]
    helpers = [_Helper(paths, share, notebooks) for share in shares[1:]]
    searches = [_search(paths, shares[0], notebooks), *(helper.search() for helper in helpers)]
    hits = [hit for found, _, _ in searches for hit in found]
    left = [index for _, postponed, _ in searches for index in postponed]
    if not any(uses_engine for _, _, uses_engine in searches):
        left = [index for index in left if not _is_covered(paths[index], folders)]
    return sorted(hits + _look(paths, left))


def _search(paths: Sequence[str], share: range, notebooks: Container[str]) -> Search:
    hits: list[Hit] = []
    postponed: list[int] = []
    uses_engine = False
    looked_at: dict[str, ImportedFiles] = {}
    for index in share:
        path = paths[index]
        try:
            if path in notebooks:
                size = _size_of_code(path)
            else:
                found, size = _found(path, looked_at)
                uses_engine = uses_engine or found & needles.ENGINE != 0
                if found == needles.IMPORTED:
                    postponed.append(index)
                    continue
        except OSError as error:
            hits.append((index, 0, error.strerror or str(error)))
            continue
        if size is not None:
            hits.append((index, size, None))
    return hits, postponed, uses_engine


def _found(path: str, looked_at: dict[str, ImportedFiles]) -> tuple[int, int | None]:
    """Returns what a file may contain, and its size, or None if it has no needle. Raises OSError."""
    try:
        raw = reading.read(path, reading.LARGEST_SOURCE)
    except reading.TooLargeError:
        # It is too large to check, which is reported if it creates an engine.
        return 0, 0 if needles.pieces_use_engine(reading.pieces(path)) else None
    found = needles.search(raw)
    if found == needles.IMPORTED and needles.uses_synchronous_engine(raw):
        # Its URL may be imported, which has nothing to do with the functions of other files.
        found = needles.ENGINE if may_hold(path, raw, looked_at) else 0
    return found, len(raw) if found else None


def _is_covered(path: str, folders: Sequence[str]) -> bool:
    """Returns whether all files of a file's project are among those that were searched."""
    root = root_of(path)
    return any(is_below(root, folder) for folder in folders)


def _look(paths: Sequence[str], indices: Sequence[int]) -> list[Hit]:
    """Returns the files whose imports reveal an engine, or that cannot be read any more."""
    if not indices:
        return []
    # Imported late, because few projects have such files.
    from poolsafe.checkout.second_look import revealed

    hits: list[Hit] = []
    looked_at: dict[str, ImportedFiles] = {}
    for index in indices:
        try:
            raw = reading.read(paths[index], reading.LARGEST_SOURCE)
        except OSError as error:
            hits.append((index, 0, error.strerror or str(error)))
            continue
        if revealed(paths[index], raw, looked_at=looked_at):
            hits.append((index, len(raw), None))
    return hits


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

    def search(self) -> Search:
        if self._pid is None:
            return _search(self._paths, self._share, self._notebooks)
        with open(self._answer, "rb") as pipe:
            answer = pipe.read()
        _, status = os.waitpid(self._pid, 0)
        if status != 0:
            return _search(self._paths, self._share, self._notebooks)
        found: Search = marshal.loads(answer)
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
