"""Sets keys of dicts in new or existing displays, around other mappings, and next to other keys."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolsafe.edits.insertion import insert_after, insert_arguments, insert_items, insert_lines
from poolsafe.edits.quoting import preferred_quote
from poolsafe.edits.replacement import replace_text
from poolsafe.edits.wrapping import fitting_line
from poolsafe.findings import Edit
from poolsafe.syntax.layout import CallLayout, DictLayout
from poolsafe.syntax.scan import inside_formatted_string

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poolsafe.source import Source
    from poolsafe.syntax.layout import DictItemLayout, MissingBranch, Place

_NOTHING = frozenset({"None", "{}", "dict()"})
# Keys that belong together. A new one is written next to an existing one.
_RELATED = frozenset({"statement_cache_size", "prepared_statement_cache_size", "prepared_statement_name_func"})


def items_of(values: Mapping[str, str], quote: str) -> list[str]:
    """Returns items in the form `"key": value`; the values are Python source."""
    return [f"{quote}{key}{quote}: {value}" for key, value in values.items()]


def display_of(items: Sequence[str]) -> str:
    """Returns the items as a dict display on one line."""
    return f"{{{', '.join(items)}}}"


def extend_mapping(
    source: Source, span: tuple[int, int], items: Sequence[str], *, may_be_none: bool
) -> tuple[Edit, ...] | None:
    """Returns edits that turn the expression EXPR at `span` into `{**EXPR, items}`, or `{**(EXPR or {}), items}`.

    EXPR itself is not changed. Returns None inside an f-string.
    """
    start, end = span
    text = source.text[start:end]
    if not source.round_trips or not text or inside_formatted_string(source.text, start):
        return None
    if text in _NOTHING:
        return (Edit(start, end, display_of(items)),)
    opening, closing = _wrapping(text, may_be_none=may_be_none)
    return (Edit(start, start, f"{{{opening}"), Edit(end, end, f"{closing}, {', '.join(items)}}}"))


def complete_display(
    source: Source, display: DictLayout, values: Mapping[str, str], quote: str
) -> tuple[Edit, ...] | None:
    """Returns edits that change existing keys in a display, and add the others next to related keys or at the end."""
    edits: list[Edit] = []
    missing: dict[str, str] = {}
    for key, value in values.items():
        item = _winning_item(display, key)
        if item is None:
            missing[key] = value
            continue
        edit = replace_text(source, (item.value_start, item.value_end), value)
        if edit is None:
            return None
        edits.append(edit)
    if missing:
        inserted = insert_items(source, display, items_of(missing, quote), _last_related(display, missing))
        if inserted is None:
            return None
        edits += inserted
    return tuple(edits)


def _winning_item(display: DictLayout, key: str) -> DictItemLayout | None:
    """Returns the item that sets a key, or None if a `**` or an unknown key may override it."""
    for item in reversed(display.items):
        if item.key == key:
            return item
        if item.key is None:
            return None
    return None


def _last_related(display: DictLayout, values: Mapping[str, str]) -> int | None:
    """Returns the index of the last item related to the new ones, or None if there is none, or a `**` after it."""
    if values.keys() <= _RELATED:
        for index in reversed(range(len(display.items))):
            key = display.items[index].key
            if key is None or key in _RELATED:
                return index if key is not None else None
    return None


def set_beside(source: Source, place: Place, values: Mapping[str, str]) -> tuple[Edit, ...] | None:
    """Returns edits that set keys next to those that a place already sets, or None inside an f-string."""
    quote = preferred_quote(source, place.start, place.end)
    if isinstance(place, CallLayout):
        return insert_arguments(source, place, [f"{key}={value}" for key, value in values.items()])
    if isinstance(place, DictLayout):
        return insert_items(source, place, items_of(values, quote), _last_related(place, values))
    if not source.round_trips or inside_formatted_string(source.text, place.start):
        return None
    statements = [
        f"{place.opening}{quote}{key}{quote}{place.middle}{value}{place.closing}" for key, value in values.items()
    ]
    indent = source.text[source.line_start(place.start) : place.start]
    if place.alone:
        statements = [fitting_line(source, indent + one)[len(indent) :] for one in statements]
    return insert_after(source, place, statements)


def set_otherwise(source: Source, branch: MissingBranch, values: Mapping[str, str]) -> tuple[Edit, ...] | None:
    """Returns edits that add an `else` that sets keys of a dict, or None if the file cannot be written."""
    if not source.round_trips:
        return None
    quote = preferred_quote(source, branch.start, branch.end)
    lines = (
        fitting_line(source, f"{branch.inner}{branch.opening}{quote}{key}{quote}{branch.middle}{value}")
        for key, value in values.items()
    )
    return insert_lines(source, branch.end, (f"{branch.indent}else:", *lines))


def _wrapping(text: str, *, may_be_none: bool) -> tuple[str, str]:
    if not may_be_none:
        return ("**", "") if _parses(f"{{**{text}\n}}") else ("**(", ")")
    # A conditional, a lambda or an assignment needs parentheses on the left of `or`.
    if _parses(f"{{**{text}\n}}") or _is_alternative(text):
        return "**(", " or {})"
    return "**((", ") or {})"


def _parses(text: str) -> bool:
    """Returns whether the running Python can parse an expression. Newer syntax only gets unneeded parentheses."""
    try:
        ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _is_alternative(text: str) -> bool:
    return _parses(text) and isinstance(ast.parse(text, mode="eval").body, ast.BoolOp | ast.Compare)
