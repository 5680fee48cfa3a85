"""The README is correct: its commands run, its output and figures are real, and its links lead somewhere."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pytest
import tomli

from documents import picture
from poolsafe.config import keys

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
INSTALLED = "CI" in os.environ or any(each.metadata["Name"] == "poolsafe" for each in metadata.distributions())
SLOW = "CI" in os.environ or "POOLSAFE_SLOW" in os.environ

SETUP = "python -m venv .venv\n.venv/bin/python -m pip install -e '.[dev]'\n"
MAIN = ".venv/bin/python -m fixer fixtures/shop; .venv/bin/python -m fixer --diff fixtures/shop\n"
TESTS = ".venv/bin/python -m pytest -n auto\n"


@dataclass(frozen=True, slots=True)
class Command:
    """A line of a block, its exit status, and words in its output."""

    line: str
    status: int
    words: tuple[str, ...]


COMMANDS = [
    Command(MAIN.strip(), 1, ("PGB101", "PGB301", '"statement_cache_size": 0', "+++")),
    Command("poolsafe fixtures/shop", 1, ("PGB101", "PGB105", "shop/db.py")),
    Command("poolsafe --diff fixtures/shop", 1, ("pool_pre_ping=True",)),
    Command("poolsafe --apply fixtures/shop", 0, ()),
    Command("poolsafe --explain PGB101", 0, ("missing-cache-size", "Why is this bad?")),
    Command("flake8 --select PGB fixtures/shop", 1, ("PGB101", "PGB301")),
]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_every_command_of_the_readme_is_in_the_table() -> None:
    lines = [line for block in blocks("sh") if block not in (SETUP, TESTS) for line in block.splitlines()]
    assert lines == [command.line for command in COMMANDS]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.line)
def test_a_command_does_what_the_readme_says(command: Command, tmp_path: Path) -> None:
    if command.line.startswith("flake8") and not INSTALLED:
        pytest.skip("flake8 finds its plugins only among installed distributions")
    shutil.copytree(ROOT / "fixtures", tmp_path / "fixtures")
    ran = subprocess.run(
        here(command.line),
        shell=True,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "NO_COLOR": "1"},
    )
    output = ran.stdout + ran.stderr
    assert ran.returncode == command.status, output
    for word in command.words:
        assert word in output.replace(os.sep, "/")


@pytest.mark.skipif(not SLOW, reason="set POOLSAFE_SLOW to make a virtual environment and install into it")
def test_the_set_up_of_the_readme(tmp_path: Path) -> None:
    copy = tmp_path / "clone"
    ignored = shutil.ignore_patterns(".git", ".venv", "*.egg-info", "__pycache__", ".*_cache")
    shutil.copytree(ROOT, copy, ignore=ignored)
    for line in (*SETUP.splitlines(), ".venv/bin/python -m pytest -n auto tests/verdicts/test_judgement.py"):
        line = line.replace("python -m venv", f"{sys.executable} -m venv")
        ran = subprocess.run(line, shell=True, cwd=copy, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout + ran.stderr
    shown = subprocess.run(MAIN, shell=True, cwd=copy, capture_output=True, text=True)
    assert "PGB101" in shown.stdout


def test_the_set_up_and_the_tests_are_two_blocks() -> None:
    assert SETUP in blocks("sh")
    assert TESTS in blocks("sh")


def test_the_diff_of_the_readme_is_real(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "fixtures", tmp_path / "fixtures")
    command = [sys.executable, "-m", "fixer", "--diff", "fixtures/shop"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"})
    (shown,) = blocks("diff")
    assert shown in ran.stdout.replace(os.sep, "/")


def test_the_number_of_problems_is_real(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "fixtures", tmp_path / "fixtures")
    command = [sys.executable, "-m", "fixer", "--output-format", "json", "fixtures/shop"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    found = json.loads(ran.stdout)
    assert len(found) == 8
    assert len({each["filename"] for each in found}) == 6
    assert "eight problems in six files" in README


def test_the_repair_of_the_readme_is_real(tmp_path: Path) -> None:
    before, after = blocks("python")
    program = tmp_path / "db.py"
    program.write_text(before, encoding="utf-8")
    command = [sys.executable, "-m", "poolsafe", "--isolated", "--apply", "db.py"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert program.read_text(encoding="utf-8") == after


def test_the_first_ten_lines_lead_from_the_traceback_to_the_repair() -> None:
    top = "\n".join(README.splitlines()[:10])
    assert 'prepared statement "__asyncpg_stmt_4__" does not exist' in top
    assert "](docs/symptoms.md)" in top


@pytest.mark.skipif(sys.platform == "win32", reason="the picture is taken on a pseudo-terminal")
@pytest.mark.parametrize("theme", picture.THEMES)
def test_the_picture_is_fresh(theme: str) -> None:
    """If this fails, run `python -m tests.documents.picture`."""
    assert picture.path(theme).read_text(encoding="utf-8") == picture.svg(picture.session(), theme)
    assert picture.path(theme).relative_to(ROOT).as_posix() in README


def test_what_the_readme_installs_is_called_so() -> None:
    project = tomli.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    hooks = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    # `uvx NAME` runs the command of that name.
    assert project["name"] in project["scripts"]
    assert set(re.findall(r"poolsafe\[(\w+)\]", README)) == {"doctor"} <= set(project["optional-dependencies"])
    assert f"Python {project['requires-python'].removeprefix('>=')} or newer" in README
    assert set(re.findall(r"`(poolsafe(?:-fix)?)` (?:reports|repairs)", README)) == set(
        re.findall(r"^- id: (.+)$", hooks, re.MULTILINE)
    )


FIELD = re.compile(r"(\d+)/\d+")


def measured(library: str, row: str, asyncpg: str) -> int:
    """Returns how many of 108 attempts failed, from the table of docs/evidence.md for a version of SQLAlchemy."""
    page = (ROOT / "docs/evidence.md").read_text(encoding="utf-8")
    table = page.partition(f"## SQLAlchemy {library}\n")[2].partition("\n## ")[0]
    head, *rows = [[cell.strip(" *") for cell in line.split("|")[1:-1]] for line in table.splitlines() if "|" in line]
    (cells,) = [cells for cells in rows if cells[0] == row]
    field = FIELD.match(cells[head.index(f"asyncpg {asyncpg}")])
    return int(field[1]) if field else 0


def test_the_failures_that_the_readme_counts_were_measured() -> None:
    text = " ".join(README.split())
    recipe = [measured("2.1.9", "NullPool, unique names", version) for version in ("0.32.0", "0.30.0")]
    assert (
        f"failed in {recipe[0]} of 108 transactions with SQLAlchemy 2.1.9 and asyncpg 0.32, and in {recipe[1]} of 108 "
        "with asyncpg 0.30. With both cache sizes at 0, none failed with asyncpg 0.32"
    ) in text
    assert measured("2.1.9", "both 0", "0.32.0") == 0
    old = measured("2.0.58", "both 0", "0.30.0")
    assert f"{old} of 108 transactions still failed with SQLAlchemy 2.0.58" in text


def test_the_times_and_the_score_of_the_readme_were_measured() -> None:
    page = (ROOT / "docs/performance.md").read_text(encoding="utf-8")
    text = " ".join(README.split())
    few = re.findall(r"files / ruff, no cache, F401 \| ([\d.]+) \(", page)[0]
    (parsing,) = re.findall(r"^\| all six together \| ([\d.]+) \(", page, re.MULTILINE)
    ((right, all_of_them, wrong),) = re.findall(r"^\| semgrep \| (\d+) of (\d+) \| .* \| (\d+) \|$", page, re.MULTILINE)
    (correct,) = re.findall(r"^\| ast-grep \| .* \| .* \| (\d+) \|$", page, re.MULTILINE)
    assert f"On source trees with few engines, poolsafe took {float(few):.0%} of the time that ruff took" in text
    assert f"it used {parsing} times as much CPU time as LibCST, its parser, took to parse the files that" in text
    assert f"contain {all_of_them} engines that leave both caches on (PGB101)" in text
    unparsable = int(wrong) - int(correct)
    assert (
        f"The semgrep rule found {right} of them. It also flagged {correct} engines that are correct, "
        f"and {unparsable} in files that cannot be parsed"
    ) in text


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#:]+)(?:#[\w-]+)?\)", README))))
def test_what_the_readme_links_to_exists(target: str) -> None:
    assert (ROOT / target).exists()


def test_the_configuration_of_the_readme_exists() -> None:
    for block in blocks("toml"):
        table = tomli.loads(block)["tool"]["poolsafe"]
        lint = table.pop("lint", {})
        for path, value in [*table.items(), *((f"lint.{key}", value) for key, value in lint.items())]:
            keys.read_value(path, value, "README.md")


def here(line: str) -> str:
    """Returns the line with the programs of the running interpreter."""
    line = line.replace(".venv/bin/python", f'"{sys.executable}"')
    line = re.sub(r"^poolsafe\b", lambda _: f'"{sys.executable}" -m poolsafe', line)
    return re.sub(r"^flake8\b", lambda _: f'"{sys.executable}" -m flake8', line)
