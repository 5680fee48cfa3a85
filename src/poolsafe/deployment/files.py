"""Reading the files that stand beside the code: bounded, inside the project, and never an error."""

from __future__ import annotations

import codecs
import os

MAX_BYTES = 20_000_000


def inside(root: str, path: str) -> bool:
    """Whether a path, its links followed, is the root or below it."""
    real, top = os.path.realpath(path), os.path.realpath(root)
    return real == top or real.startswith(top.rstrip(os.sep) + os.sep)


def text_of(root: str, path: str) -> str | None:
    """The text of a file of the project, with line feeds only; None where there is none to be read."""
    if not inside(root, path):
        return None
    try:
        if os.path.getsize(path) > MAX_BYTES:
            return None
        with open(path, "rb") as file:
            raw = file.read()
    except OSError:
        return None
    # What PowerShell redirects into a requirements file is UTF-16, and pip reads it.
    encoding = "utf-16" if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    return raw.decode(encoding, errors="replace").replace("\r\n", "\n").replace("\r", "\n")


def row_of(text: str, offset: int) -> int:
    """The 1-based row of an offset."""
    return text.count("\n", 0, offset) + 1


def row_with(text: str, *words: str) -> int:
    """The 1-based row of the first line that holds all words, whatever their case; 1 where there is none."""
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
