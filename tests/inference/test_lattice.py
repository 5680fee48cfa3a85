"""Alternatives under guards: which belong together, which are dropped, and when they are widened."""

from __future__ import annotations

import libcst as cst
import pytest

from poolsafe import ir
from poolsafe.facts.places import explain
from poolsafe.inference.lattice import (
    MAX_ALTERNATIVES,
    alternatives,
    choose,
    compatible,
    either,
    for_detection,
    lift,
    one_of,
    restrict,
)
from poolsafe.inference.project import Project
from poolsafe.inference.symbols import ALWAYS, Guard, derived, literal
from poolsafe.inference.values import Alternatives, Const, Function, Step, Text, Unknown, Value, raising, text
from poolsafe.ir.lowering_expressions import lower
from poolsafe.source import Source


def guard(*words: str) -> Guard:
    """`a`: a holds; `-a`: it does not."""
    return frozenset(literal(derived(word.lstrip("-")), holds=not word.startswith("-")) for word in words)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (guard(), guard("a"), True),
        (guard("a"), guard("a", "b"), True),
        (guard("a", "b"), guard("-b"), False),
        (guard("-a"), guard("a", "b"), False),
        (guard("a"), guard("b"), True),
    ],
)
def test_guards_are_compatible(left: Guard, right: Guard, expected: bool) -> None:
    assert compatible(left, right) is expected


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (guard("a"), guard("-a"), guard()),
        (guard("a", "b"), guard("a", "-b"), guard("a")),
        (guard("a"), guard("a", "b"), guard("a")),
        (guard("a", "b"), guard("a"), guard("a")),
        (guard("a"), guard("b"), None),
        (guard("a", "b"), guard("-a", "-b"), None),
    ],
)
def test_either_guard(left: Guard, right: Guard, expected: Guard | None) -> None:
    assert either(left, right) == expected


def test_equal_values_are_one() -> None:
    assert choose([(guard("a"), Const(1)), (guard("-a"), Const(1))]) == Const(1)
    assert len(alternatives(choose([(guard("a"), Const(1)), (guard("-a"), Const(2))]))) == 2


def test_zero_and_false_are_two_values() -> None:
    assert len(alternatives(choose([(guard("a"), Const(0)), (guard("-a"), Const(False))]))) == 2


def test_many_ways_to_few_values_are_few_alternatives() -> None:
    """Equal values are found again though each is an object of its own and no two guards can be merged."""
    ways = [(guard("a", f"k{number}"), Const(number % 2)) for number in range(2 * MAX_ALTERNATIVES)]
    assert alternatives(choose(ways)) == ((guard("a"), Const(0)), (guard("a"), Const(1)))


def test_few_ways_to_a_value_are_kept_beside_many_to_another() -> None:
    many = [(guard("a", f"k{number}"), Const(1)) for number in range(MAX_ALTERNATIVES)]
    few = [(guard("-a", f"k{number}"), Const(2)) for number in range(2)]
    assert alternatives(choose([*many, *few])) == ((guard("a"), Const(1)), *few)


def test_functions_are_not_equal() -> None:
    module = Project(follow=False).module(Source.from_text("app.py", ""))
    functions = []
    for _ in range(2):
        node = lower(cst.parse_expression("lambda: 0"))
        assert isinstance(node, ir.Lambda)
        functions.append(Function(node, module))
    assert len(alternatives(choose(zip(one_of("k", 2), functions, strict=True)))) == 2


def test_what_python_refuses_falls_away() -> None:
    assert choose([(guard("a"), Const(1)), (guard("-a"), raising("no"))]) == Const(1)
    assert isinstance(choose([(guard("a"), raising("no"))]), Unknown)


def test_nothing_to_choose_from_is_unknown() -> None:
    assert isinstance(choose([]), Unknown)


def test_a_choice_of_a_choice_is_flat() -> None:
    inner = choose([(guard("a"), Const(1)), (guard("-a"), Const(2))])
    outer = choose([(guard("a"), inner), (guard("-a"), Const(3))])
    assert isinstance(outer, Alternatives)
    assert outer.alternatives == ((guard("a"), Const(1)), (guard("-a"), Const(3)))


def test_too_many_alternatives_end_in_an_unknown() -> None:
    many = choose((guard(f"k{number}"), Const(number)) for number in range(10 * MAX_ALTERNATIVES))
    assert len(alternatives(many)) == MAX_ALTERNATIVES
    assert isinstance(alternatives(many)[-1][1], Unknown)


def test_too_many_texts_end_in_what_all_of_them_begin_with() -> None:
    many = choose((guard(f"k{number}"), text(f"postgresql+asyncpg://{number}")) for number in range(100))
    last = alternatives(many)[-1][1]
    assert isinstance(last, Text)
    assert last.prefix == "postgresql+asyncpg://"
    assert last.known is None


def test_restricted_to_a_path() -> None:
    value = choose([(guard("a"), Const(1)), (guard("-a"), Const(2))])
    assert restrict(value, (guard("a"),)) == Const(1)
    assert restrict(value, (ALWAYS,)) is value
    assert restrict(value, (guard("b"),)) is value
    assert isinstance(restrict(value, (guard("a", "-a"),)), Value)


def test_a_default_stands_for_what_may_override_it() -> None:
    override = Unknown("the environment", derived("e"), override=True)
    assert for_detection(choose([(guard("a"), override), (guard("-a"), Const(1))])) == Const(1)
    assert for_detection(override) is override


def test_only_consistent_combinations_are_made() -> None:
    left = choose([(guard("a"), Const(1)), (guard("-a"), Const(2))])
    right = choose([(guard("a"), Const(10)), (guard("-a"), Const(20))])

    def add(one: Value, two: Value) -> Value:
        assert isinstance(one, Const)
        assert isinstance(two, Const)
        return Const(one.value + two.value)

    assert [value for _, value in alternatives(lift(add, left, right))] == [Const(11), Const(22)]


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_one_of_several_holds(count: int) -> None:
    guards = one_of("k", count)
    for index, one in enumerate(guards):
        assert all(compatible(one, other) is (index == at) for at, other in enumerate(guards))


def test_a_place_outside_the_source_explains_nothing() -> None:
    module = Project(follow=False).module(Source.from_text("app.py", "x = 1"))
    assert explain((Step(module, cst.Name("x"), "literal"),), "it", module, (0, 0)) == ()
