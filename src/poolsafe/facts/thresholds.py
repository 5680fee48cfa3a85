"""psycopg's `prepare_threshold`: the values that reach its connections, directly and through SQLAlchemy's engines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import libcst as cst

from poolsafe.facts.connection import ClientDriver, Connection, ConnectionUrl, Threshold, ThresholdState
from poolsafe.facts.connection_calls import connection_of
from poolsafe.facts.creators import CREATORS
from poolsafe.facts.engine import Driver
from poolsafe.facts.given import Given, given_by
from poolsafe.facts.option_places import is_extendable, literals_of
from poolsafe.facts.places import explain
from poolsafe.facts.pooler_conditions import asks_for_pooler
from poolsafe.facts.reach import Surroundings
from poolsafe.facts.server_addresses import servers_of
from poolsafe.facts.url_signs import signs_of
from poolsafe.facts.views import View, as_python, detection_alternatives, views_of
from poolsafe.inference import Absent, Const, Function, Guard, Module, ObservedCall, Text, Unknown, Value, alternatives
from poolsafe.inference.models import is_address, single_scheme
from poolsafe.libraries import PSYCOPG_SCHEMES
from poolsafe.syntax.index import descendants
from poolsafe.syntax.layout import CallLayout

KEY = "prepare_threshold"
_WRONG = frozenset({ThresholdState.AT_ONCE, ThresholdState.POSITIVE, ThresholdState.INVALID})


def threshold_of(surroundings: Surroundings, layout: CallLayout, given: list[Given]) -> Threshold:
    """Returns the threshold that the calls pass to psycopg, or to a pool that passes it on."""
    module = surroundings.module
    options = [option for one in given for option in detection_alternatives(one.option(KEY))]
    found = _threshold(surroundings, layout, options)
    if found.state is ThresholdState.ABSENT and (is_set_later(module) or any(map(is_configured, given))):
        return Threshold(ThresholdState.UNKNOWN, reason="it is set after the connection is made")
    return found


def psycopg_engines(surroundings: Surroundings) -> Iterator[Connection]:
    """Yields the SQLAlchemy engines that use psycopg 3 on every path, or that set its threshold."""
    for calls in surroundings.observed.engines:
        views = [view for seen in calls for view in views_of(seen)]
        if not views or any(view.driver is Driver.ASYNCPG for view in views):
            continue
        psycopg = all(single_scheme(view.url) in PSYCOPG_SCHEMES for view in views)
        given = [given_by(seen) for seen in calls]
        unknown = all(single_scheme(view.url) in (*PSYCOPG_SCHEMES, None) for view in views)
        if not psycopg and not (unknown and any(_gives_number(one) for one in given)):
            continue
        if any(_has_creator(view) for view in views):
            continue
        yield _engine(surroundings, calls, given, views)


def _engine(surroundings: Surroundings, calls: list[ObservedCall], given: list[Given], views: list[View]) -> Connection:
    made = connection_of(surroundings, calls, given, ClientDriver.PSYCOPG)
    servers = tuple(dict.fromkeys(server for view in views for server in servers_of(view.url)))
    return replace(
        made,
        url=ConnectionUrl(servers, made.url.origin, signs_of((view.guard, view.url) for view in views)),
        threshold=threshold_of(surroundings, made.call, given),
        # The same call may open another database, which rejects the keyword.
        extendable=not any(
            surroundings.expects_another(url, guard, one.everywhere.path, "psycopg")
            for one in given
            for guard, url in one.brought_urls
        )
        and is_extendable(surroundings, calls, made.options_name),
        direct=all(is_address(view.url) for view in views) or made.direct,
    )


def _has_creator(view: View) -> bool:
    return any(not isinstance(view.option(name), Absent) for name in CREATORS)


def _gives_number(given: Given) -> bool:
    return any(threshold_state(single) in _WRONG for _, single in alternatives(given.option(KEY)))


def _threshold(surroundings: Surroundings, layout: CallLayout, options: list[tuple[Guard, Value]]) -> Threshold:
    states: dict[ThresholdState, list[tuple[Guard, Value]]] = {}
    for guard, single in options:
        states.setdefault(threshold_state(single), []).append((guard, single))
    state = _one_state(surroundings, states)
    values = states.get(state, [])
    value = values[0][1] if values else Unknown("no code path reaches it")
    wrong = [single for each in _WRONG for _, single in states.get(each, ())]
    replaceable = state in _WRONG and set(states) <= _WRONG | {ThresholdState.OFF}
    replaceable = replaceable and not _drops_items(surroundings.module)
    return Threshold(
        state,
        as_python(value),
        literals_of(surroundings, layout, KEY, wrong) if replaceable else None,
        explain(value.provenance, f"`{KEY}`", surroundings.module, (layout.start, layout.end)),
        value.reason if isinstance(value, Unknown) else "it is not a number that poolsafe can follow",
    )


def _drops_items(module: Module) -> bool:
    """Returns whether the file filters a dict, as in `{... for key, value in ... if value is not None}`.

    This may drop the None that a fix sets.
    """
    return any(isinstance(node, cst.DictComp) and node.for_in.ifs for node in descendants(module.tree.module))


def _one_state(surroundings: Surroundings, states: dict[ThresholdState, list[tuple[Guard, Value]]]) -> ThresholdState:
    for wrong in (ThresholdState.INVALID, ThresholdState.AT_ONCE):
        if wrong in states:
            return wrong
    if len(states) == 1:
        return next(iter(states))
    if ThresholdState.UNKNOWN in states or not states:
        return ThresholdState.UNKNOWN
    # `None if is_pooler else 5` disables it where that is necessary.
    off = [guard for guard, _ in states.get(ThresholdState.OFF, ())]
    on = [guard for state, found in states.items() if state is not ThresholdState.OFF for guard, _ in found]
    if off and asks_for_pooler(surroundings.observed.inference, off, on):
        return ThresholdState.OFF
    if ThresholdState.POSITIVE in states:
        return ThresholdState.POSITIVE
    return ThresholdState.CONDITIONAL


def threshold_state(value: Value) -> ThresholdState:
    """Returns the state of one value of `prepare_threshold`."""
    match value:
        case Absent():
            return ThresholdState.ABSENT
        case Const(value=None):
            return ThresholdState.OFF
        case Const(value=bool() | int() as number):
            return ThresholdState.AT_ONCE if number <= 0 else ThresholdState.POSITIVE
        case Text():
            return ThresholdState.INVALID
    return ThresholdState.UNKNOWN


def is_configured(given: Given) -> bool:
    """Returns whether a pool's `configure` function may set the threshold of each connection."""
    for _, single in alternatives(given.option_of_call("configure")):
        if isinstance(single, Function):
            if _assigns_threshold(single.module.syntax(single.node.origin)):
                return True
        elif not isinstance(single, Absent) and single != Const(None):
            return True
    return False


def is_set_later(module: Module) -> bool:
    """Returns whether the file sets the threshold of some connection: `connection.prepare_threshold = None`."""
    return KEY in module.source.text and _assigns_threshold(module.tree.module)


def _assigns_threshold(node: cst.CSTNode | None) -> bool:
    return node is None or any(
        isinstance(one, cst.AssignTarget) and isinstance(one.target, cst.Attribute) and one.target.attr.value == KEY
        for one in descendants(node)
    )
