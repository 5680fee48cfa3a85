"""Recognises SQL that SQLAlchemy builds from `select()`, `insert()` and similar functions, so that a call gets no text.

Functions with many such calls and a single text are common. Only what the syntax shows with certainty counts, so no run
is needed: the call itself, or a local name that is only ever bound to such calls.
"""

from __future__ import annotations

import libcst as cst

from poolsafe.inference import Module
from poolsafe.syntax.index import CallSite, children, descendants

_BUILDERS = frozenset({"select", "insert", "update", "delete", "exists", "union", "union_all", "intersect", "except_"})


def is_built(module: Module, site: CallSite) -> bool:
    """Returns whether the first argument of a call is certainly built by functions that the module imports."""
    if not site.node.args or site.node.args[0].star:
        return False
    given = site.node.args[0].value
    return _is_built(module, given, None) or (isinstance(given, cst.Name) and _holds_built(module, site, given.value))


def _is_built(module: Module, value: cst.BaseExpression, own: str | None) -> bool:
    """Returns whether a value is a chain of methods on such a call, or on the name `own` itself."""
    if isinstance(value, cst.Name):
        return value.value == own
    if not isinstance(value, cst.Call):
        return False
    match value.func:
        case cst.Name(value=name):
            return name in module.library_names and _builds(name)
        case cst.Attribute(value=cst.Name(value=owner), attr=cst.Name(value=name)) if owner in module.library_names:
            return _builds(name)
        case cst.Attribute(value=receiver):
            return _is_built(module, receiver, own)
    return False


def _builds(name: str) -> bool:
    return name in _BUILDERS or name.endswith("_insert")


def _holds_built(module: Module, site: CallSite, name: str) -> bool:
    """Returns whether a local name of the function around a call is only ever bound to SQL that is built."""
    function = site.scopes[-1] if site.scopes else None
    if not isinstance(function, cst.FunctionDef):
        return False
    known: dict[int, dict[str, bool]] = module.memo.setdefault("built SQL", {})
    if id(function) not in known:
        known[id(function)] = _locals(module, function)
    return known[id(function)].get(name, False)


def _locals(module: Module, function: cst.FunctionDef) -> dict[str, bool]:
    """Returns the names that a function assigns to, each with whether every value assigned to it is such a call."""
    bound: dict[str, bool] = {}
    others: set[str] = set()
    stack: list[cst.CSTNode] = [function.params, function.body]
    while stack:
        node = stack.pop()
        match node:
            case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))], value=value):
                bound[name] = bound.get(name, True) and _is_built(module, value, name)
                stack.append(value)
                continue
            case cst.AnnAssign(target=cst.Name(value=name), value=cst.BaseExpression() as value):
                bound[name] = bound.get(name, True) and _is_built(module, value, name)
                stack.append(value)
                continue
            case cst.Global(names=items) | cst.Nonlocal(names=items):
                others.update(item.name.value for item in items)
            case cst.Param(name=cst.Name(value=name)) | cst.FunctionDef(name=cst.Name(value=name)):
                others.add(name)
            case cst.AssignTarget(target=target) | cst.For(target=target) | cst.CompFor(target=target):
                others |= _names_in(target)
            case cst.AugAssign(target=target) | cst.NamedExpr(target=target) | cst.Del(target=target):
                others |= _names_in(target)
            case cst.AsName(name=target):
                others |= _names_in(target)
        stack += children(node)
    return {name: built and name not in others for name, built in bound.items()}


def _names_in(target: cst.CSTNode) -> set[str]:
    return {one.value for one in descendants(target) if isinstance(one, cst.Name)}
