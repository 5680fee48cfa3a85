"""What is known of a file that names an engine but cannot be read: the fact that PGB009 judges."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unparsable:
    """A file whose engines were not checked.

    `start` and `end` are the character offsets of the place that the parser stumbled over, both 0 where there is no
    text or no place. `reason` is one line in the words of whoever refused, without a final full stop.
    """

    path: str
    start: int
    end: int
    reason: str
