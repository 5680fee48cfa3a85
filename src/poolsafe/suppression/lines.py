"""Rows of a lexed text: which belong together, and which hold code."""

from __future__ import annotations

import re
from bisect import bisect_right

from poolsafe.suppression.comments import Lexed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_LINE_END = re.compile(r"\r\n|\r|\n")


class Lines:
    """The rows, from 1, of a text."""

    def __init__(self, text: str, lexed: Lexed) -> None:
        self._text = text
        self._starts = [0, *(match.end() for match in _LINE_END.finditer(text))]
        self._brackets = lexed.brackets
        self._comments = {self.row(comment.start) for comment in lexed.comments if comment.alone}
        self.joined = self._merged(lexed.joins)
        self._logical = self._merged((*lexed.joins, *lexed.brackets))

    @property
    def last(self) -> int:
        """The last row."""
        return len(self._starts)

    def row(self, offset: int) -> int:
        """Return the row that holds an offset."""
        return bisect_right(self._starts, offset)

    def indentation(self, row: int) -> int:
        """Return the number of characters before the first one that is no white space."""
        line = self._line(row)
        return len(line) - len(line.lstrip())

    def code_after(self, row: int) -> int | None:
        """Return the first row behind `row` that holds more than white space or a comment, or None."""
        for later in range(row + 1, self.last + 1):
            if later not in self._comments and self._line(later).strip():
                return later
        return None

    def end_of_logical_line(self, row: int) -> int:
        """Return the last row of the logical line that `row` begins; inside brackets, only of `row` itself."""
        start = self._starts[row - 1]
        if any(opening < start < closing for opening, closing in self._brackets):
            return self.joined.get(row, row)
        return self._logical.get(row, row)

    def dedent_after(self, row: int) -> int:
        """Return the last row of the block that `row` stands in."""
        indentation = self.indentation(row)
        last = row
        while (later := self.code_after(last)) is not None:
            if self.indentation(later) < indentation:
                return last
            last = self._logical.get(later, later)
        return self.last

    def _line(self, row: int) -> str:
        end = self._starts[row] if row < len(self._starts) else len(self._text)
        return self._text[self._starts[row - 1] : end]

    def _merged(self, spans: Iterable[tuple[int, int]]) -> dict[int, int]:
        """Map each row, but the last, of the runs that the spans make to the run's last row."""
        runs: list[tuple[int, int]] = []
        for start, end in sorted(spans):
            first, last = self.row(start), self.row(end)
            if runs and first <= runs[-1][1]:
                runs[-1] = runs[-1][0], max(last, runs[-1][1])
            else:
                runs.append((first, last))
        return {row: last for first, last in runs for row in range(first, last)}
