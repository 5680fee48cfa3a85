"""The root of a project, and which of its files are tests and examples."""

from __future__ import annotations

import os
from collections.abc import Iterator

MARKERS = frozenset(
    ["pyproject.toml", "setup.py", "setup.cfg", ".git", "requirements.txt", "Pipfile", "uv.lock", "poetry.lock"]
)


def root_of(path: str) -> str:
    """Returns the root folder of a file's project.

    It is the checkout, if there is one. Otherwise it is the current directory, if the file is below it. Otherwise it is
    the topmost folder above the file that contains a project marker, or the file's own folder.
    """
    home = os.path.dirname(os.path.abspath(path))
    above = list(_ancestors(home))
    for folder in above:
        if os.path.exists(os.path.join(folder, ".git")):
            return folder
    here = os.getcwd()
    if here in above:
        return here
    marked = [folder for folder in above if any(os.path.exists(os.path.join(folder, mark)) for mark in MARKERS)]
    return marked[-1] if marked else home


def nearest_project(path: str) -> str:
    """Returns the nearest folder above a file that contains a project marker, or the file's own folder.

    In a checkout of several projects, it is one of them.
    """
    home = os.path.dirname(os.path.abspath(path))
    marked = (each for each in _ancestors(home) if any(os.path.exists(os.path.join(each, one)) for one in MARKERS))
    return next(marked, home)


def _ancestors(folder: str) -> Iterator[str]:
    while True:
        yield folder
        parent = os.path.dirname(folder)
        if parent == folder:
            return
        folder = parent


def is_below(path: str, root: str) -> bool:
    """Returns whether a path is a folder or inside it, only by its name."""
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)


def shared_folders(path: str, other: str) -> int:
    """Returns the number of leading folders that two paths share."""
    pairs = zip(path.split(os.sep), other.split(os.sep), strict=False)
    return next((index for index, (one, two) in enumerate(pairs) if one != two), 0)


def is_test(path: str, root: str) -> bool:
    """Returns whether a path belongs to a test of the project below `root`, by the usual names."""
    parts = _parts_below(path, root)
    return (
        parts[-1].startswith(("test_", "conftest"))
        or parts[-1].endswith("_test.py")
        or "tests" in parts
        or "test" in parts
    )


# Folders with examples for using a project. As in tests, their values are not the project's own.
_SHOWING = frozenset(
    "examples example samples sample demos demo tutorials tutorial docs docs_src notebooks".split()  # noqa: SIM905
)


def is_aside(path: str, root: str) -> bool:
    """Returns whether a path belongs to a test or an example of the project below `root`, by the usual names."""
    return is_test(path, root) or not _SHOWING.isdisjoint(_parts_below(path, root)[:-1])


def _parts_below(path: str, root: str) -> list[str]:
    return path[len(root.rstrip(os.sep)) :].split(os.sep) if is_below(path, root) else path.split(os.sep)
