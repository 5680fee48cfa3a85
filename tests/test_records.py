"""Data classes: the effect of `frozen` on a class."""

from __future__ import annotations

import pickle
from dataclasses import field, fields, replace

import pytest

from poolsafe.records import frozen


@frozen
class Point:
    x: int
    y: int = 0
    note: str = field(default="", compare=False, kw_only=True, repr=False)
    seen: list[int] = field(default_factory=list, hash=False)


@frozen(eq=False)
class Named:
    name: str


@frozen
class Checked(Point):
    bound: int = 3

    def __post_init__(self) -> None:
        """Refuses what is out of bounds."""
        if self.x > self.bound:
            raise ValueError(self.x)


def test_fields_are_given_by_position_name_or_default() -> None:
    point = Point(1, seen=[2], note="a")
    assert (point.x, point.y, point.note, point.seen) == (1, 0, "a", [2])
    assert Point(1).seen is not Point(1).seen


def test_a_field_for_names_only_is_not_given_by_position() -> None:
    with pytest.raises(TypeError):
        Point(1, 2, [], "note")  # type: ignore[call-arg]


def test_equal_fields_make_equal_instances() -> None:
    assert Point(1, 2) == Point(1, 2, note="not compared")
    assert hash(Point(1, 2, seen=[3])) == hash(Point(1, 2))
    assert Point(1, 2) != Point(1, 3)
    assert Point(1) != Checked(1)


def test_instances_without_equality_are_compared_by_identity() -> None:
    assert Named("a") != Named("a")
    assert len({Named("a"), Named("a")}) == 2


def test_a_subclass_has_the_fields_of_its_base_first() -> None:
    assert [one.name for one in fields(Checked)] == ["x", "y", "note", "seen", "bound"]
    assert Checked(1, 2).bound == 3
    with pytest.raises(ValueError, match="4"):
        Checked(4)


def test_a_repr_names_the_fields() -> None:
    assert repr(Point(1, 2, note="hidden")) == "Point(x=1, y=2, seen=[])"


def test_instances_can_be_copied_with_changes_and_sent_to_other_processes() -> None:
    assert replace(Point(1, 2), y=3) == Point(1, 3)
    assert pickle.loads(pickle.dumps(Point(1, 2))) == Point(1, 2)


def test_instances_have_no_other_attributes() -> None:
    with pytest.raises(AttributeError):
        Point(1).z = 2  # type: ignore[attr-defined]
