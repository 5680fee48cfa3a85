"""The unified diff of one file, as `--diff` prints it. `patch -p0` accepts it, except for notebooks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from poolsafe.output_safety import quoted

if TYPE_CHECKING:
    from typing import TypeAlias

    from poolsafe.source import Source

    # Half-open ranges of rows, from 0: one in the old text, and the one in the new text that replaces it.
    Change: TypeAlias = tuple[int, int, int, int]

CONTEXT = 3
NO_NEWLINE = b"\\ No newline at end of file\n"


def diff(before: Source, after: Source, withheld: Callable[[int], bool] = lambda row: False) -> bytes:
    """Returns the unified diff of two versions of one file, in the file's own encoding, or b"" if they are the same.

    The path is relative if it is below the current directory. Rows of the old text (from 0) that are `withheld` are
    left out of the context. `git apply` needs one line after each change, so the row directly after one is always
    shown. The cells of a notebook are compared separately and named after the path, as in ruff.
    """
    pieces: list[bytes] = []
    for old, new in zip(before.sections, after.sections, strict=True):
        path = f"{_shown(before.path)}:{old.name}".removesuffix(":")
        first = before.written.count("\n", 0, old.start)
        pieces += _diff(path, _lines(old.content), _lines(new.content), _shifted(withheld, first))
    return b"".join(pieces)


def _shifted(withheld: Callable[[int], bool], rows: int) -> Callable[[int], bool]:
    return lambda row: withheld(row + rows)


def _diff(path: str, old: list[bytes], new: list[bytes], withheld: Callable[[int], bool]) -> Iterator[bytes]:
    hunks = [line for hunk in _hunks(old, new, withheld) for line in hunk]
    if hunks:
        named = os.fsencode(quoted(path))
        for line in (b"--- %b\n" % named, b"+++ %b\n" % named, *hunks):
            yield line if line.endswith(b"\n") else line + b"\n" + NO_NEWLINE


def _hunks(old: list[bytes], new: list[bytes], withheld: Callable[[int], bool]) -> Iterator[list[bytes]]:
    opcodes = SequenceMatcher(None, old, new).get_opcodes()
    changes = [opcode[1:] for opcode in opcodes if opcode[0] != "equal"]
    followers = [*changes[1:], None] if changes else []
    hunk: list[Change] = []
    first = 0  # The first row that this hunk may show.
    for change, following in zip(changes, followers, strict=True):
        hunk.append(change)
        end = len(old) if following is None else following[0]
        last = _context_end(change[1], end, withheld)
        if following is not None and _context_start(following[0], last, withheld) == last:
            # No row is left out between the two.
            continue
        yield _hunk(old, new, hunk, _context_start(hunk[0][0], first, withheld), last)
        hunk, first = [], last


def _context_start(row: int, first: int, withheld: Callable[[int], bool]) -> int:
    """Returns the first row of the context before `row`, at least `first`."""
    for each in range(row - 1, max(first, row - CONTEXT) - 1, -1):
        if withheld(each):
            return each + 1
    return max(first, row - CONTEXT)


def _context_end(row: int, end: int, withheld: Callable[[int], bool]) -> int:
    """Returns the end of the context after the change that ends before `row`, at most `end`."""
    for each in range(row + 1, min(end, row + CONTEXT)):
        if withheld(each):
            return each
    # A withheld row ends the context; the next row is not shown instead.
    return min(end, row + 1 if row < end and withheld(row) else row + CONTEXT)


def _hunk(old: list[bytes], new: list[bytes], changes: list[Change], start: int, end: int) -> list[bytes]:
    lines = []
    row = start
    for from_old, to_old, from_new, to_new in changes:
        lines += [b" " + line for line in old[row:from_old]]
        lines += [b"-" + line for line in old[from_old:to_old]]
        lines += [b"+" + line for line in new[from_new:to_new]]
        row = to_old
    lines += [b" " + line for line in old[row:end]]
    before, after = changes[0][2] - (changes[0][0] - start), changes[-1][3] + (end - changes[-1][1])
    return [f"@@ -{_range(start, end)} +{_range(before, after)} @@\n".encode(), *lines]


def _range(start: int, end: int) -> str:
    if end - start == 1:
        return str(start + 1)
    # An empty range is given by the row before it.
    return f"{start + 1 if end > start else start},{end - start}"


def _lines(raw: bytes) -> list[bytes]:
    # In a patch, only \n ends a line; a carriage return is part of the content.
    lines = raw.split(b"\n")
    return [line + b"\n" for line in lines[:-1]] + [line for line in lines[-1:] if line]


def _shown(path: str) -> str:
    if not os.path.isabs(path):
        return path
    try:
        relative = os.path.relpath(path)
    except ValueError:
        # On Windows, the file may be on another drive.
        return path
    return path if relative.startswith(os.pardir) else relative
