"""The calls to psycopg's `execute()` that send SQL with the extended protocol, which takes one command at a time.

Measured with psycopg 3.3.9 and 3.1.20: these are calls with parameters, with `binary=True`, and with a prepared
statement. A threshold of 0 prepares at the first execution, and so do False and negative numbers. A positive threshold
never counts a string of several commands. `prepare=False` overrides the threshold, and a threshold of None overrides
`prepare=True`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import libcst as cst

from poolsafe.facts.connection import ThresholdState
from poolsafe.facts.given import Given, given_by
from poolsafe.facts.observed import Observed
from poolsafe.facts.receivers import connectable_of, receivers_of
from poolsafe.facts.runners import Runners
from poolsafe.facts.thresholds import KEY, is_configured, is_set_later, threshold_state
from poolsafe.facts.views import as_python, judged_values
from poolsafe.inference import LibraryResult, Module, ObservedCall, Unknown, Value
from poolsafe.libraries import PSYCOPG_CONNECTS, PSYCOPG_POOLS, PSYCOPG_SCHEMES
from poolsafe.syntax.index import last_name

# A cursor of this class merges the parameters into the text.
_MERGING = "ClientCursor"
_PARAMETERS = "when parameters are passed"
_NOT_OFF = frozenset({ThresholdState.ABSENT, ThresholdState.POSITIVE, ThresholdState.AT_ONCE})


def why_one_command(seen: ObservedCall) -> str | None:
    """Returns why psycopg's own connection sends the SQL of a call as one command, or None if it may not."""
    if _MERGING in seen.module.source.text:
        return None
    call = seen.syntax
    if call is None:
        return None
    if _gives_parameters(call):
        return _PARAMETERS
    if _says(call, "binary", "True"):
        return "with `binary=True`"
    if _says(call, "prepare", "False"):
        return None
    given = [_given(seen, single) for single in receivers_of([seen])]
    if _says(call, "prepare", "True") and all(one is not None and _states(one) <= _NOT_OFF for one in given):
        return "with `prepare=True`"
    return _at_once(seen.module, given)


def why_engine_sends_one_command(
    observed: Observed, runs: Iterable[ObservedCall], runners: Runners, *, named: bool
) -> str | None:
    """Returns why an engine of SQLAlchemy on psycopg sends the SQL as one command, or None if it may not.

    `named`: the SQL may contain named parameters. SQLAlchemy does not pass on parameters that its `text()` does not
    contain. A session of an unknown engine is on psycopg if all engines of this file are.
    """
    for seen in runs:
        receivers = list(receivers_of([seen]))
        if not receivers or _MERGING in observed.module.source.text:
            continue
        if not all(_is_psycopgs(one) or (_is_unknown(one) and runners.has_only_psycopg) for one in receivers):
            continue
        made = list(map(connectable_of, receivers))
        call = seen.syntax
        if named and call is not None and _gives_parameters(call):
            return _PARAMETERS
        makers = {id(one.made_by) for one in made if one is not None and one.made_by is not None}
        why = _at_once(observed.module, [given_by(one) for one in observed.engine_calls if id(one.node) in makers])
        if why is not None:
            return why
    return None


def _at_once(module: Module, given: Sequence[Given | None]) -> str | None:
    """Returns the threshold in words if all of these connections prepare every statement at once."""
    if not given or is_set_later(module):
        return None
    if any(one is None or is_configured(one) or _states(one) != {ThresholdState.AT_ONCE} for one in given):
        return None
    written = {as_python(value) for one in given if one is not None for value in judged_values(one.option(KEY))}
    return f"with `{KEY}={written.pop()}`"


def _states(given: Given) -> set[ThresholdState]:
    return set(map(threshold_state, judged_values(given.option(KEY))))


def _given(seen: ObservedCall, receiver: Value) -> Given | None:
    """Returns the arguments of the call that created a receiver, or None if the receiver has another origin."""
    if not isinstance(receiver, LibraryResult) or receiver.name not in PSYCOPG_CONNECTS | PSYCOPG_POOLS:
        return None
    return given_by(replace(seen, function=receiver.name, arguments=receiver.arguments))


def _is_psycopgs(receiver: Value) -> bool:
    made = connectable_of(receiver)
    return made is not None and bool(made.schemes) and made.schemes <= PSYCOPG_SCHEMES


def _is_unknown(receiver: Value) -> bool:
    """Returns whether nothing is known about the engine of a session or connection."""
    made = connectable_of(receiver)
    if made is None:
        return isinstance(receiver, Unknown)
    return not (made.schemes or made.migration or made.schema)


def _gives_parameters(node: cst.Call) -> bool:
    """Returns whether a call passes a non-empty tuple, list or dict after the SQL, or is an `executemany()`."""
    if last_name(node.func) == "executemany":
        return True
    given = [argument for argument in node.args if argument.keyword is None]
    return len(given) > 1 and _is_full(given[1].value)


def _is_full(node: cst.BaseExpression) -> bool:
    """Returns whether an expression, by its syntax, is a non-empty tuple, list or dict."""
    match node:
        case cst.Tuple() | cst.List() | cst.Dict():
            return bool(node.elements)
        case cst.BooleanOperation(operator=cst.Or(), right=default):
            return _is_full(default)  # if the left side is empty, this is the value
        case cst.IfExp(body=body, orelse=orelse):
            return _is_full(body) and _is_full(orelse)
    return False


def _says(node: cst.Call, keyword: str, constant: str) -> bool:
    """Returns whether a call has a keyword that is written as this constant."""
    return any(
        argument.keyword is not None
        and argument.keyword.value == keyword
        and isinstance(argument.value, cst.Name)
        and argument.value.value == constant
        for argument in node.args
    )
