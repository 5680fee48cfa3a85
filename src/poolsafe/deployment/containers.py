"""PgBouncer in Docker Compose, Kubernetes, Helm and the operators' files.

These files are read line by line and not as YAML: only two or three scalars are needed, a YAML parser would be a
dependency and take time at start-up, and Helm templates are not YAML. Anything in another form is unknown, and not
reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from poolsafe.deployment import cloudnative_pg
from poolsafe.deployment.images import Image, images_in
from poolsafe.deployment.setting import KEYS, Setting
from poolsafe.source import short_lines

_YAML = re.compile(r"\.ya?ml(?:\.\w+)?$")
_MENTION = re.compile(r"pgbouncer|connection_?pooler|pgcat|pgdog|odyssey|supavisor|pgpool", re.IGNORECASE)
_KEY = "|".join(sorted(KEYS, key=len, reverse=True))
# `${POOL_MODE:-transaction}` gives the default.
_VALUE = r"""["']?(?:\$\{\w+:?-)?([\w.,* -]*)"""
_LINE = re.compile(rf"""\s*(?:-\s+)?["']?({_KEY})["']?\s*[:=]\s*{_VALUE}""", re.IGNORECASE)
_NAMED = re.compile(rf"""(?:-\s+)?name:\s*["']?({_KEY})["']?$""", re.IGNORECASE)
_ITS_VALUE = re.compile(rf"""\s*value:\s*{_VALUE}""")
# Zalando's operator: a block with its own `mode`.
_BLOCK = re.compile(r"(\s*)connectionPooler:\s*$")
_MODE = re.compile(rf"""(\s*)mode:\s*{_VALUE}""")

# A host port that is mapped to PostgreSQL's port in the container: `"6432:5432"`, `127.0.0.1:${PORT:-6543}:5432`.
_PUBLISHED = re.compile(r"""(?:^|[\s"':-])(\d{2,5})\}?:5432(?:/tcp)?["']?[^\S\n]*$""", re.MULTILINE)
# Files that may set a mode, or a number, outside the service itself.
_ELSEWHERE = (
    r"env_?file|envFrom|\{\{|<<:|:\s*\*|extends|configs:|command:|args:|entrypoint:"
    r"|pgbouncer\.ini|/etc/pgbouncer|/conf\b"
)
_MAY_SET_MODE = re.compile(rf"pool_?mode|{_ELSEWHERE}", re.IGNORECASE)
_MAY_SET_NUMBER = re.compile(rf"max_?prepared_?statements|{_ELSEWHERE}", re.IGNORECASE)
# Since this release, PgBouncer's max_prepared_statements has been 200 by default; before, it is 0 or does not exist.
CARRYING = (1, 24)


def is_named(name: str) -> bool:
    """Returns whether a file is YAML, a template of it, or an env file for PgBouncer, by its name."""
    name = name.lower()
    is_env = name.startswith(("env", ".env")) or name.endswith(".env")
    return _YAML.search(name) is not None or (is_env and "pgbouncer" in name)


def settings_of(path: str, text: str) -> Iterator[Setting]:
    """Yields the relevant settings of a file that mentions a pooler, and the ports that it publishes."""
    mentioned = _MENTION.search(text) is not None
    if not mentioned and not _PUBLISHED.search(text):
        return
    lines = short_lines(text)
    images = images_in(lines)
    for image in images:
        yield from _of_image(image, path, lines)
    objects = list(cloudnative_pg.objects_in(lines))
    for each in objects:
        yield from cloudnative_pg.defaults_of(each, path)
    belongs = {row: (cloudnative_pg.PRODUCT, each.name) for each in objects for row in range(each.start, each.end)}
    belongs |= {row: (image.product, image.service) for image in images for row in range(image.start, image.end)}
    for setting in _written(path, lines) if mentioned else ():
        product, service = belongs.get(setting.row, ("", ""))
        yield replace(setting, product=product, service=service)


def _written(path: str, lines: Sequence[str]) -> Iterator[Setting]:
    name = ""
    block: int | None = None
    for row, line in enumerate(lines, 1):
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


def _of_image(image: Image, path: str, lines: Sequence[str]) -> Iterator[Setting]:
    """Yields the settings that an image implies: its mode, its max_prepared_statements, and its ports."""
    body = image.body(lines)
    # A pooler of any image may listen on 5432 too.
    for port in () if _MENTION.search(f"{image.name} {image.service}") else _PUBLISHED.findall(body):
        yield Setting("published", port, path, image.row, service=image.service)
    if image.product == "pgpool" or (image.product == "pgbouncer" and not _MAY_SET_MODE.search(body)):
        yield Setting("pool_mode", "session", path, image.row, image.product, image.service)
    elif image.product == "pgbouncer" and image.release and not _MAY_SET_NUMBER.search(body):
        number = "200" if image.release >= CARRYING else "0"
        yield Setting("max_prepared_statements", number, path, image.row, image.product, image.service)
