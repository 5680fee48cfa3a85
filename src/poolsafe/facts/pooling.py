"""The pool of an engine, its pre-ping, and other options for creating and using connections."""

from __future__ import annotations

from poolsafe import ir
from poolsafe.facts.creators import CREATORS
from poolsafe.facts.engine import NameFunction, Pool, PrePing
from poolsafe.facts.views import View, connect_arg, detection_alternatives, judged_value, judged_values
from poolsafe.inference import (
    Absent,
    Const,
    Function,
    Guard,
    IsSet,
    Library,
    LibraryObject,
    MappingValue,
    Provenance,
    Symbol,
    Text,
    Unknown,
    Value,
    alternatives,
    compatible,
)

NAME_FUNCTION = "prepared_statement_name_func"


_KEEPING = frozenset(
    {"QueuePool", "AsyncAdaptedQueuePool", "FallbackAsyncAdaptedQueuePool", "AssertionPool", "SingletonThreadPool"}
)


def pool_kind(value: Value) -> Pool:
    """Returns the kind of pool that a `poolclass` creates."""
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


def pool_of(views: list[View]) -> tuple[Pool, PrePing, Provenance]:
    """Returns the pool, and the pre-ping on the paths where this pool keeps connections."""
    pools: set[Pool] = set()
    pings: dict[PrePing, Provenance] = {}
    for view in views:
        if not isinstance(view.option("pool"), Absent):
            pools.add(Pool.UNKNOWN)
            continue
        classes = detection_alternatives(view.option("poolclass"))
        pre_pings = alternatives(judged_value(view.option("pool_pre_ping")))
        unset = _unset_in(classes)
        pairs = ((one | two, pool, ping) for one, pool in classes for two, ping in pre_pings if compatible(one, two))
        for guard, pool, ping in pairs:
            if any(one.holds and one.symbol in unset for one in guard):
                continue
            kind = pool_kind(pool)
            pools.add(kind)
            if kind is Pool.KEEPING:
                pings.setdefault(_ping(ping), ping.provenance)
    if Pool.UNKNOWN in pools or not pools:
        return Pool.UNKNOWN, PrePing.UNKNOWN, ()
    if Pool.KEEPING not in pools:
        return pools.pop(), PrePing.ABSENT, ()
    return Pool.KEEPING, *_one_ping(pings)


def _unset_in(options: list[tuple[Guard, Value]]) -> set[Symbol]:
    """Returns the predicates of variables that decide between some values. Such a variable counts as unset."""
    return {one.symbol for guard, _ in options for one in guard if not one.holds and isinstance(one.symbol, IsSet)}


def _one_ping(pings: dict[PrePing, Provenance]) -> tuple[PrePing, Provenance]:
    if PrePing.UNKNOWN in pings:
        return PrePing.UNKNOWN, pings[PrePing.UNKNOWN]
    if PrePing.TRUE in pings and len(pings) > 1:
        return PrePing.CONDITIONAL, pings[PrePing.TRUE]
    if PrePing.FALSE in pings:
        return PrePing.FALSE, pings[PrePing.FALSE]
    return next(iter(pings.items()))


def creator_of(views: list[View]) -> str | None:
    for view in views:
        for name in CREATORS:
            given = judged_values(view.option(name))
            if any(not isinstance(one, (Absent, Unknown)) and one != Const(None) for one in given):
                return name
            if name in view.seen.arguments.keywords and any(isinstance(one, Unknown) for one in given):
                return name
    return None


def autocommit_of(views: list[View]) -> bool | None:
    found: set[bool | None] = set()
    for view in views:
        for single in judged_values(view.option("isolation_level")):
            if isinstance(single, (Absent, Const)):
                found.add(False)
            elif isinstance(single, Text) and single.known is not None:
                found.add(single.known.upper() == "AUTOCOMMIT")
            else:
                found.add(None)
        for options in judged_values(view.option("execution_options")):
            if isinstance(options, MappingValue):
                level = options.items.get("isolation_level")
                if isinstance(level, Text) and level.known == "AUTOCOMMIT":
                    found.add(True)
    if True in found:
        return True
    return None if None in found else False


def name_function_of(views: list[View]) -> NameFunction:
    found: set[NameFunction] = set()
    for view in views:
        for single in judged_values(connect_arg(view, NAME_FUNCTION)):
            match single:
                case Absent() | Const(value=None):
                    found.add(NameFunction.ABSENT)
                case Function():
                    found.add(_named_by(single))
                case LibraryObject() | Library():
                    found.add(NameFunction.UNIQUE)
                case _:
                    found.add(NameFunction.UNKNOWN)
    return found.pop() if len(found) == 1 else NameFunction.UNKNOWN


def has_own_class(views: list[View]) -> bool:
    """Returns whether connect_args contain a connection class for asyncpg."""
    given = [single for view in views for single in judged_values(connect_arg(view, "connection_class"))]
    return not all(isinstance(single, Absent) for single in given)


def _named_by(function: Function) -> NameFunction:
    """Returns the kind of a name function. If its result is an f-string or a call, the names count as unique."""
    returned = _returned(function.node)
    if isinstance(returned, ir.Constant) and isinstance(returned.value, str):
        return NameFunction.EMPTY if returned.value == "" else NameFunction.UNKNOWN
    if isinstance(returned, (ir.JoinedString, ir.Call, ir.BinaryOperation)):
        return NameFunction.UNIQUE
    return NameFunction.UNKNOWN


def _returned(node: ir.FunctionDef | ir.Lambda) -> ir.Expression | None:
    """Returns the expression that the function's last statement returns, or None."""
    if isinstance(node, ir.Lambda):
        return node.body
    last = node.body.statements[-1]
    return last.value if isinstance(last, ir.Return) else None
