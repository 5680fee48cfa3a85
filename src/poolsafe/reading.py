"""Reading files of a tree that nobody vouches for: regular ones only, of bounded size, below a root if one is given.

Opening a pipe waits for a writer that may never come, and opening a device may do anything, so neither is opened.
"""

from __future__ import annotations

import errno
import os
import stat

# Larger than any source that Python itself compiles in reasonable time and memory.
LARGEST = 100_000_000  # bytes

# O_NONBLOCK and O_NOCTTY matter where a pipe or a terminal takes the file's place after it was looked at, O_BINARY on
# Windows. Python's own file objects take twice the time for a small file.
_FLAGS: int = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)


def read(path: str, largest: int = LARGEST) -> bytes:
    """Return the content of a regular file of at most `largest` bytes, links followed. Raises OSError."""
    status = os.stat(path)
    _refuse(status, path, largest)
    descriptor = os.open(path, os.O_RDONLY | _FLAGS)
    try:
        return _content(descriptor, status.st_size)
    except BlockingIOError:
        # A pipe that has taken the file's place has nothing to say yet.
        return b""
    finally:
        os.close(descriptor)


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


def _content(descriptor: int, expected: int) -> bytes:
    """Read to the end; nearly always in one call, as a file has the size that was said."""
    content = os.read(descriptor, expected + 1)
    if len(content) == expected:
        return content
    pieces = [content]
    while piece := os.read(descriptor, 1 << 20):
        pieces.append(piece)
    return b"".join(pieces)


def _refuse(status: os.stat_result, path: str, largest: int) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", path)
    if status.st_size > largest:
        raise OSError(errno.EFBIG, f"larger than {largest // 1_000_000} MB", path)
