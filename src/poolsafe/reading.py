"""The only place where files are opened for reading: only regular files of limited size, below a root if one is given.

The checked tree is not trusted. Opening a pipe waits for a writer that may never come, and opening a device may do
anything, so neither is opened.
"""

from __future__ import annotations

import errno
import os
import stat

from poolsafe.folders import Folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# Python itself cannot compile larger sources in reasonable time and memory.
LARGEST = 100_000_000  # bytes
# Python sources above this size are not examined: two bytes for each of `syntax.limits.MAX_CHARACTERS`.
LARGEST_SOURCE = 8_000_000
# The limit for notebooks, which consist mostly of outputs.
LARGEST_NOTEBOOK = 50_000_000
CHUNK = 1 << 20
# The part of a file that is too large to be examined in which comments are read and lines are shown.
HEAD = 1 << 16
# Longer than a name with what may precede it.
OVERLAP = 200

# O_NONBLOCK and O_NOCTTY matter if a pipe or a terminal replaces the file after its status was checked, O_BINARY on
# Windows. Python's own file objects take twice as long for a small file.
_FLAGS: int = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)


class TooLargeError(OSError):
    """A regular file is larger than the given limit."""


def read(path: str, largest: int = LARGEST) -> bytes:
    """Returns the content of a regular file of at most `largest` bytes, links followed. Raises OSError."""
    status = os.stat(path)
    _refuse(status, path, largest)
    descriptor = os.open(path, os.O_RDONLY | _FLAGS)
    try:
        return _content(descriptor, status.st_size, path, largest)
    finally:
        os.close(descriptor)


def pieces(path: str, largest: int = LARGEST) -> Iterator[bytes]:
    """Yields the content of a regular file, links followed, in pieces of about `CHUNK` bytes. Raises OSError.

    A piece ends with a line end. A piece without a line end overlaps with the next one, so that no name is split.
    """
    _refuse(os.stat(path), path, largest)
    descriptor = os.open(path, os.O_RDONLY | _FLAGS)
    try:
        _refuse(os.fstat(descriptor), path, largest)
        left = largest
        rest = b""
        while left > 0 and (read := os.read(descriptor, CHUNK)):
            left -= len(read)
            piece = rest + read
            end = _last_line_end(piece)
            yield piece[:end] if end else piece
            rest = piece[end:] if end else piece[-OVERLAP:]
        yield rest
    finally:
        os.close(descriptor)


def head(path: str) -> bytes:
    """Returns the first lines of a real path, not more than `HEAD` bytes. Raises OSError as `read_real` does."""
    folder, name = os.path.split(path)
    with Folder(folder) as opened:
        _refuse(opened.status(name), name, LARGEST)
        descriptor = opened.open(name, os.O_RDONLY | _FLAGS)
        try:
            return whole_lines(os.read(descriptor, HEAD + 1))
        except BlockingIOError:
            raise _irregular(path) from None
        finally:
            os.close(descriptor)


def whole_lines(content: bytes) -> bytes:
    """Returns the lines that fit into `HEAD` bytes, or that much of the first one if it alone does not fit."""
    if len(content) <= HEAD:
        return content
    end = _last_line_end(content[:HEAD])
    return content[: end or HEAD]


def read_real(path: str, largest: int = LARGEST) -> bytes:
    """Returns the content as `read` does, for a real path: a link on the path is an OSError."""
    folder, name = os.path.split(path)
    with Folder(folder) as opened:
        return read_in(opened, name, largest)


def read_in(folder: Folder, name: str, largest: int = LARGEST) -> bytes:
    """Returns the content of an entry of an open folder, which must not be a link. Raises OSError."""
    status = folder.status(name)
    _refuse(status, name, largest)
    descriptor = folder.open(name, os.O_RDONLY | _FLAGS)
    try:
        return _content(descriptor, status.st_size, name, largest)
    finally:
        os.close(descriptor)


def read_below(root: str | None, path: str, largest: int = LARGEST) -> bytes:
    """Returns the content as `read` does, for a file that is below `root` after links are followed. Raises OSError.

    If `root` is None, the file may be anywhere.
    """
    if root is None:
        return read(path, largest)
    real = os.path.realpath(path)
    if not is_below(real, os.path.realpath(root)):
        raise OSError(errno.EPERM, "points outside the project", path)
    return read_real(real, largest)


def inside(root: str, path: str) -> bool:
    """Returns whether a path is the root or below it, after links are followed."""
    return is_below(os.path.realpath(path), os.path.realpath(root))


def checkout_of(directory: str) -> str | None:
    """Returns the closest directory at or above `directory` that contains `.git`, or None outside a work tree."""
    while not os.path.exists(os.path.join(directory, ".git")):
        above = os.path.dirname(directory)
        if above == directory:
            return None
        directory = above
    return directory


def is_below(real: str, top: str) -> bool:
    """Returns whether one real path is the same as another one or below it."""
    return real == top or real.startswith(top.rstrip(os.sep) + os.sep)


def _last_line_end(content: bytes) -> int:
    """Returns the offset after the last line end, or 0 without one."""
    return max(content.rfind(b"\n"), content.rfind(b"\r")) + 1


def _content(descriptor: int, expected: int, path: str, largest: int) -> bytes:
    """Reads to the end, nearly always in one call, because a file usually has the size that its status showed."""
    try:
        content = os.read(descriptor, expected + 1)
        if len(content) == expected:
            return content
        # It has changed since its status was read, and may no longer be a file.
        _refuse(os.fstat(descriptor), path, largest)
        pieces = [content]
        size = len(content)
        while size <= largest and (piece := os.read(descriptor, CHUNK)):
            pieces.append(piece)
            size += len(piece)
    except BlockingIOError:
        # A pipe has replaced the file, and has no data yet.
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


def _too_large(path: str, largest: int) -> TooLargeError:
    size = f"{largest // 1_000_000} MB" if largest >= 1_000_000 else f"{largest:,} bytes"
    return TooLargeError(errno.EFBIG, f"larger than {size}", path)
