"""Decorators of libraries, recognised by their qualified names."""

from __future__ import annotations

from poolsafe import ir, libraries
from poolsafe.inference.objects import LibraryResult
from poolsafe.inference.values import Library, Pending, Value


def decorated_as(decorators: tuple[Value, ...], names: frozenset[str]) -> bool:
    """Returns whether one of the decorators is one of these library functions, or a call to one."""
    return any(_name(value) in names for value in decorators)


def _name(value: Value) -> str | None:
    if isinstance(value, Library):
        return libraries.canonical(value.name)
    if isinstance(value, Pending) and not value.level and value.name is not None:
        return libraries.canonical(f"{value.module}.{value.name}")
    return value.name if isinstance(value, LibraryResult) else None


def is_property_part(node: ir.FunctionDef, *parts: str) -> bool:
    """Returns whether a method is one of these parts of a property: `@url.setter` makes it the "setter" of `url`."""
    return any(isinstance(item, ir.Attribute) and item.name in parts for item in node.decorators)
