"""The unified diff of one file, as `--diff` prints it and `patch -p0` takes it."""

from __future__ import annotations

import os
import re
from difflib import diff_bytes, unified_diff
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poolsafe.source import Source

# Control characters, the marks that reorder text, bytes that are not UTF-8, and the quote that begins a quoted name.
_ODD = re.compile('[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]|^"')

NO_NEWLINE = b"\\ No newline at end of file\n"


def diff(before: Source, after: Source) -> bytes:
    """The unified diff of two versions of one file, in the file's own bytes; empty where they are the same.

    The path is relative where it is below the current directory.
    """
    path = os.fsencode(_quoted(_shown(before.path)))
    # Only \n ends a line of a patch; a carriage return is content that has to survive.
    lines = diff_bytes(unified_diff, _lines(before.raw), _lines(after.raw), path, path)
    return b"".join(line if line.endswith(b"\n") else line + b"\n" + NO_NEWLINE for line in lines)


def _lines(raw: bytes) -> list[bytes]:
    lines = raw.split(b"\n")
    return [line + b"\n" for line in lines[:-1]] + [line for line in lines[-1:] if line]


def _quoted(path: str) -> str:
    """A name that would end its line or steer a terminal, as GNU and Git quote it; other names as they are."""
    if _ODD.search(path) is None:
        return path
    escaped = os.fsencode(path.replace("\\", "\\\\").replace('"', '\\"'))
    return '"' + "".join(chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}" for byte in escaped) + '"'


def _shown(path: str) -> str:
    if not os.path.isabs(path):
        return path
    try:
        relative = os.path.relpath(path)
    except ValueError:
        # Windows: another drive.
        return path
    return path if relative.startswith(os.pardir) else relative
