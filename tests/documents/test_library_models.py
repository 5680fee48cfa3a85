"""The page on library models: its stub works as soon as the file exists."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from blocks import FOUND
from programs import value_of
from timing import PATIENCE

from poolsafe.inference.models.primitives import HANDLERS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/library-models.md").read_text(encoding="utf-8")
STUB, TEST, PROGRAM = (
    textwrap.dedent(code) for code in re.findall(r"^ *```python\n(.*?)^ *```", PAGE, re.DOTALL | re.MULTILINE)
)
STUB_PATH = "src/poolsafe/inference/models/stubs/envparse.py"
TEST_PATH = "tests/inference/models/test_envparse.py"
# What the test of a model imports.
HELPERS = ("tests/blocks.py", "tests/heads.py", "tests/programs.py")


def ran(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder / "src")}
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE)


def found(folder: Path) -> list[str]:
    (folder / "db.py").write_text(PROGRAM, encoding="utf-8")
    return re.findall(r"PGB\d+", ran(folder, "poolsafe", "--isolated", "--output-format", "concise", "db.py").stdout)


def add(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def test_the_stub_of_the_page_works(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    assert found(tmp_path) == []
    add(tmp_path, STUB_PATH, STUB)
    expected = [code for comment in FOUND.findall(PROGRAM) for code in re.findall(r"PGB\d+", comment)]
    assert found(tmp_path) == expected != []


@pytest.mark.long
def test_the_test_of_the_page_tells_whether_the_stub_is_there(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for name in HELPERS:
        add(tmp_path, name, (ROOT / name).read_text(encoding="utf-8"))
    for package in ("tests/inference", "tests/inference/models"):
        add(tmp_path, f"{package}/__init__.py", "")
    add(tmp_path, TEST_PATH, TEST)
    command = ("pytest", "-q", "-p", "no:cacheprovider", TEST_PATH)
    assert "2 failed, 1 passed" in ran(tmp_path, *command).stdout
    add(tmp_path, STUB_PATH, STUB)
    assert "3 passed" in ran(tmp_path, *command).stdout


def test_the_page_names_the_files_that_it_adds() -> None:
    assert f"`{STUB_PATH}`" in PAGE
    assert f"`{TEST_PATH}`" in PAGE


def test_the_example_is_short() -> None:
    assert len([line for line in STUB.splitlines() if line.strip()]) <= 10


# A special method, and how a program calls it on an instance of `C`.
CALLS = {
    "__call__": "x = C()()",
    "__enter__": "with C() as x: pass",
    "__getattr__": "x = C().b",
    "__getitem__": "x = C()['b']",
    "__str__": "x = str(C())",
    "__new__": "x = C()",
    "__get__": "class D:\n    c = C()\nx = D().c",
    "__iter__": "x, = C()",
    "__truediv__": "x = C() / 'b'",
}
CALLED, NOT_CALLED = (
    re.findall(r"`(__\w+__)`", sentence)
    for sentence in re.findall(r" It (?:calls|does not call) ([^.]*)", PAGE.partition("## How stubs work")[2])
)


@pytest.mark.parametrize("method", CALLS)
def test_the_interpreter_calls_the_methods_that_the_page_says(method: str) -> None:
    result = "yield 'a'" if method == "__iter__" else "return 'a'"
    code = f"class C:\n    def {method}(self, *given):\n        {result}\n{CALLS[method]}\n"
    assert (value_of(code) == "a") == (method in CALLED)


def test_the_page_says_it_about_the_methods_of_the_test() -> None:
    assert {*CALLED, *NOT_CALLED} == set(CALLS)


def test_the_table_of_primitives_is_complete() -> None:
    listed = re.findall(r"^\| `(\w+)\(", PAGE, re.MULTILINE)
    assert sorted(listed) == sorted(name.removeprefix("poolsafe.primitives.") for name in HANDLERS)
