"""Replaces a span of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolsafe.findings import Edit

if TYPE_CHECKING:
    from poolsafe.source import Source


def replace_text(source: Source, span: tuple[int, int], content: str) -> Edit | None:
    """Returns the edit that replaces a span, or None if a comment in it would be lost."""
    start, end = span
    lost = source.text[start:end]
    # A value on several lines may contain a comment, unless it is a literal.
    if not lost or not source.round_trips or "#" in lost:
        return None
    return Edit(start, end, content)
