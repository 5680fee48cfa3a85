"""The lattice of abstract values: alternatives, guards and joins.

A value is one abstract object, or `Alternatives` of several, each under a guard. A guard is a conjunction of literals
over predicates of the program. Two values with contradictory guards are never combined. That keeps the SQLite URL of
one branch together with the SQLite options of the same branch.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from poolsafe import ir
from poolsafe.inference.symbols import (
    ALWAYS,
    At,
    AttributeOf,
    Chosen,
    Condition,
    Derived,
    Guard,
    IsSet,
    IsTrue,
    Parameter,
    Symbol,
    given,
    implied,
    unless,
    where,
)
from poolsafe.inference.values import (
    Absent,
    Alternatives,
    Const,
    Library,
    MappingRef,
    MappingValue,
    Text,
    Unknown,
    Url,
    Value,
    is_raising,
)

MAX_ALTERNATIVES = 24
MAX_WAYS = 400
MAX_ASKED = 2  # conditions are nested to this depth


def compatible(left: Guard, right: Guard) -> bool:
    """Returns whether both guards can hold at once."""
    if not left or not right:
        return True
    if len(left) > len(right):
        left, right = right, left
    for one in left:  # noqa: SIM110 - a loop is faster, and this is called a million times
        if one ^ 1 in right:  # the negation of the one before
            return False
    return True


def conjunctions(left: Iterable[Guard], right: Iterable[Guard]) -> list[Guard]:
    """Returns the conjunctions of each guard on the left with each on the right, without those that contradict."""
    return [one | two for one in left for two in right if compatible(one, two)]


def alternatives(value: Value) -> tuple[tuple[Guard, Value], ...]:
    """Returns the alternatives of a value, each with its guard."""
    if isinstance(value, Alternatives):
        return value.alternatives
    return ((ALWAYS, value),)


def may_be_absent(value: Value) -> bool:
    """Returns whether an alternative of the value is Absent."""
    if not isinstance(value, Alternatives):
        return isinstance(value, Absent)
    return any(isinstance(single, Absent) for _, single in value.alternatives)


def or_before(value: Value, before: Value | None) -> Value:
    """Returns the value, or `before` on the paths where the value is absent."""
    if isinstance(value, Absent):
        return value if before is None else before
    if before is None or not may_be_absent(value):
        return value
    return choose((guard, before if isinstance(single, Absent) else single) for guard, single in alternatives(value))


def choose(options: Iterable[tuple[Guard, Value]]) -> Value:
    """Returns the join of the options: flattened, without contradictory alternatives, equal values merged.

    If many guards lead to few values, each value keeps only the literals that its guards share. Beyond
    `MAX_ALTERNATIVES` values, the rest is widened to one value, of which only a prefix can be known. This bounds the
    cost, and it can only cause missed alarms.
    """
    options = list(options)
    if len(options) == 1 and (not options[0][0] or not isinstance(options[0][1], Alternatives)):
        return options[0][1]
    flat: list[tuple[Guard, Value]] = []
    for guard, value in options:
        for inner, single in alternatives(value):
            if compatible(guard, inner):
                flat.append((guard | inner, single))
        if len(flat) > MAX_WAYS:
            flat.append((ALWAYS, Unknown("too many possibilities")))
            break
    if len(flat) > 2 * MAX_ALTERNATIVES:
        flat = _by_value(flat)
    merged: list[tuple[Guard, Value]] = []
    for guard, value in flat:
        for index, (other, seen) in enumerate(merged):
            if seen is value or (type(seen) is type(value) and _is_same(seen, value)):
                common = either(guard, other)
                if common is not None:
                    merged[index] = (common, _from_both(seen, value))
                    break
        else:
            merged.append((guard, value))
    merged = [option for option in merged if not is_raising(option[1])] or merged
    if not merged:
        return Unknown("no code path reaches it")
    if len(merged) == 1 or all(value is merged[0][1] for _, value in merged):
        return merged[0][1]
    if len(merged) > MAX_ALTERNATIVES:
        merged = _by_value(merged)
    if len(merged) > MAX_ALTERNATIVES:
        rest = _widened([value for _, value in merged[MAX_ALTERNATIVES - 1 :]])
        merged = [*merged[: MAX_ALTERNATIVES - 1], (ALWAYS, rest)]
    return Alternatives(tuple(merged))


def _widened(values: list[Value]) -> Value:
    """Returns one value for all: a string with their common beginning, such as a URL's driver, or an unknown value."""
    rest = Unknown("too many possibilities")
    texts = [value for value in values if isinstance(value, Text)]
    prefixes = [value.prefix for value in texts] if len(texts) == len(values) else []
    prefix = os.path.commonprefix(prefixes)  # noqa: RUF071 - characters, not parts of paths
    return replace(texts[0], pieces=(prefix, rest)) if prefix else rest


