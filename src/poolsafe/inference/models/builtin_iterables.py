"""Models of Python's built-in functions of iterables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from poolsafe import ir
from poolsafe.inference import texts
from poolsafe.inference.arguments import Arguments
from poolsafe.inference.conditions import note_test, value_truth
from poolsafe.inference.context import Frame
from poolsafe.inference.exceptions import where_not_raising
from poolsafe.inference.instances import items_of, rows_of, unpacked
from poolsafe.inference.lattice import (
    alternatives,
    choose,
    conjunctions,
    each,
    for_detection,
    lift,
    one_of,
    restricted,
)
from poolsafe.inference.models.handler import Handler, first
from poolsafe.inference.names import force
from poolsafe.inference.objects import GeneratorObject, MapIterator
from poolsafe.inference.symbols import ALWAYS, Guard, derived
from poolsafe.inference.values import (
    Absent,
    Alternatives,
    Const,
    MappingRef,
    MappingValue,
    Sequence,
    Text,
    Unknown,
    Value,
    raising,
)

MAX_COMPARED = 8
MAX_RANGE = 64
MAX_UNSURE = 4  # the length of a dict with more optional items is unknown


def _range(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    bounds = [for_detection(force(frame, value)) for value in arguments.positional]
    known = [one.value for one in bounds if isinstance(one, Const) and isinstance(one.value, int)]
    if len(known) != len(bounds) or not 1 <= len(known) <= 3 or (len(known) == 3 and known[2] == 0):
        return Sequence((), "tuple", open=True)
    numbers = range(*known)
    return Sequence(tuple(Const(one) for one in numbers[:MAX_RANGE]), "tuple", open=len(numbers) > MAX_RANGE)


def _sorted(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    """Returns sorted strings or numbers, or an open list if the order is unknown."""
    value = items_of(frame, first(frame, node, arguments))
    key, backwards = (arguments.keywords.get(name, Const(None)) for name in ("key", "reverse"))
    if not value.open and len(value.items) < 2:
        return Sequence(value.items, "list")
    keys = [_sort_key(frame, key, item) for item in value.items]
    if value.open or not isinstance(backwards, Const) or not _are_comparable(keys):
        return Sequence((), "list", open=True)
    order = sorted(range(len(keys)), key=lambda index: keys[index], reverse=bool(backwards.value))
    return Sequence(tuple(value.items[index] for index in order), "list")


def _sort_key(frame: Frame, key: Value, item: Value) -> Any:
    """Returns the number or string by which an item is sorted: itself, or what the function `key` returns for it."""
    return _plain(item if key == Const(None) else force(frame, frame.apply(None, key, Arguments([item]))))


def _plain(value: Value) -> Any:
    """Returns the number or string that a value is, or None if it is unknown."""
    return value.value if isinstance(value, Const) else value.known if isinstance(value, Text) else None


def _are_comparable(keys: list[Any]) -> bool:
    return all(isinstance(key, (int, float)) for key in keys) or all(isinstance(key, str) for key in keys)


def _reversed(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    value = items_of(frame, first(frame, node, arguments))
    return Sequence(() if value.open else value.items[::-1], "iterator", value.open)


def _next(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    """Returns what a generator function yields, or the first item of another iterator, as if the iterator was new.

    An iterator that has a name may not be new.
    """
    is_new = node is None or not isinstance(node.arguments[0].value, ir.Name)
    default = arguments.positional[1] if len(arguments.positional) > 1 else raising("the end of an iterator")

    def one(value: Value) -> Value:
        if isinstance(value, GeneratorObject):
            return value.value
        items = unpacked(frame, value)
        if isinstance(items, Sequence) and (items.items or not items.open) and (is_new or len(items.items) < 2):
            return items.items[0] if items.items else default
        return Unknown("an item of an iterator")

    return where_not_raising(frame, each(one, force(frame, first(frame, node, arguments))), "StopIteration")


def _enumerate(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    value = items_of(frame, first(frame, node, arguments))
    rows = (Sequence((Const(index), item), "tuple") for index, item in enumerate(value.items))
    return Sequence(tuple(rows), "iterator", value.open)


def _zip(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    rows = rows_of(frame, arguments.positional)
    return Sequence(tuple(Sequence(row, "tuple") for row in rows or ()), "iterator", open=rows is None)


def _map(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    """`map(function, items, ...)`: evaluated when it is iterated."""
    if len(arguments.positional) < 2:
        return Unknown("a `map()` without iterables")
    return MapIterator(arguments)


def _filter(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    """Returns a list of the items that are kept, one for each way in which the function may answer."""
    if node is None or len(arguments.positional) != 2:
        return Sequence((), "iterator", open=True)
    function = force(frame, arguments.positional[0])
    source = items_of(frame, arguments.positional[1])
    ways: list[tuple[Guard, tuple[Value, ...]]] = [(ALWAYS, ())]
    for item in source.items:
        asked = item if function == Const(None) else frame.apply(None, function, Arguments([item]))
        kept, dropped = value_truth(frame, node, asked)
        ways = [
            *((guard, (*chosen, item)) for before, chosen in ways for guard in conjunctions([before], kept)),
            *((guard, chosen) for before, chosen in ways for guard in conjunctions([before], dropped)),
        ]
        if len(ways) > MAX_COMPARED:
            return Sequence((), "iterator", open=True)
    return choose((guard, Sequence(chosen, "iterator", source.open)) for guard, chosen in ways)


def _extreme(function: Callable[[list[Any]], Any]) -> Handler:
    """`max` or `min`: returns one of the items, or an unknown one of them if one is unknown."""

    def handler(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
        given = arguments.positional
        if len(given) == 1:
            items = items_of(frame, given[0])
            if items.open:
                return Unknown("a `max()` or `min()` of unknown items")
            given = list(items.items)
        if not 0 < len(given) <= MAX_COMPARED:
            return Unknown("a `max()` or `min()` of many items")
        among = None if node is None else derived("extreme", frame.number, node)
        key = arguments.keywords.get("key", Const(None))

        def pick(*singles: Value) -> Value:
            keys = [_sort_key(frame, key, single) for single in singles]
            if _are_comparable(keys):
                return singles[keys.index(function(keys))]
            return choose(zip(one_of(among, len(singles)), singles, strict=True))

        return lift(pick, *(force(frame, value) for value in given))

    return handler


def _sum(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    items = items_of(frame, first(frame, node, arguments))
    start = arguments.get(1, "start") or Const(0)
    if items.open or len(items.items) > MAX_COMPARED:
        return Unknown("a sum of unknown numbers")

    def add(*singles: Value) -> Value:
        keys = [_plain(single) for single in singles]
        known = all(isinstance(key, (int, float)) for key in keys)
        return Const(sum(keys)) if known else Unknown("a sum of unknown numbers", texts.derived_of("sum", *singles))

    return lift(add, force(frame, start), *items.items)


def _absolute(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    def one(value: Value) -> Value:
        number = _plain(value)
        known = isinstance(number, (int, float))
        return Const(abs(number)) if known else Unknown("an unknown number", texts.derived_of("abs", value))

    return lift(one, force(frame, first(frame, node, arguments)))


def _quantifier(*, decisive: bool) -> Handler:
    """`any` or `all`: the first item whose truth is `decisive` decides."""

    def handler(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
        items = items_of(frame, first(frame, node, arguments))
        if node is None or len(items.items) > MAX_COMPARED:
            return Unknown("a condition on many items")
        decided: list[Guard] = []
        others: list[Guard] = [ALWAYS]
        for item in items.items:
            then, other = value_truth(frame, node, item)
            hit, miss = (then, other) if decisive else (other, then)
            decided += conjunctions(others, hit)
            others = conjunctions(others, miss)
        rest = Unknown("a condition on unknown items") if items.open else Const(not decisive)
        return choose([*((guard, Const(decisive)) for guard in decided), *((guard, rest) for guard in others)])

    return handler


def _length(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    def count(guard: Guard, value: Value) -> Value:
        note_test(frame, node, value)
        if isinstance(value, Text) and value.known is not None:
            return Const(len(value.known))
        if isinstance(value, Sequence) and not value.open:
            return Const(len(value.items))
        if isinstance(value, (MappingRef, MappingValue)) and (content := frame.content(value)).open is None:
            items = list(restricted(content, (guard,)).items.values())
            if sum(isinstance(item, Alternatives) for item in items) <= MAX_UNSURE:
                return lift(lambda *ones: Const(sum(not isinstance(one, Absent) for one in ones)), *items)
        return Unknown("a length", texts.derived_of("len", value))

    value = force(frame, first(frame, node, arguments))
    return choose((guard, count(guard, single)) for guard, single in alternatives(value))


HANDLERS: dict[str, Handler] = {
    "builtins.abs": _absolute,
    "builtins.all": _quantifier(decisive=False),
    "builtins.any": _quantifier(decisive=True),
    "builtins.anext": _next,
    "builtins.enumerate": _enumerate,
    "builtins.filter": _filter,
    "builtins.len": _length,
    "builtins.map": _map,
    "builtins.max": _extreme(max),
    "builtins.min": _extreme(min),
    "builtins.next": _next,
    "builtins.range": _range,
    "builtins.reversed": _reversed,
    "builtins.sorted": _sorted,
    "builtins.sum": _sum,
    "builtins.zip": _zip,
}
