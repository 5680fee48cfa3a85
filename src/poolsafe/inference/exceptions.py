"""Exceptions: where a statement may raise, what it raises, and which handler handles it.

A running `try` (or `with suppress(...)`) is an `Attempt`. An operation that may raise adds the state in which it raises
to the innermost attempt, under the condition that it raises; execution continues under the negated condition. Handlers
begin with these states, so they see the body's changes up to the exception. An exception that no attempt handles ends
the path.

The condition is exact for a dict that lacks a key, for None, and for `raise` and `assert`. A call that cannot be
followed, and an operation on an unknown value, may raise anything.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from poolsafe import ir
from poolsafe.inference.context import ANYTHING, Frame, Raised, Run
from poolsafe.inference.lattice import alternatives, choose, compatible
from poolsafe.inference.objects import LibraryResult
from poolsafe.inference.state import MAX_PATHS, State, simplified
from poolsafe.inference.symbols import ALWAYS, Guard, derived, unless, where
from poolsafe.inference.values import Alternatives, Instance, Library, Value, is_raising, raising
from poolsafe.libraries import SWALLOWING

K = TypeVar("K")

MAX_UNCERTAIN = 4  # predicates for the places of one body that may raise for an unknown reason
# Library functions that never return.
NEVER_RETURNING = frozenset(
    {"builtins.exit", "builtins.quit", "os._exit", "os.abort", "pytest.exit", "pytest.fail", "pytest.skip", "sys.exit"}
)


def raise_now(frame: Frame, kind: str) -> None:
    """Raises an exception in the current state. The current path ends."""
    frame.aborted = True
    leave_with(frame, frame.state, kind)


def raise_under(frame: Frame, kind: str, raising: list[Guard], passing: list[Guard]) -> None:
    """Raises an exception where one of the guards in `raising` holds, and continues where one in `passing` holds."""
    if not raising:
        return
    if not passing:
        raise_now(frame, kind)
        return
    branch = frame.state.branch(_shorter(raising))
    if branch is None:
        return
    leave_with(frame, branch, kind)
    if not frame.state.narrow(_shorter(passing)):
        frame.aborted = True


def _shorter(guards: list[Guard]) -> list[Guard]:
    return list(simplified(guards, len(guards))) if len(guards) <= 2 * MAX_PATHS else guards


def may_raise(frame: Frame, kind: str = ANYTHING, guard: Guard = ALWAYS) -> None:
    """Records that an exception may be raised in the current state where a guard holds, for an unknown reason."""
    if not frame.run.attempts:
        return
    attempt = frame.run.attempts[-1]
    state = frame.state
    if attempt.is_marked(state, kind, guard):
        return  # the same state may already have raised the same exception
    number = attempt.uncertain = min(attempt.uncertain + 1, MAX_UNCERTAIN)
    key = derived("raises", attempt.frame, attempt.node, number)
    branch = state.branch([guard | where(key)])
    if branch is not None:
        leave_with(frame, branch, kind)
        state.narrow([unless(key)])


def where_not_raising(frame: Frame, options: list[tuple[Guard, Value]], kind: str) -> Value:
    """Returns the join of the options that do not raise.

    For an option that raises, an exception of this kind is raised under its guard; execution continues elsewhere.
    """
    if len(options) == 1 and not isinstance(options[0][1], Alternatives) and not is_raising(options[0][1]):
        return options[0][1]
    flat = [
        (at | inner, single) for at, value in options for inner, single in alternatives(value) if compatible(at, inner)
    ]
    refusing = [at for at, single in flat if is_raising(single)]
    if refusing:
        raise_under(frame, kind, refusing, [at for at, single in flat if not is_raising(single)])
    return choose(flat)


def for_each(
    frame: Frame, options: Sequence[tuple[Guard, Value]], run: Callable[[Value], Value]
) -> list[tuple[Guard, Value]]:
    """Returns what `run` returns for each alternative, with its guard.

    Each call runs in a branch under that guard, so its changes to the state hold only there. If several alternatives
    are one instance, `run` is called only once for them.
    """
    groups: dict[object, tuple[Value, list[Guard]]] = {}
    for guard, single in options:
        key = single.address if isinstance(single, Instance) else id(single)
        groups.setdefault((type(single), key), (single, []))[1].append(guard)
    if len(groups) == 1:
        value = unless_aborted(frame, lambda: run(options[0][1]))
        return [(guard, value) for guard, _ in options]
    before = frame.state
    ends: list[State] = []
    refusing: list[State] = []
    results: list[tuple[Guard, Value]] = []
    whole = True
    for single, guards in groups.values():
        state = before.branch(guards)
        if state is None:
            continue
        frame.state, entered = state, state.path
        value = unless_aborted(frame, partial(run, single))
        results += [(guard, value) for guard in guards]
        if is_raising(value):
            refusing += filter(None, (before.branch(guards),))  # the caller raises what it refuses
        else:
            ends.append(frame.state)
            whole = whole and state.path == entered
    frame.state = before
    if ends:
        before.join(ends if whole else [*ends, *refusing], whole=whole)
    return results


def run_where(frame: Frame, guards: list[Guard], others: list[Guard], run: Callable[[], K]) -> K | None:
    """Returns what `run` returns where one of `guards` holds. It is not run where one of `others` does.

    Its changes to the state and its exceptions hold only there. Returns None if it certainly raises, or never runs.
    """
    before = frame.state
    branch = before.branch(guards)
    if branch is None:
        return None
    frame.state, entered = branch, branch.path
    result = run()
    frame.state = before
    if frame.aborted or branch.changes or branch.path != entered:
        skipped = before.branch(others)
        ends = [state for state in (None if frame.aborted else branch, skipped) if state is not None]
        result_is_lost, frame.aborted = frame.aborted, not ends
        if ends:
            before.join(ends)
        return None if result_is_lost else result
    return result


def unless_aborted(frame: Frame, evaluate: Callable[[], Value]) -> Value:
    """Returns what `evaluate` returns for one of several alternatives, or a raising value if it certainly raises."""
    value = evaluate()
    if not frame.aborted:
        return value
    frame.aborted = False
    return raising("an exception")


def leave_with(frame: Frame, state: State, kind: str) -> None:
    """Records that an exception is raised in a state, and passes it to the innermost attempt, if there is one."""
    frame.raised = True
    if frame.run.attempts:
        attempt = frame.run.attempts[-1]
        attempt.raised.append(Raised(state.flattened(attempt.before), kind))


def kind_of(node: ir.Expression | None) -> str:
    """Returns the name of the class that a `raise` of this expression raises, or `ANYTHING`."""
    if isinstance(node, ir.Call):
        node = node.callee
    return (ir.last_name(node) if node is not None else None) or ANYTHING


def caught_by(node: ir.Expression | None) -> tuple[str, ...]:
    """Returns the names of the exceptions that `except` with this expression handles, or `ANYTHING` if all."""
    if node is None:
        return (ANYTHING,)
    if isinstance(node, ir.Display):
        return tuple(ir.last_name(element) or "?" for element in node.elements)
    return (ir.last_name(node) or "?",)


def takes(caught: tuple[str, ...], kind: str) -> bool | None:
    """Returns whether a handler for these names handles an exception of this kind, or None if unknown."""
    answers = [_takes(name, kind) for name in caught]
    if any(answer is True for answer in answers):
        return True
    return False if all(answer is False for answer in answers) else None


def _takes(name: str, kind: str) -> bool | None:
    if name in (ANYTHING, "Exception", "BaseException"):
        return True
    if kind == ANYTHING:
        return None
    if name == kind:
        return True
    handler, raised = getattr(builtins, name, None), getattr(builtins, kind, None)
    if isinstance(raised, type):
        # Built-in exceptions do not derive from classes of the project or of a library.
        return isinstance(handler, type) and issubclass(raised, handler)
    return None


def suppressed(value: Value) -> tuple[str, ...] | None:
    """Returns the names of the exceptions that a context manager suppresses, or None if it suppresses none."""
    if not isinstance(value, LibraryResult) or value.name not in SWALLOWING:
        return None
    return tuple(
        single.name.rpartition(".")[2] if isinstance(single, Library) else "?" for single in value.arguments.positional
    )


def raising_kind(run: Run, node: ir.Statement) -> str | None:
    """Returns the kind of exception that a statement outside the slice may raise, or None if it cannot raise."""
    found = run.raising.get(node)
    if found is None:
        found = run.raising[node] = _raising_kind(node)
    return None if found == _NOTHING else found


def _raising_kind(node: ir.Statement) -> str:
    match node:
        case ir.Import() | ir.ImportFrom():
            return "ImportError"
        case ir.FunctionDef() | ir.ClassDef() | ir.Scoping() | ir.Declare():
            return _NOTHING
    return ANYTHING if any(isinstance(one, _RAISING) for one in ir.walk(node)) else _NOTHING


_NOTHING = "nothing"
_RAISING = (ir.Call, ir.Subscript, ir.Attribute, ir.Await, ir.BinaryOperation)
