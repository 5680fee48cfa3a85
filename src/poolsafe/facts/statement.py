"""The statement fact, which the statement rules check: a call with SQL."""

from __future__ import annotations

import enum

from poolsafe.findings import Related
from poolsafe.records import frozen
from poolsafe.syntax.layout import CallLayout


class Runner(enum.Enum):
    """The driver that runs the SQL, which decides whether asyncpg prepares it.

    `PSYCOPG`: psycopg's own connection runs it, and sends it with the protocol that accepts only one command.
    """

    ASYNC = "async"
    PSYCOPG = "psycopg"
    SYNC = "sync"
    UNKNOWN = "unknown"


@frozen
class Piece:
    """One command: its SQL, and its span in the file if the text is a single literal, else None."""

    sql: str
    span: tuple[int, int] | None


@frozen
class Statement:
    """A call to `text()` or a similar function whose SQL is known, at least in part.

    `literal` is the span of the SQL's string literal if the SQL is exactly one plain literal in the call. `execution`
    is the span of the whole statement, such as `await conn.execute(text(...))`, if that is a bare expression statement.
    `executor` is the layout of its executing call. `interpolated`: parts of the SQL are unknown, such as f-string
    fields.
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
        """The span of the call that takes the SQL, where findings are reported."""
        return self.call.start, self.call.end
