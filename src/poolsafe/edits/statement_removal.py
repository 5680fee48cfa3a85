"""Removes whole statements from their blocks."""

from __future__ import annotations

import ast
import functools
import re
from typing import TYPE_CHECKING

from poolsafe.findings import Edit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poolsafe.source import Source

_REST_OF_LINE = re.compile(r"[ \t\f]*(?:\r\n?|\n|\Z)")
_LINE_END = re.compile(r"(?:\r\n?|\n)\Z")
_BLOCKS = ("body", "orelse", "finalbody")

# The position of a statement: its row, and its column in bytes of UTF-8, as in `ast`.
_Start = tuple[int, int]


def remove_statements(source: Source, spans: Iterable[tuple[int, int]]) -> tuple[Edit, ...] | None:
    """Returns edits that remove the statements at `spans`. A block that would be empty gets `pass`.

    Returns None if a statement shares its line with another one, or if a comment would be lost.
    """
    wanted = {_start(source, start): (start, end) for start, end in spans}
    if not source.round_trips or not wanted:
        return () if not wanted else None
    edits = []
    for block in _blocks(source.text):
        gone = [start for start in block if start in wanted]
        for place, start in enumerate(gone):
            edit = _removal(source, *wanted[start], stands_in=len(gone) == len(block) and place == 0)
            if edit is None:
                return None
            edits.append(edit)
    return tuple(edits) if len(edits) == len(wanted) else None


def _removal(source: Source, start: int, end: int, *, stands_in: bool) -> Edit | None:
    text = source.text
    first = source.line_start(start)
    rest = _REST_OF_LINE.match(text, end)
    if rest is None or text[first:start].strip(" \t\f") or "#" in text[start:end]:
        return None
    if stands_in:
        return Edit(start, end, "pass")
    if rest.end() == len(text) and text[-1:] not in ("\r", "\n"):
        # The file has no line end at its end, and should have none afterwards.
        before = _LINE_END.search(text, 0, first)
        return Edit(before.start() if before is not None else first, len(text), "")
    return Edit(first, rest.end(), "")


def _start(source: Source, offset: int) -> _Start:
    row = source.row_column(offset)[0]
    return row, len(source.text[source.line_start(offset) : offset].encode())


@functools.lru_cache(maxsize=4)  # All fixes of a file use the same text.
def _blocks(text: str) -> list[list[_Start]]:
    """Returns where the statements of each block begin, or nothing if the text cannot be parsed."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [[(one.lineno, one.col_offset) for one in block] for block in _bodies(tree)]


def _bodies(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(tree):
        for name in _BLOCKS:
            block = getattr(node, name, None)
            if isinstance(block, list) and block:
                yield block
