"""What Git ignores: `.gitignore` and `.ignore` files on the way to a path, and `.git/info/exclude`."""

from __future__ import annotations

import functools
import os
import re

from poolsafe.reading import read_below

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST = 1_000_000  # bytes


class _Rule:
    __slots__ = ("directories_only", "negated", "pattern")

    def __init__(self, line: str) -> None:
        self.negated = line.startswith("!")
        body = line[self.negated :]
        self.directories_only = body.endswith("/")
        body = body.rstrip("/")
        anchored = "/" in body
        body = body.removeprefix("/")
        self.pattern = re.compile(("" if anchored else "(?:.*/)?") + _translate(body))


class Ignores:
    """Answers for one Git work tree. Git's own command line is not needed."""

    def __init__(self, top: str) -> None:
        """`top` is the absolute directory that holds `.git`."""
        self._top = top
        self._rules = functools.cache(self._read)

    def ignores(self, path: str, *, directory: bool) -> bool:
        """Say whether an absolute path below the top is ignored by itself; its parents are not looked at."""
        verdict = False
        for base, rules in self._sources(path):
            below = os.path.relpath(path, base).replace(os.sep, "/")
            for rule in rules:
                if (directory or not rule.directories_only) and rule.pattern.fullmatch(below):
                    verdict = not rule.negated
        return verdict

    def _sources(self, path: str) -> Iterator[tuple[str, list[_Rule]]]:
        """Yield the files that speak about `path`, the weakest first, each with the directory it speaks about."""
        yield self._top, self._rules(os.path.join(self._top, ".git", "info", "exclude"))
        base = self._top
        parts = os.path.relpath(os.path.dirname(path), self._top).split(os.sep)
        for part in ["", *(part for part in parts if part != ".")]:
            base = os.path.join(base, part) if part else base
            for name in (".gitignore", ".ignore"):
                yield base, self._rules(os.path.join(base, name))

    def _read(self, path: str) -> list[_Rule]:
        try:
            lines = read_below(self._top, path, LARGEST).decode("utf-8", "surrogateescape").splitlines()
        except OSError:
            return []
        return [rule for line in lines if (rule := _rule(line)) is not None]


def find_top(directory: str) -> str | None:
    """Return the closest directory at or above `directory` that holds `.git`, or None outside of a work tree."""
    while not os.path.exists(os.path.join(directory, ".git")):
        above = os.path.dirname(directory)
        if above == directory:
            return None
        directory = above
    return directory


def _rule(line: str) -> _Rule | None:
    if line.startswith("#"):
        return None
    # Trailing spaces count only behind a backslash.
    while line.endswith(" ") and not line.endswith("\\ "):
        line = line[:-1]
    if line.removeprefix("!").strip("/") == "":
        return None
    try:
        return _Rule(line)
    except re.error:
        return None


def _translate(body: str) -> str:
    out: list[str] = []
    position = 0
    while position < len(body):
        rest = body[position:]
        if rest.startswith("**/") and (position == 0 or body[position - 1] == "/"):
            out.append("(?:.*/)?")
            position += 3
            continue
        if rest == "**" and out and body[position - 1] == "/":
            out.append(".+")
            break
        piece, length = _piece(rest)
        out.append(piece)
        position += length
    return "".join(out)


def _piece(rest: str) -> tuple[str, int]:
    if rest[0] == "*":
        length = len(rest) - len(rest.lstrip("*"))
        return "[^/]*", length
    if rest[0] == "?":
        return "[^/]", 1
    if rest[0] == "\\" and len(rest) > 1:
        return re.escape(rest[1]), 2
    if rest[0] == "[":
        end = rest.find("]", 3 if rest[1:2] in ("!", "^") else 2)
        if end != -1:
            inside = rest[1:end]
            negated = inside[0] in "!^"
            body = re.sub(r"([\\\[\]^&~|])", r"\\\1", inside[negated:])
            return f"(?!/)[{'^' if negated else ''}{body}]", end + 1
    return re.escape(rest[0]), 1
