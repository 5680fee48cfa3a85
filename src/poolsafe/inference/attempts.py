"""`try` and `with`: statements that may handle the exceptions of their bodies."""

from __future__ import annotations

from collections.abc import Callable

from poolsafe import ir
from poolsafe.inference.arguments import Arguments
from poolsafe.inference.assignment import assign
from poolsafe.inference.attributes import bind_method
from poolsafe.inference.calls import evaluate_arguments
from poolsafe.inference.classes import class_attribute
from poolsafe.inference.context import Attempt, Frame, Raised
from poolsafe.inference.decorators import decorated_as
from poolsafe.inference.effects import is_idle_elsewhere
from poolsafe.inference.exceptions import (
    caught_by,
    leave_with,
    suppressed,
    takes,
)
from poolsafe.inference.functions import call_function
from poolsafe.inference.lattice import lift
from poolsafe.inference.names import bind, force
from poolsafe.inference.objects import Connectable, GeneratorObject, LibraryResult, is_of_driver
from poolsafe.inference.state import State
from poolsafe.inference.symbols import derived, unless, where
from poolsafe.inference.values import (
    Const,
    Function,
    Instance,
    Library,
    Unknown,
    Value,
)


def run_try(frame: Frame, node: ir.Try) -> bool:
    """Runs a `try` statement. Returns False if execution never gets past it."""
    handlers: list[Handling] = [(caught_by(handler.exception), handler) for handler in node.handlers]
    goes_on = _attempt(frame, node, (node.body, node.orelse), handlers, node.final)
    return frame.execute(node.final) and goes_on


# The names of the exceptions that are handled, and their handler: None if they are suppressed.
Handling = tuple[tuple[str, ...], ir.Handler | None]


def _attempt(
    frame: Frame,
    node: ir.Try | ir.With,
    blocks: tuple[ir.Block, ir.Block],
    handlers: list[Handling],
    final: ir.Block,
) -> bool:
    """Runs `blocks`, a body and its `else`, then each handler on the states in which the body raises what it handles.

    Returns False if execution never gets past the statement.
    """
    before = frame.state
    attempt = Attempt(node, frame.number, before)
    frame.state = before.layer()
    frame.run.attempts.append(attempt)
    goes_on = frame.execute(blocks[0])
    frame.run.attempts.pop()
    goes_on = goes_on and frame.execute(blocks[1])
    ends = [frame.state.flattened(before)] if goes_on else []
    taken: list[list[State]] = [[] for _ in handlers]
    for one in attempt.raised:
        _hand_over(frame, attempt, one, handlers, taken, final)
    for (_, handler), states in zip(handlers, taken, strict=True):
        if not states:
            continue
        frame.state = before.layer()
        frame.state.join(states)
        if handler is not None and handler.name is not None:
            bind(frame, handler.name, frame.unknown(handler, "an exception"))
        if handler is None or frame.execute(handler.body):
            ends.append(frame.state.flattened(before))
    frame.state = before
    if ends:
        before.join(ends)
    return bool(ends)


def _hand_over(
    frame: Frame,
    attempt: Attempt,
    raised: Raised,
    handlers: list[Handling],
    taken: list[list[State]],
    final: ir.Block,
) -> None:
    """Passes an exception to the handlers that may handle it, and to the enclosing statement unless one certainly does.

    `taken` collects the states for each handler.
    """
    state: State | None = raised.state
    for index, (caught, _) in enumerate(handlers):
        answer = takes(caught, raised.kind)
        if state is None or answer is False:
            continue
        if answer:
            taken[index].append(state)
            return
        key = derived("takes", frame.number, attempt.node, index)
        branch = state.branch([where(key)])
        if branch is not None:
            taken[index].append(branch.flattened(attempt.before))
        state = state.branch([unless(key)])
    if state is None:
        return
    frame.state = state
    if not final or frame.execute(final):
        leave_with(frame, frame.state, raised.kind)


def run_with(frame: Frame, node: ir.With) -> bool:
    """Runs a `with` statement. Returns False if execution never gets past it."""
    return _run_inside(frame, node, 0, ())


