"""The interpreter put together, and where its runs begin.

A module's own statements are one root. Where an engine is made inside a function, the functions that call it in the
same file are roots too, so that parameters have the values of the callers; a function that nobody calls is run with
its defaults.
"""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from poolsafe.values import library
from poolsafe.values.attributes import bind_method, of_class
from poolsafe.values.calls import apply
from poolsafe.values.classes import class_attribute, instantiate
from poolsafe.values.expressions import evaluate
from poolsafe.values.frame import Arguments, Frame
from poolsafe.values.index import CallSite, Scope
from poolsafe.values.lattice import Class, Function, Instance, Unknown, Value, alternatives
from poolsafe.values.modules import Module, Project
from poolsafe.values.names import force, module_frame, read
from poolsafe.values.state import State
from poolsafe.values.statements import execute
from poolsafe.values.world import World

MAX_ROOTS = 60
NO_CALLER = "it has no known caller"


def new_world(project: Project) -> World:
    """A world for the files of one project."""
    return World(project, evaluate, execute, apply)


def targets(module: Module, *, statements: bool) -> list[CallSite]:
    """The calls that a run must reach: of engine functions and, where asked for, those given SQL of several commands."""
    names = _names(module, library.ENGINE_NAMES)
    sites = [site for site in module.index.calls if site.name in names or _passes(site, names)]
    if statements:
        runners = _names(module, library.SQL_NAMES)
        sites += [site for site in module.index.calls if site.name in runners and _may_hold_several(site)]
    return sites


def _names(module: Module, originals: frozenset[str]) -> frozenset[str]:
    """The names by which the module may call one of these functions: their own, and its aliases of them."""
    names = set(originals)
    for node in module.index.imports:
        for alias in () if isinstance(node.names, cst.ImportStar) else node.names:
            original = alias.name.attr.value if isinstance(alias.name, cst.Attribute) else alias.name.value
            target = alias.asname.name if alias.asname is not None else None
            if original in originals and isinstance(target, cst.Name):
                names.add(target.value)
    return frozenset(names)


def _may_hold_several(site: CallSite) -> bool:
    """Whether the SQL of a call may be several commands, judged by its spelling alone."""
    if site.name == "execute" and not (
        isinstance(site.node.func, cst.Attribute) and _is_operations(site.node.func.value)
    ):
        return False
    if not site.node.args:
        return False
    sql = site.node.args[0].value
    if isinstance(sql, cst.SimpleString):
        return ";" in sql.raw_value.rstrip().rstrip(";")
    return not isinstance(sql, (cst.Integer, cst.Float))


def _is_operations(node: cst.BaseExpression) -> bool:
    """Whether the receiver of `execute` may be Alembic's `op`."""
    return isinstance(node, cst.Name) and ("op" in node.value or "migration" in node.value)


def explore(world: World, module: Module, sites: list[CallSite]) -> None:
    """Run a module and every function in it from which one of the calls can be reached."""
    hot = _hot(module, sites)
    world.hot.update(id(scope) for scope in hot)
    frame = module_frame(world, module)
    if frame is None:
        return
    for root in _roots(module, hot)[:MAX_ROOTS]:
        _run_root(world, module, frame, root)
    for site in sites:
        if site.scopes and not _seen(world, site.node):
            _run_root(world, module, frame, site.scopes)
    if any(not _seen(world, site.node) for site in sites):
        _without_constants(world, module, sites)


def _passes(site: CallSite, names: frozenset[str]) -> bool:
    """Whether the call is given one of the names as an argument, as `partial(create_async_engine, …)` is."""
    return any(isinstance(arg.value, cst.Name) and arg.value.value in names for arg in site.node.args)


def _seen(world: World, node: cst.Call) -> bool:
    return id(node) in world.reached


