"""The poolers that a project configures, found by walking through it once."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator

from poolsafe.deployment import containers, pgbouncer_ini, pooler_files
from poolsafe.deployment.files import text_of
from poolsafe.deployment.setting import Setting

# Directories with files of other projects, or without relevant files.
_FOREIGN = frozenset({"node_modules", "site-packages", "__pycache__", "venv", "env", "dist", "build"})
# Directories whose name begins with a dot but that belong to the project.
_OWN = frozenset({".devcontainer", ".docker", ".deploy", ".k8s", ".kubernetes", ".helm", ".infra"})
_DEPTH = 8
_FOLDERS = 5_000
_FILES = 2_000
_LARGEST = 300_000
_TOTAL = 10_000_000

Reader = Callable[[str, str], Iterator[Setting]]


@functools.cache
def pooler_settings(root: str) -> tuple[Setting, ...]:
    """Returns every setting of a pooler in a project, in the order of the paths."""
    found: list[Setting] = []
    left = _TOTAL
    for read, path in _candidates(root):
        text = text_of(root, path, min(left, _LARGEST))
        if text is not None:
            left -= len(text)
            found += read(path, text)
    return tuple(found)


def _candidates(root: str) -> Iterator[tuple[Reader, str]]:
    files = 0
    for folders, (folder, inner, names) in enumerate(os.walk(root), 1):
        inner[:] = sorted(name for name in inner if _belongs(folder, name))
        if folder[len(root) :].count(os.sep) >= _DEPTH:
            inner.clear()
        for name in sorted(names):
            read = _reader(folder, name)
            if read is not None:
                files += 1
                yield read, os.path.join(folder, name)
        if folders >= _FOLDERS or files >= _FILES:
            return


def _belongs(folder: str, name: str) -> bool:
    if name in _FOREIGN or (name.startswith(".") and name not in _OWN):
        return False
    return not os.path.exists(os.path.join(folder, name, "pyvenv.cfg"))


def _reader(folder: str, name: str) -> Reader | None:
    if pooler_files.is_named(folder, name):
        return pooler_files.settings_of
    if pgbouncer_ini.is_named(name):
        return pgbouncer_ini.settings_of
    return containers.settings_of if containers.is_named(name) else None
