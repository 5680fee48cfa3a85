"""Assignment to names, items, attributes and tuples of them."""

from __future__ import annotations

from dataclasses import replace

from poolsafe import ir
from poolsafe.inference.arguments import Arguments
from poolsafe.inference.classes import class_attribute, class_kind, mro
from poolsafe.inference.context import Frame
from poolsafe.inference.decorators import is_property_part
from poolsafe.inference.environment_variables import set_variable
from poolsafe.inference.exceptions import where_not_raising
from poolsafe.inference.heap import Slot
from poolsafe.inference.instances import unpacked
from poolsafe.inference.lattice import alternatives, choose, each
from poolsafe.inference.mappings import mapping_key, open_attributes, with_item
from poolsafe.inference.names import bind, force, global_name
from poolsafe.inference.namespaces import namespace_of
from poolsafe.inference.objects import InstanceDict
from poolsafe.inference.symbols import Guard, derived
from poolsafe.inference.values import (
    Absent,
    Class,
    Const,
    Function,
    Instance,
    Library,
    MappingRef,
    ModuleValue,
    Sequence,
    Unknown,
    Value,
    raising,
)


def assign(frame: Frame, target: ir.Expression, value: Value) -> None:
    """Assigns a value to a target: the left side of `=`, or what follows `for` or `as`. Ignores unknown targets."""
    match target:
        case ir.Name():
            bind(frame, target.id, value)
        case ir.Display():
            _unpack(frame, target, value)
        case ir.Subscript():
            _assign_item(frame, target, value)
        case ir.Attribute():
            set_attribute(frame, frame.evaluate(target.value), target.name, value)


def _unpack(frame: Frame, target: ir.Display, value: Value) -> None:
    count = len(target.elements)
    starred = next((index for index, element in enumerate(target.elements) if isinstance(element, ir.Starred)), None)

    def fitting(single: Value) -> Value:
        if not isinstance(single, Sequence) or single.open:
            return single
        fits = len(single.items) == count if starred is None else len(single.items) >= count - 1
        return single if fits else raising("an unpacking of too many or too few values")

    value = where_not_raising(frame, each(fitting, unpacked(frame, value)), "ValueError")
    if frame.aborted:
        return
    columns: list[list[tuple[Guard, Value]]] = [[] for _ in range(count)]
    for guard, single in alternatives(value):
        for index, part in enumerate(_columns(frame, target, single, count, starred)):
            columns[index].append((guard, part))
    for element, options in zip(target.elements, columns, strict=True):
        inner = element.value if isinstance(element, ir.Starred) else element
        assign(frame, inner, choose(options))


def _columns(frame: Frame, target: ir.Display, value: Value, count: int, starred: int | None) -> list[Value]:
    if (
        isinstance(value, Sequence)
        and starred is None
        and (len(value.items) == count or (value.open and len(value.items) >= count))
    ):
        return list(value.items[:count])
    if isinstance(value, Sequence) and starred is not None and not value.open and len(value.items) >= count - 1:
        return with_rest(value, count, starred)
    reason = value.reason if isinstance(value, Unknown) else "a part of an unknown value"
    return [Unknown(reason, derived("part", frame.number, target, index)) for index in range(count)]


def with_rest(value: Sequence, count: int, starred: int) -> list[Value]:
    """Returns the items of a sequence for `count` targets, of which the one at the position `starred` gets the rest."""
    end = len(value.items) - (count - 1 - starred)
    middle = Sequence(value.items[starred:end], "list")
    return [*value.items[:starred], middle, *value.items[end:]]


def _assign_item(frame: Frame, target: ir.Subscript, value: Value) -> None:
    base = force(frame, frame.evaluate(target.value))
    if len(target.indices) != 1 or isinstance(target.indices[0], ir.Slice):
        return
    index = force(frame, frame.evaluate(target.indices[0]))
    if base == Library("os.environ"):
        set_variable(frame, index, value)
        return
    key = mapping_key(index)
    if isinstance(base, InstanceDict):
        if isinstance(key, str):
            set_attribute(frame, base.instance, key, value)
        else:
            open_attributes(frame, base.instance, "a key of `__dict__` is unknown")
        return
    several = alternatives(base)
    if len(several) == 1 and isinstance(base, Sequence) and base.address:
        frame.state.set(("list", base.address), _with_item(base, index, value))
        return
    for single in {one.address: one for _, one in several if isinstance(one, MappingRef)}.values():
        content = frame.whole_content(single)
        stored = value if key is None else _stored(several, single, value, content.get(key))
        frame.state.set(("dict", single.address), with_item(content, index, stored))


