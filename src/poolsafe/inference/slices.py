"""Backward slices: which statements of a scope have to be run, computed from its syntax.

A slice begins with the statements that a run must reach (the targets), the results of a function, and the changes of
objects that outlive it. A statement belongs to the slice if it

* binds a name that a statement of the slice reads later, or
* may change the object of such a name, through any of its aliases (`aliases`), or
* decides whether a statement of the slice is run: the heads of the blocks around it, and `return`, `raise`, `break`
and `continue` if they depend on names of the slice.

"Later" is the order of the source. A loop counts as a whole, because its statements may run again.

A call may change its arguments and the objects that the callee closes over, unless the callee is known to change
nothing. A method may change its receiver unless its name is known to be that of a method that only reads. Some changes
are possible but unlikely, such as those by an unknown method of an object that outlives the function. Their statements
are run without tracing the arguments further. Names outside the slice are unknown, so this may make an answer unknown,
but never wrong.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable

from poolsafe import ir
from poolsafe.inference.run_targets import Targets
from poolsafe.inference.scope_lines import Effects, Slice
from poolsafe.inference.scope_reader import BUILTINS
from poolsafe.inference.scopes import Scope
from poolsafe.inference.slice_closure import Closure


class Use(enum.Enum):
    """The purpose of calling a function. Each purpose includes those above it."""

    TARGETS = "the targets that it leads to"
    EFFECTS = "what it changes"
    VALUE = "what it returns"


def function_slice(scope: Scope, targets: Targets, use: Use) -> Slice:
    """Returns the slice of a function: its targets and, depending on `use`, its effects and its result."""
    closure = Closure(scope, targets, is_left=use is not Use.TARGETS, in_function=True)
    closure.want_targets()
    if use is not Use.TARGETS:
        closure.want_effects(
            scope.parameters | (scope.used - scope.bound) | frozenset(scope.declared), for_value=use is Use.VALUE
        )
    statements = closure.statements()
    unlikely = closure.unlikely()
    local = frozenset((scope.parameters | scope.bound) - scope.declared)
    stops = frozenset(line.node for line in scope.stops)
    return Slice(statements | unlikely.keys(), local, closure.read(), closure.leading(), unlikely, stops)


def target_slice(scope: Scope, targets: Targets) -> Slice:
    """Returns the slice of a module or class body that leads to targets."""
    closure = Closure(scope, targets, is_left=False)
    closure.want_targets()
    return Slice(closure.statements(), frozenset(), leading=closure.leading(), unlikely=closure.unlikely())


def name_slice(scope: Scope, name: str, *, is_imported: bool = False) -> Slice:
    """Returns the slice of a module or class body that decides the final value of a name. Cached.

    An import of the module (`is_imported`) does not run what is under `if __name__ == "__main__":`.
    """
    if name not in scope.bound:
        return Slice(frozenset(), frozenset())
    found = scope.name_slices.get((name, is_imported))
    if found is None:
        closure = Closure(scope, Targets(), never=scope.main_lines if is_imported else frozenset())
        closure.want_name(name)
        for definition in scope.definitions.get(name, ()):
            # When another module calls, the object of a default has all changes that the module made to it.
            for kept in definition.kept:
                closure.want_name(kept)
        found = scope.name_slices[name, is_imported] = Slice(
            closure.statements(), frozenset(), unlikely=closure.unlikely()
        )
    return found


def change_slice(scope: Scope, names: Iterable[str], *, is_imported: bool) -> Slice:
    """Returns the slice of a module for the changes that it makes to the objects of these names.

    It is empty if the module only imports them. For `is_imported`, see `name_slice`.
    """
    closure = Closure(scope, Targets(), never=scope.main_lines if is_imported else frozenset())
    for name in names:
        closure.want_object(name)
    statements = closure.statements()
    if all(isinstance(one, (ir.Import, ir.ImportFrom)) for one in statements):
        return Slice(frozenset(), frozenset())
    return Slice(statements, frozenset(), unlikely=closure.unlikely())


def effects_of(scope: Scope) -> Effects:
    """Returns the summary of a function's effects by its own statements. Cached in the scope."""
    if scope.effects is None:
        kind = scope.direct_kind_of
        free = {kind(name) for name in (scope.used - scope.bound - scope.parameters) | scope.declared}
        given = {kind(name) for name in scope.parameters}
        kinds = {kind(name) for line in scope.lines for name in line.changes}
        perhaps = {name for line in scope.lines for name in line.may_change}
        bound = {kind(name) for name in perhaps & scope.bound}
        scope.effects = Effects(
            bool(scope.declared) or not free.isdisjoint(kinds | bound) or any(line.calls_super for line in scope.lines),
            not given.isdisjoint(kinds | {kind(name) for name in perhaps})
            or any(line.executes for line in scope.lines),
            frozenset(name for line in scope.lines for name in line.calls) - scope.bound - scope.parameters - BUILTINS,
        )
    return scope.effects
