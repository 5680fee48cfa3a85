"""The targets in a module: the calls that create engines, and those that are given SQL."""

from __future__ import annotations

import libcst as cst

from poolsafe.inference import Module
from poolsafe.libraries import ENGINE_NAMES, SQL_NAMES
from poolsafe.syntax.index import CallSite, Scope, last_name


def engine_sites(module: Module) -> list[CallSite]:
    """Returns the calls of engine functions, and the calls that take one as an argument."""
    names = engine_names(module)
    return [site for site in module.index.calls if site.name in names or _passes(site, names)]


def engine_names(module: Module) -> frozenset[str]:
    """Returns the names by which the module may call an engine function."""
    return _names(module, ENGINE_NAMES)


def calls_engine_function(module: Module, site: CallSite) -> bool:
    """Returns whether the callee itself is an engine function that the module imports from a library."""
    callee = site.node.func
    while isinstance(callee, cst.Attribute):
        callee = callee.value
    return isinstance(callee, cst.Name) and callee.value in module.library_names and site.name in engine_names(module)


def statement_sites(module: Module) -> list[CallSite]:
    """Returns the calls that are given SQL which may contain several commands."""
    runners = _names(module, SQL_NAMES)
    return [site for site in module.index.calls if site.name in runners and _may_hold_several(module, site)]


def _names(module: Module, originals: frozenset[str]) -> frozenset[str]:
    """Returns the names by which the module may call one of these functions, including aliases."""
    names = set(originals)
    for node in module.imports:
        for alias in () if isinstance(node.names, cst.ImportStar) else node.names:
            original = alias.name.attr.value if isinstance(alias.name, cst.Attribute) else alias.name.value
            target = alias.asname.name if alias.asname is not None else None
            if original in originals and isinstance(target, cst.Name):
                names.add(target.value)
    grown = True
    while grown:
        added = {one.new for one in module.index.renamings if one.old in names} - names
        grown = bool(added)
        names |= added
    return frozenset(names)


def _may_hold_several(module: Module, site: CallSite) -> bool:
    """Returns whether the SQL of a call may be several commands, judged by the strings that can reach it."""
    if site.name == "execute" and not _takes_strings(site):
        return False
    if not site.node.args:
        return False
    sql = site.node.args[0].value
    if isinstance(sql, cst.SimpleString):
        return ";" in sql.raw_value.rstrip().rstrip(";")
    return any(
        site.scopes[: len(scopes)] == scopes or _may_be_asked(module, scopes) or _asks(module, scopes, site)
        for scopes in module.index.semicolons
    )


def _may_be_asked(module: Module, scopes: tuple[Scope, ...]) -> bool:
    """Returns whether the innermost function may pass its strings to others: it is called or decorated."""
    function = scopes[-1]
    if not isinstance(function, cst.FunctionDef):
        return False
    return bool(function.decorators) or function.name.value in module.index.calls_by_name


def _asks(module: Module, scopes: tuple[Scope, ...], site: CallSite) -> bool:
    """Returns whether the innermost function calls one around the site, and may pass a string to it."""
    names = {scope.name.value for scope in site.scopes if isinstance(scope, cst.FunctionDef)}
    calls = (call for name in names for call in module.index.calls_by_name.get(name, ()))
    return any(call.scopes[: len(scopes)] == scopes for call in calls)


def source_scopes(module: Module) -> list[Scope]:
    """Returns the functions and classes that contain a string with a semicolon."""
    return [scope for scopes in module.index.semicolons for scope in scopes]


def _takes_strings(site: CallSite) -> bool:
    """Returns whether an `execute` may take a plain string, as Alembic's and a cursor's in a listener do."""
    if not isinstance(site.node.func, cst.Attribute):
        return False
    return _is_operations(site.node.func.value) or any(map(_listens, site.scopes))


def _listens(scope: Scope) -> bool:
    decorators = scope.decorators if isinstance(scope, cst.FunctionDef) else ()
    calls = [item.decorator for item in decorators if isinstance(item.decorator, cst.Call)]
    return any(last_name(call.func) == "listens_for" for call in calls)


def _is_operations(node: cst.BaseExpression) -> bool:
    """Returns whether the receiver of `execute` may be Alembic's `op`."""
    return isinstance(node, cst.Name) and ("op" in node.value or "migration" in node.value)


def _passes(site: CallSite, names: frozenset[str]) -> bool:
    """Returns whether one of the names is an argument of the call, as in `partial(create_async_engine, …)`."""
    return any(isinstance(arg.value, cst.Name) and arg.value.value in names for arg in site.node.args)
