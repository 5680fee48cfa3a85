"""Modules and class bodies that answer for their names, one slice at a time.

Nothing of a module is run until a value asks for one of its names; then the slice for that name is run and the answer
is kept for as long as the analysis lasts. Two names of one module are answered by two runs. An object that both reach
has the same address in both, because addresses are made of the place where an object is created (`World.address`), and
the same content, because a slice holds all changes of the objects that its answer reaches.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from poolsafe.inference import ir
from poolsafe.inference.frame import Arguments, Frame
from poolsafe.inference.lattice import (
    Absent,
    Choice,
    Class,
    Function,
    Instance,
    MappingRef,
    Sequence,
    Unknown,
    Value,
)
from poolsafe.inference.slices import Scope, name_slice, target_slice
from poolsafe.inference.state import Slot, State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poolsafe.inference.modules import Module
    from poolsafe.inference.world import World

MAX_NESTED = 24  # answers that wait for each other
MAX_REACHED = 20_000  # objects that one answer may hold


@dataclass(frozen=True, slots=True, eq=False)
class Namespace:
    """The body of a module or of a class, `cls`. `number` is that of its frames, `parents` of those around it."""

    number: int
    module: Module
    body: ir.Body
    parents: tuple[int, ...] = ()
    cls: Class | None = None

    @property
    def scope(self) -> Scope:
        """What the statements of the body do with names; worked out once."""
        return self.module.scope_of(self.body)

    def frame(self, state: State) -> Frame:
        """Returns a frame for a run of the body."""
        kind = "module" if self.cls is None else "class"
        return Frame(self.module, self.number, self.parents, state, state, kind=kind, cls=self.cls)


def namespace_of(world: World, module: Module) -> Namespace:
    """The namespace of a module."""
    found = world.namespaces.get(module)
    if found is None:
        found = world.namespaces[module] = Namespace(world.number(), module, module.body)
    return found


def frame_of(world: World, module: Module) -> Frame:
    """A frame that sees the finished names of a module."""
    return namespace_of(world, module).frame(State.fresh(world.base))


def class_namespace(cls: Class) -> Namespace:
    """The namespace of a class."""
    return Namespace(cls.namespace, cls.module, cls.node.body, cls.parents, cls)


def ask(world: World, namespace: Namespace, name: str, within: State | None = None) -> Value:
    """What a name of a finished module or class stands for; Absent where it binds none of this name.

    `within` is the state that the body sees around it: that of whoever asks, for a class.
    """
    slot: Slot = ("name", namespace.number, name)
    key = (namespace.number, name)
    if key in world.answered:
        return world.base.get(slot, _ABSENT)
    statements = name_slice(namespace.scope, name)
    if not statements.statements:
        return _ABSENT
    if key in world.asking:
        world.note_cycle(key)
        return Unknown(f"`{name}` is defined by itself", ("cycle", namespace.body, name))
    if len(world.asking) >= MAX_NESTED:
        return Unknown("imports are nested too deep", ("nested", namespace.module.path))
    state = State.fresh(world.base) if within is None else State(world.base, within, {})
    frame = namespace.frame(state)
    frame.slice = statements
    world.asking[key] = True
    observer, world.observer = world.observer, None
    try:
        run(world, namespace, frame)
    finally:
        world.observer = observer
        whole = world.asking.pop(key)
    world.base.update(_reached(state.changes, slot))
    if not whole:
        # It hangs on an answer that was being worked out: who asks later may be told more.
        return world.base.pop(slot, _ABSENT)
    world.answered.add(key)
    return world.base.get(slot, _ABSENT)


def run_to_targets(world: World, namespace: Namespace, state: State) -> None:
    """Runs the part of a module or class body that leads to targets, over `state`."""
    frame = namespace.frame(state)
    frame.slice = target_slice(namespace.scope, world.targets)
    run(world, namespace, frame)


def run(world: World, namespace: Namespace, frame: Frame) -> None:
    """Runs the body of a module or class in its frame, with a budget of its own: whoever asks first does not pay."""
    around = world.running.get(frame.number)
    world.running[frame.number] = frame
    try:
        with world.apart():
            world.execute(world, frame, namespace.body.statements)
    finally:
        if around is None:
            del world.running[frame.number]
        else:
            world.running[frame.number] = around


_ABSENT = Absent()


def _reached(changes: Mapping[Slot, Value], slot: Slot) -> dict[Slot, Value]:
    """The slot and those of the objects that its value reaches; what was set in the environment and in alembic.ini."""
    owned: dict[int, list[Slot]] = {}
    found: dict[Slot, Value] = {}
    for one, value in changes.items():
        if one[0] == "environment" or one[1] < 0:
            found[one] = value
        elif one[0] != "name" or one[1] != slot[1]:
            owned.setdefault(one[1], []).append(one)
    if slot in changes:
        found[slot] = changes[slot]
    queue: list[object] = list(found.values())
    seen: set[int] = set()
    while queue and len(seen) < MAX_REACHED:
        part = queue.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        for number in _numbers(part):
            for one in owned.pop(number, ()):
                found[one] = changes[one]
                queue.append(changes[one])
        queue.extend(_parts(part))
    return found


def _numbers(value: object) -> tuple[int, ...]:
    """The numbers of the objects and frames that a value itself refers to."""
    match value:
        case MappingRef() | Instance() | Sequence():
            return (value.oid,)
        case Function() | Class():
            return value.parents
    return ()


_SKIPPED = frozenset({"trail", "node", "module", "known", "value"})


def _parts(value: object) -> Iterator[object]:
    """The values within a value."""
    if isinstance(value, (tuple, list)):
        yield from value
    elif isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, Choice):
        yield from (single for _, single in value.alternatives)
    elif isinstance(value, (Value, Arguments)):
        yield from (getattr(value, one.name) for one in fields(value) if one.name not in _SKIPPED)
