"""`# poolsafe: ignore[PGB101] reason` and the related comments, which work like ruff's comments of the same names.

After code, `ignore` applies to its line; on a line of its own, to the next logical line. `file-ignore` applies to the
file. `disable` applies up to the `enable` with the same codes and indentation, or to the end of its block.
"""

from __future__ import annotations

import re
from collections import deque

from poolsafe.records import frozen
from poolsafe.suppression.comments import Comment
from poolsafe.suppression.lines import Lines
from poolsafe.suppression.listing import Listed, Listing

_COMMENT = re.compile(r"#\s*poolsafe\s*:\s*(?P<kind>[\w-]+)(?P<rest>.*)")
_LIST = re.compile(r"\s*\[\s*(?P<codes>[A-Z]+[0-9]*(?:\s*,\s*[A-Z]+[0-9]*)*)\s*(?:,\s*)?\]")
_KINDS = frozenset({"ignore", "file-ignore", "disable", "enable"})
_MEANT = re.compile(r"\s*(?:\[|(?::\s*)?PGB\d)")


@frozen
class Range:
    """Findings of `codes` that start on the rows `first` to `last` are suppressed.

    If `last` is before `first`, none are suppressed. `kind` is the word after `poolsafe:`. `listings` are the comment,
    and that of the `enable` that ends the range.
    """

    first: int
    last: int
    codes: frozenset[str]
    kind: str
    listings: tuple[Listing, ...]

    def covers(self, code: str, row: int) -> bool:
        """Returns whether a finding of `code` that starts on `row` is suppressed."""
        return code in self.codes and self.first <= row <= self.last


@frozen
class _Directive:
    kind: str
    codes: tuple[str, ...]
    listing: Listing
    row: int


# By codes and indentation: the indices of the `enable` directives that do not belong to an earlier `disable` yet.
_Enables = dict[tuple[tuple[str, ...], int], deque[int]]


class OwnReader:
    """Reads the comments of a file one by one. `complaints` are (row, text) of invalid ones."""

    def __init__(self, lines: Lines) -> None:
        self.complaints: list[tuple[int, str]] = []
        self._lines = lines
        self._directives: list[_Directive] = []

    def take(self, comment: Comment) -> bool:
        """Reads a comment. Returns whether it is meant for poolsafe."""
        match = _COMMENT.search(comment.text)
        if match is None:
            return False
        kind = match["kind"]
        codes = _LIST.match(match["rest"])
        # Any text may follow `poolsafe:`. Brackets, or one of poolsafe's codes, mean that a directive was intended.
        if kind not in _KINDS and not _MEANT.match(match["rest"]):
            return False
        row = self._lines.row(comment.start)
        complaint = _complaint(kind, codes, comment)
        if not complaint and kind == "file-ignore" and self._lines.indentation(row):
            complaint = "`# poolsafe: file-ignore` has no effect inside a block; do not indent it"
        if complaint or codes is None:
            self.complaints.append((row, complaint))
        else:
            listing = _listing(comment, match, codes)
            self._directives.append(_Directive(kind, tuple(each.code for each in listing.codes), listing, row))
        return True

    def ranges(self) -> tuple[Range, ...]:
        """Returns the ranges that the directives cover."""
        covered: list[Range] = []
        closed: set[int] = set()
        enables = self._enables()
        for index, directive in enumerate(self._directives):
            if directive.kind == "enable":
                if index not in closed:
                    text = "`# poolsafe: enable` has no `disable` with the same codes before it"
                    self.complaints.append((directive.row, text))
                continue
            closing = None
            if directive.kind == "disable" and (found := self._closing(index, directive, enables)) is not None:
                closed.add(found)
                closing = self._directives[found]
            listings = (directive.listing,) if closing is None else (directive.listing, closing.listing)
            first, last = self._rows(directive, closing)
            covered.append(Range(first, last, frozenset(directive.codes), directive.kind, listings))
        return tuple(covered)

    def _rows(self, directive: _Directive, closing: _Directive | None) -> tuple[int, int]:
        row = directive.row
        if directive.kind == "file-ignore":
            return 1, self._lines.last
        if directive.kind == "disable":
            return row, self._lines.dedent_after(row) if closing is None else closing.row
        if not directive.listing.comment.alone:
            return row, row
        target = self._lines.code_after(row)
        return (row, row - 1) if target is None else (target, self._lines.end_of_logical_line(target))

    def _enables(self) -> _Enables:
        found: _Enables = {}
        for index, directive in enumerate(self._directives):
            if directive.kind == "enable":
                key = directive.codes, self._lines.indentation(directive.row)
                found.setdefault(key, deque()).append(index)
        return found

    def _closing(self, index: int, directive: _Directive, enables: _Enables) -> int | None:
        """Removes and returns the first `enable` that ends a `disable`, or returns None."""
        waiting = enables.get((directive.codes, self._lines.indentation(directive.row)), deque())
        while waiting and waiting[0] < index:
            waiting.popleft()
        if not waiting or self._directives[waiting[0]].row > self._lines.dedent_after(directive.row):
            return None
        return waiting.popleft()


def _listing(comment: Comment, match: re.Match[str], codes: re.Match[str]) -> Listing:
    """Returns the positions of the codes of a comment; `codes` was matched in the text after the directive's word."""
    rest = comment.start + match.start("rest")
    listed = tuple(
        Listed(code[0], rest + codes.start("codes") + code.start(), rest + codes.start("codes") + code.end())
        for code in re.finditer(r"[A-Z]+[0-9]*", codes["codes"])
    )
    return Listing(comment, comment.start + match.start(), rest + codes.end(), listed)


def _complaint(kind: str, codes: re.Match[str] | None, comment: Comment) -> str:
    if kind not in _KINDS:
        return f"unknown `# poolsafe: {kind}`{_nearest(kind)}: expected ignore, file-ignore, disable or enable"
    if codes is None:
        return f"invalid `# poolsafe: {kind}`: expected codes in brackets, such as `# poolsafe: {kind}[PGB101]`"
    if kind != "ignore" and not comment.alone:
        return f"`# poolsafe: {kind}` has no effect after code; put it on a line of its own"
    return ""


def _nearest(kind: str) -> str:
    import difflib

    near = difflib.get_close_matches(kind.lower(), [*_KINDS, "noqa"], n=1)
    return f" (did you mean `{near[0]}`?)" if near else ""
