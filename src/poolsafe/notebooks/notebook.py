"""A notebook as a source. Its text consists of its Python cells, each followed by a line end."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from poolsafe.findings import Edit
from poolsafe.notebooks import cells, magics
from poolsafe.source import LINE_LENGTH, QUOTE, Section, Source, edited, most_frequent_line_end

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from poolsafe.notebooks.cells import Document


class Notebook(Source):
    """One notebook. Treat it as immutable. `raw` is the notebook itself, `text` and `code` are the Python in it."""

    __slots__ = ("_cell_starts", "_commands", "_document", "_file", "_sections", "_written")

    def __init__(
        self, path: str, raw: bytes, document: Document, line_length: int = LINE_LENGTH, quote: str = QUOTE
    ) -> None:
        pieces: list[str] = []
        self._cell_starts: list[int] = []  # of the cells in the text
        self._commands: list[tuple[int, int]] = []
        start = 0
        for cell in document.cells:
            commands = magics.commands(cell.text)
            pieces += magics.without(cell.text, commands), "\n"
            self._cell_starts.append(start)
            self._commands += ((start + first, start + last) for first, last in commands)
            start += len(cell.text) + 1
        super().__init__(path, raw, "".join(pieces), "utf-8", document.bom, line_length, quote)
        self._document = document
        self._written = "".join(f"{cell.text}\n" for cell in document.cells)
        self._file: Source | None = None
        self._sections: tuple[Section, ...] | None = None

    @classmethod
    def decode(cls, path: str, raw: bytes, line_length: int = LINE_LENGTH, quote: str = QUOTE) -> Notebook:
        """Reads a notebook's bytes. Raises UndecodableSource, with the row of the JSON text."""
        return cls(path, raw, cells.read(path, raw), line_length, quote)

    @property
    def code(self) -> bytes:
        return self.text.encode("utf-8")

    @property
    def written(self) -> str:
        return self._written

    @property
    def commands(self) -> Sequence[tuple[int, int]]:
        return self._commands

    @property
    def newline(self) -> str:
        # The line ends between cells are not in the notebook.
        if self._newline is None:
            self._newline = most_frequent_line_end(" ".join(cell.text for cell in self._document.cells))
        return self._newline

    @property
    def is_module(self) -> bool:
        return False

    @property
    def file(self) -> Source:
        if self._file is None:
            self._file = Source(self.path, self.raw, self._document.text, "utf-8", self.bom)
        return self._file

    def offset(self, row: int, column: int) -> int:
        # Nothing follows the last cell.
        return min(super().offset(row, column), max(len(self.text) - 1, 0))

    def offset_in_file(self, offset: int) -> int:
        index = self._cell_at(offset)
        cell = self._document.cells[index]
        inside = min(offset - self._cell_starts[index], len(cell.text))
        return cell.in_json(Edit(inside, inside, "")).start

    def in_file(self, edit: Edit) -> Edit:
        edit = self._within_cell(edit)
        index = self._cell_at(edit.start)
        start = self._cell_starts[index]
        return self._document.cells[index].in_json(Edit(edit.start - start, edit.end - start, edit.content))

    @property
    def sections(self) -> Sequence[Section]:
        if self._sections is None:
            found = []
            for start, cell in zip(self._cell_starts, self._document.cells, strict=True):
                first, last = (self.row_column(offset)[0] for offset in (start, start + len(cell.text)))
                content = cell.text if cell.text.endswith("\n") else f"{cell.text}\n"
                found.append(Section(start, first, last, content.encode("utf-8"), cell.number))
            self._sections = tuple(found) or (Section(0, 1, 1, b""),)
        return self._sections

    def edited(self, edits: Iterable[Edit]) -> Notebook:
        edits = [self._within_cell(edit) for edit in edits]
        raw = self.encode(edited(self._document.text, map(self.in_file, edits)))
        result = Notebook.decode(self.path, raw, self.line_length, self.quote)
        numbers, expected = ([cell.number for cell in each._document.cells] for each in (result, self))
        if result.text != edited(self.text, edits) or numbers != expected:
            raise ValueError("a cell would no longer be valid Python")
        return result

    def with_text(self, text: str) -> Notebook:
        """Returns the notebook with another text that differs in one cell only. Raises the exceptions of `edited`."""
        if text == self.text:
            return self
        start = _shared(self.text, text)
        same = _shared(self.text[start:][::-1], text[start:][::-1])
        return self.edited([Edit(start, len(self.text) - same, text[start : len(text) - same])])

    def _within_cell(self, edit: Edit) -> Edit:
        """Returns an edit without the line end after the cell, which is not part of it. Raises ValueError.

        If that would leave an empty last line, the line end before it is removed instead.
        """
        index = self._cell_at(edit.start)
        if index < 0:
            raise ValueError("there is no cell")
        start = self._cell_starts[index]
        end = start + len(self._document.cells[index].text)
        if edit.end <= end and edit.start <= end:
            return edit
        if edit.end > end + 1 or edit.start > end:
            raise ValueError("an edit reaches into another cell")
        first = edit.start
        if edit.content.endswith("\n"):
            return Edit(first, end, edit.content.removesuffix("\n").removesuffix("\r"))
        if edit.content:
            return Edit(first, end, edit.content)
        before = self.text[start:first]
        return Edit(first - len(before) + len(before.removesuffix("\n").removesuffix("\r")), end, "")

    def _cell_at(self, offset: int) -> int:
        return bisect_right(self._cell_starts, offset) - 1


def _shared(one: str, other: str) -> int:
    """Returns the length of the common prefix."""
    pairs = zip(one, other, strict=False)
    return next((index for index, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
