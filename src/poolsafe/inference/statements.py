"""Statements: their effect on the state, and whether execution continues after them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from poolsafe import ir
from poolsafe.inference.arguments import Arguments
from poolsafe.inference.assignment import assign, delete
from poolsafe.inference.attempts import run_try, run_with
from poolsafe.inference.calls import wrapped
from poolsafe.inference.classes import mro, own_attribute, run_class_body
from poolsafe.inference.conditions import assume, truth
from poolsafe.inference.context import Exit, Frame
from poolsafe.inference.decorators import is_property_part
from poolsafe.inference.effects import changes_more, is_idle, may_hold_change, names_with_effects
from poolsafe.inference.exceptions import (
    for_each,
    kind_of,
    may_raise,
    raise_now,
    raise_under,
    raising_kind,
)
from poolsafe.inference.expressions import combine
from poolsafe.inference.functions import parameter_defaults
from poolsafe.inference.lattice import alternatives
from poolsafe.inference.loops import run_for, run_while
from poolsafe.inference.matching import match_statement
from poolsafe.inference.methods import mapping_method
from poolsafe.inference.names import bind, force, import_from, peek
from poolsafe.inference.namespaces import class_namespace, run_for_names
from poolsafe.inference.state import State
from poolsafe.inference.values import (
    Class,
    Const,
    Function,
    Library,
    MappingRef,
    Pending,
    Sequence,
    Value,
)


def execute(frame: Frame, block: ir.Block) -> bool:
    """Runs the statements of a block. Returns False if execution never gets past its end."""
    run, wanted = frame.run, frame.slice
    for statement in block:
        if wanted is not None and (statement not in wanted.statements or _is_unlikely(frame, statement)):
            if run.attempts and (kind := raising_kind(run, statement)) is not None:
                may_raise(frame, kind)
            continue
        if run.budget.exhausted:
            return True
        frame.statement = statement
        goes_on = _HANDLERS[type(statement)](frame, statement)
        if frame.aborted:
            frame.aborted = goes_on = False
        if not goes_on:
            return False
    return True


def _is_unlikely(frame: Frame, statement: ir.Statement) -> bool:
    """Returns whether a statement is in the slice only for changes to objects that it cannot change."""
    names = frame.slice.unlikely.get(statement) if frame.slice is not None else None
    return names is not None and not any(may_hold_change(frame, name) for name in names)


def _assign(frame: Frame, node: ir.Assign) -> bool:
    # A name is copied without following an import behind it.
    value = peek(frame, node.value.id) if isinstance(node.value, ir.Name) else frame.evaluate(node.value)
    for target in node.targets:
        assign(frame, target, value)
    return True


def _evaluate(frame: Frame, node: ir.Evaluate) -> bool:
    if isinstance(node.value, _WITH_EFFECT) and not is_idle(frame, node.value):
        force(frame, frame.evaluate(node.value))
    return True


_WITH_EFFECT = (
    ir.Attribute, ir.Await, ir.BooleanOperation, ir.Call, ir.Comprehension, ir.Conditional, ir.Display,
    ir.NamedExpression, ir.Subscript, ir.Yield,
)  # fmt: skip


def _return(frame: Frame, node: ir.Return) -> bool:
    result: Value = Const(None)
    if node.value is not None and (frame.for_value or _has_effect(frame, node)):
        result = frame.evaluate(node.value)
    if frame.aborted:
        return False
    frame.exits.append(Exit(frame.state.flattened(frame.entry.parent or frame.entry), result))
    return False


def _may_stop(frame: Frame, node: ir.Statement) -> bool:
    return frame.slice is not None and node in frame.slice.stops


def _has_effect(frame: Frame, node: ir.Return) -> bool:
    """Returns whether evaluating an unneeded value leads to a target, may raise or changes something."""
    if frame.run.strategy.is_on_path(node) or _may_stop(frame, node):
        return True
    if frame.run.attempts and raising_kind(frame.run, node) is not None:
        return True
    return frame.slice is not None and node in frame.slice and node not in frame.slice.leading


def _raise(frame: Frame, node: ir.Raise) -> bool:
    if node.exception is not None and not is_idle(frame, node.exception):
        force(frame, frame.evaluate(node.exception))
    raise_now(frame, kind_of(node.exception))
    return False


def _leave_round(frame: Frame, node: ir.Break | ir.Continue) -> bool:
    if frame.loops:
        loop = frame.loops[-1]
        left = loop.broken if isinstance(node, ir.Break) else loop.continued
        left.append(frame.state.flattened(loop.before))
    return False


def _scoping(frame: Frame, node: ir.Scoping) -> bool:
    at = -1 if node.kind == "global" else 0
    number = frame.parents[at] if frame.parents else frame.number
    frame.outer_names.update((name, number) for name in node.names)
    return True


def _delete(frame: Frame, node: ir.Delete) -> bool:
    for target in node.targets:
        delete(frame, target)
    return True


def _type_alias(frame: Frame, node: ir.TypeAlias) -> bool:
    bind(frame, node.name, frame.unknown(node, "a type alias"))
    return True


def _assert(frame: Frame, node: ir.Assert) -> bool:
    then, other = truth(frame, node.test)
    raise_under(frame, "AssertionError", other, then)
    if frame.aborted:
        return False
    assume(frame, node.test, positive=True)
    return True


_AUGMENTED = frozenset({"+", "|", "%", "-", "*", "/", "//"})


def _augmented(frame: Frame, node: ir.AugmentedAssign) -> bool:
    before = frame.evaluate(node.target)
    right = frame.evaluate(node.value)
    if node.operator == "+":
        single = force(frame, before)
        more = force(frame, right)
        if isinstance(single, Sequence) and single.address and isinstance(more, Sequence):
            grown = Sequence(single.items + more.items, single.kind, single.open or more.open, single.address)
            frame.state.set(("list", single.address), grown)
            return True
    if node.operator == "|":
        several = alternatives(force(frame, before))
        if all(isinstance(single, MappingRef) for _, single in several):
            for_each(frame, several, lambda single: _updated(frame, node, single, right))
            return True
    value = (
        combine(frame, node, node.operator, before, right)
        if node.operator in _AUGMENTED
        else frame.unknown(node, "an operator")
    )
    assign(frame, node.target, value)
    return True


def _updated(frame: Frame, node: ir.Node, single: Value, right: Value) -> Value:
    assert isinstance(single, MappingRef)
    return mapping_method(frame, node, single, "update", Arguments([right]))


def _import(frame: Frame, node: ir.Import) -> bool:
    bind(frame, node.bound, Pending(frame.module, 0, node.module, root=not node.whole))
    return True


def _import_from(frame: Frame, node: ir.ImportFrom) -> bool:
    if node.name != "*":
        bind(frame, node.bound, import_from(frame.module, node, in_function=frame.kind == "function"))
    return True


def _if(frame: Frame, node: ir.If) -> bool:
    if _asks_for_type_checker(node.test):
        # Only annotations need these names, and annotations are followed.
        execute(frame, tuple(one for one in node.body if isinstance(one, (ir.Import, ir.ImportFrom))))
    questions = frame.run.emptiness.questions
    then, other = truth(frame, node.test)
    if frame.aborted:
        return False
    before = frame.state
    ends: list[State] = []
    whole = True
    for guards, body, positive in ((then, node.body, True), (other, node.orelse, False)):
        state = before.branch(guards)
        if state is None:
            frame.run.emptiness.leave_out(questions, body)
            continue
        entered = state.path
        frame.state = state
        assume(frame, node.test, positive=positive)
        goes_on = execute(frame, body)
        if goes_on:
            ends.append(frame.state)
        whole = whole and goes_on and frame.state.path == entered
    frame.state = before
    if not ends:
        return False
    before.join(ends, whole=whole)
    return True


def _asks_for_type_checker(test: ir.Expression) -> bool:
    return isinstance(test, (ir.Attribute, ir.Name)) and ir.last_name(test) == "TYPE_CHECKING"


def _function(frame: Frame, node: ir.FunctionDef) -> bool:
    if frame.kind == "class" and is_property_part(node, "setter", "deleter", "expression"):
        return True
    value = _defined(frame, node)
    if frame.run.strategy.leads_to_target(node):
        frame.run.defined[id(node.origin)] = (value, frame)
    made = wrapped(frame, value) if any(map(changes_more, value.decorators)) else None
    bind(frame, node.name, value if made is None else replace(value, wrapper=made))
    return not frame.aborted


def _defined(frame: Frame, node: ir.FunctionDef) -> Function:
    decorators = tuple(_decorator(frame, item) for item in node.decorators)
    parents = frame.parents if frame.kind == "class" else (frame.number, *frame.parents)
    return Function(
        node,
        frame.module,
        decorators,
        owner=frame.cls if frame.kind == "class" else None,
        defaults=parameter_defaults(frame, node.parameters),
        parents=parents,
    )


def _decorator(frame: Frame, node: ir.Expression) -> Value:
    return peek(frame, node.id) if isinstance(node, ir.Name) else frame.evaluate(node)


def _class(frame: Frame, node: ir.ClassDef) -> bool:
    value = _defined_class(frame, node)
    bind(frame, node.name, value)
    _tell_bases(frame, value)
    for decorator in reversed(value.decorators):
        if changes_more(decorator):
            frame.apply(None, decorator, Arguments([value]))
    if frame.run.strategy.leads_to_target(node):
        frame.run.defined[id(node.origin)] = (value, frame)
        run_class_body(frame, value)
    if names := names_with_effects(frame, node.body):
        run_for_names(frame.run, class_namespace(value), names, frame.state)
    return True


def _tell_bases(frame: Frame, cls: Class) -> None:
    """Calls the `__init_subclass__` of a base, which may register or change the class."""
    for base in mro(cls)[1:]:
        hook = force(frame, own_attribute(frame, base, "__init_subclass__"))
        if isinstance(hook, Function):
            given = {one.keyword: frame.evaluate(one.value) for one in cls.node.keywords if one.keyword is not None}
            given.pop("metaclass", None)
            more = "a class with keyword arguments" if any(one.keyword is None for one in cls.node.keywords) else None
            arguments = Arguments(keywords=given, open_keywords=more)
            frame.apply(None, replace(hook, bound=cls, owner=base, decorators=()), arguments)
            return


def _defined_class(frame: Frame, node: ir.ClassDef) -> Class:
    bases = tuple(_base(frame, force(frame, frame.evaluate(base))) for base in node.bases)
    decorators = tuple(_decorator(frame, item) for item in node.decorators)
    parents = frame.parents if frame.kind == "class" else (frame.number, *frame.parents)
    return Class(node, frame.module, frame.address(), bases, decorators, parents)


def _base(frame: Frame, value: Value) -> Value:
    """Returns the class that a library's stub defines for a base, or the base itself."""
    found = frame.run.models.definition(frame, value.name) if isinstance(value, Library) else None
    return found if isinstance(found, Class) else value


def _pass(frame: Frame, node: ir.Statement) -> bool:
    return True


_HANDLERS: dict[type, Callable[[Frame, Any], bool]] = {
    ir.Assign: _assign,
    ir.Declare: _pass,
    ir.AugmentedAssign: _augmented,
    ir.Evaluate: _evaluate,
    ir.Return: _return,
    ir.Raise: _raise,
    ir.Break: _leave_round,
    ir.Continue: _leave_round,
    ir.Import: _import,
    ir.ImportFrom: _import_from,
    ir.Scoping: _scoping,
    ir.Delete: _delete,
    ir.Assert: _assert,
    ir.TypeAlias: _type_alias,
    ir.If: _if,
    ir.For: run_for,
    ir.While: run_while,
    ir.Try: run_try,
    ir.With: run_with,
    ir.FunctionDef: _function,
    ir.ClassDef: _class,
    ir.Match: match_statement,
}
