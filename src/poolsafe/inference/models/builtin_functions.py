"""Models of Python's built-in functions and types."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

from poolsafe import ir, libraries
from poolsafe.inference import texts
from poolsafe.inference.arguments import Arguments
from poolsafe.inference.assignment import delete_attribute, set_attribute
from poolsafe.inference.attributes import attribute, class_dict, instance_dict
from poolsafe.inference.classes import class_attribute, mro
from poolsafe.inference.conditions import note_test, truthiness, type_of
from poolsafe.inference.context import Frame
from poolsafe.inference.exceptions import may_raise, where_not_raising
from poolsafe.inference.instances import as_string, items_of, unpacked
from poolsafe.inference.lattice import (
    alternatives,
    choose,
    each,
    is_override,
    lift,
    may_be_absent,
)
from poolsafe.inference.mappings import mapping_key, merge_into, open_attributes
from poolsafe.inference.models.handler import Handler, first
from poolsafe.inference.names import force
from poolsafe.inference.objects import (
    BuiltinMethod,
    LibraryAttribute,
    LibraryResult,
    Sentinel,
)
from poolsafe.inference.reasons import Origin
from poolsafe.inference.symbols import Converted, EnvironmentVariable, derived, unless, where
from poolsafe.inference.values import (
    Absent,
    Class,
    Const,
    Function,
    Instance,
    Library,
    MappingRef,
    MappingValue,
    Partial,
    Sequence,
    Text,
    Unknown,
    Url,
    Value,
    raising,
    text,
)


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
        note_test(frame, node, value)
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
    elif len(args) == 3:
        for _, single in alternatives(force(frame, args[0])):
            if isinstance(single, Instance):
                open_attributes(frame, single, "`setattr()` with an unknown name")
    return Const(None)


def _delattr(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    args = arguments.positional
    if len(args) == 2 and isinstance(args[1], Text) and args[1].known is not None:
        delete_attribute(frame, force(frame, args[0]), args[1].known)
    return Const(None)


def _vars(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    def one(single: Value) -> Value:
        if isinstance(single, Instance):
            return instance_dict(frame, single)
        return class_dict(frame, single) if isinstance(single, Class) else Unknown("`vars()`")

    return lift(one, force(frame, first(frame, node, arguments)))


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
    if isinstance(value, Url) and expected == (Text,):
        return None  # `str(url)` is the URL itself
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


def _new(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    def one(cls: Value) -> Value:
        return Instance(frame.address(), cls) if isinstance(cls, Class) else Unknown("an instance of an unknown class")

    return lift(one, first(frame, node, arguments))


def _callable(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    def one(value: Value) -> Value:
        if isinstance(value, (BuiltinMethod, Class, Function, Partial)) or value in _CALLABLE:
            return Const(True)
        return Const(False) if _is_of_python(value) else Unknown("a condition", texts.derived_of("callable", value))

    return lift(one, first(frame, node, arguments))


_CALLABLE = frozenset(Library(f"builtins.{name}") for name, value in vars(builtins).items() if callable(value))


def _fromkeys(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    keys = items_of(frame, first(frame, node, arguments))
    names = [mapping_key(key) for key in keys.items]
    value = arguments.positional[1] if len(arguments.positional) > 1 else Const(None)
    known = not keys.open and None not in names
    items = {name: value for name in names if name is not None}
    return frame.new_mapping(items, None if known else "unknown keys")


def _object(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    return Sentinel(symbol=derived("object", frame.number, node))


HANDLERS: dict[str, Handler] = {
    "builtins.callable": _callable,
    "builtins.object": _object,
    "builtins.object.__new__": _new,
    "builtins.dict": _dict,
    "builtins.str": _str,
    "builtins.int": number(int),
    "builtins.float": number(float),
    "builtins.bool": _bool,
    "builtins.list": _sequence("list"),
    "builtins.tuple": _sequence("tuple"),
    "builtins.set": _sequence("set"),
    "builtins.frozenset": _sequence("set"),
    "builtins.dict.fromkeys": _fromkeys,
    "builtins.iter": first,
    "builtins.getattr": _getattr,
    "builtins.hasattr": _hasattr,
    "builtins.object.__setattr__": _setattr,
    "builtins.setattr": _setattr,
    "builtins.delattr": _delattr,
    "builtins.isinstance": _isinstance,
    "builtins.vars": _vars,
}
