"""Effects of calls whose result is not used: which of them can be skipped, and what unknown code may change."""

from __future__ import annotations

import sys
from typing import TypeGuard

from poolsafe import ir, libraries
from poolsafe.inference.aliases import targets
from poolsafe.inference.arguments import Arguments
from poolsafe.inference.context import Frame
from poolsafe.inference.lattice import alternatives
from poolsafe.inference.mappings import blurred, open_attributes
from poolsafe.inference.names import force, global_name, peek
from poolsafe.inference.namespaces import namespace_of
from poolsafe.inference.objects import (
    BuiltinMethod,
    GeneratorObject,
    InstanceDict,
    LibraryResult,
    MapIterator,
    TextClause,
)
from poolsafe.inference.scope_lines import Effects, subscripted
from poolsafe.inference.slices import effects_of
from poolsafe.inference.values import (
    Class,
    Function,
    Instance,
    Library,
    MappingRef,
    ModuleValue,
    Partial,
    Pending,
    Sequence,
    Unknown,
    Value,
)

MAX_NESTING = 3
MAX_CALLS = 3  # an effect summary follows calls to this depth


def note_effect(frame: Frame, node: ir.Call, callee: Value, method: str | None, given: Arguments) -> None:
    """Applies the effect of a call that cannot be followed: the dicts and lists among its arguments become unknown.

    `callee` is the receiver if `method` is given. A call whose result is used is assumed to change nothing.
    """
    if not stands_for_effect(node, method):
        return
    if not any(_is_foreign(single) for _, single in alternatives(callee)):
        return
    _blur_all(frame, given)


def blur_arguments(frame: Frame, function: Function, given: Arguments) -> None:
    """Applies the effect of a call that is not followed to its arguments, unless it certainly does not change them.

    The dicts and lists among them become unknown.
    """
    if isinstance(function.node, ir.Lambda) or _summary(function, function.node).parameters:
        _blur_all(frame, given)


def _blur_all(frame: Frame, given: Arguments) -> None:
    for value in (*given.positional, *given.keywords.values()):
        _blur(frame, value, MAX_NESTING)


def stands_for_effect(node: ir.Call, method: str | None) -> bool:
    """Returns whether the result of a call is not used, and its method may do more than read."""
    return node.discarded and method not in libraries.READING


def _is_foreign(callee: Value) -> bool:
    """Returns whether the callee is unknown, or belongs to a library that is neither modelled nor part of Python."""
    match callee:
        case Unknown():
            return True
        case Library(name=name):
            return _is_out_of_sight(name)
        case LibraryResult(name=name):
            return _is_out_of_sight(name)
    return False


def _is_out_of_sight(name: str) -> bool:
    top = name.partition(".")[0]
    return top not in sys.stdlib_module_names and not libraries.is_library(name)


def _blur(frame: Frame, value: Value, depth: int) -> None:
    for _, single in alternatives(value):
        if isinstance(single, Instance):
            open_attributes(frame, single, "an instance passed to unknown code")
        if isinstance(single, Sequence) and single.address:
            frame.state.set(("list", single.address), Sequence((), single.kind, open=True, address=single.address))
        if not isinstance(single, MappingRef):
            continue
        content = frame.content(single)
        for inner in content.items.values() if depth else ():
            _blur(frame, inner, depth - 1)
        frame.state.set(("dict", single.address), blurred(content, "it is passed to code that poolsafe cannot follow"))


# --- calls that can be skipped ---


