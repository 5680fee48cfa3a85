"""What the import of a module changes in another one: `from config import ARGS` and then `ARGS["x"] = 0`.

The answer for a name comes from its own module alone. If the name stands for an object that can be changed, the project
is searched for modules that may change it when they are imported. That happens before the object is read for the first
time, because most are never read. The slices of these modules for that object are run in the order of the imports, and
each gives the object a version (`Heap.changed`). A module that is being imported sees the versions of those that are
imported before it.

A module that the checked one does not import only changes something in the programs that run both. These begin with
files that no other one imports (`checkout.starting_files`), and their imports decide whether a change comes before the
checked module or after it. The changes hold under a predicate unless every program makes them.
"""

from __future__ import annotations

import functools
import re
import weakref
from collections.abc import Collection, Iterable

from poolsafe import ir
from poolsafe.checkout.changing_files import How
from poolsafe.checkout.starting_files import Program
from poolsafe.inference.answers import Namespace
from poolsafe.inference.context import Run
from poolsafe.inference.heap import CHECKED, FIRST
from poolsafe.inference.lattice import alternatives
from poolsafe.inference.modules import Module
from poolsafe.inference.namespaces import import_ranks, namespace_of, order_imports, run_for_changes
from poolsafe.inference.scope_lines import Slice
from poolsafe.inference.slices import change_slice
from poolsafe.inference.symbols import IsTrue, Symbol, derived
from poolsafe.inference.values import Class, Instance, MappingRef, ModuleValue, Sequence, Value

MAX_NAMES = 12  # names of one object
MAX_HOPS = 3  # modules that give the object another name
MAX_NESTED = 4  # nested searches for changes


def apply_import_changes(run: Run, namespace: Namespace, name: str, value: Value) -> None:
    """Notes the values that other modules give to a name with an answer when they are imported.

    Changes of the name's object are searched for when the object is first read.
    """
    module, key, answers = namespace.module, (namespace.number, name), run.answers
    if key in answers.changed or module.is_stub:
        return
    if answers.changing >= MAX_NESTED:
        return
    answers.changed.add(key)
    singles = [single for _, single in alternatives(value)]
    for address in dict.fromkeys(map(_address, singles)):
        if address:
            answers.known_as.setdefault(address, []).append((module, name))
            run.heap.unread.add(address)
            run.heap.before_reading = functools.partial(_change_object, weakref.ref(run))
    found: dict[str, set[str]] = {}
    # Hardly any program replaces a class or a module, and most names that are answered stand for one.
    if not all(isinstance(single, (Class, ModuleValue)) for single in singles):
        _add(run, found, name, run.project.changing_at_import(module, name, How.REBIND))
    for function in _setters(module, name):
        _add(run, found, function, run.project.changing_at_import(module, function, How.CALL))
    _run_changers(run, found)


def _setters(module: Module, name: str) -> list[str]:
    """Returns the functions of a module that declare a name as global, and so may give it another value."""
    scope = module.scope_of(module.body)
    if name not in scope.declared_inside:
        return []
    definitions = scope.definitions.items()
    return [function for function, several in definitions if any(name in one.declared for one in several)]


def _address(single: Value) -> int:
    """Returns the address of an object that can be changed, or 0."""
    return single.address if isinstance(single, (Instance, MappingRef, Sequence)) else 0


def _change_object(reference: weakref.ref[Run], address: int) -> None:
    """Notes what other modules change in an object when they are imported, before it is read for the first time."""
    run = reference()
    if run is None or run.answers.changing >= MAX_NESTED:
        return
    answers = run.answers
    run.heap.unread.discard(address)
    found: dict[str, set[str]] = {}
    for module, name in answers.known_as.pop(address):
        _search(run, module, [name], found)
    _run_changers(run, found)


def _add(run: Run, found: dict[str, set[str]], name: str, paths: Iterable[str]) -> list[Module]:
    """Adds a name to the names that each of these modules may change. Returns the modules that may be run."""
    others = (path for path in paths if path != run.entry.location)
    changers = [module for path in others if (module := run.project.changer(path)) is not None]
    for module in changers:
        found.setdefault(module.location, set()).add(name)
    return changers


def _search(run: Run, module: Module, names: Iterable[str], found: dict[str, set[str]], hops: int = MAX_HOPS) -> None:
    """Adds the modules that may change the objects of these names of a module, with the names that they import."""
    for name, how in sorted(_aliases(module, names).items())[:MAX_NAMES]:
        changers = _add(run, found, name, run.project.changing_at_import(module, name, how))
        for other in changers if hops and how is How.CHANGE else ():
            _search(run, other, _imported_as(other, {name}), found, hops - 1)


def _aliases(module: Module, names: Iterable[str]) -> dict[str, How]:
    """Returns the names of a module for the objects of `names`, and the names of functions that may change these."""
    scope = module.scope_of(module.body)
    kinds = {scope.kind_of(name) for name in names}
    found = {name for name in scope.made_here if scope.kind_of(name) in kinds and name not in scope.definitions}
    functions = {name for name, several in scope.definitions.items() if any(one.changed & found for one in several)}
    return dict.fromkeys(found, How.CHANGE) | dict.fromkeys(functions, How.CALL)


