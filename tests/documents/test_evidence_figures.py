"""The figures that the rules' pages cite from the matrix are those in docs/evidence.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from evidence import matrix

from poolsafe.rules.registry import rules

EVIDENCE = (Path(__file__).parents[2] / "docs" / "evidence.md").read_text(encoding="utf-8")
PAGES = {rule.code: " ".join(rule.page.split()) for rule in rules()}

OLD = ("0.27", "0.28", "0.29", "0.30")
EVERY = (*OLD, "0.31", "0.32")


def failures(configuration: str, asyncpg: tuple[str, ...]) -> list[int]:
    """Returns the failures of 108 of a configuration with these asyncpg releases, for each supporting SQLAlchemy."""
    found: list[int] = []
    columns: list[str] = []
    for line in EVIDENCE.splitlines():
        cells = [cell.strip(" *") for cell in line.strip("|").split("|")]
        if cells[0] == "transaction pooling":
            columns = [cell.removeprefix("asyncpg ") for cell in cells]
        elif cells[0] == configuration:
            named = zip(columns, cells, strict=True)
            known = [cell for column, cell in named if column.startswith(asyncpg) and cell != "-"]
            assert all(re.fullmatch(r"0|\d+/108", cell) for cell in known)
            found += [int(cell.partition("/")[0]) for cell in known]
    return found


# the page, what it says, the row of the matrix and the releases of asyncpg that it says it of
CITED = [
    ("PGB101", "{} to {} of 108", "no option", EVERY),
    ("PGB102", "{} to {} of 108", "`statement_cache_size=0`", OLD),
    ("PGB106", "{} to {} of 108", "both 0", OLD),
    ("PGB106", "{} to {} under AUTOCOMMIT", "both 0, AUTOCOMMIT", OLD),
    ("PGB106", "asyncpg 0.27, in {} of 108", "both 0, empty name", ("0.27",)),
]


@pytest.mark.parametrize(("code", "phrase", "configuration", "asyncpg"), CITED)
def test_the_pages_cite_the_matrix(code: str, phrase: str, configuration: str, asyncpg: tuple[str, ...]) -> None:
    found = failures(configuration, asyncpg)
    assert phrase.format(min(found), max(found)) in PAGES[code]


# What the pages and the table of verdicts call right never failed; only cursors of 0.31 are spoken of apart.
RIGHT = [
    ("`statement_cache_size=0`", ("0.32",)),
    ("both 0", ("0.31", "0.32")),
    ("both 0, pre-ping", ("0.31", "0.32")),
    ("both 0, AUTOCOMMIT", ("0.31", "0.32")),
    ("NullPool, both 0", ("0.31", "0.32")),
    ("both 0, cursors only", ("0.31", "0.32")),
    ("both 0, empty name", ("0.28", "0.29", "0.30", "0.31", "0.32")),
    ("both 0, empty name, AUTOCOMMIT", ("0.28", "0.29", "0.30", "0.31", "0.32")),
    ("both 0, unique names", EVERY),
]


@pytest.mark.parametrize(("configuration", "asyncpg"), RIGHT)
def test_what_is_called_right_never_failed(configuration: str, asyncpg: tuple[str, ...]) -> None:
    assert set(failures(configuration, asyncpg)) == {0}


def test_the_page_is_what_the_matrix_writes() -> None:
    assert EVIDENCE.startswith(matrix.HEAD)
    assert EVIDENCE.endswith(matrix.NOTES)
