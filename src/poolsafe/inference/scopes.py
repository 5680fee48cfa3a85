"""Scopes: which names of a module, class or function may be aliases, and which statements change their objects."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Iterable

from poolsafe import ir
from poolsafe.inference.aliases import Aliases, carriers
from poolsafe.inference.library_questions import NOTHING, Questions, questions_in, together
from poolsafe.inference.scope_lines import (
    Definition,
    Effects,
    Line,
    Outside,
    Slice,
    binds_container,
    deciding_around,
    is_handled,
    is_of_main,
    items_read,
)
from poolsafe.inference.scope_reader import BUILTINS, ScopeReader


def scope_of(node: ir.FunctionDef | ir.ClassDef | ir.Body, library_names: frozenset[str], outside: Outside) -> Scope:
    """Returns the scope of a function, a class or a module's body. It is read once for all that share `outside`."""
    body = node if isinstance(node, ir.Body) else node.body
    found = outside.scopes.get(body)
    if found is None:
        parameters = node.parameters if isinstance(node, ir.FunctionDef) else ()
        is_module = isinstance(node, ir.Body)
        found = outside.scopes[body] = Scope(body, library_names, outside, parameters, is_module=is_module)
        found.is_class = isinstance(node, ir.ClassDef)
    return found


_CREATING = (ir.BinaryOperation, ir.Call, ir.Comprehension, ir.Dict, ir.Display)


class ScopeDefinition(Definition):
    """A function or class that a scope defines, with the scope of its own body."""

    def __init__(self, node: ir.FunctionDef | ir.ClassDef, around: Scope) -> None:
        self._node = node
        self._around: Scope = weakref.proxy(around)  # it owns the definition

    @functools.cached_property
    def _scope(self) -> Scope:
        return scope_of(self._node, self._around.library_names, self._around.outside)

    @property
    def is_decorated(self) -> bool:
        """Whether the name of the definition is bound to the result of decorators."""
        return bool(self._node.decorators)

    @functools.cached_property
    def free(self) -> frozenset[str]:
        """The names that the definition reads or changes and does not bind itself."""
        scope = self._scope
        return frozenset((scope.used - scope.bound - scope.parameters) | scope.declared)

    @functools.cached_property
    def declared(self) -> frozenset[str]:
        """The names that the definition, or one inside it, declares as `global` or `nonlocal`."""
        return frozenset(self._scope.declared | self._scope.declared_inside)

    @functools.cached_property
    def reached(self) -> frozenset[str]:
        """The names of the surrounding scope whose objects the definition may change, return or hold."""
        bases = self._node.bases if isinstance(self._node, ir.ClassDef) else ()
        return self._scope.reached(self.free).union(self.kept, *map(carriers, bases)) - self._around.builtins

    @functools.cached_property
    def changed(self) -> frozenset[str]:
        """The names of the surrounding scope whose objects the function, or one inside it, may change."""
        if isinstance(self._node, ir.ClassDef):
            return frozenset()
        scope, kind = self._scope, self._scope.direct_kind_of
        kinds = {kind(name) for line in scope.lines for name in (*line.changes, *line.may_change)}
        kinds |= {kind(name) for several in scope.definitions.values() for one in several for name in one.changed}
        return frozenset(name for name in self.free if kind(name) in kinds)

    @functools.cached_property
    def kept(self) -> frozenset[str]:
        """The names whose objects are defaults of parameters, if a call may change these objects."""
        return frozenset(name for default in self._kept_defaults for name in carriers(default))

    @functools.cached_property
    def keeps_own(self) -> bool:
        """Whether a call may change or return an object that is created for the default of a parameter."""
        return any(isinstance(one, _CREATING) for one in self._kept_defaults)

    @functools.cached_property
    def _kept_defaults(self) -> list[ir.Expression]:
        """The defaults whose objects a call may change or return."""
        parameters = self._node.parameters if isinstance(self._node, ir.FunctionDef) else ()
        given = ((one.name, one.default) for one in parameters)
        return [default for name, default in given if default is not None and self._scope.reached((name,))]

    @functools.cached_property
    def links(self) -> bool:
        """Whether a call may make an argument a part of another argument, or of the object of an outer name."""
        kind = self._scope.direct_kind_of
        given = [kind(name) for name in self._scope.parameters]
        return len(set(given)) < len(given) or not {kind(name) for name in self.free}.isdisjoint(given)

    @functools.cached_property
    def asked(self) -> Questions:
        """The questions to libraries in the definition's statements, including those of definitions inside it."""
        return together(map(self._scope.asked_by, self._scope.lines))

    @functools.cached_property
    def stopped(self) -> Questions:
        """The questions to libraries in the definition's own statements that decide whether a call raises."""
        return self._called.own_stopped if self._called is not None else NOTHING

    @functools.cached_property
    def calls(self) -> frozenset[str]:
        """The names of functions that the definition calls where no handler catches what they raise."""
        return self._called.unhandled_calls if self._called is not None else frozenset()

    @functools.cached_property
    def _called(self) -> Scope | None:
        """The scope that a call runs: of the function, or of the `__init__` of the class."""
        if isinstance(self._node, ir.FunctionDef):
            return self._scope
        made = self._scope.definitions.get("__init__", [])
        return made[0]._scope if len(made) == 1 and isinstance(made[0], ScopeDefinition) else None


