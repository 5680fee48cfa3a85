"""What Git ignores: `.gitignore` and `.ignore` files on the way to a path, and `.git/info/exclude`."""

from __future__ import annotations

import os
import re

from poolsafe.reading import read_below

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

FILES = (".gitignore", ".ignore")
_SPECIAL = re.compile(r"[\\*?\[]")

LARGEST = 1_000_000  # bytes


class _Rule:
    __slots__ = ("anchored", "body", "directories_only", "negated", "pattern")

    def __init__(self, line: str) -> None:
        self.negated = line.startswith("!")
        body = line[self.negated :]
        self.directories_only = body.endswith("/")
        body = body.rstrip("/")
        self.anchored = "/" in body
        self.body = body.removeprefix("/")
        self.pattern = re.compile(_translate(self.body))


class _Sieve:
    """Says quickly, of nearly every text, that none of some rules matches it."""

    __slots__ = ("_expression", "_literals", "_suffixes")

    def __init__(self, rules: Iterable[_Rule]) -> None:
        literals, suffixes, others = set(), [], []
        for rule in rules:
            if not _SPECIAL.search(rule.body):
                literals.add(rule.body)
            elif rule.body.startswith("*") and not rule.anchored and not _SPECIAL.search(rule.body, 1):
                suffixes.append(rule.body[1:])
            else:
                others.append(rule.pattern.pattern)
        self._literals = frozenset(literals)
        self._suffixes = tuple(suffixes)
        self._expression = re.compile("|".join(f"(?:{other})" for other in others)) if others else None

    def lets_through(self, text: str) -> bool:
        if text in self._literals or text.endswith(self._suffixes):
            return True
        return self._expression is not None and self._expression.fullmatch(text) is not None


class Rules:
    """The rules of one file, about what is below the directory `base`."""

    __slots__ = ("_anchored", "_base", "_free", "_rules")

    def __init__(self, base: str, rules: Sequence[_Rule]) -> None:
        self._base = base.rstrip(os.sep)
        self._rules = rules
        self._anchored = _Sieve(rule for rule in rules if rule.anchored)
        self._free = _Sieve(rule for rule in rules if not rule.anchored)

    def verdict(self, path: str, *, directory: bool) -> bool | None:
        """Say whether an absolute path below the base is ignored by itself; None where no rule speaks of it."""
        below = path[len(self._base) + 1 :].replace(os.sep, "/")
        name = below.rpartition("/")[2]
        if not self._free.lets_through(name) and not self._anchored.lets_through(below):
            return None
        for rule in reversed(self._rules):
            matches = rule.pattern.fullmatch(below if rule.anchored else name)
            if matches and (directory or not rule.directories_only):
                return not rule.negated
        return None


class Ignores:
    """The rules of one Git work tree. Git's own command line is not needed."""

    def __init__(self, top: str) -> None:
        """`top` is the absolute directory that holds `.git`."""
        self._top = top
        self._known: dict[str, tuple[Rules, ...]] = {}

    def in_directory(self, directory: str, names: Collection[str] = FILES) -> tuple[Rules, ...]:
        """Return the rules for what lies directly in a directory of the work tree, the weakest first.

        `names` are those of its entries, if they are known; each file is read once.
        """
        known = self._known.get(directory)
        if known is None:
            above = self._exclude() if directory == self._top else self.in_directory(os.path.dirname(directory))
            own = [self._read(directory, os.path.join(directory, name)) for name in FILES if name in names]
            known = self._known[directory] = (*above, *(rules for rules in own if rules is not None))
        return known

    def _exclude(self) -> tuple[Rules, ...]:
        rules = self._read(self._top, os.path.join(self._top, ".git", "info", "exclude"))
        return () if rules is None else (rules,)

    def _read(self, base: str, path: str) -> Rules | None:
        try:
            lines = read_below(self._top, path, LARGEST).decode("utf-8-sig", "surrogateescape").splitlines()
        except OSError:
            return None
        rules = [rule for line in lines if (rule := _rule(line)) is not None]
        return Rules(base, rules) if rules else None


def ignored(rules: Sequence[Rules], path: str, *, directory: bool) -> bool:
    """Say whether the rules of its directory ignore an absolute path itself; its parents are not looked at."""
    for each in reversed(rules):
        verdict = each.verdict(path, directory=directory)
        if verdict is not None:
            return verdict
    return False


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
