"""Finds the code in the file that writes values for asyncpg: dict items and URLs that a fix can change."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from poolsafe.facts.engine import Written, WrittenItem, WrittenText
from poolsafe.facts.views import as_python
from poolsafe.inference import MappingValue, Module, Step, Value
from poolsafe.syntax.call_layout import call_layout, dict_layout
from poolsafe.syntax.layout import CallLayout, DictLayout

_STRINGS = (cst.SimpleString, cst.FormattedString)
# Finding one key takes time proportional to the number of keys, and no real connect_args has this many.
_MOST_KEYS = 64


def written_item(module: Module, call: cst.Call, content: MappingValue, key: str) -> Written | None:
    """Returns the item that sets `key` in the dict, or None if it is not certainly written in this file."""
    node = written_dict(module, content) if len(content.items) <= _MOST_KEYS else None
    if node is None or key not in content.items:
        return None
    layout, values = _layout(module, node)
    names = layout.names
    # If a key is written twice, or next to unknown keys, it is unknown which item counts.
    if names.count(key) != 1 or None in names:
        return None
    index = names.index(key)
    if not _is_written_as(module, values[index], content.items[key]):
        return None
    place = WrittenItem(layout, index, settings_display(module, node))
    return Written(place, as_python(content.items[key]), _stands_alone(module, node, call))


def written_texts(module: Module, call: cst.Call, url: Value, key: str, value: Value) -> Iterator[Written]:
    """Yields the string literals of this file that are parts of the URL and contain `key` in its query."""
    nodes = [step.node for step in url.provenance if is_of(module, step)]
    strings = {id(string): string for node in (*nodes, *_url_argument(call)) for string in _strings(node)}
    for string in strings.values():
        start, end = module.tree.span(string)
        text = module.source.text[start:end]
        if f"?{key}=" in text or f"&{key}=" in text:
            yield Written(WrittenText(start, end), as_python(value), _stands_alone(module, string, call))


def _url_argument(call: cst.Call) -> Iterator[cst.CSTNode]:
    for position, argument in enumerate(call.args):
        if (position == 0 and argument.keyword is None) or (argument.keyword and argument.keyword.value == "url"):
            yield argument.value


def _strings(node: cst.CSTNode) -> Iterator[cst.SimpleString | cst.FormattedString]:
    """Yields the literals of a concatenated string."""
    match node:
        case cst.SimpleString() | cst.FormattedString():
            yield node
        case cst.ConcatenatedString() | cst.BinaryOperation(operator=cst.Add()):
            yield from _strings(node.left)
            yield from _strings(node.right)


def settings_display(module: Module, node: cst.BaseExpression) -> DictLayout | None:
    """Returns the layout of the display under the key `server_settings` of a dict, or None."""
    for key, value in _items(node):
        if key == "server_settings" and isinstance(value, cst.Dict) and not value.lpar:
            return dict_layout(module.tree, value)
    return None


def written_dict(module: Module, content: MappingValue) -> cst.Dict | cst.Call | None:
    """Returns the display or the `dict()` call in this file that creates a dict, or None."""
    step = content.provenance[0] if content.provenance else None
    if step is None or not is_of(module, step):
        return None
    if isinstance(step.node, cst.Dict):
        return step.node
    return step.node if isinstance(step.node, cst.Call) and _is_dict(step.node) else None


def _is_dict(node: cst.Call) -> bool:
    return isinstance(node.func, cst.Name) and node.func.value == "dict"


def is_of(module: Module, step: Step) -> bool:
    """Returns whether a step is in the file itself, and not in code that was parsed from one of its strings."""
    return step.module is module and id(step.node) in module.index.parents


def _layout(module: Module, node: cst.Dict | cst.Call) -> tuple[DictLayout | CallLayout, list[cst.BaseExpression]]:
    if isinstance(node, cst.Dict):
        return dict_layout(module.tree, node), [element.value for element in node.elements]
    return call_layout(module.tree, node), [argument.value for argument in node.args]


def _items(node: cst.BaseExpression) -> Iterator[tuple[str, cst.BaseExpression]]:
    if isinstance(node, cst.Dict):
        for element in node.elements:
            if isinstance(element, cst.DictElement) and isinstance(element.key, cst.SimpleString):
                yield str(element.key.evaluated_value), element.value
    elif isinstance(node, cst.Call) and _is_dict(node):
        for argument in node.args:
            if argument.keyword is not None:
                yield argument.keyword.value, argument.value


def _is_written_as(module: Module, node: cst.BaseExpression, value: Value) -> bool:
    """Returns whether the value may be the written one. A literal from another place has replaced it."""
    if not isinstance(node, (*_STRINGS, cst.Integer, cst.Float)):
        return True
    start, end = module.tree.outer_span(node)
    for step in value.provenance[:1]:
        if not is_of(module, step):
            return False
        inner_start, inner_end = module.tree.span(step.node)
        return start <= inner_start and inner_end <= end
    return True


def _stands_alone(module: Module, node: cst.CSTNode, call: cst.Call) -> bool:
    """Returns whether the node is part of the call's arguments and is not bound to a name."""
    for around in module.index.around(node):
        if around is call or isinstance(around, (cst.NamedExpr, cst.BaseStatement)):
            return around is call
    return False
