"""Predicates: the parts of path conditions, for tests whose result is unknown.

Tests of the same subject depend on each other: a value equal to "test" is not equal to "production", and does not begin
with "prod". All predicates on one subject, and on values computed from it (`int(x)`, `x.lower()`), are ordered. The
guards of a predicate include the earlier predicates that decide it. An `==` or `in` names the constants that the
subject may be, and another predicate may have the same answer for all of them. `!=` and `not in` are negations.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

from poolsafe import ir
from poolsafe.inference import texts
from poolsafe.inference.context import Frame, Run
from poolsafe.inference.lattice import conjunctions
from poolsafe.inference.objects import LibraryObject
from poolsafe.inference.symbols import (
    ALWAYS,
    At,
    AttributeOf,
    CallOf,
    Characters,
    Comparison,
    Constant,
    Converted,
    Derived,
    Guard,
    IsTrue,
    Symbol,
    implied,
    subject_of,
    unless,
    where,
)
from poolsafe.inference.values import Library, Sequence, Text, Unknown, Value

Answers = tuple[list[Guard], list[Guard]]

ASYNCPG_URL = "postgresql+asyncpg://"
MAX_MEMBERS = 4  # a subject is compared with this many constants one by one
MAX_TOGETHER = 12  # ordered predicates on one subject
CONTRARY = {"!=": "==", "is not": "is", "not in": "in"}
_SYMMETRIC = frozenset({"==", "!=", "is", "is not"})
ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    **ORDER,
    "==": operator.eq,
    "in": lambda value, constants: value in constants,
    "contains": operator.contains,
    "startswith": str.startswith,
    "endswith": str.endswith,
}
_MADE_BY_METHOD = frozenset({"casefold", "lower", "strip", "upper"})


def answers(frame: Frame, node: ir.Node, value: Value) -> Answers:
    """Returns the guards under which a value of unknown truth is true, and those under which it is false."""
    symbol = texts.symbol_of(value) if isinstance(value, (Unknown, Text, LibraryObject, Library)) else None
    return _answers(frame, node, symbol or At(frame.number, node))


def _answers(frame: Frame, node: ir.Node, symbol: Symbol) -> Answers:
    match symbol:
        case Comparison(operator=operator, left=left, right=right) if operator in CONTRARY:
            then, other = _answers(frame, node, Comparison(CONTRARY[operator], left, right))
            return other, then
        case Comparison(operator="not", left=inner):
            then, other = _answers(frame, node, inner)
            return other, then
        case Converted(how="bool", value=inner):
            return _answers(frame, node, inner)
        case Comparison(operator="is" | "==", left=Comparison() as inner, right=Constant(value=bool() as value)):
            then, other = _answers(frame, node, inner)
            return (then, other) if value else (other, then)
        case Comparison(operator="is", left=left, right=right):
            symbol = Comparison("==", left, right)
        case Comparison(operator=kind, left=Derived() as left, right=Constant(value=int() as number)) if (
            found := _search(kind, left, number)
        ):
            then, other = _of(frame, node, found[0])
            return (then, other) if found[1] else (other, then)
        case Derived(operation="count", parts=(subject, part)):
            symbol = Comparison("contains", subject, part)
        case Comparison(operator="in", left=subject, right=tuple() as members) if len(members) <= MAX_MEMBERS:
            return _any_of(frame, node, [Comparison("==", subject, member) for member in members])
        case Derived(operation="any", parts=tests):
            return _any_of(frame, node, tests)
        case Comparison(operator="in", left=part, right=Symbol() as subject) if _is_constant(part):
            symbol = Comparison("contains", subject, part)
    return _of(frame, node, symbol)


def _search(kind: str, left: Derived, number: int) -> tuple[Symbol, bool] | None:
    """Returns the test that a comparison of a search's result makes, and whether it is true if the comparison is.

    `url.find("x") == -1` and `url.count("x") < 1` test whether a string does not contain a part.
    """
    if left.operation == "find" and kind == "==" and number == 0:
        return Comparison("startswith", *left.parts), True
    if left.operation not in ("find", "rfind", "count"):
        return None
    missing = 0 if left.operation == "count" else -1
    match kind, number - missing:
        case ("==", 0) | ("<=", 0) | ("<", 1):
            return Comparison("contains", *left.parts), False
        case (">", 0) | (">=", 1):
            return Comparison("contains", *left.parts), True
    return None


def _any_of(frame: Frame, node: ir.Node, tests: Iterable[Symbol]) -> Answers:
    """Returns the guards under which one of the tests is true, and those under which none is."""
    then: list[Guard] = []
    other: list[Guard] = [ALWAYS]
    for test in tests:
        holds, fails = _of(frame, node, test)
        then += conjunctions(other, holds)
        other = conjunctions(other, fails)
    return then, other


def comparison(kind: str, left: Value, right: Value) -> Symbol | None:
    """Returns the symbol of a comparison, or None if an operand cannot be identified."""
    one, two = texts.symbol_of(left), texts.symbol_of(right)
    if one is None:
        return None
    if kind in ("in", "not in") and isinstance(right, Sequence) and not right.open:
        constants = tuple(texts.symbol_of(item) for item in right.items)
        known = tuple(constant for constant in constants if constant is not None and _is_constant(constant))
        return Comparison(kind, one, known) if len(known) == len(constants) else None
    if two is None:
        return None
    if kind in _SYMMETRIC and _is_constant(one):
        one, two = two, one
    return Comparison(kind, one, two)


def _is_constant(side: Symbol) -> bool:
    """Returns whether an operand is a known string or number."""
    match side:
        case Constant() | Characters(pieces=() | (str(),)):
            return True
    return False


def _of(frame: Frame, node: ir.Node, symbol: Symbol) -> Answers:
    predicate = IsTrue(symbol)
    frame.run.conditions.setdefault(predicate, (frame.module, node.origin))
    frame.run.asked.setdefault(predicate, set()).add(frame.path)
    return guards_of(frame.run, symbol)


def guards_of(run: Run, symbol: Symbol) -> Answers:
    """Returns the guards of one predicate and of its negation, with the earlier predicates that decide it."""
    predicate = IsTrue(symbol)
    together = run.together.setdefault(_told_about(symbol), [])
    if symbol not in together and len(together) < MAX_TOGETHER:
        together.append(symbol)
    then: list[Guard] = []
    other: list[Guard] = []
    before: Guard = ALWAYS
    for one in together:
        if one is symbol:
            break
        needed = _decided(one, symbol)
        if (decided := _decided(symbol, one)) is not None:
            (then if decided else other).append(before | _holds(one))
            before = before | unless(IsTrue(one))
            if needed:  # it is false wherever the other is false
                return then, [*other, before]
        elif needed is not None:
            other.append(before | (unless(IsTrue(one)) if needed else _holds(one)))
            before = before | (_holds(one) if needed else unless(IsTrue(one)))
    return [*then, before | _holds(symbol)], [*other, before | unless(predicate)]


def _told_about(symbol: Symbol) -> Symbol:
    """Returns the subject that a predicate shares with others, or its own symbol if its kind is unknown."""
    return subject_of(symbol) if isinstance(symbol, Comparison) and symbol.operator in _TESTS else symbol


def _holds(symbol: Symbol) -> Guard:
    """Returns the guard under which a value is true, with its implications."""
    predicate = IsTrue(symbol)
    return where(predicate) | implied(predicate)


def _decided(symbol: Symbol, other: Symbol) -> bool | None:
    """Returns the truth of a predicate where another one is true, or None if it may be either."""
    match symbol, other:
        case (
            Comparison(operator=kind, left=subject, right=operand),
            Comparison(operator="==" | "in" as how, left=known, right=among),
        ) if kind in _TESTS:
            values: Any = (among,) if how == "==" else among
            try:
                made = [_made(subject, known, _plain(value)) for value in values]
                found = {bool(_TESTS[kind](one, _plain(operand))) for one in made}
            except (LookupError, TypeError, ValueError):
                return None
            return found.pop() if len(found) == 1 else None
        case (
            Comparison(operator=kind, left=subject, right=operand),
            Comparison(operator="startswith" | "contains" as how, left=known, right=part),
        ) if _whole(subject) is _whole(known):
            try:
                beginning, wanted = _plain(part), _plain(operand)
            except ValueError:
                return None
            if not isinstance(beginning, str) or not isinstance(wanted, str):
                return None
            if how == "contains":
                # Such a string counts as an asyncpg URL, but it may also be just the driver's name.
                scheme = kind == "startswith" and ASYNCPG_URL.startswith(wanted)
                if "asyncpg" not in beginning or (beginning in wanted and not scheme):
                    return None
                beginning = ASYNCPG_URL
            return _decided_by_beginning(kind, beginning, wanted)
    return None


def _whole(subject: object) -> object:
    """Returns the only symbol of a string, or the subject itself."""
    return subject.pieces[0] if isinstance(subject, Characters) and len(subject.pieces) == 1 else subject


def _decided_by_beginning(kind: str, beginning: str, operand: str) -> bool | None:
    """Returns the truth of a predicate on a string whose beginning alone is known, or None if it may be either."""
    fits = operand.startswith(beginning)
    match kind:
        case "startswith":
            return True if beginning.startswith(operand) else None if fits else False
        case "contains":
            return True if operand in beginning else None
        case "==":
            return None if fits else False
    return None


def _plain(operand: object) -> Any:
    """Returns the Python value of a constant operand, or of a tuple of them. Raises ValueError for other operands."""
    match operand:
        case Constant(value=value):
            return value
        case Characters(pieces=() | (str(),) as pieces):
            return "".join(str(piece) for piece in pieces)
        case tuple():
            return tuple(map(_plain, operand))
    raise ValueError(operand)


def _made(subject: Symbol, known: Symbol, value: Any) -> Any:
    """Computes a subject from the value of `known`. Raises LookupError if the subject does not derive from `known`."""
    match subject:
        case _ if subject is known:
            return value
        case Characters(pieces=(Symbol() as inner,)):
            return _made(inner, known, value)
        case Converted(how="int", value=inner):
            return int(_made(inner, known, value))
        case Converted(how="float", value=inner):
            return float(_made(inner, known, value))
        case CallOf(callee=AttributeOf(owner=Symbol() as inner, name=name), arguments=()) if name in _MADE_BY_METHOD:
            return getattr(str, name)(_made(inner, known, value))
    raise LookupError(subject)
