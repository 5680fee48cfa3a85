"""Operations of instances on their fields, such as `str`, dumps and iteration."""

from __future__ import annotations

from collections.abc import Mapping

from poolsafe.inference.arguments import Arguments
from poolsafe.inference.attributes import bind_method, of_instance
from poolsafe.inference.classes import class_attribute, class_kind, fields, model_option
from poolsafe.inference.context import Frame
from poolsafe.inference.lattice import alternatives, lift
from poolsafe.inference.mappings import attributes_of, view
from poolsafe.inference.names import force
from poolsafe.inference.objects import GeneratorObject, InstanceDict, MapIterator
from poolsafe.inference.values import (
    Function,
    Instance,
    Library,
    MappingRef,
    MappingValue,
    Sequence,
    Unknown,
    Value,
    text,
)

_ALLOWED = (text("allow"), Library("pydantic.Extra.allow"))


def as_string(frame: Frame, value: Value) -> Value:
    """Returns the result of an instance's own `__str__`. Other values are returned unchanged."""

    def one(single: Value) -> Value:
        if not isinstance(single, Instance):
            return single
        method, owner = class_attribute(frame, single.cls, "__str__")
        if not isinstance(method, Function):
            return single
        return force(frame, frame.apply(None, bind_method(frame, method, single, owner), Arguments()))

    return lift(one, force(frame, value))


def dumped(frame: Frame, instance: Instance, open_reason: str | None = None) -> MappingRef:
    """Returns the fields as a dict. It is open for a pydantic model that allows extra fields."""
    extra = model_option(frame, instance.cls, "extra")
    if extra is not None and any(isinstance(one, Unknown) or one in _ALLOWED for _, one in alternatives(extra)):
        open_reason = open_reason or "a model that allows extra fields"
    items = {name: force(frame, of_instance(frame, instance, name)) for name in fields(instance.cls)}
    return frame.new_mapping(dict(items), open_reason)


def changed(frame: Frame, instance: Instance, changes: Mapping[str, Value]) -> Instance:
    """Returns a copy of the instance with some of its fields changed."""
    copy = Instance(frame.address(), instance.cls)
    for name in fields(instance.cls):
        value = changes.get(name) or of_instance(frame, instance, name)
        frame.state.set(("attr", copy.address, name), value)
    return copy


def unpacked(frame: Frame, value: Value) -> Value:
    """Returns what iterating over a value yields, as a sequence. Other values are returned unchanged."""

    def one(single: Value) -> Value:
        match single:
            case MappingRef():
                return view(frame.content(single), "keys")
            case MappingValue():
                return view(single, "keys")
            case InstanceDict():
                return view(attributes_of(frame, single), "keys")
            case MapIterator():
                return _mapped(frame, single.arguments)
            case GeneratorObject():
                return single.items
            case Instance() if class_kind(single.cls) == "namedtuple":
                return Sequence(tuple(of_instance(frame, single, name) for name in fields(single.cls)), "tuple")
        return single

    return lift(one, force(frame, value))


def items_of(frame: Frame, value: Value) -> Sequence:
    """Returns what iterating over a value yields, or an open sequence if that is unknown."""
    found = unpacked(frame, value)
    return found if isinstance(found, Sequence) else Sequence((), "list", open=True)


def rows_of(frame: Frame, columns: list[Value]) -> list[tuple[Value, ...]] | None:
    """Returns what `zip(*columns)` yields, or None if some items of a column are unknown."""
    known = [items_of(frame, column) for column in columns]
    return None if any(column.open for column in known) else list(zip(*(one.items for one in known), strict=False))


def _mapped(frame: Frame, arguments: Arguments) -> Sequence:
    function, *columns = arguments.positional
    rows = rows_of(frame, columns)
    made = [frame.apply(None, function, Arguments(list(row))) for row in rows or ()]
    return Sequence(tuple(made), "iterator", open=rows is None)
