"""Finds the secrets in Python source, by the name, key or parameter that each literal is bound to.

The literals of one expression are read as one text, in their order, with a hole for each part that is not a literal, so
that a URL is found however it is composed. Hiding too much does no harm, so if the syntax is ambiguous, the value next
to the name of a secret counts as a secret.
"""

from __future__ import annotations

import re
from keyword import kwlist

from poolsafe.reports.secrets.literals import NEWLINE, Group, Number, Reader, Text
from poolsafe.reports.secrets.secret_names import is_secret
from poolsafe.reports.secrets.secret_operands import (
    elements,
    has_parameter,
    is_labelled,
    is_option,
    names_secret,
    parameters,
    split,
)
from poolsafe.reports.secrets.secret_texts import FIELDS, HOLE, search
from poolsafe.reports.secrets.text_runs import Run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from poolsafe.reports.secrets.literals import Item, Span

# Calls that take a secret by position: the name of the function, and the index of the parameter, from 0.
POSITIONAL = {
    "create": 2,  # sqlalchemy.URL.create(drivername, username, password)
    "URL": 2,  # the same before SQLAlchemy 1.4
    "BasicAuth": 1,
    "HTTPBasicAuth": 1,
    "login": 1,
}
# Calls whose result contains the text of an argument.
_TRANSPARENT = frozenset({"bytes", "quote", "quote_plus", "repr", "str", "text"})
# Calls that compare their arguments, or their receiver with an argument.
_COMPARING = frozenset(
    {"assertEqual", "assertNotEqual", "compare_digest", "endswith", "is_", "is_distinct_from", "startswith", "__eq__"}
)
# Calls whose arguments are an SQL command and the values of its parameters.
_EXECUTING = frozenset(
    {"exec_driver_sql", "execute", "executemany", "fetch", "fetchrow", "fetchval", "mogrify", "scalar", "scalars"}
)
_HEADERS = frozenset(
    {"if", "elif", "while", "for", "with", "try", "except", "else", "finally", "def", "class", "match", "case", "async"}
)
_EQUAL = ("==", "!=", "in")
_BINDING = ("=", ":", ":=", "+=", "%=", "|=", *_EQUAL)
_CHOICES = ("or", "else")
# Words that are not operands: brackets after them are not a call.
_KEYWORDS = frozenset(kwlist) - {"None", "True", "False"}


def spans(text: str) -> list[Span]:
    """Returns the spans of the secrets of a source, in any order. They may overlap."""
    return _Search(text).found


