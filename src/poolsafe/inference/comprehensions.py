"""Comprehensions, unrolled if the items that they iterate over are known."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from poolsafe import ir
from poolsafe.inference.assignment import assign
from poolsafe.inference.conditions import truth
from poolsafe.inference.context import Frame
from poolsafe.inference.exceptions import run_where
from poolsafe.inference.instances import unpacked
from poolsafe.inference.lattice import alternatives, choose, conjunctions
from poolsafe.inference.mappings import mapping_key
from poolsafe.inference.symbols import ALWAYS, Guard, derived, unless, where
from poolsafe.inference.values import Absent, Sequence, Value, raising
from poolsafe.records import frozen

MAX_ROUNDS = 32
MAX_GUARDS = 8


def iterated(frame: Frame, value: Value) -> Sequence | None:
    """Returns the items that a loop over the value visits, or None if they are unknown or too many."""
    value = unpacked(frame, value)
    if isinstance(value, Sequence) and len(value.items) <= MAX_ROUNDS:
        return value
    return None


@dataclass(slots=True)
class _Result:
    """The items that a comprehension has produced so far. `open`: there may be more."""

    items: dict[Any, Value] = field(default_factory=dict)
    values: list[Value] = field(default_factory=list)
    open: bool = False


@frozen
class _Item:
    """The guards under which an element is produced, and those under which it is left out."""

    kept: tuple[Guard, ...] = (ALWAYS,)
    dropped: tuple[Guard, ...] = ()

    def where(self, kept: list[Guard], dropped: list[Guard]) -> _Item:
        """Returns the item after an inner loop or conditions have kept or dropped it under these guards."""
        left_out = (*self.dropped, *conjunctions(self.kept, dropped))
        return _Item(tuple(conjunctions(self.kept, kept))[:MAX_GUARDS], left_out[:MAX_GUARDS])


def comprehension(frame: Frame, node: ir.Comprehension) -> Value:
    """Returns the result of a comprehension, and applies the effects of the calls in it.

    It is open if one of its sources is unknown.
    """
    source = iterated(frame, frame.evaluate(node.generators[0].iterable))
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
    made = _Result()
    _loop(inner, node, 0, source, _Item(), made)
    frame.raised = frame.raised or inner.raised
    if inner.aborted:
        frame.aborted = True
        return raising("an exception")
    before.join([inner.state.flattened(before)])
    if node.kind == "dict":
        return frame.new_mapping(made.items, "a comprehension over an unknown iterable" if made.open else None)
    return Sequence(tuple(made.values), node.kind, made.open, frame.address())


def _loop(
    inner: Frame, node: ir.Comprehension, depth: int, source: Sequence | None, item: _Item, made: _Result
) -> None:
    """Runs the loop of a generator: the generators after it, or the element, for each item of the source."""
    loop = node.generators[depth]
    if source is None:
        made.open = True
        assign(inner, loop.target, inner.unknown(loop, "an item that a loop visits"))
        key = derived("loop", inner.number, loop)
        _visit(inner, node, depth, item.where([where(key)], [unless(key)]), made)
        return
    made.open = made.open or source.open
    for written in source.items:
        member, present, missing = _split(written)
        assign(inner, loop.target, member)
        if not inner.aborted:
            then, otherwise = _conditions(inner, loop)
            one = item.where(conjunctions(present, then), [*missing, *conjunctions(present, otherwise)])
            _visit(inner, node, depth, one, made)
        if inner.aborted:
            return


def _visit(inner: Frame, node: ir.Comprehension, depth: int, item: _Item, made: _Result) -> None:
    def visit() -> None:
        if depth + 1 < len(node.generators):
            source = iterated(inner, inner.evaluate(node.generators[depth + 1].iterable))
            if not inner.aborted:
                _loop(inner, node, depth + 1, source, item, made)
        else:
            _make(inner, node, item, made)

    if not item.dropped:
        visit()
    elif item.kept:
        run_where(inner, list(item.kept), list(item.dropped), visit)


def _make(inner: Frame, node: ir.Comprehension, item: _Item, made: _Result) -> None:
    """Evaluates the element, and adds it to the result."""
    key = mapping_key(inner.evaluate(node.key)) if node.key is not None else None
    value = inner.evaluate(node.element)
    if node.kind == "dict" and key is not None:
        before = made.items.get(key, Absent())
        options = [*((guard, value) for guard in item.kept), *((guard, before) for guard in item.dropped)]
        made.items[key] = choose(options) if item.dropped else value
    elif node.kind == "dict" or item.dropped:
        made.open = True
    else:
        made.values.append(value)


def _split(member: Value) -> tuple[Value, list[Guard], list[Guard]]:
    """Returns an item of a loop, the guards under which it exists, and those under which it does not.

    A pair from `items()` does not exist where the dict lacks the key: its value has an Absent alternative.
    """
    if not isinstance(member, Sequence) or len(member.items) != 2:
        return member, [ALWAYS], []
    several = alternatives(member.items[1])
    missing = [guard for guard, single in several if isinstance(single, Absent)]
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
