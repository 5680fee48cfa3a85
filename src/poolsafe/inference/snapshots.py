"""Snapshots: values with the content that their dicts, lists and URLs have in the current state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from poolsafe.inference.arguments import Arguments
from poolsafe.inference.context import Frame
from poolsafe.inference.lattice import choose, restrict, restricted
from poolsafe.inference.mappings import attributes_of
from poolsafe.inference.names import force
from poolsafe.inference.objects import InstanceDict
from poolsafe.inference.symbols import Guard
from poolsafe.inference.values import Alternatives, MappingRef, MappingValue, Sequence, Unknown, Url, Value

MAX_NESTING = 6


def snapshot(frame: Frame, value: Value, depth: int = 0) -> Value:
    """Returns the value in the current state: dicts and lists with their content, imports followed."""
    # An argument may have been evaluated before another one narrowed the path.
    return _content(frame, restrict(force(frame, value), frame.path), depth)


def _content(frame: Frame, value: Value, depth: int) -> Value:
    """Returns the content of a forced value. The lists on several paths share an address, so none is forced again."""
    if depth > MAX_NESTING:
        return Unknown("a value that is nested too deeply")
    match value:
        case Alternatives():
            # Take one snapshot of each object: two copies would be unequal, so their alternatives would not merge.
            once = {id(single): _content(frame, single, depth) for _, single in value.alternatives}
            if all(once[id(single)] is single for _, single in value.alternatives):
                return value
            return choose((guard, _under(guard, once[id(single)])) for guard, single in value.alternatives)
        case MappingRef():
            content = frame.content(value)
            items = _items(frame, content.items, depth)
            return replace(content, items=items, provenance=content.provenance or value.provenance)
        case MappingValue():
            return replace(value, items=_items(frame, value.items, depth))
        case InstanceDict():
            return _content(frame, attributes_of(frame, value), depth)
        case Sequence():
            members = tuple(snapshot(frame, item, depth + 1) for item in value.items)
            return replace(value, items=members, address=0)
        case Url():
            driver, query = (snapshot(frame, part, depth + 1) for part in (value.drivername, value.query))
            return replace(value, drivername=driver, query=query)
    return value


def _under(guard: Guard, value: Value) -> Value:
    return restricted(value, (guard,)) if isinstance(value, MappingValue) else value


def _items(frame: Frame, items: Mapping[Any, Value], depth: int) -> dict[Any, Value]:
    return {key: snapshot(frame, value, depth + 1) for key, value in items.items()}


def arguments_snapshot(frame: Frame, arguments: Arguments) -> Arguments:
    """Returns a snapshot of the arguments of a call."""
    return arguments.map(lambda value: snapshot(frame, value))
