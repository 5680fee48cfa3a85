"""The directories that match the globs of `src`.

The globs come from the project, so the search is limited: `**` does not follow links, which may be circular, and the
search stops after `MOST` steps.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 5_000
_ANY_DEPTH = "**"


def expand(base: str, written: str) -> list[str]:
    """Returns the directories that match a glob, sorted; `written` is relative to the directory `base`, or absolute."""
    drive, rest = os.path.splitdrive(os.path.expandvars(os.path.expanduser(written)).replace("/", os.sep))
    start = drive + os.sep if rest.startswith(os.sep) else base
    parts = [part for part in rest.split(os.sep) if part not in ("", os.curdir)]
    found = set()
    # Steps of the search: a directory, and the number of parts that have been matched.
    pending = [(start, 0)]
    for _ in range(MOST):
        if not pending:
            break
        folder, position = pending.pop()
        if position == len(parts):
            found.add(os.path.normpath(folder))
        else:
            pending += _next(folder, position, parts[position])
    return sorted(path for path in found if os.path.isdir(path))


def _next(folder: str, position: int, part: str) -> Iterator[tuple[str, int]]:
    if part == _ANY_DEPTH:
        yield folder, position + 1
        yield from ((path, position) for path in _inner(folder, links=False))
    elif any(character in part for character in "*?["):
        from fnmatch import fnmatch

        inner = _inner(folder, links=True, hidden=part.startswith("."))
        yield from ((path, position + 1) for path in inner if fnmatch(os.path.basename(path), part))
    else:
        yield os.path.join(folder, part), position + 1


def _inner(folder: str, *, links: bool, hidden: bool = False) -> list[str]:
    """Returns the subdirectories of a directory: the hidden ones, or the others."""
    try:
        with os.scandir(folder) as listing:
            return [each.path for each in listing if (each.name[0] == ".") == hidden and _is_folder(each, links=links)]
    except OSError:
        return []


def _is_folder(entry: os.DirEntry[str], *, links: bool) -> bool:
    try:
        return entry.is_dir(follow_symlinks=links)
    except OSError:
        # A circular link.
        return False
