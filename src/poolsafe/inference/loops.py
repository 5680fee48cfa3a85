"""Loops: `for` and `while`, unrolled round by round."""

from __future__ import annotations

from poolsafe import ir
from poolsafe.inference.assignment import assign
from poolsafe.inference.comprehensions import iterated
from poolsafe.inference.conditions import truth
from poolsafe.inference.context import Frame, Loop
from poolsafe.inference.instances import unpacked
from poolsafe.inference.lattice import alternatives
from poolsafe.inference.state import State
from poolsafe.inference.symbols import ALWAYS, Guard, derived, unless, where
from poolsafe.inference.values import Sequence, Value


def run_for(frame: Frame, node: ir.For) -> bool:
    """Runs a `for`, once for each of several lists that a branch has chosen."""
    iterable = frame.evaluate(node.iterable)
    options = [] if frame.aborted else alternatives(unpacked(frame, iterable))
    if len(options) > MAX_LISTS or not all(map(_is_list, (single for _, single in options))):
        options = [(ALWAYS, iterable)]
    if frame.aborted or len(options) < 2:
        return not frame.aborted and _run_over(frame, node, iterated(frame, iterable))
    before = frame.state
    ends: list[State] = []
    for guard, single in options:
        state = before.branch([guard])
        if state is not None:
            frame.state = state
            if _run_over(frame, node, iterated(frame, single)):
                ends.append(frame.state.flattened(before))
    frame.state = before
    if ends:
        before.join(ends)
    return bool(ends)


def _is_list(value: Value) -> bool:
    return isinstance(value, Sequence) and not value.open


def _run_over(frame: Frame, node: ir.For, items: Sequence | None) -> bool:
    before, goes_on = _enter_loop(frame), True
    if items is not None and not items.open:
        for member in items.items:
            assign(frame, node.target, member)
            goes_on = not frame.aborted and _round(frame, node, before)
            frame.aborted = False
            if not goes_on:
                break
    else:
        frame.loops[-1].certain = False
        assign(frame, node.target, frame.unknown(node, "an item that a loop visits"))
        goes_on = _round(frame, node, before)
    return _after_loop(frame, node, before, goes_on=goes_on, certain=items is not None and bool(items.items))


def run_while(frame: Frame, node: ir.While) -> bool:
    """Runs a `while` for as long as its test is certainly true, and once more if it may be true."""
    before = _enter_loop(frame)
    goes_on = certain = True
    # The condition that ends a `while True` is in its body, and more rounds rarely decide it.
    for _ in range(MAX_FREE_ROUNDS if isinstance(node.test, ir.Constant) else MAX_ROUNDS):
        then, other = truth(frame, node.test)
        if frame.aborted or not then:
            break
        certain = frame.loops[-1].certain = then == [ALWAYS] and not other
        changes = dict(frame.state.changes)
        goes_on = _round(frame, node, before)
        if not certain or not goes_on:
            break
        if frame.state.has_same(changes):
            goes_on = False  # a fixed point: only `break` leaves the loop
            break
    if frame.aborted:
        frame.loops.pop()
        frame.state = before
        return False
    return _after_loop(frame, node, before, goes_on=goes_on, certain=certain)


MAX_LISTS = 4  # lists that a `for` visits one after the other
MAX_ROUNDS = 24  # rounds of a `while` with a test
MAX_FREE_ROUNDS = 2  # rounds of a `while True`


def _enter_loop(frame: Frame) -> State:
    before = frame.state
    frame.loops.append(Loop(before))
    frame.state = before.layer()
    return before


def _round(frame: Frame, node: ir.For | ir.While, before: State) -> bool:
    """Runs the body once. Returns False if no path reaches the head of the loop again."""
    loop = frame.loops[-1]
    ends = [frame.state] if frame.execute(node.body) else []
    if loop.continued:
        ends = [*(state.flattened(before) for state in ends), *loop.continued]
        loop.continued.clear()
        frame.state = before.layer()
        frame.state.join(ends)
    return bool(ends)


def _after_loop(frame: Frame, node: ir.For | ir.While, before: State, *, goes_on: bool, certain: bool) -> bool:
    broken = frame.loops.pop().broken
    ends = [frame.state.flattened(before)] if goes_on else []
    frame.state = before
    if not certain:
        key = derived("loop", frame.number, node)
        ends, broken = ([_under(end, where(key)) for end in part] for part in (ends, broken))
        skipped = before.branch([unless(key)])
        if skipped is not None:
            ends.append(skipped)
    if node.orelse and ends:
        ends = _orelse(frame, node.orelse, before, ends)
    if ends or broken:
        before.join([*ends, *broken], whole=not certain)
    return bool(ends or broken)


def _orelse(frame: Frame, block: ir.Block, before: State, ends: list[State]) -> list[State]:
    """Runs the `else` of a loop, on the paths on which no `break` ended the loop."""
    frame.state = before.layer()
    frame.state.join(ends)
    goes_on = frame.execute(block)
    done, frame.state = frame.state, before
    return [done.flattened(before)] if goes_on else []


def _under(state: State, guard: Guard) -> State:
    state.path = tuple(at | guard for at in state.path)
    state.own = tuple(at | guard for at in state.own)
    return state
