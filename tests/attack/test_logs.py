"""No text of a project is read as a command by the runner of a CI job, in any format."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from timing import PATIENCE

from poolsafe.edits.difference import diff
from poolsafe.output_safety import inert, path_first, quoted
from poolsafe.source import Source

from .logs import COMMANDS, ENGINE, IMPORT, attack, commands, run
from .secrets import output

pytestmark = pytest.mark.skipif(os.name == "nt", reason="such names as POSIX has them")


@pytest.mark.parametrize("text", COMMANDS)
def test_no_command_gets_through(tmp_path: Path, text: str) -> None:
    names = {"--output-format=full", "--output-format=concise", "names", "--show-files", "missing", "--config"}
    assert list(attack(tmp_path, text, names)) == []


@pytest.mark.torture
def test_a_sample_of_texts_does_not_steer() -> None:
    assert run(seed=7, seconds=5) == []


def test_the_runners_read_what_nobody_made_inert() -> None:
    for text in COMMANDS:
        assert list(commands(f"{text}\n"))


def test_a_name_keeps_its_meaning_where_it_is_first(tmp_path: Path) -> None:
    name = "::error::a.py"
    (tmp_path / name).write_text(IMPORT + ENGINE.format(""), encoding="utf-8")
    said = output(tmp_path, ["--isolated", "--output-format=concise", name])
    assert said.startswith("./::error::a.py:2:10: PGB101")
    assert (tmp_path / said.split(":2:10")[0]).exists()


def test_documents_hold_the_very_names(tmp_path: Path) -> None:
    name = "##[error]a.py"
    (tmp_path / name).write_text(IMPORT + ENGINE.format(""), encoding="utf-8")
    said = output(tmp_path, ["--isolated", "--output-format=json", name])
    assert "##[" not in said
    assert {Path(each["filename"]).name for each in json.loads(said)} == {name}
    said = output(tmp_path, ["--isolated", "--output-format=junit", name])
    assert "##[" not in said
    assert "&#35;#[error]a.py" in said


def test_show_files_quotes_a_name_with_a_line_end(tmp_path: Path) -> None:
    for name in ("a\n##vso[task.complete]b.py", "c.py", "section_start:1:d.py"):
        (tmp_path / name).write_text("", encoding="utf-8")
    lines = output(tmp_path, ["--show-files", "--isolated", "."]).splitlines()
    assert len(lines) == 3
    assert f"{tmp_path}{os.sep}c.py" in lines
    assert any(line.endswith('\\012\\043\\043vso[task.complete]b.py"') for line in lines)
    assert any(line.endswith('section_start\\0721\\072d.py"') for line in lines)


@pytest.mark.parametrize("tool", [["git", "apply", "-p0"], ["patch", "-p0", "-s"]])
@pytest.mark.parametrize("withheld", range(9))
def test_a_diff_without_some_of_its_context_applies(tmp_path: Path, tool: list[str], withheld: int) -> None:
    before = "".join(f"line {number}\n" for number in range(9))
    after = before.replace("line 4\n", "changed\ninserted\n").replace("line 7\n", "")
    text = diff(Source.from_text("a.txt", before), Source.from_text("a.txt", after), lambda row: row == withheld)
    (tmp_path / "a.txt").write_text(before, encoding="utf-8")
    subprocess.run(tool, input=text, cwd=tmp_path, check=True, timeout=PATIENCE)
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == after
    # What changes is shown, and so is a row directly behind a change.
    assert (b"line %d\n" % withheld in text) == (withheld in (4, 5, 7, 8))


def test_a_name_that_steers_is_quoted_in_a_diff_and_the_diff_applies(tmp_path: Path) -> None:
    name = "##[group]a.py"
    (tmp_path / name).write_text(IMPORT + ENGINE.format(""), encoding="utf-8")
    said = output(tmp_path, ["--diff", "--isolated", name])
    text = "".join(line for line in said.splitlines(keepends=True) if not line.startswith("poolsafe: "))
    assert list(commands(text.replace("--- ", "").replace("+++ ", ""))) == []
    subprocess.run(["git", "apply", "-p0"], input=text, cwd=tmp_path, text=True, check=True, timeout=PATIENCE)
    assert "statement_cache_size" in (tmp_path / name).read_text(encoding="utf-8")


def test_a_line_that_steers_is_no_context(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(f'"""\n  ::error::x\n"""\n{IMPORT}{ENGINE.format("")}', encoding="utf-8")
    assert "::error" not in output(tmp_path, ["--diff", "--isolated", "a.py"])


def test_a_wrapped_line_begins_with_no_command(tmp_path: Path) -> None:
    from poolsafe.reports.style import Style

    for width in range(10, 40):
        lines = list(Style(width=width).wrap("head", "head", "some words ::error::x and --- more ::add-mask::y"))
        assert list(commands("\n".join(lines))) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a ##[1] b", "a \N{REPLACEMENT CHARACTER}#[1] b"),
        ("## [1]", "## [1]"),
        ("a::b", "a::b"),
        ("section_a", "section_a"),
    ],
)
def test_what_is_no_command_stays(text: str, expected: str) -> None:
    assert inert(text) == expected


def test_ordinary_names_stay() -> None:
    for name in ("a.py", "-a.py", "---a.py", "a b.py", "#a.py", "a::b.py"):
        assert path_first(name) == quoted(name) == name


def test_the_plugin_says_no_command(tmp_path: Path) -> None:
    key = "##vso[task.complete]"
    text = IMPORT + ENGINE.format(f", connect_args={{'server_settings': {{{key!r}: 'off'}}}}")
    (tmp_path / "a.py").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "flake8", "--isolated", "--select=PGB", "a.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert "PGB" in done.stdout
    assert list(commands(done.stdout)) == []
