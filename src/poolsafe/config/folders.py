"""The folders that a glob of `src` stands for, in time that the size of the tree bounds.

The standard library's `glob` follows links, lists a folder once for every way that leads to it, and goes back through
`..`: a short pattern takes it for ever.
"""

from __future__ import annotations

import os
import re

from poolsafe.config.errors import UsageError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_SPECIAL = re.compile(r"[*?\[]")
_MOST_SPECIAL = 20  # parts of a pattern with wildcards


def check(pattern: str) -> None:
    """Raise UsageError for a pattern that would take too long."""
    if sum(_SPECIAL.search(part) is not None for part in pattern.replace(os.sep, "/").split("/")) > _MOST_SPECIAL:
        raise UsageError(f"invalid glob {shown(pattern)}: more than {_MOST_SPECIAL} parts with wildcards")


def folders_of(pattern: str, base: str) -> list[str]:
    """Return the absolute folders that exist and match, sorted. `base` is where a relative pattern starts."""
    drive, rest = os.path.splitdrive(pattern)
    parts = rest.replace(os.sep, "/").split("/")
    found = {os.path.join(drive, os.sep) if os.path.isabs(pattern) else base}
    for part in parts:
        if part == "**":
            found = _below(found)
        elif _SPECIAL.search(part):
            found = {os.path.join(folder, name) for folder in found for name in _matching(folder, part)}
        elif part:
            found = {os.path.normpath(os.path.join(folder, part)) for folder in found}
    return sorted(os.path.normpath(folder) for folder in found if os.path.isdir(folder))


def _below(folders: Iterable[str]) -> set[str]:
    """Return the folders and all folders below them, but not those that are hidden or linked."""
    found: set[str] = set()
    for folder in sorted(folders):
        for path, inner, _ in os.walk(folder):
            inner[:] = [] if path in found else [name for name in inner if not name.startswith(".")]
            found.add(path)
    return found


def _matching(folder: str, part: str) -> list[str]:
    """Return the names in a folder that match one part of a pattern; hidden ones only if the pattern says so."""
    import fnmatch

    try:
        names = os.listdir(folder)
    except OSError:
        return []
    return [name for name in fnmatch.filter(names, part) if part.startswith(".") or not name.startswith(".")]
