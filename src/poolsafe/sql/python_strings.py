"""Finds out in one pass over its bytes whether a Python source contains a string with several SQL commands.

This decides whether a file is parsed with LibCST. It is a small lexer, because the running Python may be too old to
parse the file. If in doubt, the file is parsed, because nothing is reported in a file that is ruled out.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import partial

from poolsafe.sql.scanner import PLACEHOLDER, split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Comments and simple strings are matched as a whole. The group matches the opening of all other strings.
_OPENING = re.compile(rb"#[^\r\n]*|'(?!'')[^'\\\r\n]*'|\"(?!\"\")[^\"\\\r\n]*\"|('''|\"\"\"|'|\")")
_PREFIX = re.compile(rb"(?:^|[^0-9A-Za-z_\x80-\xff])([A-Za-z]{1,2})\Z")
_PREFIXES = frozenset((b"r", b"b", b"u", b"f", b"t", b"rb", b"br", b"rf", b"fr", b"rt", b"tr"))

# These match up to the closing quote or the first invalid character. They never fail, so they never backtrack.
_BODIES = {
    b"'": re.compile(rb"[^'\\\r\n]*(?:\\(?:\r\n|.)[^'\\\r\n]*)*", re.DOTALL),
    b'"': re.compile(rb'[^"\\\r\n]*(?:\\(?:\r\n|.)[^"\\\r\n]*)*', re.DOTALL),
    b"'''": re.compile(rb"[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*", re.DOTALL),
    b'"""': re.compile(rb'[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*', re.DOTALL),
}
# The relevant parts of an f-string's text: escapes, doubled braces, fields, its end, and a line end in single quotes.
_NAMED_CHARACTER = rb"\\N\{[^{}'\"\r\n]*\}"
_F_EDGES = {
    quote: partial(re.compile, rb"(?s)" + _NAMED_CHARACTER + rb"|\\(?:\r\n|[^{}])|\{\{|\}\}|[{}]|" + quote + line_end)
    for quote, line_end in ((b"'", rb"|[\r\n]"), (b'"', rb"|[\r\n]"), (b"'''", b""), (b'"""', b""))
}
_FIELD_EDGE = re.compile(rb"#[^\r\n]*|'''|\"\"\"|['\"(){}:\[\]]")
_FORMAT_EDGE = re.compile(rb"[{}]")
# Python's own limit is 150 nested f-strings. If there are more than a few, the file is parsed.
_DEEPEST = 40

_HASH = ord("#")
_NOWHERE = (1 << 62, 1 << 62)
_COMMENT = re.compile(rb"#[^\r\n]*")
_BLANKS = b" \t\r\n\f\\"
# The first characters of arguments that are not texts: a number, or the end of a call without arguments.
_NO_TEXT = tuple(b"%c" % byte for byte in b"0123456789.)")
# What may be between the parenthesis of a call and the first word or string of its argument.
_LEAD = re.compile(rb"(?:[\s\\(]|#[^\r\n]*)*")
_FUNCTION_OR_CLASS = partial(
    re.compile,
    rb"(?:\A|[\r\n])[ \t]*"
    rb"(?:(?:async[ \t]+)?def[ \t]+\w+[ \t]*\([^()]*(?:\([^()]*\)[^()]*)*\)[^\r\n:]*|class[ \t]+\w[^\r\n:]*)"
    rb":[ \t]*[\r\n]\s*\Z",
)
# The name before the `=` of an assignment on its line. It may have an annotation, or a plus before the `=`.
_ASSIGNED = partial(re.compile, rb"\b(\w+)[ \t]*(?::|\+?\Z)")

_ESCAPE = partial(
    re.compile,
    r"\\(\r\n|\n|\r|[0-7]{1,3}|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|N\{[^{}\\]*\}|[abfnrtv'\"\\])",
)
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "'": "'", '"': '"', "\\": "\\"}

