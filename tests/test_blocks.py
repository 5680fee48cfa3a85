"""Reading blocks: the comments are compared, and differences are detected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from blocks import cases, changes, files, judged, programs, revealed, value
from programs import ABSENT, OneOf


def test_programs_are_separated_by_blank_lines() -> None:
    assert programs("""
        x = 1
        y = x  # 1

        z = 1  # 1
        z = 2  # 2
    """) == ["x = 1\ny = x  # 1", "z = 1  # 1", "z = 2  # 2"]


def test_the_comment_of_the_last_line_is_what_is_expected() -> None:
    (case,) = cases("""
        # Why.
        x = "  # no comment"  # no expectation
        f(x)  # 'a' | None
    """)
    assert case.values == ('# Why.\nx = "  # no comment"  # no expectation\nf(x)', "'a' | None")
    assert [case.values for case in cases("f(x)")] == [("f(x)", "")]


def test_a_change_has_two_sides() -> None:
    (case,) = changes("""
        # Why.
        f()
        # becomes
        f(1)
    """)
    assert case.values == ("f()\n", "f(1)\n")


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("'a'", "a"),
        ("...", ...),
        ("1 | None", OneOf(1, None)),
        ("[1 | 2, ...]", [OneOf(1, 2), ...]),
        ("('a', ...)", ("a", ...)),
        ("{'a': 1 | ABSENT, **...}", {"a": OneOf(1, ABSENT), "…": ...}),
        ("{'a'}", {"a"}),
        ("-1", -1),
    ],
)
def test_values_are_read(comment: str, expected: Any) -> None:
    assert value(comment) == expected


@pytest.mark.parametrize(
    ("code", "comment"),
    [
        ("reveal('a')", "'b'"),
        ("reveal('a' if unknown else 'b')", "'a'"),
        ("reveal('a' if unknown else 'b')", "'a' | 'c'"),
        ("reveal(unknown)", "None"),
        ("reveal({'a': 1, **unknown})", "{'a': 1}"),
        ("reveal([1, *unknown])", "[1]"),
        (
            "reveal(True)",
            "...",
        ),
    ],
)
def test_another_value_is_seen(code: str, comment: str) -> None:
    assert revealed(code) != value(comment)


def test_a_program_reveals_something() -> None:
    with pytest.raises(AssertionError):
        revealed("x = 1")


FOUND = """
    # file: app/db.py
    from sqlalchemy.ext.asyncio import create_async_engine
    engine = create_async_engine('postgresql+asyncpg://db/a', pool_pre_ping=True)  # PGB101
    other = create_async_engine('sqlite+aiosqlite://')

    # file: empty.py
"""


def test_findings_stand_beside_their_lines(tmp_path: Path) -> None:
    assert list(files(FOUND)) == ["app/db.py", "empty.py"]
    assert judged(tmp_path, FOUND) == files(FOUND)


@pytest.mark.parametrize(
    ("written", "wrong"),
    [("  # PGB101", ""), ("# PGB101", "# PGB102"), ("# PGB101", "# PGB101 PGB201"), ("te://')", "te://')  # PGB101")],
)
def test_another_finding_is_seen(tmp_path: Path, written: str, wrong: str) -> None:
    project = FOUND.replace(written, wrong)
    assert project != FOUND
    assert judged(tmp_path, project) != files(project)
