"""conda's environment files: `environment.yml` with its own packages and those of pip.

Like other YAML here, it is read line by line: list items are packages, and nothing else in these files looks like one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from poolsafe.deployment.packages import WATCHED, Entry, normalized, requirement
from poolsafe.deployment.versions import specified

_WORD = re.compile(r"(?<![^-_.])(?:environment|conda(?:[-_.]?env)?)(?![^-_.])")
_DEPENDENCIES = re.compile(r"^dependencies:", re.MULTILINE)
_ITEM = re.compile(r"""\s*-\s+["']?(?:[\w./-]+::)?([^"'#]+)""")
# `asyncpg=0.30.0=py312h66e93f0_0`: a single `=` means a series; the build after the second one does not matter.
_SERIES = re.compile(r"([\w.-]+)\s*=\s*(\d[\d.]*)\*?(?:=\S*)?\s*$")


def is_named(name: str) -> bool:
    """Returns whether a file has the name of an environment file, such as `environment.yml` or `conda-env-dev.yaml`."""
    stem, _, ending = name.lower().rpartition(".")
    return ending in ("yml", "yaml") and _WORD.search(stem) is not None


def entries_of(text: str) -> Iterator[Entry]:
    """Yields the requirements in the file; for irrelevant packages, only the name."""
    if not _DEPENDENCIES.search(text):
        return
    for line in text.splitlines():
        item = _ITEM.match(line)
        if item is None:
            continue
        series = _SERIES.match(item[1])
        if series is None:
            yield from requirement(item[1])
        elif normalized(series[1]) in WATCHED:
            yield normalized(series[1]), specified(f"=={series[2].strip('.')}.*")
        else:
            yield from requirement(series[1])
