"""Names: where they are bound, their values, and the imports behind them.

An import binds a reference to a name of another module (`Pending`). The reference is a value like any other and is
resolved only when its target is needed. A module whose names are only passed on is not loaded.
"""

from __future__ import annotations

import builtins
from dataclasses import dataclass

from poolsafe import ir, libraries
from poolsafe.inference.answers import Namespace
from poolsafe.inference.context import Frame, Run
from poolsafe.inference.heap import Slot
from poolsafe.inference.import_changes import apply_import_changes
from poolsafe.inference.later import set_later
from poolsafe.inference.lattice import alternatives, choose, may_be_absent, or_before, restrict
from poolsafe.inference.modules import Module
from poolsafe.inference.namespaces import ask, namespace_of
from poolsafe.inference.objects import GeneratorObject
from poolsafe.inference.slices import name_slice
from poolsafe.inference.symbols import Guard, derived
from poolsafe.inference.values import (
    Absent,
    Alternatives,
    Const,
    Function,
    Library,
    ModuleValue,
    NamespacePackage,
    Pending,
    Sequence,
    Step,
    Text,
    Unknown,
    Url,
    Value,
    through,
)

_BUILTINS = frozenset(dir(builtins))
_IMMUTABLE = (Const, Library, Text, Unknown, Url)
MAX_STARS = 200  # `*` imports followed for one name


def bind(frame: Frame, name: str, value: Value) -> None:
    """Binds a name, as an assignment in this frame does."""
    frame.state.set(("name", frame.outer_names.get(name, frame.number), name), value)


def lookup(frame: Frame, name: str) -> Value:
    """Returns the value of a name in the current state, with imports followed."""
    return force(frame, peek(frame, name))


def peek(frame: Frame, name: str) -> Value:
    """Returns the value that a name is bound to, without following an import."""
    numbers = (frame.outer_names[name],) if name in frame.outer_names else (frame.number, *frame.parents)
    return _peek_in(frame, name, numbers)


def _peek_in(frame: Frame, name: str, numbers: tuple[int, ...]) -> Value:
    """Returns the value of a name in the first of these frames that binds it."""
    home = namespace_of(frame.run, frame.module)
    for at, number in enumerate(numbers, 1):
        if number == home.number:
            value = global_name(frame, frame.module, name)
        elif name in frame.run.strategy.local_names.get(number, ()):
            value = read(frame, number, name)
            if isinstance(value, Absent):
                return Unknown(f"poolsafe does not follow `{name}` here", derived("unfollowed", number, name))
        else:
            value = stored(frame, number, name)
            if isinstance(value, Alternatives) and may_be_absent(value):
                # A condition has narrowed an outer name, and other paths have been joined since.
                return or_before(value, _peek_in(frame, name, numbers[at:]))
        if not isinstance(value, Absent):
            return value
    if name in _BUILTINS:
        return Library(f"builtins.{name}")
    if name in ("__name__", "__file__"):
        return Unknown(f"`{name}`", derived("name", name))
    return Unknown(f"the name `{name}` is not defined", derived("unbound", frame.module.path, name))


def read(frame: Frame, number: int, name: str) -> Value:
    """Returns the name as bound in the frame of that number, or Absent if it is not bound there.

    Python raises on the paths where the name is unbound, so those paths are dropped.
    """
    return _where_bound(stored(frame, number, name))


def stored(frame: Frame, number: int, name: str) -> Value:
    """Returns the name as bound in the frame of that number, or Absent on the paths where it is not bound there."""
    slot: Slot = ("name", number, name)
    value = frame.state.get(slot)
    if number in frame.run.running and may_be_absent(value):
        value = or_before(value, frame.run.running[number].state.get(slot))
    return value


def _where_bound(value: Value) -> Value:
    if isinstance(value, Alternatives):
        bound: list[tuple[Guard, Value]] = [one for one in value.alternatives if not isinstance(one[1], Absent)]
        if len(bound) < len(value.alternatives):
            return choose(bound)
    return value


def global_name(frame: Frame, module: Module, name: str) -> Value:
    """Returns a name of a module from its running body or its finished namespace, or Absent if it is unbound."""
    namespace = namespace_of(frame.run, module)
    value = stored(frame, namespace.number, name)
    # A running body can only read names that it has bound. A function that it calls may read a name outside the slice.
    is_inside = namespace.number in frame.run.running and frame.number == namespace.number
    if may_be_absent(value) and not is_inside:
        value = or_before(value, _imported_unchanged(frame, namespace, name) or _answered(frame, namespace, name))
    value = _where_bound(value)
    if not isinstance(value, Absent):
        return set_later(frame, namespace, name, value)
    found = _star_holder(frame.run, module, name, _Search({module}))
    return _as_imported(frame, found, name, module) if isinstance(found, Module) else found


def _answered(frame: Frame, namespace: Namespace, name: str) -> Value:
    value = _where_bound(ask(frame.run, namespace, name))
    apply_import_changes(frame.run, namespace, name, value)
    now = read(frame, namespace.number, name) if frame.run.heap.changed else value
    return value if isinstance(now, Absent) else now


def _imported_unchanged(frame: Frame, namespace: Namespace, name: str) -> Value | None:
    """Returns an imported name that needs no slice: only the import binds it, and no call changes its value.

    The slice of an imported function contains every statement that calls it, with everything that these statements
    need. The slice of an imported module contains every call to its functions, which change names of that module.
    """
    node = namespace.scope.import_of(name)
    is_imported = frame.run.strategy.is_imported(namespace.module)
    if node is None or len(name_slice(namespace.scope, name, is_imported=is_imported).statements) == 1:
        return None
    value = import_from(namespace.module, node)
    match force(frame, value):
        case Library():
            return value
        case ModuleValue() as found:
            return found
        case Function(bound=None, defaults=defaults) if all(isinstance(one, _IMMUTABLE) for one in defaults.values()):
            return value
    return None


