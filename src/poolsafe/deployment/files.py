"""Reads the files next to the code: of limited size, inside the project, and without raising errors."""

from __future__ import annotations

import codecs
import os

from poolsafe.reading import read_below

# A lock file may be long. Hand-written files, which need a parser, are shorter.
LOCK_BYTES = 20_000_000
FILE_BYTES = 1_000_000

# Maps paths to reasons, for `--verbose`. Like the files that were read, they are kept as long as the process runs.
_UNREAD: dict[str, str] = {}


def unread(root: str) -> list[tuple[str, str]]:
    """Returns the files of the project at `root` that could not be read so far, sorted, each with the reason."""
    top = os.path.abspath(root).rstrip(os.sep) + os.sep
    return sorted((path, reason) for path, reason in _UNREAD.items() if path.startswith(top))


def leave(path: str, reason: str) -> None:
    """Records that a file cannot be used, and why: one line, without the path."""
    _UNREAD[os.path.abspath(path)] = reason


def text_of(root: str, path: str, most: int = FILE_BYTES) -> str | None:
    """Returns the text of a file of the project, with line feeds only, or None if it cannot be read.

    If the file exists, the reason is recorded: it is outside, not a regular file, larger than `most` bytes, or
    unreadable.
    """
    try:
        raw = read_below(root, path, most)
    except (FileNotFoundError, ValueError):
        # A name from another file may not be a valid path.
        return None
    except OSError as error:
        leave(path, (error.strerror or str(error)).lower())
        return None
    # PowerShell redirects output to a file as UTF-16, which pip reads.
    encoding = "utf-16" if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    return raw.decode(encoding, errors="replace").replace("\r\n", "\n").replace("\r", "\n")


def row_with(text: str, *words: str) -> int:
    """Returns the 1-based row of the first line that contains all words, ignoring case, or 1 if there is none."""
    for row, line in enumerate(text.splitlines(), 1):
        if all(word.lower() in line.lower() for word in words):
            return row
    return 1


def folders_up(folder: str, root: str) -> list[str]:
    """Returns the folder and those above it, nearest first, up to the root.

    Returns only the root for a folder outside it.
    """
    folder, root = os.path.abspath(folder), os.path.abspath(root)
    found = [folder]
    while found[-1] != root:
        above = os.path.dirname(found[-1])
        if above == found[-1]:
            return [root]
        found.append(above)
    return found
