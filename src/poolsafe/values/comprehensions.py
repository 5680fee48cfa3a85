"""Comprehensions over sequences and dicts that are known."""

from __future__ import annotations

from typing import Any

import libcst as cst

from poolsafe.values.assignment import assign
from poolsafe.values.conditions import truth
from poolsafe.values.frame import Arguments, Frame
from poolsafe.values.instances import unpacked
from poolsafe.values.lattice import ALWAYS, Absent, Guard, MappingRef, Sequence, Value, choose
from poolsafe.values.mappings import mapping_key
from poolsafe.values.methods import mapping_method
from poolsafe.values.world import World

MAX_ROUNDS = 32


def iterated(world: World, frame: Frame, value: Value) -> Sequence | None:
    """The items that a loop over the value sees, in order; None where they are not known."""
    value = unpacked(world, frame, value)
    if isinstance(value, MappingRef):
        value = mapping_method(world, frame, cst.Call(cst.Name("keys")), value, "keys", Arguments())
    if isinstance(value, Sequence) and len(value.items) <= MAX_ROUNDS:
        return value
    return None


def comprehension(world: World, frame: Frame, node: cst.BaseComp) -> Value:
    """A list, set, dict or generator comprehension; unknown where its source is."""
    assert isinstance(node, (cst.ListComp, cst.SetComp, cst.GeneratorExp, cst.DictComp))
    loop = node.for_in
    source = iterated(world, frame, world.evaluate(world, frame, loop.iter))
    before = frame.state
    inner = Frame(
        frame.module,
        world.number(),
        (frame.number, *frame.parents) if frame.kind != "class" else frame.parents,
        before.layer(),
        before,
        depth=frame.depth,
        cls=frame.cls,
        self_value=frame.self_value,
    )
    if source is None or loop.inner_for_in is not None:
        assign(world, inner, loop.target, world.unknown(frame, loop, "an item of a loop"))
        _element(world, inner, node)
        reason = "a comprehension over something unknown"
        return (
            world.new_mapping(before, {}, reason) if isinstance(node, cst.DictComp) else Sequence((), "list", open=True)
        )
    items: dict[Any, Value] = {}
    values: list[Value] = []
    is_open = source.open
    for member in source.items:
        assign(world, inner, loop.target, member)
        guards = _kept(world, inner, loop)
        if not guards:
            continue
        key, value = _element(world, inner, node)
        sure = guards == [ALWAYS]
        if isinstance(node, cst.DictComp):
            name = mapping_key(key) if key is not None else None
            if name is None:
                is_open = True
            else:
                items[name] = value if sure else choose([*((guard, value) for guard in guards), *_otherwise(guards)])
        elif sure:
            values.append(value)
        else:
            is_open = True
    if isinstance(node, cst.DictComp):
        return world.new_mapping(before, items, "a comprehension over something unknown" if is_open else None)
    return Sequence(tuple(values), "set" if isinstance(node, cst.SetComp) else "list", is_open)


def _kept(world: World, inner: Frame, loop: cst.CompFor) -> list[Guard]:
    guards: list[Guard] = [ALWAYS]
    for condition in loop.ifs:
        then, _ = truth(world, inner, condition.test)
        guards = [one | two for one in guards for two in then][:8]
    return guards


def _otherwise(guards: list[Guard]) -> list[tuple[Guard, Value]]:
    return [(frozenset({(key, not truth_)}), Absent()) for guard in guards for key, truth_ in guard]


def _element(world: World, inner: Frame, node: cst.BaseComp) -> tuple[Value | None, Value]:
    if isinstance(node, cst.DictComp):
        return world.evaluate(world, inner, node.key), world.evaluate(world, inner, node.value)
    assert isinstance(node, (cst.ListComp, cst.SetComp, cst.GeneratorExp))
    return None, world.evaluate(world, inner, node.elt)