def import_from(module: Module, node: ir.ImportFrom, *, in_function: bool = False) -> Pending:
    """Returns the reference that an import in `module` binds."""
    return Pending(module, *module.absolute(node.level, node.module), node.name, in_function=in_function)


@dataclass(slots=True)
class _Search:
    """A search through `*` imports: the modules seen, as imports may be cyclic, and the number still to follow."""

    seen: set[Module]
    left: int = MAX_STARS


def _star_holder(run: Run, module: Module, name: str, search: _Search) -> Module | Value:
    """Returns the module that binds a name imported by `*`, or the library's member, or Absent.

    The last import that binds the name wins.
    """
    for level, dotted in reversed(module.stars):
        if not search.left:
            return Unknown("too many modules are imported by `*`", derived("stars", module.path, name))
        search.left -= 1
        other = run.project.find(module, level, dotted)
        if other is None:
            if libraries.is_known(whole := f"{dotted}.{name}"):
                return Library(libraries.canonical(whole))
            continue
        if other in search.seen:
            continue
        search.seen.add(other)
        if name in namespace_of(run, other).scope.bound:
            return other
        found = _star_holder(run, other, name, search)
        if not isinstance(found, Absent):
            return found
    return Absent()


def force(frame: Frame, value: Value) -> Value:
    """Returns the value behind an import, the current content of a list, or any other value unchanged."""
    if not isinstance(value, _WAITING):
        return value
    if isinstance(value, Alternatives):
        if not any(_is_waiting(single) for _, single in value.alternatives):
            return value
        return choose((guard, force(frame, single)) for guard, single in value.alternatives)
    if isinstance(value, Sequence):
        if not value.address:
            return value
        held = frame.state.get(("list", value.address))
        # On paths that did not change the list, it has the items of its display.
        return choose((guard, value if isinstance(one, Absent) else one) for guard, one in alternatives(held))
    key = (value.importer.number, value.level, value.module, value.name)
    if key in frame.run.answers.importing:
        # A package that is still being imported lacks the name, so Python imports the module below it.
        child = _child(frame, value)
        if child is not None:
            return child
        return Unknown(
            f"the import of `{value.name or value.module}` is cyclic", derived("cyclic", value.module, value.name)
        )
    frame.run.answers.importing.add(key)
    try:
        return imported(frame, value)
    finally:
        frame.run.answers.importing.discard(key)


_WAITING = (Alternatives, Pending, Sequence)


def _is_waiting(value: Value) -> bool:
    return isinstance(value, Pending) or (isinstance(value, Sequence) and value.address != 0)


def yielded(frame: Frame, value: Value) -> Value:
    """Returns the value that a generator function yields to the framework that calls it.

    Any other value is returned unchanged.
    """
    value = force(frame, value)
    return force(frame, value.value) if isinstance(value, GeneratorObject) else value


def imported(frame: Frame, pending: Pending) -> Value:
    """Returns the value of an import: a module of the project, a name of one, or a member of a library."""
    module = frame.run.project.find(pending.importer, pending.level, pending.module)
    if pending.name is None:
        if pending.root:
            first = pending.module.split(".")[0]
            top = frame.run.project.find(pending.importer, 0, first)
            if top is not None:
                return ModuleValue(top)
            return Library(first) if module is None else NamespacePackage(pending.importer, 0, first)
        return ModuleValue(module) if module is not None else Library(libraries.canonical(pending.module))
    if module is not None:
        value = module_name(frame, module, pending.name, None if pending.in_function else pending.importer)
        if not isinstance(value, Absent):
            return value
        missing = derived("missing", module.path, pending.name)
        return _child(frame, pending) or Unknown(f"`{pending.name}` is not found in {module.path}", missing)
    if pending.level:
        child = _child(frame, pending)
        if child is not None:
            return child
        dots = "." * pending.level + pending.module
        return Unknown(f"the module `{dots}` is not found", derived("import", dots, pending.name))
    # A package without an `__init__.py` contains only the modules below it.
    return _child(frame, pending) or Library(libraries.canonical(_joined(pending.module, pending.name)))


def _child(frame: Frame, pending: Pending) -> ModuleValue | None:
    """Returns the module that an import names below a package, or None if there is none."""
    if pending.name is None:
        return None
    child = frame.run.project.find(pending.importer, pending.level, _joined(pending.module, pending.name))
    return None if child is None else ModuleValue(child)


def _joined(module: str, name: str) -> str:
    return f"{module}.{name}" if module else name


def _as_imported(frame: Frame, module: Module, name: str, importer: Module) -> Value:
    """Returns a name of a module as it was when `importer` imported it. Others may have given it a new value since."""
    value = global_name(frame, module, name)
    slot: Slot = ("name", namespace_of(frame.run, module).number, name)
    if slot not in frame.run.heap.changed:
        return value
    return restrict(frame.run.heap.stored(slot, importer), frame.state.path)


def module_name(frame: Frame, module: Module, name: str, importer: Module | None = None) -> Value:
    """Returns a name of a project module as importers see it, or Absent if the module does not bind it.

    An `importer` keeps the value that the name had when it was imported.
    """
    value = global_name(frame, module, name) if importer is None else _as_imported(frame, module, name, importer)
    value = force(frame, value)
    if isinstance(value, (Text, Alternatives)):
        definition = module.definition(name)
        if definition is not None:
            value = through(value, Step(module, definition, f"`{name}`"))
    return value
