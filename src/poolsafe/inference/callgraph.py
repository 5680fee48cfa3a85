"""A call graph by name: which functions of a module may lead to a call."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from poolsafe.inference.modules import Module
from poolsafe.syntax.index import CallSite, Scope

Path = tuple[Scope, ...]


def scopes_leading_to(module: Module, sites: Iterable[CallSite]) -> list[Scope]:
    """Returns the functions and classes around some calls, and all functions that call them directly or indirectly."""
    return scopes_reaching(module, [scope for site in sites for scope in site.scopes])


def scopes_reaching(module: Module, queue: list[Scope]) -> list[Scope]:
    """Returns the scopes in `queue`, and all scopes that call them directly or indirectly. It empties the queue."""
    found: dict[int, Scope] = {}
    while queue:
        scope = queue.pop()
        if id(scope) in found:
            continue
        found[id(scope)] = scope
        if isinstance(scope, cst.Lambda):
            continue
        if isinstance(scope, cst.ClassDef):
            queue.extend(module.index.subclasses.get(scope.name.value, ()))
        if scope.name.value == "__init__":
            continue  # callers call the class, which encloses the call and is queued itself
        for site in calls_of(module, scope):
            queue.extend(site.scopes)
    return list(found.values())


def calls_of(module: Module, scope: cst.FunctionDef | cst.ClassDef) -> list[CallSite]:
    """Returns the calls in the module that may call this function or class of the module."""
    name = scope.name.value
    sites = module.index.calls_by_name.get(name, [])
    around = module.index.scopes[id(scope)]
    is_method = bool(around) and isinstance(around[-1], cst.ClassDef)
    # A method may also be a variable, and a function may also be an attribute.
    if any(one.new == name and one.is_attribute is not is_method for one in module.index.renamings):
        return sites
    return [site for site in sites if _may_be(module, site, name, is_method=is_method)]


def _may_be(module: Module, site: CallSite, name: str, *, is_method: bool) -> bool:
    """Returns whether a call by this name may call the method (if `is_method`) or the function of that name."""
    callee = site.node.func
    if isinstance(callee, cst.Name) and callee.value == name:
        return not is_method or any(isinstance(scope, cst.ClassDef) for scope in site.scopes)
    if isinstance(callee, cst.Attribute) and callee.attr.value == name:
        # A module does not call its own functions as attributes, nor its own methods as those of an imported library.
        return is_method and not _is_of_library(module, callee.value)
    return True


def _is_of_library(module: Module, node: cst.BaseExpression) -> bool:
    """Returns whether an expression is a library that the module imports, or an attribute of one."""
    while isinstance(node, cst.Attribute):
        node = node.value
    return isinstance(node, cst.Name) and node.value in module.library_names


def roots(module: Module, scopes: list[Scope]) -> list[Path]:
    """Returns the functions that nothing else in the module calls, in source order.

    Each is a path: the enclosing scopes, outermost first, and the function itself.
    """
    wanted = {id(scope) for scope in scopes}
    found: list[Path] = []
    for functions in module.index.functions.values():
        for node, around in functions:
            if id(node) not in wanted:
                continue
            owner = around[-1] if around else None
            makes = node.name.value == "__init__" and isinstance(owner, cst.ClassDef)
            called = owner if makes and isinstance(owner, cst.ClassDef) else node
            callers = [site for site in calls_of(module, called) if node not in site.scopes]
            if not callers:
                found.append((*around, node))
    return found


def roots_of(module: Module, sites: list[CallSite]) -> list[Path]:
    """Returns the functions that lead to one of the calls and that nothing else in the module calls.

    If there are none, returns the scopes around each call.
    """
    return roots(module, scopes_leading_to(module, sites)) or [site.scopes for site in sites]


def called_names(module: Module, path: Path, *, of_instance: bool = True) -> Iterable[str]:
    """Yields the names by which other modules may call the innermost function, or the function that defines it.

    These are its own name or, for a method, those of its class and of the subclasses. A method that is only called as
    an attribute is yielded as `.name`, but without `of_instance` only if a caller passes more than the instance.
    """
    scopes = [scope for scope in path if not isinstance(scope, cst.Lambda)]
    if not scopes:
        return
    outermost = next((at for at, scope in enumerate(scopes) if isinstance(scope, cst.FunctionDef)), len(scopes) - 1)
    scopes = scopes[: outermost + 1]
    if len(scopes) > 1 and isinstance(scopes[-2], cst.ClassDef):
        yield from module.index.with_subclasses([scopes[-2].name.value])
        # The instance may be created here and its method called elsewhere: `sessions.init(url)`.
        name = scopes[-1].name.value
        if not (name.startswith("__") and name.endswith("__")) and (of_instance or not takes_instance_only(scopes[-1])):
            yield name if any(one.new == name for one in module.index.renamings) else f".{name}"
    else:
        yield scopes[-1].name.value


def takes_instance_only(node: Scope) -> bool:
    """Returns whether the only parameter of a method is its instance or class."""
    if not isinstance(node, cst.FunctionDef):
        return False
    given = node.params
    is_static = any(
        isinstance(one.decorator, cst.Name) and one.decorator.value == "staticmethod" for one in node.decorators
    )
    count = len(given.posonly_params) + len(given.params) + len(given.kwonly_params)
    return count == 1 and given.star_kwarg is None and not isinstance(given.star_arg, cst.Param) and not is_static


def takes_arguments(path: Path) -> bool:
    """Returns whether the innermost scope is a function that has parameters."""
    node = path[-1]
    return isinstance(node, cst.FunctionDef) and bool(
        node.params.params or node.params.kwonly_params or node.params.star_kwarg
    )
