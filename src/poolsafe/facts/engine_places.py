"""Where the options of an engine are written outside its call, and what else may set them."""

from __future__ import annotations

from poolsafe.records import frozen
from poolsafe.syntax.layout import MissingBranch, Place


@frozen
class DriverCondition:
    """An expression of the code that distinguishes asyncpg's engine from others at the call.

    `holds`: it is true for asyncpg's engine and false for the others. Without `holds`, it is the reverse.
    """

    text: str
    holds: bool


@frozen
class Destinations:
    """The places in the file, other than the engine's call, where a fix can write keys only for asyncpg's engines.

    `beside` are those that set one of the cache sizes to 0, if the other one is not set at all: a key written there has
    the same condition. `inside` are those that write connect_args and `around` those that write the other options, if
    neither size is set: together they cover every path of asyncpg, some with existing connect_args and some with new
    ones. `certain`: only asyncpg's engines get the keys written there. `holds_own_keys`: the connect_args already
    contain a key that only asyncpg accepts. `branch`: an `if` for another driver that has no `else`; with `certain`, it
    is the only place. `condition`: the test that distinguishes asyncpg's engine from the others at the call, if not
    `certain` and there is no branch.
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
    """The `**` parameter of a public function, which the engine's call passes on: callers may pass any keyword.

    `alone`: no other code of the function uses it, and it is the call's only `**` argument.
    """

    name: str
    alone: bool
