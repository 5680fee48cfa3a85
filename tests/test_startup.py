"""Which modules are imported: none from the checked repository, and no heavy ones for files without a needle."""

from __future__ import annotations

import ast
import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest
from timing import PATIENCE

import fixer.__main__ as fixer_main
import poolsafe.__main__ as poolsafe_main

SOURCE = Path(poolsafe_main.__file__).parent.parent
HEAVY = [
    "libcst",
    "dataclasses",
    "pathlib",
    "typing",
    "json",
    "multiprocessing",
    "difflib",
    "inspect",
    "logging",
    "flake8",
    "rich",
    "shtab",
]
IMPORT = "from sqlalchemy.ext.asyncio import create_async_engine\n"
NEEDLE = IMPORT + "make = create_async_engine\n"
# Whatever a front end, flake8 or a worker might import by these names would run and be seen.
HOSTILE = [
    "tomli.py",
    "json.py",
    "argparse.py",
    "difflib.py",
    "unicodedata.py",
    "multiprocessing/__init__.py",
    "concurrent/__init__.py",
    "libcst/__init__.py",
    "poolsafe/__init__.py",
    "tempfile.py",
    "signal.py",
]
SHOW_MODULES = """
import sys
from {module} import {name}
{call}
print(*sorted(module for module in {heavy} if module in sys.modules))
"""


def python(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    # As a user has it: no coverage, no settings of the test run.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV", "COLUMNS"))}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={**kept, **environment},
        timeout=PATIENCE,
    )


def imported(call: str, cwd: Path, module: str = "poolsafe.command", name: str = "main") -> list[str]:
    ran = python("-c", SHOW_MODULES.format(module=module, name=name, call=call, heavy=HEAVY), cwd=cwd)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()[-1].split()


