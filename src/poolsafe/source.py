"""A Python file as bytes and as text, and the rows and columns that editors count.

All offsets in this project are characters of `Source.text`. A byte order mark is not part of the text.
"""

from __future__ import annotations

import io
from bisect import bisect_right
from itertools import accumulate

from poolsafe.findings import Edit
from poolsafe.records import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

BOM = b"\xef\xbb\xbf"

# The default of ruff and black.
LINE_LENGTH = 88
QUOTE = '"'
# Longer lines of a configuration file do not contain versions, addresses or poolers.
_LONGEST_LINE = 4_000


class UndecodableSource(Exception):  # noqa: N818 - it names the file's state, and is a finding for the user
    """The bytes are not Python source text. `reason` is one line, `row` the 1-based row if it is known."""

    def __init__(self, path: str, reason: str, row: int = 1) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason
        self.row = row


@frozen
class Section:
    """Rows that are counted from 1: those of a whole file, or of the cell of a notebook that has this number.

    `first` and `last` are rows of the text, which begin at the offset `start`. `content` is what a diff shows of them.
    """

    start: int
    first: int
    last: int
    content: bytes
    cell: int | None = None

    @property
    def name(self) -> str:
        """What follows the name of the file: "" for the whole file."""
        return "" if self.cell is None else f"cell {self.cell}"

    def row(self, row: int) -> int:
        """Returns the row of the section that a row of the text is."""
        return row - self.first + 1


class Source:
    """One decoded file. Treat it as immutable.

    `line_length` is the number of characters that a line should not exceed. `quote` is what a fix uses if the file
    shows no preference. `round_trips` is True if `encode(text)` returns the original bytes. With an unusual codec it
    may not, and then the file must not be rewritten.
    """

    __slots__ = ("_newline", "_starts", "bom", "encoding", "line_length", "path", "quote", "raw", "round_trips", "text")

    def __init__(
        self,
        path: str,
        raw: bytes,
        text: str,
        encoding: str,
        bom: bool = False,
        line_length: int = LINE_LENGTH,
        quote: str = QUOTE,
    ) -> None:
        self.path = path
        self.raw = raw
        self.text = text
        self.encoding = encoding
        self.bom = bom
        self.line_length = line_length
        self.quote = quote
        self.round_trips = encoding == "utf-8" or self._encodes_to(raw)
        self._starts: list[int] | None = None
        self._newline: str | None = None

    @classmethod
    def decode(cls, path: str, raw: bytes, line_length: int = LINE_LENGTH, quote: str = QUOTE) -> Source:
        """Decodes as CPython does: by byte order mark, else by the PEP 263 cookie, else as UTF-8.

        Raises UndecodableSource for an unknown encoding, undecodable bytes, NUL bytes and lone surrogates.
        """
        bom = raw.startswith(BOM)
        encoding = _declared_encoding(path, raw)
        body = raw[len(BOM) :] if bom else raw
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError as error:
            row = _row_of_byte(body, error.start)
            raise UndecodableSource(path, f"byte {error.start} is not {encoding}: {error.reason}", row) from None
        except (LookupError, ValueError) as error:
            raise UndecodableSource(path, f"cannot decode as {encoding}: {_first_line(error)}") from None
        if not isinstance(text, str):
            raise UndecodableSource(path, f"{encoding} is not a text encoding")
        _refuse_unwritable(path, text)
        return cls(path, raw, text, encoding, bom, line_length, quote)

    @classmethod
    def from_text(cls, path: str, text: str) -> Source:
        """Returns a source without its original bytes: lines from flake8, or an edited text.

        Raises what `decode` raises.
        """
        _refuse_unwritable(path, text)
        return cls(path, text.encode("utf-8"), text, "utf-8")

    @property
    def code(self) -> bytes:
        """The bytes of the Python text."""
        return self.raw

    @property
    def written(self) -> str:
        """The text as users see it. It has the same length and rows as `text`."""
        return self.text

    @property
    def commands(self) -> Sequence[tuple[int, int]]:
        """The spans of IPython commands, which are replaced by names in `text`."""
        return ()

    @property
    def is_module(self) -> bool:
        """Whether other files may import this one."""
        return True

    @property
    def file(self) -> Source:
        """The text of the file itself, which for a notebook is JSON."""
        return self

    def offset_in_file(self, offset: int) -> int:
        """Returns the offset in the file's own text of the character at an offset of `text`."""
        return offset

    def in_file(self, edit: Edit) -> Edit:
        """Returns the edit of the file's own text that corresponds to an edit of `text`.

        Raises ValueError if there is none.
        """
        return edit

    @property
    def sections(self) -> Sequence[Section]:
        """The sections of the text, each with rows that are counted from 1. There is at least one."""
        return (Section(0, 1, self.rows, self.raw),)

    def section(self, row: int) -> Section:
        """Returns the section that a row belongs to."""
        sections = self.sections
        return sections[max(bisect_right(sections, row, key=lambda section: section.first) - 1, 0)]

    def row_name(self, row: int) -> str:
        """Returns how a row is shown after the name of the file, such as `4` or `cell 3:4`."""
        section = self.section(row)
        return f"{section.name}:{section.row(row)}".removeprefix(":")

    def row_in_words(self, row: int) -> str:
        """Returns how a sentence refers to a row, such as `line 4` or `line 4 of cell 3`."""
        section = self.section(row)
        return f"line {section.row(row)}" + (f" of {section.name}" if section.name else "")

    def edited(self, edits: Iterable[Edit]) -> Source:
        """Returns the file after edits, which must not overlap. Two insertions at one place keep their order.

        Raises UndecodableSource, and ValueError if the edits cannot be written, or would not be read as they are.
        """
        result = self.with_text(edited(self.text, edits))
        # An edit may have changed the encoding declaration.
        if Source.decode(self.path, result.raw).text != result.text:
            raise ValueError("the encoding has changed")
        return result

    def with_text(self, text: str) -> Source:
        """Returns the same file with another text, in the same encoding.

        Raises UnicodeEncodeError if the encoding cannot represent the text.
        """
        return Source(self.path, self.encode(text), text, self.encoding, self.bom, self.line_length, self.quote)

    def encode(self, text: str) -> bytes:
        """Returns `text` in this file's encoding, with a byte order mark if the file has one."""
        return (BOM if self.bom else b"") + text.encode(self.encoding)

    def row_column(self, offset: int) -> tuple[int, int]:
        """Returns the 1-based row and column of an offset, in characters. The end of the text is a valid offset."""
        starts = self._line_starts()
        row = bisect_right(starts, offset)
        return row, offset - starts[row - 1] + 1

    def offset(self, row: int, column: int) -> int:
        """Returns the offset of a row and a column, at most that of the line's end."""
        starts = self._line_starts()
        if row > len(starts):
            return len(self.text)
        start = starts[max(row, 1) - 1]
        return min(start + max(column, 1) - 1, start + len(self.line(max(row, 1))))

    def line(self, row: int) -> str:
        """Returns the text of a 1-based row without its line end, or "" past the last row."""
        starts = self._line_starts()
        if not 1 <= row <= len(starts):
            return ""
        end = starts[row] if row < len(starts) else len(self.text)
        return self.text[starts[row - 1] : end].rstrip("\r\n")

    def line_start(self, offset: int) -> int:
        """Returns the offset of the first character of the line that contains `offset`."""
        starts = self._line_starts()
        return starts[bisect_right(starts, offset) - 1]

    @property
    def rows(self) -> int:
        """The number of rows. A text that ends with a line end has one more, empty row."""
        return len(self._line_starts())

    @property
    def newline(self) -> str:
        r"""The line end that most lines have: \n, \r\n or \r; \n where there is none, and at a tie."""
        if self._newline is None:
            self._newline = most_frequent_line_end(self.text)
        return self._newline

    def _line_starts(self) -> list[int]:
        if self._starts is None:
            # str.splitlines() also splits at form feeds and U+2028, where neither CPython nor editors count a line.
            lines = io.StringIO(self.text, newline="")
            self._starts = list(accumulate(map(len, lines), initial=0))
            if len(self._starts) > 1 and not self.text.endswith(("\n", "\r")):
                self._starts.pop()
        return self._starts

    def _encodes_to(self, raw: bytes) -> bool:
        try:
            return self.encode(self.text) == raw
        except (UnicodeError, LookupError):
            return False


