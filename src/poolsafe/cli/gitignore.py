"""Files that Git ignores, by the `.gitignore` and `.ignore` files above them and `.git/info/exclude`."""

from __future__ import annotations

import os

from poolsafe.config.wildcards import LONGEST, CharacterClass, Machine
from poolsafe.reading import read_below

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

FILES = (".gitignore", ".ignore")
_SPECIAL = frozenset("\\*?[")

LARGEST = 1_000_000  # bytes


class _Rule:
    __slots__ = ("anchored", "body", "directories_only", "negated")

    def __init__(self, line: str) -> None:
        self.negated = line.startswith("!")
        body = line[self.negated :]
        self.directories_only = body.endswith("/")
        body = body.rstrip("/")
        self.anchored = "/" in body
        self.body = body.removeprefix("/")


class _Table:
    """Finds the rules that match a text. Most of them are plain names or suffixes, which do not need an automaton."""

    __slots__ = ("_endings", "_literals", "_machines", "_suffixes")

    def __init__(self, rules: Iterable[tuple[int, _Rule]]) -> None:
        """Takes the rules, each with its number in its file."""
        literals: dict[str, list[int]] = {}
        self._endings: dict[str, list[int]] = {}
        self._machines: list[tuple[Machine, list[int]]] = []
        for number, rule in rules:
            if _SPECIAL.isdisjoint(rule.body):
                literals.setdefault(rule.body, []).append(number)
            elif rule.body.startswith("*") and not rule.anchored and _SPECIAL.isdisjoint(rule.body[1:]):
                self._endings.setdefault(rule.body[1:], []).append(number)
            else:
                self._add(number, rule.body)
        self._literals: dict[str, Sequence[int]] = {**literals}
        self._suffixes = tuple(self._endings)

    def _add(self, number: int, body: str) -> None:
        if not self._machines or self._machines[-1][0].full:
            self._machines.append((Machine(), []))
        machine, numbers = self._machines[-1]
        try:
            _read(body, machine)
        except ValueError:
            # Git also ignores a line with an invalid class.
            machine.drop()
        else:
            machine.end()
            numbers.append(number)

    def matching(self, text: str) -> Sequence[int]:
        """Returns the numbers of the rules that match a text, in no particular order."""
        found = self._literals.get(text, ())
        if text.endswith(self._suffixes):
            found = [*found, *self._ending(text)]
        for machine, numbers in self._machines:
            if matching := machine.matching(text):
                found = [*found, *(numbers[index] for index in matching)]
        return found

    def _ending(self, text: str) -> Iterator[int]:
        for start in range(len(text) + 1):
            yield from self._endings.get(text[start:], ())


class Rules:
    """The rules of one file, which apply below the directory `base`."""

    __slots__ = ("_anchored", "_base", "_free", "_rules")

    def __init__(self, base: str, rules: Sequence[_Rule]) -> None:
        self._base = base.rstrip(os.sep)
        self._rules = rules
        self._anchored = _Table((number, rule) for number, rule in enumerate(rules) if rule.anchored)
        self._free = _Table((number, rule) for number, rule in enumerate(rules) if not rule.anchored)

    def verdict(self, path: str, *, directory: bool) -> bool | None:
        """Returns whether an absolute path below the base itself is ignored, or None if no rule matches it."""
        below = path[len(self._base) + 1 :].replace(os.sep, "/")
        name = below.rpartition("/")[2]
        matching = (*self._free.matching(name), *self._anchored.matching(below))
        last = -1
        for number in matching:
            if number > last and (directory or not self._rules[number].directories_only):
                last = number
        return None if last < 0 else not self._rules[last].negated


class Ignores:
    """The rules of one Git work tree. Git's own command line is not needed."""

    def __init__(self, top: str) -> None:
        """`top` is the absolute directory that contains `.git`."""
        self._top = top
        self._known: dict[str, tuple[Rules, ...]] = {}

    def in_directory(self, directory: str, names: Collection[str] = FILES) -> tuple[Rules, ...]:
        """Returns the rules for the entries of a directory in the work tree, the weakest first.

        `names` are the names of its entries, if known. Each file is read once.
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
    """Returns whether the rules of its directory ignore an absolute path, regardless of its parents."""
    for each in reversed(rules):
        verdict = each.verdict(path, directory=directory)
        if verdict is not None:
            return verdict
    return False


def _rule(line: str) -> _Rule | None:
    if line.startswith("#"):
        return None
    # Trailing spaces count only after a backslash.
    stripped = line.rstrip(" ")
    line = stripped + " " if stripped.endswith("\\") and stripped != line else stripped
    if line.removeprefix("!").strip("/") == "" or len(line) > LONGEST:
        return None
    return _Rule(line)


def _read(body: str, machine: Machine) -> None:
    """Adds the pattern of a rule to the automaton. Raises ValueError for an invalid class."""
    position = 0
    while position < len(body):
        begins_part = position == 0 or body[position - 1] == "/"
        if begins_part and body.startswith("**/", position):
            machine.folders()
            position += 3
        elif begins_part and position and position == len(body) - 2 and body.endswith("**"):
            machine.any(slash=True)
            machine.star(slash=True)
            return
        else:
            position = _piece(body, position, machine)


def _piece(body: str, position: int, machine: Machine) -> int:
    """Adds the element at a position, and returns its end."""
    char, following = body[position], body[position + 1 : position + 2]
    if char == "*":
        machine.star(slash=False)
    elif char == "?":
        machine.any(slash=False)
    elif char == "\\" and following:
        machine.literal(following)
        return position + 2
    elif char == "[" and (end := body.find("]", position + (3 if following in ("!", "^") else 2))) != -1:
        negated = following in ("!", "^")
        machine.character_class(CharacterClass(body[position + 1 + negated : end], negated=negated), slash=False)
        return end + 1
    else:
        machine.literal(char)
    return position + 1
