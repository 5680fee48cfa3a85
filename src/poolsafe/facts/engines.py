"""From what the runs saw of an engine call to one fact about the engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import libcst as cst

from poolsafe.facts.conditions import asks_for_pooler
from poolsafe.facts.engine import (
    CacheSize,
    ConnectArgs,
    ConnectArgsForm,
    Driver,
    Engine,
    Misplaced,
    MisplacedWhere,
    NameFunction,
    Pool,
    PrePing,
    SizeState,
)
from poolsafe.facts.places import explain
from poolsafe.findings import Related
from poolsafe.syntax.calls import call_layout, dict_layout
from poolsafe.syntax.layout import CallLayout, DictLayout
from poolsafe.values.lattice import (
    Absent,
    Choice,
    Const,
    Function,
    Guard,
    Library,
    MappingValue,
    Object,
    Sequence,
    Text,
    Trail,
    Unknown,
    Url,
    Value,
    alternatives,
    choose,
    combinations,
    compatible,
    harden,
    is_soft,
    restrict,
)
from poolsafe.values.library_calls import parse_url
from poolsafe.values.modules import Module
from poolsafe.values.observe import engine_url, single_scheme
from poolsafe.values.texts import as_text
from poolsafe.values.world import EngineCall, World

STATEMENT = "statement_cache_size"
PREPARED = "prepared_statement_cache_size"
NAME_FUNCTION = "prepared_statement_name_func"
KEYS = (STATEMENT, PREPARED, NAME_FUNCTION)
ASYNCPG = frozenset({"postgresql+asyncpg"})


@dataclass(frozen=True, slots=True)
class Silent:
    """An engine about which nothing is said, and why. `start` is the offset of its call."""

    start: int
    reason: str


@dataclass(frozen=True, slots=True)
class _View:
    """One possibility of one observed call: its URL is this, under this guard."""

    seen: EngineCall
    guard: Guard
    url: Value
    driver: Driver

    def option(self, name: str) -> Value:
        """What reaches the engine under a keyword, in this view: Absent where certainly nothing."""
        return restrict(_option(self.seen, name), (self.guard,))


def collect_engines(world: World, module: Module) -> tuple[list[Engine], list[Silent]]:
    """The engines of a module that has been explored, in the order of the source, and those nobody can judge."""
    groups: dict[int, list[EngineCall]] = {}
    for seen in world.engine_calls:
        if seen.module is module:
            groups.setdefault(id(seen.node), []).append(seen)
    engines: list[Engine] = []
    silent: list[Silent] = []
    for calls in groups.values():
        layout = call_layout(module.tree, calls[0].node)
        engine = _engine(world, module, calls, layout)
        engines.append(engine)
        reason = _reason_for_silence(engine)
        if reason is not None:
            silent.append(Silent(layout.start, reason))
    return sorted(engines, key=lambda engine: engine.call.start), sorted(silent, key=lambda one: one.start)


def _reason_for_silence(engine: Engine) -> str | None:
    if engine.driver is Driver.UNKNOWN:
        return f"the driver is not known: {engine.driver_reason}"
    if engine.driver is Driver.OTHER:
        return None
    for size in (engine.statement_cache, engine.prepared_cache):
        if size.state is SizeState.UNKNOWN:
            return f"`{size.key}` is not known: {size.reason}"
    return None


def _engine(world: World, module: Module, calls: list[EngineCall], layout: CallLayout) -> Engine:
    views = [view for seen in calls for view in _views(seen)]
    ours = [view for view in views if view.driver is Driver.ASYNCPG]
    driver = Driver.ASYNCPG if ours else _other_driver(views)
    judged = ours or [view for view in views if view.driver is Driver.UNKNOWN]
    span = (layout.start, layout.end)
    creator = _creator(judged)
    statement = _size(world, module, layout, judged, STATEMENT, creator)
    prepared = _size(world, module, layout, judged, PREPARED, creator)
    pool, pre_ping, pre_ping_trail = _pool(judged)
    return Engine(
        path=module.path,
        function=calls[0].function,
        call=layout,
        driver=driver,
        driver_everywhere=bool(ours) and len(ours) == len(views),
        driver_reason="" if ours else _driver_reason(views),
        url_origin=_url_origin(ours, module, span),
        statement_cache=statement,
        prepared_cache=prepared,
        name_function=_name_function(judged),
        connect_args=_connect_args(module, calls[0].node, layout, judged),
        pool=pool,
        pre_ping=pre_ping,
        pre_ping_value=_written_value(layout, "pool_pre_ping"),
        pre_ping_origin=explain(pre_ping_trail, "`pool_pre_ping`", module, span),
        keywords_open=any(view.seen.arguments.open_keywords is not None for view in judged),
        creator=creator,
        autocommit=_autocommit(judged),
        misplaced=_misplaced(module, layout, judged, creator),
        connection_class=any(not isinstance(_connect_arg(view, "connection_class"), Absent) for view in judged),
    )


# --- the URL and its driver ---


def _views(seen: EngineCall) -> Iterator[_View]:
    for guard, url in alternatives(harden(engine_url(seen.function, seen.arguments))):
        if not any(compatible(guard, at) for at in seen.path):
            continue
        for inner, single, scheme in _schemes(url):
            if compatible(guard, inner):
                yield _View(seen, guard | inner, single, _driver(scheme))


def _schemes(url: Value) -> Iterator[tuple[Guard, Value, str | None]]:
    """The possible schemes of one URL: a URL object may have several drivers."""
    if isinstance(url, Url):
        for guard, driver in alternatives(harden(url.drivername)):
            yield guard, url, as_text(driver).known
        return
    yield frozenset(), url, single_scheme(url)


def _driver(scheme: str | None) -> Driver:
    if scheme is None:
        return Driver.UNKNOWN
    return Driver.ASYNCPG if scheme in ASYNCPG else Driver.OTHER


def _other_driver(views: list[_View]) -> Driver:
    return Driver.OTHER if views and all(view.driver is Driver.OTHER for view in views) else Driver.UNKNOWN


def _driver_reason(views: list[_View]) -> str:
    for view in views:
        if view.driver is Driver.UNKNOWN:
            reason = view.url.reason if isinstance(view.url, Unknown) else None
            if isinstance(view.url, Text):
                reason = next((piece.reason for piece in view.url.pieces if isinstance(piece, Unknown)), None)
            return reason or "the URL is not a string that can be followed"
    return ""


def _url_origin(views: list[_View], module: Module, span: tuple[int, int]) -> tuple[Related, ...]:
    for view in views:
        trail = view.url.trail or (view.url.drivername.trail if isinstance(view.url, Url) else ())
        places = explain(trail, "the URL", module, span)
        if places:
            return places
    return ()


# --- options ---


def _option(seen: EngineCall, name: str) -> Value:
    """What an engine function gets under a keyword, or under a key of the configuration that it is given."""
    arguments = seen.arguments
    given = arguments.keywords.get(name)
    if given is not None and not _maybe_absent(given):
        return given
    missing: Value = Absent()
    if arguments.open_keywords is not None:
        missing = Unknown(arguments.open_keywords, ("option", id(seen), name))
    elif seen.function.endswith("from_config"):
        missing = _configured(seen, name)
    if given is None:
        return missing
    return choose((guard, missing if isinstance(single, Absent) else single) for guard, single in alternatives(given))


def _configured(seen: EngineCall, name: str) -> Value:
    section = seen.arguments.get(0, "configuration") or Absent()
    prefix = as_text(harden(seen.arguments.get(1, "prefix") or as_text(Const("sqlalchemy.")))).known or ""
    if prefix == "" and seen.arguments.get(1, "prefix") is None:
        prefix = "sqlalchemy."

    def one(single: Value) -> Value:
        if not isinstance(single, MappingValue):
            return Absent()
        found = single.items.get(prefix + name)
        return Absent() if found is None else found

    return choose((guard, one(single)) for guard, single in alternatives(section))


def _maybe_absent(value: Value) -> bool:
    return any(isinstance(single, Absent) for _, single in alternatives(value))


def _judged(value: Value) -> list[Value]:
    """The possibilities that count: those of the environment fall away where a default stands beside them."""
    singles = [single for _, single in alternatives(value)]
    hard = [single for single in singles if not is_soft(single)]
    return hard or singles


def _connect_arg(view: _View, key: str) -> Value:
    """What connect_args brings under a key, in this view; Absent where it certainly brings nothing."""

    def one(single: Value) -> Value:
        match single:
            case MappingValue():
                return single.get(key)
            case Absent() | Const(value=None):
                return Absent()
            case Unknown():
                return Unknown(single.reason, ("connect_args", single.ident, key), soft=single.soft)
        return Unknown("connect_args is not a dict that can be followed")

    value = choose((guard, one(single)) for guard, single in alternatives(view.option("connect_args")))
    return restrict(value, (view.guard,))


# --- cache sizes ---


def _size(
    world: World, module: Module, layout: CallLayout, views: list[_View], key: str, creator: str | None
) -> CacheSize:
    states: dict[SizeState, Value] = {}
    guards: dict[SizeState, list[Guard]] = {}
    for view in views:
        for guard, value, state in _size_states(view, key, creator):
            states.setdefault(state, value)
            guards.setdefault(state, []).append(guard)
    state = _one_state(world, set(states), guards)
    value = states.get(state, Unknown(""))
    if state is SizeState.CONDITIONAL:
        value = states.get(SizeState.ZERO, value)
    origin = explain(value.trail, f"`{key}`", module, (layout.start, layout.end))
    return CacheSize(
        key=key,
        state=state,
        value=_python(value),
        literals=_literals(module, key, [value]) if state in (SizeState.POSITIVE, SizeState.INVALID) else None,
        origin=origin,
        reason=value.reason if isinstance(value, Unknown) else "",
    )


def _size_states(view: _View, key: str, creator: str | None) -> Iterator[tuple[Guard, Value, SizeState]]:
    if creator is not None:
        yield frozenset(), Unknown(f"`{creator}` makes the connections"), SizeState.UNKNOWN
        return
    value = _connect_arg(view, key)
    if key == PREPARED:
        query = _query(view)
        options = []
        for guard, single in alternatives(value):
            options.append((guard, query if isinstance(single, Absent) else single))
        value = choose(options)
    for guard, single in alternatives(_without_soft(value)):
        yield guard, single, size_state(key, single)


def _without_soft(value: Value) -> Value:
    if not isinstance(value, Choice):
        return value
    hard = [(guard, single) for guard, single in value.alternatives if not is_soft(single)]
    return choose(hard) if hard else value


def _query(view: _View) -> Value:
    """SQLAlchemy's own key in the URL's query, which it turns into a number there."""
    value = _query_value(view.url, PREPARED)
    if isinstance(value, Text) and value.known is not None:
        try:
            return Const(int(value.known), trail=value.trail)
        except ValueError:
            return value
    return value


def _query_value(url: Value, key: str) -> Value:
    parsed = parse_url(url) if isinstance(url, Text) else url
    if not isinstance(parsed, Url):
        return Absent()
    query = parsed.query
    singles = [single for _, single in alternatives(query)]
    found = [single.items[key] for single in singles if isinstance(single, MappingValue) and key in single.items]
    return found[0] if found else Absent()


def size_state(key: str, value: Value) -> SizeState:
    """What one value of a key means to the layer that reads it."""
    match value:
        case Absent():
            return SizeState.ABSENT
        case Const(value=plain):
            return _constant_state(key, plain)
        case Text():
            return SizeState.INVALID
    return SizeState.UNKNOWN


def _constant_state(key: str, plain: object) -> SizeState:
    if key == PREPARED and (plain is None or plain is False or plain == 0):
        return SizeState.ZERO
    if plain is None or isinstance(plain, bool):
        return SizeState.INVALID if key == STATEMENT else SizeState.UNKNOWN
    if isinstance(plain, int):
        if plain == 0:
            return SizeState.ZERO
        return SizeState.POSITIVE if plain > 0 else SizeState.INVALID
    return SizeState.UNKNOWN


def _one_state(world: World, states: set[SizeState], guards: dict[SizeState, list[Guard]]) -> SizeState:
    if not states:
        return SizeState.UNKNOWN
    for certain in (SizeState.INVALID, SizeState.POSITIVE):
        if certain in states:
            return certain
    if len(states) == 1:
        return next(iter(states))
    if SizeState.UNKNOWN in states:
        return SizeState.UNKNOWN
    if asks_for_pooler(world, [*guards[SizeState.ZERO], *guards[SizeState.ABSENT]]):
        return SizeState.ZERO
    return SizeState.CONDITIONAL


def _python(value: Value) -> str:
    if isinstance(value, Const):
        return repr(value.value)
    if isinstance(value, Text) and value.known is not None:
        return repr(value.known)
    return ""


def _literals(module: Module, key: str, values: Iterable[Value]) -> tuple[tuple[int, int], ...] | None:
    """The spans of the literals that may be replaced: those written directly under the key, in this file."""
    spans: list[tuple[int, int]] = []
    for value in values:
        step = value.trail[0] if value.trail else None
        if step is None or step.module is not module or step.label != "literal":
            return None
        if not _under_key(module, step.node, key):
            return None
        spans.append(module.tree.span(step.node))
    return tuple(spans) or None


def _under_key(module: Module, node: cst.CSTNode, key: str) -> bool:
    parents = module.index.parents
    parent = parents.get(id(node))
    if isinstance(parent, cst.UnaryOperation):
        parent = parents.get(id(parent))
    if isinstance(parent, cst.DictElement):
        return isinstance(parent.key, cst.SimpleString) and parent.key.raw_value == key
    if isinstance(parent, cst.Arg):
        return parent.keyword is not None and parent.keyword.value == key
    if isinstance(parent, cst.Assign):
        target = parent.targets[0].target
        if len(parent.targets) == 1 and isinstance(target, cst.Subscript) and len(target.slice) == 1:
            index = target.slice[0].slice
            return (
                isinstance(index, cst.Index)
                and isinstance(index.value, cst.SimpleString)
                and index.value.raw_value == key
            )
    return False


# --- pool, pre-ping, the rest ---

_KEEPING = frozenset(
    {"QueuePool", "AsyncAdaptedQueuePool", "FallbackAsyncAdaptedQueuePool", "AssertionPool", "SingletonThreadPool"}
)


def _pool_kind(value: Value) -> Pool:
    match value:
        case Absent() | Const(value=None):
            return Pool.KEEPING
        case Library(name=name):
            last = name.rpartition(".")[2]
            if last == "NullPool":
                return Pool.NULL
            if last == "StaticPool":
                return Pool.STATIC
            return Pool.KEEPING if last in _KEEPING else Pool.UNKNOWN
    return Pool.UNKNOWN


def _ping(value: Value) -> PrePing:
    match value:
        case Absent():
            return PrePing.ABSENT
        case Const(value=plain) if plain is None or isinstance(plain, (bool, int)):
            return PrePing.TRUE if plain else PrePing.FALSE
        case Text() if value.known is not None:
            return PrePing.TRUE if value.known.lower() in ("true", "yes", "on", "y", "t", "1") else PrePing.FALSE
    return PrePing.UNKNOWN


def _pool(views: list[_View]) -> tuple[Pool, PrePing, Trail]:
    """The pool, and the pre-ping on the paths on which that pool keeps connections."""
    pools: set[Pool] = set()
    pings: dict[PrePing, Trail] = {}
    for view in views:
        if not isinstance(view.option("pool"), Absent):
            pools.add(Pool.UNKNOWN)
            continue
        options = (_without_soft(view.option("poolclass")), _without_soft(view.option("pool_pre_ping")))
        for _, (pool, ping) in combinations(options):
            kind = _pool_kind(pool)
            pools.add(kind)
            if kind is Pool.KEEPING:
                pings.setdefault(_ping(ping), ping.trail)
    if Pool.UNKNOWN in pools or not pools:
        return Pool.UNKNOWN, PrePing.UNKNOWN, ()
    if Pool.KEEPING not in pools:
        return pools.pop(), PrePing.ABSENT, ()
    return Pool.KEEPING, *_one_ping(pings)


def _one_ping(pings: dict[PrePing, Trail]) -> tuple[PrePing, Trail]:
    if PrePing.UNKNOWN in pings:
        return PrePing.UNKNOWN, pings[PrePing.UNKNOWN]
    if PrePing.TRUE in pings and len(pings) > 1:
        return PrePing.CONDITIONAL, pings[PrePing.TRUE]
    if PrePing.FALSE in pings:
        return PrePing.FALSE, pings[PrePing.FALSE]
    return next(iter(pings.items()))


def _creator(views: list[_View]) -> str | None:
    for view in views:
        for name in ("async_creator", "creator"):
            given = _judged(view.option(name))
            if any(not isinstance(one, (Absent, Unknown)) and one != Const(None) for one in given):
                return name
            if name in view.seen.arguments.keywords and any(isinstance(one, Unknown) for one in given):
                return name
    return None


def _autocommit(views: list[_View]) -> bool | None:
    found: set[bool | None] = set()
    for view in views:
        for single in _judged(view.option("isolation_level")):
            if isinstance(single, (Absent, Const)):
                found.add(False)
            elif isinstance(single, Text) and single.known is not None:
                found.add(single.known.upper() == "AUTOCOMMIT")
            else:
                found.add(None)
        for options in _judged(view.option("execution_options")):
            if isinstance(options, MappingValue):
                level = options.items.get("isolation_level")
                if isinstance(level, Text) and level.known == "AUTOCOMMIT":
                    found.add(True)
    if True in found:
        return True
    return None if None in found else False


def _name_function(views: list[_View]) -> NameFunction:
    found: set[NameFunction] = set()
    for view in views:
        for single in _judged(_connect_arg(view, NAME_FUNCTION)):
            match single:
                case Absent() | Const(value=None):
                    found.add(NameFunction.ABSENT)
                case Function():
                    found.add(_named_by(single))
                case Object() | Library():
                    found.add(NameFunction.UNIQUE)
                case _:
                    found.add(NameFunction.UNKNOWN)
    return found.pop() if len(found) == 1 else NameFunction.UNKNOWN


def _named_by(function: Function) -> NameFunction:
    """Whether a name function gives the empty name; a function with an f-string or a call in it makes unique ones."""
    body: cst.CSTNode = function.node.body
    if (
        isinstance(body, cst.IndentedBlock)
        and len(body.body) == 1
        and isinstance(body.body[0], cst.SimpleStatementLine)
    ):
        line = body.body[0].body[0]
        body = line.value if isinstance(line, cst.Return) and line.value is not None else body
    if isinstance(body, cst.SimpleString):
        return NameFunction.EMPTY if body.raw_value == "" else NameFunction.UNKNOWN
    if isinstance(body, (cst.FormattedString, cst.Call, cst.BinaryOperation, cst.IndentedBlock)):
        return NameFunction.UNIQUE
    return NameFunction.UNKNOWN


def _misplaced(module: Module, layout: CallLayout, views: list[_View], creator: str | None) -> tuple[Misplaced, ...]:
    found: dict[tuple[str, MisplacedWhere], Misplaced] = {}
    span = (layout.start, layout.end)
    for view in views:
        if view.driver is not Driver.ASYNCPG:
            continue
        for key in KEYS:
            given = view.seen.arguments.keywords.get(key)
            for single in [] if given is None else _judged(restrict(given, (view.guard,))):
                if not isinstance(single, Absent):
                    index = _argument(layout, key)
                    place = explain(single.trail, f"`{key}`", module, span)
                    where = MisplacedWhere.ENGINE_KEYWORD
                    found.setdefault((key, where), Misplaced(key, where, _python(single), index, None, place))
            configured = _configured(view.seen, key) if view.seen.function.endswith("from_config") else Absent()
            for single in _judged(configured):
                if not isinstance(single, Absent):
                    where = MisplacedWhere.ALEMBIC_KEY
                    place = explain(single.trail, f"`{key}`", module, span)
                    found.setdefault((key, where), Misplaced(key, where, _python(single), None, None, place))
            if creator is not None:
                for single in _judged(_connect_arg(view, key)):
                    if not isinstance(single, (Absent, Unknown)):
                        where = MisplacedWhere.BESIDE_CREATOR
                        place = explain(single.trail, f"`{key}`", module, span)
                        found.setdefault((key, where), Misplaced(key, where, _python(single), None, None, place))
        in_url = _query_value(view.url, STATEMENT)
        if not isinstance(in_url, Absent):
            where = MisplacedWhere.URL_QUERY
            removal = _removal(module, view.url, STATEMENT)
            place = explain(view.url.trail, "the URL", module, span)
            found.setdefault((STATEMENT, where), Misplaced(STATEMENT, where, _python(in_url), None, removal, place))
    return tuple(found.values())


def _argument(layout: CallLayout, keyword: str) -> int | None:
    return next((index for index, one in enumerate(layout.arguments) if one.keyword == keyword), None)


def _written_value(layout: CallLayout, keyword: str) -> tuple[int, int] | None:
    index = _argument(layout, keyword)
    if index is None:
        return None
    return layout.arguments[index].value_start, layout.arguments[index].value_end


def _removal(module: Module, url: Value, key: str) -> tuple[int, int] | None:
    """The span of `key=value` with one separator in the string literal of this file that the URL is written as."""
    step = url.trail[0] if url.trail else None
    if step is None or step.module is not module or not isinstance(step.node, (cst.SimpleString, cst.FormattedString)):
        return None
    start, end = module.tree.span(step.node)
    written = module.source.text[start:end]
    at = written.find(f"{key}=")
    if at <= 0 or written.count(f"{key}=") != 1 or written[at - 1] not in "?&":
        return None
    stop = at
    while stop < len(written) and written[stop] not in "&#\"'{}\\ ":
        stop += 1
    if written[stop : stop + 1] == "&":
        return start + at, start + stop + 1
    if written[stop : stop + 1] not in ('"', "'", "#"):
        return None
    return start + at - 1, start + stop


def _connect_args(module: Module, node: cst.Call, layout: CallLayout, views: list[_View]) -> ConnectArgs:
    written = _argument(layout, "connect_args")
    if written is not None:
        argument = layout.arguments[written]
        display = _display(module, node)
        may_be_none = any(
            isinstance(single, Const) and single.value is None
            for view in views
            for _, single in alternatives(view.option("connect_args"))
        )
        form = ConnectArgsForm.DISPLAY if display is not None else ConnectArgsForm.EXPRESSION
        return ConnectArgs(form, (argument.value_start, argument.value_end), display, may_be_none)
    if any(argument.star == "*" for argument in layout.arguments):
        return ConnectArgs(ConnectArgsForm.FIXED)
    if all(isinstance(view.option("connect_args"), Absent) for view in views):
        return ConnectArgs(ConnectArgsForm.ABSENT)
    if any(argument.star == "**" for argument in layout.arguments):
        return ConnectArgs(ConnectArgsForm.SPREAD)
    return ConnectArgs(ConnectArgsForm.FIXED)


def _display(module: Module, node: cst.Call) -> DictLayout | None:
    for arg in node.args:
        if arg.keyword is not None and arg.keyword.value == "connect_args" and isinstance(arg.value, cst.Dict):
            return dict_layout(module.tree, arg.value)
    return None


__all__ = ["KEYS", "PREPARED", "STATEMENT", "Sequence", "Silent", "collect_engines", "size_state"]
