"""The page for contributors: everything that it mentions exists, and its sample rule works."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import tomli
from test_layers import ROOMS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/contributing.md").read_text(encoding="utf-8")
PYTEST = tomli.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]["ini_options"]
# What the page tells to make.
NEW = re.compile("pgb208|server-side-cursors", re.IGNORECASE)
NAMED = sorted(
    name
    for name in set(re.findall(r"\b(?:src|tests|docs|fixtures|\.ci)/[\w./-]*\w/?", PAGE))
    if NEW.search(name) is None
)
RULE = "src/poolsafe/rules/pgb208_server_side_cursors.py"


@pytest.mark.parametrize("name", NAMED)
def test_what_the_page_names_exists(name: str) -> None:
    assert (ROOT / name).exists()


def test_the_page_names_enough_to_check() -> None:
    assert len(NAMED) > 20


def test_the_table_of_rooms_is_the_house() -> None:
    _, _, table = PAGE.partition("## The rooms")
    rows = re.findall(r"^\| (`.+?`) \|", table.partition("## Where")[0], re.MULTILINE)
    rooms = [room for row in rows for room in re.findall(r"`(\w+)`", row)]
    # The version and the two lines that start the command are no rooms to look for.
    assert rooms == [room for room in ROOMS if room not in ("poolsafe", "__main__")]


def test_every_marker_is_on_the_page_and_left_out_by_default() -> None:
    markers = {"evidence", "torture", "long"}
    assert markers == {line.partition(":")[0] for line in PYTEST["markers"]}
    assert PYTEST["addopts"][-1] == "not evidence and not torture and not long"
    assert all(f"`{name}`" in PAGE or f"-m {name}`" in PAGE for name in markers)


def test_ci_runs_what_the_default_leaves_out() -> None:
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert re.findall(r'-m pytest .*-m ("[\w ]+"|\w+)', script) == ['"not evidence"', "evidence"]
    (default,) = re.findall(r'"\$scratch/oldest/bin/python" (-m pytest .*?) --cov ', script)
    assert f"\n.venv/bin/python {default}\n" in (ROOT / "README.md").read_text(encoding="utf-8")


def between(first: str, second: str) -> str:
    """Returns the part of the page between two headings."""
    found, _, _ = PAGE.partition(f"\n## {first}\n")[2].partition(f"\n## {second}\n")
    return found


def blocks(text: str) -> list[tuple[str, str]]:
    """Returns the code that a newcomer writes, each with the first path between its heading and itself."""
    found = re.findall(r"(.*?)^(`{3,4})(?:python|text)\n(.*?)^\2$", text, re.MULTILINE | re.DOTALL)
    steps = [before.rpartition("\n### ")[2] for before, _, _ in found]
    paths = [re.findall(r"`((?:\w+/)*[\w-]+\.(?:py|md))`", step)[0] for step in steps]
    return [(path, code) for path, (_, _, code) in zip(paths, found, strict=True)]


def commands(text: str) -> list[str]:
    (block,) = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return str(block).splitlines()


# A line of a rule goes behind this in a document.
PLACES = {
    "README.md": re.compile(r"^\| \[PGB207\].*\n", re.MULTILINE),
    "docs/symptoms.md": re.compile(r"^## On any server.*?^\|---.*?\n", re.MULTILINE | re.DOTALL),
    "CHANGELOG.md": re.compile(r"^### Added\n\n", re.MULTILINE),
    "tests/evidence/bad_fixtures.py": re.compile(r"^HOW: .* = \{\n", re.MULTILINE),
}
RULE_SECTION = between("A rule in ten minutes", "A pooler in ten minutes")
POOLER_SECTION = between("A pooler in ten minutes", "A library in ten lines")


def test_the_rule_of_the_page_works(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / RULE).write_text(dict(blocks(RULE_SECTION))[RULE], encoding="utf-8")
    program = tmp_path / "db.py"
    program.write_text(
        "from sqlalchemy.ext.asyncio import create_async_engine\n"
        "engine = create_async_engine('postgresql+asyncpg://db/app', server_side_cursors=True)\n"
    )
    command = [sys.executable, "-m", "poolsafe", "--isolated", "--select=PGB208", "--output-format=concise", "db.py"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "src")}
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert ran.returncode == 1, ran.stderr
    assert "db.py:2:10: PGB208" in ran.stdout
    assert "SQLAlchemy's `server_side_cursors` raises" in ran.stdout


def test_the_rule_of_the_page_tells_the_truth() -> None:
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.ext.asyncio.exc import AsyncMethodRequired

    url = "postgresql+asyncpg://db/app"
    with pytest.raises(AsyncMethodRequired, match="Can't set server_side_cursors for async engine globally"):
        create_async_engine(url, server_side_cursors=True)
    create_async_engine(url, server_side_cursors=False)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Makes a copy of the repository in its current state, committed or not."""
    left_out = shutil.ignore_patterns(".git", ".venv", "site", "__pycache__", "*.egg-info", ".*cache", ".hypothesis")
    return Path(shutil.copytree(ROOT, tmp_path / "clone", ignore=left_out))


