"""The command: its output on each stream, the files that it writes, and its exit codes."""

from __future__ import annotations

import io
import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from poolsafe import __version__, command, edits, reading
from poolsafe.checker import check_bytes
from poolsafe.cli import options as arguments
from poolsafe.cli import processes, terminal, workers
from poolsafe.cli.diagnostics import Presenter
from poolsafe.cli.terminal import Progress, columns, wants_colour
from poolsafe.config.keys import KEYS
from poolsafe.config.layers import load_toml
from poolsafe.findings import Edit, Finding, Related, Severity
from poolsafe.rules import registry
from poolsafe.source import Source
from poolsafe.suppression.noqa import NOTHING

HEAD = "from sqlalchemy.ext.asyncio import create_async_engine\n\n"
ENGINE = 'create_async_engine("postgresql+asyncpg://db/app")'
BAD = f"{HEAD}engine = {ENGINE}\n"
GOOD = (
    f'{HEAD}engine = create_async_engine(\n    "postgresql+asyncpg://db/app",\n    connect_args='
    '{"statement_cache_size": 0, "prepared_statement_cache_size": 0},\n    pool_pre_ping=True,\n)\n'
)
UNSAFE = GOOD.replace("ping=True", "ping=False")
BROKEN = f"{HEAD}engine = create_async_engine(\n"
NO_FILES = "poolsafe: warning: No Python files found under the given path(s)"


class Ran(SimpleNamespace):
    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def poolsafe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Run:
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)

    def run_command(*argv: str, stdin: bytes = b"") -> Ran:
        load_toml.cache_clear()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        try:
            code = command.main(argv)
        except SystemExit as stop:
            code = int(stop.code or 0)
        sys.stdout.flush()
        out, err = capsysbinary.readouterr()
        # Line ends are what they are on Linux; bytes are looked at where they matter.
        return Ran(code=code, out=out.decode().replace("\r\n", "\n"), err=err.decode().replace("\r\n", "\n"), raw=out)

    return run_command


