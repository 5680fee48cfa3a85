"""The `match` statement: the guards under which a pattern matches, and the names that it binds."""

from __future__ import annotations

from poolsafe import ir
from poolsafe.inference.assignment import with_rest
from poolsafe.inference.conditions import compare, truth, value_truth
from poolsafe.inference.context import Frame
from poolsafe.inference.lattice import alternatives, choose, compatible
from poolsafe.inference.mappings import mapping_key
from poolsafe.inference.names import bind, force
from poolsafe.inference.objects import GeneratorObject, MapIterator
from poolsafe.inference.state import State
from poolsafe.inference.symbols import ALWAYS, Guard, derived, unless, where
from poolsafe.inference.values import (
    Absent,
    Alternatives,
    Const,
    MappingRef,
    MappingValue,
    Sequence,
    Text,
    Unknown,
    Value,
)


def match_statement(frame: Frame, node: ir.Match) -> bool:
    """Runs a `match` statement. Returns False if execution never gets past it."""
    subject = force(frame, frame.evaluate(node.subject))
    before = frame.state
    remaining: list[Guard] = [ALWAYS]
    ends: list[State] = []
    for case in node.cases:
        then, other = _pattern(frame, case.pattern, subject)
        state = before.branch(_conjunction(remaining, then))
        if state is not None:
            frame.state = state
            _capture(frame, case.pattern, subject)
            if case.guard is not None:
                guarded, refused = truth(frame, case.guard)
                other = [*other, *_conjunction(then, refused)]
                state = state.branch(guarded)
        remaining = _conjunction(remaining, other)
        if state is None:
            continue
        frame.state = state
        if frame.execute(case.body):
            ends.append(state.flattened(before))
    frame.state = before
    rest = before.branch(remaining)
    if rest is not None:
        ends.append(rest)
    if not ends:
        return False
    before.join(ends)
    return True


def _conjunction(left: list[Guard], right: list[Guard]) -> list[Guard]:
    return [one | two for one in left for two in right if compatible(one, two)][:16]


def _pattern(frame: Frame, pattern: ir.Pattern, subject: Value) -> tuple[list[Guard], list[Guard]]:
    """Returns the guards under which a pattern matches, and those under which it does not."""
    match pattern:
        case ir.ValuePattern(value=ir.Expression() as written):
            value = force(frame, frame.evaluate(written))
            outcome = compare(frame, pattern, "is" if pattern.singleton else "==", subject, value)
            return value_truth(frame, pattern, outcome)
        case ir.CapturePattern(parts=(inner,)):
            return _pattern(frame, inner, subject)
        case ir.CapturePattern():
            return [ALWAYS], []
        case ir.AlternativePattern():
            then: list[Guard] = []
            other: list[Guard] = [ALWAYS]
            for element in pattern.parts:
                matched, unmatched = _pattern(frame, element, subject)
                then += _conjunction(other, matched)
                other = _conjunction(other, unmatched)
            return then, other
    if isinstance(subject, Alternatives):
        return _each(frame, pattern, subject)
    match pattern:
        case ir.SequencePattern() if isinstance(subject, Sequence) and _has_known_items(subject):
            return _elements(frame, pattern, subject)
        case ir.MappingPattern() if (items := _items(frame, pattern, subject)) is not None:
            return _entries(frame, pattern, items)
    answer = _matches_kind(pattern, subject)
    if answer is not None:
        return ([ALWAYS], []) if answer else ([], [ALWAYS])
    key = derived("matches", frame.number, pattern)
    return [where(key)], [unless(key)]


def _each(frame: Frame, pattern: ir.Pattern, subject: Alternatives) -> tuple[list[Guard], list[Guard]]:
    then: list[Guard] = []
    other: list[Guard] = []
    for guard, single in subject.alternatives:
        matched, unmatched = _pattern(frame, pattern, single)
        then += _conjunction([guard], matched)
        other += _conjunction([guard], unmatched)
    return then, other


# The kinds of `Sequence` that a sequence pattern matches. Sets and iterators are no sequences in Python.
_MATCHED = frozenset({"list", "tuple"})
_KINDS: dict[str, tuple[type, ...]] = {
    "dict": (MappingRef, MappingValue),
    "list": (Sequence,),
    "str": (Text,),
    "tuple": (Sequence,),
}


def _matches_kind(pattern: ir.Pattern, subject: Value) -> bool | None:
    """Returns whether a built-in class pattern, or a pattern of another kind of container, matches, or None."""
    if isinstance(pattern, ir.MappingPattern) and isinstance(subject, (Const, Sequence, Text)):
        return False
    if isinstance(pattern, ir.SequencePattern):
        is_other = isinstance(subject, (Const, GeneratorObject, MapIterator, MappingRef, MappingValue, Text))
        return False if is_other or (isinstance(subject, Sequence) and subject.kind not in _MATCHED) else None
    if pattern.parts or isinstance(subject, Unknown):
        return None
    kinds = _KINDS.get(pattern.type)
    if kinds is None or not isinstance(subject, (Const, MappingRef, MappingValue, Sequence, Text)):
        return None
    if isinstance(subject, Sequence):
        return subject.kind == pattern.type
    return isinstance(subject, kinds)


