"""Backward slices: which statements of a scope have to be run, computed on its syntax.

A slice begins with the statements that a run must reach (the targets), the results of a function, and the changes of
objects that outlive it. A statement belongs to the slice if it

* binds a name that a statement of the slice reads later, or
* may change the object of such a name, through any of its aliases (`aliases`), or
* decides whether a statement of the slice is run: the heads of the blocks around it, and `return`, `raise`, `break`
and `continue` if they depend on names of the slice.

"Later" is the order of the source. A loop counts as a whole, because its statements may run again.

A call may change its arguments and the objects that the callee closes over, unless the callee is known to change
nothing. A method may change its receiver unless its name is known to be a reading one. Some changes are possible but
unlikely, such as those by an unknown method of an object that outlives the function. Their statements are run without
tracing the arguments further. Names outside the slice are unknown, so this can lose an answer but cannot make one
wrong.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field

from poolsafe import ir
from poolsafe.inference.scope_lines import END, Line
from poolsafe.inference.scope_reader import BUILTINS, CHANGING
from poolsafe.inference.scopes import Effects, Scope, Slice


@dataclass(slots=True)
class Targets:
    """The calls that a run has to reach.

    `on_path` holds the ids of the LibCST nodes that are target calls or enclose one. `names` holds the names of the
    target functions, and of the functions and classes that lead to a target. `make_clauses`: the targets create text
    clauses, whose execution is observed as well.
    """

    on_path: set[int] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    make_clauses: bool = False
    version: int = 0  # incremented when one of the sets grows

    def add_names(self, names: Iterable[str]) -> None:
        """Adds names of functions and classes."""
        new = set(names) - self.names
        if new:
            self.names |= new
            self.version += 1

    def add_path(self, nodes: Iterable[int]) -> None:
        """Adds the ids of LibCST nodes that are targets or enclose one."""
        before = len(self.on_path)
        self.on_path.update(nodes)
        self.version += len(self.on_path) > before


class Use(enum.Enum):
    """The purpose of calling a function. Each purpose includes those above it."""

    TARGETS = "the targets that it leads to"
    EFFECTS = "what it changes"
    VALUE = "what it returns"


class _Closure:
    """The lines of a scope that a slice needs, computed as a closure over what is wanted."""

    def __init__(
        self,
        scope: Scope,
        targets: Targets,
        *,
        is_left: bool = True,
        in_function: bool = False,
        never: frozenset[Line] = frozenset(),
    ) -> None:
        self._in_function = in_function
        self._never = never  # lines that are not run
        self._calls_outside = scope.calls_outside
        self._calls_given = scope.calls_given
        self._is_left = is_left  # whether execution reaches the end matters to the caller
        self._scope = scope
        self._kind = scope.kind_of
        self._targets = targets
        self._wanted: set[Line] = set()
        # The last position at which a name, and a change in an alias class, still matters.
        self._names: dict[str, int] = {}
        self._kinds: dict[str, int] = {}
        self._unlikely: dict[Line, frozenset[str]] = {}
        self._effects: set[Line] = set()  # wanted for the results and effects of the scope

    def want_targets(self) -> None:
        """Adds the statements that lead to targets, and those that execute the clauses that targets create."""
        lines = self._scope.lines
        leading = [line for line in lines if id(line.node.origin) in self._targets.on_path or self._names_target(line)]
        for line in leading:
            self._want(line)
            if line.definition is not None and self._in_function:
                self._need(line.definition.free, END)  # it may be an entry point, run on the final state
        # A target may be called under another name, and the clause that it creates may be executed.
        names = self._scope.other_names(self._targets.names)
        made = {name for line in leading for name in line.binds} if self._targets.make_clauses else set()
        kinds = {self._kind(name) for name in made}
        for line in lines:
            handed = (*line.executes, *line.changes, *line.may_change) if kinds else ()
            if not names.isdisjoint(line.calls) or any(self._kind(name) in kinds for name in handed):
                self._want(line)

    def _names_target(self, line: Line) -> bool:
        names = self._targets.names
        return not names.isdisjoint(line.uses) or (
            isinstance(line.node, ir.ClassDef) and line.definition is not None and not names.isdisjoint(line.binds)
        )

    def want_effects(self, outside: frozenset[str], *, for_value: bool) -> None:
        """Adds the statements that yield, change objects of the names `outside`, or with `for_value` return."""
        kind = self._scope.direct_kind_of
        kinds = {kind(name) for name in outside}
        declared = self._scope.declared
        for line in self._scope.lines:
            if (
                line.yields
                or line.calls_super
                or isinstance(line.node, ir.Scoping)
                or (isinstance(line.node, ir.Return) and for_value)
                or not line.binds.isdisjoint(declared)
                or any(kind(name) in kinds for name in (*line.changes, *line.executes))
            ):
                self._effects.add(line)
                self._want(line)
            elif names := frozenset(name for name in line.may_change if kind(name) in kinds):
                self._unlikely[line] = names
        # Last, so that lines wanted for another reason do not depend on these names.
        for line in self._unlikely:
            if line not in self._wanted:
                self._want_around(line)
                self._need(set().union(*line.may_change.values()), line.reach)

    def want_name(self, name: str) -> None:
        """Adds the statements that bind a name or change its object."""
        self._raise(name, END)

    def statements(self) -> frozenset[ir.Statement]:
        """Returns the statements of the slice, once a fixed point is reached."""
        unpacking = [line for line in self._scope.lines if _unpacks(line.node)]
        count = -1
        while count != len(self._wanted):
            count = len(self._wanted)
            last = max((line.position for line in self._wanted), default=-1)
            for line in (*self._scope.leaving, *self._scope.stops, *unpacking):
                if line in self._wanted:
                    continue
                if self._stops(line):
                    self._want(line)
                elif isinstance(line.node, ir.Return):
                    # Its value is not needed here, only whether execution gets past it.
                    if line.position < last:
                        self._wanted.add(line)
                        self._want_around(line)
                elif (self._is_left or line.reach < last or line.reach == END) and self._decides(line):
                    self._want(line)
        return frozenset(line.node for line in self._wanted)

    def leading(self) -> frozenset[ir.Statement]:
        """Returns the statements whose results and effects are not needed in the slice."""
        return frozenset(line.node for line in self._wanted if self._only_leads(line))

    def _only_leads(self, line: Line) -> bool:
        if line in self._effects or line.raises or not isinstance(line.node, (ir.Assign, ir.Evaluate, ir.Return)):
            return False
        if any(
            line in self._calls_outside.get(name, ()) for name, reach in self._names.items() if reach > line.position
        ):
            return False
        return not any(self._names.get(name, -1) > line.position for name in line.binds) and not any(
            self._kinds.get(self._kind(name), -1) > line.position
            for name in (*line.changes, *line.may_change, *line.executes)
        )

    def read(self) -> frozenset[str]:
        """Returns the names that the slice reads or whose objects it changes."""
        return frozenset(self._names)

    def unlikely(self) -> dict[ir.Statement, frozenset[str]]:
        """Returns the statements outside the slice that may change an object, with the names of such objects."""
        return {line.node: names for line, names in self._unlikely.items() if line not in self._wanted}

    def _stops(self, line: Line) -> bool:
        """Returns whether a line may end execution by what the environment says, where that matters to the slice.

        In a function it always counts, as its callers may ask the same of the environment.
        """
        asked = self._scope.stops.get(line)
        return asked is not None and (self._in_function or not asked.isdisjoint(self._names))

    def _decides(self, line: Line) -> bool:
        """Returns whether a line that may leave its block matters to the slice.

        It does if it depends on names of the slice, or if it leaves a loop of the slice.
        """
        if (
            line.raises
            and self._is_tried(line)
            and (line.uses <= BUILTINS or not line.uses.isdisjoint(self._names) or not _calls_something(line.node))
        ):
            return True
        if _unpacks(line.node):
            return not line.uses.isdisjoint(self._names)
        if not line.leaves:
            return False
        if isinstance(line.node, ir.Assert) and not isinstance(line.node.test, ir.Constant):
            return not line.uses.isdisjoint(self._names)
        outer, conditional = line.outer, False
        while outer is not None:
            if any(
                name in self._names or (self._is_made_of_wanted(name) and not line.leaves_loop) for name in outer.uses
            ):
                return True
            if isinstance(outer.node, (ir.For, ir.While)):
                return line.leaves_loop and outer in self._wanted
            conditional = conditional or isinstance(outer.node, (ir.If, ir.Match))
            outer = outer.outer
        # An unconditional one always ends execution here.
        return not conditional

    def _is_tried(self, line: Line) -> bool:
        """Returns whether the block around a line, or a `try` that handles what it raises, is in the slice."""
        outer = line.outer
        while outer is not None and outer not in self._wanted:
            if isinstance(outer.node, ir.Try):
                return False
            outer = outer.outer
        return outer is not None

    def _is_made_of_wanted(self, name: str) -> bool:
        """Returns whether a name, such as a list of missing settings, is computed from names of the slice."""
        return any(not line.uses.isdisjoint(self._names) for line in self._scope.binders.get(name, ()))

    def _want(self, line: Line) -> None:
        """Adds a line and the lines that it depends on."""
        queue = [line]
        while queue:
            one = queue.pop()
            if one in self._wanted or one in self._never:
                continue
            self._wanted.add(one)
            if one.outer is not None:
                queue.append(one.outer)
            for name in one.uses:
                queue += self._raised(name, one.reach)

    def _want_around(self, line: Line) -> None:
        if line.outer is not None:
            self._want(line.outer)

    def _need(self, names: Iterable[str], reach: int) -> None:
        for name in names:
            for line in self._raised(name, reach):
                self._want(line)

    def _raise(self, name: str, reach: int) -> None:
        """Notes that a name matters up to a position. If it is a function, the names that it reads are not added."""
        self._names[name] = reach
        binders = self._scope.binders.get(name, [])
        for line in binders:
            self._want(line)
        if not all(map(_binds_constant, binders)):
            self._kinds[self._kind(name)] = reach
            for line in (*self._scope.changers.get(self._kind(name), ()), *self._changed_outside(name)):
                self._want(line)

    def _changed_outside(self, name: str) -> list[Line]:
        """Returns the lines that may change the object of a name by calling functions from outside the scope."""
        names = {name}.union(*(line.uses for line in self._scope.binders.get(name, ())))
        return [line for one in names & self._calls_outside.keys() for line in self._calls_outside[one]]

    def _raised(self, name: str, reach: int) -> list[Line]:
        """Notes that a name is read at a position, and returns the lines that affect it."""
        lines: list[Line] = []
        names = [name]
        while names:
            name = names.pop()
            if self._names.get(name, -1) >= reach:
                continue
            self._names[name] = reach
            found = list(self._scope.binders.get(name, ()))
            found += self._changed_outside(name)
            kind = self._kind(name)
            if self._kinds.get(kind, -1) < reach:
                self._kinds[kind] = reach
                found += self._scope.changers.get(kind, ())
                found += (line for other, line in self._calls_given if other == kind)
            lines += (line for line in found if line.position < reach)
            # The names that a function reads must be bound when it is called.
            for definition in self._scope.definitions.get(name, ()):
                names += definition.free
        return lines


def function_slice(scope: Scope, targets: Targets, use: Use) -> Slice:
    """Returns the slice of a function: its targets, and depending on `use` its effects and its result."""
    closure = _Closure(scope, targets, is_left=use is not Use.TARGETS, in_function=True)
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
    closure = _Closure(scope, targets, is_left=False)
    closure.want_targets()
    return Slice(closure.statements(), frozenset(), leading=closure.leading())


def name_slice(scope: Scope, name: str, *, is_imported: bool = False) -> Slice:
    """Returns the slice of a module or class body that decides the final value of a name. Cached.

    An import of the module (`is_imported`) does not run what is under `if __name__ == "__main__":`.
    """
    if name not in scope.bound:
        return Slice(frozenset(), frozenset())
    found = scope.name_slices.get((name, is_imported))
    if found is None:
        closure = _Closure(scope, Targets(), never=scope.main_lines if is_imported else frozenset())
        closure.want_name(name)
        for definition in scope.definitions.get(name, ()):
            # The object of a default is what the module has made of it in the end, when another module calls.
            for kept in definition.kept:
                closure.want_name(kept)
        found = scope.name_slices[name, is_imported] = Slice(closure.statements(), frozenset())
    return found


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


def _binds_constant(line: Line) -> bool:
    """Returns whether a line binds a string, a number or a function, which cannot be changed."""
    if isinstance(line.node, ir.Assign):
        return isinstance(line.node.value, (ir.Constant, ir.JoinedString))
    return isinstance(line.node, ir.FunctionDef)


def _unpacks(node: ir.Statement) -> bool:
    """Returns whether a statement raises an exception if its value does not have the right number of items."""
    return (
        isinstance(node, ir.Assign)
        and isinstance(node.targets[0], ir.Display)
        and not isinstance(node.value, ir.Display)
    )


def _calls_something(node: ir.Statement) -> bool:
    """Returns whether a statement contains a call that it may be expensive to run, to find out what it raises."""
    return any(isinstance(one, (ir.Await, ir.Call)) and not _is_cheap(one) for one in ir.walk(node))


def _is_cheap(node: ir.Node) -> bool:
    """Returns whether a node calls a built-in function, a copying one, or a method of a dict or a list on a name."""
    match node:
        case ir.Call(callee=ir.Name(id=name)):
            return name in BUILTINS or name in _COPYING
        case ir.Call(callee=ir.Attribute(value=ir.Name(), name=name)):
            return name in CHANGING or name in _COPYING or name in _OF_DICTS
    return False


_COPYING = frozenset({"copy", "deepcopy", "partial"})
_OF_DICTS = frozenset({"get", "items", "keys", "values"})
