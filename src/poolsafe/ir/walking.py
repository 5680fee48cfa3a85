"""Walks over the intermediate representation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from poolsafe.ir.expression_nodes import Node
from poolsafe.ir.statement_nodes import Body


def children(node: Node) -> list[Node]:
    """Returns the child nodes in the order of their fields, including the body of a function or class."""
    found: list[Node] = []
    for name in _FIELDS[type(node)]:
        _add(found, getattr(node, name))
    return found


def _add(found: list[Node], value: object) -> None:
    kind = type(value)
    if kind is tuple:
        for item in value:  # type: ignore[attr-defined]
            _add(found, item)
    elif kind is Body:
        found += value.statements  # type: ignore[attr-defined]
    elif _IS_NODE[kind]:
        found.append(value)  # type: ignore[arg-type]


class _Fields(dict[type, tuple[str, ...]]):
    """The fields of each type of node that may hold nodes."""

    def __missing__(self, kind: type) -> tuple[str, ...]:
        names = (one.name for one in fields(kind) if one.name != "origin" and one.type not in _WITHOUT_NODES)
        self[kind] = found = tuple(names)
        return found


class _IsNode(dict[type, bool]):
    """Whether values of a type are nodes."""

    def __missing__(self, kind: type) -> bool:
        self[kind] = found = issubclass(kind, Node)
        return found


_WITHOUT_NODES = ("Any", "bool", "int", "str", "str | None", "tuple[str, ...]")
_FIELDS = _Fields()
_IS_NODE = _IsNode()


def walk(node: Node) -> Iterator[Node]:
    """Yields a node and all its descendants, parents first."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack += children(current)