def _run_inside(frame: Frame, node: ir.With, index: int, swallowed: tuple[str, ...]) -> bool:
    """Runs the body inside the context managers from `index` on. The others suppress the exceptions in `swallowed`."""
    if index == len(node.items):
        if swallowed:
            return _attempt(frame, node, (node.body, ()), [(swallowed, None)], ())
        return frame.execute(node.body)
    item = node.items[index]
    if item.target is None and is_idle_elsewhere(frame, item.context):
        return _run_inside(frame, node, index + 1, swallowed)
    manager = _generator_function(frame, item.context)
    if manager is not None:
        return _run_around(frame, item, manager, lambda: _run_inside(frame, node, index + 1, swallowed))
    value = force(frame, frame.evaluate(item.context))
    if frame.aborted:
        return False
    if item.target is not None or isinstance(value, Instance):
        given = entered(frame, item, value)
        if item.target is not None:
            assign(frame, item.target, given)
        if frame.aborted:
            return False
    goes_on = _run_inside(frame, node, index + 1, (*swallowed, *(suppressed(value) or ())))
    if goes_on and isinstance(value, Instance):
        _call_method(frame, value, ("__exit__", "__aexit__"), Arguments([Const(None)] * 3))
    return goes_on


_MANAGERS = frozenset({"contextlib.asynccontextmanager", "contextlib.contextmanager"})


def _generator_function(frame: Frame, node: ir.Expression) -> Function | None:
    """Returns the project's generator function behind a call that creates a context manager, or None."""
    if not isinstance(node, ir.Call) or not isinstance(node.callee, (ir.Name, ir.Attribute)):
        return None
    callee = node.callee if isinstance(node.callee, ir.Name) else node.callee.value
    if not isinstance(callee, ir.Name):
        return None
    function = force(frame, frame.evaluate(node.callee))
    is_manager = isinstance(function, Function) and decorated_as(function.decorators, _MANAGERS)
    return function if isinstance(function, Function) and is_manager else None


def _run_around(frame: Frame, item: ir.WithItem, manager: Function, body: Callable[[], bool]) -> bool:
    """Runs a generator function, and the body of the `with` statement where the generator yields."""
    assert isinstance(item.context, ir.Call)
    arguments = evaluate_arguments(frame, item.context)
    if frame.aborted:
        return False
    was_run = False

    def suspended(inner: Frame, value: Value) -> None:
        nonlocal was_run
        was_run = True
        before, frame.state = frame.state, inner.state
        if item.target is not None:
            assign(frame, item.target, value)
        inner.aborted = frame.aborted or not body()
        frame.state, frame.aborted = before, False

    call_function(frame, manager, arguments, suspended=suspended)
    if was_run or frame.aborted:
        return not frame.aborted
    if item.target is not None:
        assign(frame, item.target, frame.unknown(item, "a context manager"))
    return body()


def entered(frame: Frame, node: ir.Node, value: Value) -> Value:
    """Returns what `with value as name` binds to the name."""

    def one(single: Value) -> Value:
        match single:
            case GeneratorObject():
                return single.value
            case LibraryResult(name="contextlib.nullcontext", arguments=given):
                return given.get(0, "enter_result") or Const(None)
            case Connectable():
                return single
            case LibraryResult() if is_of_driver(single):
                return single
            case Instance():
                return _entered_instance(frame, single)
            case Library():
                return frame.unknown(node, f"`{single.name}`")
        return Unknown(
            single.reason if isinstance(single, Unknown) else "a context manager",
            derived("entered", frame.number, node),
        )

    return lift(one, value)


def _entered_instance(frame: Frame, instance: Instance) -> Value:
    return _call_method(frame, instance, ("__enter__", "__aenter__"), Arguments()) or instance


def _call_method(frame: Frame, instance: Instance, names: tuple[str, ...], arguments: Arguments) -> Value | None:
    """Calls the first of these methods that the class has. Returns its result, or None if there is no such method."""
    for name in names:
        method, owner = class_attribute(frame, instance.cls, name)
        if isinstance(method, Function):
            bound = bind_method(frame, method, instance, owner)
            return force(frame, frame.apply(None, bound, arguments))
    return None
