"""No reader of project files takes more than linear time, and a new one has to be attacked too."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest
from in_process import run
from samples import TORTURE, one_in
from timing import PATIENCE

from . import project_files

ENGINE = (
    'from sqlalchemy.ext.asyncio import create_async_engine\ne = create_async_engine("postgresql+asyncpg://u@h/d")\n'
)
LOCKED = '[[package]]\nname = "asyncpg"\nversion = "0.30.0"\n\n'
DIGITS = "9" * 5_000
HEXADECIMAL = "0x" + "F" * 5_000


def test_every_reader_is_attacked() -> None:
    """Every function that opens files has a `Reader`, or is listed as one that does not read files of a project."""
    listed = project_files.READERS.keys() | project_files.NOT_READERS | project_files.SAME_SOURCES
    assert project_files.opening_functions() == listed


def count_words_in_every_line(folder: Path) -> int:
    text = (folder / "a.txt").read_text(encoding="utf-8")
    return sum(text.count("a") for _ in text.splitlines())


@pytest.mark.torture
def test_slow_and_failing_readers_are_found() -> None:
    reader = project_files.Reader(("a.txt",), ("a", "\n"), count_words_in_every_line)
    assert "characters take" in str(project_files.slow(reader, "a.txt", project_files.Content("", "a\n", "")))
    assert project_files.slow(reader, "a.txt", project_files.Content("", "a", "")) is None
    reader = project_files.Reader(("a.txt",), ("a",), lambda folder: int("9" * 5_000 + "x"))
    assert "ValueError" in str(project_files.slow(reader, "a.txt", project_files.Content("", "a", "")))


@pytest.mark.torture
def test_no_reader_is_slow() -> None:
    assert project_files.run(seed=0, seconds=10) == []


def spelled(word: str) -> list[str]:
    return ["".join(letters) for letters in itertools.product(*((one, one.upper()) for one in word))]


def star_imports(count: int) -> dict[str, str]:
    """Modules that import everything from each other."""
    return {
        f"m/m{number}.py": "".join(f"from m.m{other} import *\n" for other in range(count) if other != number)
        + ENGINE.replace('"postgresql+asyncpg://u@h/d"', f"url{number}")
        for number in range(count)
    }


# Files, and the seconds of wall time that a run over them may take; most take a tenth.
TREES: dict[str, tuple[dict[str, str], float]] = {
    "stars in .gitignore": ({".gitignore": "*a" * 12 + "*b\n", "a" * 80 + ".py": ENGINE}, 5),
    "stars in per-file-ignores": (
        {"poolsafe.toml": f"lint.per-file-ignores = {{'{'*a' * 12}*b' = ['PGB101']}}", "a" * 80 + ".py": ENGINE},
        5,
    ),
    "stars in exclude": ({"poolsafe.toml": f"exclude = ['{'*a' * 12}*b']", "a" * 80 + ".py": ENGINE}, 5),
    "folders in .gitignore": ({".gitignore": "**/" * 300_000 + "x\n"}, 5),
    "empty lines": ({"b.py": ENGINE + "x = {1:" + "\r\n" * 60 + "2}\r\n"}, 5),
    "a comment that is cut off": ({"b.py": ENGINE + "# poolsafe: ignore[PGB101" + " " * 95_000 + "\n"}, 5),
    "directives": ({"b.py": ENGINE + "# poolsafe: disable[PGB101]\n# poolsafe: ignore[PGB101]\n" * 1_500}, 10),
    "words in a comment": (
        {
            "app/db.py": ENGINE + "def make(u):\n    return create_async_engine(u)\n",
            "app/main.py": "#" + " import" * 14_000 + "\nmake(1)\n",
        },
        5,
    ),
    "a lock": ({"uv.lock": "version = 1\n" + LOCKED * 75_000}, 8),
    "a lock in JSON": (
        {"Pipfile.lock": '{"default": {' + ",\n".join(
            f'"{name}": {{"version": "==1", "hashes": "{"0" * 5_000}"}}' for name in spelled("sqlalchemy")
        ) + "}}"},
        8,
    ),
    "requirements with constraints": (
        {"requirements.txt": "-c c.txt\n" + "asyncpg>=0.1\n" * 20_000, "c.txt": "asyncpg<9\n" * 20_000},
        8,
    ),
    "an env file that is named often": (
        {"compose.yml": "  - x.env\n" * 15_000, "x.env": "A=1\n" * 40_000, "b.py": "import os\n" + ENGINE.replace(
            '"postgresql+asyncpg://u@h/d"', 'os.environ["DATABASE_URL"]')},
        8,
    ),
    "gaps in setup.cfg": ({"setup.cfg": "[options]\n" + ("a" + " " * 3_990 + "b\n") * 200}, 8),
    "lines of no option": (
        {"setup.cfg": "[options]\n" + "=\n:\n" * 100_000, "alembic.ini": "[alembic]\n" + "=\n:\n" * 20_000}, 5
    ),
    "imports of everything": (star_imports(40), 20),
    "two modules that import each other": (star_imports(2), 5),
}  # fmt: skip


def poolsafe(folder: Path, timeout: float) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "poolsafe", "."]
    # Measuring coverage takes a multiple of the time.
    env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=timeout, check=False)


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in {"a.py": ENGINE, ".git/HEAD": "", **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())


@pytest.mark.parametrize("name", one_in(5, TREES, TORTURE))
def test_a_tree_is_checked_in_time(tmp_path: Path, name: str) -> None:
    files, seconds = TREES[name]
    write(tmp_path, files)
    before = os.times()
    done = poolsafe(tmp_path, timeout=PATIENCE)
    after = os.times()
    # Of the processor: the clock also counts what other programs take.
    assert after.children_user + after.children_system - before.children_user - before.children_system < seconds
    assert done.returncode == 1, done.stderr
    assert "internal error" not in done.stderr
    assert "a.py" in done.stdout


# What stands in the configuration, and how the one line on stderr begins behind the file's name.
WRONG = {
    f"asyncpg-version = '{DIGITS}'": "`asyncpg-version`: must be a version",
    f"required-version = '>={DIGITS}'": "`required-version`: must be a version",
    f"max-prepared-statements = {DIGITS}": "invalid TOML",
    f"max-prepared-statements = {HEXADECIMAL}": "`max-prepared-statements`: must be a whole number",
    f"exclude = [{HEXADECIMAL}]": "`exclude`: must be a list of strings",
    f"lint = {HEXADECIMAL}": "`lint` must be a table",
    f"lint.select = ['{DIGITS}']": "`lint.select`: unknown rule selector",
    f"{DIGITS} = 1": "unknown key",
    f"exclude = ['{'{' * 3_000}a{'}' * 3_000}']": "`exclude`: invalid glob",
    f"exclude = ['{'**/' * 300_000}x']": "`exclude`: invalid glob",
}


@pytest.mark.parametrize("content", WRONG, ids=[f"{key[:20]} {number}" for number, key in enumerate(WRONG)])
def test_wrong_configuration_is_one_short_line(tmp_path: Path, content: str) -> None:
    write(tmp_path, {"poolsafe.toml": content})
    done = run(tmp_path, ".")
    assert (done.returncode, done.stdout) == (2, "")
    assert WRONG[content] in done.stderr
    assert done.stderr.count("\n") == 1
    assert len(done.stderr) < 500 + len(str(tmp_path))


@pytest.mark.parametrize("option", ["max-prepared-statements", "asyncpg-version"])
def test_flake8_survives_its_options(tmp_path: Path, option: str) -> None:
    write(tmp_path, {".flake8": f"[flake8]\npoolsafe-{option} = {DIGITS}\n"})
    command = [sys.executable, "-m", "flake8", "a.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert "Traceback" not in done.stderr
    assert f"--poolsafe-{option}: must be " in done.stderr


NUMBERS = {
    "requirements.txt": f"asyncpg=={DIGITS}\nsqlalchemy>={DIGITS}.1\n",
    "environment.yml": f"dependencies:\n  - asyncpg={DIGITS}\n",
    "uv.lock": f'[[package]]\nname = "asyncpg"\nversion = "{DIGITS}"\n',
    "Pipfile.lock": f'{{"default": {{"asyncpg": {{"version": "=={DIGITS}", "index": {DIGITS}}}}}}}',
    "pyproject.toml": f"[project]\ndependencies = ['asyncpg=={DIGITS}', {DIGITS}]",
    "Pipfile": f"[packages]\nasyncpg = '^{DIGITS}'\nsqlalchemy = {HEXADECIMAL}\n",
    "setup.py": f"from setuptools import setup\nsetup(install_requires=['asyncpg=={DIGITS}'])\n",
    "pgbouncer.ini": f"[pgbouncer]\nmax_prepared_statements = {DIGITS}\npool_mode = {DIGITS}\n",
    "compose.yml": f"services:\n  pgbouncer:\n    MAX_PREPARED_STATEMENTS: {DIGITS}\n",
    "b.py": ENGINE.replace('d")', f'd?prepared_statement_cache_size={DIGITS}", pool_size={DIGITS})')
    + ENGINE.replace('d")', f'd", connect_args={{"statement_cache_size": {HEXADECIMAL}}})')
    + ENGINE.replace('"postgres', 'f"postgres').replace('d")', f'{{{HEXADECIMAL}}}")'),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_of_many_digits_are_no_error(tmp_path: Path, name: str) -> None:
    write(tmp_path, {name: NUMBERS[name]})
    if name == "pyproject.toml":
        # It is a configuration file too, and no TOML for Python.
        assert run(tmp_path, ".").stderr.count("\n") == 1
        (tmp_path / name).write_text(NUMBERS[name].replace(f", {DIGITS}]", "]"))
    done = run(tmp_path, ".")
    assert (done.returncode, done.stderr) == (1, "")
    assert "a.py" in done.stdout
