"""The calls to a function that receives a connection, and the connections that they pass, read from the syntax."""

from __future__ import annotations

from collections import Counter

import libcst as cst

from poolsafe.facts.connection_names import Body
from poolsafe.inference import Module
from poolsafe.records import frozen
from poolsafe.syntax.index import CallSite, descendants, last_name


@frozen(eq=False)
class Caller:
    """A call to the function, and the expression for the connection that it passes.

    `block`: the `with` block that runs where the function yields, or after `__aenter__`.
    """

    call: cst.BaseExpression
    receiver: cst.BaseExpression
    block: cst.With | None = None


@frozen(eq=False)
class Callers:
    """The calls to a function in its own module. `complete`: there are no others."""

    seen: tuple[Caller, ...] = ()
    complete: bool = False


def caller_of_lambda(module: Module, call: cst.BaseExpression, name: str | None) -> Caller | None:
    """Returns the `run_sync` around a call in a lambda whose connection is the lambda's parameter, or None."""
    node = next((at for at in module.index.around(call) if isinstance(at, (cst.Lambda, cst.FunctionDef))), None)
    if not isinstance(node, cst.Lambda) or name not in [one.name.value for one in node.params.params[:1]]:
        return None
    argument = module.index.parents.get(id(node))
    around = None if argument is None else module.index.parents.get(id(argument))
    if not isinstance(around, cst.Call) or around.args[0] is not argument:
        return None
    return _by_run_sync(around)


def callers_of(module: Module, function: cst.FunctionDef, body: Body, name: str) -> Callers:
    """Returns the calls to a function that pass an argument for a parameter of this name.

    They are complete if the function is nested or has a private name, and is only mentioned in calls.
    """
    own = function.name.value
    scopes = module.index.scopes.get(id(function), ())
    hidden = is_nested(module, function) or (own.startswith("_") and not own.startswith("__"))
    place = _place(function, scopes, name)
    rebound = any(bound == name for bound, _ in body.assignments)
    if place is None or rebound or (body.yields and not is_manager(function)):
        return Callers()
    sites = [site for site in module.index.calls_by_name.get(own, ()) if site.scopes[: len(scopes)] == scopes]
    if not scopes and not hidden:
        # A method of another object may have the same name.
        sites = [site for site in sites if not isinstance(site.node.func, cst.Attribute) or site.name != own]
    same = [one for one in module.index.functions[own] if one[1][: len(scopes)] == scopes]
    if len(same) != 1:
        return Callers()
    found = [_caller(module, site, function, name, place) for site in sites if function not in site.scopes]
    callers = tuple(one for one in found if one is not None)
    if not hidden:
        return Callers(callers)
    region = next((one for one in reversed(scopes) if isinstance(one, cst.FunctionDef)), None)
    complete = _mentions(module, region)[own] == len(sites) + 1 and len(callers) == len(sites)
    return Callers(callers, complete and bool(callers))


def is_manager(function: cst.FunctionDef) -> bool:
    """Returns whether a function is a generator decorated with `contextmanager` or `asynccontextmanager`."""
    return any(map(_makes_manager, function.decorators))


def _makes_manager(decorator: cst.Decorator) -> bool:
    return last_name(decorator.decorator) in ("contextmanager", "asynccontextmanager")


def block_of(module: Module, made: cst.BaseExpression) -> cst.With | None:
    """Returns the `with` block that enters the result of an expression, or None."""
    node: cst.CSTNode | None = module.index.parents.get(id(made))
    if isinstance(node, cst.Await):
        node = module.index.parents.get(id(node))
    around = module.index.parents.get(id(node)) if isinstance(node, cst.WithItem) else None
    return around if isinstance(around, cst.With) else None


def parameters_of(function: cst.FunctionDef) -> list[str]:
    """Returns the names of the parameters of a function, without `*args` and `**kwargs`."""
    given = function.params
    return [one.name.value for one in (*given.posonly_params, *given.params, *given.kwonly_params)]


def is_nested(module: Module, function: cst.FunctionDef) -> bool:
    """Returns whether a function is nested, so that only code that receives it can call it from outside."""
    return any(isinstance(scope, cst.FunctionDef) for scope in module.index.scopes.get(id(function), ()))


def _place(function: cst.FunctionDef, scopes: tuple[object, ...], name: str) -> int | None:
    """Returns the index of a parameter among the positional arguments of a call, or None if it has no fixed index."""
    decorators = [one.decorator for one in function.decorators if not _makes_manager(one)]
    static = [isinstance(one, cst.Name) and one.value == "staticmethod" for one in decorators]
    if not all(static) or function.params.star_kwarg is not None or isinstance(function.params.star_arg, cst.Param):
        return None
    names = [one.name.value for one in (*function.params.posonly_params, *function.params.params)]
    method = bool(scopes) and isinstance(scopes[-1], cst.ClassDef) and not static
    return names.index(name) - method if name in names[method:] else None


def _caller(module: Module, site: CallSite, function: cst.FunctionDef, name: str, place: int) -> Caller | None:
    if site.name != function.name.value:
        return _by_run_sync(site.node) if place == 0 else None
    given = argument_of(site.node, name, place)
    if given is None:
        return None
    block = block_of(module, site.node)
    return None if is_manager(function) and block is None else Caller(site.node, given, block)


def argument_of(call: cst.Call, name: str, place: int) -> cst.BaseExpression | None:
    """Returns the argument that a call passes for a parameter, or None if the call does not show it."""
    if any(argument.star for argument in call.args):
        return None
    named = [one.value for one in call.args if one.keyword is not None and one.keyword.value == name]
    positional = [one.value for one in call.args if one.keyword is None]
    given = named or positional[place : place + 1]
    return given[0] if given else None


def _by_run_sync(call: cst.Call) -> Caller | None:
    method = call.func
    if not isinstance(method, cst.Attribute) or method.attr.value != "run_sync":
        return None
    return Caller(call, method.value)


def _mentions(module: Module, region: cst.FunctionDef | None) -> Counter[str]:
    """Returns how often each name occurs in a function, or in the module. Cached in the module."""
    counts: dict[int, Counter[str]] = module.memo.setdefault("mentions", {})
    found = counts.get(id(region))
    if found is None:
        nodes = descendants(module.tree.module if region is None else region)
        found = counts[id(region)] = Counter(node.value for node in nodes if isinstance(node, cst.Name))
    return found
