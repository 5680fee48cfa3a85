"""Expressions: evaluates a lowered expression to a value."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from poolsafe import ir
from poolsafe.inference import texts
from poolsafe.inference.attributes import attribute
from poolsafe.inference.calls import call
from poolsafe.inference.comprehensions import comprehension
from poolsafe.inference.conditions import compare, held, note_test, truth, truthiness, value_truth
from poolsafe.inference.context import Frame
from poolsafe.inference.exceptions import raise_now, run_where
from poolsafe.inference.functions import parameter_defaults, yielded, yields_slot
from poolsafe.inference.instances import as_string, items_of
from poolsafe.inference.lattice import (
    alternatives,
    choose,
    compatible,
    is_chosen_by_or,
    is_given,
    is_override,
    lift,
)
from poolsafe.inference.mappings import mapping_key, merge_into
from poolsafe.inference.names import bind, force, lookup
from poolsafe.inference.reasons import Origin, Reason
from poolsafe.inference.state import State
from poolsafe.inference.subscripts import subscript
from poolsafe.inference.symbols import At, Guard, given, unless, where
from poolsafe.inference.values import (
    Alternatives,
    Const,
    Function,
    MappingRef,
    MappingValue,
    Sequence,
    Text,
    Unknown,
    Value,
    is_raising,
    raising,
    text,
)

MAX_ITEMS = 64


def evaluate(frame: Frame, node: ir.Expression) -> Value:
    """Returns the value of an expression in the current state. It never raises, whatever the program contains."""
    handler = _HANDLERS.get(type(node))
    if handler is None:
        return frame.unknown(node, "an expression that poolsafe cannot follow")
    budget = frame.run.budget
    if not budget.spend():
        return Unknown(Reason.BUDGET)
    value = handler(frame, node)
    if isinstance(value, Alternatives):
        budget.alternatives += len(value.alternatives) ** 2 // 2  # the join compared them in pairs
    return value


def _constant(frame: Frame, node: ir.Constant) -> Value:
    if isinstance(node.value, str):
        return text(node.value, provenance=frame.provenance(node, Origin.LITERAL))
    if node.value is Ellipsis:
        return Const(Ellipsis)
    return Const(node.value, provenance=frame.provenance(node, Origin.LITERAL))


def _concatenation(frame: Frame, node: ir.Concatenation) -> Value:
    return texts.concatenate_all([evaluate(frame, part) for part in node.parts])


def _joined(frame: Frame, node: ir.JoinedString) -> Value:
    parts: list[Value] = []
    for part in node.parts:
        if isinstance(part, ir.Constant):
            parts.append(text(part.value))
        else:
            value = as_string(frame, evaluate(frame, part.value))
            parts.append(texts.stringify(value) if part.plain else text(Unknown("a formatted value")))
    joined = texts.concatenate_all(parts)
    provenance = frame.provenance(node, Origin.F_STRING)

    def first(value: Value) -> Value:
        return Text(value.pieces, provenance=(*provenance, *value.provenance)[:4]) if isinstance(value, Text) else value

    return lift(first, joined)


def _name(frame: Frame, node: ir.Name) -> Value:
    return lookup(frame, node.id)


def _attribute(frame: Frame, node: ir.Attribute) -> Value:
    base = evaluate(frame, node.value)
    return attribute(frame, base, node.name, node)


def _call(frame: Frame, node: ir.Call) -> Value:
    value = call(frame, node)
    wanted = frame.run.observations.results.get(id(node.origin))
    if wanted is not None:
        wanted.append((value, frame.state))
    return value


def _await(frame: Frame, node: ir.Await) -> Value:
    return evaluate(frame, node.value)


def _dict(frame: Frame, node: ir.Dict) -> Value:
    items: dict[Any, Value] = {}
    reason: str | None = None
    for written, inner in node.items:
        if written is None:
            merged = merge_into(frame, items, evaluate(frame, inner))
            reason = reason or merged
            continue
        key = mapping_key(evaluate(frame, written))
        value = evaluate(frame, inner)
        if key is None:
            reason = "a dict with an unknown key"
        else:
            items[key] = value
    return frame.new_mapping(items, reason, frame.provenance(node, Origin.DICT))


def _display(frame: Frame, node: ir.Display) -> Value:
    items: list[Value] = []
    is_open = False
    for element in node.elements[:MAX_ITEMS]:
        if isinstance(element, ir.Starred):
            more = items_of(frame, evaluate(frame, element.value))
            is_open = is_open or more.open
            items += more.items
            continue
        items.append(evaluate(frame, element))
    address = 0 if node.kind == "tuple" else frame.address()
    return Sequence(tuple(items), node.kind, is_open or len(node.elements) > MAX_ITEMS, address)


def _conditional(frame: Frame, node: ir.Conditional) -> Value:
    questions = frame.run.emptiness.questions
    then, other = truth(frame, node.test)
    if frame.aborted:
        return raising("an exception")
    options = []
    before = frame.state
    ends: list[State] = []
    whole = True
    for guards, side in ((then, node.body), (other, node.orelse)):
        state = before.branch(guards)
        if state is None:
            frame.run.emptiness.leave_out(questions, (side,))
            continue
        frame.state, entered = state, state.path
        value = evaluate(frame, side)
        whole = whole and not frame.aborted and state.path == entered
        if frame.aborted:
            frame.aborted = False
            continue
        ends.append(frame.state)
        options += [(guard, value) for guard in guards]
    frame.state = before
    frame.aborted = not ends
    if ends:
        before.join(ends, whole=whole)
    return choose(options) if options else Unknown("no code path reaches it")


def _boolean(frame: Frame, node: ir.BooleanOperation) -> Value:
    is_or = node.operator == "or"
    left = force(frame, evaluate(frame, node.left))
    if frame.aborted:
        return left
    options: list[tuple[Guard, Value | None]] = []  # None stands for the right side
    for guard, single in alternatives(left):
        inside = held(frame, guard, single)
        known = is_chosen_by_or(guard, inside) or truthiness(frame, inside)
        if known is is_or:
            # An unknown left side overrides its default, which is another alternative.
            options.append((guard, replace(single, override=True) if is_or and isinstance(single, Unknown) else single))
        elif known is not None:
            options.append((guard, None))
        elif isinstance(single, Unknown) and is_or:
            # The unknown left side stays an alternative. The right side is its default.
            key = given(single.symbol or At(frame.number, node))
            left_side = replace(single, override=single.override or is_given(single))
            options += [(guard | where(key), left_side), (guard | unless(key), None)]
        else:
            then, other = value_truth(frame, node.left, inside)
            for guards, result in ((then, single if is_or else None), (other, None if is_or else single)):
                options += [(guard | at, result) for at in guards if compatible(guard, at)]
    goes_on = [guard for guard, single in options if single is None]
    decided = [(guard, single) for guard, single in options if single is not None]
    if not goes_on:
        return choose(decided)
    right = run_where(frame, goes_on, [guard for guard, _ in decided], lambda: evaluate(frame, node.right))
    if right is None:
        return choose(decided) if decided else raising("an exception")
    return choose((guard, right if single is None else single) for guard, single in options)


def _unary(frame: Frame, node: ir.UnaryOperation) -> Value:
    value = force(frame, evaluate(frame, node.operand))
    if node.operator == "not":

        def negate(single: Value) -> Value:
            note_test(frame, node, single)
            known = truthiness(frame, single)
            if known is not None:
                return Const(not known)
            return Unknown("a condition", texts.negation_of(single), override=is_override(single))

        return lift(negate, value)
    function = _UNARY[node.operator]

    def apply(single: Value) -> Value:
        if isinstance(single, Const) and isinstance(single.value, (int, float)):
            return Const(function(single.value), provenance=frame.provenance(node, Origin.LITERAL))
        return frame.unknown(node, "an unknown number")

    return lift(apply, value)


_UNARY: dict[str, Callable[[Any], Any]] = {"-": operator.neg, "+": operator.pos, "~": operator.invert}
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}


def _binary(frame: Frame, node: ir.BinaryOperation) -> Value:
    # A loop instead of recursion: generated SQL has chains of thousands of `+`.
    chain: list[ir.BinaryOperation] = []
    current: ir.Expression = node
    while isinstance(current, ir.BinaryOperation):
        chain.append(current)
        current = current.left
    value = evaluate(frame, current)
    for link in reversed(chain):
        value = combine(frame, link, link.operator, value, evaluate(frame, link.right))
    return value


def combine(frame: Frame, node: ir.Node, kind: str, left: Value, right: Value) -> Value:
    """Returns the value of `left kind right`. `kind` is the binary operator as it is spelled."""
    left, right = force(frame, left), force(frame, right)
    if kind == "%" and any(isinstance(single, Text) for _, single in alternatives(left)):
        return lift(lambda template: _percent(frame, template, right), left)
    singles = (*alternatives(left), *alternatives(right))
    if kind == "|" and any(isinstance(single, (MappingRef, MappingValue)) for _, single in singles):
        items: dict[Any, Value] = {}
        first = merge_into(frame, items, left)
        second = merge_into(frame, items, right)
        return frame.new_mapping(items, first or second, frame.provenance(node, Origin.DICT))

    def apply(one: Value, two: Value) -> Value:
        if kind == "+" and (isinstance(one, Text) or isinstance(two, Text)):
            if isinstance(one, Const) or isinstance(two, Const):
                return raising("a sum of a string and another value")
            return texts.join(one, two)
        if kind == "+" and isinstance(one, Sequence) and isinstance(two, Sequence):
            return Sequence(one.items + two.items, one.kind, one.open or two.open)
        if isinstance(one, Const) and isinstance(two, Const):
            return _compute(kind, one, two)
        return Unknown("the result of an operator", texts.derived_of(kind, one, two) or At(frame.number, node))

    has_text = kind == "+" and any(isinstance(single, Text) for _, single in singles)
    result = texts.concatenate(left, right, apply) if has_text else lift(apply, left, right)
    if is_raising(result) and not isinstance(left, Alternatives) and not isinstance(right, Alternatives):
        raise_now(frame, "TypeError" if kind == "+" else "ZeroDivisionError")
    return result


def _compute(kind: str, one: Const, two: Const) -> Value:
    function = _ARITHMETIC.get(kind)
    numbers = all(isinstance(side.value, (int, float)) and abs(side.value) < 10**9 for side in (one, two))
    if function is None or not numbers:
        return Unknown("the result of an operator")
    try:
        return Const(function(one.value, two.value), provenance=one.provenance)
    except ZeroDivisionError:
        return raising("a division by zero")
    except (ArithmeticError, ValueError):
        return Unknown("the result of an operator")


def _percent(frame: Frame, template: Value, right: Value) -> Value:
    if not isinstance(template, Text):
        return Unknown("the result of an operator")

    def fill(values: Value) -> Value:
        if isinstance(values, Sequence) and values.kind == "tuple":
            return texts.format_percent(template, list(values.items), None)
        if isinstance(values, (MappingRef, MappingValue)):
            return texts.format_percent(template, None, frame.content(values).get)
        return texts.format_percent(template, [values], None)

    return lift(fill, right)


def _comparison(frame: Frame, node: ir.Comparison) -> Value:
    left = evaluate(frame, node.left)
    result: Value = Const(True)
    for kind, operand in node.rest:
        right = evaluate(frame, operand)
        outcome = compare(frame, node, kind, left, right)
        result = outcome if result == Const(True) else Unknown("a chain of comparisons", At(frame.number, node))
        left = right
    return result


def _named(frame: Frame, node: ir.NamedExpression) -> Value:
    value = evaluate(frame, node.value)
    if isinstance(node.target, ir.Name):
        bind(frame, node.target.id, value)
    return value


def _lambda(frame: Frame, node: ir.Lambda) -> Value:
    parents = frame.parents if frame.kind == "class" else (frame.number, *frame.parents)
    value = Function(node, frame.module, defaults=parameter_defaults(frame, node.parameters), parents=parents)
    if frame.run.strategy.leads_to_target(node):
        frame.run.defined[id(node.origin)] = (value, frame)
    return value


def _yield(frame: Frame, node: ir.Yield) -> Value:
    """Adds a value to the items of the running generator. Returns the value sent to it, which is unknown."""
    value = Const(None) if node.value is None else frame.evaluate(node.value)
    if frame.suspended is not None:
        frame.suspended(frame, value)
        return Const(None)
    items = items_of(frame, value) if node.delegates else Sequence((value,))
    if items.open:
        items = replace(items, items=(*items.items, Unknown("an item from another generator")))
    is_open = items.open or not all(loop.certain for loop in frame.loops)

    def added(before: Value) -> Value:
        known = yielded(before)
        return Sequence(known.items + items.items, open=known.open or is_open)

    frame.yields = True
    slot = yields_slot(frame)
    frame.state.set(slot, lift(added, frame.state.get(slot)))
    return Unknown("a value sent to a generator")


_HANDLERS: dict[type, Callable[[Frame, Any], Value]] = {
    ir.Constant: _constant,
    ir.Concatenation: _concatenation,
    ir.JoinedString: _joined,
    ir.Name: _name,
    ir.Attribute: _attribute,
    ir.Call: _call,
    ir.Await: _await,
    ir.Yield: _yield,
    ir.Dict: _dict,
    ir.Display: _display,
    ir.Conditional: _conditional,
    ir.BooleanOperation: _boolean,
    ir.UnaryOperation: _unary,
    ir.BinaryOperation: _binary,
    ir.Comparison: _comparison,
    ir.Subscript: subscript,
    ir.NamedExpression: _named,
    ir.Lambda: _lambda,
    ir.Comprehension: comprehension,
}
