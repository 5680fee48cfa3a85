"""The secrets of Python source: which name, key or parameter each literal is bound to, and what texts they make up.

The literals of one expression are read as one text, in their order, with a hole for what is not a literal: a URL is
found however it is put together. To hide a word too many costs nothing, so where the syntax is open, what is next to
the name of a secret counts as one.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from keyword import kwlist

from poolsafe.reports.secrets.literals import NEWLINE, Group, Number, Reader, Text
from poolsafe.reports.secrets.secret_names import is_secret
from poolsafe.reports.secrets.secret_texts import FIELDS, HOLE, search

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from poolsafe.reports.secrets.literals import Item, Span

# Calls that hand a secret over by position: the name that is called, and the parameter's place, from 0.
POSITIONAL = {
    "create": 2,  # sqlalchemy.URL.create(drivername, username, password)
    "URL": 2,  # the same before SQLAlchemy 1.4
    "BasicAuth": 1,
    "HTTPBasicAuth": 1,
    "login": 1,
}
# Calls whose result holds the text that they are given.
_TRANSPARENT = frozenset({"bytes", "quote", "quote_plus", "repr", "str", "text"})
# Calls that compare what they are called on, or given, with each other.
_COMPARING = frozenset(
    {"assertEqual", "assertNotEqual", "compare_digest", "endswith", "is_", "is_distinct_from", "startswith", "__eq__"}
)
# Calls that are given an SQL command and then the values of its parameters.
_EXECUTING = frozenset(
    {"exec_driver_sql", "execute", "executemany", "fetch", "fetchrow", "fetchval", "mogrify", "scalar", "scalars"}
)
# Keys and parameters that say what the value next to them is called: `Field("...", alias="password")`.
_LABELS = frozenset({"alias", "env", "envvar", "key", "name", "validation_alias"})
_HEADERS = frozenset(
    {"if", "elif", "while", "for", "with", "try", "except", "else", "finally", "def", "class", "match", "case", "async"}
)
_EQUAL = ("==", "!=", "in")
_BINDING = ("=", ":", ":=", "+=", "%=", "|=", *_EQUAL)
_CHOICES = ("or", "else")
# Words that are no operands: what follows in brackets is not a call.
_KEYWORDS = frozenset(kwlist) - {"None", "True", "False"}


def spans(text: str) -> list[Span]:
    """Returns where the secrets of a source stand, in no order; spans may overlap."""
    return _Search(text).found


class _Run:
    """The text that an expression makes up: literals in their order, each with its place in the source.

    `held` are the operands that a hole stands for, by the index of its piece.
    """

    __slots__ = ("_length", "held", "pieces", "starts")

    def __init__(self) -> None:
        self.held: dict[int, list[Sequence[Item]]] = {}
        self.pieces: list[tuple[str, int | None]] = []
        self.starts: list[int] = []
        self._length = 0

    def add(self, text: str, place: int | None = None) -> None:
        if not text or (text == HOLE and self.pieces and self.pieces[-1][0] == HOLE):
            return
        self.starts.append(self._length)
        self.pieces.append((text, place))
        self._length += len(text)

    def hold(self, operands: Sequence[Sequence[Item]]) -> None:
        """Add a hole for an expression that may return one of these operands."""
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
        """Yields the operands that the holes from `start` to `end` stand for."""
        for index in self._between(start, end):
            yield from self.held.get(index, ())

    def _between(self, start: int, end: int) -> range:
        return range(bisect_right(self.starts, start) - 1, bisect_left(self.starts, end))


class _Search:
    def __init__(self, text: str, *, nested: bool = False) -> None:
        """Search `text`, which is `nested` if it is code inside a comment or a string: that of such code is none."""
        self.found: list[Span] = []
        self._text = text
        self._nested = nested
        self._matching = False
        self._in_place = False
        reader = Reader(text)
        self._parameters = _parameters(reader.root.items)
        for statement in _split(reader.root.items, (NEWLINE, ";")):
            self._statement(statement)
        for start, end in _blocks(text, reader.comments):
            self._comment(start, end)

    def _comment(self, start: int, end: int) -> None:
        """Search a block of comments as text, and as the code that it may have been."""
        block = re.sub(r"(?m)^[ \t]*#+", _blank, self._text[start:end])
        self.found += [(start + first, start + last) for first, last in search(block).spans]
        self._code(block, start)

    def _code(self, text: str, start: int) -> None:
        """Search the text of a comment or a string, which begins at `start`, as code."""
        if not self._nested:
            self.found += [(start + first, start + last) for first, last in _Search(text, nested=True).found]

    def _statement(self, items: Sequence[Item]) -> None:
        if items and items[0] in _HEADERS:
            for index, item in enumerate(items):
                if item == ":":
                    if items[0] == "match":
                        self._matching = _names_secret(items[1:index])
                    secret = items[0] == "case" and self._matching
                    self._bind(items[:index], secret=secret)
                    items = items[index + 1 :]
                    break
        self._bind(items, secret=False)

    def _bind(self, items: Sequence[Item], *, secret: bool) -> None:
        """Read what is between two commas, or a statement: names, and what is given to them."""
        parts: list[Sequence[Item]] = []
        equal = False
        start = 0
        in_lambda = False
        for index, item in enumerate(items):
            in_lambda = in_lambda or item == "lambda"
            if _is_binding(item) and not (in_lambda and item == ":"):
                parts.append(items[start:index])
                equal = equal or item in _EQUAL
                start = index + 1
        value = items[start:]
        if not parts:
            self._value(value, secret=secret)
            return
        # Either side of a comparison can be the name.
        named = equal and any(_names_secret(part, keys=False) for part in (*parts, value))
        for part in parts:
            self._value(part, secret=secret or named)
        self._assign(parts, value, secret=secret or named)

    def _assign(self, targets: Sequence[Sequence[Item]], value: Sequence[Item], *, secret: bool) -> None:
        names = [_elements(target) for target in targets]
        values = _elements(value) if any(len(each) > 1 for each in names) else [value]
        each_secret = [secret] * len(values)
        for each, target in zip(names, targets, strict=True):
            if len(each) == len(values) and not any("*" in name for name in each):
                each_secret = [one or _names_secret(name) for one, name in zip(each_secret, each, strict=True)]
            elif _names_secret(target):
                each_secret = [True] * len(values)
        for element, one in zip(values, each_secret, strict=True):
            self._value(element, secret=one)

    def _value(self, items: Sequence[Item], *, secret: bool) -> None:
        """Read an expression."""
        if not items:
            return
        # `password or "..."`: one of them is the secret.
        secret = secret or (any(sign in items for sign in _CHOICES) and _names_secret(items))
        run = _Run()
        self._read(items, run, secret=secret)
        self._search(run)

    def _search(self, run: _Run) -> None:
        if all(place is None for _, place in run.pieces):
            return
        found = search(_text(run.pieces))
        for start, end in found.spans:
            self.found += run.original(start, end)
        # `f"://user:{getenv('X', '...')}@"`. Once is enough: whatever is inside is a secret then.
        if not self._in_place:
            self._in_place = True
            for start, end in found.places:
                self._elements(tuple(run.operands(start, end)), secret=True)
            self._in_place = False

    def _read(self, items: Sequence[Item], run: _Run, *, secret: bool) -> None:
        """Add the literals of an expression to the run, and read what is inside its brackets."""
        template = 0  # Where in the run the last operand begins: a template, if `%` or `.format` follows.
        for index, item in enumerate(items):
            before = items[index - 1] if index else None
            if isinstance(item, Text):
                template = template if isinstance(before, Text) else len(run.pieces)
                self._literal(item, run, secret=secret)
            elif isinstance(item, Number):
                run.add(HOLE)
                if secret:
                    self.found.append(item.span)
            elif isinstance(item, Group):
                start, template = template, len(run.pieces)
                self._group(item, items[max(0, index - 3) : index], run, start, secret=secret)
            elif item == "%" and isinstance(before, Text | Group):
                secret = secret or search(_text(run.pieces[template:])).template
                run.add(HOLE)
            elif item != "+":
                run.add(HOLE)

    def _literal(self, text: Text, run: _Run, *, secret: bool) -> None:
        for part in text.parts:
            if isinstance(part, Group):
                if len(part.items) != 1 or not isinstance(part.items[0], Text):
                    run.add(HOLE)
                self._read(part.items, run, secret=secret)
                continue
            start, end = part
            run.add(self._text[start:end], start)
            if not self._nested and self._text.find(">>>", start, end) >= 0:
                # What follows the prompts of a docstring.
                self._code(re.sub(r"(?m)^[ \t]*(?:>>>|\.\.\.)", _blank, self._text[start:end]), start)
            if secret and FIELDS.fullmatch(self._text, start, end) is None:
                self.found.append(part)

    def _group(self, group: Group, before: Sequence[Item], run: _Run, template: int, *, secret: bool) -> None:
        last = before[-1] if before else None
        operand = isinstance(last, Text | Group) or (
            isinstance(last, str) and last.isidentifier() and last not in _KEYWORDS
        )
        segments = _split(group.items, (",",))
        if not operand and len(segments) < 2 and group.kind == "(":
            # `(token := "...")`, `(a if password == "..." else b)`
            named = any(map(_is_binding, group.items)) and _names_secret(group.items, keys=False)
            self._read(group.items, run, secret=secret or named)
        elif not operand:
            run.hold(segments)
            self._elements(segments, secret=secret)
        elif group.kind == "(":
            self._call(segments, before, run, template, secret=secret)
        else:
            # What is between the brackets of `d[...]` is a key.
            run.add(HOLE)
            self._elements(segments, secret=False)

    def _call(
        self, segments: Sequence[Sequence[Item]], before: Sequence[Item], run: _Run, template: int, *, secret: bool
    ) -> None:
        name = before[-1] if isinstance(before[-1], str) else ""
        method = len(before) > 2 and before[-2] == "." and isinstance(before[-3], Text | Group)
        if name == "join" and method and len(segments) == 1:
            self._join(segments[0], run, template, secret=secret)
            return
        if name in ("format", "format_map") and method:
            self._elements(segments, secret=secret or search(_text(run.pieces[template:])).template)
            return
        if name == "replace" and method:
            self._elements(segments, secret=secret or bool(search(_text(run.pieces[template:])).places))
            return
        if name in _TRANSPARENT and len(segments) == 1:
            self._read(segments[0], run, secret=secret)
            return
        # The first argument may be the name of what is looked up.
        run.hold(segments[1:])
        compared = name in _COMPARING and any(_names_secret(each, keys=False) for each in (before[:-1], *segments))
        executed = name in _EXECUTING and bool(segments) and _has_parameter(segments[0], self._text)
        secret = secret or compared or executed or any(map(_is_option, segments))
        place = POSITIONAL.get(name)
        places = self._parameters.get(name, frozenset()) or frozenset(() if place is None else (place,))
        self._elements(segments, secret=secret or is_secret(name), places=places)

    def _join(self, items: Sequence[Item], run: _Run, template: int, *, secret: bool) -> None:
        """Put the elements of a list together, with the separator that the run holds from `template` on."""
        separator = _text(run.pieces[template:]).replace(HOLE, "")
        inner = items[0] if len(items) == 1 else None
        elements = _split(inner.items, (",",)) if isinstance(inner, Group) else [items]
        joined = _Run()
        for index, element in enumerate(elements):
            if index:
                joined.add(separator)
            self._read(element, joined, secret=secret)
        self._search(joined)
        run.add(HOLE)

    def _elements(
        self, segments: Sequence[Sequence[Item]], *, secret: bool, places: frozenset[int] = frozenset()
    ) -> None:
        secret = secret or any(map(_is_labelled, segments))
        for index, segment in enumerate(segments):
            self._bind(segment, secret=secret or (index in places and "=" not in segment))
            # `getenv("PASSWORD", ...)`, `("password", ...)`
            secret = secret or (len(segment) == 1 and isinstance(segment[0], Text) and _names_secret(segment))


def _is_binding(item: Item) -> bool:
    return isinstance(item, str) and item in _BINDING


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _text(pieces: Sequence[tuple[str, int | None]]) -> str:
    return "".join(text for text, _ in pieces)


def _names_secret(items: Sequence[Item], *, keys: bool = True) -> bool:
    """Returns whether a target, or an operand, is called a secret. With `keys`, strings count as names too."""
    for index, item in enumerate(items):
        if isinstance(item, str):
            found = is_secret(item)
        elif isinstance(item, Text):
            found = keys and _is_secret_key(item)
        else:
            # The arguments of a call say nothing of its result.
            called = isinstance(item, Number) or (item.kind == "(" and index > 0)
            subscript = isinstance(item, Group) and item.kind == "[" and index > 0
            found = not called and isinstance(item, Group) and _names_secret(item.items, keys=keys or subscript)
        if found:
            return True
    return False


def _is_secret_key(text: Text) -> bool:
    return text.key is not None and is_secret(text.key)


def _is_option(segment: Sequence[Item]) -> bool:
    """Returns whether an argument is the name of a command line's option for a secret: `"--password"`."""
    text = segment[0]
    return len(segment) == 1 and isinstance(text, Text) and (text.key or "").startswith("--") and _is_secret_key(text)


