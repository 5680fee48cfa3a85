"""The two cache sizes: the values that reach the driver under each key."""

from __future__ import annotations

from collections.abc import Iterator

from poolsafe.facts.creators import connections, given_to_adapter, given_to_asyncpg
from poolsafe.facts.engine import CacheSize, Driver, SizeState
from poolsafe.facts.places import explain
from poolsafe.facts.pooler_conditions import asks_for_pooler
from poolsafe.facts.reach import Surroundings
from poolsafe.facts.views import View, as_python, connect_arg, detection_alternatives, query_value
from poolsafe.facts.written_keys import literals_of_value, outcomes, value_under
from poolsafe.inference import (
    Absent,
    Const,
    Guard,
    Inference,
    Text,
    Unknown,
    Value,
    alternatives,
    choose,
)
from poolsafe.syntax.layout import CallLayout

STATEMENT = "statement_cache_size"
PREPARED = "prepared_statement_cache_size"

_WRONG = frozenset({SizeState.POSITIVE, SizeState.INVALID})


def cache_size(
    surroundings: Surroundings,
    layout: CallLayout,
    views: list[View],
    key: str,
    creator: str | None,
    overridden: list[View],
) -> CacheSize:
    """Returns the cache size under a key. `overridden` are the views in which the environment replaces the URL."""
    inference, module = surroundings.observed.inference, surroundings.module
    states: dict[SizeState, Value] = {}
    guards: dict[SizeState, list[Guard]] = {}
    for view in views:
        for guard, value, state in _ours(surroundings, view, list(size_states(view, key, creator))):
            states.setdefault(state, value)
            guards.setdefault(state, []).append(guard)
    state = one_state(inference, set(states), guards)
    # The environment replaces the URL of one of the calls that lead here, and perhaps not that of another one.
    replaced = {id(view.seen) for view in views} <= {id(view.seen) for view in overridden}
    is_open = replaced and state in (SizeState.ABSENT, SizeState.POSITIVE)
    if is_open and _is_off_behind_pooler(surroundings, overridden, key, creator):
        state = SizeState.ZERO
    value = states.get(state, Unknown("no code path reaches it"))
    if state is SizeState.CONDITIONAL:
        value = states.get(SizeState.ZERO, value)
    origin = explain(value.provenance, f"`{key}`", module, (layout.start, layout.end))
    return CacheSize(
        key=key,
        state=state,
        value=as_python(value),
        literals=_literals(surroundings, [view.whole for view in (*views, *overridden)], key, creator)
        if state in _WRONG
        else None,
        origin=origin,
        reason=_reason(value) if state is SizeState.UNKNOWN else "",
    )


def _ours(
    surroundings: Surroundings, view: View, states: list[tuple[Guard, Value, SizeState]]
) -> list[tuple[Guard, Value, SizeState]]:
    """Returns the states, except on paths whose condition implies a driver other than the URL's, if others remain.

    The analysis may not see that a condition excludes the URL.
    """
    if view.driver is not Driver.ASYNCPG or len(states) < 2:
        return states
    return [one for one in states if not surroundings.tests.implied(one[0]).other] or states


def _reason(value: Value) -> str:
    return value.reason if isinstance(value, Unknown) else "it is not a number that poolsafe can follow"


def _is_off_behind_pooler(surroundings: Surroundings, overridden: list[View], key: str, creator: str | None) -> bool:
    """Returns whether a URL from the environment is tested for a pooler, and the cache is disabled if it has one.

    The default URL, often that of a developer's own server, is then irrelevant.
    """
    ways = [
        (guard, state)
        for view in overridden
        for guard, _, state in size_states(view, key, creator)
        if surroundings.driver_on(view, guard) is not Driver.OTHER
    ]
    off = [guard for guard, state in ways if state is SizeState.ZERO]
    on = [guard for guard, state in ways if state is not SizeState.ZERO]
    return bool(off) and asks_for_pooler(surroundings.observed.inference, off, on)


def size_states(view: View, key: str, creator: str | None) -> Iterator[tuple[Guard, Value, SizeState]]:
    """Yields each value of a cache size in a view, with its guard and its state."""
    if creator is not None:
        # SQLAlchemy ignores connect_args if there is a creator.
        given = given_to_asyncpg if key == STATEMENT else given_to_adapter
        for guard, connection in connections(view, creator):
            for inner, single in detection_alternatives(given(connection, key)):
                yield guard | inner, single, size_state(key, single)
        return
    value = connect_arg(view, key)
    if key == PREPARED:
        query = _query(view)
        options = []
        for guard, single in alternatives(value):
            options.append((guard, query if isinstance(single, Absent) else single))
        value = choose(options)
    for guard, single in detection_alternatives(value):
        yield guard, single, size_state(key, single)


def not_zero(views: list[View], creator: str | None) -> frozenset[str]:
    """Returns the keys whose size may differ from 0 in one of the views."""
    return frozenset(
        key
        for key in (STATEMENT, PREPARED)
        if any(state is not SizeState.ZERO for view in views for _, _, state in size_states(view, key, creator))
    )


def _query(view: View) -> Value:
    """Returns SQLAlchemy's own key in the URL's query string, converted to a number as SQLAlchemy does."""
    value = query_value(view.url, PREPARED)
    if isinstance(value, Text) and value.known is not None:
        try:
            return Const(int(value.known), provenance=value.provenance)
        except ValueError:
            return value
    return value


def size_state(key: str, value: Value) -> SizeState:
    """Returns the meaning of a value for the layer that reads the key."""
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


def one_state(inference: Inference, states: set[SizeState], guards: dict[SizeState, list[Guard]]) -> SizeState:
    if not states:
        return SizeState.UNKNOWN
    if SizeState.INVALID in states:
        return SizeState.INVALID
    if SizeState.POSITIVE in states:
        # `0 if is_pooler else 100` disables the cache where that is necessary.
        off = states == {SizeState.ZERO, SizeState.POSITIVE} and asks_for_pooler(
            inference, guards[SizeState.ZERO], guards[SizeState.POSITIVE]
        )
        return SizeState.ZERO if off else SizeState.POSITIVE
    if len(states) == 1:
        return next(iter(states))
    if SizeState.UNKNOWN in states:
        return SizeState.UNKNOWN
    if asks_for_pooler(inference, guards[SizeState.ZERO], guards[SizeState.ABSENT]):
        return SizeState.ZERO
    return SizeState.CONDITIONAL


def _literals(
    surroundings: Surroundings, views: list[View], key: str, creator: str | None
) -> tuple[tuple[int, int], ...] | None:
    """Returns the spans of the literals to replace with `0`, so that the size is 0 on every path and for every URL.

    The literals are written directly under the key, in this file, and reach no engine of another driver. Returns None
    if there are other values, or if the file reads the item under the key and may depend on it.
    """
    module = surroundings.module
    if surroundings.reads_item(key):
        return None
    spans: list[tuple[int, int]] = []
    for view in views:
        for _, value, state in size_states(view, key, creator):
            if state is SizeState.ZERO:
                continue
            steps = literals_of_value(value)
            if state not in _WRONG or not steps or any(step.module is not module for step in steps):
                return None
            for step in steps:
                written = value_under(module, step.node, key)
                if written is None or surroundings.gives_to_another_driver(step):
                    return None
                if any(id(one) in surroundings.foreign for one in outcomes(written)):
                    return None
                spans.append(module.tree.outer_span(written))
    return tuple(dict.fromkeys(spans)) or None
