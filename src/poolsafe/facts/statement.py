"""What is known of one piece of SQL that a call is given: the fact that the statement rules judge."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from poolsafe.findings import Related
from poolsafe.syntax.layout import CallLayout


class Runner(enum.Enum):
    """Who runs the SQL: decides whether it goes through asyncpg's prepare."""

    ASYNC = "async"
    SYNC = "sync"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Piece:
    """One command of the text: its SQL, and its span in the file where the text is a single literal, else None."""

    sql: str
    span: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Statement:
    """A call of `text()` (or of a sister) whose SQL is known, at least in its parts.

    `literal` is the span of the SQL's string literal where the SQL is exactly one plain literal written as the call's
    argument. `execution` is the span of the whole statement line, e.g. `await conn.execute(text(...))`, where that is a
    bare expression statement, with the layout of the executing call in `executor`.
    `interpolated`: parts of the SQL are unknown at this place (f-string fields).
    """

    path: str
    function: str
    call: CallLayout
    commands: tuple[Piece, ...]
    runner: Runner
    runner_reason: str
    literal: tuple[int, int] | None
    execution: tuple[int, int] | None
    executor: CallLayout | None
    interpolated: bool
    autocommit: bool
    origin: tuple[Related, ...] = ()

    @property
    def span(self) -> tuple[int, int]:
        """Where the SQL is given: what a finding is reported at."""
        return self.call.start, self.call.end
