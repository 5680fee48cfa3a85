"""Symbols: equal parts give the same symbol, and a literal is an integer that identifies its predicate."""

from __future__ import annotations

import gc

import pytest

from poolsafe.inference.symbols import (
    AttributeOf,
    Characters,
    Comparison,
    Condition,
    Constant,
    EnvironmentVariable,
    IsSet,
    IsTrue,
    Parameter,
    Symbol,
    derived,
    literal,
    negated,
    unless,
    where,
)


def test_the_same_parts_are_the_same_symbol() -> None:
    assert EnvironmentVariable("A") is EnvironmentVariable("A")
    assert AttributeOf(EnvironmentVariable("A"), "b") is AttributeOf(EnvironmentVariable("A"), name="b")
    assert EnvironmentVariable("A") is not EnvironmentVariable("B")


def test_another_kind_is_another_symbol() -> None:
    variable = EnvironmentVariable("A")
    assert len({IsSet(variable), IsTrue(variable)}) == 2


def test_zero_and_false_are_two() -> None:
    assert Constant("int", 0) is not Constant("bool", False)


def test_a_symbol_that_nobody_needs_is_forgotten() -> None:
    number = derived("forgotten").number
    gc.collect()
    assert derived("forgotten").number > number


def test_a_literal_is_the_opposite_of_its_negation() -> None:
    predicate = IsSet(EnvironmentVariable("A"))
    (positive,), (negative,) = where(predicate), unless(predicate)
    assert (positive.holds, negative.holds) == (True, False)
    assert negated(positive) == negative == positive ^ 1
    assert positive.symbol is negative.symbol is predicate
    assert literal(predicate, holds=True) in where(predicate)


@pytest.mark.parametrize(
    ("symbol", "words"),
    [
        (Comparison("==", EnvironmentVariable("MODE"), Characters(("test",))), ["==", "MODE", "test"]),
        (derived("key", 7, Constant("int", 6432)), ["key", "6432"]),
        (Condition((where(IsSet(EnvironmentVariable("POOLER"))),), (), None), ["POOLER"]),
    ],
)
def test_the_words_are_those_of_the_program(symbol: Symbol, words: list[str]) -> None:
    assert list(symbol.words()) == words


def test_what_a_symbol_is_made_of() -> None:
    symbol = derived("part", AttributeOf(Parameter(3, "url"), "host"), 1)
    assert symbol.mentions(Parameter)
    assert not symbol.mentions(EnvironmentVariable)
    assert repr(AttributeOf(Parameter(3, "url"), "host")) == "AttributeOf(Parameter(3, 'url'), 'host')"
