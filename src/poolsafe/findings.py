"""Findings, and the fixes that they may have.

Offsets are characters of the decoded text (see `poolsafe.source`), never bytes and never LibCST positions, so that a
fix can be applied, printed and tested without the tree it came from.
"""

from __future__ import annotations

import enum

from poolsafe.records import frozen


class Applicability(enum.Enum):
    """How safe a fix is: ruff's three levels."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    DISPLAY_ONLY = "display-only"


class Severity(enum.Enum):
    """`ERROR`: fails on every server, or there is evidence of a transaction pooler; `WARNING`: otherwise."""

    ERROR = "error"
    WARNING = "warning"


@frozen
class Edit:
    """Replaces the characters from `start` to `end` (exclusive) by `content`; if both are equal, it inserts."""

    start: int
    end: int
    content: str


@frozen
class Fix:
    """Edits that belong together: all of them are applied, or none. `message` says what applying them does.

    `isolation` is the offset of a call that a fix may extend. Of two fixes with the same one, one waits for the next
    round, because both might add the same argument. `doubt` says why the fix is unsafe, as a clause, or is empty.
    """

    message: str
    edits: tuple[Edit, ...]
    applicability: Applicability
    isolation: int | None = None
    doubt: str = ""


@frozen
class Related:
    """A place that explains a finding: where the URL, the dict or the version came from.

    `row` is 1-based; `column` is a 1-based count of characters.
    """

    path: str
    row: int
    column: int
    end_row: int
    end_column: int
    message: str


@frozen
class Finding:
    """A finding of a rule at one place.

    `start` and `end` are character offsets of the reported call, or of the comment for a suppression.
    """

    code: str
    name: str
    message: str
    severity: Severity
    start: int
    end: int
    fix: Fix | None = None
    related: tuple[Related, ...] = ()
