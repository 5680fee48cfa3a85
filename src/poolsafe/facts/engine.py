"""What is known of one engine: the fact that the engine rules judge."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from poolsafe.findings import Related
from poolsafe.syntax.layout import CallLayout, DictLayout


class Driver(enum.Enum):
    """`ASYNCPG`: the scheme is postgresql+asyncpg on some path; `OTHER`: something else on every path."""

    ASYNCPG = "asyncpg"
    OTHER = "other"
    UNKNOWN = "unknown"


class SizeState(enum.Enum):
    """What reaches the driver under one cache-size key, over every path on which the driver is asyncpg."""

    ABSENT = "absent"
    ZERO = "zero"
    POSITIVE = "positive"
    INVALID = "invalid"
    CONDITIONAL = "conditional"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CacheSize:
    """One of the two keys. `value` is the offending value as Python writes it, for messages.

    `literals` are the spans, in the engine's own file, of the literal values that a fix may replace by `0`, after which
    the size is 0 on every path; None where a value is no literal of this file, where another driver's engine gets it
    too, or where a path brings no value at all.
    """

    key: str
    state: SizeState
    value: str = ""
    literals: tuple[tuple[int, int], ...] | None = None
    origin: tuple[Related, ...] = ()
    reason: str = ""


class NameFunction(enum.Enum):
    """What `prepared_statement_name_func` in connect_args does."""

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
    """What reaches SQLAlchemy as `pool_pre_ping`."""

    ABSENT = "absent"
    TRUE = "true"
    FALSE = "false"
    CONDITIONAL = "conditional"
    UNKNOWN = "unknown"


class ConnectArgsForm(enum.Enum):
    """How connect_args stands at the call, which decides how a fix extends it.

    `ABSENT`: not given, by no `**` either. `DISPLAY`: a dict display written as the argument. `EXPRESSION`: another
    expression written as the argument (a name, `dict(...)`, a call, a conditional). `SPREAD`: it arrives, or may
    arrive, inside a `**` argument. `FIXED`: it cannot be extended here (a `*args`, an unknown shape).
    """

    ABSENT = "absent"
    DISPLAY = "display"
    EXPRESSION = "expression"
    SPREAD = "spread"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class ConnectArgs:
    """The connect_args argument of the call, as written.

    `value` is the span of the written value (DISPLAY, EXPRESSION); `display` its layout (DISPLAY), and `settings` that
    of a display under its key `server_settings`; `may_be_none` says that some path gives None, so that `{**value}`
    would raise.
    """

    form: ConnectArgsForm
    value: tuple[int, int] | None = None
    display: DictLayout | None = None
    may_be_none: bool = False
    settings: DictLayout | None = None


class MisplacedWhere(enum.Enum):
    """Where a cache-size key stands that does not take effect there."""

    ENGINE_KEYWORD = "keyword of the engine function"
    URL_QUERY = "query of the URL"
    ALEMBIC_KEY = "key of the alembic section"
    BESIDE_CREATOR = "connect_args beside a creator"
    ASYNCPG_CALL = "argument of asyncpg itself"


@dataclass(frozen=True, slots=True)
class Misplaced:
    """A key where it is refused (TypeError) or ignored. `argument` indexes the call's arguments where it is one.

    `removal` is the span of text whose deletion takes the key out of a URL literal of this file, if there is one.
    """

    key: str
    where: MisplacedWhere
    value: str = ""
    argument: int | None = None
    removal: tuple[int, int] | None = None
    origin: tuple[Related, ...] = ()


@dataclass(frozen=True, slots=True)
class PoolArgument:
    """An argument that only a queue pool takes (`pool_size` and its kin), where the pool class is known to be another.

    `argument` indexes the call's arguments where it is written there as a keyword.
    """

    name: str
    argument: int | None = None
    origin: tuple[Related, ...] = ()


class ParameterWhere(enum.Enum):
    """The two ways in which a parameter reaches asyncpg's `connect()`."""

    URL_QUERY = "query of the URL"
    CONNECT_ARGS = "connect_args"


