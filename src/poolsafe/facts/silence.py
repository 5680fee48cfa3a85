"""Calls that are not reported, each with its cause. Some could not be checked, and the others have no problem."""

from __future__ import annotations

import enum
from collections.abc import Callable

from poolsafe.facts.deployment import Evidence
from poolsafe.records import frozen


class Cause(enum.Enum):
    """The reason why a call is not reported."""

    DRIVER = "its driver is unknown"
    SIZE = "one of its cache sizes is unknown"
    CREATOR = "its creator cannot be followed"
    BUDGET = "the code that leads to it takes too long to analyse"
    OTHER_DRIVER = "it has another driver"
    ASSUMED = "another driver is assumed"
    SYNCHRONOUS = "a synchronous driver is assumed"
    CONTAINER = "its server is a container that the code starts"
    ELSEWHERE = "its connections are checked where they are created"
    POOLER = "it works behind its pooler"
    UNREACHED = "no code path reaches it"
    NO_FAULT = "nothing is wrong with it"


_UNJUDGED = frozenset({Cause.DRIVER, Cause.SIZE, Cause.CREATOR, Cause.BUDGET})


@frozen
class Silence:
    """A call that creates an engine or takes SQL, and that is not reported.

    `what` is the reason in words, and `why` is the reason behind it, or "". `evidence` is the place in the project's
    files that this depends on, or None. `holds_sql`: the call takes SQL. `locate` returns the span of the call. It is a
    function because computing spans renders the whole file, and most silences are never shown.
    """

    locate: Callable[[], tuple[int, int]]
    cause: Cause
    what: str
    why: str = ""
    evidence: Evidence | None = None
    holds_sql: bool = False

    @property
    def span(self) -> tuple[int, int]:
        """The span of the call."""
        return self.locate()

    @property
    def start(self) -> int:
        """The offset at which the call begins."""
        return self.span[0]

    @property
    def unjudged(self) -> bool:
        """Whether the call could not be checked, so that it may have a problem."""
        return self.cause in _UNJUDGED

    @property
    def reason(self) -> str:
        """The complete reason, in one line."""
        if not self.why:
            return self.what
        # Most reasons are sentences; the others name the expression that the value depends on.
        connection = "it depends on " if self.why.startswith(("a ", "an ")) else ""
        return f"{self.what} ({connection}{self.why})"
