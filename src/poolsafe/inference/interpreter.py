"""The interpreter put together, and where its runs begin.

A module's own statements are one root. Where an engine is made inside a function, the functions that call it are roots
too, those of the same file first, then those of the project, so that parameters have the values of the callers; a
function that nobody calls is run with its defaults.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from poolsafe.inference.attributes import bind_method, of_class
from poolsafe.inference.calls import apply
from poolsafe.inference.classes import class_attribute, instantiate, mro
from poolsafe.inference.clauses import clause_names, is_unclaimed, uses_of
from poolsafe.inference.expressions import evaluate
from poolsafe.inference.frame import Arguments, Frame
from poolsafe.inference.functions import call_function
from poolsafe.inference.index import CallSite, Scope
from poolsafe.inference.lattice import Class, Function, Instance, MappingValue, Text, Unknown, Url, Value, alternatives
from poolsafe.inference.modules import Module
from poolsafe.inference.names import force, peek
from poolsafe.inference.namespaces import namespace_of, run_to_targets
from poolsafe.inference.project import Project
from poolsafe.inference.sites import Path, engine_names, hot_scopes, roots, source_scopes
from poolsafe.inference.state import State
from poolsafe.inference.statements import execute
from poolsafe.inference.world import EngineCall, World

MAX_ROOTS = 60
MAX_CALLER_ROOTS = 20
MAX_HOPS = 3
MAX_NAMES = 8  # that callers are looked for by, for one file
NO_CALLER = "it has no known caller"


def world_of(project: Project) -> World:
    """A world for one file of the project, in which a module is run once for all that import it.

    Each file has its own: what a module's names stand for hangs on what was looked for and on how much budget was left.
    That takes 4 % more time on public code, and no file is ever told anything else for another order of files.
    """
    return World(project, evaluate, execute, apply)


def explore(world: World, module: Module, engines: list[CallSite], statements: list[CallSite]) -> None:
    """Run a module and every function from which one of the calls can be reached, in its file and in the project's."""
    world.begin_file()
    world.wanted_calls.clear()  # instances that were made for another file say nothing of what this one has seen
    world.targets.names |= engine_names(module)
    _reach(world, module, engines)
    _ask_callers(world, module, engines)
    # Who runs a statement is seen beside it: what the functions around it call need not be run for that.
    world.shallow = True
    try:
        _reach_statements(world, module, statements)
    finally:
        world.shallow = False


def _reach_statements(world: World, module: Module, sites: list[CallSite]) -> None:
    """Run what gives SQL to a call, and whoever executes it: by a name in this module, or from another one."""
    world.sources.update(id(scope) for scope in source_scopes(module) if sites)
    _reach(world, module, sites, uses_of(module, {name for site in sites for name in clause_names(module, site)}))
    unclaimed = [site for site in sites if is_unclaimed(world, module, site)]
    if not unclaimed:
        return
    functions = [path for path in _roots_of(module, unclaimed) if len(path) == 1]
    names = [name for path in functions for name in _called_names(path)]
    names += [name for site in unclaimed for name in clause_names(module, site)]
    names = list(dict.fromkeys(names))[:MAX_NAMES]
    for other in world.project.users(module, names) if names else ():
        calls = [site for name in names for site in other.index.calls_by_name.get(name, [])]
        _run_calls(world, module, other, [*calls, *uses_of(other, names)])


def _reach(world: World, module: Module, sites: list[CallSite], beside: Iterable[CallSite] = ()) -> None:
    """Run what leads to the calls; `beside` are calls that need no run of their own where nothing leads to them."""
    world.observer = module
    wanted = [*sites, *beside]
    hot = hot_scopes(module, wanted)
    _heat(world, module, hot, wanted)
    if sites or module.number not in world.explored:
        _run_body(world, module)
    _run_roots(world, module, roots(module, hot)[:MAX_ROOTS])
    for site in sites:
        if site.scopes and not world.has_seen(site.node) and not _was_run(world, site):
            _run_roots(world, module, [site.scopes])


def _was_run(world: World, site: CallSite) -> bool:
    """Whether the function around a call has been run: then no run of it reaches the call."""
    functions = [scope for scope in site.scopes if not isinstance(scope, cst.ClassDef)]
    return bool(functions) and id(functions[-1]) in world.run_functions