def _from_both(left: Value, right: Value) -> Value:
    """Returns one of two equal values. A constant keeps the provenance of both, because a fix has to change both."""
    if not isinstance(left, Const) or left.provenance is right.provenance:
        return left
    known = {id(step.node) for step in left.provenance}
    added = tuple(step for step in right.provenance if id(step.node) not in known)
    return replace(left, provenance=left.provenance + added) if added else left


def _by_value(options: list[tuple[Guard, Value]]) -> list[tuple[Guard, Value]]:
    """Returns fewer options: the most frequent values keep only what their guards have in common.

    Values with few guards keep them, so that they remain distinguishable.
    """
    groups: dict[object, list[tuple[Guard, Value]]] = {}
    for guard, value in options:
        groups.setdefault(_content(value), []).append((guard, value))
    left = len(options)
    for group in sorted(groups.values(), key=len, reverse=True):
        if left <= MAX_ALTERNATIVES:
            break
        left -= len(group) - 1
        group[:] = [(frozenset.intersection(*(guard for guard, _ in group)), group[0][1])]
    return [option for group in groups.values() for option in group]


def _is_same(left: Value, right: Value) -> bool:
    """Returns whether two values have equal content. `0` and `False` differ: some readers accept only one of them."""
    if type(left) is not type(right) or isinstance(left, MappingValue) or left != right:
        return False
    return not isinstance(left, Const) or type(left.value) is type(right.value)  # type: ignore[attr-defined]


def _content(value: Value) -> object:
    """Returns a key that equal values share, for kinds of values of which each place creates a new object."""
    if isinstance(value, Const):
        return Const, type(value.value), value.value
    return (type(value), value) if isinstance(value, (Text, Unknown, Absent, Library, MappingRef)) else id(value)


def either(left: Guard, right: Guard) -> Guard | None:
    """Returns the disjunction of two guards if it is a single guard, or None. Opposite literals cancel out.

    "Not set" or "set and not equal to x" is the same as "not equal to x".
    """
    shared = left & right
    size = len(shared)
    if size == len(left):
        return left
    if size == len(right):
        return right
    size += 1
    if len(left) == size:
        few, many = left, right
    elif len(right) == size:
        few, many = right, left
    else:
        return None
    (one,) = few - shared
    opposite = one ^ 1
    if opposite not in many:
        return None
    if len(many) == size:
        return shared
    if one.holds:
        return None
    rest = many - shared - {opposite}
    # Only these two kinds of predicates imply another one, or are implied.
    if isinstance(one.symbol, IsTrue) and implied(one.symbol).issuperset(rest):
        return shared
    if isinstance(one.symbol, IsSet) and all(not other.holds and opposite in implied(other.symbol) for other in rest):
        return shared | rest
    return None


def when(predicate: Symbol, then: Value, other: Value) -> Value:
    """Returns `then` where a predicate holds and `other` where it does not."""
    return choose([(where(predicate), then), (unless(predicate), other)])


def one_of(among: object, count: int) -> list[Guard]:
    """Returns the guards of `count` alternatives, exactly one of which holds. `among` identifies the group."""
    return exclusive([Chosen(among, index) for index in range(count)])


def exclusive(predicates: Iterable[Symbol]) -> list[Guard]:
    """Returns the guards of alternatives, exactly one of which holds: one for each predicate, the last for the rest."""
    guards: list[Guard] = []
    others: Guard = ALWAYS
    for one in predicates:
        guards.append(others | where(one) | implied(one))
        others = others | unless(one)
    if guards:
        guards[-1] = frozenset(one for one in guards[-1] if not one.holds)
    return guards


def restrict(value: Value, path: tuple[Guard, ...]) -> Value:
    """Returns the value with only the alternatives that are possible under one of the guards of `path`."""
    if not isinstance(value, Alternatives) or not path or path == (ALWAYS,):
        return value
    questions = [_conditions(at) for at in path]
    kept = [
        (guard, single)
        for guard, single in value.alternatives
        if any(compatible(guard, at) and _passes(guard, asked) for at, asked in zip(path, questions, strict=True))
    ]
    if len(kept) == len(value.alternatives):
        return value
    return choose(kept) if kept else Unknown("no code path reaches it")


def restricted(content: MappingValue, path: tuple[Guard, ...]) -> MappingValue:
    """Returns the dict with its items restricted to `path`, or the same object if nothing changes."""
    if path == (ALWAYS,) or not any(isinstance(item, Alternatives) for item in content.items.values()):
        return content
    items = {key: restrict(item, path) for key, item in content.items.items()}
    changed = any(items[key] is not item for key, item in content.items.items())
    return replace(content, items=items) if changed else content