def write(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")


# --- reports and exit codes


def test_nothing_to_report(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a="import os\n", b=GOOD)
    ran = poolsafe()
    assert (ran.code, ran.out, ran.err) == (0, "All checks passed! (2 files, 1 engine)\n", "")


def test_findings(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a=BAD)
    ran = poolsafe("a.py")
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.startswith("a.py:3:10: PGB101 [*] ")
    assert "3 | engine = create_async_engine" in ran.out
    assert ran.out.endswith("Found 2 problems.\n[*] 2 fixable with `--apply`.\nChecked 1 file, 1 engine.\n")


def test_a_file_that_cannot_be_parsed_is_a_finding(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a=BROKEN)
    (tmp_path / "b.py").write_bytes(b"# -*- coding: nonsense -*-\ncreate_async_engine\n")
    ran = poolsafe("--output-format=concise")
    assert ran.code == 1
    assert [line.split(" ")[1] for line in ran.out.splitlines()[:-2]] == ["PGB009", "PGB009"]
    assert poolsafe("--apply").code == 1


@pytest.mark.parametrize(
    ("arguments", "codes"),
    [
        ([], ["PGB101", "PGB201"]),
        (["--select=PGB1"], ["PGB101"]),
        (["--select", "PGB2,PGB101"], ["PGB101", "PGB201"]),
        (["--select", "PGB2", "--select", "PGB101"], ["PGB101", "PGB201"]),
        (["--ignore", "PGB101"], ["PGB201"]),
        (["--select=PGB2", "--extend-select=PGB101"], ["PGB101", "PGB201"]),
        (["--per-file-ignores", "a.py:PGB101,b.py:PGB201"], ["PGB201"]),
        (["--min-severity=error"], []),
        (["--min-severity=error", "--pooler=transaction"], ["PGB101"]),
        (["--pooler=none"], []),
        (["--config", "pooler = 'none'"], []),
        (["--config", "lint.ignore = ['PGB1']"], ["PGB201"]),
        (["--config", "conf.toml"], ["PGB101"]),
        (["--config", "conf.toml", "--config", "lint.ignore = ['PGB101']"], []),
    ],
)
def test_selection(poolsafe: Run, tmp_path: Path, arguments: list[str], codes: list[str]) -> None:
    write(tmp_path, a=BAD)
    (tmp_path / "conf.toml").write_text("lint.select = ['PGB101']")
    ran = poolsafe("--output-format=json", *arguments)
    assert {finding["code"] for finding in json.loads(ran.out)} >= set(codes)
    if "--min-severity=error" not in arguments:
        assert [finding["code"] for finding in json.loads(ran.out)] == codes
    assert ran.code == (1 if json.loads(ran.out) else 0)


def test_noqa(poolsafe: Run, tmp_path: Path) -> None:
    text = BAD.rstrip("\n") + "  # noqa: PGB101\n"
    write(tmp_path, a=text, b=BAD + "# poolsafe: noqa\n", c="import os  # noqa: oops\n")
    ran = poolsafe("--output-format=concise")
    assert re.findall(r"(\w)\.py.*(PGB\d+)", ran.out) == [("a", "PGB201")]
    assert ran.err == ""
    assert len(re.findall("PGB", poolsafe("--output-format=concise", "--ignore-noqa").out)) == 4
    # A suppressed finding is not fixed.
    poolsafe("--apply", "a.py")
    assert "statement_cache_size" not in (tmp_path / "a.py").read_text()
    assert "pool_pre_ping=True)  # noqa: PGB101" in (tmp_path / "a.py").read_text()


def test_malformed_noqa_is_a_warning(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a=BAD.rstrip("\n") + "  # noqa:PGB\n")
    ran = poolsafe("--output-format=concise")
    assert ran.err.startswith("poolsafe: warning: a.py:3: Invalid `# noqa` directive: expected ")
    assert "PGB101" in ran.out
    assert poolsafe("-q").err == ""


def test_quiet_prints_findings_only(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a=BAD)
    assert "Found" not in poolsafe("-q", "a.py").out
    assert poolsafe("-q", "--pooler=none", "a.py").out == ""


def test_verbose_says_which_engines_are_left_alone(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a=f"{HEAD}from elsewhere import URL\n\nengine = create_async_engine(URL)\n")
    assert poolsafe("a.py").err == ""
    ran = poolsafe("--verbose", "a.py")
    assert ran.code == 0
    assert ran.err.startswith("poolsafe: a.py:5: not checked: ")


def test_statistics(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a=BAD, b=BAD)
    ran = poolsafe("--statistics", "--select=PGB101")
    assert ran.out.splitlines() == [
        "2\tPGB101\t[*] missing-cache-size",
        "Found 2 problems.",
        "[*] 2 fixable with `--apply`.",
        "Checked 2 files, 2 engines.",
    ]


UNJUDGED = f"{HEAD}from app import settings\n\none = create_async_engine(settings.url)\n" + (
    'two = create_async_engine("postgresql+asyncpg://db/app", connect_args=settings.args, pool_pre_ping=True)\n'
)


def test_statistics_count_the_engines_that_nobody_can_judge(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a=BAD, b=UNJUDGED, c=UNJUDGED)
    ran = poolsafe("--statistics", "--verbose")
    assert ran.out.splitlines()[:3] == [
        "1\tPGB101\t[*] missing-cache-size",
        "1\tPGB201\t[*] missing-pre-ping",
        "4\t-\t[ ] not checked",
    ]
    said = [line.partition(": ")[2] for line in ran.err.splitlines()]
    assert len(said) == 4
    assert said[0].startswith("b.py:5: not checked: the driver is unknown (")
    assert said[1].startswith("b.py:6: not checked: `statement_cache_size` is unknown (")
    rows = json.loads(poolsafe("--statistics", "--output-format=json").out)
    assert rows[0] == {
        "code": "PGB101",
        "name": "missing-cache-size",
        "count": 1,
        "fixable": True,
        "fixable_count": 1,
    }
    assert rows[-1] == {"code": None, "name": "unjudged-engine", "count": 4, "fixable": False, "fixable_count": 0}
    # Nobody is to blame for them.
    assert poolsafe("--statistics", "b.py").code == 0


def test_json_shows_the_way_of_a_value(poolsafe: Run, tmp_path: Path) -> None:
    write(
        tmp_path,
        settings='SCHEME = "postgresql+asyncpg"\nARGS = {"statement_cache_size": 100}\n',
        db=f"{HEAD.rstrip()}\nimport settings\n\nURL = settings.SCHEME + '://db/app'\n"
        "engine = create_async_engine(URL, connect_args=settings.ARGS, pool_pre_ping=True)\n",
    )
    (finding,) = json.loads(poolsafe("--output-format=json").out)
    assert finding["code"] == "PGB103"
    places = [(Path(each["filename"]).name, each["location"]["row"]) for each in finding["related"]]
    assert ("settings.py", 2) in places
    assert all(
        each["message"] and each["end_location"]["row"] >= each["location"]["row"] for each in finding["related"]
    )


def test_exit_zero(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a=BAD)
    assert poolsafe("--exit-zero").code == 0
    assert poolsafe("--exit-zero", "--diff").code == 0
    assert poolsafe("--exit-zero", "nowhere").code == 3


def test_output_file(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a=BAD)
    ran = poolsafe("--output-file", "out/report.json", "--output-format=json")
    assert (ran.code, ran.out, ran.err) == (1, "", "")
    assert len(json.loads((tmp_path / "out/report.json").read_text())) == 2
    ran = poolsafe("--output-file", "a.py/report.txt")
    assert ran.code == 2
    assert "--output-file: a.py/report.txt: " in ran.err


@pytest.mark.parametrize(
    ("paths", "code", "errors"),
    [
        (["nowhere"], 3, ["poolsafe: error: nowhere: no such file or directory"]),
        (["nowhere", "a.py"], 3, ["poolsafe: error: nowhere: no such file or directory"]),
        (["docs"], 3, ["poolsafe: error: docs: no Python files in this directory"]),
        (["venv"], 0, []),
        (["--force-exclude", "venv/b.py"], 0, [f"{NO_FILES}: venv/b.py"]),
        (["--exclude=a.py", "--force-exclude", "./a.py"], 0, [f"{NO_FILES}: ./a.py"]),
        (["--force-exclude", "venv/b.py", "venv", "outer"], 0, [f"{NO_FILES}: outer and 2 others"]),
        (["--force-exclude", "venv/b.py", "a.py"], 1, []),
        (["outer", "a.py"], 1, [f"{NO_FILES}: outer"]),
        (["--quiet", "outer", "a.py"], 1, []),
        (["docs", "outer"], 3, ["poolsafe: error: docs: no Python files in this directory", f"{NO_FILES}: outer"]),
        (["a.py", "--exclude=a.py"], 1, []),
        (["--extend-exclude=a.py"], 0, [NO_FILES]),
        ([".", "--extend-exclude=a.py"], 0, [f"{NO_FILES}: ."]),
    ],
)
def test_paths(poolsafe: Run, tmp_path: Path, paths: list[str], code: int, errors: list[str]) -> None:
    write(tmp_path, a=BAD, venv__b="import os\n", outer__dist__c=BAD)
    (tmp_path / "docs").mkdir()
    ran = poolsafe(*paths)
    assert (ran.code, ran.err.splitlines()) == (code, errors)
    assert ("PGB101" in ran.out) is (code == 1 or "a.py" in paths[1:2])
    assert ("All checks passed!" in ran.out) is (code == 0)


def test_the_current_directory_without_a_python_file(poolsafe: Run) -> None:
    ran = poolsafe()
    assert (ran.code, ran.err) == (0, f"{NO_FILES}\n")
    assert poolsafe(".").code == 3


def test_listing_the_files_says_what_is_not_there(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a="", outer__dist__c="")
    ran = poolsafe("--show-files", "a.py", "nowhere")
    assert (ran.code, ran.out.splitlines()) == (3, [str(tmp_path / "a.py")])
    assert ran.err == "poolsafe: error: nowhere: no such file or directory\n"
    ran = poolsafe("--show-files", "outer")
    assert (ran.code, ran.out, ran.err) == (0, "", f"{NO_FILES}: outer\n")


def test_a_path_may_be_called_anything(poolsafe: Run, tmp_path: Path) -> None:
    (tmp_path / "--diff").write_text(BAD)
    (tmp_path / "check").write_text(BAD)
    assert poolsafe("--output-format=concise", "--", "--diff").out.startswith("--diff:3:10: PGB101")
    assert poolsafe("check", "--output-format=concise").out.startswith("check:3:10: PGB101")


@pytest.mark.parametrize(
    ("arguments", "as_without"),
    [
        (["check"], []),
        (["check", "."], ["."]),
        (["check", "--fix", "--diff", "a.py"], ["--fix", "--diff", "a.py"]),
        (["-q", "check", "a.py", "b.py"], ["-q", "a.py", "b.py"]),
        (["check", "--", "a.py"], ["--", "a.py"]),
        (["check", "check"], ["./check"]),
        (["a.py", "check"], ["a.py", "./check"]),
        (["--", "check"], ["./check"]),
    ],
)
def test_the_subcommand_of_ruff_is_no_path(
    poolsafe: Run, tmp_path: Path, arguments: list[str], as_without: list[str]
) -> None:
    write(tmp_path, a=BAD, b=BAD)
    expected = poolsafe(*as_without)
    ran = poolsafe(*arguments)
    assert (ran.code, ran.out) == (expected.code, expected.out)
    assert ran.err == expected.err.replace("./check", "check")


def test_the_subcommand_of_ruff_may_read_standard_input(poolsafe: Run) -> None:
    assert poolsafe("check", "-", stdin=BAD.encode()).code == 1
    assert poolsafe("check", "--stdin-filename=a.py", stdin=BAD.encode()).code == 1


def test_options_may_stand_between_paths(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a=BAD, b=BAD)
    ran = poolsafe("a.py", "--output-format=concise", "b.py", "-q")
    assert [line[:4] for line in ran.out.splitlines()] == ["a.py", "a.py", "b.py", "b.py"]


# --- mistakes of the user


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--selct=PGB1"], "unknown option `--selct`; did you mean `--select`?"),
        (["--frobnicate"], "unknown option `--frobnicate`\n"),
        (["--select=PGB10x"], "--select: unknown rule selector `PGB10x`; did you mean `PGB10"),
        (["--ignore=missing-cache-size"], "--ignore: unknown rule selector `missing-cache-size`; its code is `PGB101`"),
        (["--pooler=bouncer"], "--pooler: must be one of `auto`, `transaction`"),
        (
            ["--min-severity=eror"],
            "--min-severity: must be `warning` or `error`, not `eror`; did you mean `error`?",
        ),
        (["--output-format=jsn"], "`sarif`, not `jsn`; did you mean `json`?"),
        (["--color=maybe"], "--color: must be one of `auto`, `always` or `never`, not `maybe`"),
        (["--select"], "argument --select: expected one argument"),
        (["--per-file-ignores=a.py"], "--per-file-ignores: expected `PATTERN:CODE`, not `a.py`"),
        (["--exclude=[a"], "--exclude: invalid glob `[a`: `[` is never closed"),
        (["--config=nowhere.toml"], "--config: no such file: `nowhere.toml`"),
        (["--config=poolr = 1"], "--config: unknown key `poolr`; did you mean `pooler`?"),
        (["--config=pooler = "], "--config: neither an existing file nor TOML: `pooler = `"),
        (["--config=a.toml", "--config=b.toml"], "--config: two files, `a.toml` and `b.toml`"),
        (["--config=a.toml", "--isolated"], "--isolated reads no configuration file"),
        (["--explain=PGB999"], "--explain: unknown rule `PGB999`; did you mean `PGB009`?"),
        (["--explain=PGB1000"], "--explain: unknown rule `PGB1000`; did you mean `PGB101`?"),
        (["--ignore=PGB1000"], "--ignore: unknown rule selector `PGB1000`; did you mean `PGB101`?"),
        (["-", "a.py"], "`-` (standard input) cannot be combined with other paths"),
        (["broken"], "poolsafe.toml: unknown key `poolr`; did you mean `pooler`?"),
    ],
)
def test_mistakes_are_one_line(poolsafe: Run, tmp_path: Path, arguments: list[str], words: str) -> None:
    write(tmp_path, a=BAD, broken__a=BAD)
    (tmp_path / "broken/poolsafe.toml").write_text("poolr = 1")
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text("")
    ran = poolsafe(*arguments)
    assert ran.code == 2
    assert words in ran.err
    assert ran.err.startswith("poolsafe: error: ")
    assert len(ran.err.splitlines()) == 1
    assert ran.out == ""


