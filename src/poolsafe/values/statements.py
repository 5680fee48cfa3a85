"""Statements: what a body does to the state, and whether it goes on after it."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence as Items
from typing import Any

import libcst as cst

from poolsafe.values.assignment import assign, delete
from poolsafe.values.comprehensions import iterated
from poolsafe.values.conditions import assume, compare, truth, value_truth
from poolsafe.values.expressions import combine
from poolsafe.values.frame import Arguments, Exit, Frame
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
    Unknown,
    Value,
    compatible,
    lift,
)
from poolsafe.values.methods import mapping_method
from poolsafe.values.names import bind, force
from poolsafe.values.state import State
from poolsafe.values.world import World

Body = cst.BaseSuite | Items[cst.BaseStatement]

# After an augmented operator, the binary one that it does.
_AUGMENTED: dict[type, type] = {
    cst.AddAssign: cst.Add,
    cst.BitOrAssign: cst.BitOr,
    cst.ModuloAssign: cst.Modulo,
    cst.SubtractAssign: cst.Subtract,
    cst.MultiplyAssign: cst.Multiply,
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
                force(world, frame, _expression(world, frame, done))
        case cst.Return():
            result = Const(None) if node.value is None else world.evaluate(world, frame, node.value)
            frame.exits.append(Exit(frame.state.flattened(frame.entry.parent or frame.entry), result))
            return False
        case cst.Raise():
            return False
        case cst.Break() | cst.Continue():
            if frame.breaks:
                frame.breaks[-1].append(frame.state)
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
            assume(world, frame, node.test, positive=True)
        case cst.TypeAlias():
            bind(world, frame, node.name.value, world.unknown(frame, node, "a type alias"))
    return True


def _assigned(world: World, frame: Frame, node: cst.Assign) -> Value:
    """The value of an assignment; put off where an imported function makes it and nobody may ever ask."""
    target = node.targets[0].target
    if (
        frame.kind == "module"
        and len(node.targets) == 1
        and isinstance(target, cst.Name)
        and is_foreign_call(world, frame, node.value)
        and not mentions(node.value, target.value)
    ):
        return Lazy(node.value, frame)
    return world.evaluate(world, frame, node.value)


def _expression(world: World, frame: Frame, node: cst.BaseExpression) -> Value:
    if isinstance(node, cst.Yield):
        return yielded(world, frame, node)
    return world.evaluate(world, frame, node)


def yielded(world: World, frame: Frame, node: cst.Yield) -> Value:
    """`yield value`: kept as what the generator gives; the expression itself is what a sender sends."""
    value: Value = Const(None)
    if isinstance(node.value, cst.From):
        value = Unknown("the items of another generator")
    elif node.value is not None:
        value = world.evaluate(world, frame, node.value)
    frame.yields.append(value)
    return Unknown("a value sent to a generator")


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
    for guards, body, positive in ((then, node.body, True), (other, node.orelse, False)):
        state = before.branch(guards)
        if state is None:
            continue
        frame.state = state
        assume(world, frame, node.test, positive=positive)
        if body is None:
            ends.append(frame.state)
        elif isinstance(body, cst.If):
            if _if(world, frame, body):
                ends.append(frame.state)
        elif execute(world, frame, body.body if isinstance(body, cst.Else) else body):
            ends.append(frame.state)
    frame.state = before
    if not ends:
        return False
    before.join(ends)
    return True


def _for(world: World, frame: Frame, node: cst.For) -> bool:
    items = iterated(world, frame, world.evaluate(world, frame, node.iter))
    frame.breaks.append([])
    before = frame.state
    frame.state = State(before.base, before, {}, before.path)
    goes_on = True
    if items is not None and not items.open:
        for member in items.items:
            assign(world, frame, node.target, member)
            goes_on = execute(world, frame, node.body)
            if not goes_on:
                goes_on = _after_break(frame, frame.breaks[-1], before)
                if not goes_on:
                    break
    else:
        assign(world, frame, node.target, world.unknown(frame, node, "an item of a loop"))
        goes_on = execute(world, frame, node.body)
    return _after_loop(world, frame, node, before, goes_on=goes_on, certain=items is not None and bool(items.items))


def _after_break(frame: Frame, broken: list[State], before: State) -> bool:
    """Go on in the next round from where a round broke off: which of them a `break` really ends is not followed."""
    if not broken:
        return False
    ends = [state.flattened(before) for state in broken]
    broken.clear()
    joined = State(before.base, before, {}, before.path)
    joined.join(ends)
    frame.state = joined
    return True


def _while(world: World, frame: Frame, node: cst.While) -> bool:
    then, _ = truth(world, frame, node.test)
    if not then:
        return True if node.orelse is None else execute(world, frame, node.orelse.body)
    frame.breaks.append([])
    before = frame.state
    frame.state = State(before.base, before, {}, before.path)
    goes_on = execute(world, frame, node.body)
    return _after_loop(world, frame, node, before, goes_on=goes_on, certain=then == [ALWAYS])


def _after_loop(
    world: World, frame: Frame, node: cst.For | cst.While, before: State, *, goes_on: bool, certain: bool
) -> bool:
    broken = frame.breaks.pop()
    ends = [state.flattened(before) for state in ([frame.state] if goes_on else []) + broken]
    frame.state = before
    if not certain:
        key = ("loop", frame.number, id(node))
        entered = frozenset({(key, True)})
        ends = [_under(end, entered) for end in ends]
        skipped = before.branch([frozenset({(key, False)})])
        if skipped is not None:
            ends.append(skipped)
    if ends:
        path = before.path
        before.join(ends)
        before.path = path if not certain else before.path
    if node.orelse is not None and ends:
        return execute(world, frame, node.orelse.body)
    return bool(ends)


def _under(state: State, guard: Guard) -> State:
    state.path = tuple(at | guard for at in state.path)
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
        guard = frozenset({(key, True), *(((key, other), other == index) for other in range(index + 1))})
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
        path = before.path
        before.join(ends)
        before.path = path
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
            case Object(kind="runner"):
                return single
            case Instance():
                return single
            case Library():
                return world.unknown(frame, node, f"`{single.name}`")
        return Unknown(
            single.reason if isinstance(single, Unknown) else "a context manager", ("entered", frame.number, id(node))
        )

    return lift(one, value)


def _function(world: World, frame: Frame, node: cst.FunctionDef) -> bool:
    if frame.kind == "class" and _is_setter(node):
        return True
    if frame.kind == "function" or id(node) in world.hot:
        value = _defined(world, frame, node)
        if id(node) in world.hot:
            world.defined[id(node)] = (value, frame)
        bind(world, frame, node.name.value, value)
    else:
        bind(world, frame, node.name.value, Lazy(node, frame))
    return True


def complete(world: World, frame: Frame, node: cst.CSTNode) -> Value:
    """What has waited: a definition, or the right side of an assignment."""
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
    bind(
        world,
        frame,
        node.name.value,
        Lazy(node, frame) if frame.kind != "function" else _defined_class(world, frame, node),
    )
    return True


def _defined_class(world: World, frame: Frame, node: cst.ClassDef) -> Class:
    bases = tuple(force(world, frame, world.evaluate(world, frame, base.value)) for base in node.bases)
    decorators = tuple(force(world, frame, world.evaluate(world, frame, item.decorator)) for item in node.decorators)
    parents = frame.parents if frame.kind == "class" else (frame.number, *frame.parents)
    return Class(node, frame.module, world.number(), bases, decorators, parents)


def _match(world: World, frame: Frame, node: cst.Match) -> bool:
    subject = force(world, frame, world.evaluate(world, frame, node.subject))
    before = frame.state
    remaining: list[Guard] = [ALWAYS]
    ends: list[State] = []
    for case in node.cases:
        then, other = _pattern(world, frame, case.pattern, subject)
        if case.guard is not None:
            guarded, refused = truth(world, frame, case.guard)
            other = other + _conjunction(then, refused)
            then = _conjunction(then, guarded)
        state = before.branch(_conjunction(remaining, then))
        remaining = _conjunction(remaining, other)
        if state is None:
            continue
        frame.state = state
        if isinstance(case.pattern, cst.MatchAs) and case.pattern.name is not None:
            bind(world, frame, case.pattern.name.value, subject)
        if execute(world, frame, case.body):
            ends.append(frame.state)
    frame.state = before
    rest = before.branch(remaining)
    if rest is not None:
        ends.append(rest)
    if not ends:
        return False
    before.join(ends)
    return True


def _conjunction(left: list[Guard], right: list[Guard]) -> list[Guard]:
    return [one | two for one in left for two in right if compatible(one, two)][:16]


def _pattern(world: World, frame: Frame, pattern: cst.MatchPattern, subject: Value) -> tuple[list[Guard], list[Guard]]:
    """The guards under which a pattern matches, and those under which it does not."""
    match pattern:
        case cst.MatchValue():
            value = force(world, frame, world.evaluate(world, frame, pattern.value))
            outcome = compare(world, frame, pattern, cst.Equal, subject, value)
            return value_truth(world, frame, pattern, outcome)
        case cst.MatchSingleton():
            value = world.evaluate(world, frame, pattern.value)
            return value_truth(world, frame, pattern, compare(world, frame, pattern, cst.Is, subject, value))
        case cst.MatchAs(pattern=None):
            return [ALWAYS], []
        case cst.MatchAs():
            assert pattern.pattern is not None
            return _pattern(world, frame, pattern.pattern, subject)
        case cst.MatchOr():
            then: list[Guard] = []
            other: list[Guard] = [ALWAYS]
            for element in pattern.patterns:
                matched, unmatched = _pattern(world, frame, element.pattern, subject)
                then += _conjunction(other, matched)
                other = _conjunction(other, unmatched)
            return then, other
    key = ("matches", frame.number, id(pattern))
    return [frozenset({(key, True)})], [frozenset({(key, False)})]


_COMPOUND: dict[type, Callable[[World, Frame, Any], bool]] = {
    cst.If: _if,
    cst.For: _for,
    cst.While: _while,
    cst.Try: _try,
    cst.TryStar: _try,
    cst.With: _with,
    cst.FunctionDef: _function,
    cst.ClassDef: _class,
    cst.Match: _match,
}
