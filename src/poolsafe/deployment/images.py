"""Container images of poolers and servers in YAML: the image, its release, and the lines that configure it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from poolsafe.records import frozen

_IMAGE = re.compile(r"""(\s*(?:-\s+)?)image:\s*["']?([\w./-]+)(?::([\w.-]+))?(?:@[\w:]+)?["']?\s*(?:#.*)?$""")
_RELEASE = re.compile(r"v?(\d+)\.(\d+)(?:[.-]|$)")
_KEY = re.compile(r"""\s*["']?([\w.-]+)["']?:\s*(?:#.*)?$""")
# By the end of the image's name. Only images whose default mode is known to be PgBouncer's own count as PgBouncer.
_PRODUCTS = {
    "edoburu/pgbouncer": "pgbouncer",
    "bitnami/pgbouncer": "pgbouncer",
    "bitnamilegacy/pgbouncer": "pgbouncer",
    "cloudnative-pg/pgbouncer": "pgbouncer",
    "postgresml/pgcat": "pgcat",
    "pgdogdev/pgdog": "pgdog",
    "yandex/odyssey": "odyssey",
    "supabase/supavisor": "supavisor",
    "pgpool/pgpool": "pgpool",
    "bitnami/pgpool": "pgpool",
    "bitnamilegacy/pgpool": "pgpool",
}


# Lines of one service or container, on either side of its image, and images of one file.
_LONGEST_BODY = 200
_MOST_IMAGES = 200


@frozen
class Image:
    """One image line. `name` is the image without its tag. `product` is a name of the catalogue, or "" for others.

    `release` is the major and minor number of its tag, or () if unknown. `service` is the key above the lines, which is
    the service's name in Compose. `start` and `end` bound the rows of the service or container; rows are 1-based.
    """

    name: str
    product: str
    release: tuple[int, ...]
    service: str
    row: int
    start: int
    end: int

    def body(self, lines: Sequence[str]) -> str:
        """Returns the lines that configure it, without comments."""
        return "\n".join(line for line in lines[self.start - 1 : self.end - 1] if not line.lstrip().startswith("#"))


def images_in(lines: Sequence[str]) -> list[Image]:
    """Returns the images of a YAML file in the order of the rows, up to a reasonable number."""
    found = ((index, match) for index, line in enumerate(lines) if (match := _IMAGE.match(line)))
    return [_image(lines, index, match) for index, match in itertools.islice(found, _MOST_IMAGES)]


def _image(lines: Sequence[str], index: int, match: re.Match[str]) -> Image:
    start, end = _body(lines, index, len(match[1]))
    tag = _RELEASE.match(match[3] or "")
    above = _KEY.match(lines[start - 1]) if start else None
    return Image(
        match[2],
        next((product for name, product in _PRODUCTS.items() if f"/{match[2]}".endswith(f"/{name}")), ""),
        (int(tag[1][:9]), int(tag[2][:9])) if tag else (),
        above[1].lower() if above else "",
        index + 1,
        start + 1,
        end + 1,
    )


def _body(lines: Sequence[str], index: int, indent: int) -> tuple[int, int]:
    """Returns the first line, and the line after the last one, of the mapping that contains the line at `index`."""
    start, end = index, index + 1
    if not _is_item(lines[index]):
        while start > max(0, index - _LONGEST_BODY) and not _is_outside(lines[start - 1], indent):
            start -= 1
        if start and _is_item(lines[start - 1]) and _indent(lines[start - 1]) == indent:
            start -= 1
    while end < min(len(lines), index + _LONGEST_BODY) and not _is_outside(lines[end], indent):
        end += 1
    return start, end


def _is_item(line: str) -> bool:
    return line.lstrip().startswith("- ")


def _is_outside(line: str, indent: int) -> bool:
    """Returns whether a line does not belong to a mapping of this indentation. Blank lines and comments do."""
    left = line.lstrip()
    return bool(left) and not left.startswith("#") and len(line) - len(left) < indent


def _indent(line: str) -> int:
    """Returns the column at which the key of a line starts, after the dash of a list."""
    return len(line) - len(line.lstrip(" -"))
