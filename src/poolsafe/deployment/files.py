"""Reading the files that stand beside the code: bounded, inside the project, and never an error."""

from __future__ import annotations

import codecs
import os

from poolsafe.reading import read_below

# A lock file may be long. What people write themselves, and what takes a parser its time, is shorter.
LOCK_BYTES = 20_000_000
FILE_BYTES = 1_000_000

# Path to reason, for `--verbose`. What was read is kept as long as the process lives, and so is what was not.
_UNREAD: dict[str, str] = {}


def unread(root: str) -> list[tuple[str, str]]:
    """Returns the files of the project at `root` that could not be read so far, sorted, each with the reason."""
    top = os.path.abspath(root).rstrip(os.sep) + os.sep
    return sorted((path, reason) for path, reason in _UNREAD.items() if path.startswith(top))


def leave(path: str, reason: str) -> None:
    """Remember that a file says nothing here, and why: one line, without the path."""
    _UNREAD[os.path.abspath(path)] = reason


def text_of(root: str, path: str, most: int = FILE_BYTES) -> str | None:
    """Returns the text of a file of the project, with line feeds only; None if there is none to be read.

    That is said of a file that exists: it lies outside, is none, is larger than `most` bytes, or is closed to us.
    """
    try:
        raw = read_below(root, path, most)
    except (FileNotFoundError, ValueError):
        # A name that somebody wrote into another file may be none at all.
        return None
    except OSError as error:
        leave(path, (error.strerror or str(error)).lower())
        return None
    # What PowerShell redirects into a requirements file is UTF-16, and pip reads it.
    encoding = "utf-16" if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    return raw.decode(encoding, errors="replace").replace("\r\n", "\n").replace("\r", "\n")


def row_with(text: str, *words: str) -> int:
    """Returns the 1-based row of the first line that holds all words, whatever their case; 1 where there is none."""
    for row, line in enumerate(text.splitlines(), 1):
        if all(word.lower() in line.lower() for word in words):
            return row
    return 1


def folders_up(folder: str, root: str) -> list[str]:
    """The folder and those above it, nearest first, up to the root; the root alone for a folder outside of it."""
    folder, root = os.path.abspath(folder), os.path.abspath(root)
    found = [folder]
    while found[-1] != root:
        above = os.path.dirname(found[-1])
        if above == found[-1]:
            return [root]
        found.append(above)
    return found
