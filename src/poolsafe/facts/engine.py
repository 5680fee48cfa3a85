"""The engine fact, which the engine rules check."""

from __future__ import annotations

import enum

from poolsafe.facts.engine_places import Destinations, PassedOn
from poolsafe.facts.servers import Server, Sign
from poolsafe.findings import Related
from poolsafe.records import frozen
from poolsafe.syntax.layout import CallLayout, DictLayout


class Driver(enum.Enum):
    """`ASYNCPG`: the scheme is postgresql+asyncpg on some path. `OTHER`: it is another one on every path."""

    ASYNCPG = "asyncpg"
    OTHER = "other"
    UNKNOWN = "unknown"


class SizeState(enum.Enum):
    """The values that reach the driver under one cache-size key, on all paths on which the driver is asyncpg."""

    ABSENT = "absent"
    ZERO = "zero"
    POSITIVE = "positive"
    INVALID = "invalid"
    CONDITIONAL = "conditional"
    UNKNOWN = "unknown"


@frozen
class CacheSize:
    """One of the two cache sizes. `value` is the wrong value in Python's notation, for messages.

    `literals` are the spans, in the engine's own file, of the literals that a fix may replace by `0`. After that, the
    size is 0 on every path. `literals` is None if a value is not a literal of this file, if another driver's engine
    also gets it, or if a path has no value.
    """

    key: str
    state: SizeState
    value: str = ""
    literals: tuple[tuple[int, int], ...] | None = None
    origin: tuple[Related, ...] = ()
    reason: str = ""


class NameFunction(enum.Enum):
    """The effect of `prepared_statement_name_func` in connect_args."""

    ABSENT = "absent"
    EMPTY = "empty"
    UNIQUE = "unique"
    UNKNOWN = "unknown"


class Pool(enum.Enum):
    """`KEEPING`: a pool that holds connections between checkouts (the default)."""

    KEEPING = "keeping"
    NULL = "NullPool"
    STATIC = "StaticPool"
    UNKNOWN = "unknown"


class PrePing(enum.Enum):
    """The values that reach SQLAlchemy as `pool_pre_ping`."""

    ABSENT = "absent"
    TRUE = "true"
    FALSE = "false"
    CONDITIONAL = "conditional"
    UNKNOWN = "unknown"


class ConnectArgsForm(enum.Enum):
    """The syntactic form of connect_args at the call, which decides how a fix extends it.

    `ABSENT`: not passed, not even in a `**` argument. `DISPLAY`: a dict display written as the argument. `EXPRESSION`:
    another expression written as the argument (a name, `dict(...)`, a call, a conditional). `SPREAD`: it comes, or may
    come, from a `**` argument. `FIXED`: it cannot be extended here (a `*args`, an unknown shape).
    """

    ABSENT = "absent"
    DISPLAY = "display"
    EXPRESSION = "expression"
    SPREAD = "spread"
    FIXED = "fixed"


@frozen
class ConnectArgs:
    """The connect_args argument of the call, as written.

    `value` is the span of the written value (DISPLAY, EXPRESSION). `display` is its layout (DISPLAY), and `settings` is
    the layout of a display under its key `server_settings`. `may_be_none`: the value is None on some path, so
    `{**value}` would raise.
    """

    form: ConnectArgsForm
    value: tuple[int, int] | None = None
    display: DictLayout | None = None
    may_be_none: bool = False
    settings: DictLayout | None = None


class MisplacedWhere(enum.Enum):
    """A place where a cache-size key has no effect."""

    ENGINE_KEYWORD = "keyword of the engine function"
    URL_QUERY = "query of the URL"
    ALEMBIC_KEY = "key of the alembic section"
    BESIDE_CREATOR = "connect_args beside a creator"
    ASYNCPG_CALL = "argument of asyncpg itself"
    DSN_QUERY = "query of asyncpg's DSN"


@frozen
class Misplaced:
    """A key that is rejected (TypeError) or ignored. `argument` is the index of the call's argument, if it is one.

    `removal` is the span of text whose deletion removes the key from a URL literal of this file, if there is one.
    """

    key: str
    where: MisplacedWhere
    value: str = ""
    argument: int | None = None
    removal: tuple[int, int] | None = None
    origin: tuple[Related, ...] = ()