def _has_known_items(subject: Sequence) -> bool:
    """Returns whether sequence patterns match the items of a value, and all of these are known."""
    return subject.kind in _MATCHED and not subject.open


def _paired(pattern: ir.SequencePattern, subject: Sequence) -> list[tuple[ir.Pattern, Value]] | None:
    """Returns the patterns of a sequence pattern with the items that they match, or None if there are not as many."""
    count, items = len(pattern.parts), subject.items
    if len(items) < count - 1 or (pattern.star is None and len(items) != count):
        return None
    return list(
        zip(pattern.parts, items if pattern.star is None else with_rest(subject, count, pattern.star), strict=True)
    )


def _elements(frame: Frame, pattern: ir.SequencePattern, subject: Sequence) -> tuple[list[Guard], list[Guard]]:
    """Matches a sequence pattern: there must be as many items as patterns, and each pattern must match its item."""
    pairs = _paired(pattern, subject)
    if pairs is None:
        return [], [ALWAYS]
    then: list[Guard] = [ALWAYS]
    other: list[Guard] = []
    for element, item in pairs:
        matched, unmatched = _pattern(frame, element, force(frame, item))
        other += _conjunction(then, unmatched)
        then = _conjunction(then, matched)
    return then, other


def _items(frame: Frame, pattern: ir.MappingPattern, subject: Value) -> list[Value] | None:
    """Returns the items of a dict under the keys of a pattern, Absent for a missing key, or None if that is unknown."""
    if not isinstance(subject, (MappingRef, MappingValue)):
        return None
    content = frame.content(subject)
    names = _names(frame, pattern)
    if None in names or (content.open is not None and not content.items.keys() >= set(names)):
        return None
    return [force(frame, content.get(name)) for name in names]


def _names(frame: Frame, pattern: ir.MappingPattern) -> list[object]:
    """Returns the keys of a pattern, with None for each unknown key."""
    return [mapping_key(frame.evaluate(key)) for key in pattern.keys]


def _entries(frame: Frame, pattern: ir.MappingPattern, items: list[Value]) -> tuple[list[Guard], list[Guard]]:
    """Matches a mapping pattern: each key must be present, and its item must match."""
    then: list[Guard] = [ALWAYS]
    other: list[Guard] = []
    for element, item in zip(pattern.parts, items, strict=True):
        matched: list[Guard] = []
        unmatched: list[Guard] = []
        for guard, single in alternatives(item):
            inner = ([], [ALWAYS]) if isinstance(single, Absent) else _pattern(frame, element, single)
            matched += _conjunction([guard], inner[0])
            unmatched += _conjunction([guard], inner[1])
        other += _conjunction(then, unmatched)
        then = _conjunction(then, matched)
    return then, other


def _capture(frame: Frame, pattern: ir.Pattern, subject: Value) -> None:
    """Binds the names of a pattern to the subject, to an item of it, or to an unknown value."""
    match pattern:
        case ir.CapturePattern():
            if pattern.captured is not None:
                bind(frame, pattern.captured, subject)
            for inner in pattern.parts:
                _capture(frame, inner, subject)
        case ir.SequencePattern() if isinstance(subject, Sequence) and _has_known_items(subject):
            for element, item in _paired(pattern, subject) or ():
                _capture(frame, element, item)
        case ir.MappingPattern() if (items := _items(frame, pattern, subject)) is not None:
            for element, item in zip(pattern.parts, items, strict=True):
                there = [option for option in alternatives(item) if not isinstance(option[1], Absent)]
                _capture(frame, element, choose(there))
            if pattern.captured is not None:
                bind(frame, pattern.captured, _rest(frame, pattern, subject))
        case _:
            if pattern.captured is not None:
                bind(frame, pattern.captured, frame.unknown(pattern, "a part of a `match` subject"))
            for inner in pattern.parts:
                _capture(frame, inner, frame.unknown(inner, "a part of a `match` subject"))


def _rest(frame: Frame, pattern: ir.MappingPattern, subject: Value) -> Value:
    """Returns a new dict with the items of a dict whose keys are not in the pattern."""
    assert isinstance(subject, (MappingRef, MappingValue))
    content = frame.content(subject)
    names = _names(frame, pattern)
    return frame.new_mapping({key: item for key, item in content.items.items() if key not in names}, content.open)
