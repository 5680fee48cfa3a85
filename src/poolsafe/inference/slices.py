"""Which statements of a scope have to be run: a backward slice over its syntax.

A slice begins with the statements that a run must reach (the targets), with what a function gives back, and with what
changes objects that outlive it. A statement belongs to it if it

* binds a name that a statement of the slice reads later, or
* may change an object that such a name stands for, through any of its aliases (`aliases`), or
* decides whether a statement of the slice is run: the heads of the blocks around it, and `return`, `raise`, `break`
  and `continue` where they hang on names of the slice.

"Later" is the order of the source, with a loop counted as a whole: what stands in it may run again.

A call may change whatever it is given and whatever its callee closes over, unless the callee is known to change
nothing. A method may change its receiver unless its name is known for reading. Where a change is possible but unlikely
(a method that nobody knows, of an object that outlives the function), the statement is run without its arguments being
traced further: names that the slice leaves out are unknown, so an answer may get lost, but none becomes wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from poolsafe.inference import ir
from poolsafe.inference.aliases import FRESH, FRESH_METHODS, Aliases, carriers, targets
from poolsafe.inference.libraries.library import EXECUTING, READING

END = 1 << 60  # a position behind every statement

# Methods that change a dict, a list or Alembic's configuration.
CHANGING = frozenset(
    {
        "__delitem__", "__setitem__", "add", "append", "clear", "discard", "extend", "insert", "move_to_end", "pop",
        "popitem", "remove", "reverse", "set_main_option", "set_section_option", "setdefault", "sort", "update",
    }
)  # fmt: skip
# Methods that change nothing that anybody asks for.
_PURE = FRESH_METHODS | READING | EXECUTING | {
    "get", "items", "values", "copy", "commit", "rollback", "flush", "close", "aclose", "dispose", "refresh", "exists",
    "connect", "begin", "begin_nested", "run_sync", "create_all", "drop_all", "fetchall", "fetchone", "all", "first",
    "one", "one_or_none", "scalar_one", "scalar_one_or_none", "mappings", "group", "match", "search", "sub",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Slice:
    """The statements of a scope that are run, and the names that are local to it."""

    statements: frozenset[ir.Statement]
    locals: frozenset[str]

    def __contains__(self, statement: ir.Statement) -> bool:
        return statement in self.statements


@dataclass(slots=True, eq=False)
class _Line:
    """A statement, or the head of a compound one, and what it does with names.

    `position` counts statements; `reach` is the position up to which later changes may still matter to it.
    """

    node: ir.Statement
    outer: _Line | None
    position: int
    reach: int
    uses: set[str] = field(default_factory=set)
    binds: set[str] = field(default_factory=set)
    changes: set[str] = field(default_factory=set)
    gives: set[str] = field(default_factory=set)
    executes: set[str] = field(default_factory=set)
    may_change: dict[str, set[str]] = field(default_factory=dict)  # a root, and the names of the receiver
    seed: bool = False
    leaves: bool = False
    leaves_loop: bool = False
    wanted: bool = False


def function_slice(node: ir.FunctionDef, on_path: set[int], library_names: frozenset[str]) -> Slice:
    """Returns the slice of a function: its targets, what it gives back, and what it changes outside of itself.

    `on_path` holds the ids of the LibCST nodes that lead to targets, `library_names` the names that the module imports
    from libraries.
    """
    scope = _Scope(node.body.statements, on_path, library_names)
    parameters = {one.name for one in node.parameters}
    free = scope.used - scope.bound
    outside = parameters | free | scope.declared
    scope.want_effects(outside)
    return Slice(scope.wanted(), frozenset((parameters | scope.bound) - scope.declared))


class _Scope:
    """The lines of one scope, and the closure over them."""

    def __init__(self, block: ir.Block, on_path: set[int], library_names: frozenset[str]) -> None:
        self._on_path = on_path
        self._library_names = library_names
        self._aliases = Aliases()
        self._lines: list[_Line] = []
        self.bound: set[str] = set()
        self.used: set[str] = set()
        self.declared: set[str] = set()  # `global` and `nonlocal`
        self._read_block(block, None)
        for line in self._lines:
            line.reach = _outermost_loop_end(line)
        # How late a name, and a change of an object of an alias class, still matters.
        self._names: dict[str, int] = {}
        self._classes: dict[str, int] = {}

    # --- the closure ---

    def want_effects(self, outside: set[str]) -> None:
        """Begins with what leaves the function: what it returns, and what it changes of `outside`."""
        kinds = {self._aliases.find(name) for name in outside}
        for line in self._lines:
            if (
                isinstance(line.node, (ir.Return, ir.Scoping))
                or not line.binds.isdisjoint(self.declared)
                or any(self._aliases.find(name) in kinds for name in (*line.changes, *line.executes))
            ):
                line.seed = True
            elif any(self._aliases.find(name) in kinds for name in line.may_change):
                line.wanted = True
                self._need(line, set().union(*line.may_change.values()))

    def reached(self, names: set[str]) -> set[str]:
        """Returns those of the free `names` whose objects the scope may change, or may give to whoever runs it."""
        touched = {name for line in self._lines for name in (*line.changes, *line.may_change, *line.gives)}
        touched |= self.declared
        kinds = {self._aliases.find(name) for name in touched}
        return {name for name in names if self._aliases.find(name) in kinds} - self._library_names

    def wanted(self) -> frozenset[ir.Statement]:
        """Returns the statements of the slice, once nothing more follows from them."""
        made = {self._aliases.find(name) for line in self._lines if self._is_on_path(line) for name in line.binds}
        for line in self._lines:
            line.seed = line.seed or any(self._aliases.find(name) in made for name in line.executes)
        changed = True
        while changed:
            changed = False
            for line in reversed(self._lines):
                if not line.wanted and (line.seed or self._matters(line) or (line.leaves and self._decides(line))):
                    self._want(line)
                    changed = True
        return frozenset(line.node for line in self._lines if line.wanted)

    def _matters(self, line: _Line) -> bool:
        at = line.position
        if any(self._names.get(name, -1) > at for name in line.binds):
            return True
        return any(self._classes.get(self._aliases.find(name), -1) > at for name in (*line.changes, *line.may_change))

    def _decides(self, line: _Line) -> bool:
        """Whether it matters that a line leaves a block: it hangs on names of the slice, or its loop belongs to it."""
        outer = line.outer
        while outer is not None:
            if any(name in self._names for name in outer.uses):
                return True
            if isinstance(outer.node, (ir.For, ir.While)):
                return line.leaves_loop and outer.wanted
            outer = outer.outer
        return False

    def _want(self, line: _Line) -> None:
        current: _Line | None = line
        while current is not None and not current.wanted:
            current.wanted = True
            self._need(current, current.uses)
            current = current.outer

    def _need(self, line: _Line, names: Iterable[str]) -> None:
        for name in names:
            self._names[name] = max(self._names.get(name, -1), line.reach)
            kind = self._aliases.find(name)
            self._classes[kind] = max(self._classes.get(kind, -1), line.reach)
        outer = line.outer
        if outer is not None and not outer.wanted:
            self._want(outer)

    # --- reading the syntax ---

    def _read_block(self, block: ir.Block, outer: _Line | None) -> None:
        for statement in block:
            self._read(statement, outer)

    def _line(self, node: ir.Statement, outer: _Line | None) -> _Line:
        line = _Line(node, outer, len(self._lines), 0)
        line.seed = self._is_on_path(line)
        self._lines.append(line)
        return line

    def _is_on_path(self, line: _Line) -> bool:
        return id(line.node.origin) in self._on_path

    def _read(self, node: ir.Statement, outer: _Line | None) -> None:
        line = self._line(node, outer)
        match node:
            case ir.Assign():
                self._expression(line, node.value)
                for target in node.targets:
                    self._target(line, target, node.value)
            case ir.AugmentedAssign():
                self._expression(line, node.value)
                self._expression(line, node.target)
                self._target(line, node.target, node.value)
                line.changes |= set(_roots(node.target))
            case ir.Evaluate():
                self._expression(line, node.value)
            case ir.Return():
                self._expression(line, node.value)
                line.gives |= set(carriers(node.value))
            case ir.Raise():
                self._expression(line, node.exception)
                self._leave(line)
            case ir.Break() | ir.Continue():
                line.leaves_loop = True
                self._leave(line)
            case ir.Import() | ir.ImportFrom():
                self._bind(line, {node.bound})
            case ir.TypeAlias():
                self._bind(line, {node.name})
            case ir.Scoping():
                self.declared |= set(node.names)
            case ir.Delete():
                for target in node.targets:
                    self._bind(line, targets(target))
                    self._expression(line, target)
                    line.changes |= set(_roots(target)) if not isinstance(target, ir.Name) else set()
            case ir.Assert():
                self._expression(line, node.test)
                line.binds |= line.uses  # a condition that holds from here on
            case ir.FunctionDef() | ir.ClassDef():
                self._definition(line, node)
            case _:
                self._compound(line, node)
        self.used |= line.uses

    def _compound(self, line: _Line, node: ir.Statement) -> None:
        blocks: list[ir.Block] = []
        match node:
            case ir.If():
                self._expression(line, node.test)
                blocks += [node.body, node.orelse]
            case ir.For():
                self._expression(line, node.iterable)
                self._target(line, node.target, node.iterable)
                blocks += [node.body, node.orelse]
            case ir.While():
                self._expression(line, node.test)
                blocks += [node.body, node.orelse]
            case ir.With():
                for item in node.items:
                    self._expression(line, item.context)
                    if item.target is not None:
                        self._target(line, item.target, item.context)
                blocks.append(node.body)
            case ir.Try():
                for handler in node.handlers:
                    self._expression(line, handler.exception)
                    self._bind(line, {handler.name} if handler.name is not None else ())
                blocks += [node.body, *(handler.body for handler in node.handlers), node.orelse, node.final]
            case ir.Match():
                self._expression(line, node.subject)
                for case in node.cases:
                    for pattern in ir.walk(case.pattern):
                        if isinstance(pattern, ir.Pattern) and pattern.captured is not None:
                            self._bind(line, {pattern.captured})
                            self._aliases.unite({pattern.captured}, carriers(node.subject))
                        elif isinstance(pattern, ir.ValuePattern):
                            self._expression(line, pattern.value)
                    self._expression(line, case.guard)
                    blocks.append(case.body)
        for block in blocks:
            self._read_block(block, line)

    def _bind(self, line: _Line, names: Iterable[str]) -> None:
        names = set(names)
        line.binds |= names
        self.bound |= names

    def _target(self, line: _Line, target: ir.Expression, value: ir.Expression) -> None:
        if isinstance(target, ir.Display):
            values: list[ir.Expression] = [value] * len(target.elements)
            if isinstance(value, ir.Display) and len(value.elements) == len(target.elements):
                values = list(value.elements)
            for element, part in zip(target.elements, values, strict=True):
                self._target(line, element, part)
        elif isinstance(target, ir.Starred):
            self._target(line, target.value, value)
        elif isinstance(target, ir.Name):
            self._bind(line, {target.id})
            self._aliases.unite({target.id}, carriers(value))
        else:
            self._expression(line, target)
            roots = set(_roots(target))
            line.changes |= roots
            self._aliases.unite(roots, carriers(value))

    def _definition(self, line: _Line, node: ir.FunctionDef | ir.ClassDef) -> None:
        self._bind(line, {node.name})
        for expression in _evaluated_at_definition(node):
            self._expression(line, expression)
        inner = _Scope(node.body.statements, self._on_path, self._library_names)
        parameters = {one.name for one in node.parameters} if isinstance(node, ir.FunctionDef) else set()
        free = (inner.used - inner.bound - parameters) | inner.declared
        line.uses |= free
        # Whoever calls it may change what it closes over, or get at it.
        self._aliases.unite({node.name}, inner.reached(free))

    def _leave(self, line: _Line) -> None:
        line.leaves = True
        # Outside a condition, execution never gets past it.
        line.seed = line.seed or not _is_conditional(line)

    def _expression(self, line: _Line, node: ir.Expression | None) -> None:
        if node is None:
            return
        for one in ir.walk(node):
            match one:
                case ir.Name():
                    line.uses.add(one.id)
                case ir.NamedExpression():
                    self._target(line, one.target, one.value)
                case ir.Generator():
                    self._aliases.unite(targets(one.target), carriers(one.iterable))
                case ir.Yield():
                    line.seed = True
                    line.gives |= set(carriers(one.value))
                case ir.Call():
                    self._call(line, one)

    def _call(self, line: _Line, node: ir.Call) -> None:
        callee = node.callee
        given = {name for argument in node.arguments for name in carriers(argument.value)}
        if isinstance(callee, ir.Name):
            if callee.id == "super":
                line.seed = True
            elif callee.id not in FRESH and callee.id not in self._library_names:
                line.changes |= {callee.id, *given}
            return
        if not isinstance(callee, ir.Attribute):
            line.changes |= {*carriers(callee), *given}
            return
        roots = set(_roots(callee.value))
        if callee.name in CHANGING or not roots.isdisjoint({"self", "cls"}):
            line.changes |= roots | given
            # What is put into an object is in it.
            self._aliases.unite(roots, given)
        elif callee.name in EXECUTING:
            line.executes |= given
        elif callee.name not in _PURE and roots.isdisjoint(self._library_names):
            names = {one.id for one in ir.walk(callee) if isinstance(one, ir.Name)}
            for root in roots | given:
                line.may_change.setdefault(root, set()).update(names)


def _evaluated_at_definition(node: ir.FunctionDef | ir.ClassDef) -> Iterator[ir.Expression]:
    yield from node.decorators
    if isinstance(node, ir.ClassDef):
        yield from node.bases
        yield from (one.value for one in node.keywords)
        return
    for parameter in node.parameters:
        yield from (one for one in (parameter.annotation, parameter.default) if one is not None)


def _roots(node: ir.Expression) -> Iterator[str]:
    """Yields the names through which an assignment to `node`, or a method of it, may change an object."""
    while isinstance(node, (ir.Attribute, ir.Subscript)):
        node = node.value
    yield from carriers(node)


def _outermost_loop_end(line: _Line) -> int:
    """Returns the position that the line is read at: its own, or behind the outermost loop around it."""
    outer: _Line | None = line
    loop: _Line | None = None
    while outer is not None:
        if isinstance(outer.node, (ir.For, ir.While)):
            loop = outer
        outer = outer.outer
    return line.position if loop is None else END


def _is_conditional(line: _Line) -> bool:
    outer = line.outer
    while outer is not None:
        if isinstance(outer.node, (ir.If, ir.For, ir.While, ir.Match)):
            return True
        outer = outer.outer
    return False
