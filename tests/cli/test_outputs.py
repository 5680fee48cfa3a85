"""The files that the command writes besides sources, and failures of streams, descriptors and the disk."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import in_process
import pytest
from samples import LONG, one_in
from timing import PATIENCE

from poolsafe import writing
from poolsafe.cli import output, sieve, terminal, workers
from poolsafe.config.errors import UsageError

POSIX = pytest.mark.skipif(os.name == "nt", reason="links, pipes and descriptors as POSIX has them")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="/dev/full, /proc and limits as Linux has them")

BAD = (
    "from sqlalchemy.ext.asyncio import create_async_engine\n"
    'engine = create_async_engine("postgresql+asyncpg://db/app")\n'
)
UNSAFE = BAD.replace("db/app", "db/app?prepared_statement_cache_size=5")
POOLSAFE = [sys.executable, "-m", "poolsafe"]
FLAGS = ["--output-file", "--write-baseline"]


def run(folder: Path, *arguments: str, before: str = "", **streams: int) -> in_process.Ran:
    """Runs the command; in a separate process if streams are given or `before` has to be run first."""
    if not before and not streams:
        return in_process.run(folder, *arguments)
    program = f"import os, resource, sys\n{before}\nos.execv({POOLSAFE[0]!r}, {[*POOLSAFE, *arguments]!r})"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "PYTHONUN"))}
    done = subprocess.run(
        [sys.executable, "-c", program] if before else [*POOLSAFE, *arguments],
        cwd=folder,
        # A limit on the size of files would cut off the bytecode of a module, for every later run.
        env={**kept, "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=streams.get("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return in_process.Ran(done.returncode, done.stdout or "", done.stderr)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A checkout with one finding, and a file outside of it."""
    inside = tmp_path / "in"
    (inside / ".git").mkdir(parents=True)
    (inside / "a.py").write_text(BAD)
    (tmp_path / "victim").write_text("theirs")
    return inside


# --- files


@POSIX
@pytest.mark.parametrize("flag", FLAGS)
@pytest.mark.parametrize("name", ["link", "dangling", "folder/new", "chain", "there-and-back/../victim"])
def test_a_link_out_of_the_project_is_refused(project: Path, flag: str, name: str) -> None:
    (project / "link").symlink_to("../victim")
    (project / "dangling").symlink_to("../new")
    (project / "folder").symlink_to("..")
    (project / "chain").symlink_to("link")
    (project / "there-and-back").symlink_to("../in")
    if name.startswith("there"):
        (project.parent / "outer").mkdir()
        (project / "there-and-back").unlink()
        (project / "there-and-back").symlink_to("../outer")
    ran = run(project, flag, name, ".")
    assert (ran.returncode, len(ran.stderr.splitlines())) == (2, 1)
    assert "points outside the project" in ran.stderr
    assert flag in ran.stderr
    assert (project.parent / "victim").read_text() == "theirs"
    assert not (project.parent / "new").exists()


@POSIX
def test_a_link_without_a_checkout_is_refused_below_the_current_directory(tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    (folder / "a.py").write_text(BAD)
    (folder / "link").symlink_to("../victim")
    assert "points outside the project" in run(folder, "-o", "link", ".").stderr
    assert not (tmp_path / "victim").exists()


@POSIX
@pytest.mark.parametrize("flag", FLAGS)
def test_links_inside_and_files_outside_are_written(project: Path, flag: str) -> None:
    (project / "kept.txt").write_text("old")
    (project / "link").symlink_to("kept.txt")
    assert run(project, flag, "link", ".").returncode in (0, 1)
    assert (project / "link").is_symlink()
    assert (project / "kept.txt").read_text() not in ("", "old")
    assert run(project, flag, str(project.parent / "victim"), ".").returncode in (0, 1)
    assert (project.parent / "victim").read_text() not in ("", "theirs")
    # A link that lies outside is the user's own.
    (project.parent / "mine").symlink_to("victim")
    assert run(project, flag, "../mine", ".").returncode in (0, 1)


@POSIX
def test_an_output_is_replaced_as_a_whole(project: Path) -> None:
    report = project / "report.json"
    report.write_text("old")
    report.chmod(0o640)
    before = report.stat().st_ino
    assert run(project, "-o", "report.json", "--output-format", "json", ".").returncode == 1
    assert report.stat().st_ino != before
    assert stat.S_IMODE(report.stat().st_mode) == 0o640
    assert json.loads(report.read_text())
    assert (
        run(project, "-o", "new/deep/report.json", "--output-format", "json", ".", before="os.umask(0o027)").returncode
        == 1
    )
    made = project / "new/deep/report.json"
    assert stat.S_IMODE(made.stat().st_mode) == 0o640
    assert sorted(os.listdir(made.parent)) == ["report.json"]


@LINUX
@pytest.mark.parametrize("flag", FLAGS)
def test_no_room_for_an_output_leaves_the_old_one(project: Path, flag: str) -> None:
    (project / "old").write_text("old")
    limit = "resource.setrlimit(resource.RLIMIT_FSIZE, (16, 16))"
    for name in ("old", "new"):
        ran = run(project, flag, name, ".", before=limit)
        assert (ran.returncode, ran.stderr) == (2, f"poolsafe: error: {flag}: {name}: File too large\n")
    assert sorted(os.listdir(project)) == [".git", "a.py", "old"]
    assert (project / "old").read_text() == "old"


@LINUX
def test_devices_and_pipes_take_a_report(project: Path) -> None:
    assert run(project, "-o", "/dev/null", ".").returncode == 1
    assert "PGB101" in run(project, "-o", "/dev/stdout", ".", stdout=subprocess.PIPE).stdout
    ran = run(project, "-o", "/dev/full", ".")
    assert (ran.returncode, ran.stderr) == (2, "poolsafe: error: --output-file: /dev/full: No space left on device\n")
    reading, writing_end = os.pipe()
    with os.fdopen(reading) as pipe:
        done = subprocess.run(
            [*POOLSAFE, "-o", f"/dev/fd/{writing_end}", "."], cwd=project, pass_fds=(writing_end,), check=False
        )
        os.close(writing_end)
        assert done.returncode == 1
        assert "PGB101" in pipe.read()


@LINUX
def test_standard_output_that_is_a_file_keeps_what_it_holds(project: Path) -> None:
    log = project.parent / "log"
    log.write_text("before\n")
    with log.open("a") as stream:
        assert run(project, "-o", "/dev/stdout", ".", stdout=stream.fileno()).returncode == 1
    assert log.read_text().startswith("before\na.py:2")


def test_an_output_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match="--flag: folder: not a regular file"):
        output.write("folder", b"", "--flag")
    with pytest.raises(UsageError, match="--flag: no/file: No such file"):
        output.write("no/file", b"", "--flag")


