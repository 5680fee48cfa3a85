"""Replaces a file as a whole or not at all."""

from __future__ import annotations

import functools
import os
import re
import stat
import sys
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING

from poolsafe.reading import read

if TYPE_CHECKING:
    from poolsafe.source import Source

PREFIX = ".poolsafe-"
SUFFIX = ".tmp"
_LEFTOVER = re.compile(rf"{re.escape(PREFIX)}\w+{re.escape(SUFFIX)}")


class NotWritten(Exception):  # noqa: N818 - the name says what became of the file
    """The file is as it was. `reason` is one line."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class ChangedMeanwhile(NotWritten):
    """Somebody else has changed or removed the file since it was read."""


def write(before: Source, after: Source) -> None:
    """Replace the file of `before` by the bytes of `after`, atomically, through symbolic links, keeping its mode.

    Writes nothing where the bytes are the same. Raises ChangedMeanwhile or NotWritten; then the file is untouched.
    """
    if after.raw == before.raw:
        return
    target = os.path.realpath(before.path)
    status = _status(before, target)
    folder = os.path.dirname(target)
    try:
        _replace(before, after.raw, target, folder, status)
    except OSError as error:
        raise NotWritten(before.path, _reason(error)) from error


def remove_leftovers(path: str) -> None:
    """Remove the temporary files that killed runs have left in the folder of a file; never anything else.

    Each folder is searched once in the life of a process.
    """
    _remove_leftovers(os.path.dirname(os.path.realpath(path)))


@functools.cache
def _remove_leftovers(folder: str) -> None:
    try:
        names = [name for name in os.listdir(folder) if _LEFTOVER.fullmatch(name)]
    except OSError:
        return
    for name in names:
        path = os.path.join(folder, name)
        with suppress(OSError):
            if stat.S_ISREG(os.lstat(path).st_mode):
                _remove_if_abandoned(path)


def _remove_if_abandoned(path: str) -> None:
    # Whoever writes holds a lock, which ends with the process. On Windows an open file cannot be removed at all.
    descriptor = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    try:
        abandoned = _lock(descriptor)
        if abandoned and sys.platform != "win32":
            os.unlink(path)
    finally:
        os.close(descriptor)
    if abandoned and sys.platform == "win32":
        os.unlink(path)


def _lock(descriptor: int) -> bool:
    """Take the lock of a temporary file; False where somebody else has it."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass  # A file system without locks: nobody can tell, so nobody is waited for.
    return True


def _status(before: Source, target: str) -> os.stat_result:
    try:
        status = os.stat(target)
    except FileNotFoundError:
        raise ChangedMeanwhile(before.path, "the file is gone") from None
    except OSError as error:
        raise NotWritten(before.path, _reason(error)) from error
    if not stat.S_ISREG(status.st_mode):
        raise NotWritten(before.path, "not a regular file")
    # Renaming needs no permission to write the file itself, but who takes it away means it; also from root.
    if not status.st_mode & 0o222 or not os.access(target, os.W_OK):
        raise NotWritten(before.path, "the file is read-only")
    return status


def _replace(before: Source, content: bytes, target: str, folder: str, status: os.stat_result) -> None:
    descriptor, temporary = _temporary(folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            _take_over(file.fileno(), temporary, status)
            os.fsync(file.fileno())
            if sys.platform != "win32":
                # Under the lock, so that nobody takes the temporary file for a leftover.
                _put_in_place(before, content, temporary, target)
        if sys.platform == "win32":
            _put_in_place(before, content, temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(folder)


def _temporary(folder: str) -> tuple[int, str]:
    """A new file and its lock."""
    while True:
        descriptor, path = tempfile.mkstemp(SUFFIX, PREFIX, folder)
        # Between these two steps another run may have taken it for a leftover.
        if _lock(descriptor) and _is_still(descriptor, path):
            return descriptor, path
        os.close(descriptor)


def _is_still(descriptor: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except OSError:
        return False


def _put_in_place(before: Source, content: bytes, temporary: str, target: str) -> None:
    if _is_done(before, content, target):
        os.unlink(temporary)
    else:
        os.replace(temporary, target)


def _take_over(descriptor: int, temporary: str, status: os.stat_result) -> None:
    own = os.fstat(descriptor)
    if hasattr(os, "fchown") and (own.st_uid, own.st_gid) != (status.st_uid, status.st_gid):
        # Only root may give files away; the mode is what others rely on.
        with suppress(OSError):
            os.fchown(descriptor, status.st_uid, status.st_gid)
    os.chmod(temporary, stat.S_IMODE(status.st_mode))


def _is_done(before: Source, content: bytes, target: str) -> bool:
    """Whether another run has written the same already. Raises ChangedMeanwhile where the file is another one."""
    try:
        present = read(target)
    except FileNotFoundError:
        raise ChangedMeanwhile(before.path, "the file is gone") from None
    if present not in (before.raw, content):
        raise ChangedMeanwhile(before.path, "the file has changed since it was read")
    return present == content


def _sync_folder(folder: str) -> None:
    # The rename is done; where a folder cannot be synced (Windows, some network drives) there is nothing to undo.
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