def run(clone: Path, command: str) -> subprocess.CompletedProcess[str]:
    assert command.startswith("python ")
    return subprocess.run(
        [sys.executable, *command.split()[1:]],
        cwd=clone,
        env={**os.environ, "PYTHONPATH": str(clone / "src")},
        capture_output=True,
        text=True,
    )


@pytest.mark.long
def test_a_newcomer_adds_the_rule(clone: Path) -> None:
    """Follows the section on rules word for word: every command of its last step passes."""
    written = blocks(RULE_SECTION)
    assert {path for path, _ in written if (clone / path).exists()} == set(PLACES)
    for path, code in written:
        target = clone / path
        if path in PLACES:
            text = target.read_text(encoding="utf-8")
            place = PLACES[path].search(text)
            assert place is not None
            code = text[: place.end()] + code + text[place.end() :]
        target.parent.mkdir(exist_ok=True)
        target.write_text(code, encoding="utf-8")
    for command in commands(RULE_SECTION):
        ran = run(clone, command)
        assert ran.returncode == 0, f"{command}\n{ran.stdout}{ran.stderr}"
    assert (clone / "docs/rules/server-side-cursors.md").exists()


@pytest.mark.long
def test_a_newcomer_adds_the_pooler(clone: Path) -> None:
    (rows, row), (tests, signs) = blocks(POOLER_SECTION)
    for path, code, end in ((rows, row, r"^\)$\n\Z"), (tests, signs, r"(?<=,\n)^}$")):
        text = (clone / path).read_text(encoding="utf-8")
        place = re.search(end, text, re.MULTILINE)
        assert place is not None
        (clone / path).write_text(text[: place.start()] + code + text[place.start() :], encoding="utf-8")
    for command in commands(POOLER_SECTION):
        ran = run(clone, command)
        assert ran.returncode == 0, f"{command}\n{ran.stdout}{ran.stderr}"
    assert "Acme's pooler" in (clone / "docs/poolers.md").read_text(encoding="utf-8")


@pytest.mark.long
def test_what_a_newcomer_forgets_is_said(clone: Path) -> None:
    written = dict(blocks(RULE_SECTION))
    bad = next(path for path in written if "/bad_" in path)
    (clone / bad).parent.mkdir()
    for path in (RULE, bad):
        (clone / path).write_text(written[path], encoding="utf-8")
    ran = run(clone, "python -m pytest tests/rules/test_rules.py tests/documents/test_symptoms.py")
    assert ran.returncode == 1
    for forgotten in (
        "run `python -m poolsafe.rules.pages docs/rules`",
        "write fixtures/PGB208_.../good_....py",
        "add a row to the table at the end of README.md",
        "add a line with the code to CHANGELOG.md",
        "say in `HOW` in tests/evidence/bad_fixtures.py",
        "add a row with the rule to docs/symptoms.md",
    ):
        assert forgotten in ran.stdout
