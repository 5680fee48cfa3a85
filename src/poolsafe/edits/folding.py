"""Splits or joins the content of brackets, as formatters do, on lines where a fix only replaces values.

`ruff format` and `black` split content that does not fit on one line, and join content that does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from poolsafe.edits.quoting import is_in_string
from poolsafe.edits.wrapping import fitted, fitting_line
from poolsafe.findings import Edit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poolsafe.source import Source
    from poolsafe.syntax.layout import CallLayout

Edits = tuple[Edit, ...]

_OPENED_CALL = re.compile(r"\A[^#]*\w\(\Z")


def laid_out(source: Source, call: CallLayout, edits: Edits) -> Edits:
    """Returns edits that make the same changes, and wrap a call that becomes too long or join one that now fits."""
    done = fitted(source, call, edits)
    return refitted(source, edits) if done == edits else done


def refitted(source: Source, edits: Sequence[Edit]) -> Edits:
    """Returns edits that make the same changes and lay out the lines whose length matters.

    A display or a call that takes up a whole line is wrapped if it becomes too long. The content of a bracket is joined
    if it now fits on one line. Other edits are returned unchanged.
    """
    rows: dict[int, list[Edit]] = {}
    for edit in edits:
        row = source.row_column(edit.start)[0]
        same = row == source.row_column(edit.end)[0] and not {"\n", "\r"} & set(edit.content)
        rows.setdefault(row if same else 0, []).append(edit)
    others = rows.pop(0, [])
    return (*others, *(one for row, found in rows.items() for one in _relaid(source, row, found)))


def _relaid(source: Source, row: int, edits: list[Edit]) -> Sequence[Edit]:
    """Returns the edits of one line, or an edit that replaces it together with the other lines of its brackets."""
    before, limit = source.line(row), source.line_length
    start = source.line_start(edits[0].start)
    after = before
    for edit in sorted(edits, key=lambda one: one.start, reverse=True):
        after = f"{after[: edit.start - start]}{edit.content}{after[edit.end - start :]}"
    if len(after) > limit >= len(before) and not is_in_string(source, start):
        wrapped = fitting_line(source, after)
        return edits if wrapped == after else [Edit(start, start + len(before), wrapped)]
    top = bottom = row
    while len(after) < len(before):
        closer = _closed(source, top - 1, bottom + 1, before, after)
        if closer is None:
            break
        before, after = closer
        top, bottom = top - 1, bottom + 1
    if top == row:
        return edits
    return [Edit(source.offset(top, 1), source.offset(bottom, 1) + len(source.line(bottom)), after)]


def _closed(source: Source, top: int, bottom: int, before: str, after: str) -> tuple[str, str] | None:
    """Returns a call that spans several lines on one line, before and after a change, or None.

    It does so only if the call fits now and did not before. Otherwise, the bracket was split for another reason.
    """
    opening, closing = source.line(top), source.line(bottom).lstrip(" \t")
    if not _OPENED_CALL.search(opening) or not closing.startswith(")") or before.endswith(",") or "#" in before:
        return None
    if any(is_in_string(source, source.offset(row, 1)) for row in (top + 1, bottom)):
        return None
    joined_before, joined_after = (f"{opening}{one.strip()}{closing}" for one in (before, after))
    fits = len(joined_after) <= source.line_length < len(joined_before)
    return (joined_before, joined_after) if fits else None
