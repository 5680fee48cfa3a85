"""PgBouncer in Docker Compose, Kubernetes, Helm and the operators' files.

These files are read line by line and not as YAML: two or three scalars are all that is asked for, a YAML parser would
be a dependency and time at start-up for them, and Helm's templates are no YAML. What is not written in one of the plain
forms stays unknown, which is no finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from poolsafe.deployment.setting import KEYS, Setting
from poolsafe.source import short_lines

_YAML = re.compile(r"\.ya?ml(?:\.\w+)?$")
_MENTION = re.compile(r"pgbouncer|connection_?pooler", re.IGNORECASE)
_KEY = "|".join(sorted(KEYS, key=len, reverse=True))
# `${POOL_MODE:-transaction}` says what holds unless somebody says otherwise.
_VALUE = r"""["']?(?:\$\{\w+:?-)?([\w.,* -]*)"""
_LINE = re.compile(rf"""\s*(?:-\s+)?["']?({_KEY})["']?\s*[:=]\s*{_VALUE}""", re.IGNORECASE)
_NAMED = re.compile(rf"""(?:-\s+)?name:\s*["']?({_KEY})["']?$""", re.IGNORECASE)
_ITS_VALUE = re.compile(rf"""\s*value:\s*{_VALUE}""")
# Zalando's operator: a block with a `mode` of its own.
_BLOCK = re.compile(r"(\s*)connectionPooler:\s*$")
_MODE = re.compile(rf"""(\s*)mode:\s*{_VALUE}""")


def is_named(name: str) -> bool:
    """Whether a file is YAML, a template of it, or an env file for PgBouncer, by its name."""
    name = name.lower()
    is_env = name.startswith(("env", ".env")) or name.endswith(".env")
    return _YAML.search(name) is not None or (is_env and "pgbouncer" in name)


def settings_of(path: str, text: str) -> Iterator[Setting]:
    """The settings that decide something here, of a file that speaks of PgBouncer at all."""
    if not _MENTION.search(text):
        return
    name = ""
    block: int | None = None
    for row, line in enumerate(short_lines(text), 1):
        if line.lstrip().startswith("#") or not line.strip():
            continue
        if match := _BLOCK.match(line):
            block = len(match[1])
            continue
        if block is not None and len(line) - len(line.lstrip()) <= block:
            block = None
        if block is not None and (match := _MODE.match(line)):
            yield Setting("pool_mode", match[2].strip(), path, row)
        elif match := _LINE.match(line):
            yield Setting(KEYS[match[1].lower()], match[2].strip(), path, row)
        elif name and (match := _ITS_VALUE.match(line)):
            yield Setting(KEYS[name], match[1].strip(), path, row)
        match = _NAMED.match(line.strip())
        name = match[1].lower() if match else ""
