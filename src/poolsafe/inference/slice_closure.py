"""The closure of a slice: the lines of a scope that the wanted names, results and effects depend on."""

from __future__ import annotations

from collections.abc import Iterable

from poolsafe import ir
from poolsafe.inference.library_questions import NOTHING, Questions
from poolsafe.inference.run_targets import Targets
from poolsafe.inference.scope_lines import END, Line, binds_constant
from poolsafe.inference.scopes import Scope


class Closure:
    """The lines of a scope that a slice needs, computed as a closure."""

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
        self._is_left = is_left  # the caller needs to know whether execution reaches the end
        self._scope = scope
        self._kind = scope.kind_of
        self._targets = targets
        self._wanted: set[Line] = set()
        self._needed: set[Line] = set()  # wanted for a reason other than a possible change of an object
        # The last position at which a name, or a change in an alias class, still matters.
        self._names: dict[str, int] = {}
        self._kinds: dict[str, int] = {}
        self._held: dict[str, int] = {}  # like `_names`, for names that more than one line of the slice needs
        self._unlikely: dict[Line, frozenset[str]] = {}
        self._questions = NOTHING
        self._counted: set[Line] = set()  # the lines whose questions to libraries are known
        self._effects: set[Line] = set()  # wanted for the results and effects of the scope
        self._last = -1  # nothing after this position matters, unless execution may leave the scope there

    def want_targets(self) -> None:
        """Adds the statements that lead to targets, and those that execute clauses created by targets."""
        lines = self._scope.lines
        leading = [line for line in lines if id(line.node.origin) in self._targets.on_path or self._names_target(line)]
        for line in leading:
            self._want(line)
        # `global` decides where names are bound, whatever else is needed.
        for line in (one for one in lines if isinstance(one.node, ir.Scoping)):
            self._want(line)
        for line in leading:
            if line.definition is not None and self._in_function:
                self._need(line.definition.free, END)  # it may be an entry point, run on the final state
        # A target may be called by another name, and the clause that it creates may be executed.
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
        """Adds the statements that yield or change objects of names in `outside`, and with `for_value` the returns."""
        kind = self._scope.direct_kind_of
        kinds = {kind(name) for name in outside}
        declared = self._scope.declared
        for line in self._scope.lines:
            if (
                line.yields
                or line.calls_super
                or (isinstance(line.node, ir.Return) and for_value)
                or not line.binds.isdisjoint(declared)
                or any(kind(name) in kinds for name in (*line.changes, *line.executes))
            ):
                self._effects.add(line)
                self._want(line)
            elif names := frozenset(name for name in line.may_change if kind(name) in kinds):
                self._unlikely[line] = names
        # This comes last, so that lines wanted for another reason do not depend on these names.
        for line in self._unlikely:
            if line not in self._wanted:
                self._want_around(line)
                self._need(set().union(*line.may_change.values()), line.reach)

    def want_name(self, name: str) -> None:
        """Adds the statements that bind a name or change its object."""
        self._raise(name, END)

    def want_object(self, name: str) -> None:
        """Adds the statements that bind a name or change its object, even if only a `*` import binds the name."""
        self._raise(name, END)
        self._raise_changes(name, END)

    def statements(self) -> frozenset[ir.Statement]:
        """Returns the statements of the slice, once a fixed point is reached."""
        count = -1
        while count != len(self._wanted):
            if count < 0 or self._is_left:
                self._last = max((line.position for line in self._wanted), default=-1)
            count = len(self._wanted)
            for line in (*self._scope.leaving, *self._scope.stops, *self._scope.items_read):
                if line in self._needed:
                    continue
                if self._stops(line):
                    self._want(line)
                elif isinstance(line.node, ir.Return):
                    # Only whether execution gets past it is needed here, not its value.
                    if line.position < self._last:
                        self._wanted.add(line)
                        self._want_around(line)
                elif self._is_followed(line) and self._decides(line):
                    self._want(line)
        return frozenset(line.node for line in self._wanted)

    def leading(self) -> frozenset[ir.Statement]:
        """Returns the statements whose results and effects are not needed in the slice."""
        return frozenset(line.node for line in self._wanted if self._only_leads(line))

    def _only_leads(self, line: Line) -> bool:
        if line in self._effects or not isinstance(line.node, LEADING) or (line.raises and self._is_followed(line)):
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
        """Returns the statements that are run only if they change an object, with the names of such objects.

        They are outside the slice, or in it only because they may change an object that the slice reads later.
        """
        found = {line.node: names for line, names in self._unlikely.items() if line not in self._wanted}
        changing = [line for line in self._wanted - self._needed if isinstance(line.node, _SIMPLE)]
        # A function that declares `global` or `nonlocal` may rebind a name.
        if changing and not self._scope.declared_inside:
            for line, names in self._changed_for(changing).items():
                found[line.node] = self._unlikely.get(line, frozenset()) | names
        return found

    def _changed_for(self, changing: list[Line]) -> dict[Line, set[str]]:
        """Returns, for each change, the names whose objects it matters to, because they are read later.

        A change matters to another object if a later change adds the changed object to that one.
        """
        read = self._read_later()
        kinds = {
            line: self._scope.written_by(line).union(map(self._kind, (*line.changes, *line.may_change)))
            for line in changing
        }
        found = {
            line: {name for name, reach in read.items() if reach > line.position and self._kind(name) in kinds[line]}
            for line in changing
        }
        given: dict[str, list[tuple[Line, str]]] = {}
        for line in changing:
            for name in _given_by(line.node):
                given.setdefault(self._kind(name), []).append((line, name))
        count = -1
        while count != (count := sum(map(len, found.values()))):
            for line in changing:
                for other, name in (one for kind in kinds[line] for one in given.get(kind, ())):
                    if other.reach > line.position and other is not line:
                        late = {one for one in found[other] if self._is_bound_after(one, line)}
                        found[line] |= found[other] - late | ({name} if late else set())
        return found

    def _is_bound_after(self, name: str, line: Line) -> bool:
        return any(binder.reach > line.position for binder in self._scope.binders.get(name, ()))

    def _read_later(self) -> dict[str, int]:
        """Returns the names that the slice uses for more than changes to their objects, each with its last position."""
        found = dict(self._held)
        for line in self._needed:
            for name in self._read_by(line):
                found[name] = max(found.get(name, -1), line.reach)
        queue = list(found)
        while queue:
            name = queue.pop()
            definitions = self._scope.definitions.get(name, ())
            for free in self._scope.read_outside(name).union(*(one.free for one in definitions)):
                if found.get(free, -1) < found[name]:
                    found[free] = found[name]
                    queue.append(free)
        return found

    def _is_followed(self, line: Line) -> bool:
        """Returns whether it matters if execution gets past a line: something of the slice may run after it."""
        if self._is_left or line.position < self._last:
            return True
        return line.loop is not None and line.loop.position <= self._last

    def _stops(self, line: Line) -> bool:
        """Returns whether a line may end execution depending on the environment, where that matters to the slice.

        In a function it always matters, because its callers may ask the same question.
        """
        asked = self._scope.stops.get(line)
        return asked is not None and (self._in_function or asked.overlaps(self._asked()))

    def _decides(self, line: Line) -> bool:
        """Returns whether a line that may leave its block matters to the slice.

        It does if it depends on names of the slice, or if it leaves a loop of the slice.
        """
        if line.raises and self._is_tried(line):
            return True
        read = self._scope.items_read.get(line)
        if read is not None:
            return not read.isdisjoint(self._names) and self._shares(line)
        if not line.leaves:
            return False
        if isinstance(line.node, ir.Assert) and not isinstance(line.node.test, ir.Constant):
            return self._shares(line)
        outer, conditional = line.outer, False
        while outer is not None:
            if self._shares(outer) or (not line.leaves_loop and any(map(self._is_made_of_wanted, outer.uses))):
                return True
            if isinstance(outer.node, (ir.For, ir.While)):
                return line.leaves_loop and outer in self._wanted
            conditional = conditional or isinstance(outer.node, (ir.If, ir.Match))
            outer = outer.outer
        # An unconditional one always ends execution here.
        return not conditional

    def _is_tried(self, line: Line) -> bool:
        """Returns whether the block around a line, or a `try` that handles its exceptions, is in the slice."""
        outer = line.outer
        while outer is not None and outer not in self._wanted:
            if isinstance(outer.node, ir.Try):
                return False
            outer = outer.outer
        return outer is not None

    def _is_made_of_wanted(self, name: str) -> bool:
        """Returns whether a name, such as a list of missing settings, is computed from names of the slice."""
        return any(map(self._shares, self._scope.binders.get(name, ())))

    def _shares(self, line: Line) -> bool:
        """Returns whether a line uses a name of the slice. A library counts only if both may ask it the same thing."""
        shared = line.uses & self._names.keys()
        if not shared <= self._scope.library_names:
            return True
        return bool(shared) and self._scope.asked_by(line).overlaps(self._asked())

    def _asked(self) -> Questions:
        """Returns the questions to libraries in the known part of the slice."""
        for line in (self._wanted | self._unlikely.keys()) - self._counted:
            self._counted.add(line)
            self._questions |= self._scope.asked_by(line)
        return self._questions

    def _want(self, line: Line, *, for_change: bool = False) -> None:
        """Adds a line and the lines that it depends on. `for_change`: only because it may change an object."""
        queue = [(line, for_change)]
        while queue:
            one, for_change = queue.pop()
            if one in self._never:
                continue
            if not for_change:
                self._needed.add(one)
            if one in self._wanted:
                continue
            self._wanted.add(one)
            if one.outer is not None:
                queue.append((one.outer, False))
            for name in self._read_by(one):
                queue += self._raised(name, one.reach)

    def _read_by(self, line: Line) -> set[str]:
        """Returns the names that a line reads. In an assertion, only the names that lead to a target count."""
        node = line.node
        if line.leaves or not isinstance(node, ir.Assert) or not isinstance(node.test, ir.Comparison):
            return line.uses
        operands = [node.test.left, *(operand for _, operand in node.test.rest)]
        leading = [names for one in operands if not self._targets.names.isdisjoint(names := _names_in(one))]
        binds = any(isinstance(one, ir.NamedExpression) for one in ir.walk(node.test))
        return line.uses if binds or not leading else set().union(*leading)

    def _want_around(self, line: Line) -> None:
        if line.outer is not None:
            self._want(line.outer)

    def _need(self, names: Iterable[str], reach: int) -> None:
        for name in names:
            self._held[name] = max(self._held.get(name, -1), reach)
            for line, for_change in self._raised(name, reach):
                self._want(line, for_change=for_change)

    def _raise(self, name: str, reach: int) -> None:
        """Notes that a name matters up to a position. For a function, this does not add the names that it reads."""
        self._names[name] = self._held[name] = reach
        binders = self._scope.binders.get(name, [])
        for line in binders:
            self._want(line)
        if not all(map(binds_constant, binders)) or name in self._scope.declared_inside:
            self._raise_changes(name, reach)

    def _raise_changes(self, name: str, reach: int) -> None:
        self._kinds[self._kind(name)] = reach
        for line in self._scope.changers.get(self._kind(name), ()):
            self._want(line, for_change=True)
        for line in self._changed_outside(name):
            self._want(line)

    def _changed_outside(self, name: str) -> list[Line]:
        """Returns the lines that may change the object of a name by calling functions from outside the scope."""
        names = {name}.union(*(line.uses for line in self._scope.binders.get(name, ())))
        return [line for one in names & self._calls_outside.keys() for line in self._calls_outside[one]]

    def _raised(self, name: str, reach: int) -> list[tuple[Line, bool]]:
        """Notes that a name is read at a position.

        Returns the lines that affect it. The flag says whether a possible change of an object is the only reason.
        """
        lines: list[tuple[Line, bool]] = []
        names = [name]
        read_outside: set[str] = set()  # with all that the functions among them read
        while names:
            name = names.pop()
            if self._names.get(name, -1) >= reach:
                continue
            self._names[name] = reach
            found = [*self._scope.binders.get(name, ()), *self._changed_outside(name)]
            changers: list[Line] = []
            kind = self._kind(name)
            if self._kinds.get(kind, -1) < reach:
                self._kinds[kind] = reach
                changers = self._scope.changers.get(kind, changers)
                found += (line for other, line in self._calls_given if other == kind)
            lines += ((line, False) for line in found if line.position < reach)
            lines += ((line, True) for line in changers if line.position < reach)
            # The names that a function reads must be bound when it is called.
            for definition in self._scope.definitions.get(name, ()):
                names += definition.free
            if name not in read_outside:
                more = self._scope.read_outside(name)
                names += more
                read_outside |= more
        return lines


# The statements that may be run only for the targets that their calls lead to.
LEADING = (ir.Assign, ir.Evaluate, ir.Raise, ir.Return)
_SIMPLE = (ir.Assert, ir.Assign, ir.Evaluate)


def _names_in(node: ir.Expression) -> set[str]:
    return {one.id for one in ir.walk(node) if isinstance(one, ir.Name)}


def _given_by(node: ir.Statement) -> set[str]:
    """Returns the names that a change reads, except for the object whose method it calls or whose item it sets."""
    match node:
        case ir.Evaluate(value=ir.Call() | ir.Await()):
            calls = (one for one in ir.walk(node) if isinstance(one, ir.Call))
            return set().union(*(_names_in(given.value) for one in calls for given in one.arguments))
        case ir.Assign(value=value):
            return _names_in(value)
    return {one.id for one in ir.walk(node) if isinstance(one, ir.Name)}
