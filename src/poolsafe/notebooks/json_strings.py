"""The strings of a JSON text: where each character of a value is written, and how to write a new value."""

from __future__ import annotations

import json
import re
from bisect import bisect_left

_ESCAPE = re.compile(r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)", re.DOTALL)
# An escape of a non-ASCII character, after an even number of backslashes.
_FOREIGN = re.compile(r"\\u(?!00[0-7])")


class JsonString:
    """A string of a JSON text. `start` and `end` are the offsets of the text between its quotes."""

    __slots__ = ("_escapes", "_text", "end", "start", "value")

    def __init__(self, text: str, start: int, end: int, value: str) -> None:
        self.start = start
        self.end = end
        self.value = value
        self._text = text
        self._escapes: tuple[list[int], list[int]] | None = None

    def offset(self, index: int) -> int:
        """Returns the offset in the JSON text of a character of the value, or of the end for the value's length."""
        if self._escapes is None:
            self._escapes = self._find_escapes()
        indices, surplus = self._escapes
        return self.start + index + surplus[bisect_left(indices, index)]

    def _find_escapes(self) -> tuple[list[int], list[int]]:
        """Returns the index of each escape in the value, and how many extra characters the first n escapes take."""
        indices: list[int] = []
        surplus = [0]
        for escape in _ESCAPE.finditer(self._text, self.start, self.end):
            indices.append(escape.start() - self.start - surplus[-1])
            surplus.append(surplus[-1] + len(escape[0]) - 1)
        return indices, surplus


def escapes_all(text: str) -> bool:
    r"""Returns whether a JSON text writes characters beyond ASCII as `\u` escapes only, and has some."""
    return text.isascii() and any(not _is_escaped(text, escape.start()) for escape in _FOREIGN.finditer(text))


def _is_escaped(text: str, offset: int) -> bool:
    """Returns whether a backslash is the second one of a pair."""
    before = offset
    while before and text[before - 1] == "\\":
        before -= 1
    return (offset - before) % 2 == 1


def written(value: str, *, ascii_only: bool) -> str:
    """Returns the text between the quotes of a JSON string with this value."""
    return json.dumps(value, ensure_ascii=ascii_only)[1:-1]
