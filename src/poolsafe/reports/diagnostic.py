"""A finding as reports need it: positions as rows and columns, and the source lines to show.

Diagnostics are sent between processes, so they only consist of text and numbers.
"""

from __future__ import annotations

from poolsafe.findings import Applicability, Severity
from poolsafe.records import frozen
from poolsafe.website import page, see

TYPE_CHECKING = False
if TYPE_CHECKING:
    from poolsafe.source import Section, Source

CONTEXT = 2


@frozen
class Position:
    """A place in a text, or in the cell of a notebook; both count from 1, the column in characters.

    `surplus` is the number of bytes minus the number of characters before it on its line, for columns in UTF-8.
    """

    row: int
    column: int
    surplus: int = 0


@frozen
class Span:
    """A part of a file. `path` is absolute. `lines` are the lines that a frame shows, in order, as (row, text).

    In a notebook, rows are those of the cell with the number `cell`. `in_file` is the start and the end in its JSON.
    """

    path: str
    start: Position
    end: Position
    lines: tuple[tuple[int, str], ...] = ()
    cell: int | None = None
    in_file: tuple[Position, Position] | None = None

    @property
    def place(self) -> str:
        """The position as shown after the path, such as `4:1` or `cell 3:4:1`."""
        cell = "" if self.cell is None else f"cell {self.cell}:"
        return f"{cell}{self.start.row}:{self.start.column}"

    @property
    def region(self) -> tuple[Position, Position]:
        """The start and the end as rows and columns of the file, for programs that do not support cells."""
        return self.in_file or (self.start, self.end)


@frozen
class Note:
    """A related place, with a message about how it relates to the finding."""

    span: Span
    message: str


@frozen
class Replacement:
    """One edit of a fix: it replaces the text from `start` to `end` with `content`.

    In a notebook, rows are those of the cell with the number `cell`. `in_file` is the edit of its JSON.
    """

    start: Position
    end: Position
    content: str
    cell: int | None = None
    in_file: Replacement | None = None

    @property
    def of_file(self) -> Replacement:
        """The edit in terms of the file, for programs that do not support cells."""
        return self.in_file or self


@frozen
class Remedy:
    """A fix. `offered`: `--apply` with the current options would apply it. `doubt` says why it is unsafe, or is empty.

    `replacements` is empty if they would contain a secret, because a report must not show it.
    """

    message: str
    applicability: Applicability
    replacements: tuple[Replacement, ...]
    offered: bool
    doubt: str = ""


@frozen
class Diagnostic:
    """One finding, ready to be shown. `noqa_row` is the row where a `# noqa` for it belongs.

    `first_line` is the text of the line where it starts, with each run of white space as one space.
    """

    code: str
    name: str
    message: str
    severity: Severity
    span: Span
    noqa_row: int
    fix: Remedy | None = None
    notes: tuple[Note, ...] = ()
    first_line: str = ""

    @property
    def url(self) -> str:
        """The page of the rule."""
        return page(self.name)

    @property
    def see(self) -> str:
        """Where to read about the rule: an address, or the command that prints its page."""
        return see(self.code, self.name)


def frame(source: Source, first: int, last: int, section: Section | None = None) -> tuple[tuple[int, str], ...]:
    """Returns the lines that a frame shows for the rows `first` to `last` (from 1), as (row, text).

    Rows are counted in the section, or in the whole source without one.
    """
    section = section or source.section(first)
    start = max(1, first - CONTEXT)
    end = min(max(first, min(last, first + CONTEXT)) + CONTEXT, section.row(section.last))
    rows = [(row, source.line(section.first + row - 1)) for row in range(start, end + 1)]
    while rows and rows[-1][0] > first and not rows[-1][1].strip():
        rows.pop()
    while rows and rows[0][0] < first and not rows[0][1].strip():
        rows.pop(0)
    return tuple(rows)
