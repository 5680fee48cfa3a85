"""Replaces a file as a whole or not at all."""

from __future__ import annotations

import os
import re
import stat
import tempfile
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from poolsafe.reading import read

if TYPE_CHECKING:
    from poolsafe.source import Source

PREFIX = ".poolsafe-"
SUFFIX = ".tmp"
_LEFTOVER = re.compile(rf"{re.escape(PREFIX)}\w+{re.escape(SUFFIX)}")
# A write takes milliseconds; what is older than this was left by a run that was killed.
LEFTOVER_SECONDS = 60


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
    remove_leftovers(folder)
    try:
        _replace(before, after.raw, target, folder, status)
    except OSError as error:
        raise NotWritten(before.path, _reason(error)) from error


def remove_leftovers(folder: str) -> None:
    """Remove the temporary files that a killed run has left in this folder; never anything else."""
    try:
        names = [name for name in os.listdir(folder) if _LEFTOVER.fullmatch(name)]
    except OSError:
        return
    for name in names:
        path = os.path.join(folder, name)
        with suppress(OSError):
            status = os.lstat(path)
            if stat.S_ISREG(status.st_mode) and time.time() - status.st_mtime > LEFTOVER_SECONDS:
                os.unlink(path)


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
    descriptor, temporary = tempfile.mkstemp(SUFFIX, PREFIX, folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            _take_over(file.fileno(), temporary, status)
            os.fsync(file.fileno())
        _refuse_changed(before, target)
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(folder)


def _take_over(descriptor: int, temporary: str, status: os.stat_result) -> None:
    own = os.fstat(descriptor)
    if hasattr(os, "fchown") and (own.st_uid, own.st_gid) != (status.st_uid, status.st_gid):
        # Only root may give files away; the mode is what others rely on.
        with suppress(OSError):
            os.fchown(descriptor, status.st_uid, status.st_gid)
    os.chmod(temporary, stat.S_IMODE(status.st_mode))


def _refuse_changed(before: Source, target: str) -> None:
    try:
        unchanged = read(target) == before.raw
    except FileNotFoundError:
        raise ChangedMeanwhile(before.path, "the file is gone") from None
    if not unchanged:
        raise ChangedMeanwhile(before.path, "the file has changed since it was read")


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
