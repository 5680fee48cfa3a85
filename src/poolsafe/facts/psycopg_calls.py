"""The calls of psycopg's `execute()` that send SQL by the extended protocol, which takes one command at a time."""

from __future__ import annotations

import libcst as cst

from poolsafe.inference import Const, LibraryResult, ObservedCall, alternatives
from poolsafe.libraries import PSYCOPG_CONNECTS

# A cursor of this class merges the parameters into the text.
_MERGING = "ClientCursor"
_THRESHOLD = "prepare_threshold"


def sends_one_command(seen: ObservedCall) -> bool:
    """Returns whether psycopg certainly sends the SQL of a call with parameters, or prepares it.

    Empty parameters count as none. A threshold of None wins over `prepare=True`.
    """
    if _MERGING in seen.module.source.text:
        return False
    given = [argument for argument in seen.node.args if argument.keyword is None]
    if len(given) > 1 and _holds_parameters(given[1].value):
        return True
    asked = any(
        argument.keyword is not None
        and argument.keyword.value == "prepare"
        and isinstance(argument.value, cst.Name)
        and argument.value.value == "True"
        for argument in seen.node.args
    )
    return asked and _may_prepare(seen)


def _holds_parameters(node: cst.BaseExpression) -> bool:
    """Returns whether an expression is written as a tuple, a list or a dict that is not empty."""
    return isinstance(node, (cst.Tuple, cst.List, cst.Dict)) and bool(node.elements)


def _may_prepare(seen: ObservedCall) -> bool:
    """Returns whether the receiver is a connection whose threshold is known and is not None."""
    for _, single in () if seen.receiver is None else alternatives(seen.receiver):
        if not isinstance(single, LibraryResult) or single.name not in PSYCOPG_CONNECTS:
            return False
        if single.arguments.open_keywords is not None:
            return False
        given = single.arguments.keywords.get(_THRESHOLD)
        if given is not None and not (isinstance(given, Const) and given.value is not None):
            return False
    return seen.receiver is not None
