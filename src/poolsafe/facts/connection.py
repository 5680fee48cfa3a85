"""The connection and pool facts: what is made for asyncpg or psycopg without an engine of SQLAlchemy for asyncpg."""

from __future__ import annotations

import enum
from typing import TypeAlias

from poolsafe.facts.engine import CacheSize, ConnectArgs, Engine, Misplaced, Parameters
from poolsafe.facts.servers import Server, Sign
from poolsafe.findings import Related
from poolsafe.libraries import ASYNCPG_POOLS, PSYCOPG_POOLS, WRAPPERS
from poolsafe.records import frozen
from poolsafe.syntax.layout import CallLayout


class ClientDriver(enum.Enum):
    """The driver that makes the connections."""

    ASYNCPG = "asyncpg"
    PSYCOPG = "psycopg"


class ThresholdState(enum.Enum):
    """The values that reach psycopg as `prepare_threshold`: how often a statement runs before it is prepared.

    `OFF` is None. `AT_ONCE` is 0 and all that counts as 0 (False, a negative number): psycopg prepares at once.
    """

    ABSENT = "absent"
    OFF = "off"
    AT_ONCE = "at once"
    POSITIVE = "positive"
    INVALID = "invalid"
    CONDITIONAL = "conditional"
    UNKNOWN = "unknown"


@frozen
class Threshold:
    """psycopg's `prepare_threshold`. `value` is the wrong value in Python's notation, for messages.

    `literals` are the spans of the literals in this file that a fix may replace by `None`, or None if the value is not
    written here or something else may read it.
    """

    state: ThresholdState
    value: str = ""
    literals: tuple[tuple[int, int], ...] | None = None
    origin: tuple[Related, ...] = ()
    reason: str = ""


class OptionWhere(enum.Enum):
    """The ways in which an option reaches the driver."""

    KEYWORD = "keyword"
    URL_QUERY = "query of the URL"
    MAPPING = "dict of options"


@frozen
class RefusedOption:
    """An option that the driver does not know, or that the wrapper drops. `value` is in Python's notation, or ""."""

    key: str
    where: OptionWhere
    value: str = ""
    origin: tuple[Related, ...] = ()


@frozen
class Hook:
    """A function that asyncpg's pool calls with a connection: `init`, once, or `setup`, before each use.

    `setting` is what it sets for the session first, and `origin` where that is. `spans` are all its calls in this
    file that set something: findings on the hook are about all of them. `kept`: the pool's own reset is replaced, so
    that settings stay.
    """

    name: str
    setting: str
    origin: tuple[Related, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    kept: bool = False


@frozen
class ConnectionUrl:
    """The known servers in a URL or in keywords, and the places that the URL comes from.

    `signs` suggest a pooler or a direct connection.
    """

    servers: tuple[Server, ...] = ()
    origin: tuple[Related, ...] = ()
    signs: tuple[Sign, ...] = ()


@frozen
class Route:
    """One path on which SQL may reach the server: what is known of the URL of an engine or connection that may run it.

    `direct`: no pooler is in between, or the code says so by a name. `caches`: its connections certainly return to a
    pool with the statements that asyncpg has cached for them.
    """

    url: ConnectionUrl = ConnectionUrl()
    direct: bool = False
    caches: bool = False


@frozen
class Connection:
    """One call that makes a connection or a pool, and the values that reach the driver through it.

    `function` is the qualified name of what is called. `size` is asyncpg's `statement_cache_size`, and `threshold`
    psycopg's `prepare_threshold`; the other one is None. `options` is the dict argument that the driver's keywords are
    given in, or None if they are keywords of the call itself. `extendable`: one more keyword may be written there,
    and no path gives it already. `parameters` has the startup parameters, those of the DSN's query included.
    `direct`: no pooler is in between, or the code says so by the name of the URL.
    `assumed`: the URL is unknown, so that asyncpg is the driver only if the project has no other one. `in_query`: the
    wrapper takes the size from the URL's query.
    """

    path: str
    function: str
    call: CallLayout
    driver: ClientDriver
    url: ConnectionUrl
    size: CacheSize | None = None
    threshold: Threshold | None = None
    options: ConnectArgs | None = None
    options_name: str = ""
    extendable: bool = False
    misplaced: tuple[Misplaced, ...] = ()
    refused: tuple[RefusedOption, ...] = ()
    parameters: Parameters = Parameters()
    hooks: tuple[Hook, ...] = ()
    direct: bool = False
    assumed: bool = False
    in_query: bool = False

    @property
    def span(self) -> tuple[int, int]:
        """The span of the call, where findings are reported."""
        return self.call.start, self.call.end

    @property
    def is_pool(self) -> bool:
        """Whether the call makes a pool of the driver's own."""
        return self.function in ASYNCPG_POOLS or self.function in PSYCOPG_POOLS

    @property
    def is_wrapped(self) -> bool:
        """Whether another library makes the connections from what it is given."""
        return self.function in WRAPPERS


# What gives a cache size or startup parameters to asyncpg, for the rules that judge both kinds.
AnyClient: TypeAlias = Engine | Connection
