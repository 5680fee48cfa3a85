"""Replaces a file as a whole or not at all, and keeps its permissions.

The new content is written to a temporary file next to the old one, which gets the same owner, mode and extended
attributes (including access control lists) and is then renamed. If one of these cannot be kept, nothing is written,
because a file must not become readable to more people. Nothing is written to a file with several hard links either,
because its other names would keep the old content.
"""

from __future__ import annotations

import errno
import functools
import os
import re
import stat
import sys
from contextlib import suppress

from poolsafe.folders import Folder
from poolsafe.reading import read_in

PREFIX = ".poolsafe-"
SUFFIX = ".tmp"
_LEFTOVER = re.compile(rf"{re.escape(PREFIX)}\w+{re.escape(SUFFIX)}")
# Only the kernel can set these, from the content.
_OF_CONTENT = frozenset({"security.ima", "security.evm"})


class NotWritten(Exception):  # noqa: N818 - the name says what happened to the file
    """The file was not changed. `reason` is one line."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class ChangedMeanwhile(NotWritten):
    """The file has been changed or removed since it was read."""


def replace(target: str, content: bytes, *, named: str, before: bytes | None = None, make_folder: bool = False) -> None:
    """Replaces the file at the real path `target` by `content`, atomically, keeping its owner, mode and attributes.

    With `before`, the file must still have that content, or already have the new one. Without it, it may be missing.
    Errors call it `named`. Raises ChangedMeanwhile or NotWritten; then the file is untouched.
    """
    folder, name = os.path.split(target)
    try:
        with Folder(folder, create=make_folder) as opened:
            _Replacement(opened, name, content, named, before).run()
    except OSError as error:
        raise NotWritten(named, _reason(error)) from error


def remove_leftovers(target: str) -> None:
    """Removes only the temporary files that killed runs have left in the directory of a file.

    `target` is a real path. Each directory is searched once per process.
    """
    _remove_leftovers(os.path.dirname(target))


@functools.cache
def _remove_leftovers(path: str) -> None:
    with suppress(OSError), Folder(path) as folder:
        for name in filter(_LEFTOVER.fullmatch, folder.names()):
            with suppress(OSError):
                if stat.S_ISREG(folder.status(name).st_mode):
                    _remove_if_abandoned(folder, name)


def _remove_if_abandoned(folder: Folder, name: str) -> None:
    # A writer holds a lock, which ends with its process. On Windows, an open file cannot be removed.
    descriptor = folder.open(name, os.O_RDWR | getattr(os, "O_NONBLOCK", 0))
    try:
        abandoned = _lock(descriptor)
        if abandoned and sys.platform != "win32":
            folder.unlink(name)
    finally:
        os.close(descriptor)
    if abandoned and sys.platform == "win32":
        folder.unlink(name)


def _lock(descriptor: int) -> bool:
    """Takes the lock of a temporary file. Returns False if another process has it."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass  # The file system has no locks, so it is unknown whether there is another writer.
    return True


