"""Reads Python source into a tree of literals, words, signs and brackets. It never fails, even on invalid source.

An f-string keeps the code of its fields. Comments are collected next to the tree.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    Span: TypeAlias = tuple[int, int]
    Item: TypeAlias = "Text | Number | Group | str"

# Brackets below this depth are ignored.
DEEPEST = 40
NEWLINE = "\n"
_CLOSERS = {"(": ")", "[": "]", "{": "}"}

_TOKEN = re.compile(
    r"""
      (?P<prefix>[rRbBuUfFtT]{0,2})(?P<quote>'''|\"\"\"|'|")
    | (?P<comment>\#[^\r\n]*)
    | (?P<word>[^\W\d]\w*)
    | (?P<number>\d[\w.]*)
    | (?P<continuation>\\(?:\r\n?|\n))
    | (?P<newline>\r\n?|\n)
    | (?P<sign>:=|[=!<>+*/%|&^@-]=|[^\s\w])
    """,
    re.VERBOSE,
)
# The rest of a string after its opening quotes. These patterns always match.
_BODIES = {
    "'''": re.compile(r"[^\\']*(?:(?:\\[\s\S]|'(?!''))[^\\']*)*"),
    '"""': re.compile(r'[^\\"]*(?:(?:\\[\s\S]|"(?!""))[^\\"]*)*'),
    "'": re.compile(r"[^\\'\r\n]*(?:\\(?:\r\n|[\s\S])[^\\'\r\n]*)*"),
    '"': re.compile(r'[^\\"\r\n]*(?:\\(?:\r\n|[\s\S])[^\\"\r\n]*)*'),
}
_FORMATTED = {
    "'''": re.compile(r"[^\\'{]*(?:(?:\\N\{[^}']{0,100}\}|\\[^{]|\\(?=\{)|\{\{|'(?!''))[^\\'{]*)*"),
    '"""': re.compile(r'[^\\"{]*(?:(?:\\N\{[^}"]{0,100}\}|\\[^{]|\\(?=\{)|\{\{|"(?!""))[^\\"{]*)*'),
    "'": re.compile(r"[^\\'{\r\n]*(?:(?:\\N\{[^}'\r\n]{0,100}\}|\\(?:\r\n|[^{])|\\(?=\{)|\{\{)[^\\'{\r\n]*)*"),
    '"': re.compile(r'[^\\"{\r\n]*(?:(?:\\N\{[^}"\r\n]{0,100}\}|\\(?:\r\n|[^{])|\\(?=\{)|\{\{)[^\\"{\r\n]*)*'),
}
_KEY = re.compile(r"[\w.\-/]{1,100}")
_CONTINUATION = re.compile(r"\\(?:\r\n?|\n)")
_FORMAT_SPEC = re.compile(r"[^{}\r\n]*")


class Text:
    """A string literal: the spans between its quotes, and the fields between them.

    `key` is its text if that can be a name, else None.
    """

    __slots__ = ("key", "parts")

    def __init__(self) -> None:
        self.parts: list[Span | Group] = []
        self.key: str | None = None


class Number:
    """A number of more than three digits, which may be a secret too."""

    __slots__ = ("span",)

    def __init__(self, span: Span) -> None:
        self.span = span


class Group:
    """The content of brackets. `kind` is the opening bracket, `f` for the field of an f-string, or "" for the file."""

    __slots__ = ("items", "kind")

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.items: list[Item] = []


class _String:
    """An f-string that is being read."""

    __slots__ = ("quote", "text")

    def __init__(self, text: Text, quote: str) -> None:
        self.text = text
        self.quote = quote


class Reader:
    """Reads one text. `root` is the tree, and `comments` are spans without the `#`."""

    def __init__(self, text: str) -> None:
        self.root = Group("")
        self.comments: list[Span] = []
        self._text = text
        self._position = 0
        self._open: list[Group | _String] = [self.root]
        self._deeper = 0
        while self._position < len(text):
            top = self._open[-1]
            if isinstance(top, _String):
                self._read_literal(top)
            elif not self._read_code(top):
                break

    def _read_code(self, group: Group) -> bool:
        match = _TOKEN.search(self._text, self._position)
        if match is None:
            return False
        self._position = match.end()
        kind = match.lastgroup
        if kind == "quote":
            self._begin_string(group, match["prefix"], match["quote"])
        elif kind == "word":
            group.items.append(match["word"])
        elif kind == "sign":
            self._take_sign(group, match["sign"])
        elif kind == "newline":
            self._take_newline(group)
        elif kind == "comment":
            self.comments.append((match.start() + 1, match.end()))
        elif kind == "number" and match.end() - match.start() > 3:
            group.items.append(Number(match.span()))
        elif kind == "number":
            group.items.append("0")
        return True

    def _begin_string(self, group: Group, prefix: str, quote: str) -> None:
        text = Text()
        group.items.append(text)
        if "f" in prefix.lower() or "t" in prefix.lower():
            self._open.append(_String(text, quote))
            return
        match = _BODIES[quote].match(self._text, self._position)
        assert match is not None
        text.parts += _without_continuations(match)
        if _KEY.fullmatch(match[0]) is not None:
            text.key = match[0]
        self._position = match.end()
        self._skip(quote)

    def _skip(self, text: str) -> bool:
        found = self._text.startswith(text, self._position)
        if found:
            self._position += len(text)
        return found

    def _read_literal(self, string: _String) -> None:
        match = _FORMATTED[string.quote].match(self._text, self._position)
        assert match is not None
        string.text.parts += _without_continuations(match)
        self._position = match.end()
        if not self._skip(string.quote) and self._text.startswith("{", self._position) and self._may_deepen():
            self._position += 1
            field = Group("f")
            string.text.parts.append(field)
            self._open.append(field)
            return
        # The end of the string, or the end of the line in the middle of it.
        self._open.pop()

    def _may_deepen(self) -> bool:
        return len(self._open) < DEEPEST

    def _take_sign(self, group: Group, sign: str) -> None:
        if sign in _CLOSERS:
            if not self._may_deepen():
                self._deeper += 1
                return
            inner = Group(sign)
            group.items.append(inner)
            self._open.append(inner)
        elif sign in (")", "]", "}"):
            self._close(sign)
        elif sign == ":" and group.kind == "f":
            match = _FORMAT_SPEC.match(self._text, self._position)
            assert match is not None
            self._position = match.end()
        else:
            group.items.append(sign)

    def _close(self, sign: str) -> None:
        if self._deeper:
            self._deeper -= 1
            return
        for index in range(len(self._open) - 1, 0, -1):
            each = self._open[index]
            if isinstance(each, _String):
                return
            if sign == ("}" if each.kind == "f" else _CLOSERS[each.kind]):
                del self._open[index:]
                return

    def _take_newline(self, group: Group) -> None:
        if not group.kind:
            group.items.append(NEWLINE)
        elif group.kind == "f":
            string = self._open[-2]
            # The field is never closed: the string ends with the line.
            if isinstance(string, _String) and len(string.quote) == 1:
                del self._open[-2:]
                self._position -= 1


def _without_continuations(body: re.Match[str]) -> list[Span]:
    """Returns the spans of a literal's body without the line ends that backslashes remove."""
    starts, ends = [body.start()], []
    for continuation in _CONTINUATION.finditer(body.string, body.start(), body.end()):
        ends.append(continuation.start())
        starts.append(continuation.end())
    return list(zip(starts, (*ends, body.end()), strict=True))