@frozen
class PoolArgument:
    """An argument that only a queue pool accepts (such as `pool_size`), with another pool class.

    `argument` is the index of the call's argument if it is written there as a keyword.
    """

    name: str
    argument: int | None = None
    origin: tuple[Related, ...] = ()


@frozen
class RefusedPoolClass:
    """A `poolclass` that asynchronous engines reject.

    `value` is the span of the class's name in the call, and `imported` that of its name in the import. There, the name
    of the replacement class belongs at the offset `sorted_at`, and `previous_end` is the end of the name before.
    `shared`: other code in the file uses the name. `bound`: the file already imports the replacement class.
    """

    name: str
    everywhere: bool = True
    origin: tuple[Related, ...] = ()
    value: tuple[int, int] | None = None
    imported: tuple[int, int] | None = None
    sorted_at: int = 0
    previous_end: int | None = None
    is_attribute: bool = False
    shared: bool = False
    bound: bool = False


class ParameterWhere(enum.Enum):
    """The ways in which a parameter reaches asyncpg's `connect()`."""

    URL_QUERY = "query of the URL"
    CONNECT_ARGS = "connect_args"
    LISTENER = "listener to do_connect"


@frozen
class WrittenText:
    """A string literal of the file that contains the parameter in a URL's query string. The span includes quotes."""

    start: int
    end: int


@frozen
class WrittenItem:
    """An item that the file writes in a dict display or as a keyword of `dict()`.

    `index` is the position among the items or arguments of the layout. `settings` is the display under the key
    `server_settings` of the same dict.
    """

    layout: DictLayout | CallLayout
    index: int
    settings: DictLayout | None = None


@frozen
class Written:
    """One place that sets a parameter. `value` is in Python's notation, or "" if unknown.

    `alone`: the place is in the engine's own call, so nothing else uses it.
    """

    place: WrittenText | WrittenItem
    value: str
    alone: bool


@frozen
class ConnectParameter:
    """A known key of the URL's query string, of connect_args or of a listener.

    Cache sizes and name functions do not count, except in another driver's engine.

    `value` is in Python's notation, or "" if unknown. `written` lists all the places that set the value. It is empty if
    one of them is not in this file or unknown. `everywhere`: every path to asyncpg sets it.
    """

    key: str
    where: ParameterWhere
    value: str = ""
    origin: tuple[Related, ...] = ()
    written: tuple[Written, ...] = ()
    everywhere: bool = False


@frozen
class EngineKeyword:
    """A keyword of the engine function, or an option of its configuration, other than the keys of PGB105.

    `argument` is the index of the call's argument if it is written there. `everywhere`: every path to asyncpg sets it.
    """

    name: str
    argument: int | None = None
    origin: tuple[Related, ...] = ()
    everywhere: bool = False


@frozen
class ServerSetting:
    """A key of `server_settings` in connect_args: a startup parameter. `value` is in Python's notation, or ""."""

    key: str
    value: str = ""
    origin: tuple[Related, ...] = ()


@frozen
class EngineUrl:
    """The driver and the servers in the URLs that the engine is created with.

    `driver_everywhere`: the driver is asyncpg on every path to this call, the code names no other driver that the
    environment may select, and callers cannot replace the function that is called. Only then is a fix safe.
    `driver_reason` says why the driver is unknown. `shared`: the call also creates engines of other drivers, whose
    arguments a fix must not change. `chooses_driver`: the URL is composed of an unknown driver and the rest. `servers`
    are the known addresses. `scheme` is the scheme of all URLs if it is known and not asyncpg's, else "". `signs`
    suggest a pooler or a direct connection.
    """

    driver: Driver
    driver_everywhere: bool = False
    driver_reason: str = ""
    shared: bool = False
    chooses_driver: bool = False
    servers: tuple[Server, ...] = ()
    scheme: str = ""
    signs: tuple[Sign, ...] = ()
    origin: tuple[Related, ...] = ()


