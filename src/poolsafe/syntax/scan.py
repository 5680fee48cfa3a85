"""The exact scan of a text's nesting: brackets, strings, f-strings and their fields, operators and lambdas."""

from __future__ import annotations

import functools
import re
from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass

from poolsafe.syntax.limits import BRACKET, MAX_BRACKETS, MAX_DOUBLING_BRACKETS, MAX_OPERATORS


class Absurd(Exception):  # noqa: N818 - a refusal, with its reason
    """The text is nested too deeply."""


def inside_formatted_string(text: str, offset: int) -> bool:
    """Returns whether `offset` is inside an f-string or t-string, in its text or in one of its fields."""
    regions = _formatted_strings(text)
    index = bisect_right(regions, (offset, len(text) + 1)) - 1
    return index >= 0 and regions[index][0] <= offset < regions[index][1]


@functools.lru_cache(maxsize=4)  # All fixes of a file use the same text.
def _formatted_strings(text: str) -> list[tuple[int, int]]:
    """Returns where the outermost f-strings and t-strings begin, after their quote, and end, with it."""
    if not _FORMATTED.search(text):
        return []
    scan = Scan(text)
    with suppress(Absurd):
        scan.run()
    return scan.formatted


# A keyword may follow a digit directly (`0or 1`), but not a letter.
_TOKEN = re.compile(
    r"""
      (?P<string>(?:(?<![^\W\d])(?:[rR][bBfFtT]?|[bBfFtT][rR]?|[uU]))?(?:'''|\"\"\"|'|\"))
    | (?P<comment>\#[^\r\n]*)
    | (?P<continuation>\\(?:\r\n?|\n))
    | (?P<newline>(?:\r\n?|\n)(?P<indent>[ \t\f]*)(?P<head>(?:case|del|elif|if)\b)?)
    | (?P<operator>(?<![^\W\d])(?:not|or|and|else|for)\b|\*\*|//|<<|>>|[-+*/%@&|^~.])
    | (?P<lambda>(?<![^\W\d])lambda\b)
    | (?P<open>[(\[{])
    | (?P<close>[)\]}])
    | (?P<stop>[,;:])
    """,
    re.VERBOSE,
)
_FORMATTED = re.compile(r"[fFtT][rR]?['\"]")
_FIRST_LINE = re.compile(r"(?P<indent>[ \t\f]*)(?P<head>(?:case|del|elif|if)\b)?")
_STRING_REST = {
    quote: re.compile(rf"[^\\{quote}\r\n]*(?:\\(?:\r\n|[\s\S])[^\\{quote}\r\n]*)*{quote}?") for quote in ("'", '"')
} | {
    quote * 3: re.compile(rf"[^\\{quote}]*(?:(?:\\[\s\S]|{quote}(?!{quote * 2}))[^\\{quote}]*)*(?:{quote * 3})?")
    for quote in ("'", '"')
}
# In an f-string a backslash does not escape a brace, and the braces after `\N` are harmless when read as a field.
_TEXT_PIECE = re.compile(r"\\[^{}]|\{\{|\}\}|[{}]|'''|\"\"\"|'|\"|\r\n?|\n")


@dataclass(slots=True)
class _Frame:
    """An open bracket, an f-string, a field or format specification of one, or the parameters of a lambda.

    `operators` counts since the last comma, and `child` is the greatest height of the brackets closed since then: their
    sum is an upper bound for the height of the expression. `height` is the greatest such sum so far.
    """

    kind: str
    quote: str = ""
    operators: int = 0
    child: int = 0
    height: int = 0

    def settle(self) -> int:
        self.height = max(self.height, self.operators + self.child)
        self.operators = self.child = 0
        return self.height