class Scope(ScopeReader):
    """The names that the statements of a module, class or function use, bind and change, and their alias classes.

    `effects` and `name_slices` cache results. `is_class`: the scope is the body of a class.
    """

    effects: Effects | None = None
    is_class = False

    @functools.cached_property
    def name_slices(self) -> dict[tuple[str, bool], Slice]:
        """The slices computed so far, by name, and by whether an import of the module runs them."""
        return {}

    @functools.cached_property
    def main_lines(self) -> frozenset[Line]:
        """The lines that no import of the module runs."""
        return frozenset(filter(is_of_main, self.lines))

    @functools.cached_property
    def builtins(self) -> frozenset[str]:
        """The free names of definitions that refer to builtins, if the scope of a module shows that."""
        return BUILTINS - self.bound if self._is_module and not self._takes_all else frozenset()

    def _definition_of(self, node: ir.FunctionDef | ir.ClassDef) -> Definition:
        return ScopeDefinition(node, self)

    @functools.cached_property
    def used(self) -> frozenset[str]:
        """The names that are read here, or in functions and classes that are defined here."""
        inside = (one.free for several in self.definitions.values() for one in several)
        return frozenset((self._read - self._inner).union(*inside))

    @functools.cached_property
    def changed(self) -> frozenset[str]:
        """The names whose objects are changed, returned or yielded, or held by the class whose body this is."""
        names = {name for line in self.lines for name in (*line.changes, *line.may_change, *line.gives)}
        return frozenset(names | self.declared | (self.bound if self.is_class else set()))

    @functools.cached_property
    def is_captured(self) -> bool:
        """Whether a function or class inside the scope may refer to its names after a call has ended."""
        inside = (one for line in self.lines for written in line.expressions for one in ir.walk(written))
        return bool(self.definitions) or any(isinstance(one, ir.Lambda) for one in inside)

    @functools.cached_property
    def declared_inside(self) -> frozenset[str]:
        """The names that functions and classes defined here declare as `global` or `nonlocal`."""
        if not self.outside.declares_names:
            return frozenset()  # no definition needs to be read
        return frozenset().union(*(one.declared for several in self.definitions.values() for one in several))

    def import_of(self, name: str) -> ir.ImportFrom | None:
        """Returns the import of a name that nothing else in the scope binds, and that no condition guards, or None."""
        match self.binders.get(name):
            case [Line(node=ir.ImportFrom() as node, outer=None)] if name not in self.declared_inside:
                return node
        return None

    @functools.cached_property
    def changers(self) -> dict[str, list[Line]]:
        """The lines that may change an object of each alias class, except for calls to functions from outside."""
        found: dict[str, list[Line]] = {}
        for line in self.lines:
            names = (name for name in line.may_change if name not in line.calls or self._may_close_over(name))
            for kind in self.written_by(line).union(map(self.kind_of, (*line.changes, *names))):
                found.setdefault(kind, []).append(line)
        return found

    def written_by(self, line: Line) -> frozenset[str]:
        """Returns the alias classes of imported names if a line writes to the object of one, otherwise none."""
        for name, itself in line.writes.items():
            if not (itself and name in self._containers) and self.kind_of(name) in self._imported_kinds:
                return self._imported_kinds
        return frozenset()

    @functools.cached_property
    def _containers(self) -> frozenset[str]:
        """The names that are only bound to new dicts, lists and sets. Writing to one changes nothing that it holds."""
        return frozenset(name for name, lines in self.binders.items() if all(map(binds_container, lines)))

    @functools.cached_property
    def _imported_kinds(self) -> frozenset[str]:
        """The alias classes of imported names of the project: one object may have names in several modules."""
        return frozenset(map(self.kind_of, self.outside.imported(self._read | self.bound)))

    def _may_close_over(self, name: str) -> bool:
        """Returns whether a call by this name may change an object of the scope that is not an argument."""
        definitions = self.definitions.get(name, ())
        if len(definitions) == len(self.binders.get(name, ())) and not any(
            one.reached or one.keeps_own for one in definitions
        ):
            return any(one.is_decorated for one in definitions)
        return name in self.made_here

    @functools.cached_property
    def calls_outside(self) -> dict[str, list[Line]]:
        """The lines that call functions from outside, by the names whose objects these functions may change."""
        found: dict[str, list[Line]] = {}
        for line in self.lines:
            for name in line.calls - self.made_here - self.parameters:
                for changed in self.outside.reached_by(name):
                    found.setdefault(changed, []).append(line)
        return found

    @functools.cached_property
    def calls_given(self) -> list[tuple[str, Line]]:
        """The lines that call a parameter, each with the alias class of that parameter."""
        return [(self.kind_of(name), line) for line in self.lines for name in line.calls & self.parameters]

    def other_names(self, names: set[str]) -> set[str]:
        """Returns the names, and other names to which the scope assigns the same functions."""
        found = set(names)
        grown = True
        while grown:
            added = {new for new, old in self._renamings if old in found} - found
            grown = bool(added)
            found |= added
        return found

    @functools.cached_property
    def leaving(self) -> list[Line]:
        """The lines that may leave a block before its end."""
        return [line for line in self.lines if line.leaves or line.raises or isinstance(line.node, ir.Return)]

    @functools.cached_property
    def items_read(self) -> dict[Line, frozenset[str]]:
        """The lines that raise an exception if an object lacks an item, with the names of such objects."""
        return items_read(self.lines, self.binders, self.declared_inside)

    def reached_by(self, name: str) -> frozenset[str]:
        """Returns the names whose objects a function defined or imported here may change.

        That includes the functions that it calls. An imported function may change anything imported from the same
        module.
        """
        found = {one for together in self._imported.values() if name in together for one in together}
        if self._takes_all and name not in self.bound:
            found |= self.used - self.bound - BUILTINS - self.library_names
        return self._closure(name, lambda definition: definition.reached) | found

    def read_by(self, name: str) -> frozenset[str]:
        """Returns the names that a function or class defined here reads, including the functions that it calls."""
        return self._closure(name, lambda definition: definition.free)

    def _closure(self, name: str, names_of: Callable[[Definition], frozenset[str]]) -> frozenset[str]:
        """Returns the names that `names_of` finds for a definition, and for those that it finds in turn."""
        found: set[str] = set()
        queue = [name]
        while queue:
            for definition in self.definitions.get(queue.pop(), ()):
                queue += names_of(definition) - found
                found |= names_of(definition)
        return frozenset(found)

    def read_outside(self, name: str) -> frozenset[str]:
        """Returns the names that a function from outside reads, and that lines of this scope bind or may change."""
        if not self._changed_outside or name in self.bound or name in self.parameters:
            return frozenset()
        return self.outside.read_by(name) & self._changed_outside

    @functools.cached_property
    def _changed_outside(self) -> frozenset[str]:
        inside = (one.reached for several in self.definitions.values() for one in several)
        return (self.changed.union(self.calls_outside, *inside) - self.bound | self.declared) - self.parameters

    def asked_by(self, line: Line) -> Questions:
        """Returns the questions to libraries in a line and its body, such as for an environment variable."""
        found = self._asked.get(line)
        if found is None:
            found = together(questions_in(one, self.library_names) for one in line.expressions)
            found = self._asked[line] = found if line.definition is None else found | line.definition.asked
        return found

    @functools.cached_property
    def _asked(self) -> dict[Line, Questions]:
        return {}

    @functools.cached_property
    def stops(self) -> dict[Line, Questions]:
        """The lines that may raise an exception depending on libraries such as `os`, each with its questions to them.

        They include calls to functions that do so. No handler of this scope catches the exception.
        """
        found = dict(self._own_stops)
        for line in self.lines:
            if line.calls and not is_handled(line):
                asked = together(map(self.stopped_by, line.calls))
                if asked:
                    found[line] = asked | found.get(line, NOTHING)
        return found

    @functools.cached_property
    def _own_stops(self) -> dict[Line, Questions]:
        lines = [line for line in self.lines if isinstance(line.node, (ir.Assert, ir.Raise)) and not is_handled(line)]
        deciding = {line: deciding_around(line) for line in lines}
        # Whether they are run depends on no other name of this scope, which a slice would have to follow.
        decided = {
            line: together(map(self.asked_by, heads))
            for line, heads in deciding.items()
            if self.bound.isdisjoint(frozenset().union(*(one.uses for one in heads)) - self.library_names)
        }
        return {line: asked for line, asked in decided.items() if asked}

    @property
    def own_stopped(self) -> Questions:
        """The questions to libraries in the scope's own assertions and `raise` statements."""
        return together(self._own_stops.values())

    @functools.cached_property
    def unhandled_calls(self) -> frozenset[str]:
        """The names of functions that are called where no handler of this scope catches what they raise."""
        return frozenset(name for line in self.lines if line.calls and not is_handled(line) for name in line.calls)

    def stopped_by(self, name: str) -> Questions:
        """Returns the questions to libraries that decide whether a function raises an exception."""
        found = NOTHING
        seen: set[str] = set()
        queue = [name]
        while queue:
            one = queue.pop()
            if one in seen:
                continue
            seen.add(one)
            for definition in self.definitions.get(one, ()):
                found |= definition.stopped
                queue += definition.calls
        return found if name in self.bound else found | self.outside.stopped_by(name)

    @functools.cached_property
    def _kinds(self) -> Aliases:
        self._close_over_definitions()
        return self.aliases

    def kind_of(self, name: str) -> str:
        """Returns the representative of a name's alias class."""
        return self._kinds.find(name)

    def direct_kind_of(self, name: str) -> str:
        """Returns the representative without the names that callees from outside the scope close over."""
        self._kinds  # noqa: B018 - computes the closure over the definitions
        return self.direct.find(name)

    def reached(self, names: Iterable[str]) -> frozenset[str]:
        """Returns the free names among `names` whose objects the scope may change, return or yield."""
        kinds = {self.kind_of(name) for name in self.changed}
        return frozenset(name for name in names if self.kind_of(name) in kinds) - self.library_names

    def _close_over_definitions(self) -> None:
        """Unites each function that is called or passed on here with the names that it closes over."""
        if self._takes_all:
            unbound = self.used - self.bound - BUILTINS - self.library_names
            self.aliases.unite(sorted(unbound)[:1], unbound)
            self.direct.unite(sorted(unbound)[:1], unbound)
        resolved: set[Definition] = set()
        queue = list(self.changed)
        while queue:
            for definition in self.definitions.get(name := queue.pop(), ()):
                if definition not in resolved:
                    resolved.add(definition)
                    self.aliases.unite((name,), definition.reached)
                    self.direct.unite((name,), definition.reached)
                    queue += definition.reached
        for name, given in self._handed:
            if any(definition.links for definition in self.definitions.get(name, ())) or name == "setattr":
                self.direct.unite(given, sorted(given)[:1])
                self.aliases.unite(given, (name,))
