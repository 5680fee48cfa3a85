"""Turns LibCST's calls and dict displays into layouts, and checks that their spans match the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from poolsafe.syntax.layout import ArgumentLayout, CallLayout, DictItemLayout, DictLayout

if TYPE_CHECKING:
    from poolsafe.syntax.tree import Tree


def call_layout(tree: Tree, call: cst.Call) -> CallLayout:
    """Returns the layout of a call; its spans are checked if they are exact.

    Raises ValueError if a span does not match the text, which would be a bug here or in LibCST.
    """
    start, end = tree.span(call)
    arguments = tuple(_argument(tree, argument) for argument in call.args)
    opening = tree.extent(call.whitespace_after_func)[1]
    layout = CallLayout(start, end, opening + 1, end - 1, arguments)
    if tree.exact:
        _check(tree.source.text, opening, "(")
        _check(tree.source.text, layout.close, ")")
    return layout


def dict_layout(tree: Tree, display: cst.Dict) -> DictLayout:
    """Returns the layout of a dict display. Raises ValueError as `call_layout` does."""
    # Each parameter of a large dict needs the same layout.
    found = tree.layouts.get(display)
    if found is None:
        found = tree.layouts[display] = _dict_layout(tree, display)
    return found


def _dict_layout(tree: Tree, display: cst.Dict) -> DictLayout:
    start, end = tree.span(display)
    items = tuple(_item(tree, element) for element in display.elements)
    if tree.exact:
        _check(tree.source.text, start, "{")
        _check(tree.source.text, end - 1, "}")
    return DictLayout(start, end, start + 1, end - 1, items)


def _argument(tree: Tree, argument: cst.Arg) -> ArgumentLayout:
    value_start, value_end = tree.outer_span(argument.value)
    start = tree.span(argument)[0]
    return ArgumentLayout(
        keyword=argument.keyword.value if argument.keyword is not None else None,
        star=argument.star,
        start=start,
        end=value_end,
        value_start=value_start,
        value_end=value_end,
        comma=_comma(tree, argument.comma),
    )


def _item(tree: Tree, element: cst.BaseDictElement) -> DictItemLayout:
    value_start, value_end = tree.outer_span(element.value)
    comma = _comma(tree, element.comma)
    if isinstance(element, cst.DictElement):
        start, key_end = tree.outer_span(element.key)
        return DictItemLayout(_key(element.key), False, start, key_end, value_end, value_start, value_end, comma)
    start = tree.span(element)[0]
    return DictItemLayout(None, True, start, start, value_end, value_start, value_end, comma)


def _key(node: cst.BaseExpression) -> str | None:
    if not isinstance(node, (cst.SimpleString, cst.ConcatenatedString)):
        return None
    key = node.evaluated_value
    return key if isinstance(key, str) else None


def _comma(tree: Tree, comma: cst.Comma | cst.MaybeSentinel) -> int | None:
    if not isinstance(comma, cst.Comma):
        return None
    place = tree.extent(comma.whitespace_before)[1]
    if tree.exact:
        _check(tree.source.text, place, ",")
    return place


def _check(text: str, place: int, expected: str) -> None:
    if text[place : place + 1] != expected:
        raise ValueError(f"expected {expected!r} at offset {place}, found {text[place : place + 1]!r}")