def _heat(world: World, module: Module, hot: list[Scope], sites: list[CallSite]) -> None:
    """Have the hot functions run as soon as they are called, and keep what the hot classes' calls make."""
    world.hot.update(id(scope) for scope in hot)
    world.targets.names.update(scope.name.value for scope in hot if not isinstance(scope, cst.Lambda))
    _warm(world, module, sites)
    for scope in hot:
        if isinstance(scope, cst.Lambda):
            continue
        calls = module.index.calls_by_name.get(scope.name.value, [])
        _warm(world, module, calls)
        if isinstance(scope, cst.ClassDef):
            for site in calls:
                world.wanted_calls.setdefault(id(site.node), [])


def _warm(world: World, module: Module, sites: list[CallSite]) -> None:
    """Mark the calls and all that they stand in, so that none of it is skipped or put off."""
    for site in sites:
        node: cst.CSTNode | None = site.node
        while node is not None and id(node) not in world.targets.on_path:
            world.targets.on_path.add(id(node))
            node = module.index.parents.get(id(node))


def _run_body(world: World, module: Module) -> None:
    """Run what leads to targets in a module's own statements."""
    world.explored.add(module.number)
    run_to_targets(world, namespace_of(world, module), State.fresh(world.base))


def _run_roots(world: World, module: Module, paths: list[Path]) -> None:
    for path in paths:
        _run_root(world, module, path)


def _run_root(world: World, module: Module, path: Path) -> None:
    """Run the innermost function of `path` with arguments that nobody gives, in the scopes around it."""
    state = State.fresh(world.base)
    number = namespace_of(world, module).number
    at = Frame(module, number, (), state, state, kind="module", context=world.number())
    holder: Value | None = None
    for depth, scope in enumerate(path):
        world.refuel()
        if not isinstance(scope, cst.ClassDef):
            _run_function(world, at, holder, scope)
            holder = None
            continue
        found = of_class(world, at, holder, scope.name.value) if isinstance(holder, Class) else None
        if depth and holder is None:
            found, at = _defined(world, at, scope)
        holder = found or force(world, at, peek(world, at, scope.name.value))
        if not isinstance(holder, Class):
            return


def _defined(world: World, at: Frame, node: Scope) -> tuple[Value | None, Frame]:
    """What a function that has been run already defines inside itself, and a frame that sees what it sees there."""
    if id(node) not in world.defined:
        return None, at
    value, home = world.defined[id(node)]
    return value, Frame(home.module, home.number, home.parents, home.state, home.state, context=world.number())


def _run_function(world: World, at: Frame, holder: Value | None, node: cst.FunctionDef | cst.Lambda) -> None:
    arguments = Arguments(open_keywords=NO_CALLER)
    if isinstance(holder, Class) and isinstance(node, cst.FunctionDef):
        _run_method(world, at, holder, node, arguments)
        return
    function, inner = _defined(world, at, node)
    if function is not None:
        if isinstance(function, Function):
            call_function(world, inner, function, arguments, for_value=False)
        return
    if isinstance(node, cst.Lambda):
        return
    found = force(world, at, peek(world, at, node.name.value))
    for _, single in alternatives(found):
        if isinstance(single, Function) and single.node.origin is node:
            call_function(world, at, single, arguments, for_value=False)


def _run_method(world: World, at: Frame, cls: Class, node: cst.FunctionDef, arguments: Arguments) -> None:
    """Run a method on the instances that were seen being made; on one made with unknown arguments where none was."""
    made: list[tuple[Value, State]] = list(_instances(world, cls))
    if node.name.value == "__init__":
        if not made:
            instantiate(world, at, cls, arguments)
        return
    for instance, state in made or [(instantiate(world, at, cls, arguments), at.state)]:
        world.refuel()
        here = Frame(at.module, at.number, at.parents, state, state, kind="module", context=world.number())
        found, owner = class_attribute(world, here, cls, node.name.value)
        if isinstance(found, Function) and found.node.origin is node:
            bound = bind_method(world, here, found, instance, owner)
            if isinstance(bound, Function):
                call_function(world, here, bound, arguments, for_value=False)


def _instances(world: World, cls: Class) -> Iterator[tuple[Value, State]]:
    for made in list(world.wanted_calls.values()):
        for value, state in made:
            for _, single in alternatives(value):
                if isinstance(single, Instance) and any(one.node is cls.node for one in mro(single.cls)):
                    yield single, state


# --- callers in other modules ---


