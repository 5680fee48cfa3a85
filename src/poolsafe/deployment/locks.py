"""Lock files: the installed releases."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator

from poolsafe.deployment.files import LOCK_BYTES, leave, row_with, text_of
from poolsafe.deployment.packages import WATCHED, Said, normalized
from poolsafe.deployment.versions import exactly

# All of them have a table for each package that begins with its name, and ends before a line that begins with a
# bracket. They are long, and reading them as TOML would take more time than everything else together.
TOML_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml")
PIPFILE_LOCK = "Pipfile.lock"

_PACKAGE = re.compile(
    r'^\[\[packages?\]\]\nname = "(asyncpg|sqlalchemy)"\n(?:(?!\[)[^\n]*\n){0,50}?version = "([^"\n]+)"',
    re.MULTILINE | re.IGNORECASE,
)
# An empty lock file has `package = []`, or only the version of its format.
_ANY_PACKAGE = re.compile(r"^(?:\[\[packages?\]\]$|packages? = \[\]|(?:lock-)?version = )", re.MULTILINE)


def locked_in(folder: str, names: frozenset[str], root: str) -> Iterator[Said]:
    """Yields the releases in the lock files among the `names` in a folder."""
    for name in sorted(names & {*TOML_LOCKS, PIPFILE_LOCK}):
        path = os.path.join(folder, name)
        text = text_of(root, path, LOCK_BYTES)
        if text is not None:
            yield from _of_pipfile(path, text) if name == PIPFILE_LOCK else _of_toml(path, text)


def _of_toml(path: str, text: str) -> Iterator[Said]:
    if not _ANY_PACKAGE.search(text):
        leave(path, "not a lock file")
    row, counted = 1, 0
    for match in _PACKAGE.finditer(text):
        versions = exactly(match[2])
        if versions is None:
            continue
        row += text.count("\n", counted, match.start(2))
        counted = match.start(2)
        yield Said(match[1].lower(), versions, path, row)


def _of_pipfile(path: str, text: str) -> Iterator[Said]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        leave(path, "not JSON")
        return
    rows: dict[str, int] = {}
    sections = [content.get(section) for section in ("default", "develop")] if isinstance(content, dict) else []
    for section in sections:
        for name, entry in section.items() if isinstance(section, dict) else ():
            version = entry.get("version") if isinstance(entry, dict) else None
            versions = exactly(version) if isinstance(version, str) else None
            package = normalized(name)
            if package not in WATCHED or versions is None:
                continue
            if package not in rows:
                rows[package] = row_with(text, f'"{name}"')
            yield Said(package, versions, path, rows[package])
