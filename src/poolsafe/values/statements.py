"""Statements: what a body does to the state, and whether it goes on after it."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence as Items
from typing import Any

import libcst as cst

from poolsafe.values.assignment import assign, delete
from poolsafe.values.attributes import bind_method
from poolsafe.values.classes import class_attribute, run_class_body
from poolsafe.values.comprehensions import iterated
from poolsafe.values.conditions import assume, truth
from poolsafe.values.expressions import combine
from poolsafe.values.frame import Arguments, Exit, Frame, Loop
from poolsafe.values.functions import parameter_defaults
from poolsafe.values.idle import is_foreign_call, is_idle, mentions
from poolsafe.values.lattice import (
    ALWAYS,
    Class,
    Const,
    Function,
    Guard,
    Instance,
    Lazy,
    Library,
    MappingRef,
    Object,
    Pending,
    Sequence,
    Text,
    Unknown,
    Value,
    lift,
)
from poolsafe.values.matching import match_statement
from poolsafe.values.methods import mapping_method
from poolsafe.values.names import bind, force, kept, peek
from poolsafe.values.state import State
from poolsafe.values.world import World

CONSTANTS = frozenset({"True", "False", "None"})

Body = cst.BaseSuite | Items[cst.BaseStatement]

# After an augmented operator, the binary one that it does.
_AUGMENTED: dict[type, type] = {
    cst.AddAssign: cst.Add,
    cst.BitOrAssign: cst.BitOr,
    cst.ModuloAssign: cst.Modulo,
    cst.SubtractAssign: cst.Subtract,
    cst.MultiplyAssign: cst.Multiply,
    cst.DivideAssign: cst.Divide,
    cst.FloorDivideAssign: cst.FloorDivide,
}


def execute(world: World, frame: Frame, body: Any) -> bool:
    """Run a body; False where execution never gets past its end."""
    statements = body.body if isinstance(body, cst.BaseSuite) else body
    for statement in statements:
        if world.exhausted:
            return True
        if frame.relevant is not None and id(statement) not in frame.relevant:
            continue
        if isinstance(statement, cst.SimpleStatementLine):
            for small in statement.body:
                if not _small(world, frame, small):
                    return False
            continue
        if isinstance(statement, cst.BaseSmallStatement):  # `if x: y = 1` on one line
            if not _small(world, frame, statement):
                return False
            continue
        handler = _COMPOUND.get(type(statement))
        if handler is not None and not handler(world, frame, statement):
            return False
    return True


def _small(world: World, frame: Frame, node: cst.BaseSmallStatement) -> bool:
    match node:
        case cst.Assign():
            value = _assigned(world, frame, node)
            for target in node.targets:
                assign(world, frame, target.target, value)
        case cst.AnnAssign():
            if node.value is not None:
                assign(world, frame, node.target, world.evaluate(world, frame, node.value))
        case cst.AugAssign():
            _augmented(world, frame, node)
        case cst.Expr():
            done = node.value
            if is_idle(world, frame, done):
                return True
            if isinstance(done, (cst.Call, cst.Await, cst.NamedExpr, cst.Yield, cst.IfExp, cst.BooleanOperation)):
                force(world, frame, world.evaluate(world, frame, done))
        case cst.Return():
            result = Const(None) if node.value is None else world.evaluate(world, frame, node.value)
            frame.exits.append(Exit(frame.state.flattened(frame.entry.parent or frame.entry), result))
            return False
        case cst.Raise():
            if node.exc is not None:
                force(world, frame, world.evaluate(world, frame, node.exc))
            return False
        case cst.Break() | cst.Continue():
            if frame.loops:
                loop = frame.loops[-1]
                left = loop.broken if isinstance(node, cst.Break) else loop.continued
                left.append(frame.state.flattened(loop.before))
            return False
        case cst.Import():
            _import(world, frame, node)
        case cst.ImportFrom():
            _import_from(world, frame, node)
        case cst.Global():
            module = frame.parents[-1] if frame.parents else frame.number
            frame.outer_names.update((item.name.value, module) for item in node.names)
        case cst.Nonlocal():
            outer = frame.parents[0] if frame.parents else frame.number
            frame.outer_names.update((item.name.value, outer) for item in node.names)
        case cst.Del():
            delete(world, frame, node.target)
        case cst.Assert():
            return _assert(world, frame, node)
        case cst.TypeAlias():
            bind(world, frame, node.name.value, world.unknown(frame, node, "a type alias"))
    return True


def _assigned(world: World, frame: Frame, node: cst.Assign) -> Value:
    """The value of an assignment; put off where an imported function makes it and nobody may ever ask."""
    target = node.targets[0].target
    if isinstance(node.value, cst.Name) and node.value.value not in ("True", "False", "None"):
        return peek(world, frame, node.value.value)
    if (
        frame.kind == "module"
        and len(node.targets) == 1
        and isinstance(target, cst.Name)
        and is_foreign_call(world, frame, node.value)
        and not mentions(node.value, target.value)
    ):
        return Lazy(node.value, frame)
    return world.evaluate(world, frame, node.value)


def _assert(world: World, frame: Frame, node: cst.Assert) -> bool:
    then, _ = truth(world, frame, node.test)
    if not frame.state.narrow(then):
        return False
    assume(world, frame, node.test, positive=True)
    return True


def _augmented(world: World, frame: Frame, node: cst.AugAssign) -> None:
    kind = _AUGMENTED.get(type(node.operator))
    before = world.evaluate(world, frame, node.target)
    right = world.evaluate(world, frame, node.value)
    if kind is cst.BitOr:
        single = force(world, frame, before)
        if isinstance(single, MappingRef):
            mapping_method(world, frame, cst.Call(cst.Name("update")), single, "update", Arguments([right]))
            return
    value = (
        combine(world, frame, node, kind, before, right)
        if kind is not None
        else world.unknown(frame, node, "an operator")
    )
    assign(world, frame, node.target, value)


def _import(world: World, frame: Frame, node: cst.Import) -> None:
    for alias in node.names:
        name = dotted(alias.name)
        if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
            bind(world, frame, alias.asname.name.value, Pending(frame.module, 0, name))
        else:
            bind(world, frame, name.split(".")[0], Pending(frame.module, 0, name, root=True))


def _import_from(world: World, frame: Frame, node: cst.ImportFrom) -> None:
    module = dotted(node.module) if node.module is not None else ""
    level = len(node.relative)
    if isinstance(node.names, cst.ImportStar):
        world.stars.setdefault(frame.number, []).append((frame.module, level, module))
        return
    for alias in node.names:
        name = dotted(alias.name)
        target = alias.asname.name if alias.asname is not None else alias.name
        if isinstance(target, cst.Name):
            bind(world, frame, target.value, Pending(frame.module, level, module, name))


def dotted(node: cst.BaseExpression) -> str:
    """`a.b.c` of a name or attribute node."""
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    if isinstance(node, cst.Name):
        parts.append(node.value)
    return ".".join(reversed(parts))


def _if(world: World, frame: Frame, node: cst.If) -> bool:
    then, other = truth(world, frame, node.test)
    before = frame.state
    ends: list[State] = []
    whole = True
    for guards, body, positive in ((then, node.body, True), (other, node.orelse, False)):
        state = before.branch(guards)
        if state is None:
            continue
        entered = state.path
        frame.state = state
        assume(world, frame, node.test, positive=positive)
        if body is None:
            goes_on = True
        elif isinstance(body, cst.If):
            goes_on = _if(world, frame, body)
        else:
            goes_on = execute(world, frame, body.body if isinstance(body, cst.Else) else body)
        if goes_on:
            ends.append(frame.state)
        whole = whole and goes_on and frame.state.path == entered
    frame.state = before
    if not ends:
        return False
    before.join(ends, whole=whole)
    return True


def _for(world: World, frame: Frame, node: cst.For) -> bool:
    items = iterated(world, frame, world.evaluate(world, frame, node.iter))
    before, goes_on = _enter_loop(frame), True
    if items is not None and not items.open:
        for member in items.items:
            assign(world, frame, node.target, member)
            goes_on = _round(world, frame, node, before)
            if not goes_on:
                break
    else:
        assign(world, frame, node.target, world.unknown(frame, node, "an item of a loop"))
        goes_on = _round(world, frame, node, before)
    return _after_loop(world, frame, node, before, goes_on=goes_on, certain=items is not None and bool(items.items))


def _while(world: World, frame: Frame, node: cst.While) -> bool:
    then, _ = truth(world, frame, node.test)
    if not then:
        return True if node.orelse is None else execute(world, frame, node.orelse.body)
    before = _enter_loop(frame)
    goes_on = _round(world, frame, node, before)
    return _after_loop(world, frame, node, before, goes_on=goes_on, certain=then == [ALWAYS])


def _enter_loop(frame: Frame) -> State:
    before = frame.state
    frame.loops.append(Loop(before))
    frame.state = before.layer()
    return before


def _round(world: World, frame: Frame, node: cst.For | cst.While, before: State) -> bool:
    """Run the body once; False where no path comes back to the head of the loop."""
    loop = frame.loops[-1]
    ends = [frame.state] if execute(world, frame, node.body) else []
    if loop.continued:
        ends = [*(state.flattened(before) for state in ends), *loop.continued]
        loop.continued.clear()
        frame.state = before.layer()
        frame.state.join(ends)
    return bool(ends)


def _after_loop(
    world: World, frame: Frame, node: cst.For | cst.While, before: State, *, goes_on: bool, certain: bool
) -> bool:
    broken = frame.loops.pop().broken
    ends = [frame.state.flattened(before)] if goes_on else []
    frame.state = before
    if not certain:
        key = ("loop", frame.number, id(node))
        ends, broken = ([_under(end, frozenset({(key, True)})) for end in part] for part in (ends, broken))
        skipped = before.branch([frozenset({(key, False)})])
        if skipped is not None:
            ends.append(skipped)
    if node.orelse is not None and ends:
        ends = _orelse(world, frame, node.orelse, before, ends)
    if ends or broken:
        before.join([*ends, *broken], whole=not certain)
    return bool(ends or broken)


def _orelse(world: World, frame: Frame, node: cst.Else, before: State, ends: list[State]) -> list[State]:
    """`else` of a loop: where no `break` ended it."""
    frame.state = before.layer()
    frame.state.join(ends)
    goes_on = execute(world, frame, node.body)
    done, frame.state = frame.state, before
    return [done.flattened(before)] if goes_on else []


def _under(state: State, guard: Guard) -> State:
    state.path = tuple(at | guard for at in state.path)
    state.own = tuple(at | guard for at in state.own)
    return state


def _try(world: World, frame: Frame, node: cst.Try | cst.TryStar) -> bool:
    before = frame.state
    key = ("raises", frame.number, id(node))
    ends: list[State] = []
    state = before.branch([frozenset({(key, False)})]) or before
    frame.state = state
    goes_on = execute(world, frame, node.body)
    if goes_on and node.orelse is not None:
        goes_on = execute(world, frame, node.orelse.body)
    if goes_on:
        ends.append(frame.state)
    handlers: Items[cst.ExceptHandler | cst.ExceptStarHandler] = node.handlers
    for index, handler in enumerate(handlers):
        # Where the last handler does not take it either, nothing goes on: it needs no condition of its own.
        known = range(min(index + 1, len(handlers) - 1))
        guard = frozenset({(key, True), *(((key, other), other == index) for other in known)})
        branch = before.branch([guard])
        if branch is None:
            continue
        frame.state = branch
        if handler.name is not None and isinstance(handler.name.name, cst.Name):
            bind(world, frame, handler.name.name.value, world.unknown(frame, handler, "an exception"))
        if execute(world, frame, handler.body):
            ends.append(frame.state)
    frame.state = before
    if ends:
        before.join(ends, whole=True)
    if node.finalbody is not None and not execute(world, frame, node.finalbody.body):
        return False
    return bool(ends)


def _with(world: World, frame: Frame, node: cst.With) -> bool:
    for item in node.items:
        value = force(world, frame, world.evaluate(world, frame, item.item))
        if item.asname is not None:
            assign(world, frame, item.asname.name, entered(world, frame, item, value))
    return execute(world, frame, node.body)


def entered(world: World, frame: Frame, node: cst.CSTNode, value: Value) -> Value:
    """What `with value as name` binds."""

    def one(single: Value) -> Value:
        match single:
            case Object(kind="generator", facts={"value": Value() as inner}):
                return inner
            case Object(kind="runner" | "container"):
                return single
            case Instance():
                return _entered_instance(world, frame, single)
            case Library():
                return world.unknown(frame, node, f"`{single.name}`")
        return Unknown(
            single.reason if isinstance(single, Unknown) else "a context manager", ("entered", frame.number, id(node))
        )

    return lift(one, value)


def _entered_instance(world: World, frame: Frame, instance: Instance) -> Value:
    for name in ("__enter__", "__aenter__"):
        method, owner = class_attribute(world, frame, instance.cls, name)
        if isinstance(method, Function):
            bound = bind_method(world, frame, method, instance, owner)
            return force(world, frame, world.apply(world, frame, None, bound, Arguments()))
    return instance


def _function(world: World, frame: Frame, node: cst.FunctionDef) -> bool:
    if frame.kind == "class" and _is_setter(node):
        return True
    if frame.kind == "function" or id(node) in world.hot or _depends_on_order(world, frame, node.params):
        value = _defined(world, frame, node)
        if id(node) in world.hot:
            world.defined[id(node)] = (value, frame)
        bind(world, frame, node.name.value, value)
    else:
        bind(world, frame, node.name.value, Lazy(node, frame))
    return True


def _depends_on_order(world: World, frame: Frame, params: cst.Parameters) -> bool:
    """Whether a default is a name that may be bound anew before anybody asks for the function."""
    defaults = [param.default for param in (*params.posonly_params, *params.params, *params.kwonly_params)]
    names = [default.value for default in defaults if isinstance(default, cst.Name) and default.value not in CONSTANTS]
    return any(isinstance(peek(world, frame, name), (Const, Text, MappingRef, Sequence)) for name in names)


def complete(world: World, frame: Frame, node: cst.CSTNode) -> Value:
    """What has waited: a definition, or the right side of an assignment."""
    with kept(world, frame):
        return _completed(world, frame, node)


def _completed(world: World, frame: Frame, node: cst.CSTNode) -> Value:
    if isinstance(node, cst.FunctionDef):
        return _defined(world, frame, node)
    if isinstance(node, cst.ClassDef):
        return _defined_class(world, frame, node)
    assert isinstance(node, cst.BaseExpression)
    return force(world, frame, world.evaluate(world, frame, node))


def _defined(world: World, frame: Frame, node: cst.FunctionDef) -> Function:
    decorators = tuple(force(world, frame, world.evaluate(world, frame, item.decorator)) for item in node.decorators)
    parents = frame.parents if frame.kind == "class" else (frame.number, *frame.parents)
    return Function(
        node,
        frame.module,
        decorators,
        owner=frame.cls if frame.kind == "class" else None,
        defaults=parameter_defaults(world, frame, node.params),
        parents=parents,
    )


def _is_setter(node: cst.FunctionDef) -> bool:
    return any(
        isinstance(item.decorator, cst.Attribute) and item.decorator.attr.value in ("setter", "deleter", "expression")
        for item in node.decorators
    )


def _class(world: World, frame: Frame, node: cst.ClassDef) -> bool:
    if frame.kind != "function" and id(node) not in world.hot:
        bind(world, frame, node.name.value, Lazy(node, frame))
        return True
    value = _defined_class(world, frame, node)
    bind(world, frame, node.name.value, value)
    if id(node) in world.hot:
        world.defined[id(node)] = (value, frame)
        run_class_body(world, frame, value, frame.path)
    return True


def _defined_class(world: World, frame: Frame, node: cst.ClassDef) -> Class:
    bases = tuple(force(world, frame, world.evaluate(world, frame, base.value)) for base in node.bases)
    decorators = tuple(force(world, frame, world.evaluate(world, frame, item.decorator)) for item in node.decorators)
    parents = frame.parents if frame.kind == "class" else (frame.number, *frame.parents)
    return Class(node, frame.module, world.number(), bases, decorators, parents)


_COMPOUND: dict[type, Callable[[World, Frame, Any], bool]] = {
    cst.If: _if,
    cst.For: _for,
    cst.While: _while,
    cst.Try: _try,
    cst.TryStar: _try,
    cst.With: _with,
    cst.FunctionDef: _function,
    cst.ClassDef: _class,
    cst.Match: match_statement,
}