@frozen
class CacheSizes:
    """Both cache sizes as they reach the driver, and the misplaced keys for them or for names.

    `left_elsewhere` are the keys whose size may differ from 0 in engines that other modules create with this call, and
    `misplaced_elsewhere` those that they give in the wrong place.
    """

    statement: CacheSize
    prepared: CacheSize
    misplaced: tuple[Misplaced, ...] = ()
    left_elsewhere: frozenset[str] = frozenset()
    misplaced_elsewhere: frozenset[str] = frozenset()

    @property
    def both(self) -> tuple[CacheSize, CacheSize]:
        """asyncpg's size, then SQLAlchemy's."""
        return self.statement, self.prepared

    @property
    def missing(self) -> tuple[str, ...]:
        """The keys that are not set at all, not even in the wrong place."""
        given = {one.key for one in self.misplaced}
        return tuple(size.key for size in self.both if size.state is SizeState.ABSENT and size.key not in given)


@frozen
class Naming:
    """How prepared statements are named. `own_class`: a connection class may name them in its own way."""

    name_function: NameFunction
    own_class: bool = False


@frozen
class Pooling:
    """The pool and its pre-ping.

    `pre_ping_value` is the span of the call's `pool_pre_ping` argument, if there is one. `arguments` are those that the
    pool class may not accept. `refused` is the pool class itself if asynchronous engines reject it.
    """

    pool: Pool
    pre_ping: PrePing
    pre_ping_value: tuple[int, int] | None = None
    pre_ping_origin: tuple[Related, ...] = ()
    arguments: tuple[PoolArgument, ...] = ()
    refused: RefusedPoolClass | None = None


@frozen
class Parameters:
    """The other arguments of asyncpg's `connect()`. `known`: there are none besides these fields and the cache sizes.

    `keywords` are passed to the engine function itself, which rejects unknown ones.
    """

    connect: tuple[ConnectParameter, ...] = ()
    server_settings: tuple[ServerSetting, ...] = ()
    known: bool = True
    keywords: tuple[EngineKeyword, ...] = ()


@frozen
class EngineLayout:
    """How the engine is written, and where a fix can write.

    `call` is the call with the engine function's arguments. `writable`: arguments can be added to it. `brought` are the
    keywords that a fix may add (`connect_args`, `pool_pre_ping`) and that a `**` may pass on some path. `connects` are
    the calls to asyncpg's `connect()` with which the creator makes all its connections; it is empty if they cannot be
    edited here. `destinations` are the other places for connect_args. `passed_on` is the parameter through which
    callers elsewhere may pass keywords, if there is one.
    """

    call: CallLayout
    connect_args: ConnectArgs
    writable: bool = True
    brought: frozenset[str] = frozenset()
    connects: tuple[CallLayout, ...] = ()
    destinations: Destinations = Destinations()
    passed_on: PassedOn | None = None


@frozen
class Engine:
    """One engine definition: the call, and the values that reach SQLAlchemy and asyncpg through it.

    `function` is the full name of the engine function. `span` is that of the call that creates the engine, where
    findings are reported; its arguments may be written in another one (`layout.call`). `creator` is the keyword of the
    creator, if there is one, and `judged_in` the path of another module whose own findings cover the sizes that the
    creator passes to asyncpg, or "". `autocommit` is None if it is unknown, and `autocommit_later` are the places that
    put a connection or a copy of the engine into AUTOCOMMIT, collected only if a name function needs them.
    `asynchronous`: no engine for a synchronous driver is created here. `direct`: there is no pooler, because the server
    is a container that the code starts, or because the engine never connects. `disposed`: the function that creates the
    engine also disposes of it, so it lives for one task. `keywords_open`: there may be unknown arguments.
    """

    path: str
    function: str
    span: tuple[int, int]
    url: EngineUrl
    sizes: CacheSizes
    naming: Naming
    pooling: Pooling
    parameters: Parameters
    layout: EngineLayout
    creator: str | None = None
    judged_in: str = ""
    autocommit: bool | None = False
    autocommit_later: tuple[Related, ...] = ()
    asynchronous: bool = True
    direct: bool = False
    disposed: bool = False
    keywords_open: bool = False
