"""The places where the options of a connection are written, and what a fix may add or replace there."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from poolsafe.facts.connection import ConnectionUrl
from poolsafe.facts.engine import CacheSize, ConnectArgs, ConnectArgsForm, SizeState
from poolsafe.facts.given import Given
from poolsafe.facts.misplaced import argument_index
from poolsafe.facts.places import explain
from poolsafe.facts.reach import Surroundings
from poolsafe.facts.sizes import STATEMENT, one_state, size_state
from poolsafe.facts.url_signs import signs_of
from poolsafe.facts.views import as_python, detection_alternatives, option_of
from poolsafe.facts.written_keys import depends_on_callers, literals_of_value, parameters_around, value_under
from poolsafe.findings import Related
from poolsafe.inference import Absent, Const, Guard, Module, ObservedCall, Unknown, Value, alternatives, restrict
from poolsafe.syntax.call_layout import dict_layout
from poolsafe.syntax.layout import CallLayout

_WRONG = frozenset({SizeState.POSITIVE, SizeState.INVALID})


def url_origin(module: Module, given: Iterable[Given], span: tuple[int, int]) -> tuple[Related, ...]:
    """Returns the places where the URL comes from, outside the call."""
    for one in given:
        for _, url in alternatives(one.url):
            places = explain(url.provenance, "the URL", module, span)
            if places:
                return places
    return ()


def connection_url(module: Module, given: list[Given], span: tuple[int, int]) -> ConnectionUrl:
    """Returns the known facts about the server in the URLs and keywords."""
    servers = dict.fromkeys(server for one in given for server in one.servers())
    signs = signs_of(alternative for one in given for alternative in one.addresses())
    return ConnectionUrl(tuple(servers), url_origin(module, given, span), signs)


def size_of(surroundings: Surroundings, layout: CallLayout, given: list[Given]) -> CacheSize:
    """Returns asyncpg's cache size in the calls."""
    module, inference = surroundings.module, surroundings.observed.inference
    states: dict[SizeState, list[tuple[Guard, Value]]] = {}
    for one in given:
        for guard, single in detection_alternatives(one.option(STATEMENT)):
            states.setdefault(size_state(STATEMENT, single), []).append((guard, single))
    guards = {state: [guard for guard, _ in found] for state, found in states.items()}
    state = one_state(inference, set(states), guards)
    of = SizeState.ZERO if state is SizeState.CONDITIONAL else state
    value = states[of][0][1] if of in states else Unknown("no code path reaches it")
    wrong = [single for each in _WRONG for _, single in states.get(each, ())]
    replaceable = state in _WRONG and set(states) <= _WRONG | {SizeState.ZERO}
    return CacheSize(
        key=STATEMENT,
        state=state,
        value=as_python(value),
        literals=literals_of(surroundings, layout, STATEMENT, wrong) if replaceable else None,
        origin=explain(value.provenance, f"`{STATEMENT}`", module, (layout.start, layout.end)),
        reason=value.reason if isinstance(value, Unknown) else "it is not a number that poolsafe can follow",
    )


def literals_of(
    surroundings: Surroundings, layout: CallLayout, key: str, values: Iterable[Value]
) -> tuple[tuple[int, int], ...] | None:
    """Returns the spans of the literals that set these values under a key, in the order of the values.

    Returns None if one of them is not written under the key in this file, or if the file reads the key from any dict.
    """
    module = surroundings.module
    spans: list[tuple[int, int]] = []
    for value in values:
        steps = literals_of_value(value)
        if not steps:
            return None
        for step in steps:
            written = value_under(module, step.node, key) if step.module is module else None
            if written is None:
                return None
            start, end = module.tree.outer_span(written)
            inside = layout.open <= start and end <= layout.close
            if not inside and surroundings.reads_item(key):
                return None
            spans.append((start, end))
    return tuple(dict.fromkeys(spans)) or None


def dict_argument(
    module: Module, node: cst.Call, layout: CallLayout, given: Iterable[Given], name: str, position: int | None = None
) -> ConnectArgs:
    """Returns the form of the dict argument with a driver's options, as written at the call."""
    index = argument_index(layout, name)
    if index is None and position is not None and position < len(layout.arguments):
        argument = layout.arguments[position]
        index = position if argument.keyword is None and not argument.star else None
    if index is not None:
        argument = layout.arguments[index]
        value = node.args[index].value
        display = dict_layout(module.tree, value) if isinstance(value, cst.Dict) else None
        contents = [single for one in given for _, single in alternatives(one.container)]
        may_be_none = any(isinstance(single, Const) and single.value is None for single in contents)
        form = ConnectArgsForm.DISPLAY if display is not None else ConnectArgsForm.EXPRESSION
        return ConnectArgs(form, (argument.value_start, argument.value_end), display, may_be_none)
    absent = all(isinstance(one.container, Absent) for one in given)
    return ConnectArgs(ConnectArgsForm.ABSENT if absent else ConnectArgsForm.FIXED)


def is_extendable(surroundings: Surroundings, calls: list[ObservedCall], keyword: str) -> bool:
    """Returns whether another keyword can be passed on every path, for each caller of the function around the call."""
    if any(seen.arguments.open_keywords is not None or seen.arguments.open_positional for seen in calls):
        return False
    module, node = surroundings.module, calls[0].node
    if calls[0].receiver is None and depends_on_callers(module, node.func):
        # A caller may replace the function with one that does not accept the keyword.
        return False
    written = any(argument.keyword is not None and argument.keyword.value == keyword for argument in node.args)
    if not written and any(_may_be_given(seen, keyword) for seen in calls):
        return False
    return all(
        argument.star != "*" and (argument.star != "**" or _is_own(module, argument.value)) for argument in node.args
    )


def _may_be_given(seen: ObservedCall, keyword: str) -> bool:
    """Returns whether a `**` passes a keyword on some path, including those with overridden defaults."""
    given = restrict(option_of(seen, keyword), seen.path)
    return any(not isinstance(single, Absent) for _, single in alternatives(given))


def _is_own(module: Module, spread: cst.BaseExpression) -> bool:
    """Returns whether the dict that a call spreads is built here and not a parameter, which other callers may set."""
    match spread:
        case cst.Dict():
            return all(isinstance(one, cst.DictElement) or _is_own(module, one.value) for one in spread.elements)
        case cst.Call():
            return True
        case cst.Name(value=name):
            return name not in parameters_around(module, spread)
    return False
