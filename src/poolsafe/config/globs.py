"""Globs as ruff understands them (Rust's globset): `*` and `?` cross `/`, `**/`, `[...]`, `{a,b}`, `\\` escapes."""

from __future__ import annotations

import os
import re

from poolsafe.config.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_SPECIAL = re.compile(r"[\\*?\[\]{}]")
_ESCAPED = re.compile(r"\\.", re.DOTALL)


def translate(glob: str) -> str:
    """Return the regular expression of a glob, to be matched against the whole path with `/` as its separator.

    Raises UsageError for an unclosed class, alternative or escape.
    """
    position = 0
    depth = 0
    out: list[str] = []
    while position < len(glob):
        char = glob[position]
        if char == "*":
            piece, position = _stars(glob, position)
            out.append(piece)
            continue
        if char == "[":
            piece, position = _character_class(glob, position)
            out.append(piece)
            continue
        if char == "\\":
            position += 1
            if position == len(glob):
                raise UsageError(f"invalid glob `{glob}`: it ends in a backslash")
            out.append(re.escape(glob[position]))
        elif char == "?":
            out.append(".")
        elif char == "{":
            depth += 1
            out.append("(?:")
        elif char == "}" and depth:
            depth -= 1
            out.append(")")
        elif char == "}":
            raise UsageError(f"invalid glob `{glob}`: `}}` without `{{`")
        elif char == "," and depth:
            out.append("|")
        else:
            out.append(re.escape(char))
        position += 1
    if depth:
        raise UsageError(f"invalid glob `{glob}`: `{{` is never closed")
    return "(?s:" + "".join(out) + r")\Z"


def _stars(glob: str, start: int) -> tuple[str, int]:
    end = start
    while end < len(glob) and glob[end] == "*":
        end += 1
    if end - start != 2:
        return ".*", end
    opens = start == 0 or glob[start - 1] == "/"
    if opens and glob[end : end + 1] == "/":
        return "(?:.*/)?", end + 1
    return ".*", end


def _character_class(glob: str, start: int) -> tuple[str, int]:
    position = start + 1
    negated = glob[position : position + 1] in ("!", "^")
    position += negated
    # A `]` right at the start stands for itself.
    end = glob.find("]", position + 1)
    if end == -1:
        raise UsageError(f"invalid glob `{glob}`: `[` is never closed")
    body = re.sub(r"([\\\[\]^&~|])", r"\\\1", glob[position:end])
    piece = f"[{'^' if negated else ''}{body}]"
    try:
        re.compile(piece)
    except re.error as error:
        raise UsageError(f"invalid glob `{glob}`: {error}") from None
    return piece, end + 1


def escape(text: str) -> str:
    """Return a glob that matches exactly `text`."""
    return re.sub(r"([\\*?\[\]{},])", r"\\\1", text)


class PathPattern:
    """One user's pattern: made absolute against `base`, and also tried on bare names where ruff does so.

    `absolute` and `name` are globs; `name` is None where bare names are not tried.
    """

    __slots__ = ("absolute", "name")

    def __init__(self, text: str, base: str, *, name_always: bool = False) -> None:
        """Read `text`, relative to the absolute directory `base`. Raises UsageError.

        `name_always` tries the pattern on the bare name even if it holds a separator, as `per-file-ignores` do.
        """
        expanded = os.path.expanduser(text)
        # Normalised like a path, so that `./sub`, `tests/` and `../lib` mean what they look like.
        tail = os.path.normpath(expanded).replace(os.sep, "/")
        while tail.startswith("../"):
            tail, base = tail[3:], os.path.dirname(base)
        self.absolute = tail if os.path.isabs(expanded) else escape(_slashed(base).rstrip("/")) + "/" + tail
        has_separator = "/" in text or os.sep in text
        self.name = text if name_always or not has_separator else None
        if _SPECIAL.search(text):
            translate(text)


class PathSet:
    """Patterns of which one has to match: one look at a path, however many there are."""

    __slots__ = ("_absolute", "_names")

    def __init__(self, patterns: Iterable[PathPattern]) -> None:
        patterns = list(patterns)
        self._absolute = _Globs(pattern.absolute for pattern in patterns)
        self._names = _Globs(pattern.name for pattern in patterns if pattern.name is not None)

    def matches(self, path: str) -> bool:
        """Say whether an absolute path, or its last part, matches."""
        slashed = _slashed(path)
        return self._names.matches(slashed.rpartition("/")[2]) or self._absolute.matches(slashed)


class _Globs:
    """Some globs of which one has to match. Regular expressions are slow to make, and most globs need none."""

    __slots__ = ("_expression", "_literals", "_suffixes")

    def __init__(self, globs: Iterable[str]) -> None:
        literals, suffixes, others = set(), [], []
        for glob in globs:
            plain = _ESCAPED.sub("", glob)
            if not _SPECIAL.search(plain):
                literals.add(_ESCAPED.sub(lambda match: match[0][1], glob))
            elif glob.startswith("*") and not _SPECIAL.search(glob, 1):
                suffixes.append(glob[1:])
            else:
                others.append(translate(glob))
        self._literals = frozenset(literals)
        self._suffixes = tuple(suffixes)
        self._expression = re.compile("|".join(others)) if others else None

    def matches(self, text: str) -> bool:
        if text in self._literals or text.endswith(self._suffixes):
            return True
        return self._expression is not None and self._expression.match(text) is not None


def _slashed(path: str) -> str:
    return path if os.sep == "/" else path.replace(os.sep, "/")
