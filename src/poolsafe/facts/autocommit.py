"""Where connections of an engine are put into AUTOCOMMIT after the engine is made.

Unique statement names fail there as they do under an engine's own AUTOCOMMIT: 155, 160 and 156 of 180 with the option
of a connection, of a copy of the engine and of the engine itself (SQLAlchemy 2.1.9, asyncpg 0.32).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from poolsafe.facts.observed import Observed
from poolsafe.facts.places import place
from poolsafe.findings import Related
from poolsafe.inference import Module, ObservedCall, Origin, Step, alternatives
from poolsafe.inference.models import Connectable
from poolsafe.libraries import SETTING_OPTIONS


def autocommit_later(observed: Observed, calls: Iterable[ObservedCall]) -> tuple[Related, ...]:
    """Returns the places that put a connection or a copy of the engine of these calls into AUTOCOMMIT."""
    made = {id(seen.node) for seen in calls}
    found = {id(seen.node): seen for seen in observed.autocommits if not made.isdisjoint(_makers(seen))}
    return tuple(
        place(Step(seen.module, seen.node, Origin.LITERAL), "AUTOCOMMIT is set here") for seen in found.values()
    )


def _makers(seen: ObservedCall) -> Iterator[int]:
    """Yields the ids of the calls that create the engines behind a receiver."""
    for _, single in () if seen.receiver is None else alternatives(seen.receiver):
        if isinstance(single, Connectable) and single.made_by is not None:
            yield id(single.made_by)


def is_made_in_autocommit(module: Module, node: cst.Call) -> bool:
    """Returns whether `create_async_engine(...).execution_options(...)` makes a copy in AUTOCOMMIT at once."""
    attribute = module.index.parents.get(id(node))
    call = module.index.parents.get(id(attribute))
    if not isinstance(attribute, cst.Attribute) or not isinstance(call, cst.Call) or call.func is not attribute:
        return False
    return attribute.attr.value in SETTING_OPTIONS and any(_is_autocommit(argument) for argument in call.args)


def _is_autocommit(argument: cst.Arg) -> bool:
    named = argument.keyword is not None and argument.keyword.value == "isolation_level"
    value = argument.value
    return named and isinstance(value, cst.SimpleString) and str(value.evaluated_value).upper() == "AUTOCOMMIT"
