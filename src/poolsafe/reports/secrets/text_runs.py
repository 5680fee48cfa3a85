"""The text that an expression produces, and the literals in the source that each part of it comes from."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from poolsafe.reports.secrets.secret_texts import HOLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from poolsafe.reports.secrets.literals import Item, Span


class Run:
    """The text that an expression produces: literals in their order, each with its place in the source.

    `held` are the operands that a hole stands for, by the index of its piece.
    """

    __slots__ = ("_length", "held", "pieces", "starts")

    def __init__(self) -> None:
        self.held: dict[int, list[Sequence[Item]]] = {}
        self.pieces: list[tuple[str, int | None]] = []
        self.starts: list[int] = []
        self._length = 0

    def text(self, first: int = 0) -> str:
        """Returns the text from a piece on."""
        return "".join(text for text, _ in self.pieces[first:])

    def add(self, text: str, place: int | None = None) -> None:
        """Adds a literal or a HOLE. Adjacent holes are merged."""
        if not text or (text == HOLE and self.pieces and self.pieces[-1][0] == HOLE):
            return
        self.starts.append(self._length)
        self.pieces.append((text, place))
        self._length += len(text)

    def hold(self, operands: Sequence[Sequence[Item]]) -> None:
        """Adds a hole for an expression that may return one of these operands."""
        self.add(HOLE)
        self.held.setdefault(len(self.pieces) - 1, []).extend(operands)

    def original(self, start: int, end: int) -> Iterable[Span]:
        """Yields the places in the source of the part from `start` to `end`."""
        for index in self._between(start, end):
            offset = self.starts[index]
            text, place = self.pieces[index]
            if place is not None:
                yield place + max(0, start - offset), place + min(len(text), end - offset)

    def operands(self, start: int, end: int) -> Iterable[Sequence[Item]]:
        """Yields the operands behind the holes from `start` to `end`."""
        for index in self._between(start, end):
            yield from self.held.get(index, ())

    def _between(self, start: int, end: int) -> range:
        return range(bisect_right(self.starts, start) - 1, bisect_left(self.starts, end))