def test_a_wrong_configuration_on_the_way_is_said_before_anything_is_written(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a=BAD, z__a=BAD)
    (tmp_path / "z/poolsafe.toml").write_text("poolr = 1")
    assert poolsafe("--apply").code == 2
    assert (tmp_path / "a.py").read_text() == BAD


def test_our_own_mistake_costs_one_file(poolsafe: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(path: str, *rest: Any, **more: Any) -> object:
        if path.endswith("a.py"):
            raise KeyError("lost\nkey")
        return check_bytes(path, *rest, **more)

    monkeypatch.setattr("poolsafe.cli.examine.check_bytes", broken)
    write(tmp_path, a=BAD, b=BAD)
    ran = poolsafe("--output-format=concise")
    assert ran.code == 2
    assert ran.err.startswith("poolsafe: error: a.py: internal error (test_command.py:")
    assert "KeyError: 'lost\\nkey'; please report it at https://" in ran.err
    assert "b.py:3:10: PGB101" in ran.out
    assert poolsafe("a.py").out == ""


def test_a_mistake_of_ours_anywhere_else(poolsafe: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arguments, "parse", lambda _: 1 / 0)
    ran = poolsafe()
    assert ran.code == 2
    assert "internal error" in ran.err
    assert len(ran.err.splitlines()) == 1


def test_an_interrupt(poolsafe: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(arguments, "parse", interrupted)
    ran = poolsafe()
    assert (ran.code, ran.out, ran.err) == (130, "", "")


@pytest.mark.skipif(os.name == "nt", reason="pipes break otherwise on Windows")
def test_a_reader_that_goes_away(tmp_path: Path) -> None:
    for number in range(4):
        write(tmp_path, **{f"a{number}": BAD * 60})
    process = subprocess.Popen(
        [sys.executable, "-m", "fixer"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 141


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file_by_its_mode(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a=BAD, b=BAD)
    (tmp_path / "a.py").chmod(0)
    ran = poolsafe()
    assert (ran.code, ran.err) == (2, "poolsafe: error: a.py: Permission denied\n")
    assert "b.py:3:10" in ran.out


def test_an_unreadable_file(poolsafe: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(name: str, real: Callable[[str, int], bytes]) -> Callable[[str, int], bytes]:
        def read(path: str, largest: int) -> bytes:
            if path.endswith(name):
                raise PermissionError(13, "Permission denied")
            return real(path, largest)

        return read

    # The first one cannot be read at all, the second one only where it is to be examined.
    monkeypatch.setattr(reading, "read", refusing("a.py", reading.read))
    monkeypatch.setattr(reading, "read_real", refusing("b.py", reading.read_real))
    write(tmp_path, a=BAD, b=BAD, c=BAD)
    ran = poolsafe("--output-format=concise")
    assert ran.code == 2
    assert ran.err.splitlines() == [f"poolsafe: error: {name}.py: Permission denied" for name in "ab"]
    assert ran.out.startswith("c.py:3:10: PGB101")


def test_a_folder_that_cannot_be_listed(poolsafe: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def failing(path: str) -> object:
        if path.endswith("sub"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", failing)
    write(tmp_path, a=GOOD, sub__b=BAD)
    ran = poolsafe()
    assert (ran.code, ran.out, ran.err) == (2, "", "poolsafe: error: sub: Permission denied\n")
    # Nobody knows whether it holds a Python file, and naming it twice says nothing new.
    for argv in (["sub"], ["sub", "./sub"], ["--show-files", "sub"], ["--diff", "sub"]):
        ran = poolsafe(*argv)
        assert (ran.code, ran.out, ran.err) == (2, "", "poolsafe: error: sub: Permission denied\n"), argv


def test_places_that_explain_a_finding(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a=f'{HEAD}URL = "postgresql+asyncpg://db/app"\nengine = create_async_engine(URL)\n')
    ran = poolsafe("--select=PGB101")
    assert "::: a.py:3:7: " in ran.out
    assert '3 | URL = "postgresql+asyncpg://db/app"' in ran.out
    (finding,) = json.loads(poolsafe("--select=PGB101", "--output-format=json").out)
    assert finding["related"][0]["location"] == {"row": 3, "column": 7}
    assert "::: " not in poolsafe("--output-format=concise").out


def test_places_in_other_files(tmp_path: Path) -> None:
    write(tmp_path, other="import os\nURL = 1\n")
    (tmp_path / "broken.py").write_bytes(b"\xff")
    source = Source.from_text(str(tmp_path / "a.py"), BAD)
    related = [
        Related(str(tmp_path / f"{name}.py"), 2, 1, 2, 4, name) for name in ("other", "other", "broken", "nowhere")
    ]
    finding = Finding("PGB101", "name", "message", Severity.ERROR, 0, 4, None, tuple(related))
    presenter = Presenter(source, NOTHING, lambda _: True, frames=True)
    notes = presenter.present(finding).notes
    assert [note.span.lines for note in notes] == [((2, "URL = 1"),), ((2, "URL = 1"),), (), ()]


# --- fixing


def test_diff(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a=BAD, b=GOOD)
    ran = poolsafe("--diff")
    assert (ran.code, ran.err) == (1, "poolsafe: Would fix 2 problems.\npoolsafe: Checked 2 files, 2 engines.\n")
    assert ran.out.startswith("--- a.py\n+++ a.py\n@@ ")
    assert '"statement_cache_size": 0' in ran.out
    assert (tmp_path / "a.py").read_text() == BAD
    ran = poolsafe("--diff", "b.py")
    assert (ran.code, ran.out, ran.err) == (0, "", "poolsafe: Nothing to fix.\npoolsafe: Checked 1 file, 1 engine.\n")
    assert poolsafe("--diff", "--apply", "a.py").out.startswith("--- a.py")
    assert poolsafe("--diff", "-q").err == ""


def test_apply(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a=BAD, b=UNSAFE)
    ran = poolsafe("--apply", "--output-format=concise")
    assert ran.code == 1
    assert ran.out.splitlines()[0].startswith("b.py:3:10: PGB202 ")
    assert ran.out.splitlines()[1:] == [
        "Found 3 problems (2 fixed, 1 remaining).",
        "1 unsafe fix available with `--apply --unsafe-fixes`.",
        "Checked 2 files, 2 engines.",
    ]
    fixed = (tmp_path / "a.py").read_text()
    assert '"statement_cache_size": 0' in fixed
    assert "pool_pre_ping=True" in fixed
    ran = poolsafe("--fix", "--unsafe-fixes")
    assert (ran.code, ran.out) == (0, "Found 1 problem (1 fixed, 0 remaining).\nChecked 2 files, 2 engines.\n")
    assert (tmp_path / "b.py").read_text() == GOOD
    assert (tmp_path / "a.py").read_text() == fixed
    ran = poolsafe("--apply")
    assert (ran.code, ran.out) == (0, "All checks passed! (2 files, 2 engines)\n")


def test_exit_non_zero_on_fix(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a=BAD)
    assert poolsafe("--apply", "--exit-non-zero-on-fix").code == 1
    assert poolsafe("--apply", "--exit-non-zero-on-fix").code == 0


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        (["--fixable=PGB2"], ["PGB101"]),
        (["--unfixable=PGB2"], ["PGB201"]),
        (["--select=PGB1"], []),
        (["--config=lint.extend-unsafe-fixes = ['PGB101']"], ["PGB101"]),
        (["--config=lint.extend-safe-fixes = ['PGB101']"], []),
        (["--config=unsafe-fixes = true"], []),
    ],
)
def test_which_fixes_are_applied(poolsafe: Run, tmp_path: Path, arguments: list[str], left: list[str]) -> None:
    write(tmp_path, a=BAD)
    ran = poolsafe("--apply", "--output-format=json", *arguments)
    assert [finding["code"] for finding in json.loads(ran.out)] == left


def test_the_hint_at_unsafe_fixes_can_be_switched_off(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a=UNSAFE)
    assert "1 unsafe fix available" in poolsafe("a.py").out
    assert "unsafe fix available" not in poolsafe("--no-unsafe-fixes", "a.py").out
    assert "[*]" in poolsafe("--unsafe-fixes", "a.py").out
    assert "(1 additional fix available with `--unsafe-fixes`)" in poolsafe("--diff", "a.py").err


def test_what_cannot_be_written_is_named(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a=BAD, b=BAD)
    (tmp_path / "a.py").chmod(stat.S_IREAD)
    ran = poolsafe("--apply", "--output-format=concise")
    assert ran.code == 2
    assert ran.err == "poolsafe: error: a.py: the file is read-only\n"
    assert re.findall(r"a\.py.*(PGB\d+)", ran.out) == ["PGB101", "PGB201"]
    assert "Found 4 problems (2 fixed, 2 remaining)." in ran.out
    assert (tmp_path / "a.py").read_text() == BAD
    assert (tmp_path / "b.py").read_text() != BAD


def test_a_file_that_changed_meanwhile_is_not_overwritten(
    poolsafe: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = edits.write

    def late(before: Source, after: Source, target: str) -> None:
        (tmp_path / "a.py").write_text("# mine\n")
        real(before, after, target)

    monkeypatch.setattr(edits, "write", late)
    write(tmp_path, a=BAD)
    ran = poolsafe("--apply")
    assert ran.code == 2
    assert ran.err == "poolsafe: error: a.py: the file has changed since it was read\n"
    assert (tmp_path / "a.py").read_text() == "# mine\n"


def test_a_refused_fix_is_a_warning(poolsafe: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from poolsafe.edits import application

    monkeypatch.setattr(application, "_applied", lambda *_: None)
    write(tmp_path, a=BAD)
    ran = poolsafe("--apply")
    assert ran.code == 1
    assert (
        "warning: a.py:3: the fix for PGB101 was not applied, because the result would not be valid Python" in ran.err
    )


def test_a_fix_without_effect_is_a_warning(poolsafe: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from poolsafe.edits import application

    monkeypatch.setattr(application, "_applied", lambda source, fixes: source.edited([Edit(0, 0, "# still\n")]))
    write(tmp_path, a=BAD)
    ran = poolsafe("--apply")
    assert ran.code == 1
    assert "warning: a.py:3: the fix for PGB101 was not applied, because the problem would remain" in ran.err
    assert (tmp_path / "a.py").read_text() == BAD


# --- standard input


def test_standard_input(poolsafe: Run) -> None:
    ran = poolsafe("-", "--output-format=concise", stdin=BAD.encode())
    assert ran.code == 1
    assert ran.out.startswith("-:3:10: PGB101")
    ran = poolsafe("--stdin-filename", "sub/x.py", "--output-format=concise", stdin=BAD.encode())
    assert ran.out.startswith(os.path.join("sub", "x.py") + ":3:10: PGB101")
    assert poolsafe("-", stdin=b"import os\n").out == "All checks passed! (1 file, 0 engines)\n"


def test_standard_input_has_the_configuration_of_its_name(poolsafe: Run, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/poolsafe.toml").write_text("pooler = 'none'\nextend-exclude = ['y.py']\nforce-exclude = true")
    assert poolsafe("--stdin-filename=sub/x.py", stdin=BAD.encode()).code == 0
    ran = poolsafe("--stdin-filename=sub/y.py", "--pooler=auto", "--apply", "-", stdin=BAD.encode())
    assert (ran.code, ran.raw) == (0, BAD.encode())


def test_standard_input_fixed_to_the_byte(poolsafe: Run) -> None:
    text = BAD.replace("engine =", 'é = "\x0c"; engine =').replace("\n", "\r\n")
    raw = b"\xef\xbb\xbf# -*- coding: utf-8 -*-\r\n" + text.encode()
    ran = poolsafe("--apply", "-", "--output-format=concise", stdin=raw)
    assert ran.code == 0
    assert ran.raw.startswith(b"\xef\xbb\xbf# -*- coding: utf-8 -*-\r\nfrom sqlalchemy")
    assert b'"statement_cache_size": 0' in ran.raw
    assert b'\xc3\xa9 = "\x0c"; engine' in ran.raw
    assert ran.raw.count(b"\r\n") == ran.raw.count(b"\n")
    assert "Found 2 problems (2 fixed, 0 remaining)." in ran.err
    for untouched in (b"import os", GOOD.encode(), BROKEN.encode()):
        assert poolsafe("--apply", "-", stdin=untouched).raw == untouched


def test_standard_input_as_a_diff(poolsafe: Run) -> None:
    ran = poolsafe("--diff", "--stdin-filename=x.py", stdin=BAD.encode())
    assert ran.code == 1
    assert ran.out.startswith("--- x.py\n+++ x.py\n")


# --- information


def test_version(poolsafe: Run) -> None:
    ran = poolsafe("--version")
    assert (ran.code, ran.out) == (0, f"poolsafe {__version__}\n")


def test_help_names_every_group(poolsafe: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    ran = poolsafe("--help")
    assert ran.code == 0
    for word in (
        "--diff",
        "--select CODES",
        "[--add-noqa[=REASON]]",
        "  --add-noqa[=REASON]   add a",
        "Fixing",
        "Rules",
        "Files",
        "Output",
        "Information",
        "Exit codes: 0",
    ):
        assert word in ran.out
    assert max(map(len, ran.out.splitlines())) <= 70


def test_explain(poolsafe: Run) -> None:
    for asked in ("PGB101", "pgb101", "missing-cache-size"):
        ran = poolsafe("--explain", asked)
        assert ran.code == 0
        assert ran.out.startswith("# missing-cache-size (PGB101)\n")
        assert "## Why is this bad?" in ran.out


@pytest.mark.parametrize("width", [40, 72, 100])
@pytest.mark.parametrize("code", registry.names())
def test_a_page_is_rendered_for_the_width(
    poolsafe: Run, monkeypatch: pytest.MonkeyPatch, code: str, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = poolsafe("--explain", code).out.splitlines()
    # How a heading is set apart is for rich to decide.
    head = " ".join(lines[:3])
    assert registry.names()[code] in head
    assert f"({code})" in head
    assert "Why is this bad?" in map(str.strip, lines)
    assert max(map(len, lines)) <= width
    # Neither Markdown nor colours, and nothing that is seen only when it is copied.
    assert not any("`" in line or "\x1b" in line or line != line.rstrip() or line.startswith("#") for line in lines)


def test_a_page_in_colour(poolsafe: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "72")
    plain = poolsafe("--explain", "PGB101").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert poolsafe("--explain", "PGB101").out == plain
    coloured = poolsafe("--explain", "PGB101", "--color=always").out
    assert re.search(r"\x1b\[[\d;]*3\d", coloured)
    assert "\x1b]8;" in coloured
    words = re.sub(r"\x1b\]8;[^\x1b]*\x1b\\|\x1b\[[\d;]*m", "", coloured).split()
    assert words == re.sub(r"\(http[^)]*\)", "", plain, flags=re.DOTALL).split()


def test_a_page_on_a_terminal_is_as_wide_as_that(poolsafe: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((50, 20)))
    ran = poolsafe("--explain", "PGB101", "--color=never")
    assert 40 < max(map(len, ran.out.splitlines())) <= 50


def test_list_rules(poolsafe: Run) -> None:
    ran = poolsafe("--list-rules")
    assert ran.code == 0
    rows = [re.split(r"  +", line) for line in ran.out.splitlines()]
    assert {code: name for code, name, *_ in rows} == registry.names()
    for rule, (_, _, severity, fix, reported) in zip(registry.rules(), rows, strict=True):
        assert severity.split(" or ") == [each.value for each in rule.severities]
        assert (
            fix
            == {"always": "fix: always", "sometimes": "fix: sometimes", "none": "no fix"}[rule.fix_availability.value]
        )
        assert f"Reports {reported}." in " ".join(rule.page.split())
    assert ["PGB203", "null-pool-argument", "error", "fix: sometimes"] in [row[:4] for row in rows]


@pytest.mark.parametrize("width", [30, 80, 200])
def test_the_list_keeps_to_the_width(poolsafe: Run, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    wide = poolsafe("--list-rules").out
    monkeypatch.setenv("COLUMNS", str(width))
    ran = poolsafe("--list-rules")
    assert max(map(len, ran.out.splitlines())) <= max(width, len("PGB404 local-setting-outside-transaction"))
    assert (ran.out == wide) is (width == 200)
    assert re.sub(r"[():,\s]+", " ", ran.out) == re.sub(r"[():,\s]+", " ", wide)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert poolsafe("--list-rules").out.startswith("\x1b[1;31mPGB001\x1b[0m ")


def test_rules_as_json(poolsafe: Run) -> None:
    every = json.loads(poolsafe("--list-rules", "--output-format=json").out)
    assert [(each["code"], each["name"]) for each in every] == list(registry.names().items())
    ran = poolsafe("--explain", "pgb203", "--output-format=json")
    described = json.loads(ran.out)
    assert (ran.code, described) == (0, next(each for each in every if each["code"] == "PGB203"))
    explanation = described.pop("explanation")
    assert explanation.startswith("## What it does\nReports arguments that `NullPool` and")
    assert described == {
        "name": "null-pool-argument",
        "code": "PGB203",
        "summary": "arguments that `NullPool` and `StaticPool` do not accept",
        "severities": ["error"],
        "fix_availability": "Sometimes",
        "without_pooler": True,
        "since": "0.1.0",
        "preview": False,
        "url": "https://github.com/poolsafe/poolsafe/blob/main/docs/rules/null-pool-argument.md",
    }


def test_the_formats_of_the_rules(poolsafe: Run, tmp_path: Path) -> None:
    # That of the configuration is for findings.
    (tmp_path / "poolsafe.toml").write_text("output-format = 'sarif'")
    plain = poolsafe("--list-rules").out
    assert poolsafe("--list-rules", "--output-format=full").out == plain
    for argument in ("--list-rules", "--explain=PGB101"):
        for form in ("sarif", "jsn"):
            ran = poolsafe(argument, f"--output-format={form}")
            assert (ran.code, ran.out) == (2, "")
            assert ran.err == (f"poolsafe: error: --output-format: must be `full` or `json` here, not `{form}`\n")


def test_show_files(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, b="", a="", venv__c="")
    assert poolsafe("--show-files").out.splitlines() == [str(tmp_path / "a.py"), str(tmp_path / "b.py")]


def test_show_settings(poolsafe: Run, tmp_path: Path) -> None:
    text = """
        asyncpg-version = "0.30.1"
        max-prepared-statements = 5
        extend-exclude = ["x"]
        unsafe-fixes = false
        [lint.per-file-ignores]
        "a.py" = ["PGB1"]
    """
    write(tmp_path, a="", sub__b="")
    (tmp_path / "poolsafe.toml").write_text(text)
    (tmp_path / "sub/poolsafe.toml").write_text("pooler = 'session'")
    lines = poolsafe("--show-settings", "--select=PGB101,PGB102").out.splitlines()
    path = str(tmp_path / "poolsafe.toml")
    assert f'asyncpg-version = "0.30.1"  # {path}' in lines
    assert f"max-prepared-statements = 5  # {path}" in lines
    assert f'extend-exclude = ["x"]  # {path}' in lines
    assert f"unsafe-fixes = false  # {path}" in lines
    assert f'lint.per-file-ignores = {{"a.py" = ["PGB1"]}}  # {path}' in lines
    assert 'lint.select = ["PGB101", "PGB102"]  # --select' in lines
    assert 'pooler = "auto"  # default' in lines
    assert "assume-driver = unset  # default" in lines
    assert lines[-1] == 'rules = ["PGB101", "PGB102"]'
    assert {line.partition(" = ")[0] for line in lines} == {*KEYS, "rules"}
    for path in ("sub", "sub/b.py"):
        assert 'pooler = "session"' in poolsafe("--show-settings", path).out


def test_show_settings_shows_what_the_files_say(poolsafe: Run, tmp_path: Path) -> None:
    write(tmp_path, a="", api__b="")
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\ndependencies = ['asyncpg>=0.29']\n")
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy/pgbouncer.ini").write_text("[pgbouncer]\npool_mode = session\n")
    (tmp_path / "api/requirements.txt").write_text("sqlalchemy\nasyncpg==0.30.0\n")
    head = f"# found in the files of {tmp_path}"
    everywhere = ['pooler = "session"  # deploy/pgbouncer.ini:2']

    def found(*arguments: str) -> list[str]:
        lines = poolsafe("--show-settings", *arguments).out.splitlines()
        return lines[lines.index(head) + 1 :]

    assert found() == [
        'asyncpg-version = ">= 0.29"  # pyproject.toml:3',
        'assume-driver = "asyncpg"  # pyproject.toml:3',
        *everywhere,
    ]
    nearer = [
        'asyncpg-version = "0.30.0"  # api/requirements.txt:2',
        'assume-driver = "asyncpg"  # api/requirements.txt:2',
    ]
    assert found("api") == found("api/b.py") == [*nearer, *everywhere]
    # What is configured is shown above; versions are not looked for then, and the pooler of a file is overruled.
    assert found("--config", "asyncpg-version = '0.31'", "--config", "pooler = 'none'") == [
        'assume-driver = "asyncpg"  # pyproject.toml:3',
        '# overruled: pooler = "session"  # deploy/pgbouncer.ini:2',
    ]


def test_every_overriding_flag_exists() -> None:
    options = arguments.parse([])
    for destination, path in arguments.OVERRIDES.items():
        assert path in KEYS
        assert getattr(options, destination) is None


# --- the terminal


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("choice", "environment", "stream", "wanted"),
    [
        ("auto", {}, Tty(), True),
        ("auto", {}, io.StringIO(), False),
        ("auto", {"NO_COLOR": "1"}, Tty(), False),
        ("auto", {"NO_COLOR": ""}, Tty(), True),
        ("auto", {"FORCE_COLOR": "1"}, io.StringIO(), True),
        ("auto", {"FORCE_COLOR": ""}, io.StringIO(), False),
        ("auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, Tty(), False),
        ("auto", {"TERM": "dumb"}, Tty(), False),
        ("always", {"NO_COLOR": "1"}, io.StringIO(), True),
        ("never", {"FORCE_COLOR": "1"}, Tty(), False),
    ],
)
def test_colour(
    monkeypatch: pytest.MonkeyPatch, choice: str, environment: dict[str, str], stream: io.StringIO, wanted: bool
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert wants_colour(choice, stream) is wanted


def test_colour_of_a_report(poolsafe: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, a=BAD)
    assert "\x1b" not in poolsafe("a.py").out
    assert "\x1b[" in poolsafe("--color=always", "a.py").out
    assert "\x1b[32m+" in poolsafe("--color=always", "--diff", "a.py").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in poolsafe("a.py").out


def test_the_width(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_: int) -> None:
        raise OSError

    monkeypatch.setenv("COLUMNS", "33")
    assert columns() == 33
    monkeypatch.setenv("COLUMNS", "9" * 5000)
    assert columns() < 10_000
    monkeypatch.delenv("COLUMNS")
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((44, 10)))
    assert columns() == 44
    monkeypatch.setattr(os, "get_terminal_size", failing)
    assert columns() == 80


def test_progress_erases_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Tty()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(terminal, "PATIENCE", 0)
    monkeypatch.setattr(terminal, "INTERVAL", 1000)
    with Progress(enabled=True) as progress:
        assert [progress.passing(number) for number in range(3)] == [0, 1, 2]
    assert stream.getvalue() == "\r\x1b[Kpoolsafe: 1 file checked\r\x1b[K"


@pytest.mark.parametrize(
    ("stream", "enabled", "term"), [(io.StringIO(), True, "xterm"), (Tty(), False, "xterm"), (Tty(), True, "dumb")]
)
def test_no_progress(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, enabled: bool, term: str) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr(terminal, "PATIENCE", 0)
    with Progress(enabled=enabled) as progress:
        progress.passing(1)
    assert stream.getvalue() == ""


@pytest.mark.skipif(os.name == "nt", reason="such names do not exist on Windows")
def test_names_cannot_steer_the_terminal(poolsafe: Run, tmp_path: Path) -> None:
    (tmp_path / "a\x1b[2J.py").write_text(BAD)
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.py")).write_text(BAD.rstrip("\n") + "  # noqa:\n")
    ran = poolsafe("--output-format=concise")
    assert ran.code == 1
    assert "\x1b" not in ran.out + ran.err
    assert "\\udcff.py:3:10" in ran.out
    assert "\\udcff.py:3: Invalid" in ran.err


def test_output_that_the_locale_cannot_express(tmp_path: Path) -> None:
    write(tmp_path, a=BAD.replace("engine =", "日 = engine ="))
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    ran = subprocess.run([sys.executable, "-m", "fixer"], cwd=tmp_path, capture_output=True, env=environment)
    assert ran.returncode == 1
    assert b"\\u65e5 = engine" in ran.stdout
    assert ran.stderr == b""


# --- several processes


@pytest.fixture
def many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(processes, "WORTH_A_PROCESS", processes.FOLLOWED)
    monkeypatch.setattr(processes, "processors", lambda: 2)
    write(tmp_path, **{f"a{number}": BAD.replace("/app", f"/app{number}") for number in range(9)})
    return tmp_path


def test_workers_keep_the_order(poolsafe: Run, many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parallel = poolsafe("--output-format=full")
    monkeypatch.setattr(workers, "examine_all", None)
    assert (parallel.code, parallel.out) == (1, poolsafe("--output-format=full", "--jobs=1").out)


def test_workers_write_too(poolsafe: Run, many: Path) -> None:
    ran = poolsafe("--apply")
    assert (ran.code, ran.out) == (0, "Found 18 problems (18 fixed, 0 remaining).\nChecked 9 files, 9 engines.\n")
    assert "pool_pre_ping=True" in (many / "a8.py").read_text()


def test_one_processor_needs_no_workers(poolsafe: Run, many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "processors", lambda: 1)
    monkeypatch.setattr(workers, "examine_all", None)
    assert poolsafe("-q").code == 1


@pytest.mark.skipif(sys.platform != "linux", reason="the patch reaches workers by fork only")
def test_a_worker_that_dies_takes_no_other_file_with_it(
    poolsafe: Run, many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from poolsafe.cli import examine

    real = examine.examine

    def deadly(path: str, *rest: object) -> object:
        if path.endswith("a3.py"):
            os._exit(9)
        return real(path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(examine, "examine", deadly)
    ran = poolsafe("--output-format=concise", "--select=PGB101")
    assert ran.code == 2
    assert ran.err == (
        "poolsafe: error: a3.py: the process that checked this file died; please report this, and exclude the file\n"
    )
    assert re.findall(r"a(\d)\.py.*PGB101", ran.out) == list("01245678")


@pytest.mark.parametrize("failure", [ImportError, OSError])
def test_workers_do_without_one_heap_where_there_is_no_way_to_have_it(
    failure: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    if failure is ImportError:
        monkeypatch.setitem(sys.modules, "ctypes", None)
    else:
        import ctypes

        def refuse(*_: object) -> None:
            raise OSError

        monkeypatch.setattr(ctypes, "CDLL", refuse)
    workers._keep_one_heap()


def test_where_workers_cannot_be_kept_safe_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(sys, "version_info", (3, 10))
    assert workers.available(2) == 1
    monkeypatch.setattr(sys, "version_info", (3, 11))
    monkeypatch.setenv("PYTHONSAFEPATH", "")  # what is set from here on is undone with it
    assert workers.available(2) == 2
    assert os.environ["PYTHONSAFEPATH"] == "1"
