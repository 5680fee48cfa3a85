"""Models of Python's built-in functions and types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from poolsafe import ir, libraries
from poolsafe.inference import texts
from poolsafe.inference.arguments import Arguments
from poolsafe.inference.assignment import set_attribute
from poolsafe.inference.attributes import attribute
from poolsafe.inference.classes import class_attribute, mro
from poolsafe.inference.conditions import truthiness, type_of
from poolsafe.inference.context import Frame
from poolsafe.inference.exceptions import may_raise, where_not_raising
from poolsafe.inference.instances import as_string, items_of, rows_of, unpacked
from poolsafe.inference.lattice import (
    alternatives,
    choose,
    each,
    for_detection,
    is_override,
    lift,
    may_be_absent,
    one_of,
    restricted,
)
from poolsafe.inference.mappings import mapping_key, merge_into
from poolsafe.inference.models.handler import Handler, first
from poolsafe.inference.names import force
from poolsafe.inference.objects import (
    GeneratorObject,
    InstanceDict,
    LibraryAttribute,
    LibraryResult,
    MapIterator,
    Sentinel,
)
from poolsafe.inference.reasons import Origin
from poolsafe.inference.symbols import Converted, EnvironmentVariable, Guard, derived, unless, where
from poolsafe.inference.values import (
    Absent,
    Alternatives,
    Class,
    Const,
    Function,
    Instance,
    Library,
    MappingRef,
    MappingValue,
    Sequence,
    Text,
    Unknown,
    Url,
    Value,
    raising,
    text,
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


def _dict(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    items: dict[Any, Value] = {}
    reasons = [merge_into(frame, items, value) for value in arguments.positional[:1]]
    items.update(arguments.keywords)
    provenance = frame.provenance(node, Origin.DICT) if node is not None else ()
    return frame.new_mapping(items, next(filter(None, reasons), arguments.open_keywords), provenance)


def _str(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    if not arguments.positional:
        return text()
    return lift(_as_string, as_string(frame, arguments.positional[0]))


def _as_string(value: Value) -> Value:
    if isinstance(value, (Unknown, Url)):
        return value
    if isinstance(value, LibraryResult):
        return Unknown("a string made by a library", derived("str", value.symbol))
    return texts.as_text(value)


def number(kind: Callable[[Any], Any]) -> Handler:
    def handler(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
        if not arguments.positional:
            return Const(kind(0))

        def convert(value: Value) -> Value:
            plain = value.value if isinstance(value, Const) else value.known if isinstance(value, Text) else None
            if isinstance(plain, (int, float, str)):
                try:
                    return Const(kind(plain), provenance=value.provenance)
                except (ValueError, OverflowError):
                    return raising("a string that is not a number")
            if isinstance(value, Unknown):
                # If a variable is not a number, that is a mistake of the user.
                if not value.override and not isinstance(value.symbol, EnvironmentVariable):
                    may_raise(frame, "ValueError")
                return Unknown(
                    value.reason,
                    Converted(kind.__name__, value.symbol) if value.symbol is not None else None,
                    override=value.override,
                )
            return Unknown("a number")

        value = force(frame, arguments.positional[0])
        if frame.run.attempts:
            value = where_not_raising(frame, each(_not_none, value), "TypeError")
        if frame.aborted:
            return value
        return where_not_raising(frame, each(convert, value), "ValueError")

    return handler


def _not_none(value: Value) -> Value:
    return raising("a conversion of None to a number") if value == Const(None) else value


def _bool(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    if not arguments.positional:
        return Const(False)

    def convert(value: Value) -> Value:
        known = truthiness(frame, value)
        if known is not None:
            return Const(known)
        return Unknown(
            "a condition",
            None if (symbol := texts.symbol_of(value)) is None else Converted("bool", symbol),
            override=is_override(value),
        )

    return lift(convert, force(frame, arguments.positional[0]))


def _sequence(kind: str) -> Handler:
    def handler(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
        address = 0 if kind == "tuple" else frame.address()
        if not arguments.positional:
            return Sequence((), kind, address=address)

        def copied(value: Value) -> Value:
            items = items_of(frame, value)
            return Sequence(items.items, kind, items.open, address)

        return lift(copied, unpacked(frame, arguments.positional[0]))

    return handler


def _getattr(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    args = arguments.positional
    name = args[1].known if len(args) > 1 and isinstance(args[1], Text) else None
    if name is None or node is None:
        return Unknown("an attribute with an unknown name")
    value = attribute(frame, args[0], name, node)
    if len(args) < 3:
        return value
    default = args[2]

    def with_default(single: Value) -> Value:
        outside = isinstance(single, Library) and not libraries.is_library(single.name)
        if outside or isinstance(single, LibraryAttribute):
            single = Unknown(f"`{name}` is outside the project", texts.symbol_of(single))
        if not isinstance(single, Unknown) or single.override:
            return single
        key = derived("there", single.symbol)
        hard = Const(None) == default
        return choose([
            (where(key), Unknown(single.reason, single.symbol, override=not hard)),
            (unless(key), default),
        ])  # fmt: skip

    return lift(with_default, value)


def _hasattr(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    args = arguments.positional
    name = args[1].known if len(args) == 2 and isinstance(args[1], Text) else None
    unknown = Unknown("a condition", derived("hasattr", frame.number, node))

    def one(single: Value) -> Value:
        cls = single.cls if isinstance(single, Instance) else single
        if name is None or not isinstance(cls, Class):
            return unknown
        stored = frame.state.get(("attr", single.address, name)) if isinstance(single, Instance) else Absent()
        # Other code may set an attribute that is not found here.
        is_found = not may_be_absent(stored) or not isinstance(class_attribute(frame, cls, name)[0], Absent)
        return Const(True) if is_found else unknown

    return lift(one, force(frame, args[0])) if args else unknown


def _setattr(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    args = arguments.positional
    if len(args) == 3 and isinstance(args[1], Text) and args[1].known is not None:
        set_attribute(frame, args[0], args[1].known, args[2])
    return Const(None)


def _vars(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    single = force(frame, first(frame, node, arguments))
    return InstanceDict(single) if isinstance(single, Instance) else Unknown("`vars()`")


_TYPES: dict[str, tuple[type, ...]] = {
    "builtins.str": (Text,),
    "builtins.dict": (MappingRef, MappingValue),
    "builtins.list": (Sequence,),
    "builtins.tuple": (Sequence,),
    "sqlalchemy.engine.URL": (Url,),
}


def _isinstance(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    if len(arguments.positional) != 2:
        return Unknown("a condition")
    kinds = force(frame, arguments.positional[1])
    names = [kinds] if isinstance(kinds, (Library, Class)) else list(kinds.items) if isinstance(kinds, Sequence) else []

    def check(value: Value) -> Value:
        answers = [_is(value, kind) for kind in names]
        if any(answer is True for answer in answers):
            return Const(True)
        if answers and all(answer is False for answer in answers):
            return Const(False)
        return Unknown("a condition", texts.derived_of("isinstance", value, *names))

    return lift(check, force(frame, arguments.positional[0]))


def _is(value: Value, kind: Value) -> bool | None:
    if isinstance(kind, Class) and isinstance(value, Instance):
        return any(map(kind.is_same, mro(value.cls)))
    if not isinstance(kind, Library):
        return False if isinstance(kind, Class) and _is_of_python(value) else None
    expected = _TYPES.get(kind.name)
    if isinstance(value, Const):
        python = (
            getattr(__import__("builtins"), kind.name.rpartition(".")[2], None)
            if kind.name.startswith("builtins.")
            else None
        )
        return isinstance(value.value, python) if isinstance(python, type) else False
    if expected is not None and isinstance(value, (Text, MappingRef, MappingValue, Sequence, Url, Instance, Function)):
        return isinstance(value, expected)
    known = type_of(value)
    return None if expected is None or known is None else known is str and expected == (Text,)


def _is_of_python(value: Value) -> bool:
    """Returns whether a value has a built-in type, and so not a class of the project."""
    if isinstance(value, Text):
        return not all(isinstance(piece, Unknown) for piece in value.pieces)
    return isinstance(value, (Const, MappingRef, MappingValue, Sequence, Function))


def _fromkeys(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    keys = items_of(frame, first(frame, node, arguments))
    names = [mapping_key(key) for key in keys.items]
    value = arguments.positional[1] if len(arguments.positional) > 1 else Const(None)
    known = not keys.open and None not in names
    items = {name: value for name in names if name is not None}
    return frame.new_mapping(items, None if known else "unknown keys")


def _sorted(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    """Returns sorted strings or numbers, or an open list if the order is unknown."""
    value = items_of(frame, first(frame, node, arguments))
    items = () if value.open else value.items
    keys = [item.value if isinstance(item, Const) else item.known if isinstance(item, Text) else None for item in items]
    if not keys or arguments.keywords or len({type(key) for key in keys}) > 1 or None in keys:
        return Sequence((), "list", open=True)
    order = sorted(range(len(keys)), key=lambda index: keys[index])  # type: ignore[arg-type,return-value]
    return Sequence(tuple(items[index] for index in order), "list")


def _reversed(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    value = items_of(frame, first(frame, node, arguments))
    return Sequence(() if value.open else value.items[::-1], "list", value.open)


def _next(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    """Returns what a generator function yields, or the first item of another iterator, as if the iterator was new."""
    value = force(frame, first(frame, node, arguments))
    if isinstance(value, Sequence) and value.items:
        return value.items[0]
    return value.value if isinstance(value, GeneratorObject) else Unknown("an item of an iterator")


def _enumerate(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    value = items_of(frame, first(frame, node, arguments))
    rows = (Sequence((Const(index), item), "tuple") for index, item in enumerate(value.items))
    return Sequence(tuple(rows), "list", value.open)


def _zip(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    rows = rows_of(frame, arguments.positional)
    return Sequence(tuple(Sequence(row, "tuple") for row in rows or ()), "list", open=rows is None)


def _map(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    """`map(function, items, ...)`: evaluated when it is iterated."""
    if len(arguments.positional) < 2:
        return Unknown("a `map()` without iterables")
    return MapIterator(arguments)


def _extreme(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    """`max` and `min`: returns one of the items."""
    given = arguments.positional
    if len(given) == 1:
        items = items_of(frame, given[0])
        if items.open:
            return Unknown("a `max()` or `min()` of unknown items")
        given = list(items.items)
    if not 0 < len(given) <= MAX_COMPARED:
        return Unknown("a `max()` or `min()` of many items")
    among = None if node is None else derived("extreme", frame.number, node)
    return choose(zip(one_of(among, len(given)), given, strict=True))


def _length(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    def count(guard: Guard, value: Value) -> Value:
        if isinstance(value, Text) and value.known is not None:
            return Const(len(value.known))
        if isinstance(value, Sequence) and not value.open:
            return Const(len(value.items))
        if isinstance(value, (MappingRef, MappingValue)) and (content := frame.content(value)).open is None:
            items = list(restricted(content, (guard,)).items.values())
            if sum(isinstance(item, Alternatives) for item in items) <= MAX_UNSURE:
                return lift(lambda *ones: Const(sum(not isinstance(one, Absent) for one in ones)), *items)
        return Unknown("a length", texts.derived_of("len", value))

    value = for_detection(force(frame, first(frame, node, arguments)))
    return choose((guard, count(guard, single)) for guard, single in alternatives(value))


def _object(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    return Sentinel(symbol=derived("object", frame.number, node))


HANDLERS: dict[str, Handler] = {
    "builtins.object": _object,
    "builtins.dict": _dict,
    "builtins.str": _str,
    "builtins.int": number(int),
    "builtins.float": number(float),
    "builtins.bool": _bool,
    "builtins.list": _sequence("list"),
    "builtins.tuple": _sequence("tuple"),
    "builtins.set": _sequence("set"),
    "builtins.frozenset": _sequence("set"),
    "builtins.sorted": _sorted,
    "builtins.reversed": _reversed,
    "builtins.next": _next,
    "builtins.anext": _next,
    "builtins.dict.fromkeys": _fromkeys,
    "builtins.enumerate": _enumerate,
    "builtins.zip": _zip,
    "builtins.len": _length,
    "builtins.map": _map,
    "builtins.range": _range,
    "builtins.max": _extreme,
    "builtins.min": _extreme,
    "builtins.iter": first,
    "builtins.getattr": _getattr,
    "builtins.hasattr": _hasattr,
    "builtins.object.__setattr__": _setattr,
    "builtins.setattr": _setattr,
    "builtins.isinstance": _isinstance,
    "builtins.vars": _vars,
}