def most_frequent_line_end(text: str) -> str:
    r"""Returns the line end that most lines have: \n, \r\n or \r; \n where there is none, and at a tie."""
    crlf = text.count("\r\n")
    counts = {"\n": text.count("\n") - crlf, "\r\n": crlf, "\r": text.count("\r") - crlf}
    return max(counts, key=lambda end: counts[end])


def edited(text: str, edits: Iterable[Edit]) -> str:
    """`text` after `edits`, which must not overlap. Two insertions at one place keep their order."""
    pieces: list[str] = []
    position = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        pieces += text[position : edit.start], edit.content
        position = edit.end
    return "".join((*pieces, text[position:]))


def _declared_encoding(path: str, raw: bytes) -> str:
    # In CPython, a lone carriage return ends a line here too.
    head = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n", 2)[:2]
    if not any(b"coding" in line for line in head):
        return "utf-8"
    # Imported late, because only few files have an encoding declaration.
    from tokenize import detect_encoding

    try:
        encoding, _ = detect_encoding(io.BytesIO(b"\n".join(head)).readline)
    except SyntaxError as error:
        raise UndecodableSource(path, _first_line(error)) from None
    return "utf-8" if encoding == "utf-8-sig" else encoding


def _refuse_unwritable(path: str, text: str) -> None:
    nul = text.find("\0")
    if nul >= 0:
        raise UndecodableSource(path, "source code cannot contain NUL bytes", _row_of(text, nul))
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        row = _row_of(text, error.start)
        raise UndecodableSource(path, f"lone surrogate \\u{ord(text[error.start]):04x}", row) from None


def _row_of_byte(body: bytes, position: int) -> int:
    return _row_of(body[:position].decode("latin-1"), position)


def _row_of(text: str, offset: int) -> int:
    before = text[:offset]
    return before.count("\n") + before.count("\r") - before.count("\r\n") + 1


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def short_lines(text: str) -> list[str]:
    """Returns the lines of a configuration file, with "" for each overlong one."""
    return [line if len(line) <= _LONGEST_LINE else "" for line in text.splitlines()]
