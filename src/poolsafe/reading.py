"""Reading files of a tree that nobody vouches for: regular ones only, of bounded size, below a root if one is given.

Opening a pipe waits for a writer that may never come, and opening a device may do anything, so neither is opened.
"""

from __future__ import annotations

import errno
import os
import stat

# Larger than any source that Python itself compiles in reasonable time and memory.
LARGEST = 100_000_000  # bytes

# O_NONBLOCK and O_NOCTTY matter where a pipe or a terminal takes the file's place after it was looked at.
_FLAGS: int = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)


def read(path: str, largest: int = LARGEST) -> bytes:
    """Return the content of a regular file of at most `largest` bytes, links followed. Raises OSError."""
    _refuse(os.stat(path), path, largest)
    with open(path, "rb", opener=_open) as file:
        # A pipe that has taken the file's place has nothing to say yet.
        return file.read() or b""


def read_below(root: str, path: str, largest: int = LARGEST) -> bytes:
    """Return the content as `read` does, of a file that lies below `root` with its links followed. Raises OSError."""
    _refuse(os.stat(path), path, largest)
    if not inside(root, path):
        raise OSError(errno.EPERM, f"leads outside of {root}", path)
    return read(path, largest)


def inside(root: str, path: str) -> bool:
    """Whether a path, its links followed, is the root or below it."""
    real, top = os.path.realpath(path), os.path.realpath(root)
    return real == top or real.startswith(top.rstrip(os.sep) + os.sep)


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | _FLAGS)


def _refuse(status: os.stat_result, path: str, largest: int) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", path)
    if status.st_size > largest:
        raise OSError(errno.EFBIG, f"larger than {largest // 1_000_000} MB", path)
