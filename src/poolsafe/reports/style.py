"""Text for terminals and logs: colours, widths of characters, and no control characters."""

from __future__ import annotations

import os
import re

from poolsafe.output_safety import CONTROL, inert, leads, path_first
from poolsafe.reports.masking import HIDDEN, MASK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_CONTROL = re.compile(f"[\n\r{CONTROL}]")
_COLOURS = {
    "code": "1;31",
    "path": "1",
    "row": "34",
    "error": "1;31",
    "warning": "1;33",
    "fix": "1;36",
    "help": "1;36",
    "added": "32",
    "removed": "31",
}
_DIFF_COLOURS = {"+": "added", "-": "removed", "@": "row"}
TAB = 4
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"


class Style:
    """How text may be formatted. `width` is the terminal's width in columns, or None if lines may have any length."""

    __slots__ = ("colour", "root", "width")

    def __init__(self, *, colour: bool = False, width: int | None = None, root: str | None = None) -> None:
        self.colour = colour
        self.width = width
        self.root = root

    def paint(self, text: str, kind: str) -> str:
        """Returns `text` in the colour of its kind, or unchanged without colour."""
        return f"\x1b[{_COLOURS[kind]}m{text}\x1b[0m" if self.colour and text else text

    def diff(self, text: str) -> Iterator[str]:
        """Yields the lines of a unified diff: coloured for a terminal, and unchanged for anything else."""
        lines = text.split("\n")
        for line in lines[:-1]:
            shown = line if self.width is None else _CONTROL.sub("", line)
            kind = _DIFF_COLOURS.get(shown[:1])
            yield (self.paint(shown, kind) if kind else shown) + "\n"
        yield lines[-1]

    def link(self, text: str, url: str) -> str:
        """Returns `text` as a hyperlink if the terminal may support them."""
        return f"\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\" if self.colour and self.width else text

    def wrap(self, head: str, plain: str, text: str, margin: str = "  ") -> Iterator[str]:
        """Yields `head` and `text`, wrapped at spaces to the terminal's width; `plain` is the unstyled `head`."""
        line, used = head, len(plain)
        for word in text.split(" "):
            full = self.width is not None and used + 1 + len(word) > self.width
            if full and used > len(margin) and not leads(word):
                yield line
                line, used = margin + word, len(margin) + len(word)
            else:
                line, used = f"{line} {word}", used + 1 + len(word)
        yield line

    def name(self, path: str) -> str:
        """Returns a path that is safe to print, relative to the root if it is below it."""
        root = self.root if self.root is not None else os.getcwd()
        below = path.startswith(root.rstrip(os.sep) + os.sep)
        return path_first(clean(os.path.relpath(path, root) if below else path))


def clean(text: str) -> str:
    """Returns `text` without characters that could control a terminal or begin a command of a CI runner."""
    return inert(_CONTROL.sub("\N{REPLACEMENT CHARACTER}", text).replace("\t", " "))


class Line:
    """A source line for printing: tabs become spaces, wide characters take two columns, and combining ones none.

    A run of hidden characters becomes three asterisks.

    `columns` contains the column, from 0, of every character and of the line's end.
    """

    __slots__ = ("_pieces", "columns")

    def __init__(self, text: str) -> None:
        self._pieces: list[str] = []
        self.columns = [0]
        for index, char in enumerate(inert(text)):
            column = self.columns[-1]
            if char == HIDDEN:
                piece = "" if text[index - 1 : index] == HIDDEN else MASK
            else:
                piece = " " * (TAB - column % TAB) if char == "\t" else clean(char)
            self._pieces.append(piece)
            self.columns.append(column + (_width(piece) if len(piece) == 1 else len(piece)))

    def cut(self, shift: int, width: int) -> str:
        """Returns the part of the line from column `shift` that fits into `width` columns, with dots for the rest."""
        end = shift + width
        lead = ELLIPSIS if shift and self.columns[-1] > shift else ""
        trail = ELLIPSIS if self.columns[-1] > end else ""
        first, last = shift + len(lead), end - len(trail)
        inside = [
            index
            for index in range(len(self._pieces))
            if self.columns[index] >= first and self.columns[index + 1] <= last
        ]
        # A wide character that is cut through leaves a gap, which must not shift the rest.
        gap = " " * (self.columns[inside[0]] - first) if inside else ""
        return (lead + gap + "".join(self._pieces[index] for index in inside) + trail).rstrip()


def _width(char: str) -> int:
    if char < "\x7f":
        return 1
    import unicodedata

    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
