"""The page for contributors: what it names exists, and its rule is one as soon as the file is there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import tomli
from test_layers import ROOMS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/contributing.md").read_text(encoding="utf-8")
PYTEST = tomli.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]["ini_options"]
# What the page tells to make.
NEW = ("src/poolsafe/rules/pgb208_echoed_pool.py", "fixtures/PGB208_echoed_pool/")
NAMED = sorted(
    set(re.findall(r"\b(?:src|tests|docs|fixtures|\.ci)/[\w./-]*\w/?", PAGE)) - {name.rstrip("/") for name in NEW}
)


@pytest.mark.parametrize("name", [name for name in NAMED if name not in NEW])
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
    (default,) = re.findall(r'"\$scratch/oldest/bin/python" -m coverage run (-m .*)', script)
    assert f"\n.venv/bin/python {default}\n" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_rule_of_the_page_works(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / NEW[0]).write_text(textwrap.dedent(code), encoding="utf-8")
    program = tmp_path / "db.py"
    program.write_text(
        "from sqlalchemy.ext.asyncio import create_async_engine\n"
        "engine = create_async_engine('postgresql+asyncpg://db/app', echo_pool=True)\n"
    )
    command = [
        sys.executable,
        "-m",
        "poolsafe",
        "--isolated",
        "--select",
        "PGB208",
        "--output-format",
        "concise",
        "db.py",
    ]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "src")}
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert ran.returncode == 1, ran.stderr
    assert "db.py:2:10: PGB208" in ran.stdout
    assert "SQLAlchemy's `echo_pool` is on; leave it out" in ran.stdout