# The first words of PostgreSQL's commands (`stmt` in gram.y, version 19), of a query in parentheses, and text that is
# filled in later: a placeholder, `%s`, `%(name)s`, `{}`.
_WORDS = (
    "abort alter analyse analyze begin call checkpoint close cluster comment commit copy create deallocate declare "
    "delete discard do drop end execute explain fetch grant import insert listen load lock merge move notify prepare "
    "reassign refresh reindex release repack reset revoke rollback savepoint security select set show start table "
    "truncate unlisten update vacuum values wait with"
).replace(" ", "|")
_COMMAND = partial(re.compile, rf"(?ia)(?:{_WORDS})\b|[(%{{{PLACEHOLDER}]")
# A name to whose text more is added: `NAME +`, `NAME +=`, or `{NAME}` before a command or another field.
_FOLLOWED_NAME = partial(
    re.compile, rf"(?i)\b(\w+)\s*\+|\{{(?:\w+\.)*(\w+)\}}(?:\s|\\[nrt])*(?:\{{|(?:{_WORDS})\b)".encode()
)


class UnreadableError(Exception):
    """This lexer cannot read the bytes as Python."""


def holds_several_commands(data: bytes) -> bool:
    """Returns whether a string in this Python source may contain several SQL commands. It never raises.

    Adjacent strings, and strings around a `+`, are one text. The fields of an f-string, and other operands of a `+`,
    are unknown text that may be a command. A second command must begin with a word that begins a command in PostgreSQL.
    So prose, markup and styles with semicolons do not count, and neither do docstrings. Returns True for source that
    this lexer cannot read, so that it is parsed.
    """
    try:
        return Strings(data).holds_several_commands()
    except UnreadableError:
        return True


def code(data: bytes) -> bytes:
    """Returns the source without comments and the content of strings. F-strings stay, because they contain code.

    Source that this lexer cannot read is returned unchanged.
    """
    kept = []
    position = 0
    try:
        for start, end in _plain(data, _skipped(data)):
            kept.append(data[position:start])
            # Only the quotes of a string remain, and nothing of a comment.
            kept.append(b"" if data[start] == _HASH else b"''")
            position = end
    except UnreadableError:
        return data
    return b"".join(kept) + data[position:]


class Strings:
    """The strings of one file, and the code between them. The constructor raises UnreadableError."""

    __slots__ = ("_skipped", "data", "strings", "unfinished_names")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._skipped = list(_skipped(data))
        self.strings = [span for span in self._skipped if data[span[0]] != _HASH]
        self.unfinished_names: set[bytes] = set()

    def holds_several_commands(self) -> bool:
        """Returns whether any text may be several commands."""
        if any(self._several(first, last) for first, last in self._chains()):
            return True
        return bool(self.unfinished_names) and self._continues_a_name()

    def outside(self, offsets: Iterable[int]) -> list[int]:
        """Returns those of the ascending `offsets` that are not in a comment or a string. F-strings count as code."""
        kept = []
        spans = _plain(self.data, self._skipped)
        start, end = next(spans, _NOWHERE)
        for offset in offsets:
            while end <= offset:
                start, end = next(spans, _NOWHERE)
            if offset <= start:
                kept.append(offset)
        return kept

    def hold_one_of(self, offsets: Iterable[int]) -> bool:
        """Returns whether one of the `offsets` is inside a string that is not a docstring."""
        for offset in offsets:
            index = bisect_left(self.strings, (offset + 1,)) - 1
            if index >= 0 and offset < self.strings[index][1]:
                before, behind = self._gap(index), self._gap(index + 1)
                if not _is_docstring(index == 0, before, behind):
                    return True
        return False

    def argument(self, offset: int) -> bool | None:
        """Returns whether the argument at `offset` is a text of several commands, or None if it is no single text."""
        first = _LEAD.match(self.data, offset)
        assert first is not None  # It always matches, possibly an empty string.
        start = first.end()
        if self.data[start : start + 1] in _NO_TEXT:
            return False
        index = bisect_left(self.strings, (start,))
        if index == len(self.strings) or self._start(index) != start:
            return None
        last = index + 1
        while last < len(self.strings) and self._joined(last):
            last += 1
        if self._gap(last).lstrip(_BLANKS)[:1] not in (b",", b")"):
            return None
        return self._several(index, last)

    def _start(self, index: int) -> int:
        start = self.strings[index][0]
        return start - len(_prefix(self.data, start))

    def _chains(self) -> Iterator[tuple[int, int]]:
        """Yields the chains of joined strings with a semicolon: the index of the first, and that after the last."""
        find = self.data.find
        after = 0
        semicolon = -1
        for index, (start, end) in enumerate(self.strings):
            if semicolon < start and (semicolon := find(b";", start)) < 0:
                return
            if semicolon >= end or index < after:
                continue
            first, last = index, index + 1
            while first > after and self._joined(first):
                first -= 1
            while last < len(self.strings) and self._joined(last):
                last += 1
            after = last
            yield first, last

    def _gap(self, index: int) -> bytes:
        """Returns the code between the string `index`, or the end of the file, and the string before it."""
        start = self.strings[index - 1][1] if index else 0
        if index == len(self.strings):
            return _COMMENT.sub(b"", self.data[start:])
        end = self.strings[index][0]
        return _COMMENT.sub(b"", self.data[start : end - len(_prefix(self.data, end))])

    def _joined(self, index: int) -> bool:
        gap = self._gap(index)
        return _is_glue(gap) or (_begins_with_plus(gap) and _ends_with_plus(gap))

    def _several(self, first: int, last: int) -> bool:
        runs = [""]
        for index in range(first, last):
            if index > first and not _is_glue(self._gap(index)):
                runs.append("")
            runs[-1] += _text(self.data, self.strings[index][0])
        before, behind = self._gap(first), self._gap(last)
        if _ends_with_plus(before):
            runs[0] = PLACEHOLDER + runs[0]
        if _begins_with_plus(behind):
            runs[-1] += PLACEHOLDER
        if _is_several(PLACEHOLDER.join(runs)) or (len(runs) > 1 and any(map(_is_several, runs))):
            return last - first > 1 or not _is_docstring(first == 0, before, behind)
        self._note_unfinished(runs[-1], before)
        return False

    def _note_unfinished(self, text: str, before: bytes) -> None:
        """Records the name of a text that ends with a semicolon, because other code may append a command to it."""
        name = _assigned_name(before[-200:])
        spans = split(text) if name else None
        if name and spans and ";" in text[spans[-1][1] :]:
            self.unfinished_names.add(name)

    def _continues_a_name(self) -> bool:
        return any((name[1] or name[2]) in self.unfinished_names for name in _FOLLOWED_NAME().finditer(self.data))


