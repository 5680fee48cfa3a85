"""The one place where files are opened to be read: regular ones only, of bounded size, below a root if one is given.

Nobody vouches for the tree that is looked at. Opening a pipe waits for a writer that may never come, and opening a
device may do anything, so neither is opened.
"""

from __future__ import annotations

import errno
import os
import stat

from poolsafe.folders import Folder

# Larger than any source that Python itself compiles in reasonable time and memory.
LARGEST = 100_000_000  # bytes
CHUNK = 1 << 20

# O_NONBLOCK and O_NOCTTY matter where a pipe or a terminal takes the file's place after it was looked at, O_BINARY on
# Windows. Python's own file objects take twice the time for a small file.
_FLAGS: int = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)


def read(path: str, largest: int = LARGEST) -> bytes:
    """Return the content of a regular file of at most `largest` bytes, links followed. Raises OSError."""
    status = os.stat(path)
    _refuse(status, path, largest)
    descriptor = os.open(path, os.O_RDONLY | _FLAGS)
    try:
        return _content(descriptor, status.st_size, path, largest)
    finally:
        os.close(descriptor)


def read_real(path: str, largest: int = LARGEST) -> bytes:
    """Return the content as `read` does, of a real path: a link that is on it by now is an OSError."""
    folder, name = os.path.split(path)
    with Folder(folder) as opened:
        return read_in(opened, name, largest)


def read_in(folder: Folder, name: str, largest: int = LARGEST) -> bytes:
    """Return the content of an entry of an open folder, which must not be a link. Raises OSError."""
    status = folder.status(name)
    _refuse(status, name, largest)
    descriptor = folder.open(name, os.O_RDONLY | _FLAGS)
    try:
        return _content(descriptor, status.st_size, name, largest)
    finally:
        os.close(descriptor)


def read_below(root: str | None, path: str, largest: int = LARGEST) -> bytes:
    """Return the content as `read` does, of a file that lies below `root` with its links followed. Raises OSError.

    Without a root the file may lie anywhere.
    """
    if root is None:
        return read(path, largest)
    real = os.path.realpath(path)
    if not is_below(real, os.path.realpath(root)):
        raise OSError(errno.EPERM, "leads outside of the project", path)
    return read_real(real, largest)


def inside(root: str, path: str) -> bool:
    """Whether a path, its links followed, is the root or below it."""
    return is_below(os.path.realpath(path), os.path.realpath(root))


def checkout_of(directory: str) -> str | None:
    """Return the closest directory at or above `directory` that holds `.git`, or None outside of a work tree."""
    while not os.path.exists(os.path.join(directory, ".git")):
        above = os.path.dirname(directory)
        if above == directory:
            return None
        directory = above
    return directory


def is_below(real: str, top: str) -> bool:
    """Whether one real path is the other or lies below it."""
    return real == top or real.startswith(top.rstrip(os.sep) + os.sep)


def _content(descriptor: int, expected: int, path: str, largest: int) -> bytes:
    """Read to the end; nearly always in one call, as a file has the size that was said."""
    try:
        content = os.read(descriptor, expected + 1)
        if len(content) == expected:
            return content
        # It has changed since its status was asked for, and may not even be a file any more.
        _refuse(os.fstat(descriptor), path, largest)
        pieces = [content]
        size = len(content)
        while size <= largest and (piece := os.read(descriptor, CHUNK)):
            pieces.append(piece)
            size += len(piece)
    except BlockingIOError:
        # A pipe that has taken the file's place has nothing to say yet.
        raise _irregular(path) from None
    if size > largest:
        raise _too_large(path, largest)
    return b"".join(pieces)


def _refuse(status: os.stat_result, path: str, largest: int) -> None:
    if stat.S_ISREG(status.st_mode):
        if status.st_size > largest:
            raise _too_large(path, largest)
        return
    if stat.S_ISLNK(status.st_mode):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    raise _irregular(path)


def _irregular(path: str) -> OSError:
    return OSError(errno.EINVAL, "not a regular file", path)


def _too_large(path: str, largest: int) -> OSError:
    size = f"{largest // 1_000_000} MB" if largest >= 1_000_000 else f"{largest:,} bytes"
    return OSError(errno.EFBIG, f"larger than {size}", path)
