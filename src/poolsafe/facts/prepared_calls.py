"""Builds the prepared call facts of a module, from the observed calls to `cursor`, `prepare` and `iterate`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import libcst as cst

from poolsafe.facts.drivers import ASYNCPG, driver_of
from poolsafe.facts.engine import SizeState
from poolsafe.facts.observed import Observed
from poolsafe.facts.prepared_call import PreparedBy, PreparedCall
from poolsafe.facts.receivers import receivers_of
from poolsafe.facts.routes import Routes
from poolsafe.facts.runners import Runners
from poolsafe.facts.session_statement import Client, Transaction
from poolsafe.facts.sizes import STATEMENT, size_state
from poolsafe.facts.transactions import surroundings_of
from poolsafe.facts.views import judged_values
from poolsafe.inference import (
    Absent,
    Arguments,
    Library,
    LibraryResult,
    Module,
    ObservedCall,
    Text,
    Unknown,
    Value,
    alternatives,
)
from poolsafe.inference.models import PREPARED_STATEMENT
from poolsafe.syntax.index import CallSite, descendants, last_name

_DATABASE = "databases.Database"


def collect_prepared_calls(observed: Observed, sites: Iterable[CallSite]) -> list[PreparedCall]:
    """Returns the calls among these that name a statement on asyncpg's connection, in source order."""
    # The meaning of a call depends on its receiver, not on the path, so unreached calls are checked by their syntax.
    unreached = [[_as_written(observed.module, site)] for site, _ in observed.inference.unreached(sites)]
    routes = Routes(observed, Runners(observed))
    found = (_prepared_call(observed, routes, calls) for calls in (*observed.preparing, *unreached))
    return sorted((one for one in found if one is not None), key=lambda one: one.start)


def _as_written(module: Module, site: CallSite) -> ObservedCall:
    given = Arguments([Unknown("no code path reaches it")])
    return ObservedCall(module, site.node, site.name, given, (frozenset(),), None, awaited=False)


def _prepared_call(observed: Observed, routes: Routes, calls: list[ObservedCall]) -> PreparedCall | None:
    module, node = observed.module, calls[0].node
    by = PreparedBy(calls[0].function)
    if not isinstance(node.func, cst.Attribute) or any(_is_no_sql(one.arguments.positional[0]) for one in calls):
        return None
    if by is PreparedBy.ITERATE:
        return _iterated(module, calls)
    if _is_of_statement(module, node.func.value) or any(
        isinstance(single, LibraryResult) and single.name == PREPARED_STATEMENT for single in receivers_of(calls)
    ):
        return None
    given = [replace(one, awaited=True) for one in calls] if _runs_asynchronously(module, node) else calls
    driver, reason = driver_of(observed.inference.project, module, given)
    if driver != ASYNCPG or not _may_be_asyncpgs(node.func.value, calls, by):
        return None
    around = surroundings_of(module, node, node.func.value, Client.ASYNCPG, autocommit=False)
    start, end = module.tree.span(node)
    return PreparedCall(
        module.path,
        start,
        end,
        by,
        reason,
        _size(calls),
        named=any(argument.keyword is not None and argument.keyword.value == "name" for argument in node.args),
        outside=around.transaction is Transaction.NONE,
        routes=routes.of(Client.ASYNCPG, calls, direct=around.direct),
    )


def _may_be_asyncpgs(receiver: cst.BaseExpression, calls: list[ObservedCall], by: PreparedBy) -> bool:
    """Returns whether an unknown object may be a connection. Many other objects have a `prepare()` method."""
    if isinstance(receiver, cst.Name) and receiver.value in ("self", "cls"):
        return False
    if by is not PreparedBy.PREPARE or any(isinstance(single, LibraryResult) for single in receivers_of(calls)):
        return True
    given = [single for one in calls for _, single in alternatives(one.arguments.positional[0])]
    return any(isinstance(single, Text) and single.prefix for single in given)


def _iterated(module: Module, calls: list[ObservedCall]) -> PreparedCall | None:
    if not any(isinstance(single, LibraryResult) and single.name == _DATABASE for single in receivers_of(calls)):
        return None
    start, end = module.tree.span(calls[0].node)
    reason = "encode/databases iterates with asyncpg's `cursor()`"
    return PreparedCall(module.path, start, end, PreparedBy.ITERATE, reason, _size(calls))


def _is_no_sql(value: Value) -> bool:
    """Returns whether the first argument is a class, such as the cursor classes of other drivers."""
    return any(isinstance(single, Library) for _, single in alternatives(value))


def _size(calls: list[ObservedCall]) -> SizeState:
    """Returns the state of the connection's cache size, according to the receivers that are known."""
    states = set()
    for single in receivers_of(calls):
        if not isinstance(single, LibraryResult):
            return SizeState.UNKNOWN
        arguments = single.arguments
        missing = Absent() if arguments.open_keywords is None else Unknown(arguments.open_keywords)
        states |= {size_state(STATEMENT, one) for one in judged_values(arguments.keywords.get(STATEMENT, missing))}
    return states.pop() if len(states) == 1 else SizeState.UNKNOWN


def _runs_asynchronously(module: Module, node: cst.Call) -> bool:
    """Returns whether a call is awaited, or iterated or entered asynchronously."""
    at: cst.CSTNode = node
    parent = module.index.parents.get(id(at))
    while isinstance(parent, (cst.Attribute, cst.Call, cst.Arg)):
        at, parent = parent, module.index.parents.get(id(parent))
    match parent:
        case cst.Await():
            return True
        case cst.For(asynchronous=marker, iter=iterated) | cst.CompFor(asynchronous=marker, iter=iterated):
            return marker is not None and iterated is at
        case cst.WithItem():
            block = module.index.parents.get(id(parent))
            return isinstance(block, cst.With) and block.asynchronous is not None
    return False


def _is_of_statement(module: Module, receiver: cst.BaseExpression) -> bool:
    """Returns whether an expression is a prepared statement: the result of `prepare()`, or a name bound to it."""
    if _is_prepared(receiver):
        return True
    function = module.index.innermost_function(receiver)
    if not isinstance(receiver, cst.Name):
        return False
    return any(
        isinstance(one, cst.Assign)
        and _is_prepared(one.value)
        and any(last_name(target.target) == receiver.value for target in one.targets)
        for one in descendants(function or module.tree.module)
    )


def _is_prepared(node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.Await):
        node = node.expression
    return isinstance(node, cst.Call) and last_name(node.func) == "prepare"
