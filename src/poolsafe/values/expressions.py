"""Expressions: from a LibCST node to a value."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import libcst as cst

from poolsafe.values import texts
from poolsafe.values.attributes import attribute
from poolsafe.values.calls import call
from poolsafe.values.comprehensions import comprehension
from poolsafe.values.conditions import compare, truth, truthiness
from poolsafe.values.frame import Frame
from poolsafe.values.functions import parameter_defaults
from poolsafe.values.lattice import (
    Const,
    Function,
    MappingRef,
    MappingValue,
    Sequence,
    Text,
    Unknown,
    Value,
    alternatives,
    choose,
    harden,
    is_soft,
    lift,
    refused,
    text,
)
from poolsafe.values.mappings import mapping_key, merge_into
from poolsafe.values.names import bind, force, lookup
from poolsafe.values.state import State
from poolsafe.values.subscripts import subscript
from poolsafe.values.world import World

MAX_ITEMS = 64


def evaluate(world: World, frame: Frame, node: cst.BaseExpression) -> Value:
    """What the expression is where execution stands. Never raises on what a program may hold."""
    handler = _HANDLERS.get(type(node))
    if handler is None:
        return world.unknown(frame, node, "an expression that is not followed")
    if not world.spend():
        return Unknown("too much to follow")
    return handler(world, frame, node)


def _string(world: World, frame: Frame, node: cst.SimpleString) -> Value:
    content = literal(node)
    trail = (world.step(frame, node, "literal"),)
    if isinstance(content, str):
        return text(content, trail=trail)
    return Const(content, trail=trail)


def literal(node: cst.SimpleString) -> str | bytes:
    """The value of a string literal; its raw content where Python would refuse it."""
    try:
        value: str | bytes = node.evaluated_value
    except (ValueError, SyntaxError):
        value = node.raw_value
    return value


def _concatenated(world: World, frame: Frame, node: cst.ConcatenatedString) -> Value:
    return texts.concatenate(evaluate(world, frame, node.left), evaluate(world, frame, node.right))


def _formatted(world: World, frame: Frame, node: cst.FormattedString) -> Value:
    parts: list[Value] = []
    raw = "r" in node.prefix.lower()
    for part in node.parts:
        if isinstance(part, cst.FormattedStringText):
            parts.append(text(_unescape(part.value, raw=raw)))
        elif isinstance(part, cst.FormattedStringExpression):
            value = force(world, frame, evaluate(world, frame, part.expression))
            plain = not part.format_spec and part.conversion in (None, "s") and not part.equal
            parts.append(texts.stringify(value) if plain else text(Unknown("a formatted value")))
    joined = texts.concatenate_all(parts)
    step = world.step(frame, node, "f-string")

    def first(value: Value) -> Value:
        return Text(value.pieces, trail=(step, *value.trail)[:4]) if isinstance(value, Text) else value

    return lift(first, joined)


def _unescape(value: str, *, raw: bool) -> str:
    value = value.replace("{{", "{").replace("}}", "}")
    if raw or "\\" not in value:
        return value
    quoted = value.replace('"', '\\"') if '\\"' not in value else value
    try:
        return str(ast.literal_eval('"""' + quoted + '"""'))
    except (ValueError, SyntaxError):
        return value


def _ellipsis(world: World, frame: Frame, node: cst.Ellipsis) -> Value:
    return Const(Ellipsis)


_MOST_BITS = 4_096  # of a whole number


def _number(world: World, frame: Frame, node: cst.Integer | cst.Float) -> Value:
    try:
        value = ast.literal_eval(node.value)
    except (ValueError, SyntaxError):
        return world.unknown(frame, node, "a number that cannot be read")
    # Python reads hexadecimal numbers of any length, but does not write them as decimals.
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return world.unknown(frame, node, "a number that cannot be written")
    return Const(value, trail=(world.step(frame, node, "literal"),))


_SINGLETONS: dict[str, Any] = {"True": True, "False": False, "None": None}


def _name(world: World, frame: Frame, node: cst.Name) -> Value:
    if node.value in _SINGLETONS:
        return Const(_SINGLETONS[node.value], trail=(world.step(frame, node, "literal"),))
    return lookup(world, frame, node.value)


def _attribute(world: World, frame: Frame, node: cst.Attribute) -> Value:
    base = evaluate(world, frame, node.value)
    return attribute(world, frame, base, node.attr.value, node)


def _call(world: World, frame: Frame, node: cst.Call) -> Value:
    value = call(world, frame, node)
    wanted = world.wanted_calls.get(id(node))
    if wanted is not None:
        wanted.append((value, frame.state))
    return value


def _await(world: World, frame: Frame, node: cst.Await) -> Value:
    frame.awaiting = node.expression
    value = evaluate(world, frame, node.expression)
    frame.awaiting = None
    return value


def _dict(world: World, frame: Frame, node: cst.Dict) -> Value:
    items: dict[Any, Value] = {}
    reason: str | None = None
    for element in node.elements:
        if isinstance(element, cst.StarredDictElement):
            merged = merge_into(world, frame, items, evaluate(world, frame, element.value))
            reason = reason or merged
            continue
        assert isinstance(element, cst.DictElement)
        key = mapping_key(evaluate(world, frame, element.key))
        value = evaluate(world, frame, element.value)
        if key is None:
            reason = "a dict with a key that is not known"
        else:
            items[key] = value
    return world.new_mapping(frame.state, items, reason, (world.step(frame, node, "dict"),))


def _sequence(kind: str) -> Callable[[World, Frame, Any], Value]:
    def handler(world: World, frame: Frame, node: cst.List | cst.Tuple | cst.Set) -> Value:
        items: list[Value] = []
        is_open = False
        for element in node.elements[:MAX_ITEMS]:
            value = evaluate(world, frame, element.value)
            if isinstance(element, cst.StarredElement):
                known = isinstance(value, Sequence) and not value.open
                is_open = is_open or not known
                if isinstance(value, Sequence):
                    items.extend(value.items)
                continue
            items.append(value)
        return Sequence(tuple(items), kind, is_open or len(node.elements) > MAX_ITEMS)

    return handler


def _conditional(world: World, frame: Frame, node: cst.IfExp) -> Value:
    then, other = truth(world, frame, node.test)
    options = []
    before = frame.state
    ends: list[State] = []
    for guards, side in ((then, node.body), (other, node.orelse)):
        state = before.branch(guards)
        if state is None:
            continue
        frame.state = state
        value = evaluate(world, frame, side)
        ends.append(frame.state)
        options += [(guard, value) for guard in guards]
    frame.state = before
    if ends:
        before.join(ends, whole=True)
    return choose(options) if options else Unknown("no path reaches it")


def _boolean(world: World, frame: Frame, node: cst.BooleanOperation) -> Value:
    is_or = isinstance(node.operator, cst.Or)
    left = evaluate(world, frame, node.left)
    options: list[tuple[Any, Value]] = []
    right: Value | None = None
    for guard, single in alternatives(force(world, frame, left)):
        known = truthiness(world, frame, single)
        if known is None and isinstance(single, Unknown) and is_or:
            right = right if right is not None else evaluate(world, frame, node.right)
            # What is unknown stays a possibility; the right side is its default.
            key = ("given", single.ident if single.ident is not None else (frame.number, id(node)))
            given = Unknown(single.reason, single.ident, soft=True)
            options += [(guard | {(key, True)}, given), (guard | {(key, False)}, right)]
        elif known is None:
            right = right if right is not None else evaluate(world, frame, node.right)
            key = ("true", texts.hashable(single) or (frame.number, id(node.left)))
            options += [(guard | {(key, is_or)}, single), (guard | {(key, not is_or)}, right)]
        elif known is is_or:
            # What is unknown stays a possibility beside its default.
            options.append((guard, replace(single, soft=True) if is_or and isinstance(single, Unknown) else single))
        else:
            right = right if right is not None else evaluate(world, frame, node.right)
            options.append((guard, right))
    return choose(options)


def _unary(world: World, frame: Frame, node: cst.UnaryOperation) -> Value:
    value = harden(force(world, frame, evaluate(world, frame, node.expression)))
    if isinstance(node.operator, cst.Not):

        def negate(single: Value) -> Value:
            known = truthiness(world, frame, single)
            if known is not None:
                return Const(not known)
            return Unknown("a condition", texts.ident_of("not", single), soft=is_soft(single))

        return lift(negate, value)
    functions: dict[type, Callable[[Any], Any]] = {
        cst.Minus: operator.neg,
        cst.Plus: operator.pos,
        cst.BitInvert: operator.invert,
    }
    function = functions[type(node.operator)]

    def apply(single: Value) -> Value:
        if isinstance(single, Const) and isinstance(single.value, (int, float)):
            return Const(function(single.value), trail=(world.step(frame, node, "literal"),))
        return world.unknown(frame, node, "an unknown number")

    return lift(apply, value)


_ARITHMETIC: dict[type, Callable[[Any, Any], Any]] = {
    cst.Add: operator.add,
    cst.Subtract: operator.sub,
    cst.Multiply: operator.mul,
    cst.Divide: operator.truediv,
    cst.FloorDivide: operator.floordiv,
    cst.Modulo: operator.mod,
}


def _binary(world: World, frame: Frame, node: cst.BinaryOperation) -> Value:
    # A long chain of `+` is a loop here, not a recursion: generated SQL has thousands of links.
    chain: list[cst.BinaryOperation] = []
    current: cst.BaseExpression = node
    while isinstance(current, cst.BinaryOperation):
        chain.append(current)
        current = current.left
    value = evaluate(world, frame, current)
    for link in reversed(chain):
        value = combine(world, frame, link, type(link.operator), value, evaluate(world, frame, link.right))
    return value


def combine(world: World, frame: Frame, node: cst.CSTNode, kind: type, left: Value, right: Value) -> Value:
    """`left OP right`; `kind` is the class of LibCST's operator."""
    left, right = force(world, frame, left), force(world, frame, right)
    if kind is cst.Modulo and any(isinstance(single, Text) for _, single in alternatives(left)):
        return lift(lambda template: _percent(world, frame, template, right), left)
    singles = (*alternatives(left), *alternatives(right))
    if kind is cst.BitOr and any(isinstance(single, (MappingRef, MappingValue)) for _, single in singles):
        items: dict[Any, Value] = {}
        first = merge_into(world, frame, items, left)
        second = merge_into(world, frame, items, right)
        return world.new_mapping(frame.state, items, first or second, (world.step(frame, node, "dict"),))

    def apply(one: Value, two: Value) -> Value:
        if kind is cst.Add and (isinstance(one, Text) or isinstance(two, Text)):
            if isinstance(one, Const) or isinstance(two, Const):
                return refused("adds text to something else")
            return texts.concatenate(one, two)
        if kind is cst.Add and isinstance(one, Sequence) and isinstance(two, Sequence):
            return Sequence(one.items + two.items, one.kind, one.open or two.open)
        if isinstance(one, Const) and isinstance(two, Const):
            return _compute(kind, one, two)
        sides = texts.shallow(texts.hashable(one)), texts.shallow(texts.hashable(two))
        return Unknown("the result of an operator", ("op", kind.__name__, *sides))

    return lift(apply, harden(left), harden(right))