def test_a_project_without_a_needle_imports_nothing_heavy(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import os\n\nQUERY = 'SELECT 1; SELECT 2'\n")
    (tmp_path / "c.py").write_text(IMPORT + "# create_async_engine(url)\n")
    (tmp_path / "pyproject.toml").write_text("[tool.poolsafe]\nexclude = ['b*']\n")
    before = imported("pass", tmp_path, "sys", "path")
    baseline = imported("import argparse, tomli", tmp_path, "sys", "path")
    assert set(imported("main(['.'])", tmp_path)) <= set(before) | set(baseline)


def test_a_needle_imports_libcst(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(NEEDLE)
    assert "libcst" in imported("main(['.'])", tmp_path)


@pytest.mark.parametrize(
    ("named", "needs"), [("import psycopg2", False), ("import asyncpg", True), ("# noqa: PGB101", True)]
)
def test_a_project_that_names_no_driver_needs_no_libcst(named: str, needs: bool, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(f"{named}\nfrom sqlalchemy import create_engine\nasync def make():\n")
    with (tmp_path / "a.py").open("a") as file:
        file.write("    return create_engine(URL)\n")
    assert ("libcst" in imported("main(['.'])", tmp_path)) is needs


@pytest.mark.parametrize("arguments", [["."], ["--list-rules"], ["--explain=PGB101"], ["--show-settings"], ["--help"]])
def test_only_a_page_for_a_terminal_imports_rich(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "a.py").write_text(NEEDLE + "make('postgresql+asyncpg://db/app')\n")
    call = f"from contextlib import suppress\nwith suppress(SystemExit): main({arguments})"
    assert "rich" not in imported(call, tmp_path)


def test_a_page_for_a_terminal_imports_rich(tmp_path: Path) -> None:
    assert "rich" in imported("import os; os.environ['COLUMNS'] = '80'; main(['--explain=PGB101'])", tmp_path)


def test_the_plugin_imports_nothing_heavy(tmp_path: Path) -> None:
    before = set(imported("pass", tmp_path, "sys", "path"))
    assert set(imported("pass", tmp_path, "poolsafe.flake8_plugin", "Plugin")) <= before
    without = "list(Plugin(None, 'a.py', ['import os\\n']).run())"
    assert set(imported(without, tmp_path, "poolsafe.flake8_plugin", "Plugin")) <= before
    close = "list(Plugin(None, 'a.py', ['engine = 1;\\n']).run())"
    assert set(imported(close, tmp_path, "poolsafe.flake8_plugin", "Plugin")) <= before
    hit = f"list(Plugin(None, 'a.py', [{NEEDLE!r}]).run())"
    assert "libcst" in imported(hit, tmp_path, "poolsafe.flake8_plugin", "Plugin")
    assert "flake8" not in imported(hit, tmp_path, "poolsafe.flake8_plugin", "Plugin")


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    for name in HOSTILE:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write({name!r})\nraise SystemExit('taken over')\n")
    (tmp_path / "app.py").write_text(NEEDLE + 'engine = create_async_engine("postgresql+asyncpg://db/app")\n')
    return tmp_path


@pytest.mark.parametrize("module", ["fixer", "poolsafe.__main__"])
@pytest.mark.parametrize("environment", [{}, {"PYTHONSAFEPATH": "1"}, {"PYTHONPATH": os.pathsep + "."}])
def test_nothing_of_the_current_directory_is_run(hostile: Path, module: str, environment: dict[str, str]) -> None:
    # A hostile `poolsafe` stands in the way of `python -m poolsafe` before our first line, but not of these two.
    if module == "fixer":
        ran = python("-m", "fixer", "app.py", cwd=hostile, **environment)
    else:
        start = "import sys; sys.path.append(''); sys.exit(main())"
        (hostile / "poolsafe/__init__.py").unlink()
        (hostile / "poolsafe").rmdir()
        ran = python("-c", f"from poolsafe.__main__ import main; {start}", cwd=hostile, **environment)
    assert not (hostile / "ran").exists(), (hostile / "ran").read_text()
    assert ran.returncode in (0, 1), ran.stderr


def test_workers_run_nothing_of_the_current_directory_either(hostile: Path) -> None:
    for number in range(30):
        (hostile / f"app{number:02}.py").write_text((hostile / "app.py").read_text())
    ran = python("-m", "fixer", *[path.name for path in sorted(hostile.glob("app*.py"))], cwd=hostile)
    assert not (hostile / "ran").exists(), (hostile / "ran").read_text()
    assert ran.returncode == 1, ran.stderr
    assert "app29.py" in ran.stdout


def test_the_path_is_cleaned_before_any_other_import() -> None:
    for main in (fixer_main, poolsafe_main):
        body = ast.parse(Path(str(main.__file__)).read_text(encoding="utf-8")).body
        before = body[: next(index for index, node in enumerate(body) if isinstance(node, ast.Expr) and index)]
        names = [alias.name for node in before if isinstance(node, ast.Import) for alias in node.names]
        assert names == ["sys"]
        assert not any(isinstance(node, ast.ImportFrom) for node in before)


def test_both_names_clean_the_path_alike() -> None:
    first, second = (inspect.getsource(main.leave_current_directory) for main in (fixer_main, poolsafe_main))
    assert first.partition('"""\n')[2].partition('"""\n')[2] == second.partition('"""\n')[2].partition('"""\n')[2]


@pytest.mark.parametrize("main", [fixer_main, poolsafe_main])
def test_only_the_current_directory_leaves_the_path(
    main: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", str(other), str(tmp_path), "lib", os.curdir])
    main.leave_current_directory()  # type: ignore[attr-defined]
    assert sys.path == [str(other), "lib"]
    # Where the package itself was loaded from there, it stays.
    monkeypatch.chdir(SOURCE)
    monkeypatch.setattr(sys, "path", ["", str(SOURCE)])
    main.leave_current_directory()  # type: ignore[attr-defined]
    assert sys.path == [str(SOURCE)]


@pytest.mark.parametrize("main", [fixer_main, poolsafe_main])
def test_a_deleted_current_directory_is_no_obstacle(main: object, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> str:
        raise FileNotFoundError

    monkeypatch.setattr(os, "getcwd", gone)
    monkeypatch.setattr(sys, "path", ["", "lib"])
    main.leave_current_directory()  # type: ignore[attr-defined]
    assert sys.path == ["lib"]