@functools.lru_cache(maxsize=4096)
def _conditions(guard: Guard) -> tuple[tuple[Guard, ...], ...]:
    """Returns a disjunction of guards for each condition in a guard. Cached: the same few guards recur often."""
    asked = [(one.symbol, one.holds) for one in guard]
    return tuple(
        symbol.then if holds else symbol.other
        for symbol, holds in asked
        if isinstance(symbol, Condition) and symbol.then
    )


def _passes(guard: Guard, asked: tuple[tuple[Guard, ...], ...], depth: int = MAX_ASKED) -> bool:
    """Returns whether the guard is compatible with at least one guard of each disjunction, down to `depth` levels."""
    if not depth:
        return True
    return all(
        any(compatible(guard, way) and _passes(guard, _conditions(way), depth - 1) for way in ways) for ways in asked
    )


def each(function: Callable[[Value], Value], value: Value) -> list[tuple[Guard, Value]]:
    """Returns the results of `function` for each alternative, with their guards. Results that raise are included."""
    return [(guard, function(single)) for guard, single in alternatives(value)]


def lift(function: Callable[..., Value], *values: Value) -> Value:
    """Applies `function` to every consistent combination of the alternatives of `values`."""
    if not any(isinstance(value, Alternatives) for value in values):
        return function(*values)
    return choose((guard, function(*combination)) for guard, combination in combinations(values))


def combinations(values: Iterable[Value]) -> Iterator[tuple[Guard, tuple[Value, ...]]]:
    """Returns every consistent combination of the alternatives of `values`, at most `4 * MAX_ALTERNATIVES`."""
    partial: list[tuple[Guard, tuple[Value, ...]]] = [(ALWAYS, ())]
    for value in values:
        options = alternatives(value)
        partial = [
            (guard | inner, (*chosen, single))
            for guard, chosen in partial
            for inner, single in options
            if compatible(guard, inner)
        ][: 4 * MAX_ALTERNATIVES]
    return iter(partial)


def for_detection(value: Value) -> Value:
    """Returns the alternatives used for detection: a known default wins over an override by the environment."""
    if not isinstance(value, Alternatives):
        return value
    hard = [(guard, single) for guard, single in value.alternatives if not is_override(single)]
    if not hard or len(hard) == len(value.alternatives):
        return value
    return choose(hard)


def defaults(options: list[tuple[Guard, Value]]) -> list[tuple[Guard, Value]]:
    """Returns the alternatives that a finding is about, without values from the environment that replace a default.

    It leaves out overrides, and values that need a variable to be set, if there is another value for an unset one.
    """
    hard = [option for option in options if not is_override(option[1])] or options
    unset = {
        one.symbol
        for guard, single in hard
        if not isinstance(single, (Absent, Unknown)) and single != _NONE
        for one in guard
        if not one.holds and isinstance(one.symbol, IsSet)
    }
    if not unset:
        return hard
    return [(guard, single) for guard, single in hard if not _is_given_where_set(guard, single, unset)]


_NONE = Const(None)


def _is_given_where_set(guard: Guard, single: Value, variables: set[IsSet]) -> bool:
    """Returns whether the value, or a piece of it, is unknown and derives from a variable that is set there."""
    pieces = single.pieces if isinstance(single, Text) else (single,)
    symbols = {
        one for piece in pieces if isinstance(piece, Unknown) and piece.symbol for one in piece.symbol.distinct()
    }
    if not symbols:
        return False
    set_there = {one.symbol.value for one in guard if one.holds and isinstance(one.symbol, IsSet)}
    set_there &= {variable.value for variable in variables}
    return not set_there.isdisjoint(symbols)


def is_chosen_by_or(guard: Guard, value: Value) -> bool:
    """Returns whether a value is true under a guard, because an `or` has chosen it there."""
    if not guard or not isinstance(value, Unknown) or value.symbol is None:
        return False
    return where(given(value.symbol)) <= guard


def is_override(value: Value) -> bool:
    """Returns whether only a possible override of a default makes the value, or a piece of it, unknown."""
    if isinstance(value, Unknown):
        return value.override
    if isinstance(value, Url):
        return is_override(value.drivername)
    return isinstance(value, Text) and any(isinstance(piece, Unknown) and piece.override for piece in value.pieces)


def is_parameter(value: Value) -> bool:
    """Returns whether the value derives from a parameter whose callers are unknown."""
    return isinstance(value, Unknown) and value.symbol is not None and value.symbol.mentions(Parameter)


def is_given(value: Unknown) -> bool:
    """Returns whether an unknown value comes from outside the program, and not from code that cannot be followed."""
    return value.symbol is not None and not any(map(_is_unfollowed, value.symbol.distinct()))


def _is_unfollowed(symbol: Symbol) -> bool:
    match symbol:
        case At() | AttributeOf(owner=ir.Node()) | Derived(operation="class" | "unfollowed"):
            return True
    return False
