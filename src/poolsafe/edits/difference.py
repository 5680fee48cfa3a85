"""The unified diff of one file, as `--diff` prints it and `patch -p0` takes it."""

from __future__ import annotations

import os
from difflib import unified_diff
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poolsafe.source import Source

NO_NEWLINE = "\\ No newline at end of file\n"


def diff(before: Source, after: Source) -> str:
    """The unified diff of two texts of one file, "" where they are the same. The path is relative where it is below."""
    path = _shown(before.path)
    # Only \n ends a line of a patch; a carriage return is content that has to survive.
    lines = unified_diff(_lines(before), _lines(after), path, path)
    return "".join(line if line.endswith("\n") else f"{line}\n{NO_NEWLINE}" for line in lines)


def _lines(source: Source) -> list[str]:
    text = ("\ufeff" if source.bom else "") + source.text
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + [line for line in lines[-1:] if line]


def _shown(path: str) -> str:
    if not os.path.isabs(path):
        return path
    try:
        relative = os.path.relpath(path)
    except ValueError:
        # Windows: another drive.
        return path
    return path if relative.startswith(os.pardir) else relative
