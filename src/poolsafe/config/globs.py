"""Globs as ruff understands them (Rust's globset): `*` and `?` cross `/`, `**/`, `[...]`, `{a,b}`, `\\` escapes."""

from __future__ import annotations

import os
import re

from poolsafe.config.errors import UsageError, shown
from poolsafe.config.wildcards import LONGEST, CharacterClass, Machine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_SPECIAL = re.compile(r"[\\*?\[\]{}]")
_ESCAPED = re.compile(r"\\.", re.DOTALL)
# A glob whose only wildcard is one `*` or `/**/`, with the text before and after it.
_ONE_STAR = re.compile(r"((?:[^\\*?\[\]{}]|\\.)*?)(/\*\*/|\*)([^\\*?\[\]{}]*)", re.DOTALL)
_DEEPEST = 100  # nested braces


def read(glob: str, machine: Machine) -> None:
    """Adds a glob to the automaton, as a pattern that has to match a whole path with `/` as its separator.

    Raises UsageError for an unclosed class, alternative or escape, and for braces that are nested too deeply.
    """
    try:
        _read(glob, machine)
    except ValueError as error:
        raise UsageError(f"invalid glob {shown(glob)}: {error}") from None


def _read(glob: str, machine: Machine) -> None:
    position = 0
    while position < len(glob):
        char = glob[position]
        if char == "*":
            position = _stars(glob, position, machine)
            continue
        if char == "[":
            position = _character_class(glob, position, machine)
            continue
        if char == "\\":
            position += 1
            if position == len(glob):
                raise ValueError("it ends in a backslash")
            machine.literal(glob[position])
        elif char == "?":
            machine.any(slash=True)
        elif char in "{},":
            _brace(char, machine)
        else:
            machine.literal(char)
        position += 1
    if machine.depth:
        raise ValueError("`{` is never closed")
    machine.end()


def _brace(char: str, machine: Machine) -> None:
    if char == "{":
        if machine.depth == _DEEPEST:
            raise ValueError(f"more than {_DEEPEST} nested `{{`")
        machine.begin_alternatives()
    elif machine.depth:
        machine.next_alternative() if char == "," else machine.end_alternatives()
    elif char == "}":
        raise ValueError("`}` without `{`")
    else:
        machine.literal(char)


def _stars(glob: str, start: int, machine: Machine) -> int:
    end = start
    while end < len(glob) and glob[end] == "*":
        end += 1
    opens = start == 0 or glob[start - 1] == "/"
    if end - start == 2 and opens and glob[end : end + 1] == "/":
        machine.folders()
        return end + 1
    machine.star(slash=True)
    return end


def _character_class(glob: str, start: int, machine: Machine) -> int:
    position = start + 1
    negated = glob[position : position + 1] in ("!", "^")
    position += negated
    # A `]` at the start is a literal character.
    end = glob.find("]", position + 1)
    if end == -1:
        raise ValueError("`[` is never closed")
    machine.character_class(CharacterClass(glob[position:end], negated=negated), slash=True)
    return end + 1


def escape(text: str) -> str:
    """Returns a glob that matches exactly `text`."""
    return re.sub(r"([\\*?\[\]{},])", r"\\\1", text)


class PathPattern:
    """One pattern of the user's: made absolute against `base`, and also matched against bare names if ruff does so.

    `absolute` and `name` are globs. `name` is None if the pattern is not matched against bare names.
    """

    __slots__ = ("absolute", "name")

    def __init__(self, text: str, base: str, *, name_always: bool = False) -> None:
        """Reads `text`, relative to the absolute directory `base`. Raises UsageError.

        With `name_always`, the pattern is matched against the bare name even if it contains a separator, as in
        `per-file-ignores`.
        """
        if len(text) > LONGEST:
            raise UsageError(f"invalid glob {shown(text)}: longer than {LONGEST:,} characters")
        expanded = os.path.expanduser(text)
        # Normalised like a path, so that `./sub`, `tests/` and `../lib` work as expected.
        tail = os.path.normpath(expanded).replace(os.sep, "/")
        while tail.startswith("../"):
            tail, base = tail[3:], os.path.dirname(base)
        self.absolute = tail if os.path.isabs(expanded) else escape(_slashed(base).rstrip("/")) + "/" + tail
        has_separator = "/" in text or os.sep in text
        self.name = text if name_always or not has_separator else None
        if _SPECIAL.search(text):
            read(text, Machine())
            # `{a/../b}` is a glob, but not when normalised.
            read(tail, Machine())


class PathSet:
    """Some patterns; a path matches if one of them does. All of them are matched in one pass over the path."""

    __slots__ = ("_absolute", "_names")

    def __init__(self, patterns: Iterable[PathPattern]) -> None:
        patterns = list(patterns)
        self._absolute = _Globs(pattern.absolute for pattern in patterns)
        self._names = _Globs(pattern.name for pattern in patterns if pattern.name is not None)

    def matches(self, path: str) -> bool:
        """Returns whether an absolute path, or its last part, matches."""
        slashed = _slashed(path)
        return self._names.matches(slashed.rpartition("/")[2]) or self._absolute.matches(slashed)


class _Globs:
    """Some globs; a path matches if one of them does. Most are plain names or endings, which need no automaton.

    `_between` contains those with a beginning and an ending, and the length of the shortest text with both.
    """

    __slots__ = ("_between", "_endings", "_literals", "_machines", "_suffixes")

    def __init__(self, globs: Iterable[str]) -> None:
        literals, suffixes = set(), []
        self._machines: list[Machine] = []
        self._between: list[tuple[str, str, int]] = []
        for glob in globs:
            plain = _ESCAPED.sub("", glob)
            if not _SPECIAL.search(plain):
                literals.add(_ESCAPED.sub(lambda match: match[0][1], glob))
            elif glob.startswith("*") and not _SPECIAL.search(glob, 1):
                suffixes.append(glob[1:])
            elif (starred := _ONE_STAR.fullmatch(glob)) is not None:
                self._between.append(_between(*starred.groups()))
            else:
                if not self._machines or self._machines[-1].full:
                    self._machines.append(Machine())
                read(glob, self._machines[-1])
        self._literals = frozenset(literals)
        self._suffixes = tuple(suffixes)
        self._endings = tuple(ending for _, ending, _ in self._between)

    def matches(self, text: str) -> bool:
        if text in self._literals or text.endswith(self._suffixes):
            return True
        if text.endswith(self._endings) and any(
            len(text) >= shortest and text.startswith(beginning) and text.endswith(ending)
            for beginning, ending, shortest in self._between
        ):
            return True
        return any(machine.matches(text) for machine in self._machines)


def _between(before: str, star: str, behind: str) -> tuple[str, str, int]:
    beginning = _ESCAPED.sub(lambda match: match[0][1], before)
    if star == "*":
        return beginning, behind, len(beginning) + len(behind)
    # The slash before `**` and the one after it may be the same.
    return f"{beginning}/", f"/{behind}", len(beginning) + 1 + len(behind)


def _slashed(path: str) -> str:
    return path if os.sep == "/" else path.replace(os.sep, "/")
