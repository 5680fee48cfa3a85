"""The root of a checkout, and which files are tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from poolsafe.checkout.roots import is_test, root_of


def test_the_root_is_the_checkout(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert root_of(str(tmp_path / "a" / "b" / "c.py")) == str(tmp_path)


def test_without_a_checkout_the_topmost_mark_counts(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert root_of(str(tmp_path / "a" / "b" / "c.py")) == str(tmp_path / "a" / "b")
    (tmp_path / "a" / "setup.py").touch()
    assert root_of(str(tmp_path / "a" / "b" / "c.py")) == str(tmp_path / "a")


@pytest.mark.parametrize(
    ("path", "expected"),
    [("a/tests/x.py", True), ("a/test_x.py", True), ("a/conftest.py", True), ("a/contest.py", False)],
)
def test_tests_are_known_by_their_names(path: str, expected: bool) -> None:
    assert is_test(path) is expected
