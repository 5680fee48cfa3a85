"""A small lexer that distinguishes comments from strings.

`tokenize` fails on syntax that is newer or older than the running Python; this lexer only has to find the beginnings
and ends of strings. Replacement fields of f-strings may contain strings and comments (PEP 701), so it needs a stack.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from poolsafe.records import frozen

_IN_CODE = re.compile(
    r"""
    (?P<comment>\#[^\r\n]*)
    | (?:(?<!\w)(?P<prefix>(?i:br?|rb?|u|[ft]r?|r[ft])))?(?P<quote>\"{3}|'{3}|"|')
    | (?P<continued>\\(?:\r\n|\r|\n))
    | (?P<open>[(\[{])
    | (?P<close>[)\]}])
    | (?P<colon>:)
    """,
    re.VERBOSE,
)
# The end of a plain string: its quote, or the end of the line for a short one, which is then unclosed. Each pattern
# matches wherever it starts, so none of them can backtrack.
_PLAIN_END = {
    '"""': re.compile(r'(?:[^\\"]+|\\(?s:.)|"(?!""))*(?:"""|\\?\Z)'),
    "'''": re.compile(r"(?:[^\\']+|\\(?s:.)|'(?!''))*(?:'''|\\?\Z)"),
    '"': re.compile(r'(?:[^\\"\r\n]+|\\(?:\r\n|(?s:.)))*(?:"|(?=[\r\n])|\\?\Z)'),
    "'": re.compile(r"(?:[^\\'\r\n]+|\\(?:\r\n|(?s:.)))*(?:'|(?=[\r\n])|\\?\Z)"),
}
_IN_FORMATTED = {
    quote: re.compile(
        rf"(?P<quote>{quote})|\{{\{{|(?P<field>\{{)|(?P<newline>[\r\n])|\\N\{{[^\\{{}}\r\n]*\}}|\\(?:\r\n|[^{{}}])"
    )
    for quote in _PLAIN_END
}


@frozen
class Comment:
    """A comment: `start` is the offset of its `#`; `alone`: there is only white space before it on its line."""

    start: int
    text: str
    alone: bool


@frozen
class Lexed:
    """The comments of a text, and the spans that join lines.

    `joins` are triple-quoted strings and escaped line ends, `brackets` are the outermost brackets. An unclosed bracket
    ends with the text.
    """

    comments: tuple[Comment, ...]
    joins: tuple[tuple[int, int], ...]
    brackets: tuple[tuple[int, int], ...]


@dataclass(slots=True)
class _Formatted:
    """An f-string or t-string that is open. A format specification reads like its text."""

    quote: str
    start: int


@dataclass(slots=True)
class _Field:
    """A replacement field that is open, and the number of open brackets in it."""

    depth: int = 0


def lex(text: str) -> Lexed:
    """Returns the comments and the joined lines of a Python text, which need not be valid. Takes linear time."""
    lexer = Lexer(text)
    position = 0
    while position < len(text):
        position = lexer.step(position)
    lexer.finish()
    return Lexed(tuple(lexer.comments), tuple(lexer.joins), tuple(lexer.brackets))


class Lexer:
    """Reads a text step by step. `stack` has the open formatted strings and fields, the innermost last."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.comments: list[Comment] = []
        self.joins: list[tuple[int, int]] = []
        self.brackets: list[tuple[int, int]] = []
        self._depth = 0
        self._opened = 0
        self.stack: list[_Formatted | _Field] = []

    @property
    def is_inside(self) -> bool:
        """Whether a bracket or a formatted string is open."""
        return bool(self._depth or self.stack)

    def step(self, position: int, end: int | None = None) -> int:
        """Reads the next relevant element that begins before `end`.

        Returns where to continue, or the end if there is none.
        """
        top = self.stack[-1] if self.stack else None
        if isinstance(top, _Formatted):
            return self._formatted(top, position)
        return self._code(top, position, len(self.text) if end is None else end)

    def next_token(self, position: int, end: int) -> re.Match[str] | None:
        """Returns the token that the next step in code would read, or None."""
        return _IN_CODE.search(self.text, position, end)

    def _code(self, field: _Field | None, position: int, end: int) -> int:
        match = self.next_token(position, end)
        if match is None:
            return end
        if match["comment"] is not None:
            self._comment(match.start(), match["comment"])
        elif match["quote"] is not None:
            return self._string(match)
        elif match["continued"] is not None:
            self.joins.append((match.start(), match.end()))
        elif field is not None:
            self._bracket_in_field(field, match)
        else:
            self._bracket(match)
        return match.end()

    def finish(self) -> None:
        """Closes everything that is still open."""
        if self._depth:
            self.brackets.append((self._opened, len(self.text)))

    def _bracket(self, match: re.Match[str]) -> None:
        if match["open"] is not None:
            self._opened = self._opened if self._depth else match.start()
            self._depth += 1
        elif match["close"] is not None and self._depth:
            self._depth -= 1
            if not self._depth:
                self.brackets.append((self._opened, match.end()))

    def _bracket_in_field(self, field: _Field, match: re.Match[str]) -> None:
        if match["open"] is not None:
            field.depth += 1
        elif match["close"] is not None and field.depth:
            field.depth -= 1
        elif field.depth == 0:
            # A closing brace, or the colon before a format specification.
            self.stack.pop()

    def _string(self, match: re.Match[str]) -> int:
        quote = match["quote"]
        prefix = (match["prefix"] or "").lower()
        if "f" in prefix or "t" in prefix:
            self.stack.append(_Formatted(quote, match.start()))
            return match.end()
        closing = _PLAIN_END[quote].match(self.text, match.end())
        end = len(self.text) if closing is None else closing.end()
        self._join(match.start(), end)
        return end

    def _formatted(self, formatted: _Formatted, position: int) -> int:
        match = _IN_FORMATTED[formatted.quote].search(self.text, position)
        if match is None:
            return len(self.text)
        if match["field"] is not None:
            self.stack.append(_Field())
        elif match["quote"] is not None or (match["newline"] is not None and len(formatted.quote) == 1):
            # A short string that reaches the end of its line is unclosed.
            self.stack.pop()
            self._join(formatted.start, match.end())
        return match.end()

    def _join(self, start: int, end: int) -> None:
        if "\n" in self.text[start:end] or "\r" in self.text[start:end]:
            self.joins.append((start, end))

    def _comment(self, start: int, text: str) -> None:
        line = self.text.rfind("\n", 0, start) + 1
        line = max(line, self.text.rfind("\r", line, start) + 1)
        self.comments.append(Comment(start, text, not self.text[line:start].strip(" \t\f\ufeff")))
