"""Names: where they are bound, what they stand for, and the values that wait until someone asks."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from poolsafe.values.frame import Arguments, Frame
from poolsafe.values.lattice import (
    Absent,
    Choice,
    Deferred,
    Lazy,
    Library,
    ModuleValue,
    Object,
    Pending,
    Step,
    Text,
    Unknown,
    Value,
    choose,
    through,
)
from poolsafe.values.libraries import library
from poolsafe.values.modules import Module
from poolsafe.values.world import World

_BUILTINS = frozenset(dir(builtins))
MAX_NESTED_IMPORTS = 24
_WAITING = (Pending, Deferred, Lazy)


MAX_STARS = 200  # imports by `*` that are followed for one name


def bind(world: World, frame: Frame, name: str, value: Value) -> None:
    """Bind a name as an assignment in this frame does."""
    frame.state.set(("name", frame.outer_names.get(name, frame.number), name), value)


def lookup(world: World, frame: Frame, name: str) -> Value:
    """What a name is where execution stands."""
    return force(world, frame, peek(world, frame, name, resolve=True))


def peek(world: World, frame: Frame, name: str, *, resolve: bool = False) -> Value:
    """What a name is bound to, without asking for what waits behind it; `resolve` asks, and keeps the answer."""
    rest: list[tuple[frozenset[tuple[object, bool]], Value]] = []
    numbers = (frame.outer_names[name],) if name in frame.outer_names else (frame.number, *frame.parents)
    for number in numbers:
        value = read(world, frame, number, name)
        if isinstance(value, Absent):
            continue
        if isinstance(value, Choice) and any(isinstance(single, Absent) for _, single in value.alternatives):
            # Unbound on some path: Python would raise there, so only the others go on.
            rest = [(guard, single) for guard, single in value.alternatives if not isinstance(single, Absent)]
            value = choose(rest)
        return force(world, frame, value, slot=(number, name)) if resolve else value
    value = _from_stars(world, numbers[-1], name)
    if not isinstance(value, Absent):
        return value
    if name in _BUILTINS:
        return Library(f"builtins.{name}")
    if name in ("__name__", "__file__"):
        return Unknown(f"`{name}`", ("name", name))
    return Unknown(f"the name `{name}` is not bound", ("unbound", id(frame.module), name))


def read(world: World, frame: Frame, number: int, name: str) -> Value:
    """The name as that frame holds it; Absent where it does not."""
    value = frame.state.get(("name", number, name))
    if isinstance(value, Absent) and number in world.running:
        value = world.running[number].state.get(("name", number, name))
    return value


def force(world: World, frame: Frame, value: Value, slot: tuple[int, str] | None = None) -> Value:
    """The value itself where it is an import or a call that nobody asked for yet."""
    if isinstance(value, Choice) and any(isinstance(single, _WAITING) for _, single in value.alternatives):
        return choose((guard, force(world, frame, single)) for guard, single in value.alternatives)
    if isinstance(value, Pending):
        if id(value) in world.importing:
            return Unknown(
                f"the import of `{value.name or value.module}` is cyclic", ("cyclic", value.module, value.name)
            )
        world.importing.add(id(value))
        found = imported(world, value)
        world.importing.discard(id(value))
        if slot is not None:
            frame.state.set(("name", *slot), found)
        return found
    if isinstance(value, Lazy):
        return _completed(world, frame, value, slot)
    if isinstance(value, Deferred):
        arguments = Arguments(list(value.args), dict(value.keywords), open_keywords=value.open_keywords)
        found = world.apply(world, frame, None, value.function, arguments)
        if value.yields:
            found = yielded(world, frame, found)
        if slot is not None:
            frame.state.set(("name", *slot), found)
        return force(world, frame, found)
    return value


def yielded(world: World, frame: Frame, value: Value) -> Value:
    """What a generator function gives to the framework that calls it once; other values as they are."""
    value = force(world, frame, value)
    if isinstance(value, Object) and value.kind == "generator":
        return force(world, frame, value.facts["value"])
    return value


def _completed(world: World, frame: Frame, value: Lazy, slot: tuple[int, str] | None) -> Value:
    if not value.cell:
        value.cell.append(Unknown("it is defined by itself", ("cycle", id(value.node))))
        value.cell[0] = world.complete(world, value.frame, value.node)
    found = force(world, frame, value.cell[0])
    if slot is not None:
        frame.state.set(("name", *slot), found)
    return found


def _from_stars(world: World, number: int, name: str) -> Value:
    """The name as the modules give it that a frame imports everything from; Absent without."""
    found = _star_holder(world, number, name, _Search({number}))
    return module_name(world, found, name) if isinstance(found, Module) else found


@dataclass(slots=True)
class _Search:
    """The frames that were searched, as such imports may be cyclic, and how many imports may still be followed."""

    seen: set[int]
    left: int = MAX_STARS


def _star_holder(world: World, number: int, name: str, search: _Search) -> Module | Library | Absent | Unknown:
    for importer, level, dotted in world.stars.get(number, ()):
        if not search.left:
            return Unknown("too many modules are imported by `*`", ("stars", number, name))
        search.left -= 1
        module = world.project.find(importer, level, dotted)
        if module is None:
            if library.is_known(whole := f"{dotted}.{name}"):
                return Library(library.canonical(whole))
            continue
        frame = module_frame(world, module)
        if frame is None or not isinstance(read(world, frame, frame.number, name), Absent):
            return module
        if frame.number in search.seen:
            continue
        search.seen.add(frame.number)
        found = _star_holder(world, frame.number, name, search)
        if not isinstance(found, Absent):
            return found
    return Absent()


def imported(world: World, pending: Pending) -> Value:
    """What an import binds: a module of the project, a name of one, or something of a library."""
    module = world.project.find(pending.importer, pending.level, pending.module)
    if pending.name is None:
        if pending.root:
            first = pending.module.split(".")[0]
            top = world.project.find(pending.importer, 0, first)
            return ModuleValue(top) if top is not None else Library(first)
        return ModuleValue(module) if module is not None else Library(library.canonical(pending.module))
    if module is not None:
        value = module_name(world, module, pending.name)
        if not isinstance(value, Absent):
            return value
        child = world.project.find(pending.importer, pending.level, _joined(pending.module, pending.name))
        if child is not None:
            return ModuleValue(child)
        return Unknown(f"`{pending.name}` is not found in {module.path}", ("missing", module.path, pending.name))
    if pending.level:
        child = world.project.find(pending.importer, pending.level, _joined(pending.module, pending.name))
        if child is not None:
            return ModuleValue(child)
        dots = "." * pending.level + pending.module
        return Unknown(f"the module `{dots}` is not found", ("import", dots, pending.name))
    return Library(library.canonical(_joined(pending.module, pending.name)))


def _joined(module: str, name: str) -> str:
    return f"{module}.{name}" if module else name


def module_name(world: World, module: Module, name: str) -> Value:
    """A name of a module of the project: the module is run on the first demand."""
    frame = module_frame(world, module)
    if frame is None:
        return Unknown("imports are nested too deep", ("nested", module.path))
    value = read(world, frame, frame.number, name)
    if isinstance(value, Absent):
        value = _from_stars(world, frame.number, name)
        if isinstance(value, Absent):
            return value
    with kept(world, frame):
        value = force(world, frame, value, slot=(frame.number, name))
    if isinstance(value, (Text, Choice)) and value.trail is not None:
        definition = module.definition(name)
        if definition is not None:
            value = through(value, Step(module, definition, f"`{name}`"))
    return value


@contextmanager
def kept(world: World, frame: Frame) -> Iterator[None]:
    """What is made meanwhile is kept in the world where the frame is finished: nobody looks into its state any more."""
    if frame.number in world.running:
        yield
        return
    before = frame.state
    frame.state = before.layer()
    try:
        yield
    finally:
        world.base.update(frame.state.changes)
        frame.state = before


def module_frame(world: World, module: Module) -> Frame | None:
    """The frame of a module, run now if it has not been; None where imports are nested too deep to go on."""
    if module not in world.frames:
        if len(world.running) >= MAX_NESTED_IMPORTS:
            return None
        module.run(world)
    return world.frames[module]