class _Replacement:
    """One file that is replaced by `content`; see `replace`."""

    def __init__(self, folder: Folder, name: str, content: bytes, named: str, before: bytes | None) -> None:
        self._folder = folder
        self._name = name
        self._content = content
        self._named = named
        self._before = before

    def run(self) -> None:
        """Writes the temporary file and renames it. Raises NotWritten and OSError."""
        original = self._original()
        try:
            self._write(original)
        finally:
            if original is not None:
                os.close(original)
        # The rename is done. If a directory cannot be synced (Windows, some network drives), there is nothing to undo.
        with suppress(OSError):
            self._folder.sync()

    def _original(self) -> int | None:
        """Opens the existing file, so that its permissions can be read. Returns None without one. Raises NotWritten."""
        try:
            status = self._folder.status(self._name)
        except FileNotFoundError:
            if self._before is None:
                return None
            raise self._gone() from None
        if not stat.S_ISREG(status.st_mode):
            raise NotWritten(self._named, "not a regular file")
        if status.st_nlink > 1:
            reason = f"it has {status.st_nlink} hard links, and the others would keep the old content"
            raise NotWritten(self._named, reason)
        # Renaming does not need permission to write the file itself, but read-only files are meant to stay unchanged,
        # even for root.
        writable = os.access(self._folder.at(self._name), os.W_OK, dir_fd=self._folder.handle)
        if not status.st_mode & 0o222 or not writable:
            raise NotWritten(self._named, "the file is read-only")
        return self._folder.open(self._name, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))

    def _write(self, original: int | None) -> None:
        # A new file gets its mode from the user's umask. One that takes over permissions is private until then.
        descriptor, temporary = _temporary(self._folder, 0o666 if original is None else 0o600)
        try:
            self._fill(descriptor, temporary, original)
        except BaseException:
            with suppress(OSError):
                self._folder.unlink(temporary)
            raise

    def _fill(self, descriptor: int, temporary: str, original: int | None) -> None:
        with os.fdopen(descriptor, "wb") as file:
            file.write(self._content)
            file.flush()
            if original is not None:
                _take_over(file.fileno(), self._folder, temporary, original)
            os.fsync(file.fileno())
            if sys.platform != "win32":
                # Under the lock, so that no other run removes the temporary file as a leftover.
                self._put_in_place(temporary)
        if sys.platform == "win32":
            self._put_in_place(temporary)

    def _put_in_place(self, temporary: str) -> None:
        if self._is_done():
            self._folder.unlink(temporary)
        else:
            self._folder.replace(temporary, self._name)

    def _is_done(self) -> bool:
        """Returns whether another run has written the same content. Raises ChangedMeanwhile for any other content."""
        if self._before is None:
            return False
        try:
            present = read_in(self._folder, self._name)
        except FileNotFoundError:
            raise self._gone() from None
        if present not in (self._before, self._content):
            raise ChangedMeanwhile(self._named, "the file has changed since it was read")
        return present == self._content

    def _gone(self) -> ChangedMeanwhile:
        return ChangedMeanwhile(self._named, "the file is gone")


def _temporary(folder: Folder, mode: int = 0o600) -> tuple[int, str]:
    """Returns the descriptor of a new file, which is locked, and its name."""
    while True:
        name = f"{PREFIX}{os.urandom(8).hex()}{SUFFIX}"
        descriptor = folder.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)
        # Between these two steps, another run may have removed it as a leftover.
        if _lock(descriptor) and _is_still(descriptor, folder, name):
            return descriptor, name
        os.close(descriptor)


def _is_still(descriptor: int, folder: Folder, name: str) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), folder.status(name))
    except OSError:
        return False


def _take_over(descriptor: int, folder: Folder, name: str, original: int) -> None:
    """Gives the file of `descriptor`, an entry called `name`, the permissions of the original. Raises OSError."""
    status, own = os.fstat(original), os.fstat(descriptor)
    if hasattr(os, "fchown") and (own.st_uid, own.st_gid) != (status.st_uid, status.st_gid):
        try:
            os.fchown(descriptor, status.st_uid, status.st_gid)
        except OSError as error:
            lost = "owner" if own.st_uid != status.st_uid else "group"
            raise OSError(error.errno, f"its {lost} cannot be kept: the file belongs to another user") from error
    if sys.platform == "linux":
        _take_over_attributes(descriptor, original)
    # Last, because a new owner clears some bits and an access control list sets others.
    os.chmod(descriptor if os.chmod in os.supports_fd else folder.at(name), stat.S_IMODE(status.st_mode))


if sys.platform == "linux":

    def _take_over_attributes(descriptor: int, original: int) -> None:
        wanted, present = _attributes(original), _attributes(descriptor)
        # New files may inherit an access control list from their directory.
        for name in present.keys() - wanted.keys():
            if not name.startswith("security."):
                os.removexattr(descriptor, name)
        for name, value in wanted.items():
            if present.get(name) == value:
                continue
            try:
                os.setxattr(descriptor, name, value)
            except OSError as error:
                reason = f"its extended attribute {name} cannot be kept: {_reason(error)}"
                raise OSError(error.errno, reason) from error

    def _attributes(descriptor: int) -> dict[str, bytes]:
        try:
            names = os.listxattr(descriptor)
        except OSError as error:
            # The file system does not support them.
            if error.errno in (errno.ENOTSUP, errno.ENOSYS):
                return {}
            raise
        return {name: os.getxattr(descriptor, name) for name in names if name not in _OF_CONTENT}


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
