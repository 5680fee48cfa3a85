"""A file is replaced completely or not at all."""

import os
import stat
from pathlib import Path

import pytest

from poolsafe import writing
from poolsafe.edits import ChangedMeanwhile, NotWritten, remove_leftovers, write
from poolsafe.folders import Folder
from poolsafe.source import Source


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "db.py"
    path.write_bytes(b"a = 1\r\n")
    return path


def read(path: Path) -> Source:
    return Source.decode(str(path), path.read_bytes())


def write_b(path: Path) -> None:
    source = read(path)
    write(source, source.with_text("b = 1\r\n"))


def leftovers(folder: Path) -> list[str]:
    return [name for name in os.listdir(folder) if name.startswith(".poolsafe-")]


@pytest.mark.parametrize("mode", [0o644, 0o755, 0o600, 0o664])
def test_keeps_the_mode(file: Path, mode: int) -> None:
    file.chmod(mode)
    write_b(file)
    assert file.read_bytes() == b"b = 1\r\n"
    assert stat.S_IMODE(file.stat().st_mode) == mode
    assert os.listdir(file.parent) == ["db.py"]


def test_writes_the_target_of_a_link(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    link = folder / "link.py"
    link.symlink_to(Path("..", "db.py"))
    write_b(link)
    assert link.is_symlink()
    assert file.read_bytes() == b"b = 1\r\n"


def test_writes_nothing_when_nothing_changed(file: Path) -> None:
    source = read(file)
    before = file.stat()
    write(source, source.with_text(source.text))
    after = file.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_file_that_changed_meanwhile_is_left_alone(file: Path) -> None:
    source = read(file)
    file.write_bytes(b"c = 1\n")
    with pytest.raises(ChangedMeanwhile, match="changed since it was read"):
        write(source, source.with_text("b = 1\n"))
    assert file.read_bytes() == b"c = 1\n"
    assert leftovers(file.parent) == []


def test_a_file_that_vanished_is_not_made_anew(file: Path) -> None:
    source = read(file)
    file.unlink()
    with pytest.raises(ChangedMeanwhile, match="gone"):
        write(source, source.with_text("b = 1\n"))
    assert os.listdir(file.parent) == []


def test_a_file_that_vanishes_while_it_is_written(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = read(file)
    monkeypatch.setattr(writing, "_take_over", lambda *_: file.unlink())
    with pytest.raises(ChangedMeanwhile, match="gone"):
        write(source, source.with_text("b = 1\n"))
    assert os.listdir(file.parent) == []


def test_a_read_only_file_is_an_error(file: Path) -> None:
    file.chmod(0o444)
    with pytest.raises(NotWritten, match=r"db\.py: the file is read-only"):
        write_b(file)
    assert file.read_bytes() == b"a = 1\r\n"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_an_error(file: Path) -> None:
    file.parent.chmod(0o555)
    try:
        with pytest.raises(NotWritten, match=r"db\.py: Permission denied"):
            write_b(file)
    finally:
        file.parent.chmod(0o755)
    assert file.read_bytes() == b"a = 1\r\n"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    source = Source.decode(str(tmp_path), b"a")
    with pytest.raises(NotWritten, match="not a regular file"):
        write(source, source.with_text("b"))


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_any_failure_leaves_nothing_behind(file: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(NotWritten, match=r"db\.py: No space left on device"):
        write_b(file)
    monkeypatch.undo()
    assert file.read_bytes() == b"a = 1\r\n"
    assert os.listdir(file.parent) == ["db.py"]


def test_an_interruption_leaves_nothing_behind(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_b(file)
    monkeypatch.undo()
    assert os.listdir(file.parent) == ["db.py"]


def test_leftovers_of_a_killed_run_are_removed_and_nothing_else(file: Path, tmp_path: Path) -> None:
    others = [".poolsafe-cache", "poolsafe-abc.tmp", ".poolsafe-a.b.tmp"]
    for name in (".poolsafe-abc123.tmp", *others):
        (tmp_path / name).write_text("x")
    (tmp_path / ".poolsafe-folder.tmp").mkdir()
    (tmp_path / ".poolsafe-link.tmp").symlink_to(file)
    with Folder(str(tmp_path)) as folder:
        descriptor, used = writing._temporary(folder)
    remove_leftovers(str(file))
    kept = ["db.py", ".poolsafe-folder.tmp", ".poolsafe-link.tmp", used, *others]
    assert sorted(os.listdir(tmp_path)) == sorted(kept)
    os.close(descriptor)
    writing._remove_leftovers.cache_clear()
    remove_leftovers(str(file))
    assert not (tmp_path / used).exists()


def test_a_temporary_file_that_was_taken_for_a_leftover(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    lock = writing._lock

    def taken(descriptor: int) -> bool:
        (path,) = leftovers(tmp_path)
        if not made:
            (tmp_path / path).unlink()
        made.append(path)
        return lock(descriptor)

    monkeypatch.setattr(writing, "_lock", taken)
    with Folder(str(tmp_path)) as folder:
        descriptor, name = writing._temporary(folder)
    os.close(descriptor)
    assert len(made) == 2
    assert leftovers(tmp_path) == [name]


def test_what_another_run_has_written_already(file: Path) -> None:
    source = read(file)
    write_b(file)
    status = file.stat()
    write(source, source.with_text("b = 1\r\n"))
    assert file.stat().st_ino == status.st_ino
    assert os.listdir(file.parent) == ["db.py"]


def test_temporary_names_are_recognised(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    replace = os.replace

    def spy(before: str, after: str, **handles: int) -> None:
        seen.append(os.path.basename(before))
        replace(before, after, **handles)

    monkeypatch.setattr(os, "replace", spy)
    write_b(file)
    assert writing._LEFTOVER.fullmatch(seen[0])
