"""Runs of entry points: the body of a module, and functions with unknown arguments in their enclosing scopes."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from poolsafe.inference.arguments import Arguments
from poolsafe.inference.attributes import bind_method, of_class
from poolsafe.inference.callgraph import Path, calls_of, takes_instance_only
from poolsafe.inference.classes import class_attribute, mro
from poolsafe.inference.context import Frame, Run
from poolsafe.inference.functions import call_function
from poolsafe.inference.instantiation import instantiate
from poolsafe.inference.lattice import alternatives
from poolsafe.inference.modules import Module
from poolsafe.inference.names import force, peek
from poolsafe.inference.namespaces import namespace_of, run_to_targets
from poolsafe.inference.reasons import Reason
from poolsafe.inference.slices import Use
from poolsafe.inference.state import State
from poolsafe.inference.values import Class, Function, Instance, Value
from poolsafe.syntax.index import CallSite, Scope


def is_used(run: Run, path: Path) -> bool:
    """Returns whether a method whose only parameter is its instance, such as a property, has already been run."""
    is_method = len(path) > 1 and isinstance(path[-2], cst.ClassDef)
    return is_method and takes_instance_only(path[-1]) and _was_run(run, path)


def is_dead(run: Run, path: Path) -> bool:
    """Returns whether the functions around an unreached call have been run, or never define the next inner one."""
    undefined = any(_was_run(run, path[:depth]) and id(path[depth]) not in run.defined for depth in range(1, len(path)))
    return undefined or _was_run(run, path)


def _was_run(run: Run, path: Path) -> bool:
    """Returns whether the innermost function of a path has been run. Another run would not reach more."""
    functions = [scope for scope in path if not isinstance(scope, cst.ClassDef)]
    return bool(functions) and id(functions[-1]) in run.observations.run_functions


def mark_leading(run: Run, module: Module, leading: list[Scope], sites: list[CallSite]) -> None:
    """Marks functions and classes that lead to calls, and records the instances that calls to these classes create."""
    run.strategy.leading.update(id(scope) for scope in leading)
    run.strategy.targets.add_names(scope.name.value for scope in leading if not isinstance(scope, cst.Lambda))
    _mark_path(run, module, sites)
    for scope in leading:
        if isinstance(scope, cst.Lambda):
            continue
        calls = calls_of(module, scope)
        _mark_path(run, module, calls)
        if isinstance(scope, cst.ClassDef):
            for site in calls:
                run.observations.results.setdefault(id(site.node), [])


def _mark_path(run: Run, module: Module, sites: list[CallSite]) -> None:
    """Marks calls and all nodes around them, so that none of them is skipped."""
    for site in sites:
        node: cst.CSTNode | None = site.node
        path: list[int] = []
        while node is not None and id(node) not in run.strategy.targets.on_path:
            path.append(id(node))
            node = module.index.parents.get(id(node))
        run.strategy.targets.add_path(path)


def run_body(run: Run, module: Module) -> None:
    """Runs the part of a module body that leads to targets."""
    run.strategy.explored.add(module.number)
    state = State.fresh(run.heap, module)
    run_to_targets(run, namespace_of(run, module), state)
    state.reader = None  # its functions run after all imports


def run_roots(run: Run, module: Module, paths: list[Path]) -> None:
    for path in paths:
        run_root(run, module, path)
        if run.budget.exhausted:
            run.observations.unfinished.add(id(path[-1]))


def run_root(run: Run, module: Module, path: Path) -> None:
    """Runs the innermost function of `path` with unknown arguments, in its enclosing scopes."""
    state = State.fresh(run.heap)
    number = namespace_of(run, module).number
    at = Frame(run, module, number, (), state, state, kind="module", context=run.heap.number())
    holder: Value | None = None
    for depth, scope in enumerate(path):
        run.begin()
        if not isinstance(scope, cst.ClassDef):
            _run_function(at, holder, scope)
            holder = None
            continue
        found = of_class(at, holder, scope.name.value) if isinstance(holder, Class) else None
        if depth and holder is None:
            found, at = _defined(at, scope)
        holder = found or force(at, peek(at, scope.name.value))
        if not isinstance(holder, Class):
            return


def _defined(at: Frame, node: Scope) -> tuple[Value | None, Frame]:
    """Returns the function or class that a run has created at `node`, and a frame of the function that defines it.

    Returns None and `at` if no run has reached the definition.
    """
    if id(node) not in at.run.defined:
        return None, at
    value, home = at.run.defined[id(node)]
    number = at.run.heap.number()
    return value, Frame(at.run, home.module, home.number, home.parents, home.state, home.state, context=number)


def _run_function(at: Frame, holder: Value | None, node: cst.FunctionDef | cst.Lambda) -> None:
    arguments = Arguments(open_keywords=Reason.NO_CALLER)
    if isinstance(holder, Class) and isinstance(node, cst.FunctionDef):
        _run_method(at, holder, node, arguments)
        return
    function, inner = _defined(at, node)
    if function is not None:
        if isinstance(function, Function):
            call_function(inner, function, arguments, Use.TARGETS)
        return
    if isinstance(node, cst.Lambda):
        return
    found = force(at, peek(at, node.name.value))
    for _, single in alternatives(found):
        if isinstance(single, Function) and single.node.origin is node:
            call_function(at, single, arguments, Use.TARGETS)


def _run_method(at: Frame, cls: Class, node: cst.FunctionDef, arguments: Arguments) -> None:
    """Runs a method on each observed instance, or on one created with unknown arguments if there is none.

    A method that takes no other arguments is not run again on an instance on which the program has called it.
    """
    observations = at.run.observations
    made: list[tuple[Value, State]] = list(_instances(at.run, cls))
    before = len(observations.calls)
    if node.name.value == "__init__":
        if not made:
            instantiate(at, cls, arguments)
            observations.assume(cls.node.name, before)
        return
    for instance, state in made or [(instantiate(at, cls, arguments), at.state)]:
        if (
            isinstance(instance, Instance)
            and takes_instance_only(node)
            and (id(node), instance.address) in observations.run_on
        ):
            continue
        at.run.begin()
        number = at.run.heap.number()
        here = Frame(at.run, at.module, at.number, at.parents, state, state, kind="module", context=number)
        found, owner = class_attribute(here, cls, node.name.value)
        if isinstance(found, Function) and found.node.origin is node:
            bound = bind_method(here, found, instance, owner)
            if isinstance(bound, Function):
                call_function(here, bound, arguments, Use.TARGETS)
    if not made:
        observations.assume(cls.node.name, before)


def _instances(run: Run, cls: Class) -> Iterator[tuple[Value, State]]:
    for made in list(run.observations.results.values()):
        for value, state in made:
            for _, single in alternatives(value):
                if isinstance(single, Instance) and any(map(cls.is_same, mro(single.cls))):
                    yield single, state
