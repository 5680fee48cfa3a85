"""SQL that is written as one literal in a call: its text, and the offset of each character in the file."""

from __future__ import annotations

import re

import libcst as cst

from poolsafe.inference import Module
from poolsafe.records import frozen
from poolsafe.sql.scanner import PLACEHOLDER

_CHARACTER = re.compile(r"\r\n|.", re.DOTALL)


@frozen
class WrittenSql:
    """The text of a literal, with PLACEHOLDER for each field of an f-string.

    `offsets` holds the offset in the file of each character, and of the end.
    """

    text: str
    offsets: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Returns the span in the file of a span of the text."""
        return self.offsets[start], self.offsets[end]


def written_sql(module: Module, call: cst.Call) -> WrittenSql | None:
    """Returns a call's SQL if it is one plain literal or f-string, or None.

    Literals with escapes, and several literals side by side, are left out.
    """
    first = call.args[0].value if call.args else None
    if isinstance(first, cst.SimpleString) and not first.lpar:
        start, end = module.tree.span(first)
        return _of_pieces(module, [(start + len(first.prefix) + len(first.quote), end - len(first.quote), True)])
    if isinstance(first, cst.FormattedString) and not first.lpar:
        spans = [(*module.tree.span(part), isinstance(part, cst.FormattedStringText)) for part in first.parts]
        if not spans:
            return None
        return _of_pieces(module, spans)
    return None


def characters(module: Module, start: int, end: int) -> tuple[str, list[int]]:
    """Returns the string that Python reads between two offsets, without escapes, and the offset of each character.

    Python reads each line end as one character.
    """
    found = list(_CHARACTER.finditer(module.source.text, start, end))
    return "".join("\n" if one[0][0] == "\r" else one[0] for one in found), [one.start() for one in found]


def _of_pieces(module: Module, pieces: list[tuple[int, int, bool]]) -> WrittenSql | None:
    text = ""
    offsets: list[int] = []
    for start, end, is_text in pieces:
        piece, places = characters(module, start, end) if is_text else (PLACEHOLDER, [start])
        if "\\" in piece or "{{" in piece or "}}" in piece:
            return None
        text += piece
        offsets += places
    return WrittenSql(text, (*offsets, pieces[-1][1]))
