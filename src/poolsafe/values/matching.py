"""The `match` statement: under which conditions a pattern matches, and what it binds."""

from __future__ import annotations

import libcst as cst

from poolsafe.values.conditions import compare, truth, value_truth
from poolsafe.values.frame import Frame
from poolsafe.values.index import children
from poolsafe.values.lattice import ALWAYS, Guard, Sequence, Value, compatible
from poolsafe.values.names import bind, force
from poolsafe.values.state import State
from poolsafe.values.world import World


def match_statement(world: World, frame: Frame, node: cst.Match) -> bool:
    """Run a `match`; False where execution never gets past it."""
    subject = force(world, frame, world.evaluate(world, frame, node.subject))
    before = frame.state
    remaining: list[Guard] = [ALWAYS]
    ends: list[State] = []
    for case in node.cases:
        then, other = _pattern(world, frame, case.pattern, subject)
        state = before.branch(_conjunction(remaining, then))
        if state is not None:
            frame.state = state
            _capture(world, frame, case.pattern, subject)
            if case.guard is not None:
                guarded, refused = truth(world, frame, case.guard)
                other = [*other, *_conjunction(then, refused)]
                state = state.branch(guarded)
        remaining = _conjunction(remaining, other)
        if state is None:
            continue
        frame.state = state
        if world.execute(world, frame, case.body):
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


def _pattern(world: World, frame: Frame, pattern: cst.MatchPattern, subject: Value) -> tuple[list[Guard], list[Guard]]:
    """The guards under which a pattern matches, and those under which it does not."""
    match pattern:
        case cst.MatchValue():
            value = force(world, frame, world.evaluate(world, frame, pattern.value))
            outcome = compare(world, frame, pattern, cst.Equal, subject, value)
            return value_truth(world, frame, pattern, outcome)
        case cst.MatchSingleton():
            value = world.evaluate(world, frame, pattern.value)
            return value_truth(world, frame, pattern, compare(world, frame, pattern, cst.Is, subject, value))
        case cst.MatchAs(pattern=None):
            return [ALWAYS], []
        case cst.MatchAs():
            assert pattern.pattern is not None
            return _pattern(world, frame, pattern.pattern, subject)
        case cst.MatchOr():
            then: list[Guard] = []
            other: list[Guard] = [ALWAYS]
            for element in pattern.patterns:
                matched, unmatched = _pattern(world, frame, element.pattern, subject)
                then += _conjunction(other, matched)
                other = _conjunction(other, unmatched)
            return then, other
        case cst.MatchList() | cst.MatchTuple() if isinstance(subject, Sequence) and _is_fixed(pattern, subject):
            return _elements(world, frame, pattern, subject)
    key = ("matches", frame.number, id(pattern))
    return [frozenset({(key, True)})], [frozenset({(key, False)})]


def _is_fixed(pattern: cst.MatchList | cst.MatchTuple, subject: Sequence) -> bool:
    return not subject.open and not any(isinstance(element, cst.MatchStar) for element in pattern.patterns)


def _elements(
    world: World, frame: Frame, pattern: cst.MatchList | cst.MatchTuple, subject: Sequence
) -> tuple[list[Guard], list[Guard]]:
    """A sequence pattern without a star matches where it is as long and each of its elements matches."""
    if len(pattern.patterns) != len(subject.items):
        return [], [ALWAYS]
    then: list[Guard] = [ALWAYS]
    other: list[Guard] = []
    for element, item in zip(pattern.patterns, subject.items, strict=True):
        assert isinstance(element, cst.MatchSequenceElement)
        matched, unmatched = _pattern(world, frame, element.value, force(world, frame, item))
        other += _conjunction(then, unmatched)
        then = _conjunction(then, matched)
    return then, other


def _capture(world: World, frame: Frame, pattern: cst.CSTNode, subject: Value) -> None:
    """Bind the names of a pattern: to the subject itself, to an item of it, or to something unknown."""
    match pattern:
        case cst.MatchAs():
            if pattern.name is not None:
                bind(world, frame, pattern.name.value, subject)
            if pattern.pattern is not None:
                _capture(world, frame, pattern.pattern, subject)
        case cst.MatchList() | cst.MatchTuple() if isinstance(subject, Sequence) and _is_fixed(pattern, subject):
            for element, item in zip(pattern.patterns, subject.items, strict=False):
                assert isinstance(element, cst.MatchSequenceElement)
                _capture(world, frame, element.value, item)
        case cst.MatchStar(name=cst.Name(value=name)):
            bind(world, frame, name, world.unknown(frame, pattern, "a part of what is matched"))
        case cst.MatchMapping(rest=cst.Name(value=name)):
            bind(world, frame, name, world.unknown(frame, pattern, "a part of what is matched"))
            _capture_parts(world, frame, pattern)
        case _:
            _capture_parts(world, frame, pattern)


def _capture_parts(world: World, frame: Frame, pattern: cst.CSTNode) -> None:
    for child in children(pattern):
        if isinstance(child, (cst.MatchPattern, *_ELEMENTS)):
            _capture(world, frame, child, world.unknown(frame, child, "a part of what is matched"))


_ELEMENTS = (
    cst.MatchKeywordElement,
    cst.MatchMappingElement,
    cst.MatchOrElement,
    cst.MatchSequenceElement,
    cst.MatchStar,
)