class Scan:
    """One pass over the text; `height` is the greatest so far, `position` the current position of the scan."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.height = 0
        self.position = 0
        self._frames = [_Frame("line")]
        self._pending = 0
        self._doubling = False
        self._chains: dict[str, int] = {}
        self._behind_string = False
        self._formatted_start: int | None = None
        self.formatted: list[tuple[int, int]] = []

    def run(self) -> None:
        """Scans the whole text, including what is still open at its end."""
        first = _FIRST_LINE.match(self.text)
        assert first is not None
        self._start_line(first)
        while self.position < len(self.text):
            if self._frames[-1].kind in ("text", "specification"):
                self._read_text()
            else:
                self._read_code()
        while len(self._frames) > 1:
            self._pop()
        self._note_formatted(len(self.text) + 1)
        self._end_expression()

    def _read_code(self) -> None:
        match = _TOKEN.search(self.text, self.position)
        if match is None:
            self.position = len(self.text)
            return
        self.position = match.end()
        kind = match.lastgroup
        behind_string = self._behind_string
        if kind not in ("comment", "continuation") and not (match["newline"] and len(self._frames) > 1):
            self._behind_string = kind == "string"
        if kind == "operator":
            self._operator()
        elif kind == "stop":
            self._stop(match[0])
        elif kind == "open":
            # A chain of calls takes far longer to parse than a chain of operators.
            self._operator(BRACKET)
            self._push(match[0])
        elif kind == "close":
            self._close()
        elif kind == "string":
            self._string(match[0], behind_string)
        elif kind == "lambda":
            self._operator()
            self._push("lambda")
        elif match["newline"] is not None and len(self._frames) == 1:
            self._end_expression()
            self._start_line(match)

    def _read_text(self) -> None:
        frame = self._frames[-1]
        match = _TEXT_PIECE.search(self.text, self.position)
        if match is None:
            self.position = len(self.text)
            return
        self.position = match.end()
        piece = match[0]
        if piece == "{":
            self._push("field", frame.quote)
        elif piece == "}" and frame.kind == "specification":
            self._pop()
        elif piece == frame.quote or (piece in "\r\n" and len(frame.quote) == 1):
            self._leave_string()
        elif len(piece) == 3 and piece[0] == frame.quote:
            self.position = match.start() + 1
            self._leave_string()

    def _note_formatted(self, end: int) -> None:
        if self._formatted_start is not None and not any(frame.kind == "text" for frame in self._frames):
            self.formatted.append((self._formatted_start, end))
            self._formatted_start = None

    def _leave_string(self) -> None:
        while self._frames[-1].kind == "specification":
            self._pop()
            self._pop()
        self._pop()
        self._note_formatted(self.position)
        self._behind_string = True

    def _string(self, opening: str, behind_string: bool) -> None:
        prefix = opening.rstrip("'\"").lower()
        quote = opening[len(prefix) :]
        formatted = "f" in prefix or "t" in prefix
        # Adjacent strings are one concatenation, which is nested once for each string.
        if behind_string or formatted:
            self._operator()
        if formatted:
            if self._formatted_start is None:
                self._formatted_start = self.position
            self._push("text", quote)
            return
        rest = _STRING_REST[quote].match(self.text, self.position)
        assert rest is not None
        self.position = rest.end()

    def _operator(self, weight: int = 1) -> None:
        self._frames[-1].operators += weight
        self._pending += weight
        if self._pending > MAX_OPERATORS:
            raise Absurd(f"an expression with more than {MAX_OPERATORS} operators")

    def _push(self, kind: str, quote: str = "") -> None:
        self._frames.append(_Frame(kind, quote))
        limit = MAX_DOUBLING_BRACKETS if self._doubling else MAX_BRACKETS
        if len(self._frames) > limit + 1:
            what = "`case` or `del`" if self._doubling else "an expression"
            raise Absurd(f"{what} with more than {limit} nested brackets")

    def _pop(self) -> None:
        if len(self._frames) == 1:
            return
        closed = self._frames.pop()
        self._pending -= closed.operators
        height = closed.settle() + BRACKET
        frame = self._frames[-1]
        frame.child = max(frame.child, height)
        self._note(self._pending + height)

    def _note(self, height: int) -> None:
        self.height = max(self.height, height)
        if height > MAX_OPERATORS:
            raise Absurd(f"an expression nested more than {MAX_OPERATORS} deep")

    def _close(self) -> None:
        while self._frames[-1].kind == "lambda":
            self._pop()
        self._pop()

    def _stop(self, mark: str) -> None:
        frame = self._frames[-1]
        if mark == ":" and frame.kind == "lambda":
            self._pop()
        elif mark == ":" and frame.kind == "field":
            frame.kind = "specification"
        elif mark != ":" or len(self._frames) == 1:
            self._end_expression()
            self._doubling = self._doubling and mark != ":"

    def _end_expression(self) -> None:
        frame = self._frames[-1]
        self._note(self._pending + frame.child)
        self._pending -= frame.operators
        frame.settle()

    def _start_line(self, match: re.Match[str]) -> None:
        self._doubling = match["head"] in ("case", "del")
        indent = match["indent"]
        if match["head"] == "elif":
            self._chains[indent] = self._chains.get(indent, 0) + 1
            self._note(2 * self._chains[indent])
        elif match["head"] == "if":
            self._chains[indent] = 0
