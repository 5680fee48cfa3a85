"""Finds out from the syntax whether later code may commit the transaction of a connection."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from poolsafe.facts.connection_names import Body, Use, dotted
from poolsafe.facts.transaction_blocks import BEGINS, Block
from poolsafe.inference import Module
from poolsafe.libraries import EXECUTING
from poolsafe.syntax.index import descendants, last_name

#: Methods that end the transaction of a connection.
ENDS = frozenset({"commit", "rollback", "close", "invalidate", "reset"})
# Methods of MetaData that `run_sync` calls on an open transaction.
_OF_METADATA = frozenset({"create_all", "drop_all", "reflect"})
_RUNNING = EXECUTING | {"exec_driver_sql"}
_MAY_COMMIT = frozenset({*BEGINS, "begin_transaction", "commit", "run_migrations"})


def may_commit(module: Module, body: Body, block: Block, call: cst.BaseExpression, keys: frozenset[str]) -> bool:
    """Returns whether the transaction of a call may be committed in its block, or by a function called there."""
    first, last = module.tree.span(block.node.body)
    if not _is_repeated(module, call, block.node):
        first = module.tree.span(call)[1]
    if any(first <= at < last for at in body.yields):
        return True
    return commits(module, [use for use in body.calls if first <= use.start < last], keys)


def commits(module: Module, uses: Iterable[Use], keys: frozenset[str]) -> bool:
    """Returns whether one of these calls may commit on a connection, itself or in a function that receives it."""
    for use in uses:
        if use.method in ("commit", "begin", "run_sync") and not keys.isdisjoint(use.names):
            if use.method != "run_sync" or not _only_reads(module, use.node):
                return True
        elif use.method not in EXECUTING and not keys.isdisjoint(use.given):
            called = _code_of(module, use.method)
            if not called or not all(map(_leaves_open, called)):
                return True
    return False


def ends_transaction(module: Module, use: Use, keys: frozenset[str]) -> bool:
    """Returns whether a call ends the transaction of a connection, itself or in a function that receives it."""
    if use.method in ENDS and isinstance(use.node.func, cst.Attribute):
        return True
    called = None if keys.isdisjoint(use.given) else _one_function(module, use.method)
    given = set() if called is None else {one.name.value for one in called.params.params}
    return called is not None and any(_ends(node, given) for node in descendants(called.body))


def end_by_migrations(body: Body, keys: frozenset[str]) -> Use | None:
    """Returns the call by which Alembic's migrations end the transaction of the connection that they run on, or None.

    They leave it open if it was already open when the context was configured.
    """
    is_open = external = begins = False
    for use in body.calls if body.migrates else ():
        if use.method == "configure":
            external = is_open
        elif use.method == "begin_transaction":
            begins = True
        elif use.method == "run_migrations":
            return use if begins and not external else None
        elif not keys.isdisjoint(use.names) and use.method in ENDS:
            is_open = False
        elif not keys.isdisjoint(use.names) and use.method in _RUNNING:
            is_open = True
    return None


def _ends(node: cst.CSTNode, given: set[str]) -> bool:
    if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute):
        return False
    return node.func.attr.value in ("commit", "rollback") and dotted(node.func.value) in given


def _code_of(module: Module, name: str | None) -> list[cst.FunctionDef]:
    """Returns the function of this name, or the methods of the class.

    Returns an empty list if the module has none or several of that name.
    """
    function = _one_function(module, name)
    if function is not None:
        return [function]
    known = module.index.classes.get(name or "", [])
    return methods_of(known[0][0]) if len(known) == 1 else []


def methods_of(cls: cst.ClassDef) -> list[cst.FunctionDef]:
    """Returns the functions directly in a class."""
    return [one for one in cls.body.body if isinstance(one, cst.FunctionDef)]


def _one_function(module: Module, name: str | None) -> cst.FunctionDef | None:
    """Returns the function of this name, or None if the module has none or several."""
    known = module.index.functions.get(name or "", [])
    return known[0][0] if len(known) == 1 else None


def _leaves_open(code: cst.FunctionDef | cst.Lambda) -> bool:
    """Returns whether a function that receives a connection certainly leaves its transaction open."""
    given = {one.name.value for one in code.params.params}
    for node in descendants(code):
        if isinstance(node, cst.Call):
            method = last_name(node.func)
            if method in _MAY_COMMIT or (
                method not in EXECUTING and any(dotted(argument.value) in given for argument in node.args)
            ):
                return False
    return True


def _only_reads(module: Module, call: cst.Call) -> bool:
    """Returns whether the function passed to `run_sync` certainly leaves the transaction open."""
    given = call.args[0].value if call.args else None
    if isinstance(given, cst.Attribute):
        return given.attr.value in _OF_METADATA
    code: cst.FunctionDef | cst.Lambda | None = given if isinstance(given, cst.Lambda) else None
    if isinstance(given, cst.Name):
        code = _one_function(module, given.value)
    return code is not None and _leaves_open(code)


def _is_repeated(module: Module, call: cst.BaseExpression, block: cst.With) -> bool:
    """Returns whether a call is in a loop inside a block."""
    for node in module.index.around(call):
        if node is block or isinstance(node, (cst.For, cst.While)):
            return node is not block
    return False
