"""Globals that are None at first and that functions of their module assign later (`global url`).

Code after a check that raises an exception for None is only reached once such a name has been assigned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from poolsafe.inference.answers import Namespace
from poolsafe.inference.arguments import Arguments
from poolsafe.inference.context import Frame, Run
from poolsafe.inference.heap import Slot
from poolsafe.inference.lattice import alternatives, choose, one_of
from poolsafe.inference.namespaces import ask, frame_in
from poolsafe.inference.reasons import Reason
from poolsafe.inference.state import State
from poolsafe.inference.values import Absent, Const, Function, Value

NOTHING = Const(None)


def set_later(frame: Frame, namespace: Namespace, name: str, value: Value) -> Value:
    """Returns the value, or the values that functions of the module assign to the name if it is None at first.

    The functions run with unknown arguments. Only second runs, for unreached calls, use this.
    """
    if value != NOTHING:
        return value
    run, key = frame.run, (namespace.number, name)
    return any_of(run, key, namespace.body, lambda: _set_by_functions(run, namespace, name))


def any_of(run: Run, key: tuple[int, str], home: object, setting: Callable[[], Iterable[Value]]) -> Value:
    """Returns the values that `setting` finds, each under its own guard, or None if it finds none. Cached by `key`.

    Returns None in a first run, which does not use such values. `home` is the body or class that the name belongs to.
    """
    known = run.answers.later
    if not run.strategy.sets_later:
        return NOTHING
    if key not in known:
        known[key] = NOTHING  # the result if it depends on itself
        found = list(setting())
        if found:
            known[key] = choose(zip(one_of((home, key[1]), len(found)), found, strict=True))
    return known[key]


def _set_by_functions(run: Run, namespace: Namespace, name: str) -> Iterator[Value]:
    for function, definitions in namespace.scope.definitions.items():
        if not any(name in one.declared for one in definitions):
            continue
        frame = frame_in(run, namespace, State.fresh(run.heap))
        with run.unobserved():
            called = [one for _, one in alternatives(ask(run, namespace, function)) if isinstance(one, Function)]
            yield from set_by(frame, called, ("name", namespace.number, name))


def set_by(frame: Frame, functions: Iterable[Value], slot: Slot) -> Iterator[Value]:
    """Yields the values that calls to these functions with unknown arguments leave in a slot, without None."""
    for function in functions:
        with frame.run.apart():
            frame.apply(None, function, Arguments(open_keywords=Reason.NO_CALLER))
    for _, single in alternatives(frame.state.get(slot)):
        if single != NOTHING and not isinstance(single, Absent):
            yield single
