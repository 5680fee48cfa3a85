"""CloudNativePG's object `Pooler`, whose name is the host that clients connect to."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from poolsafe.deployment.setting import Setting
from poolsafe.records import frozen

_KIND = re.compile(r"kind:\s*Pooler\s*$")
_VERSION = re.compile(r"apiVersion:\s*[\"']?postgresql\.cnpg\.io/")
_NAME = re.compile(r"""\s+name:\s*["']?([\w.-]+)["']?\s*$""")
# A mode, literal or from a template.
_MODE = re.compile(r"poolMode|\{\{")
PRODUCT = "cloudnative-pg"


@frozen
class Object:
    """One object, on the rows from `start` to before `end`. `default` is the row of its kind if it sets no mode."""

    name: str
    start: int
    end: int
    default: int


def objects_in(lines: Sequence[str]) -> Iterator[Object]:
    """Yields the objects `Pooler` of a file, which may hold several documents."""
    bounds = [0, *(index for index, line in enumerate(lines) if line.startswith("---")), len(lines)]
    for start, end in itertools.pairwise(bounds):
        document = lines[start:end]
        kind = next((index for index, line in enumerate(document) if _KIND.match(line)), None)
        if kind is None or not any(map(_VERSION.match, document)):
            continue
        name = next((match[1] for line in document if (match := _NAME.match(line))), "")
        written = any(_MODE.search(line) for line in document if not line.lstrip().startswith("#"))
        yield Object(name.lower(), start + 1, end + 1, 0 if written else start + kind + 1)


def defaults_of(found: Object, path: str) -> Iterator[Setting]:
    """Yields the default mode, session, of an object that sets none."""
    if found.default:
        yield Setting("pool_mode", "session", path, found.default, PRODUCT, found.name)
