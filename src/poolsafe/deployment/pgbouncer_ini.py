"""PgBouncer's own configuration file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from poolsafe.deployment.setting import KEYS, MODES, Setting

_ENDING = re.compile(r"\.(?:ini|conf|cfg)(?:\.\w+)?$")
_SECTION = re.compile(r"\s*\[([^\]]*)\]")
_ASSIGNMENT = re.compile(r"\s*([\w.*-]+)\s*=(.*)")
_OWN_MODE = re.compile(r"\bpool_mode\s*=\s*'?(\w+)")

# Placeholders of a template, and included files.
_INCOMPLETE = re.compile(r"\{\{|\{%|\$\{|\$\(|<%|^[^\S\n]*%include\b", re.MULTILINE)


def is_named(name: str) -> bool:
    """Returns whether a file has the name of PgBouncer's configuration: `pgbouncer.ini`, `pgbouncer-prod.conf.tmpl`."""
    _, pgbouncer, rest = name.lower().partition("pgbouncer")
    return bool(pgbouncer) and _ENDING.search(rest) is not None


def settings_of(path: str, text: str) -> Iterator[Setting]:
    """Yields the relevant settings, including those of single databases and users.

    A complete file without `pool_mode` means "session", which is PgBouncer's documented default. Images that create the
    file from environment variables either do not have it in the project or use an existing one unchanged.
    """
    section, head, said = "", 0, False
    for row, line in _lines(text):
        if match := _SECTION.match(line):
            section = match[1].strip().lower()
            head = row if section == "pgbouncer" else head
        elif match := _ASSIGNMENT.match(line):
            found = list(_assigned(section, match[1].lower(), match[2].strip(), path, row))
            said = said or (section == "pgbouncer" and any(one.key == "pool_mode" for one in found))
            yield from found
    if head and not said and not _INCOMPLETE.search(text):
        yield Setting("pool_mode", "session", path, head)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for row, line in enumerate(text.splitlines(), 1):
        # Only whole lines are comments in this format.
        if not line.lstrip().startswith((";", "#", "%")):
            yield row, line


def _assigned(section: str, key: str, value: str, path: str, row: int) -> Iterator[Setting]:
    if section == "pgbouncer":
        if key in KEYS:
            yield Setting(KEYS[key], value.strip("'\""), path, row)
        return
    # A database or a user may have its own mode.
    match = _OWN_MODE.search(value)
    if match is not None and match[1].lower() in MODES:
        yield Setting("pool_mode", match[1], path, row)