def _with_item(sequence: Sequence, index: Value, value: Value) -> Sequence:
    """Returns the list after `sequence[index] = value`, or after `del sequence[index]` if the value is Absent."""
    at = index.value if isinstance(index, Const) else None
    items = list(sequence.items)
    if not isinstance(at, int) or sequence.open or not -len(items) <= at < len(items):
        return replace(sequence, items=(), open=True)
    items[at : at + 1 or None] = [] if isinstance(value, Absent) else [value]
    return replace(sequence, items=tuple(items))


Alternatives = tuple[tuple[Guard, Value], ...]


def _stored(several: Alternatives, single: Value, value: Value, old: Value) -> Value:
    """Returns the content of one of several objects after an assignment through a name that may refer to any of them.

    It holds the new value under its own guard and the old value under the guards of the others.
    """
    if len(several) == 1:
        return value
    return choose((guard, value if one == single else old) for guard, one in several)


def set_attribute(frame: Frame, holder: Value, name: str, value: Value) -> None:
    """Sets an attribute of an instance, class or module, or calls its setter. Ignores other objects."""
    several = alternatives(force(frame, holder))
    only = several[0][1]
    if len(several) == 1 and isinstance(only, Instance):
        setter, descriptor = _setter(frame, only, name), _set_method(frame, only, name)
        if setter is not None:
            frame.apply(None, setter, Arguments([value]))
            return
        if descriptor is not None:
            frame.apply(None, descriptor, Arguments([only, value]))
            return
    slots: dict[Slot, Value] = {}
    for _, single in several:
        if isinstance(single, Instance):
            slots["attr", single.address, name] = single
        elif isinstance(single, Class):
            slots["name", single.namespace, name] = single
        elif isinstance(single, ModuleValue):
            global_name(frame, single.module, name)  # what it is without this assignment
            slots["name", namespace_of(frame.run, single.module).number, name] = single
    for slot, single in slots.items():
        frame.state.set(slot, _stored(several, single, value, frame.state.get(slot)))


def delete_attribute(frame: Frame, holder: Value, name: str) -> None:
    """Deletes an attribute of an instance, or of each instance that the holder may be."""
    several = alternatives(holder)
    for single in {one.address: one for _, one in several if isinstance(one, Instance)}.values():
        slot: Slot = ("attr", single.address, name)
        frame.state.set(slot, _stored(several, single, Absent(), frame.state.get(slot)))


def _setter(frame: Frame, instance: Instance, name: str) -> Function | None:
    """Returns the bound setter of a property, or None if the attribute is not a property with a setter."""
    for cls in mro(instance.cls):
        node = _setters(cls).get(name)
        if node is not None:
            getter, owner = class_attribute(frame, cls, name)
            if isinstance(getter, Function):
                return replace(getter, node=node, decorators=(), defaults={}, bound=instance, owner=owner)
    return None


def _set_method(frame: Frame, instance: Instance, name: str) -> Function | None:
    """Returns the bound `__set__` of a descriptor, or None if the attribute is not one, or cannot be set."""
    descriptor = class_attribute(frame, instance.cls, name)[0] if class_kind(instance.cls) == "plain" else None
    if not isinstance(descriptor, Instance):
        return None
    method, owner = class_attribute(frame, descriptor.cls, "__set__")
    return replace(method, bound=descriptor, owner=owner) if isinstance(method, Function) else None


def _setters(cls: Class) -> dict[str, ir.FunctionDef]:
    found: dict[str, ir.FunctionDef] | None = cls.known.get("setters")
    if found is None:
        methods = (one for one in cls.node.body.statements if isinstance(one, ir.FunctionDef))
        found = cls.known["setters"] = {one.name: one for one in methods if is_property_part(one, "setter")}
    return found


def delete(frame: Frame, target: ir.Expression) -> None:
    """Runs `del target` for an item of a dict or list, or an attribute of an instance. Ignores other targets."""
    if isinstance(target, ir.Attribute):
        delete_attribute(frame, force(frame, frame.evaluate(target.value)), target.name)
    if isinstance(target, ir.Subscript):
        frame.evaluate(target)
        if not frame.aborted:
            _assign_item(frame, target, Absent())
