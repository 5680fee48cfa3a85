"""Which expressions may ask a library the same."""

from __future__ import annotations

import libcst as cst
import pytest

from poolsafe import ir
from poolsafe.inference.library_questions import NOTHING, Questions, questions_in
from poolsafe.ir.lowering import lower_module

LIBRARIES = frozenset({"os", "environ", "getenv", "config"})

SAME = [
    ("os.environ['A']", "os.environ.get('A', 'b')"),
    ("os.getenv('A')", "environ['A']"),
    ("'A' in os.environ", "getenv('A').lower()"),
    ("os.environ[key]", "os.environ['A']"),
    ("config(key)", "config(key)"),
    ("load(os.environ)", "os.environ['A']"),
    ("[os.environ[key] for key in 'AB']", "os.environ['A']"),
]

DIFFERENT = [
    ("os.environ['A']", "os.environ['B']"),
    ("os.environ.get('A', 'b')", "os.environ.get('b')"),
    ("os.environ[key]", "config('A')"),
    ("other['A']", "os.environ['A']"),
    ("1", "2"),
]


def questions(code: str) -> Questions:
    statement = lower_module(cst.parse_module(code)).statements[0]
    assert isinstance(statement, ir.Evaluate)
    return questions_in(statement.value, LIBRARIES)


@pytest.mark.parametrize(("left", "right"), SAME)
def test_what_may_be_the_same_question(left: str, right: str) -> None:
    assert questions(left).overlaps(questions(right))
    assert questions(right).overlaps(questions(left))


@pytest.mark.parametrize(("left", "right"), DIFFERENT)
def test_what_are_different_questions(left: str, right: str) -> None:
    assert not questions(left).overlaps(questions(right))
    assert not questions(right).overlaps(questions(left))


def test_several_expressions_ask_all_that_each_asks() -> None:
    both = questions("os.environ['A']") | questions("config(key)")
    assert both.overlaps(questions("config('B')"))
    assert both.overlaps(questions("os.environ['A']"))
    assert not both.overlaps(questions("os.environ['B']"))


def test_without_libraries_nothing_is_asked() -> None:
    assert not NOTHING
    assert not questions("other['A']")
