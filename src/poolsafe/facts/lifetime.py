"""Finds out how long an engine lives: whether the function that creates it also disposes of it."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from poolsafe.inference import Module
from poolsafe.libraries import SERVERS, SERVING
from poolsafe.syntax.index import CallSite, children, descendants, last_name


def is_disposed_where_made(module: Module, node: cst.Call) -> bool:
    """Returns whether the function around an engine's call disposes of the engine, so it lives for one task.

    It lives longer if the function yields in between, as a lifespan does, or runs a server until it is stopped.
    """
    function = module.index.innermost_function(node)
    name = module.index.bound_name(node)
    if function is None or name is None or not any(_disposes(site, name) for site in _calls_in(module, function)):
        return False
    if any(map(_serves, _calls_in(module, function))):
        return False
    return not any(_goes_on(one, name) for one in _own_nodes(function))


_DESCRIBING = frozenset({"dialect", "driver", "name", "url"})


def never_connects(module: Module, node: cst.Call) -> bool:
    """Returns whether an engine never connects, because only its URL or dialect is used."""
    if _describes(module, node):
        return True
    function, name = module.index.innermost_function(node), module.index.bound_name(node)
    if function is None or name is None:
        return False
    found = [one for one in descendants(function.body) if isinstance(one, cst.Name) and one.value == name]
    used = [one for one in found if not _is_attribute_or_target(module, one)]
    return bool(used) and all(_describes(module, one) for one in used)


def _describes(module: Module, node: cst.CSTNode) -> bool:
    """Returns whether an expression is only used for attributes that describe an engine, or passed to `compile()`."""
    parents = module.index.parents
    around = parents.get(id(node))
    if isinstance(around, cst.Attribute) and around.value is node:
        return around.attr.value in _DESCRIBING or (around.attr.value == "sync_engine" and _describes(module, around))
    call = parents.get(id(around))
    return isinstance(around, cst.Arg) and isinstance(call, cst.Call) and last_name(call.func) == "compile"


def _is_attribute_or_target(module: Module, name: cst.Name) -> bool:
    """Returns whether a name is an attribute of another object, or is bound here."""
    around = module.index.parents.get(id(name))
    match around:
        case cst.Attribute(attr=attr):
            return attr is name
        case cst.AssignTarget() | cst.Param():
            return True
        case cst.AnnAssign(target=target) | cst.NamedExpr(target=target):
            return target is name
        case cst.Arg(keyword=keyword):
            return keyword is name
    return False


def _calls_in(module: Module, function: cst.FunctionDef) -> Iterator[CallSite]:
    return (site for site in module.index.calls if site.scopes and site.scopes[-1] is function)


def _serves(site: CallSite) -> bool:
    """Returns whether a call runs a server or a similar program until it is stopped, such as `uvicorn.run(app)`."""
    callee = site.node.func
    if site.name == "run" and isinstance(callee, cst.Attribute) and isinstance(callee.value, cst.Name):
        return callee.value.value in SERVERS
    return site.name in SERVING


def _disposes(site: CallSite, name: str) -> bool:
    callee = site.node.func
    if site.name != "dispose" or not isinstance(callee, cst.Attribute):
        return False
    engine = callee.value
    if isinstance(engine, cst.Attribute) and engine.attr.value == "sync_engine":
        engine = engine.value
    return isinstance(engine, cst.Name) and engine.value == name


def _own_nodes(function: cst.FunctionDef) -> Iterator[cst.CSTNode]:
    """Yields the nodes of a function's body, except those of nested functions and classes."""
    stack: list[cst.CSTNode] = [function.body]
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, (cst.FunctionDef, cst.ClassDef, cst.Lambda)):
            stack.extend(children(node))


def _goes_on(node: cst.CSTNode, name: str) -> bool:
    """Returns whether a statement keeps the engine alive: it waits, loops or passes the engine on."""
    match node:
        case cst.Yield() | cst.While() | cst.For(asynchronous=cst.Asynchronous()):
            return True
        case cst.Global(names=names) | cst.Nonlocal(names=names):
            return any(one.name.value == name for one in names)
        case (
            cst.Return(value=cst.BaseExpression() as value)
            | cst.Assign(value=value)
            | cst.AnnAssign(value=cst.BaseExpression() as value)
        ):
            return _is_or_holds(value, name)
    return False


def _is_or_holds(value: cst.BaseExpression, name: str) -> bool:
    """Returns whether an expression is a name, or a display that contains it."""
    match value:
        case cst.Name():
            return value.value == name
        case cst.Tuple() | cst.List() | cst.Set() | cst.Dict():
            return any(_is_or_holds(one.value, name) for one in value.elements)
    return False
