"""What dataclasses, named tuples and models can do with their fields: be dumped, copied with changes, unpacked."""

from __future__ import annotations

from collections.abc import Mapping

from poolsafe.inference.attributes import of_instance
from poolsafe.inference.classes import class_kind, fields, model_option
from poolsafe.inference.frame import Arguments, Frame
from poolsafe.inference.lattice import (
    Instance,
    Library,
    MappingRef,
    Object,
    Sequence,
    Unknown,
    Value,
    alternatives,
    text,
)
from poolsafe.inference.names import force
from poolsafe.inference.world import World

_ALLOWED = (text("allow"), Library("pydantic.Extra.allow"))


def dumped(world: World, frame: Frame, instance: Instance, open_reason: str | None = None) -> MappingRef:
    """The fields as a dict; a pydantic model that allows extras may have more of them."""
    extra = model_option(world, frame, instance.cls, "extra")
    if extra is not None and any(isinstance(one, Unknown) or one in _ALLOWED for _, one in alternatives(extra)):
        open_reason = open_reason or "a model that allows extra fields"
    items = {name: of_instance(world, frame, instance, name) for name, _, _ in fields(instance.cls)}
    return world.new_mapping(frame, dict(items), open_reason)


def changed(world: World, frame: Frame, instance: Instance, changes: Mapping[str, Value]) -> Instance:
    """A copy of the instance with some of its fields changed."""
    copy = Instance(world.address(frame), instance.cls)
    for name, _, _ in fields(instance.cls):
        value = changes.get(name) or of_instance(world, frame, instance, name)
        frame.state.set(("attr", copy.oid, name), value)
    return copy


def unpacked(world: World, frame: Frame, value: Value) -> Value:
    """The tuple that a named tuple is, the items that a `map` gives; any other value as it is."""
    value = force(world, frame, value)
    if isinstance(value, Object) and value.kind == "map":
        return _mapped(world, frame, value.facts["arguments"])
    if not isinstance(value, Instance) or class_kind(value.cls) != "namedtuple":
        return value
    return Sequence(tuple(of_instance(world, frame, value, name) for name, _, _ in fields(value.cls)), "tuple")


def _mapped(world: World, frame: Frame, arguments: Arguments) -> Sequence:
    function, *columns = arguments.positional
    known = [unpacked(world, frame, column) for column in columns]
    rows = [column.items for column in known if isinstance(column, Sequence) and not column.open]
    if len(rows) != len(known):
        return Sequence((), "list", open=True)
    given = zip(*rows, strict=False)
    return Sequence(tuple(world.apply(world, frame, None, function, Arguments(list(row))) for row in given), "list")