def is_idle(frame: Frame, node: ir.Expression) -> bool:
    """Returns whether a call whose result is not used changes nothing that matters, so that it can be skipped.

    Either the name of the method shows this, or the effect summary of the callee does: the callee changes neither its
    arguments nor objects of enclosing scopes. A call into another module with immutable arguments is usually skipped
    without loading that module, except where a module is run for its changes to others.
    """
    if frame.run.strategy.is_on_path(node):
        return False
    call = node.value if isinstance(node, ir.Await) else node
    if not isinstance(call, ir.Call):
        return False
    if ir.last_name(call.callee) in libraries.READING:
        return not any(name for one in call.arguments for name in subscripted(one.value))  # an item may be missing
    root = _root(call.callee)
    binding = peek(frame, root) if root is not None else None
    if _is_of_project(binding):
        if isinstance(call.callee, ir.Attribute) and call.callee.name in libraries.CHANGING:
            return False
        if any(_may_be_changed(frame, one.value) for one in call.arguments):
            return False
        # A module's slice contains such a call only if a name of the other module also matters.
        if not (frame.kind == "module" or frame.run.answers.changing):
            return True
        if not (isinstance(call.callee, ir.Name) or _is_module(frame, binding)):
            return True
        return not _holds_changeable(frame, force(frame, frame.evaluate(call.callee)))
    if (
        not isinstance(binding, Function)
        or not isinstance(call.callee, ir.Name)
        or frame.run.strategy.leads_to_target(binding.node)
    ):
        return False
    if frame.run.answers.changing or not isinstance(binding.node, ir.FunctionDef) or may_stop(binding):
        return False
    return not _changes(frame, binding, binding.node, call)


def is_idle_elsewhere(frame: Frame, node: ir.Expression) -> bool:
    """Returns whether an expression is an idle call to another module, such as one that creates a context manager.

    A function that returns `contextlib.suppress(...)` is only examined if it is in the same module.
    """
    call = node.value if isinstance(node, ir.Await) else node
    root = _root(call.callee) if isinstance(call, ir.Call) else None
    return root is not None and _is_of_project(peek(frame, root)) and is_idle(frame, node)


def may_stop(function: Function) -> bool:
    """Returns whether a call to the function may raise an exception that depends on the environment."""
    node = function.node
    return isinstance(node, ir.FunctionDef) and bool(function.module.scope_of(node).stops)


def changes_more(decorator: Value) -> bool:
    """Returns whether a decorator does more than replace its function, such as adding it to a registry."""
    if not isinstance(decorator, Function) or not isinstance(decorator.node, ir.FunctionDef):
        return False
    summary = _summary(decorator, decorator.node)
    return summary.outside or (summary.parameters and decorator.bound is not None)


def names_with_effects(frame: Frame, body: ir.Body) -> set[str]:
    """Returns the names of a class body whose values come from functions with effects."""
    found: set[str] = set()
    for statement in body.statements:
        if not isinstance(statement, ir.Assign):
            continue
        for one in ir.walk(statement.value):
            if isinstance(one, ir.Call) and isinstance(one.callee, ir.Name):
                function = peek(frame, one.callee.id)
                if (
                    isinstance(function, Function)
                    and isinstance(function.node, ir.FunctionDef)
                    and _changes(frame, function, function.node, one)
                ):
                    found.update(name for target in statement.targets for name in targets(target))
    return found


def _changes(frame: Frame, function: Function, node: ir.FunctionDef, call: ir.Call) -> bool:
    if _changes_outside(frame, function, node) or id(node.origin) in frame.run.strategy.wanted_results:
        return True
    return _summary(function, node).parameters and any(_may_be_changed(frame, one.value) for one in call.arguments)


def _summary(function: Function, node: ir.FunctionDef) -> Effects:
    return effects_of(function.module.scope_of(node))


def _changes_outside(frame: Frame, function: Function, node: ir.FunctionDef, depth: int = MAX_CALLS) -> bool:
    """Returns whether a function, or one that it calls in its module, may change objects of enclosing scopes.

    The defaults of its parameters are among those objects.
    """
    summary = _summary(function, node)
    if summary.outside or not depth:
        return summary.outside
    if summary.parameters and any(_holds_changeable(frame, one, depth - 1) for one in function.defaults.values()):
        return True
    bound = namespace_of(frame.run, function.module).scope.bound
    called = [global_name(frame, function.module, name) for name in summary.calls & bound]
    return any(
        isinstance(one, Function)
        and isinstance(one.node, ir.FunctionDef)
        and _changes_outside(frame, one, one.node, depth - 1)
        for one in called
    )