def _compute(kind: type, one: Const, two: Const) -> Value:
    function = _ARITHMETIC.get(kind)
    numbers = all(isinstance(side.value, (int, float)) and abs(side.value) < 10**9 for side in (one, two))
    if function is None or not numbers:
        return Unknown("the result of an operator")
    try:
        return Const(function(one.value, two.value), trail=one.trail)
    except (ArithmeticError, ValueError):
        return Unknown("the result of an operator")


def _percent(world: World, frame: Frame, template: Value, right: Value) -> Value:
    if not isinstance(template, Text):
        return Unknown("the result of an operator")

    def fill(values: Value) -> Value:
        if isinstance(values, Sequence) and values.kind == "tuple":
            return texts.format_percent(template, list(values.items), None)
        if isinstance(values, (MappingRef, MappingValue)):
            content = world.content(frame.state, values) if isinstance(values, MappingRef) else values
            return texts.format_percent(template, None, content.get)
        return texts.format_percent(template, [values], None)

    return lift(fill, right)


def _comparison(world: World, frame: Frame, node: cst.Comparison) -> Value:
    left = evaluate(world, frame, node.left)
    result: Value = Const(True)
    for target in node.comparisons:
        right = evaluate(world, frame, target.comparator)
        outcome = compare(world, frame, node, type(target.operator), left, right)
        result = (
            outcome if result == Const(True) else Unknown("a chain of comparisons", ("node", frame.number, id(node)))
        )
        left = right
    return result


