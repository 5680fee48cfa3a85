"""Finds the places that put connections of an engine into AUTOCOMMIT after the engine is created.

Unique statement names then fail as they do under an engine's own AUTOCOMMIT: in 155, 160 and 156 of 180 attempts with
the option set on a connection, on a copy of the engine and on the engine itself (SQLAlchemy 2.1.9, asyncpg 0.32).
Alembic's `autocommit_block()` sets that option for its connection.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator

import libcst as cst

from poolsafe.facts.observed import Observed
from poolsafe.facts.places import place
from poolsafe.findings import Related
from poolsafe.inference import Module, ObservedCall, Origin, Step, alternatives
from poolsafe.inference.models import Connectable
from poolsafe.libraries import SETTING_OPTIONS

_BLOCK = "autocommit_block"


def autocommit_later(observed: Observed, calls: Iterable[ObservedCall]) -> tuple[Related, ...]:
    """Returns the places that put a connection or a copy of the engine that these calls create into AUTOCOMMIT."""
    calls = list(calls)
    made = {id(seen.node) for seen in calls}
    found = {id(seen.node): seen for seen in observed.autocommits if not made.isdisjoint(_makers(seen))}
    steps = [Step(seen.module, seen.node, Origin.LITERAL) for seen in found.values()]
    return tuple(place(step, "AUTOCOMMIT is set here") for step in (*steps, *_in_migrations(observed, calls[0].node)))


def _in_migrations(observed: Observed, made: cst.Call) -> Iterator[Step]:
    """Yields the blocks of migrations that put the connection into AUTOCOMMIT, if the engine belongs to env.py."""
    module, project = observed.module, observed.inference.project
    environments = [module] if _is_environment(module) else []
    name = module.index.bound_name(made)
    if not environments and name is not None:
        word = re.compile(rf"\b{name}\b")
        importing = project.users(module, ["run_migrations"])
        environments = [one for one in importing if _is_environment(one) and word.search(one.source.text)]
    folders = [os.path.dirname(os.path.abspath(one.path)) + os.sep for one in environments]
    for other in project.others(module, (_BLOCK.encode(),)) if folders else ():
        if any(os.path.abspath(other.path).startswith(folder) for folder in folders):
            for site in other.index.calls_by_name.get(_BLOCK, ()):
                yield Step(other, site.node, Origin.LITERAL)


def _is_environment(module: Module) -> bool:
    return os.path.basename(module.path) == "env.py" and "run_migrations" in module.source.text


def _makers(seen: ObservedCall) -> Iterator[int]:
    """Yields the ids of the calls that create the engines behind a receiver."""
    for _, single in () if seen.receiver is None else alternatives(seen.receiver):
        if isinstance(single, Connectable) and single.made_by is not None:
            yield id(single.made_by)


def is_made_in_autocommit(module: Module, node: cst.Call) -> bool:
    """Returns whether `create_async_engine(...).execution_options(...)` immediately makes a copy in AUTOCOMMIT."""
    attribute = module.index.parents.get(id(node))
    call = module.index.parents.get(id(attribute))
    if not isinstance(attribute, cst.Attribute) or not isinstance(call, cst.Call) or call.func is not attribute:
        return False
    return attribute.attr.value in SETTING_OPTIONS and any(_is_autocommit(argument) for argument in call.args)


def _is_autocommit(argument: cst.Arg) -> bool:
    named = argument.keyword is not None and argument.keyword.value == "isolation_level"
    value = argument.value
    return named and isinstance(value, cst.SimpleString) and str(value.evaluated_value).upper() == "AUTOCOMMIT"
