"""Writes the files other than sources: the report of `--output-file`, and a baseline."""

from __future__ import annotations

import os
import stat

from poolsafe.config.errors import UsageError
from poolsafe.reading import checkout_of, is_below
from poolsafe.writing import NotWritten, replace

# A path to a descriptor or a device is written to directly, even if it leads to a regular file.
_STREAMS = ("/dev/", "/proc/")


def write(path: str, content: bytes, flag: str, *, make_folder: bool = False) -> None:
    """Writes `content` to the file that the user named with `flag`, and creates its directory if requested.

    A regular file is replaced atomically. Raises UsageError if it cannot be written, or if a link inside the project
    points outside it.
    """
    absolute = os.path.join(os.getcwd(), path)
    link = _leading_out(absolute)
    if link is not None:
        raise UsageError(f"{flag}: {path}: the link `{os.path.basename(link)}` points outside the project")
    try:
        if _is_stream(absolute):
            _pour(absolute, content)
        else:
            replace(os.path.realpath(path), content, named=path, make_folder=make_folder)
    except NotWritten as error:
        raise UsageError(f"{flag}: {path}: {error.reason}") from None
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UsageError(f"{flag}: {path}: {error.strerror or error}") from None


def _is_stream(path: str) -> bool:
    """Returns whether the path cannot be replaced because it is a pipe, a device, or a descriptor."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) or path.startswith(_STREAMS)


def _pour(path: str, content: bytes) -> None:
    # The existing content was written by the program that started this one.
    with open(path, "ab") as file:
        file.write(content)


def _leading_out(path: str) -> str | None:
    """Returns the first link on an absolute path that is in a project and points outside it, or None.

    Anyone can commit such a link. Links outside every checkout and the current directory are the user's own.
    """
    here = os.path.realpath(os.getcwd())
    drive, rest = os.path.splitdrive(path)
    current = drive + os.sep
    for name in filter(None, rest.split(os.sep)):
        current = os.path.join(current, name)
        if not os.path.islink(current):
            continue
        folder = os.path.realpath(os.path.dirname(current))
        project = checkout_of(folder) or (here if is_below(folder, here) else None)
        if project is not None and not is_below(os.path.realpath(current), os.path.realpath(project)):
            return current
    return None
