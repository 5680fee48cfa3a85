"""Requirements files, with the files that they include and their constraints files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from poolsafe.deployment.files import text_of
from poolsafe.deployment.packages import Entry, Said, requirement
from poolsafe.deployment.versions import both

_WORD = re.compile(r"(?<![^-_.])requirements(?![^-_.])")
FOLDER = "requirements"
# A file with all its included files.
_INCLUDED = 100

_INCLUDE = re.compile(r"(?:-r|--requirement|(-c|--constraint))[\s=]*([^\s#]+)")


def is_named(name: str) -> bool:
    """Returns whether a file has the name of a requirements file: `requirements-dev.txt`, `test_requirements.in`."""
    stem, _, ending = name.lower().rpartition(".")
    if ending == "pip":
        return stem == "requirements" or stem.startswith(("requirements-", "requirements_"))
    return ending in ("txt", "in", "lock") and _WORD.search(stem) is not None


def required_in(folder: str, names: frozenset[str], root: str) -> Iterator[Said]:
    """Yields the requirements in the requirements files of a folder and of its subfolder `requirements`."""
    for name in sorted(names):
        if is_named(name):
            yield from required_by(os.path.join(folder, name), root)
    if FOLDER in names:
        inner = os.path.join(folder, FOLDER)
        for name in _listing(inner):
            if name.endswith((".txt", ".in")):
                yield from required_by(os.path.join(inner, name), root)


def required_by(path: str, root: str) -> list[Said]:
    """Returns the requirements in a file and its included files, within its constraints."""
    required: list[Said] = []
    constraints: list[Said] = []
    _read(path, root, required, constraints, set())
    narrowing = _joined(constraints)
    return [_narrowed(said, narrowing) for said in required]


def _read(path: str, root: str, required: list[Said], constraints: list[Said], seen: set[str]) -> None:
    path = os.path.normpath(path)
    text = None if path in seen or len(seen) > _INCLUDED else text_of(root, path)
    if text is None:
        return
    seen.add(path)
    for row, line in enumerate(text.splitlines(), 1):
        if match := _INCLUDE.match(line.strip()):
            target = os.path.join(os.path.dirname(path), match[2])
            # A constraints file does not require the packages in it.
            _read(target, root, constraints if match[1] else required, constraints, seen)
        else:
            required += [Said(*found, path, row) for found in _line(line)]


def _line(line: str) -> Iterator[Entry]:
    line = line.strip()
    # Options, and lines that continue the previous one with hashes.
    return iter(()) if line.startswith(("-", "#")) else requirement(line)


def _joined(constraints: list[Said]) -> dict[str, Said]:
    """Joins the constraints of each package, in the position of the last one."""
    joined: dict[str, Said] = {}
    for said in constraints:
        before = joined.get(said.package)
        versions = said.versions if before is None else both(before.versions, said.versions)
        joined[said.package] = Said(said.package, versions, said.path, said.row)
    return joined


def _narrowed(said: Said, constraints: dict[str, Said]) -> Said:
    constraint = constraints.get(said.package)
    if constraint is None:
        return said
    return Said(said.package, both(said.versions, constraint.versions), constraint.path, constraint.row)


def _listing(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []
