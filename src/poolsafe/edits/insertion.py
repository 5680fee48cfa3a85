"""Inserts arguments into calls and items into dict displays, laid out like their neighbours.

Only white space, one comma, comments and backslashes can be between the last element and the closing bracket, so
functions on plain text are sufficient.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from poolsafe.findings import Edit
from poolsafe.syntax.scan import inside_formatted_string

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poolsafe.source import Source
    from poolsafe.syntax.layout import ArgumentLayout, CallLayout, DictItemLayout, DictLayout, ItemStatement

Edits = tuple[Edit, ...]

_LINE_END = re.compile(r"\r\n?|\n|\Z")
_BLANK = re.compile(r"[ \t\f]*")


def insert_arguments(source: Source, call: CallLayout, new: Sequence[str]) -> Edits | None:
    """Returns edits that add arguments of the form `name=value` to the end of a call, but before `**` arguments.

    Returns None if the call is in an f-string, has a bare generator as its argument, or does not match the text.
    """
    if not _matches(source, call, "()") or _has_bare_generator(source, call):
        return None
    elements = call.arguments
    spreads = next((place for place, argument in enumerate(elements) if argument.star == "**"), len(elements))
    if 0 < spreads < len(elements):
        return (_before(source, elements[spreads], new),)
    return _append(source, call, elements, new)


def insert_items(source: Source, display: DictLayout, new: Sequence[str], after: int | None = None) -> Edits | None:
    """Returns edits that add items of the form `key: value` to a dict display, after the item with an index.

    Without an index, they are added at the end, where they take precedence. Returns None in the same cases as
    `insert_arguments`.
    """
    if not _matches(source, display, "{}"):
        return None
    following = display.items[after + 1 :] if after is not None else ()
    if after is not None and following:
        between = _between(source, display, display.items[after], following[0], new)
        if between is not None:
            return (between,)
    return _append(source, display, display.items, new)


def insert_after(source: Source, statement: ItemStatement, new: Sequence[str]) -> Edits:
    """Returns edits that add statements after one: on their own lines, or after a semicolon if it shares its line."""
    if not statement.alone:
        return (Edit(statement.end, statement.end, "".join(f"; {text}" for text in new)),)
    start = source.line_start(statement.start)
    indent = source.text[start : statement.start]
    return insert_lines(source, statement.end, [f"{indent}{text}" for text in new])


def insert_lines(source: Source, offset: int, lines: Sequence[str]) -> Edits:
    """Returns edits that add lines after the one that contains an offset."""
    end = _LINE_END.search(source.text, offset)
    assert end is not None
    place = end.start()
    return (Edit(place, place, "".join(f"{source.newline}{line}" for line in lines)),)


def _matches(source: Source, layout: CallLayout | DictLayout, brackets: str) -> bool:
    text = source.text
    if text[layout.open - 1 : layout.open] + text[layout.close : layout.close + 1] != brackets:
        return False
    return source.round_trips and not inside_formatted_string(text, layout.start)


def _has_bare_generator(source: Source, call: CallLayout) -> bool:
    if len(call.arguments) != 1:
        return False
    value = source.text[call.arguments[0].value_start : call.arguments[0].value_end]
    if not re.search(r"\bfor\b", value):
        return False
    import ast

    try:
        # A bare generator may only be the sole argument of a call.
        ast.parse(f"({value}\n, 0)", mode="eval")
    except SyntaxError:
        return True
    return False


def _before(source: Source, element: ArgumentLayout, new: Sequence[str]) -> Edit:
    indent = _indent_of(source, element.start)
    separator = ", " if indent is None else f",{source.newline}{indent}"
    return Edit(element.start, element.start, "".join(text + separator for text in new))


def _between(
    source: Source, display: DictLayout, item: DictItemLayout, following: DictItemLayout, new: Sequence[str]
) -> Edit | None:
    """Returns an edit that adds items between two others, on their line or on new lines, or None if neither works."""
    assert item.comma is not None
    place = item.comma + 1
    if source.line_start(following.start) <= item.comma:
        return Edit(place, place, "".join(f" {text}," for text in new))
    end, indent = _end_of_own_line(source, display, item), _indent_of(source, item.start)
    if end is None or indent is None:
        return None
    return Edit(end, end, "".join(f"{source.newline}{indent}{text}," for text in new))


def _append(
    source: Source,
    layout: CallLayout | DictLayout,
    elements: Sequence[ArgumentLayout | DictItemLayout],
    new: Sequence[str],
) -> Edits:
    if not elements:
        return (_into_empty(source, layout, new),)
    last = elements[-1]
    place = _end_of_own_line(source, layout, last)
    indent = _indent_of(source, last.start)
    if indent is None:
        return (Edit(last.end, last.end, "".join(f", {text}" for text in new)),)
    lines = [f"{source.newline}{indent}{text}" for text in new]
    if place is None:
        return (Edit(last.end, last.end, "".join(f",{line}" for line in lines)),)
    if last.comma is not None:
        return (Edit(place, place, "".join(f"{line}," for line in lines)),)
    content = ",".join(lines)
    if len(elements) == 1:
        # Formatters add a comma after the last of several elements, but not after a single one.
        content += ","
    if place == last.end:
        return (Edit(place, place, f",{content}"),)
    return (Edit(last.end, last.end, ","), Edit(place, place, content))


def _end_of_own_line(
    source: Source, layout: CallLayout | DictLayout, last: ArgumentLayout | DictItemLayout
) -> int | None:
    """Returns the end of the line on which the last element ends, after its comma and its comment.

    Returns None if the closing bracket is on that line, or if the line ends with a backslash.
    """
    after = last.end if last.comma is None else last.comma + 1
    if "\n" in source.text[last.end : after] or "\r" in source.text[last.end : after]:
        return None
    end = _LINE_END.search(source.text, after)
    assert end is not None
    if end.start() > layout.close or source.text[after : end.start()].rstrip(" \t\f").endswith("\\"):
        return None
    return end.start()


def _into_empty(source: Source, layout: CallLayout | DictLayout, new: Sequence[str]) -> Edit:
    """Fills empty brackets. If they contain comments, the content gets its own lines after the comments."""
    inside = source.text[layout.open : layout.close]
    if not inside.strip():
        return Edit(layout.open, layout.close, ", ".join(new))
    start = source.line_start(layout.close)
    closing_indent = source.text[start : layout.close]
    comment_indent = re.search(r"[\r\n]([ \t]*)#", inside)
    indent = comment_indent[1] if comment_indent else f"{closing_indent}    "
    return Edit(start, start, "".join(f"{indent}{text},{source.newline}" for text in new))


def _indent_of(source: Source, offset: int) -> str | None:
    """Returns the white space before `offset` if nothing else precedes it on its line."""
    start = source.line_start(offset)
    before = source.text[start:offset]
    return before if _BLANK.fullmatch(before) else None