def _named(world: World, frame: Frame, node: cst.NamedExpr) -> Value:
    value = evaluate(world, frame, node.value)
    if isinstance(node.target, cst.Name):
        bind(world, frame, node.target.value, value)
    return value


def _lambda(world: World, frame: Frame, node: cst.Lambda) -> Value:
    parents = frame.parents if frame.kind == "class" else (frame.number, *frame.parents)
    value = Function(node, frame.module, defaults=parameter_defaults(world, frame, node.params), parents=parents)
    if id(node) in world.hot:
        world.defined[id(node)] = (value, frame)
    return value


def _yield(world: World, frame: Frame, node: cst.Yield) -> Value:
    """`yield value`: kept as what the generator gives; the expression itself is what a sender sends."""
    value: Value = Const(None)
    if isinstance(node.value, cst.From):
        value = Unknown("the items of another generator")
    elif node.value is not None:
        value = world.evaluate(world, frame, node.value)
    frame.yields.append(value)
    return Unknown("a value sent to a generator")


_HANDLERS: dict[type, Callable[[World, Frame, Any], Value]] = {
    cst.SimpleString: _string,
    cst.ConcatenatedString: _concatenated,
    cst.FormattedString: _formatted,
    cst.Integer: _number,
    cst.Float: _number,
    cst.Ellipsis: _ellipsis,
    cst.Name: _name,
    cst.Attribute: _attribute,
    cst.Call: _call,
    cst.Await: _await,
    cst.Yield: _yield,
    cst.Dict: _dict,
    cst.List: _sequence("list"),
    cst.Tuple: _sequence("tuple"),
    cst.Set: _sequence("set"),
    cst.IfExp: _conditional,
    cst.BooleanOperation: _boolean,
    cst.UnaryOperation: _unary,
    cst.BinaryOperation: _binary,
    cst.Comparison: _comparison,
    cst.Subscript: subscript,
    cst.NamedExpr: _named,
    cst.Lambda: _lambda,
    cst.ListComp: comprehension,
    cst.DictComp: comprehension,
    cst.SetComp: comprehension,
    cst.GeneratorExp: comprehension,
}