def _root(node: ir.Expression) -> str | None:
    while isinstance(node, (ir.Attribute, ir.Call, ir.Subscript)):
        node = node.callee if isinstance(node, ir.Call) else node.value
    return node.id if isinstance(node, ir.Name) else None


def _may_be_changed(frame: Frame, node: ir.Expression) -> bool:
    """Returns whether an argument is, or contains, an object that the callee may change."""
    if isinstance(node, (ir.Constant, ir.JoinedString, ir.Comparison)):
        return False
    return frame.run.strategy.is_on_path(node) or any(
        (isinstance(one, ir.Name) and is_changeable(frame, one.id))
        or _is_imported_collection(frame, one)
        or (isinstance(one, ir.Call) and isinstance(one.callee, ir.Name) and _gives_outer(frame, one.callee.id))
        for one in ir.walk(node)
    )


def _gives_outer(frame: Frame, name: str) -> bool:
    """Returns whether a function may return or yield an object of an enclosing scope."""
    return any(
        isinstance(single, Function) and (isinstance(single.node, ir.Lambda) or _gives(single, single.node))
        for _, single in alternatives(peek(frame, name))
    )


def _gives(function: Function, node: ir.FunctionDef) -> bool:
    scope = function.module.scope_of(node)
    return bool(scope.reached(scope.used - scope.bound - scope.parameters))


def _is_imported_collection(frame: Frame, node: ir.Node) -> bool:
    """Returns whether a node evaluates to a dict or list of another module. Instances are too common to count."""
    name = node.value if isinstance(node, ir.Attribute) else node
    binding = peek(frame, name.id) if isinstance(name, ir.Name) else None
    if not isinstance(node, ir.Expression) or not _is_of_project(binding):
        return False
    if name is not node and not _is_module(frame, binding):
        return False
    return any(
        isinstance(single, MappingRef) or (isinstance(single, Sequence) and single.address != 0)
        for _, single in alternatives(force(frame, frame.evaluate(node)))
    )


def _is_module(frame: Frame, binding: Pending) -> bool:
    return isinstance(force(frame, binding), ModuleValue)


def _is_of_project(binding: Value | None) -> TypeGuard[Pending]:
    return isinstance(binding, Pending) and not libraries.is_library(binding.module)


def is_changeable(frame: Frame, name: str) -> bool:
    """Returns whether a name stands for a mutable object, or for a callable or a generator that holds one.

    Mutable objects are dicts, lists, instances and classes.
    """
    return _holds_changeable(frame, peek(frame, name))


def may_hold_change(frame: Frame, name: str) -> bool:
    """Returns whether code that uses the object of a name may see changes by another statement."""
    value = peek(frame, name)
    return _holds_changeable(frame, value) or any(_keeps_state(single) for _, single in alternatives(value))


def _keeps_state(single: Value) -> bool:
    """Returns whether a value is a class, a module or a library object in which programs store values."""
    match single:
        case Class() | ModuleValue():
            return True
        case Pending(module=name) if not libraries.is_library(name):
            return True
        case Pending(module=name) | Library(name=name):
            return name.partition(".")[0] in _KEEPING_STATE
    return False


_KEEPING_STATE = frozenset({"alembic", "os"})  # Alembic's configuration and the environment


def _holds_changeable(frame: Frame, value: Value, depth: int = MAX_CALLS) -> bool:
    return any(_is_changeable(frame, single, depth) for _, single in alternatives(value))


def _is_changeable(frame: Frame, single: Value, depth: int) -> bool:
    match single:
        case Sequence():
            return single.address != 0 or any(_holds_changeable(frame, item, depth) for item in single.items)
        case GeneratorObject(items=items):
            return _holds_changeable(frame, items, depth)
        case Function(node=ir.FunctionDef() as node, bound=None, parents=(_,)):
            return _changes_outside(frame, single, node, depth)
        case Function():
            return True
        case TextClause():
            return frame.run.strategy.targets.make_clauses  # the code that receives it may execute it
        case MappingRef() | Class() | Instance() | InstanceDict() | Partial() | BuiltinMethod() | MapIterator():
            return True
    return False
