"""Failures around a write: kills, a full disk, inaccessible folders, concurrent writers. Nothing is lost."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fuzz import kills
from timing import PATIENCE

from poolsafe.edits import ChangedMeanwhile, write
from poolsafe.source import Source

POSIX = pytest.mark.skipif(os.name == "nt", reason="signals and limits of POSIX")
FILES = 40
NOBODY = 65534


def apply(folder: Path, before: str = "") -> subprocess.CompletedProcess[str]:
    """Runs `--apply` in a process that runs `before` first, without coverage, which could not write either."""
    program = (
        "import sys\n"
        "from poolsafe.command import main\n"
        f"{before}\n"
        "sys.exit(main(['--apply', '--isolated', '--quiet', '.']))\n"
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        # A limit on the size of files would cut off the bytecode of a module, for every later run.
        env={**kept, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def texts(folder: Path) -> set[str]:
    """Returns the state of the files: old, new, or neither."""
    found = set()
    for path in folder.rglob("*.py"):
        number = path.stem.removeprefix("module")
        states = {kills.OLD.format(number=number): "old", kills.NEW.format(number=number): "new"}
        found.add(states.get(path.read_text(encoding="utf-8"), "neither"))
    return found


@pytest.mark.torture
@POSIX
def test_kills(tmp_path: Path) -> None:
    figures = kills.kill_often(tmp_path, FILES, 5, seed=1)
    assert figures.problems == []
    assert figures.kills == 5


@POSIX
def test_no_more_room(tmp_path: Path) -> None:
    """A limit on the size of files simulates a full disk: longer files cannot be written."""
    kills.lay(tmp_path, 30)
    longer = tmp_path / "package3" / "module3.py"
    long = kills.OLD.format(number=3) + "# " + "x" * 5_000 + "\n"
    longer.write_text(long, encoding="utf-8")
    done = apply(tmp_path, "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [f"poolsafe: error: {longer.relative_to(tmp_path)}: File too large"]
    assert longer.read_text(encoding="utf-8") == long
    longer.unlink()
    assert texts(tmp_path) == {"new"}
    assert kills.leftovers(tmp_path) == []


@pytest.mark.torture
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk(tmp_path: Path) -> None:
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", tmp_path], check=False).returncode:
        pytest.skip("no right to mount here")
    try:
        kills.lay(tmp_path, FILES)
        with (tmp_path / "filler").open("wb", buffering=0) as filler:
            try:
                while filler.write(b"x" * 4096) == 4096:
                    pass
            except OSError:
                pass
        done = apply(tmp_path)
        assert done.returncode == 2
        assert "No space left on device" in done.stderr
        assert "neither" not in texts(tmp_path)
        (tmp_path / "filler").unlink()
        assert apply(tmp_path).returncode == 0
        assert texts(tmp_path) == {"new"}
        assert kills.leftovers(tmp_path) == []
    finally:
        subprocess.run(["umount", tmp_path], check=True)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Yields a folder that every user can reach: each pytest that starts closes the parents of `tmp_path`."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@POSIX
def test_a_folder_that_is_closed_to_us(open_folder: Path) -> None:
    kills.lay(open_folder, 20)
    closed = open_folder / "package4"
    as_nobody = ""
    if os.geteuid() == 0:
        # Root may write everywhere. What is needed is imported before the rights are given away.
        as_nobody = (
            "main(['--apply', '--isolated', '--quiet', 'package9'])\n"
            f"import os\nos.setgroups([])\nos.setgid({NOBODY})\nos.setuid({NOBODY})"
        )
        for path in [open_folder, *open_folder.rglob("*")]:
            os.chown(path, NOBODY, NOBODY)
    closed.chmod(0o555)
    done = apply(open_folder, as_nobody)
    closed.chmod(0o755)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "poolsafe: error: package4/module14.py: Permission denied",
        "poolsafe: error: package4/module4.py: Permission denied",
    ]
    assert texts(closed) == {"old"}
    assert texts(open_folder / "package5") == {"new"}
    assert kills.leftovers(open_folder) == []


@pytest.mark.torture
@POSIX
def test_two_runs_at_once(tmp_path: Path) -> None:
    kills.lay(tmp_path, FILES)
    runs = [
        subprocess.Popen(kills.COMMAND, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = [run.communicate(timeout=PATIENCE) for run in runs]
    # All wrote the same, so nobody has anything to complain about.
    assert [(run.returncode, *each) for run, each in zip(runs, said, strict=True)] == [(0, "", "")] * 3
    assert texts(tmp_path) == {"new"}
    assert kills.leftovers(tmp_path) == []


def test_another_program_edits_meanwhile(tmp_path: Path) -> None:
    """An editor saves again and again. Its last version remains, whatever poolsafe writes in between."""
    path = tmp_path / "module.py"
    path.write_bytes(b"a = 0\n")
    written = refused = 0
    stop = threading.Event()

    def save() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            temporary = tmp_path / "editor"
            temporary.write_bytes(b"a = %d\n" % number)
            os.replace(temporary, path)
            stop.wait(0.001)
        path.write_bytes(b"the editor's last word\n")

    editor = threading.Thread(target=save)
    editor.start()
    try:
        for _ in range(100):
            source = Source.decode(str(path), path.read_bytes())
            try:
                write(source, source.with_text(source.text + "b = 1\n"))
                written += 1
            except ChangedMeanwhile:
                refused += 1
    finally:
        stop.set()
        editor.join()
    assert (written + refused, path.read_bytes()) == (100, b"the editor's last word\n")
    assert refused
    assert kills.leftovers(tmp_path) == []


@POSIX
def test_a_file_that_changes_during_the_run(tmp_path: Path) -> None:
    """The text of the program replaces the file after it was read and before it is written."""
    kills.lay(tmp_path, 3)
    changed = tmp_path / "package1" / "module1.py"
    before = (
        "from poolsafe import writing\n"
        "import os\n"
        "take_over = writing._take_over\n"
        "def overtaken(*arguments):\n"
        "    take_over(*arguments)\n"
        "    if os.readlink(f'/proc/self/fd/{arguments[-1]}').endswith('module1.py'):\n"
        f"        open({str(changed)!r}, 'w').write('theirs\\n')\n"
        "writing._take_over = overtaken\n"
    )
    done = apply(tmp_path, before)
    assert done.returncode == 2
    assert done.stderr == "poolsafe: error: package1/module1.py: the file has changed since it was read\n"
    assert changed.read_text(encoding="utf-8") == "theirs\n"
    changed.unlink()
    assert texts(tmp_path) == {"new"}
