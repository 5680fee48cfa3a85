"""The prepared call fact: a call on asyncpg's own connection that may name a prepared statement."""

from __future__ import annotations

import enum

from poolsafe.facts.connection import Route
from poolsafe.facts.engine import SizeState
from poolsafe.records import frozen


class PreparedBy(enum.Enum):
    """The call that names the statement. `ITERATE` is a method of encode/databases, which calls `cursor()`."""

    CURSOR = "cursor"
    PREPARE = "prepare"
    ITERATE = "iterate"


@frozen
class PreparedCall:
    """One call, from `start` to `end`. `reason` says why asyncpg runs it.

    `size` is the state of the connection's `statement_cache_size`, UNKNOWN if the connection comes from elsewhere.
    `named`: `prepare()` has a `name` argument. `outside`: the function shows that no transaction is open. `routes` are
    the paths on which the call may reach the server.
    """

    path: str
    start: int
    end: int
    by: PreparedBy
    reason: str
    size: SizeState
    named: bool = False
    outside: bool = False
    routes: tuple[Route, ...] = ()

    @property
    def span(self) -> tuple[int, int]:
        """The span of the call, where findings are reported."""
        return self.start, self.end
