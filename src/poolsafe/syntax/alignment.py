"""Maps offsets in LibCST's rendering to offsets in the file, because LibCST does not render every file exactly.

Measured losses: a leading form feed or leading blanks, the last line end of a file that ends its lines with a lone
carriage return, and lines that only contain a backslash. All of them are white space.
"""

from __future__ import annotations

from bisect import bisect_right

WHITE = " \t\f\r\n\\"


class Alignment:
    """The identity, shifted by `shift`. `exact` says that fixes may rely on it."""

    __slots__ = ("exact", "shift")

    def __init__(self, shift: int = 0, exact: bool = True) -> None:
        self.shift = shift
        self.exact = exact

    def start(self, offset: int) -> int:
        """Returns the offset in the file of a span's first character."""
        return offset + self.shift

    def end(self, start: int, end: int) -> int:
        """Returns the offset in the file after the last character of the span `start` to `end`."""
        return end + self.shift


class _ByInk(Alignment):
    """Finds the n-th character that is not white space on both sides. Exact enough for reports, but not for edits."""

    __slots__ = ("_code_ink", "_code_length", "_text_ink", "_text_length")

    def __init__(self, code: str, text: str) -> None:
        super().__init__(exact=False)
        self._code_ink = _ink(code)
        self._text_ink = _ink(text)
        self._code_length = len(code)
        self._text_length = len(text)

    def start(self, offset: int) -> int:
        number = bisect_right(self._code_ink, offset - 1)
        return self._text_ink[number] if number < len(self._text_ink) else self._text_length

    def end(self, start: int, end: int) -> int:
        number = bisect_right(self._code_ink, end - 1) - 1
        if end <= start or not 0 <= number < len(self._text_ink):
            return self.start(start)
        return max(self._text_ink[number] + 1, self.start(start))


def align(code: str, text: str) -> Alignment:
    """Compares LibCST's rendering with the text of the file."""
    if code == text:
        return Alignment()
    start = len(text) - len(text.lstrip(WHITE))
    shift = start - (len(code) - len(code.lstrip(WHITE)))
    if shift >= 0 and text.startswith(code, shift) and not text[shift + len(code) :].strip(WHITE):
        return Alignment(shift)
    return _ByInk(code, text)


def _ink(text: str) -> list[int]:
    return [place for place, character in enumerate(text) if character not in WHITE]
