"""Directories that are held open by a handle, so that they cannot be replaced by links between a check and a write.

A path is resolved again in every call. A handle stays with the directory that was opened, and names are resolved
relative to it. On platforms without such functions (Windows), the path is used each time.
"""

from __future__ import annotations

import errno
import os

HANDLES = {os.open, os.stat, os.unlink, os.rename, os.mkdir, os.access} <= os.supports_dir_fd and hasattr(
    os, "O_NOFOLLOW"
)
_NOFOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
# O_PATH can open a directory that may be entered but not listed.
_FLAGS: int = getattr(os, "O_DIRECTORY", 0) | _NOFOLLOW | getattr(os, "O_PATH", os.O_RDONLY)
_BINARY: int = getattr(os, "O_BINARY", 0)


class Folder:
    """An open folder; a context manager. Every method raises OSError."""

    __slots__ = ("_path", "handle")

    def __init__(self, path: str, *, create: bool = False) -> None:
        """Opens the folder at a real path: absolute, normalised, and without links.

        A link on the way is an error, because it has appeared since the path was resolved. With `create`, missing
        directories are created.
        """
        self._path = path
        self.handle: int | None = _descend(path, create=create) if HANDLES else None
        if not HANDLES and create:
            os.makedirs(path, exist_ok=True)

    def __enter__(self) -> Folder:
        return self

    def __exit__(self, *_: object) -> None:
        if self.handle is not None:
            os.close(self.handle)

    def at(self, name: str) -> str:
        """Returns the name of an entry for a function that takes `handle` as its `dir_fd`."""
        return os.path.join(self._path, name) if self.handle is None else name

    def open(self, name: str, flags: int, mode: int = 0o600) -> int:
        """Returns a descriptor of an entry, which must not be a link."""
        return os.open(self.at(name), flags | _NOFOLLOW | _BINARY, mode, dir_fd=self.handle)

    def status(self, name: str) -> os.stat_result:
        """Returns the status of an entry, without following a link."""
        return os.stat(self.at(name), dir_fd=self.handle, follow_symlinks=False)

    def unlink(self, name: str) -> None:
        """Removes an entry that is not a folder."""
        os.unlink(self.at(name), dir_fd=self.handle)

    def replace(self, name: str, target: str) -> None:
        """Renames one entry to another, which is replaced."""
        os.replace(self.at(name), self.at(target), src_dir_fd=self.handle, dst_dir_fd=self.handle)

    def names(self) -> list[str]:
        """Returns the names of the entries."""
        if self.handle is None:
            return os.listdir(self._path)
        # A handle of O_PATH cannot be listed.
        listed = self.open(os.curdir, os.O_RDONLY)
        try:
            return os.listdir(listed)
        finally:
            os.close(listed)

    def sync(self) -> None:
        """Waits until a rename is on the disk."""
        descriptor = self.open(os.curdir, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _descend(path: str, *, create: bool) -> int:
    handle = os.open(os.sep, _FLAGS)
    pending = ""
    try:
        for name in filter(None, path.split(os.sep)):
            # Without O_PATH, a directory that cannot be listed is opened together with the next name.
            pending = os.path.join(pending, name)
            try:
                below = _enter(handle, pending, create=create)
            except PermissionError:
                continue
            os.close(handle)
            handle, pending = below, ""
        if pending:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
    except OSError as error:
        os.close(handle)
        # A link gives ENOTDIR or ELOOP, depending on the system.
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            raise OSError(error.errno, "a directory on its path has been replaced", path) from None
        raise
    return handle


def _enter(handle: int, name: str, *, create: bool) -> int:
    try:
        return os.open(name, _FLAGS, dir_fd=handle)
    except FileNotFoundError:
        if not create:
            raise
    from contextlib import suppress

    # Another process may have created it in the meantime.
    with suppress(FileExistsError):
        os.mkdir(name, dir_fd=handle)
    return os.open(name, _FLAGS, dir_fd=handle)
