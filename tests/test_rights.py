"""Rewriting a file preserves its permissions, or leaves the file unchanged and reports that."""

from __future__ import annotations

import errno
import os
import stat
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from timing import PATIENCE

from poolsafe import writing
from poolsafe.edits import NotWritten, write
from poolsafe.folders import Folder
from poolsafe.source import Source

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="owners and attributes as Linux has them")
ROOT = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")

NOBODY = 65534
ACCESS, DEFAULT = "system.posix_acl_access", "system.posix_acl_default"


def acl(*entries: tuple[int, int, int]) -> bytes:
    """An access control list as the kernel takes it: (tag, permissions, id) in order."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


ANYBODY = 0xFFFFFFFF
# The owner rw, one more user r, the group nothing, the mask r, others nothing.
ONE_MORE = acl((1, 6, ANYBODY), (2, 4, NOBODY), (4, 0, ANYBODY), (16, 4, ANYBODY), (32, 0, ANYBODY))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "db.py"
    path.write_bytes(b"a = 1\n")
    return path


def rewrite(path: Path) -> None:
    source = Source.decode(str(path), path.read_bytes())
    write(source, source.with_text("b = 1\n"))


def set_attribute(path: Path, name: str, value: bytes) -> None:
    try:
        os.setxattr(path, name, value)
    except OSError as error:
        if error.errno != errno.ENOTSUP:
            raise
        pytest.skip(f"this file system has no {name}")


def attributes(path: Path) -> dict[str, bytes]:
    return {name: os.getxattr(path, name) for name in os.listxattr(path) if name != "security.selinux"}


def test_extended_attributes_are_kept(file: Path) -> None:
    set_attribute(file, "user.origin", b"\x00\xffhere")
    rewrite(file)
    assert file.read_bytes() == b"b = 1\n"
    assert attributes(file) == {"user.origin": b"\x00\xffhere"}


def test_an_access_control_list_is_kept(file: Path) -> None:
    set_attribute(file, ACCESS, ONE_MORE)
    mode = file.stat().st_mode
    rewrite(file)
    assert attributes(file) == {ACCESS: ONE_MORE}
    assert file.stat().st_mode == mode


def test_no_access_control_list_is_inherited(file: Path) -> None:
    """What the folder hands down to new files would let somebody read who could not."""
    file.chmod(0o640)
    set_attribute(file.parent, DEFAULT, ONE_MORE)
    rewrite(file)
    assert attributes(file) == {}
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_an_attribute_that_cannot_be_kept(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_attribute(file, "user.origin", b"here")

    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "setxattr", refuse)
    with pytest.raises(
        NotWritten, match=r"its extended attribute user\.origin cannot be kept: Operation not permitted"
    ):
        rewrite(file)
    assert file.read_bytes() == b"a = 1\n"
    assert os.listdir(file.parent) == ["db.py"]


def test_a_file_system_without_attributes(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(*_: object) -> None:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(os, "listxattr", unsupported)
    rewrite(file)
    assert file.read_bytes() == b"b = 1\n"

    def failing(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "listxattr", failing)
    file.write_bytes(b"a = 1\n")
    with pytest.raises(NotWritten, match="Input/output error"):
        rewrite(file)


def test_hard_links_are_refused(file: Path) -> None:
    other = file.with_name("other")
    os.link(file, other)
    with pytest.raises(NotWritten, match=r"db\.py: it has 2 hard links"):
        rewrite(file)
    assert other.samefile(file)
    assert file.read_bytes() == b"a = 1\n"
    other.unlink()
    rewrite(file)


@ROOT
def test_the_owner_is_kept(file: Path) -> None:
    os.chown(file, NOBODY, NOBODY)
    file.chmod(0o604)
    rewrite(file)
    status = file.stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (NOBODY, NOBODY, 0o604)


AS_ANOTHER = """
import fcntl, os, sys
from poolsafe.edits import NotWritten, write
from poolsafe.source import Source
source = Source.decode("db.py", open("db.py", "rb").read())
after = source.with_text("b = 1\\n")
os.setgroups([]); os.setgid({gid}); os.setuid(1234)
try:
    write(source, after)
except NotWritten as error:
    print(error)
"""


@ROOT
@pytest.mark.parametrize(("owner", "lost"), [((4321, 1234), "owner"), ((1234, 4321), "group")])
def test_an_owner_that_cannot_be_kept(owner: tuple[int, int], lost: str) -> None:
    # Outside of pytest's folders, which only one user may enter.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "db.py"
        file.write_bytes(b"a = 1\n")
        folder.chmod(0o777)
        os.chown(file, *owner)
        file.chmod(0o666)
        ran = subprocess.run(
            [sys.executable, "-c", AS_ANOTHER.format(gid=1234)],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            env={key: value for key, value in os.environ.items() if not key.startswith("COV")},
        )
        assert (ran.stdout, ran.stderr) == (
            f"db.py: its {lost} cannot be kept: the file belongs to another user\n",
            "",
        )
        assert file.read_bytes() == b"a = 1\n"
        assert os.listdir(folder) == ["db.py"]


# --- handles


def test_a_link_on_the_way_is_an_error(file: Path) -> None:
    folder = file.parent / "folder"
    folder.mkdir()
    inner = folder / "db.py"
    inner.write_bytes(b"a = 1\n")
    source = Source.decode(str(inner), b"a = 1\n")
    real = os.path.realpath(inner)
    folder.rename(file.parent / "away")
    folder.symlink_to(".")
    with pytest.raises(NotWritten, match="a directory on its path has been replaced"):
        write(source, source.with_text("b = 1\n"), real)
    assert file.read_bytes() == b"a = 1\n"
    # The file itself.
    file.unlink()
    file.symlink_to("away/db.py")
    with pytest.raises(NotWritten, match="not a regular file"):
        write(source, source.with_text("b = 1\n"), os.path.join(os.path.realpath(file.parent), "db.py"))
    assert (file.parent / "away" / "db.py").read_bytes() == b"a = 1\n"


@pytest.mark.parametrize("handles", [True, False])
def test_with_and_without_handles(file: Path, monkeypatch: pytest.MonkeyPatch, handles: bool) -> None:
    """Windows has no calls relative to a folder."""
    monkeypatch.setattr("poolsafe.folders.HANDLES", handles)
    writing._remove_leftovers.cache_clear()
    rewrite(file)
    assert file.read_bytes() == b"b = 1\n"
    (file.parent / ".poolsafe-0.tmp").write_text("")
    writing.remove_leftovers(os.path.realpath(file))
    assert os.listdir(file.parent) == ["db.py"]
    made = file.parent / "a" / "b" / "c.txt"
    writing.replace(os.path.realpath(made), b"c", named="c.txt", make_folder=True)
    writing.replace(os.path.realpath(made), b"d", named="c.txt", make_folder=True)
    assert made.read_bytes() == b"d"
    with pytest.raises(NotWritten, match="No such file"):
        writing.replace(os.path.join(os.path.realpath(file.parent), "gone", "c.txt"), b"c", named="c.txt")


def test_folders_that_cannot_be_listed_are_passed_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without O_PATH, a folder that may only be entered cannot be opened by itself."""
    (tmp_path / "closed" / "inner").mkdir(parents=True)
    real = os.open

    def refusing(path: str, *arguments: int, **handles: int) -> int:
        if path == "closed":
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, *arguments, **handles)

    monkeypatch.setattr(os, "open", refusing)
    with Folder(os.path.realpath(tmp_path / "closed" / "inner")) as folder:
        assert folder.names() == []
    with pytest.raises(PermissionError):
        Folder(os.path.realpath(tmp_path / "closed"))
