"""Removes arguments from calls and items from dicts, with their commas, and with the lines that become empty."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from poolsafe.findings import Edit
from poolsafe.syntax.scan import inside_formatted_string

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from poolsafe.source import Source
    from poolsafe.syntax.layout import ArgumentLayout, CallLayout, DictItemLayout, DictLayout

    Elements = Sequence[ArgumentLayout | DictItemLayout]

_REST_OF_LINE = re.compile(r"[ \t\f]*(?:\r\n?|\n)")
_BEFORE_COMMENT = re.compile(r"[ \t\f]*(?=\#)")


def remove_elements(source: Source, layout: CallLayout | DictLayout, indices: Iterable[int]) -> tuple[Edit, ...] | None:
    """Returns the deletions of elements of a call or of a dict display, which do not overlap.

    Returns None if a comment would be lost, and inside an f-string.
    """
    if not source.round_trips or inside_formatted_string(source.text, layout.start):
        return None
    extents = [extent for first, last in _runs(indices) for extent in _extents(source, layout.elements, first, last)]
    # A `#` inside a string is not a comment, but such arguments do not have to be removed.
    if any("#" in source.text[start:end] for start, end in extents):
        return None
    return tuple(Edit(start, end, "") for start, end in extents)


def _runs(indices: Iterable[int]) -> list[tuple[int, int]]:
    """Returns runs of adjacent indices, each as its first and last index."""
    runs: list[tuple[int, int]] = []
    for index in sorted(set(indices)):
        if runs and runs[-1][1] == index - 1:
            runs[-1] = (runs[-1][0], index)
        else:
            runs.append((index, index))
    return runs


def _extents(source: Source, elements: Elements, first: int, last: int) -> list[tuple[int, int]]:
    arguments = elements[first : last + 1]
    lines = [line for argument in arguments if (line := _own_lines(source, argument)) is not None]
    if len(lines) == len(arguments):
        return lines
    return [_joint_extent(source, elements, first, last)]


def _joint_extent(source: Source, elements: Elements, first: int, last: int) -> tuple[int, int]:
    start, end, comma = elements[first].start, elements[last].end, elements[last].comma
    starts_line = _starts_line(source, elements[first])
    after = end if comma is None else comma + 1
    comment = _BEFORE_COMMENT.match(source.text, after)
    if comment is not None and comma is not None and starts_line:
        # The line remains, because of its comment.
        return start, comment.end()
    is_last = last + 1 == len(elements)
    if first == 0:
        return start, after if is_last else elements[last + 1].start
    if not is_last and starts_line:
        return start, elements[last + 1].start
    return elements[first - 1].end, end


def _own_lines(source: Source, argument: ArgumentLayout | DictItemLayout) -> tuple[int, int] | None:
    """Returns the span of an argument's lines if nothing else is on them, or None."""
    if argument.comma is None or not _starts_line(source, argument):
        return None
    rest = _REST_OF_LINE.match(source.text, argument.comma + 1)
    return None if rest is None else (source.line_start(argument.start), rest.end())


def _starts_line(source: Source, argument: ArgumentLayout | DictItemLayout) -> bool:
    return not source.text[source.line_start(argument.start) : argument.start].strip(" \t\f")
