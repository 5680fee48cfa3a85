"""Completion in shells: the scripts are valid, complete the right words, and cost nothing otherwise."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from in_process import run

from poolsafe.rules import registry

# What sources the script does this with the words that were typed, and prints what the shell would offer.
ASK = """
source completion.bash
COMP_WORDS=(poolsafe "$@"); COMP_CWORD=$#; COMP_LINE="poolsafe $*"; COMP_POINT=${#COMP_LINE}; COMPREPLY=()
_shtab_poolsafe
printf '%s\\n' "${COMPREPLY[@]}"
"""
OFFERED = [
    (["--expl"], ["--explain"]),
    (["--print"], ["--print-completion"]),
    (["--explain", "PGB51"], ["PGB511", "PGB512"]),
    (["--select", "PGB30"], ["PGB301", "PGB302"]),
    (["--output-format", "json"], ["json", "json-lines"]),
    (["--color", ""], ["always", "auto", "never"]),
    (["--min-severity", "w"], ["warning"]),
    (["--pooler", "neon"], ["neon", "neon-direct"]),
    (["--baseline", "kno"], ["known.json"]),
    (["src/d"], ["src/db.py"]),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("completion")
    (made / "src").mkdir()
    for name in ("src/db.py", "known.json"):
        (made / name).touch()
    ran = subprocess.run(
        [sys.executable, "-m", "poolsafe", "--print-completion", "bash"], capture_output=True, text=True, check=True
    )
    (made / "completion.bash").write_text(ran.stdout)
    return made


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize(("typed", "offered"), OFFERED, ids=lambda value: " ".join(value))
def test_bash_offers(folder: Path, typed: list[str], offered: list[str]) -> None:
    command = ["bash", "-c", ASK, "bash", *typed]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert ran.stderr == ""
    assert sorted(ran.stdout.split()) == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh", "fish"])
def test_a_script_is_valid_and_knows_every_rule(shell: str, tmp_path: Path) -> None:
    ran = run(tmp_path, "--print-completion", shell)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert all(code in ran.stdout for code in registry.names())
    if shutil.which(shell) is not None:
        (tmp_path / "script").write_text(ran.stdout)
        assert subprocess.run([shell, "-n", "script"], cwd=tmp_path, capture_output=True).returncode == 0


def test_an_unknown_shell_is_named(tmp_path: Path) -> None:
    ran = run(tmp_path, "--print-completion", "bsh")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "not `bsh`; did you mean `bash`?" in ran.stderr


def test_without_the_extra_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    ran = run(tmp_path, "--print-completion", "bash")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "pip install 'poolsafe[completion]'" in ran.stderr
