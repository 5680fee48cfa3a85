"""PgBouncer's own configuration file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from poolsafe.deployment.setting import KEYS, MODES, Setting

NAME = re.compile(r".*pgbouncer.*\.(?:ini|conf|cfg)(?:\.\w+)?$", re.IGNORECASE)

_SECTION = re.compile(r"\s*\[([^\]]*)\]")
_ASSIGNMENT = re.compile(r"\s*([\w.*-]+)\s*=\s*(.*?)\s*$")
_OWN_MODE = re.compile(r"\bpool_mode\s*=\s*'?(\w+)")


def settings_of(path: str, text: str) -> Iterator[Setting]:
    """The settings that decide something here, those of single databases and users included."""
    section = ""
    for row, line in enumerate(text.splitlines(), 1):
        # Only whole lines are comments in this format.
        if line.lstrip().startswith((";", "#", "%")):
            continue
        if match := _SECTION.match(line):
            section = match[1].strip().lower()
        elif match := _ASSIGNMENT.match(line):
            yield from _assigned(section, match[1].lower(), match[2], path, row)


def _assigned(section: str, key: str, value: str, path: str, row: int) -> Iterator[Setting]:
    if section == "pgbouncer":
        if key in KEYS:
            yield Setting(KEYS[key], value.strip("'\""), path, row)
        return
    # A database or a user may have a mode of its own.
    match = _OWN_MODE.search(value)
    if match is not None and match[1].lower() in MODES:
        yield Setting("pool_mode", match[1], path, row)