def _is_labelled(segment: Sequence[Item]) -> bool:
    """Returns whether a segment calls what is next to it a secret: `alias="password"`, `"name": "DB_PASSWORD"`."""
    if len(segment) != 3 or segment[1] not in ("=", ":") or not isinstance(segment[2], Text):
        return False
    label = segment[0].key if isinstance(segment[0], Text) else segment[0]
    return label in _LABELS and _is_secret_key(segment[2])


def _has_parameter(items: Sequence[Item], source: str) -> bool:
    """Returns whether an SQL command, or `text` of one, has a parameter where a secret belongs."""
    if len(items) > 1 and isinstance(items[-1], Group):
        items = items[-1].items
    spans = [part for item in items if isinstance(item, Text) for part in item.parts if isinstance(part, tuple)]
    return search("".join(source[start:end] for start, end in spans)).parameter


def _elements(items: Sequence[Item]) -> list[Sequence[Item]]:
    """Split a tuple or a list into its elements; anything else is one."""
    if len(items) == 1 and isinstance(items[0], Group) and items[0].kind in ("(", "["):
        items = items[0].items
    return _split(items, (",",))


def _split(items: Sequence[Item], signs: tuple[str, ...]) -> list[Sequence[Item]]:
    """Split at signs; what is empty falls away."""
    parts: list[Sequence[Item]] = []
    start = 0
    for index, item in enumerate(items):
        if isinstance(item, str) and item in signs:
            parts.append(items[start:index])
            start = index + 1
    parts.append(items[start:])
    return [part for part in parts if part]


def _parameters(items: Sequence[Item]) -> dict[str, frozenset[int]]:
    """Returns the places of the parameters that are called secrets, of the functions and classes of a source."""
    found: dict[str, frozenset[int]] = {}
    owner = ""
    for index, item in enumerate(items[:-2]):
        name, parameters = items[index + 1], items[index + 2]
        if item == "class" and isinstance(name, str):
            owner = name
        if item != "def" or not isinstance(name, str) or not isinstance(parameters, Group):
            continue
        names = [segment[0] for segment in _split(parameters.items, (",",))]
        names = names[1:] if names[:1] in (["self"], ["cls"]) else names
        places = frozenset(place for place, each in enumerate(names) if isinstance(each, str) and is_secret(each))
        if places:
            found[owner if name == "__init__" else name] = places
    return found


def _blocks(text: str, comments: Sequence[Span]) -> Iterable[Span]:
    """Yields the spans of comments, those of lines that follow one another as one."""
    start = end = 0
    for first, last in comments:
        if end and text[end : first - 1].isspace():
            end = last
            continue
        if end:
            yield start, end
        start, end = first, last
    if end:
        yield start, end