class _Search:
    def __init__(self, text: str, *, nested: bool = False) -> None:
        """Searches `text`. `nested` marks code from a comment or a string. Its own comments are searched as text."""
        self.found: list[Span] = []
        self._text = text
        self._nested = nested
        self._matching = False
        self._in_place = False
        reader = Reader(text)
        self._parameters = parameters(reader.root.items)
        for statement in split(reader.root.items, (NEWLINE, ";")):
            self._statement(statement)
        for start, end in _blocks(text, reader.comments):
            self._comment(start, end)

    def _comment(self, start: int, end: int) -> None:
        """Searches a block of comments as text, and as code that was commented out."""
        block = re.sub(r"(?m)^[ \t]*#+", _blank, self._text[start:end])
        self.found += [(start + first, start + last) for first, last in search(block).spans]
        self._code(block, start)

    def _code(self, text: str, start: int) -> None:
        """Searches the text of a comment or a string, which begins at `start`, as code."""
        if not self._nested:
            self.found += [(start + first, start + last) for first, last in _Search(text, nested=True).found]

    def _statement(self, items: Sequence[Item]) -> None:
        if items and items[0] in _HEADERS:
            for index, item in enumerate(items):
                if item == ":":
                    if items[0] == "match":
                        self._matching = names_secret(items[1:index])
                    secret = items[0] == "case" and self._matching
                    self._bind(items[:index], secret=secret)
                    items = items[index + 1 :]
                    break
        self._bind(items, secret=False)

    def _bind(self, items: Sequence[Item], *, secret: bool) -> None:
        """Reads a statement, or the text between two commas: names and their values."""
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
        named = equal and any(names_secret(part, keys=False) for part in (*parts, value))
        for part in parts:
            self._value(part, secret=secret or named)
        self._assign(parts, value, secret=secret or named)

    def _assign(self, targets: Sequence[Sequence[Item]], value: Sequence[Item], *, secret: bool) -> None:
        names = [elements(target) for target in targets]
        values = elements(value) if any(len(each) > 1 for each in names) else [value]
        each_secret = [secret] * len(values)
        for each, target in zip(names, targets, strict=True):
            if len(each) == len(values) and not any("*" in name for name in each):
                each_secret = [one or names_secret(name) for one, name in zip(each_secret, each, strict=True)]
            elif names_secret(target):
                each_secret = [True] * len(values)
        for element, one in zip(values, each_secret, strict=True):
            self._value(element, secret=one)

    def _value(self, items: Sequence[Item], *, secret: bool) -> None:
        """Reads an expression."""
        if not items:
            return
        # `password or "..."`: one of them is the secret.
        secret = secret or (any(sign in items for sign in _CHOICES) and names_secret(items))
        run = Run()
        self._read(items, run, secret=secret)
        self._search(run)

    def _search(self, run: Run) -> None:
        if all(place is None for _, place in run.pieces):
            return
        found = search(run.text())
        for start, end in found.spans:
            self.found += run.original(start, end)
        # `f"://user:{getenv('X', '...')}@"`: everything inside is a secret then, so it is only read once.
        if not self._in_place:
            self._in_place = True
            for start, end in found.places:
                self._elements(tuple(run.operands(start, end)), secret=True)
            self._in_place = False

    def _read(self, items: Sequence[Item], run: Run, *, secret: bool) -> None:
        """Adds the literals of an expression to the run, and reads the content of its brackets."""
        template = 0  # Where the last operand begins in the run. It is a template if `%` or `.format` follows.
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
                secret = secret or search(run.text(template)).template
                run.add(HOLE)
            elif item != "+":
                run.add(HOLE)

    def _literal(self, text: Text, run: Run, *, secret: bool) -> None:
        for part in text.parts:
            if isinstance(part, Group):
                if len(part.items) != 1 or not isinstance(part.items[0], Text):
                    run.add(HOLE)
                self._read(part.items, run, secret=secret)
                continue
            start, end = part
            run.add(self._text[start:end], start)
            if not self._nested and self._text.find(">>>", start, end) >= 0:
                # The code after the prompts in a docstring.
                self._code(re.sub(r"(?m)^[ \t]*(?:>>>|\.\.\.)", _blank, self._text[start:end]), start)
            if secret and FIELDS.fullmatch(self._text, start, end) is None:
                self.found.append(part)

    def _group(self, group: Group, before: Sequence[Item], run: Run, template: int, *, secret: bool) -> None:
        last = before[-1] if before else None
        operand = isinstance(last, Text | Group) or (
            isinstance(last, str) and last.isidentifier() and last not in _KEYWORDS
        )
        segments = split(group.items, (",",))
        if not operand and len(segments) < 2 and group.kind == "(":
            # `(token := "...")`, `(a if password == "..." else b)`
            named = any(map(_is_binding, group.items)) and names_secret(group.items, keys=False)
            self._read(group.items, run, secret=secret or named)
        elif not operand:
            run.hold(segments)
            self._elements(segments, secret=secret)
        elif group.kind == "(":
            self._call(segments, before, run, template, secret=secret)
        else:
            # The expression between the brackets of `d[...]` is a key.
            run.add(HOLE)
            self._elements(segments, secret=False)

    def _call(
        self, segments: Sequence[Sequence[Item]], before: Sequence[Item], run: Run, template: int, *, secret: bool
    ) -> None:
        name = before[-1] if isinstance(before[-1], str) else ""
        method = len(before) > 2 and before[-2] == "." and isinstance(before[-3], Text | Group)
        if name == "join" and method and len(segments) == 1:
            self._join(segments[0], run, template, secret=secret)
            return
        if name in ("format", "format_map") and method:
            self._elements(segments, secret=secret or search(run.text(template)).template)
            return
        if name == "replace" and method:
            self._elements(segments, secret=secret or bool(search(run.text(template)).places))
            return
        if name in _TRANSPARENT and len(segments) == 1:
            self._read(segments[0], run, secret=secret)
            return
        # The first argument may be the name of a secret that is looked up.
        run.hold(segments[1:])
        compared = name in _COMPARING and any(names_secret(each, keys=False) for each in (before[:-1], *segments))
        executed = name in _EXECUTING and bool(segments) and has_parameter(segments[0], self._text)
        secret = secret or compared or executed or any(map(is_option, segments))
        place = POSITIONAL.get(name)
        places = self._parameters.get(name, frozenset()) or frozenset(() if place is None else (place,))
        self._elements(segments, secret=secret or is_secret(name), places=places)

    def _join(self, items: Sequence[Item], run: Run, template: int, *, secret: bool) -> None:
        """Joins the elements of a list with the separator that the run contains from `template` on."""
        separator = run.text(template).replace(HOLE, "")
        inner = items[0] if len(items) == 1 else None
        parts = split(inner.items, (",",)) if isinstance(inner, Group) else [items]
        joined = Run()
        for index, element in enumerate(parts):
            if index:
                joined.add(separator)
            self._read(element, joined, secret=secret)
        self._search(joined)
        run.add(HOLE)

    def _elements(
        self, segments: Sequence[Sequence[Item]], *, secret: bool, places: frozenset[int] = frozenset()
    ) -> None:
        secret = secret or any(map(is_labelled, segments))
        for index, segment in enumerate(segments):
            self._bind(segment, secret=secret or (index in places and "=" not in segment))
            # `getenv("PASSWORD", ...)`, `("password", ...)`
            secret = secret or (len(segment) == 1 and isinstance(segment[0], Text) and names_secret(segment))


def _is_binding(item: Item) -> bool:
    return isinstance(item, str) and item in _BINDING


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _blocks(text: str, comments: Sequence[Span]) -> Iterable[Span]:
    """Yields the spans of comments; comments on consecutive lines are one span."""
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
