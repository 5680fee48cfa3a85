"""Every command of the README is run, and a block that nobody knows is a failure."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import laws
import pytest
import tomli

from poolsafe.config import keys
from poolsafe.facts.deployment import Deployment
from poolsafe.source import Source

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
INSTALLED = "CI" in os.environ or any(each.metadata["Name"] == "poolsafe" for each in metadata.distributions())
SLOW = "CI" in os.environ or "POOLSAFE_SLOW" in os.environ

SETUP = "python -m venv .venv\n.venv/bin/python -m pip install -e '.[dev]'\n"
MAIN = ".venv/bin/python -m fixer fixtures/shop; .venv/bin/python -m fixer --diff fixtures/shop\n"
TESTS = ".venv/bin/python -m pytest -n auto\n"


@dataclass(frozen=True, slots=True)
class Command:
    """A line of a block, the exit status it has, and words that its output holds."""

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


def test_the_repair_of_the_readme_is_real() -> None:
    before, after = blocks("python")
    assert laws.repaired(Source.from_text("db.py", before), Deployment(), unsafe=False).text == after


def test_the_configuration_of_the_readme_exists() -> None:
    for block in blocks("toml"):
        table = tomli.loads(block)["tool"]["poolsafe"]
        lint = table.pop("lint", {})
        for path, value in [*table.items(), *((f"lint.{key}", value) for key, value in lint.items())]:
            keys.read_value(path, value, "README.md")


def here(line: str) -> str:
    """The line with the programs of the running interpreter."""
    line = line.replace(".venv/bin/python", f'"{sys.executable}"')
    line = re.sub(r"^poolsafe\b", lambda _: f'"{sys.executable}" -m poolsafe', line)
    return re.sub(r"^flake8\b", lambda _: f'"{sys.executable}" -m flake8', line)