# --- streams


@LINUX
@pytest.mark.parametrize(
    "arguments",
    one_in(
        4,
        [
            ["."],
            ["--diff", "."],
            ["--show-files"],
            ["--show-settings"],
            ["--apply", "."],
            ["--list-rules"],
            ["--help"],
            ["--version"],
            ["--explain", "PGB101"],
            ["--output-format", "json", "."],
            ["--statistics", "."],
        ],
        LONG,
    ),
)
@pytest.mark.parametrize(
    ("before", "reason"),
    [
        pytest.param("os.close(1)", "Bad file descriptor", marks=pytest.mark.long),
        ("os.dup2(os.open('/dev/full', os.O_WRONLY), 1)", "No space left on device"),
    ],
)
def test_a_standard_output_that_takes_nothing(project: Path, arguments: list[str], before: str, reason: str) -> None:
    for variable in ("", "os.environ['PYTHONUNBUFFERED'] = '1'", "os.environ['COLUMNS'] = '80'"):
        (project / "b.py").write_text(UNSAFE)
        ran = run(project, *arguments, before=f"{variable}\n{before}")
        assert (ran.returncode, ran.stderr.splitlines()[-1:]) == (2, [f"poolsafe: error: standard output: {reason}"])


@LINUX
@pytest.mark.parametrize("before", ["os.close(2)", "os.dup2(os.open('/dev/full', os.O_WRONLY), 2)"])
def test_a_standard_error_that_takes_nothing(project: Path, before: str) -> None:
    ran = run(project, ".", before=before)
    assert (ran.returncode, ran.stderr) == (1, "")
    assert "Found 2 problems." in ran.stdout
    ran = run(project, "nowhere.py", before=before)
    assert (ran.returncode, ran.stdout, ran.stderr) == (3, "", "")


@LINUX
def test_a_standard_input_that_gives_nothing(project: Path) -> None:
    ran = run(project, "-", before="os.close(0)")
    assert (ran.returncode, ran.stderr) == (2, "poolsafe: error: standard input: Bad file descriptor\n")
    ran = run(project, "-", before="os.dup2(os.open('/dev/zero', os.O_RDONLY), 0)")
    assert (ran.returncode, ran.stderr) == (2, "poolsafe: error: standard input: larger than 100 MB\n")


@LINUX
def test_all_streams_closed(project: Path) -> None:
    ran = run(project, "--apply", ".", before="os.close(0); os.close(1); os.close(2)")
    assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", "")
    assert "pool_pre_ping" in (project / "a.py").read_text()


@POSIX
def test_a_deleted_current_directory(tmp_path: Path) -> None:
    before = "os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')"
    for arguments in ([], ["-"], ["--show-settings"], ["--config", "x.toml"]):
        ran = run(tmp_path, *arguments, before=before)
        assert (ran.returncode, ran.stdout) == (2, "")
        assert ran.stderr == "poolsafe: error: the current directory: No such file or directory\n"
    assert run(tmp_path, "--version", before=before).returncode == 0


def test_streams_that_cannot_be_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*_: object) -> int:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(os, "open", none_left)
    terminal.drop_output(sys.stdout)


# --- descriptors


@LINUX
@pytest.mark.parametrize("number", one_in(6, [8, 9, 10, 12, 14, 16, 20], LONG))
@pytest.mark.parametrize("files", [1, 40])
def test_few_descriptors(tmp_path: Path, number: int, files: int) -> None:
    for each in range(files):
        (tmp_path / f"a{each}.py").write_text(BAD)
    ran = run(tmp_path, "--apply", ".", before=f"resource.setrlimit(resource.RLIMIT_NOFILE, ({number}, {number}))")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert all("pool_pre_ping" in path.read_text() for path in tmp_path.glob("*.py"))


@POSIX
def test_processes_that_cannot_be_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise OSError(11, "Resource temporarily unavailable")

    path = tmp_path / "a.py"
    path.write_text(BAD)
    monkeypatch.setattr(os, "fork", refuse)
    assert sieve._Helper([str(path)], range(1)).search() == ([(0, len(BAD), None)], [], True)
    from poolsafe.cli.task import Task
    from poolsafe.config.resolver import Resolver

    found = list(workers.examine_all([(str(path), str(path))], [len(BAD)], Resolver(isolated=True), Task(), 2))
    assert [outcome.path for outcome in found] == [str(path)]
    monkeypatch.setattr(os, "pipe", refuse)
    assert sieve._Helper([str(path)], range(1)).search() == ([(0, len(BAD), None)], [], True)


@POSIX
def test_leftovers_of_a_folder_that_is_gone(tmp_path: Path) -> None:
    writing.remove_leftovers(str(tmp_path / "gone" / "a.py"))