def _skipped(data: bytes) -> Iterator[tuple[int, int]]:
    """Yields each string literal and each comment outside of an f-string's fields."""
    search = _OPENING.search
    position = 0
    while opening := search(data, position):
        start, position = opening.span()
        if data[start] != _HASH and (opening[1] or data[start - 1 : start].isalpha()):
            quote = _quote(data, start)
            position = _string_end(data, start + len(quote), quote, _prefix(data, start), 0)
        yield start, position


def _plain(data: bytes, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yields the comments, and the strings that cannot contain code."""
    for start, end in spans:
        if data[start] == _HASH or not _is_formatted(_prefix(data, start)):
            yield start, end


def _text(data: bytes, start: int) -> str:
    """Returns the text of the string whose quote opens at `start`, with placeholders for its fields.

    Each byte above 0x7f becomes one letter, which makes no difference to the rules of SQL.
    """
    prefix = _prefix(data, start).lower()
    quote = _quote(data, start)
    parts: list[bytes] = []
    end = _string_end(data, start + len(quote), quote, prefix, 0, parts)
    body = b"".join(parts) if _is_formatted(prefix) else data[start + len(quote) : end - len(quote)]
    text = body.decode("latin-1")
    return text if b"r" in prefix or "\\" not in text else _ESCAPE().sub(_unescape, text)


def _assigned_name(before: bytes) -> bytes | None:
    """Returns the name to which the following value is assigned, or None."""
    head, equals, rest = before.rpartition(b"=")
    if not equals or rest.strip(_BLANKS + b"\v("):
        return None
    line = head[max(head.rfind(b"="), head.rfind(b"\r"), head.rfind(b"\n")) + 1 :]
    name = _ASSIGNED().search(line)
    return None if name is None else name[1]


def _is_docstring(is_first: bool, before: bytes, behind: bytes) -> bool:
    """Returns whether a string is a statement of its own, such as a docstring, so that its text is not used."""
    if behind.lstrip(b" \t\f")[:1] not in (b"", b"\r", b"\n"):
        return False
    if is_first and not before.removeprefix(b"\xef\xbb\xbf").strip(b" \t\r\n\f"):
        return True
    return _FUNCTION_OR_CLASS().search(before) is not None


def _quote(data: bytes, start: int) -> bytes:
    triple = data[start : start + 3]
    return triple if triple in (b"'''", b'"""') else triple[:1]


def _prefix(data: bytes, position: int) -> bytes:
    """Returns the letters before the quote at `position` that are its prefix."""
    letters = _PREFIX.search(data[max(position - 3, 0) : position])
    return letters[1] if letters and letters[1].lower() in _PREFIXES else b""


def _is_formatted(prefix: bytes) -> bool:
    return bool(prefix) and prefix.lower().strip(b"r") in (b"f", b"t")


def _string_end(
    data: bytes, body: int, quote: bytes, prefix: bytes, level: int, parts: list[bytes] | None = None
) -> int:
    """Returns the end of the literal whose text begins at `body`, and adds the text of an f-string to `parts`."""
    if _is_formatted(prefix):
        return _formatted_end(data, body, quote, level, [] if parts is None else parts)
    match = _BODIES[quote].match(data, body)
    if match is None or not data.startswith(quote, match.end()):
        raise UnreadableError
    return match.end() + len(quote)


def _formatted_end(data: bytes, body: int, quote: bytes, level: int, parts: list[bytes]) -> int:
    """Returns the end of the f-string whose text begins at `body`, and adds its text, with placeholders, to `parts`."""
    search = _F_EDGES[quote]().search
    position = body
    while edge := search(data, position):
        found = edge[0]
        if found == quote:
            parts.append(data[position : edge.start()])
            return edge.end()
        if found in (b"\r", b"\n", b"}"):
            raise UnreadableError
        if found == b"{":
            parts += data[position : edge.start()], PLACEHOLDER.encode()
            position = _field_end(data, edge.end(), level + 1)
            continue
        parts.append(data[position : edge.start()] + (found[:1] if found in (b"{{", b"}}") else found))
        position = edge.end()
    raise UnreadableError


def _field_end(data: bytes, position: int, level: int) -> int:
    """Returns the end of the field whose expression begins at `position`, after its closing brace."""
    if level > _DEEPEST:
        raise UnreadableError
    depth = 0
    while edge := _FIELD_EDGE.search(data, position):
        found = edge[0]
        position = edge.end()
        if found[0] in b"'\"":
            prefix = _prefix(data, edge.start())
            position = _string_end(data, position, found, prefix, level)
        elif found in (b"(", b"[", b"{"):
            depth += 1
        elif found == b"}" and not depth:
            return position
        elif found in (b")", b"]", b"}"):
            depth -= 1
        elif found == b":" and not depth:
            return _format_end(data, position, level)
    raise UnreadableError


def _format_end(data: bytes, position: int, level: int) -> int:
    """Returns the end of the field whose format begins at `position`. Fields count in a format, quotes do not."""
    while edge := _FORMAT_EDGE.search(data, position):
        position = edge.end()
        if edge[0] == b"}":
            return position
        position = _field_end(data, position, level + 1)
    raise UnreadableError


def _is_glue(gap: bytes) -> bool:
    """Returns whether the strings around `gap` are one text. A line end between two statements counts too."""
    rest = gap.strip(_BLANKS)
    return not rest or (b"+" in rest and not rest.strip(_BLANKS + b"()+"))


def _begins_with_plus(gap: bytes) -> bool:
    return gap.lstrip(_BLANKS + b")").startswith(b"+")


def _ends_with_plus(gap: bytes) -> bool:
    return gap.rstrip(_BLANKS + b"(").endswith((b"+", b"+="))


def _is_several(text: str) -> bool:
    if ";" not in text.rstrip(" \t\r\n;"):
        return False
    spans = split(text) or []
    command = _COMMAND()
    return any(command.match(text, start) for start, _ in spans[1:])


def _unescape(match: re.Match[str]) -> str:
    escape = match[1]
    if escape in _ESCAPED:
        return _ESCAPED[escape]
    if escape[0] in "\r\n":
        return ""
    if escape[0] in "xuU":
        return _character(escape[1:], 16)
    # Named characters have no meaning in SQL, or are too rare to justify a table of names.
    return "x" if escape[0] == "N" else _character(escape, 8)


def _character(digits: str, base: int) -> str:
    code = int(digits, base)
    return chr(code) if code <= 0x10FFFF else "x"
