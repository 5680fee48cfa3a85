"""The fact that PGB009 judges: a file that names an engine but cannot be parsed."""

from __future__ import annotations

from poolsafe.records import frozen


@frozen
class Unparsable:
    """A file whose engines were not checked.

    `start` and `end` are the character offsets of the syntax error, both 0 if there is no text or no position. `reason`
    is one line from the parser's or decoder's message, without a final full stop.
    """

    path: str
    start: int
    end: int
    reason: str
