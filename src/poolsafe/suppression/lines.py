"""Rows of a lexed text: which of them belong together, and which contain code."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right

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
        self._code_after: list[int] | None = None
        self._dedents: dict[int, tuple[int, int]] | None = None
        self.joined = self._merged(lexed.joins)
        self._logical = self._merged((*lexed.joins, *lexed.brackets))

    @property
    def last(self) -> int:
        """The last row."""
        return len(self._starts)

    def row(self, offset: int) -> int:
        """Returns the row that contains an offset."""
        return bisect_right(self._starts, offset)

    def indentation(self, row: int) -> int:
        """Returns the number of white space characters at the beginning."""
        line = self._line(row)
        return len(line) - len(line.lstrip())

    def code_after(self, row: int) -> int | None:
        """Returns the first row after `row` that contains more than white space or a comment, or None."""
        if self._code_after is None:
            self._code_after = self._rows_of_code()
        return self._code_after[row] or None

    def _rows_of_code(self) -> list[int]:
        """Returns, for each row, the first row of code after it, or 0."""
        found = [0] * (self.last + 1)
        for row in range(self.last, 0, -1):
            code = row not in self._comments and self._line(row).strip()
            found[row - 1] = row if code else found[row]
        return found

    def end_of_logical_line(self, row: int) -> int:
        """Returns the last row of the logical line that `row` begins; inside brackets, only of `row` itself."""
        start = self._starts[row - 1]
        # Outermost brackets do not overlap: only the last that opens before the row may enclose it.
        before = bisect_left(self._brackets, (start,))
        if before and start < self._brackets[before - 1][1]:
            return self.joined.get(row, row)
        return self._logical.get(row, row)

    def dedent_after(self, row: int) -> int:
        """Returns the last row of the block that contains `row`."""
        if self._dedents is None:
            self._dedents = self._find_dedents()
        indentation = self.indentation(row)
        last, later = row, self.code_after(row) or 0
        while later and self.indentation(later) >= indentation:
            later, last = self._dedents[later]
        return last if later else self.last

    def _find_dedents(self) -> dict[int, tuple[int, int]]:
        """Returns, for each row of code, the next one that is indented less, or 0, and the last row before that."""
        found: dict[int, tuple[int, int]] = {}
        for row in range(self.last, 0, -1):
            if self.code_after(row - 1) != row:
                continue
            last = self._logical.get(row, row)
            later = self.code_after(last) or 0
            while later and self.indentation(later) >= self.indentation(row):
                later, last = found[later]
            found[row] = later, last
        return found

    def _line(self, row: int) -> str:
        end = self._starts[row] if row < len(self._starts) else len(self._text)
        return self._text[self._starts[row - 1] : end]

    def _merged(self, spans: Iterable[tuple[int, int]]) -> dict[int, int]:
        """Returns a mapping from each row of joined lines, except the last, to the last one."""
        runs: list[tuple[int, int]] = []
        for start, end in sorted(spans):
            first, last = self.row(start), self.row(end)
            if runs and first <= runs[-1][1]:
                runs[-1] = runs[-1][0], max(last, runs[-1][1])
            else:
                runs.append((first, last))
        return {row: last for first, last in runs for row in range(first, last)}