def _imported_as(module: Module, names: Collection[str]) -> list[str]:
    """Returns the names that a module binds to one of `names` by an import, or to a module from which it reads one."""
    found: dict[str, None] = {}
    for one in module.own_imports:
        if isinstance(one, ir.ImportFrom) and one.name == "*":
            found.update(dict.fromkeys(sorted(names)))
        elif (isinstance(one, ir.ImportFrom) and one.name in names) or _is_asked_for(module, one.bound, names):
            found[one.bound] = None
    return list(found)


def _is_asked_for(module: Module, owner: str, names: Collection[str]) -> bool:
    """Returns whether a module mentions `owner.name`, or `owner.module.name`, for one of the names."""
    return _attribute_pattern(owner, names).search(module.source.text) is not None


def _attribute_pattern(owner: str, names: Collection[str]) -> re.Pattern[str]:
    words = "|".join(map(re.escape, sorted(names)))
    return re.compile(rf"\b{re.escape(owner)}(?:\.\w+){{0,9}}\.(?:{words})\b")


def _run_changers(run: Run, found: dict[str, set[str]]) -> None:
    """Runs the changes that modules make to names that they import, in the order of the imports. Most make none."""
    wanted: dict[str, tuple[Module, Slice]] = {}
    for path, names in found.items():
        module = run.project.changer(path)
        if module is not None:
            scope = module.scope_of(module.body)
            changes = change_slice(scope, _imported_as(module, names), is_imported=not _is_script(run, module))
            if changes.statements:
                wanted[path] = module, changes
    if wanted:
        run.answers.changing += 1
        try:
            with run.project.aside():
                _run_in_order(run, wanted)
        finally:
            run.answers.changing -= 1


def _run_in_order(run: Run, wanted: dict[str, tuple[Module, Slice]]) -> None:
    order_imports(run)
    places = [(position, path, predicate) for path in wanted for position, predicate in _places(run, *wanted[path])]
    for position, path, predicate in sorted(places, key=lambda place: place[:2]):
        module, changes = wanted[path]
        run.heap.positions[path] = position
        run_for_changes(run, namespace_of(run, module), changes, predicate, is_script=_is_script(run, module))


def _is_script(run: Run, module: Module) -> bool:
    """Returns whether a module is only run as a script, with all that is under `if __name__ == "__main__":`."""
    if not module.scope_of(module.body).main_lines or module.location in run.project.import_order(run.entry):
        return False
    return run.project.is_script(module) and not run.project.is_named(module)


def _places(run: Run, module: Module, changes: Slice) -> list[tuple[int, Symbol | None]]:
    """Returns the positions at which a module changes others, each with the predicate under which it is imported.

    There are none if no program runs both the module and the checked one, and two if only some of the programs import
    the module before the checked one.
    """
    path, entry, ranks = module.location, run.entry.location, import_ranks(run)
    number = ranks.get(path) or len(run.heap.positions) + 1
    before, after = number if path in ranks else number + FIRST, number + CHECKED
    comes_after = _comes_after(run, module, changes)
    usual = after if comes_after else before
    predicate = IsTrue(derived("imported", path))
    if path in run.project.import_order(run.entry):
        return [(usual, None)]
    programs = _programs(run)
    both = [one for one in programs or () if path in one.reached]
    if programs is None or (not both and run.project.is_named(module)):
        return [(usual, predicate)]
    late = {comes_after}
    if run.project.import_of(module, run.entry) is None:
        late = {one.ranks.get(path, 0) > one.ranks.get(entry, len(one.ranks)) for one in both}
    always = all(path in one.ranks for one in programs)
    if (always or not both) and _differs_in_tests(run, path, late, always=always):
        run.answers.tests_differ = True
    if late == {True}:
        return [(after, None if always else predicate)]
    found: list[tuple[int, Symbol | None]] = []
    if both:
        found.append((before, None if always and late == {False} else predicate))
    if always and len(late) > 1:
        found.append((after, None))
    return found


def _differs_in_tests(run: Run, path: str, late: set[bool], *, always: bool) -> bool:
    """Returns whether a test may differ from the programs in whether, or when, it imports a module with changes."""
    usual, every = run.project.programs(run.entry), run.project.programs(run.entry, with_tests=True)
    if usual is None or every is None:
        return True
    entry, known = run.entry.location, {one.path for one in usual}
    ranks = (one.ranks for one in every if one.path not in known)
    return any(
        (path in one) is not always or (always and (one[path] > one.get(entry, len(one))) not in late) for one in ranks
    )


def _programs(run: Run) -> list[Program] | None:
    """Returns the programs that may run the targets of the checked module, or None if they are not known."""
    programs, targets = run.project.programs(run.entry), run.strategy.targets
    scope = run.entry.scope_of(run.entry.body)
    if any(line.definition is None and id(line.node.origin) in targets.on_path for line in scope.lines):
        return programs  # the import of the module runs one
    names = targets.names & scope.definitions.keys()
    calling = [one for one in programs or () if run.project.mentions(one, run.entry, names)]
    return calling or programs


def _comes_after(run: Run, module: Module, changes: Slice) -> bool:
    """Returns whether the checked module is imported before another one changes anything."""
    offset = run.project.import_of(module, run.entry)
    if offset is None:
        return run.heap.positions.get(module.location, FIRST) > CHECKED
    lines = (line for line in module.scope_of(module.body).lines if line.node in changes.statements)
    changing = (line.node.origin for line in lines if line.changes or line.may_change or line.calls)
    return all(module.span(origin)[0] > offset for origin in changing)
