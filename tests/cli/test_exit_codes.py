"""Exit codes and streams, compared with the real ruff: the same project, the same flags, each tool's own finding."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import in_process
import pytest
from samples import LONG, one_in

from cli.test_command import BAD, GOOD

BIN = str(Path(sys.executable).parent)
needs_ruff = pytest.mark.skipif(shutil.which("ruff", path=BIN) is None, reason="ruff is not installed")
SELECT = {"ruff": "F401", "poolsafe": "PGB101,PGB009"}
# The same state of a file for both tools: one finding with a safe fix, none, and what cannot be parsed.
TEXTS = {
    "ruff": {"bad": "import os\n", "good": "x = 1\n", "broken": "import os; f(\n"},
    "poolsafe": {"bad": BAD, "good": GOOD, "broken": BAD + "f(\n"},
}

# The file, the flags, the exit code of both.
ALIKE = [
    ("good", [], 0),
    ("bad", [], 1),
    ("bad", ["--exit-zero"], 0),
    ("bad", ["--diff"], 1),
    ("good", ["--diff"], 0),
    ("bad", ["--fix"], 0),
    ("bad", ["--fix", "--exit-non-zero-on-fix"], 1),
    ("good", ["--fix", "--exit-non-zero-on-fix"], 0),
    ("bad", ["--fix-only"], 0),
    ("bad", ["--statistics"], 1),
    ("bad", ["--ignore-noqa"], 1),
    ("bad", ["--add-noqa"], 0),
    ("bad", ["--quiet"], 1),
    ("bad", ["--silent"], 1),
    ("bad", ["--output-format=json"], 1),
    ("bad", ["--output-format=nonsense"], 2),
    ("bad", ["--nonsense"], 2),
    ("bad", ["--config=nonsense = 1"], 2),
    ("bad", ["--config=nowhere.toml"], 2),
    ("bad", ["--isolated", "--config=lint.select = ['ALL']"], 1),
    ("bad", ["--select=XYZ1"], 2),
    ("bad", ["--show-files"], 0),
    ("bad", ["--show-settings"], 0),
    ("broken", [], 1),
    ("broken", ["--fix"], 1),
    ("broken", ["--exit-zero"], 0),
]


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORCE_COLOR", "CI", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


def run(tool: str, folder: Path, *arguments: str, stdin: str = "") -> in_process.Ran | subprocess.CompletedProcess[str]:
    selected = any(each.startswith("--select") for each in arguments)
    flags = ["--no-cache", *([] if selected else [f"--select={SELECT[tool]}"]), *arguments]
    if tool == "poolsafe":
        return in_process.run(folder, *flags, stdin=stdin)
    program = str(shutil.which(tool, path=BIN))
    return subprocess.run([program, "check", *flags], cwd=folder, input=stdin, capture_output=True, text=True)


@needs_ruff
@pytest.mark.parametrize(("state", "flags", "code"), one_in(4, ALIKE, LONG))
def test_both_exit_alike(tmp_path: Path, state: str, flags: list[str], code: int) -> None:
    for tool, texts in TEXTS.items():
        (tmp_path / "a.py").write_text(texts[state])
        ran = run(tool, tmp_path, *flags, "a.py")
        assert ran.returncode == code, (tool, ran.stdout, ran.stderr)
        if code == 2:
            # What went wrong is said on stderr, and nothing else is said at all.
            assert (ran.stdout, bool(ran.stderr)) == ("", True), tool


# A missing path and a folder without Python count as mistakes here, with exit code 3; ruff: E902, and a warning.
@needs_ruff
@pytest.mark.parametrize(
    ("paths", "theirs", "ours"), [(["nowhere.py"], 0, 3), (["empty"], 0, 3), ([], 0, 0), (["a.py", "nowhere.py"], 0, 3)]
)
def test_where_they_differ_is_known(tmp_path: Path, paths: list[str], theirs: int, ours: int) -> None:
    (tmp_path / "empty").mkdir()
    if paths:
        for tool, code in (("ruff", theirs), ("poolsafe", ours)):
            (tmp_path / "a.py").write_text(TEXTS[tool]["good"])
            assert run(tool, tmp_path, *paths).returncode == code, tool
        return
    for tool in TEXTS:
        ran = run(tool, tmp_path)
        assert ran.returncode == ours
        assert "warning: No Python files found under the given path(s)\n" in ran.stderr


@needs_ruff
def test_standard_input_is_fixed_on_standard_output(tmp_path: Path) -> None:
    for tool, texts in TEXTS.items():
        ran = run(tool, tmp_path, "--fix", "-", stdin=texts["bad"])
        assert ran.returncode == 0
        assert ran.stdout != texts["bad"]
        assert ("import os" if tool == "ruff" else "statement_cache_size=0,") not in ran.stdout
        assert "1 fixed" in ran.stderr
        same = run(tool, tmp_path, "--fix", "-", stdin=texts["good"])
        assert (same.returncode, same.stdout) == (0, texts["good"])
        assert run(tool, tmp_path, "-", "--stdin-filename=a.py", stdin=texts["bad"]).returncode == 1
        assert run(tool, tmp_path, "--diff", "-", stdin=texts["bad"]).returncode == 1