def _hot(module: Module, sites: Iterable[CallSite]) -> list[Scope]:
    """The functions and classes in which the calls stand, and those in which these are called, and so on."""
    hot: dict[int, Scope] = {}
    queue = [scope for site in sites for scope in site.scopes]
    while queue:
        scope = queue.pop()
        if id(scope) in hot:
            continue
        hot[id(scope)] = scope
        if isinstance(scope, cst.Lambda):
            continue
        name = scope.name.value
        if name == "__init__":
            continue  # its class is hot as well
        for site in module.index.calls_by_name.get(name, ()):
            queue.extend(site.scopes)
    return list(hot.values())


def _roots(module: Module, hot: list[Scope]) -> list[tuple[Scope, ...]]:
    """The hot functions that no other function of the file calls, as paths of scopes, in the order of the source."""
    hot_ids = {id(scope) for scope in hot}
    roots: list[tuple[Scope, ...]] = []
    for functions in module.index.functions.values():
        for node, scopes in functions:
            if id(node) not in hot_ids:
                continue
            owner = scopes[-1] if scopes else None
            name = (
                owner.name.value
                if node.name.value == "__init__" and isinstance(owner, cst.ClassDef)
                else node.name.value
            )
            callers = [site for site in module.index.calls_by_name.get(name, ()) if node not in site.scopes]
            if not callers:
                roots.append((*scopes, node))
    return roots


def _run_root(world: World, module: Module, frame: Frame, path: tuple[Scope, ...]) -> None:
    """Run the innermost function of `path` with arguments that nobody gives, in the scopes around it."""
    world.fuel = world.fuel_per_run
    world.active.clear()
    state = State.fresh(world.base)
    at = Frame(module, frame.number, (), state, state, kind="module")
    value: Value | None = None
    for scope in path:
        if isinstance(scope, cst.ClassDef):
            value = (
                _member(world, at, value, scope.name.value)
                if value is None or isinstance(value, (Class, Instance))
                else None
            )
            if not isinstance(value, Class):
                return
        elif isinstance(scope, cst.FunctionDef):
            value = _enter_function(world, at, value, scope)
            if value is None:
                return
        else:
            return
    return


def _member(world: World, at: Frame, holder: Value | None, name: str) -> Value:
    if isinstance(holder, Class):
        return of_class(world, at, holder, name)
    return force(world, at, read(world, at, at.number, name))


def _enter_function(world: World, at: Frame, holder: Value | None, node: cst.FunctionDef) -> Value | None:
    """Call a function with arguments that nobody gives; inside a function already run, the one it defined."""
    arguments = Arguments(open_keywords=NO_CALLER)
    if id(node) in world.defined and not isinstance(holder, Class):
        function, defined_in = world.defined[id(node)]
        inner = Frame(defined_in.module, defined_in.number, defined_in.parents, defined_in.state, defined_in.state)
        return apply(world, inner, None, function, arguments)
    found: Value
    if isinstance(holder, Class):
        instance = instantiate(world, at, holder, arguments) if node.name.value != "__init__" else None
        if instance is None:
            return instantiate(world, at, holder, arguments)
        found, owner = class_attribute(world, at, holder, node.name.value)
        if not isinstance(found, Function):
            return None
        found = bind_method(world, at, found, instance, owner)
        if not isinstance(found, Function):
            return found
    else:
        found = force(world, at, read(world, at, at.number, node.name.value))
        found = next(
            (single for _, single in alternatives(found) if isinstance(single, Function) and single.node is node),
            Unknown(""),
        )
    if not isinstance(found, Function):
        return None
    return apply(world, at, None, found, arguments)


def _without_constants(world: World, module: Module, sites: list[CallSite]) -> None:
    """What no run reached stands behind a constant condition: run once more, and believe no constant."""
    missing = {id(site.node) for site in sites if not _seen(world, site.node)}
    engines, statements = len(world.engine_calls), len(world.sql_calls)
    world.doubt_constants = True
    world.fuel = world.fuel_per_run
    frame, module.frame = module.frame, None
    try:
        module.run(world)
    finally:
        module.frame = frame
        world.doubt_constants = False
    world.engine_calls[engines:] = [seen for seen in world.engine_calls[engines:] if id(seen.node) in missing]
    world.sql_calls[statements:] = [seen for seen in world.sql_calls[statements:] if id(seen.node) in missing]
