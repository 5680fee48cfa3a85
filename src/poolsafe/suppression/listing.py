"""The codes that a comment lists, with their positions, and edits that remove some of them."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator

from poolsafe.findings import Edit
from poolsafe.records import frozen
from poolsafe.suppression.comments import Comment

# Text that would become a directive if the text before it were removed. Then nothing is removed.
_DIRECTIVE = re.compile(r"(?i:noqa)|[\w-]+\s*:")
_NOQA = re.compile(r"[#\s]*(?i:noqa)")
_LINE_END = re.compile(r"\r\n|\r|\n")


@frozen
class Listed:
    """One code in a list, with its offsets in the text."""

    code: str
    start: int
    end: int


@frozen
class Listing:
    """A directive inside a comment: `start` is its `#`, `end` is after its last code or bracket."""

    comment: Comment
    start: int
    end: int
    codes: tuple[Listed, ...]


def without(text: str, listing: Listing, gone: Container[str]) -> tuple[Edit, ...] | None:
    """Returns edits that remove the codes `gone` from a directive, or the directive if no other code is left.

    Any other text of the comment stays. Returns None if it would become a directive.
    """
    if all(listed.code in gone for listed in listing.codes):
        edit = _removal(text, listing)
        return None if edit is None else (edit,)
    return tuple(_deletions(listing, gone))


def _deletions(listing: Listing, gone: Container[str]) -> Iterator[Edit]:
    kept = False
    for index, listed in enumerate(listing.codes):
        if listed.code not in gone:
            kept = True
        elif kept:
            yield Edit(listing.codes[index - 1].end, listed.end, "")
        else:
            yield Edit(listed.start, listing.codes[index + 1].start, "")


def _removal(text: str, listing: Listing) -> Edit | None:
    comment = listing.comment
    end = comment.start + len(comment.text)
    before = text[comment.start : listing.start]
    start = listing.start if before.strip("# \t") else comment.start
    tail = text[listing.end : end].lstrip(" \t,")
    if tail.startswith("#"):
        # Only the first noqa of a comment counts, so a second one would become active.
        is_noqa = "noqa" in text[listing.start : listing.end].lower()
        return None if is_noqa and _NOQA.match(tail) else Edit(start, end - len(tail), "")
    if tail.strip():
        return None if _DIRECTIVE.match(tail) else Edit(start, end - len(tail), "# ")
    if start == comment.start and comment.alone:
        return _whole_line(text, start, end)
    return Edit(_behind_code(text, start), end, "")


def _whole_line(text: str, start: int, end: int) -> Edit:
    line = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
    closing = _LINE_END.match(text, end)
    return Edit(line, end if closing is None else closing.end(), "")


def _behind_code(text: str, start: int) -> int:
    while start and text[start - 1] in " \t\f":
        start -= 1
    return start
