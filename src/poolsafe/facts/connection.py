"""The connection fact: a connection or pool of asyncpg or psycopg, except in a SQLAlchemy engine on asyncpg."""

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
    """The driver that creates the connections."""

    ASYNCPG = "asyncpg"
    PSYCOPG = "psycopg"


class ThresholdState(enum.Enum):
    """The values that reach psycopg as `prepare_threshold`: how often a statement runs before it is prepared.

    `OFF` is None. `AT_ONCE` is 0 or counts as 0 (False, a negative number): psycopg prepares at the first execution.
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
    written here or other code may read it.
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
    """An option that the driver rejects, or that the wrapper drops. `value` is in Python's notation, or ""."""

    key: str
    where: OptionWhere
    value: str = ""
    origin: tuple[Related, ...] = ()


@frozen
class Hook:
    """A function that asyncpg's pool calls with a connection: `init`, once, or `setup`, before each use.

    `setting` is the first session setting that it changes, and `origin` is the place of that change. `spans` are all
    its calls in this file that change a setting; a finding on the hook is about all of them. `kept`: the pool's own
    reset is replaced, so settings remain.
    """

    name: str
    setting: str
    origin: tuple[Related, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    kept: bool = False


@frozen
class ConnectionUrl:
    """The known servers in a URL or in keywords, and where the URL comes from.

    `signs` suggest a pooler or a direct connection.
    """

    servers: tuple[Server, ...] = ()
    origin: tuple[Related, ...] = ()
    signs: tuple[Sign, ...] = ()


@frozen
class Route:
    """One path on which SQL may reach the server, with the known facts about the URL of its engine or connection.

    `direct`: there is no pooler, or a name in the code says so. `caches`: its connections certainly return
    to a pool with the statements that asyncpg has cached for them.
    """

    url: ConnectionUrl = ConnectionUrl()
    direct: bool = False
    caches: bool = False


@frozen
class Connection:
    """One call that creates a connection or a pool, and the values that reach the driver through it.

    `function` is the qualified name of the called function. `size` is asyncpg's `statement_cache_size`, and `threshold`
    psycopg's `prepare_threshold`; the other one is None. `options` is the dict argument that contains the driver's
    keywords, or None if they are keywords of the call itself. `extendable`: another keyword may be written there, and
    no path already has it. `parameters` are the startup parameters, including those in the DSN's query string.
    `direct`: there is no pooler in between, or the name of the URL says so. `assumed`: the URL is unknown, so the
    driver is only asyncpg if the project has no other one. `in_query`: the wrapper takes the size from the URL's query
    string.
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
        """Whether the call creates one of the driver's own pools."""
        return self.function in ASYNCPG_POOLS or self.function in PSYCOPG_POOLS

    @property
    def is_wrapped(self) -> bool:
        """Whether another library creates the connections."""
        return self.function in WRAPPERS


# The facts with a cache size or startup parameters for asyncpg, for the rules that check both kinds.
AnyClient: TypeAlias = Engine | Connection
