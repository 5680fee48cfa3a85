"""Where the options of an engine are written, apart from its call, and what else may set them."""

from __future__ import annotations

from poolsafe.records import frozen
from poolsafe.syntax.layout import MissingBranch, Place


@frozen
class DriverCondition:
    """An expression of the code that tells asyncpg's engine from others at the call.

    `holds`: it is true for asyncpg's engine, and false for the others; else the reverse.
    """

    text: str
    holds: bool


@frozen
class Destinations:
    """The places of the file, other than the engine's call, where a fix can write keys for asyncpg's engines alone.

    `beside` are those that set one of the cache sizes to 0, if the other one is not given at all: what is written there
    is given under the same condition. `inside` are those that write connect_args and `around` those that write the
    other options, if neither size is given: together they serve every path of asyncpg, some by connect_args that exist
    and some by new ones. `certain`: nothing but asyncpg's engines gets what is written there. `holds_own_keys`: the
    connect_args hold a key already that only asyncpg takes. `branch`: an `if` for another driver, if it is not certain.
    `condition`: what tells asyncpg's engine from the others at the call, if it is not certain and there is no branch.
    """

    beside: tuple[Place, ...] = ()
    inside: tuple[Place, ...] = ()
    around: tuple[Place, ...] = ()
    certain: bool = False
    holds_own_keys: bool = False
    branch: MissingBranch | None = None
    condition: DriverCondition | None = None


@frozen
class PassedOn:
    """The `**` parameter of a public function, which the engine's call passes on: callers may bring any keyword.

    `alone`: no other code of the function uses it, and the call spreads nothing else.
    """

    name: str
    alone: bool
