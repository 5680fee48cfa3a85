"""What the code of a file mentions anywhere: other drivers, and the keys of dicts that it reads."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from poolsafe.facts.driver_tests import OTHER_DRIVER
from poolsafe.inference import Module
from poolsafe.syntax.index import children, last_name

POSTGRESQL_DRIVERS = frozenset({"pg8000", "psycopg"})


def named_drivers(module: Module) -> Iterator[str]:
    """Yields the other drivers and dialects that the code names in strings, except docstrings, or by a keyword.

    PostgreSQL's other drivers do not count in arguments of `replace`, which turn their URLs into the engine's.
    """
    if OTHER_DRIVER.search(module.source.text) is None:
        return
    for node in _code(module.tree.module):
        match node:
            case cst.SimpleString(value=words) | cst.FormattedStringText(value=words):
                named = OTHER_DRIVER.findall(words)
                yield from (one for one in named if one not in POSTGRESQL_DRIVERS or not _is_replaced(module, node))
            case cst.Arg(keyword=cst.Name(value=name)) if OTHER_DRIVER.fullmatch(name):
                yield name


def read_keys(module: Module) -> Iterator[str | bytes]:
    """Yields the string literals that are keys of items that the code reads, removes or tests for."""
    for node, _ in module.index.strings:
        if isinstance(node, cst.SimpleString) and _is_read(module, node):
            yield node.raw_value


def _is_replaced(module: Module, node: cst.CSTNode) -> bool:
    argument = module.index.parents.get(id(node))
    call = module.index.parents.get(id(argument))
    return isinstance(argument, cst.Arg) and isinstance(call, cst.Call) and last_name(call.func) == "replace"


def _is_read(module: Module, key: cst.SimpleString) -> bool:
    """Returns whether a key is used in `get`, `pop`, `del`, a comparison, or a subscript that is not assigned to.

    A comparison with a string, such as `key in url.lower()`, does not count.
    """
    parents = module.index.parents
    parent = parents.get(id(key))
    around = parents.get(id(parent))
    if isinstance(parent, cst.Comparison):
        return not any(map(_is_text, (one.comparator for one in parent.comparisons)))
    if isinstance(parent, cst.ComparisonTarget):
        return True
    if isinstance(parent, cst.Arg):
        return isinstance(around, cst.Call) and last_name(around.func) in ("get", "pop")
    if not isinstance(parent, cst.Index):
        return False
    subscript = parents.get(id(around))
    return not isinstance(parents.get(id(subscript)), cst.AssignTarget)


def _is_text(value: cst.BaseExpression) -> bool:
    """Returns whether an expression is certainly a string: from `str()` or a method of strings, or an f-string.

    `Readers` finds a dict that is converted to text.
    """
    match value:
        case cst.Call(func=cst.Attribute(attr=cst.Name(value="lower" | "upper" | "casefold" | "strip"))):
            return True
        case cst.Call(func=cst.Name(value="str")) | cst.FormattedString():
            return True
    return False


def _code(root: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Yields a node and all its descendants, except docstrings."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        if not (isinstance(node, cst.Expr) and isinstance(node.value, (cst.SimpleString, cst.ConcatenatedString))):
            stack += children(node)