@dataclass(frozen=True, slots=True)
class WrittenText:
    """A string literal of the file in whose text the URL's query names the parameter; `start` to `end` with quotes."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class WrittenItem:
    """An item of a dict that the file writes out: of a display, or a keyword of `dict()`.

    `index` counts the layout's items or arguments; `settings` is the display under the sister key `server_settings`.
    """

    layout: DictLayout | CallLayout
    index: int
    settings: DictLayout | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """One place that gives a parameter. `value` as Python writes it, "" where it is unknown.

    `alone` says that it stands in the engine's own call, so that nothing else uses it.
    """

    place: WrittenText | WrittenItem
    value: str
    alone: bool


@dataclass(frozen=True, slots=True)
class ConnectParameter:
    """A key of the URL's query or of connect_args, as far as it is known, the cache sizes excepted.

    `value` is its value as Python writes it, "" where it is unknown. `written` are all the places that give it; empty
    where one of them is not in this file or cannot be told. `everywhere`: every path to asyncpg gives it.
    """

    key: str
    where: ParameterWhere
    value: str = ""
    origin: tuple[Related, ...] = ()
    written: tuple[Written, ...] = ()
    everywhere: bool = False


@dataclass(frozen=True, slots=True)
class ServerSetting:
    """A key of `server_settings` in connect_args: a startup parameter. `value` as Python writes it, or ""."""

    key: str
    value: str = ""
    origin: tuple[Related, ...] = ()


@dataclass(frozen=True, slots=True)
class Engine:
    """One engine definition: the call, and what reaches SQLAlchemy and asyncpg through it.

    `driver_everywhere` is True where every path to this call is asyncpg's, and the code names no other driver that the
    environment may bring in its place (a fix is safe only then).
    `shared` says that the call itself also builds engines of other drivers, so that a fix must not touch what they get.
    `pooler_hint` is the sign of a pooler that the engine itself shows, as `port 6432`, or "".
    `direct`: its server is a container that the code starts itself, so that no pooler stands in between.
    `connection_class` says that connect_args brings a connection class, which may name statements in its own way.
    `parameters_known` says that nothing else can reach `connect()` than what the fields below `misplaced` list.
    `call` is the call in which the engine function's arguments stand, `place` the span of the one that makes the
    engine, where that is another. `writable` says that arguments can be added to `call`. `asynchronous`: no engine
    for a synchronous driver is made here. `chooses_driver`: the URL is put together of an unknown driver and the rest.
    `brought` are those keywords a fix might add (`connect_args`, `pool_pre_ping`) that a `**` may bring on some path.
    """

    path: str
    function: str
    call: CallLayout
    driver: Driver
    driver_everywhere: bool
    driver_reason: str
    url_origin: tuple[Related, ...]
    statement_cache: CacheSize
    prepared_cache: CacheSize
    name_function: NameFunction
    connect_args: ConnectArgs
    pool: Pool
    pre_ping: PrePing
    pre_ping_value: tuple[int, int] | None
    pre_ping_origin: tuple[Related, ...]
    keywords_open: bool
    creator: str | None
    autocommit: bool | None
    misplaced: tuple[Misplaced, ...] = ()
    pool_arguments: tuple[PoolArgument, ...] = ()
    connect_parameters: tuple[ConnectParameter, ...] = ()
    server_settings: tuple[ServerSetting, ...] = ()
    connection_class: bool = False
    shared: bool = False
    pooler_hint: str = ""
    direct: bool = False
    parameters_known: bool = True
    place: tuple[int, int] | None = None
    writable: bool = True
    asynchronous: bool = True
    chooses_driver: bool = False
    brought: frozenset[str] = frozenset()

    @property
    def span(self) -> tuple[int, int]:
        """Where the engine is made: what a finding is reported at."""
        return self.place or (self.call.start, self.call.end)
