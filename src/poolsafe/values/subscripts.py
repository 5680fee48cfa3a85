"""`value[index]`: items of dicts and sequences, slices of strings."""

from __future__ import annotations

import libcst as cst

from poolsafe.values import texts
from poolsafe.values.classes import own_attribute
from poolsafe.values.frame import Frame
from poolsafe.values.lattice import (
    Absent,
    Class,
    Const,
    Library,
    MappingRef,
    MappingValue,
    Object,
    Sequence,
    Text,
    Unknown,
    Url,
    Value,
    choose,
    harden,
    lift,
    text,
)
from poolsafe.values.library_calls import environment
from poolsafe.values.mappings import mapping_key
from poolsafe.values.names import force
from poolsafe.values.world import World


def subscript(world: World, frame: Frame, node: cst.Subscript) -> Value:
    """The value of a subscript expression."""
    base = force(world, frame, world.evaluate(world, frame, node.value))
    if len(node.slice) != 1:
        return (
            base if isinstance(base, (Class, Library)) else world.unknown(frame, node, "a subscript of several indices")
        )
    index = node.slice[0].slice
    if isinstance(index, cst.Slice):
        return _sliced(world, frame, node, base, index)
    assert isinstance(index, cst.Index)
    key = force(world, frame, world.evaluate(world, frame, index.value))
    return force(world, frame, lift(lambda one, at: item(world, frame, node, one, at), base, harden(key)))


def item(world: World, frame: Frame, node: cst.CSTNode, base: Value, key: Value) -> Value:
    """`base[key]` of single values."""
    match base:
        case MappingRef() | MappingValue():
            content = world.content(frame.state, base) if isinstance(base, MappingRef) else base
            return _mapping_item(content, key)
        case Sequence():
            index = key.value if isinstance(key, Const) else None
            inside = isinstance(index, int) and -len(base.items) <= index < len(base.items)
            if isinstance(index, int) and inside and (index >= 0 or not base.open):
                return base.items[index]
            return world.unknown(frame, node, "an item of a sequence")
        case Text():
            if (
                isinstance(key, Const)
                and isinstance(key.value, int)
                and base.known is not None
                and -len(base.known) <= key.value < len(base.known)
            ):
                return text(base.known[key.value])
            return text(world.unknown(frame, node, "a character"))
        case Library(name="os.environ"):
            return environment(world, frame, key, None)
        case Library() | Class():
            if isinstance(base, Class) and isinstance(key, Text) and key.known is not None:
                member = own_attribute(world, frame, base, key.known)
                if not isinstance(member, Absent):
                    return Object("enum", {"value": member, "name": key}, ("enum", base.node.name.value, key.known))
            return base
        case Object(kind="called", facts={"name": "starlette.config.Config" | "environ.Env" | "environs.Env"}):
            return environment(world, frame, key, None)
        case Object(kind="parsed"):
            return Unknown("a part of a parsed URL")
        case Url():
            return Unknown("a part of a URL")
        case Object(kind="member", facts={"name": "attributes"}):
            return world.unknown(frame, node, "an attribute of Alembic's configuration")
        case Unknown():
            ident = texts.hashable(key)
            if base.ident is not None and ident is not None:
                return Unknown(base.reason, ("item", base.ident, ident), soft=base.soft)
            return Unknown(base.reason, ("node", frame.number, id(node)), soft=base.soft)
    return world.unknown(frame, node, "an item")


def _mapping_item(content: MappingValue, key: Value) -> Value:
    name = mapping_key(key)
    if name is not None:
        value = content.get(name)
        return Unknown("a key that the dict lacks") if isinstance(value, Absent) else value
    members = list(content.items.values())
    if content.open is None and 0 < len(members) <= 8:
        ident = texts.hashable(key)
        return choose(
            (frozenset({(("key", ident, content.oid, index), True)}), member) for index, member in enumerate(members)
        )
    return Unknown("a key that is not known", ("item", content.oid, texts.hashable(key)))


def _sliced(world: World, frame: Frame, node: cst.Subscript, base: Value, index: cst.Slice) -> Value:
    bounds: list[Value] = [
        Const(None) if part is None else harden(world.evaluate(world, frame, part))
        for part in (index.lower, index.upper, index.step)
    ]

    def cut(single: Value, *at: Value) -> Value:
        known = [one.value for one in at if isinstance(one, Const) and isinstance(one.value, (int, type(None)))]
        if len(known) < len(at):
            if isinstance(single, (Text, Unknown)):
                return text(world.unknown(frame, node, "a slice of text"))
            return world.unknown(frame, node, "a slice")
        start, stop, step = known
        if isinstance(single, Text):
            return texts.slice_text(single, start, stop, step)
        if isinstance(single, Sequence) and not single.open:
            return Sequence(single.items[start:stop:step], single.kind)
        if isinstance(single, Unknown):
            return Unknown(
                single.reason,
                ("slice", single.ident, start, stop, step) if single.ident is not None else None,
                soft=single.soft,
            )
        return world.unknown(frame, node, "a slice")

    return lift(cut, force(world, frame, base), *bounds)
