"""Namespaces of modules and class bodies, which are evaluated one name at a time.

No part of a module is run until one of its names is needed. Then the slice for that name is run, and the result, called
the answer, is kept for the rest of the analysis. Two names of one module need two runs. An object that both reach has
the same address in both runs, because an address is derived from the place where an object is created (`Heap.address`).
It also has the same content, because a slice contains all changes of the objects that its answer reaches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields

from poolsafe.inference.answers import Namespace
from poolsafe.inference.arguments import Arguments
from poolsafe.inference.context import Frame, Run
from poolsafe.inference.heap import CHECKED, Heap, Slot
from poolsafe.inference.modules import Module
from poolsafe.inference.scope_lines import Slice
from poolsafe.inference.slices import name_slice, target_slice
from poolsafe.inference.state import State
from poolsafe.inference.symbols import Symbol, derived, unless, where
from poolsafe.inference.values import (
    Absent,
    Alternatives,
    Class,
    Function,
    Instance,
    MappingRef,
    Sequence,
    Unknown,
    Value,
    text,
)

MAX_NESTED = 24  # answers that wait for another answer
MAX_REACHED = 20_000  # objects of one answer


def frame_in(run: Run, namespace: Namespace, state: State) -> Frame:
    """Returns a frame that runs the body of a module or class over `state`."""
    kind = "module" if namespace.cls is None else "class"
    number, parents = namespace.number, namespace.parents
    return Frame(run, namespace.module, number, parents, state, state, kind=kind, cls=namespace.cls)


def namespace_of(run: Run, module: Module) -> Namespace:
    """Returns the namespace of a module."""
    found = run.answers.namespaces.get(module)
    if found is None:
        found = run.answers.namespaces[module] = Namespace(run.heap.number(), module, module.body)
        run.heap.homes[found.number] = module
    return found


def class_namespace(cls: Class) -> Namespace:
    """Returns the namespace of a class."""
    return Namespace(cls.namespace, cls.module, cls.node.body, cls.parents, cls)


def ask(run: Run, namespace: Namespace, name: str, within: State | None = None) -> Value:
    """Returns the final value of a name of a module or class, or Absent if it is not bound there.

    `within` is the state around a class body: the state of the requesting frame.
    """
    slot: Slot = ("name", namespace.number, name)
    key = (namespace.number, name)
    if key in run.answers.given:
        return run.heap.finished.get(slot, _ABSENT)
    if name not in namespace.scope.bound:
        return _ABSENT
    statements = name_slice(namespace.scope, name, is_imported=run.strategy.is_imported(namespace.module))
    if not statements.statements:
        return _ABSENT
    if key in run.answers.asking:
        run.answers.note_cycle(key)
        return Unknown(f"the definition of `{name}` depends on itself", derived("cycle", namespace.body, name))
    if len(run.answers.asking) >= MAX_NESTED:
        return Unknown("imports are nested too deeply", derived("nested", namespace.module.path))
    place = (namespace.number, statements.statements)
    known, state = run.answers.runs.get(place, (None, None)) if within is None else (None, None)
    if state is None or known != statements:
        state = State.fresh(run.heap, namespace.module) if within is None else State(run.heap, within, {})
        frame = frame_in(run, namespace, state)
        frame.slice = statements
        run.answers.asking[key] = True
        try:
            with run.unobserved():
                _run_body(frame, namespace)
        finally:
            whole = run.answers.asking.pop(key)
        if not whole:
            # It depends on an unfinished answer, so it is not kept: a later run may give a better one.
            _finish(run, namespace.module, state, slot, in_class=namespace.cls is not None)
            return run.heap.finished.pop(slot, _ABSENT)
        run.answers.runs[place] = statements, state
    _finish(run, namespace.module, state, slot, in_class=namespace.cls is not None)
    run.answers.given.add(key)
    return run.heap.finished.get(slot, _ABSENT)


def run_to_targets(run: Run, namespace: Namespace, state: State) -> None:
    """Runs the slice of a module or class body that leads to targets, over `state`."""
    frame = frame_in(run, namespace, state)
    frame.slice = target_slice(namespace.scope, run.strategy.targets)
    _run_body(frame, namespace)


def run_for_names(run: Run, namespace: Namespace, names: Iterable[str], state: State) -> None:
    """Runs the slice of a class body for several names in `state`, which receives its changes."""
    frame = frame_in(run, namespace, state)
    slices = [name_slice(namespace.scope, name).statements for name in names]
    frame.slice = Slice(frozenset().union(*slices), frozenset())
    _run_body(frame, namespace)


def _run_body(frame: Frame, namespace: Namespace) -> None:
    """Runs the body of a module or class in its frame, with its own budget, not that of the first caller."""
    around = frame.run.running.get(frame.number)
    frame.run.running[frame.number] = frame
    try:
        with frame.run.apart():
            frame.execute(namespace.body.statements)
    finally:
        if around is None:
            del frame.run.running[frame.number]
        else:
            frame.run.running[frame.number] = around


_ABSENT = Absent()


def run_for_changes(
    run: Run, namespace: Namespace, changes: Slice, predicate: Symbol | None, *, is_script: bool = False
) -> None:
    """Runs a slice of a module that changes objects of other modules, and notes their new values.

    The module is imported where `predicate` holds, or always if there is none. `is_script`: it is the main module.
    """
    whole = State.fresh(run.heap, namespace.module)
    if is_script:
        whole.set(("name", namespace.number, "__name__"), text("__main__"))
    state = whole if predicate is None else whole.branch([where(predicate)])
    assert state is not None
    frame = frame_in(run, namespace, state)
    frame.slice = changes
    with run.unobserved():
        _run_body(frame, namespace)
    if predicate is not None and (other := whole.branch([unless(predicate)])) is not None:
        whole.join([state, other], whole=True)
    _finish(run, namespace.module, whole)


def complete(frame: Frame, address: int, make: Callable[[Frame], Value]) -> Value | None:
    """Computes more of an object of a finished module, such as a field, once for all runs that need it.

    `make` gets a frame over the state that the import of the module leaves. Its result and its changes to finished
    objects are kept. Returns None for other objects, for one that is being completed, and if the result is provisional.
    """
    run, home = frame.run, frame.run.heap.homes.get(address)
    key = (address, "")
    asking = run.answers.asking
    # Within a cycle, each level would be computed twice: once in vain, and once by its caller.
    if home is None or key in asking or len(asking) >= MAX_NESTED or not all(asking.values()):
        return None
    namespace = namespace_of(run, home)
    if namespace.number in run.running:
        return None
    state = State.fresh(run.heap, home)
    inner = frame_in(run, namespace, state)
    inner.context = run.heap.number()
    run.answers.asking[key] = True
    try:
        with run.unobserved(), run.apart():
            value = make(inner)
    finally:
        whole = run.answers.asking.pop(key)
    if not whole:
        return None
    _finish(run, home, state, *(one for one in state.changes if one[0] != "name" and one[1] in run.heap.homes))
    return value


def _finish(run: Run, module: Module, state: State, *slots: Slot, in_class: bool = False) -> None:
    """Keeps what a finished run of a module leaves in some slots, and the objects of other modules that it changed."""
    heap = run.heap
    for one, value in _reached(heap, module, state, frozenset(slots)).items():
        if heap.homes.get(one[1], module) is module:
            heap.finished[one] = value
        else:
            order_imports(run)
            heap.change(one, module, value, in_class=in_class)


def order_imports(run: Run) -> None:
    """Computes the order of the imports, once for the checked file."""
    if not run.heap.positions:
        ranks = import_ranks(run)
        own = ranks.get(run.entry.location, 0)
        positions = {path: rank if rank < own else CHECKED + rank for path, rank in ranks.items()}
        run.heap.positions = positions | {run.entry.location: CHECKED}


def import_ranks(run: Run) -> dict[str, int]:
    """Returns the order of the imports in the program that runs the checked file, if there is only one.

    Otherwise it is the order when the checked file itself is imported.
    """
    programs = run.project.programs(run.entry)
    if programs is not None and len(programs) == 1 and run.entry.location in programs[0].ranks:
        return programs[0].ranks
    return run.project.import_order(run.entry)


def _reached(heap: Heap, module: Module, state: State, slots: frozenset[Slot]) -> dict[Slot, Value]:
    """Returns the slots that a run of a module changes and that matter to other runs, with their values.

    These are the given slots, those of objects that their values reach, those of other modules, and those of the
    environment and alembic.ini.
    """
    owned: dict[int, list[Slot]] = {}
    wanted: list[Slot] = []
    own = {slot[1] for slot in slots if slot[0] == "name"}
    for one in state.changes:
        if one[0] == "environment" or one[1] < 0 or one in slots or heap.homes.get(one[1], module) is not module:
            wanted.append(one)
        elif one[0] != "name" or one[1] not in own:
            owned.setdefault(one[1], []).append(one)
    found = {one: value for one in wanted if (value := state.change_of(one)) is not None}
    queue: list[object] = list(found.values())
    seen: set[int] = set()
    while queue and len(seen) < MAX_REACHED:
        part = queue.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, Class):
            heap.homes.setdefault(part.namespace, part.module)
        for number in _numbers(part):
            heap.homes.setdefault(number, module)
            for one in owned.pop(number, ()):
                value = state.change_of(one)
                if value is not None:
                    found[one] = value
                    queue.append(value)
        queue.extend(_parts(part))
    return found


def _numbers(value: object) -> tuple[int, ...]:
    """Returns the numbers of the objects and frames that a value directly refers to."""
    match value:
        case MappingRef() | Instance() | Sequence():
            return (value.address,)
        case Function() | Class():
            return value.parents
    return ()


_SKIPPED = frozenset({"provenance", "node", "module", "known", "value"})


def _parts(value: object) -> Iterator[object]:
    """Yields the values directly inside a value."""
    if isinstance(value, (tuple, list)):
        yield from value
    elif isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, Alternatives):
        yield from (single for _, single in value.alternatives)
    elif isinstance(value, (Value, Arguments)):
        yield from (getattr(value, one.name) for one in fields(value) if one.name not in _SKIPPED)