def _ask_callers(world: World, module: Module, sites: list[CallSite]) -> None:
    """Let the project's callers run what was run without arguments; what they give replaces what nobody gave."""
    open_sites = [site for site in sites if site.scopes and _depends_on_caller(world, module, site)]
    if not open_sites:
        return
    before = {id(seen) for seen in world.engine_calls if _is_open(seen)}
    asked: set[str] = set()
    queue = [(module, root, 0) for root in _roots_of(module, open_sites)]
    while queue:
        home, path, hops = queue.pop(0)
        for name in _called_names(path):
            if name in asked or hops >= MAX_HOPS or len(asked) >= MAX_NAMES:
                continue
            asked.add(name)
            for other in world.project.callers(home, name):
                paths = _run_callers(world, module, other, name)
                queue += [(other, one, hops + 1) for one in paths]
        if isinstance(path[-1], cst.FunctionDef) and len(path) > 1 and isinstance(path[-2], cst.ClassDef):
            _run_roots(world, home, [path])
    _forget(world, module, open_sites, before)


def _depends_on_caller(world: World, module: Module, site: CallSite) -> bool:
    seen = [one for one in world.engine_calls if one.node is site.node and one.observer is module]
    return any(_is_open(one) for one in seen)


def _is_open(seen: EngineCall) -> bool:
    """Whether an argument of the call depends on a parameter that nobody gave."""
    if seen.arguments.open_keywords == NO_CALLER:
        return True
    return any(_from_caller(value) for value in [*seen.arguments.positional, *seen.arguments.keywords.values()])


def _from_caller(value: Value, depth: int = 0) -> bool:
    for _, single in alternatives(value):
        match single:
            case Unknown():
                if single.reason == NO_CALLER or (isinstance(single.ident, tuple) and "parameter" in single.ident):
                    return True
                if "has no known caller" in single.reason:
                    return True
            case Text():
                if any(isinstance(piece, Unknown) and _from_caller(piece) for piece in single.pieces):
                    return True
            case Url():
                if _from_caller(single.drivername):
                    return True
            case MappingValue() if depth < 3:
                if single.open == NO_CALLER or any(_from_caller(item, depth + 1) for item in single.items.values()):
                    return True
    return False


def _roots_of(module: Module, sites: list[CallSite]) -> list[Path]:
    """The functions that no function of the file calls and from which one of these calls is reached."""
    found = roots(module, hot_scopes(module, sites))
    return found or [site.scopes for site in sites]


def _called_names(path: Path) -> Iterator[str]:
    """The names by which other modules get to the innermost function: its own, and that of its class."""
    scopes = [scope for scope in path if not isinstance(scope, cst.Lambda)]
    if not scopes:
        return
    if len(scopes) > 1 and isinstance(scopes[-2], cst.ClassDef):
        yield scopes[-2].name.value
        # The object may be made here and its method called elsewhere: `sessions.init(url)`.
        if not _is_special(scopes[-1].name.value):
            yield scopes[-1].name.value
    elif isinstance(scopes[0], cst.FunctionDef):
        yield scopes[0].name.value
    else:
        yield scopes[-1].name.value


def _is_special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _run_callers(world: World, observer: Module, other: Module, name: str) -> list[Path]:
    """Run what calls `name` in another module; the roots there, which may have callers themselves."""
    return _run_calls(world, observer, other, other.index.calls_by_name.get(name, []))


def _run_calls(world: World, observer: Module, other: Module, sites: list[CallSite]) -> list[Path]:
    """Run what leads to these calls of another module, for `observer`; the roots there."""
    hot = hot_scopes(other, sites)
    _heat(world, other, hot, sites)
    for site in sites:
        world.wanted_calls.setdefault(id(site.node), [])
    if other.number not in world.explored or any(not site.scopes for site in sites):
        _run_body(world, other)
    paths = roots(other, hot)[:MAX_CALLER_ROOTS]
    _run_roots(world, other, paths)
    return paths


def _forget(world: World, module: Module, sites: list[CallSite], before: set[int]) -> None:
    """Drop what was seen without a caller of the calls that callers have reached with something known since."""
    nodes = {id(site.node) for site in sites}
    reached = {
        id(seen.node)
        for seen in world.engine_calls
        if seen.observer is module and id(seen.node) in nodes and id(seen) not in before and not _is_open(seen)
    }
    world.engine_calls = [seen for seen in world.engine_calls if id(seen.node) not in reached or not _is_open(seen)]
