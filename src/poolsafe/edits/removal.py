"""Takes arguments out of a call, with their commas and their lines where they have lines of their own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from poolsafe.findings import Edit
from poolsafe.syntax.scan import inside_formatted_string

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poolsafe.source import Source
    from poolsafe.syntax.layout import ArgumentLayout, CallLayout

_REST_OF_LINE = re.compile(r"[ \t\f]*(?:\r\n?|\n)")
_BEFORE_COMMENT = re.compile(r"[ \t\f]*(?=\#)")


def remove_arguments(source: Source, call: CallLayout, indices: Iterable[int]) -> tuple[Edit, ...] | None:
    """The deletions of the arguments at `indices`, which do not overlap.

    None where a comment would be lost, and inside an f-string.
    """
    if not source.round_trips or inside_formatted_string(source.text, call.start):
        return None
    extents = [extent for first, last in _runs(indices) for extent in _extents(source, call, first, last)]
    # A number sign inside a string is no comment, but nobody needs such an argument removed.
    if any("#" in source.text[start:end] for start, end in extents):
        return None
    return tuple(Edit(start, end, "") for start, end in extents)


def remove_argument(source: Source, call: CallLayout, index: int) -> Edit | None:
    """As `remove_arguments` for one argument; the deletions of several, made one by one, may overlap."""
    edits = remove_arguments(source, call, [index])
    return None if edits is None else edits[0]


def _runs(indices: Iterable[int]) -> list[tuple[int, int]]:
    """Neighbours go together: each run as its first and its last index."""
    runs: list[tuple[int, int]] = []
    for index in sorted(set(indices)):
        if runs and runs[-1][1] == index - 1:
            runs[-1] = (runs[-1][0], index)
        else:
            runs.append((index, index))
    return runs


def _extents(source: Source, call: CallLayout, first: int, last: int) -> list[tuple[int, int]]:
    arguments = call.arguments[first : last + 1]
    lines = [line for argument in arguments if (line := _own_lines(source, argument)) is not None]
    if len(lines) == len(arguments):
        return lines
    return [_joint_extent(source, call, first, last)]


def _joint_extent(source: Source, call: CallLayout, first: int, last: int) -> tuple[int, int]:
    start, end, comma = call.arguments[first].start, call.arguments[last].end, call.arguments[last].comma
    starts_line = _starts_line(source, call.arguments[first])
    after = end if comma is None else comma + 1
    comment = _BEFORE_COMMENT.match(source.text, after)
    if comment is not None and comma is not None and starts_line:
        # The comment keeps the line.
        return start, comment.end()
    is_last = last + 1 == len(call.arguments)
    if first == 0:
        return start, after if is_last else call.arguments[last + 1].start
    if not is_last and starts_line:
        return start, call.arguments[last + 1].start
    return call.arguments[first - 1].end, end


def _own_lines(source: Source, argument: ArgumentLayout) -> tuple[int, int] | None:
    """The whole lines of an argument that shares them with nothing else."""
    if argument.comma is None or not _starts_line(source, argument):
        return None
    rest = _REST_OF_LINE.match(source.text, argument.comma + 1)
    return None if rest is None else (source.line_start(argument.start), rest.end())


def _starts_line(source: Source, argument: ArgumentLayout) -> bool:
    return not source.text[source.line_start(argument.start) : argument.start].strip(" \t\f")
