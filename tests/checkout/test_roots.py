"""The root of a checkout, and which files are tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from poolsafe.checkout.roots import is_aside, is_test, nearest_project, root_of


def test_the_root_is_the_checkout(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert root_of(str(tmp_path / "a" / "b" / "c.py")) == str(tmp_path)


def test_without_a_checkout_the_topmost_mark_counts(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert root_of(str(tmp_path / "a" / "b" / "c.py")) == str(tmp_path / "a" / "b")
    (tmp_path / "a" / "setup.py").touch()
    assert root_of(str(tmp_path / "a" / "b" / "c.py")) == str(tmp_path / "a")


def test_the_nearest_mark_counts_in_a_checkout_of_several_projects(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert nearest_project(str(tmp_path / "a" / "b" / "c.py")) == str(tmp_path)
    (tmp_path / "a" / "pyproject.toml").touch()
    assert nearest_project(str(tmp_path / "a" / "b" / "c.py")) == str(tmp_path / "a")


@pytest.mark.parametrize(
    ("path", "expected"),
    [("a/tests/x.py", True), ("a/test_x.py", True), ("a/conftest.py", True), ("a/contest.py", False)],
)
@pytest.mark.parametrize("root", ["/home", "/home/tests", "/home/examples/"])
def test_tests_are_known_by_their_names(root: str, path: str, expected: bool) -> None:
    assert is_test(os.path.join(root, path), root) is expected


def test_examples_are_known_by_their_folders() -> None:
    assert is_aside("/home/a/examples/x.py", "/home/a")
    assert not is_aside("/home/examples/a/x.py", "/home/examples/a")
    assert not is_aside("/home/a/examples.py", "/home/a")
