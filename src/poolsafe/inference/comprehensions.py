"""Comprehensions, unrolled if the items they go through are known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from poolsafe import ir
from poolsafe.inference.assignment import assign
from poolsafe.inference.conditions import truth
from poolsafe.inference.context import Frame
from poolsafe.inference.instances import unpacked
from poolsafe.inference.lattice import alternatives, choose
from poolsafe.inference.mappings import mapping_key
from poolsafe.inference.symbols import ALWAYS, Guard
from poolsafe.inference.values import Absent, Sequence, Value, raising

MAX_ROUNDS = 32
MAX_GUARDS = 8


def iterated(frame: Frame, value: Value) -> Sequence | None:
    """Returns the items that a loop over the value visits, or None if they are unknown or too many."""
    value = unpacked(frame, value)
    if isinstance(value, Sequence) and len(value.items) <= MAX_ROUNDS:
        return value
    return None


def comprehension(frame: Frame, node: ir.Comprehension) -> Value:
    """Returns the result of a comprehension. It has unknown content if its source is unknown or it is nested."""
    loop = node.generators[0]
    source = iterated(frame, frame.evaluate(loop.iterable))
    before = frame.state
    inner = Frame(
        frame.run,
        frame.module,
        frame.address(),
        (frame.number, *frame.parents) if frame.kind != "class" else frame.parents,
        before.layer(),
        before,
        depth=frame.depth,
        cls=frame.cls,
        self_value=frame.self_value,
    )
    if source is None or len(node.generators) > 1:
        assign(inner, loop.target, frame.unknown(loop, "an item of a loop"))
        _element(inner, node)
        reason = "a comprehension over something unknown"
        return frame.new_mapping({}, reason) if node.kind == "dict" else Sequence((), "list", open=True)
    items: dict[Any, Value] = {}
    values: list[Value] = []
    is_open = source.open
    for written in source.items:
        member, present, missing = _split(written)
        assign(inner, loop.target, member)
        if inner.aborted:
            frame.aborted = frame.raised = True
            return raising("an exception")
        then, otherwise = _conditions(inner, loop)
        kept = [one | two for one in present for two in then]
        dropped = [(one | two, Absent()) for one in present for two in otherwise]
        if not kept:
            continue
        key, value = _element(inner, node)
        sure = not dropped and not missing
        if node.kind == "dict":
            name = mapping_key(key) if key is not None else None
            if name is None:
                is_open = True
            else:
                items[name] = value if sure else choose([*((guard, value) for guard in kept), *dropped, *missing])
        elif sure:
            values.append(value)
        else:
            is_open = True
    if node.kind == "dict":
        return frame.new_mapping(items, "a comprehension over something unknown" if is_open else None)
    return Sequence(tuple(values), "set" if node.kind == "set" else "list", is_open, frame.address())


def _split(member: Value) -> tuple[Value, list[Guard], list[tuple[Guard, Value]]]:
    """Returns an item of a loop, the guards under which it exists, and its Absent alternatives.

    A pair from `items()` does not exist where the dict lacks the key: its value has an Absent alternative.
    """
    if not isinstance(member, Sequence) or len(member.items) != 2:
        return member, [ALWAYS], []
    several = alternatives(member.items[1])
    missing = [one for one in several if isinstance(one[1], Absent)]
    present = [one for one in several if not isinstance(one[1], Absent)]
    if not missing or not present:
        return member, [ALWAYS], []
    pair = replace(member, items=(member.items[0], choose(present)))
    return pair, [guard for guard, _ in present], missing


def _conditions(inner: Frame, loop: ir.Generator) -> tuple[list[Guard], list[Guard]]:
    """Returns the guards under which the conditions of a loop keep an item, and those under which they drop it."""
    kept: list[Guard] = [ALWAYS]
    dropped: list[Guard] = []
    for condition in loop.conditions:
        then, otherwise = truth(inner, condition)
        dropped += [one | two for one in kept for two in otherwise]
        kept = [one | two for one in kept for two in then]
    return kept[:MAX_GUARDS], dropped[:MAX_GUARDS]


def _element(inner: Frame, node: ir.Comprehension) -> tuple[Value | None, Value]:
    key = inner.evaluate(node.key) if node.key is not None else None
    return key, inner.evaluate(node.element)
