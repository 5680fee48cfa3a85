"""The names that each statement of a scope uses, binds and changes, read from the syntax."""

from __future__ import annotations

import builtins
import functools
import weakref
from collections.abc import Iterable, Iterator

from poolsafe import ir
from poolsafe.inference.aliases import (
    FRESH,
    FRESH_METHODS,
    STRING_METHODS,
    Aliases,
    carriers,
    has_immutable_values,
    is_immutable,
    targets,
)
from poolsafe.inference.scope_lines import END, Definition, Line, Outside, is_handled
from poolsafe.libraries import CHANGING, EXECUTING, READING

BUILTINS = frozenset(dir(builtins))

# Methods that change nothing relevant to the analysis.
PURE = FRESH_METHODS | READING | EXECUTING | {
    "aclose", "all", "begin", "begin_nested", "close", "commit", "connect", "copy", "create_all", "dispose", "drop_all",
    "exists", "fetchall", "fetchone", "first", "flush", "get", "group", "items", "mappings", "match", "one",
    "one_or_none", "refresh", "rollback", "run_sync", "scalar_one", "scalar_one_or_none", "search", "sub", "values",
}  # fmt: skip


class ScopeReader:
    """Reads the names that the statements of a scope use, bind and change, one `Line` for each statement or head."""

    def __init__(
        self,
        body: ir.Body,
        library_names: frozenset[str],
        outside: Outside,
        parameters: tuple[ir.Parameter, ...] = (),
        *,
        is_module: bool = False,
    ) -> None:
        self._is_module = is_module
        self.library_names = library_names
        self._outside = weakref.ref(outside)  # it owns the scope: counting references frees a module with its scopes
        self._immutable = {one.name for one in parameters if is_immutable(one)}
        self._typed: set[str] = set()  # annotated with an immutable type
        self.parameters = frozenset(one.name for one in parameters)
        self._read_body(body)
        wrong = {name for name in self._immutable - self._typed if name in self.bound}
        strings = {name for name in self._strings if self._bindings.count(name) <= (name not in self.parameters)}
        if wrong or not strings <= self._immutable:
            self._immutable = (self._immutable - wrong) | strings
            self._read_body(body)

    @property
    def outside(self) -> Outside:
        """The module around the scope. Raises ReferenceError if nothing holds it any more."""
        found = self._outside()
        if found is None:
            raise ReferenceError("the module of the scope has been freed")
        return found

    @functools.cached_property
    def binders(self) -> dict[str, list[Line]]:
        """The lines that bind each name."""
        found: dict[str, list[Line]] = {}
        for line in self.lines:
            for name in line.binds:
                found.setdefault(name, []).append(line)
        return found

    @functools.cached_property
    def made_here(self) -> frozenset[str]:
        """The names that are bound here by anything other than an import."""
        return frozenset(
            name
            for name, lines in self.binders.items()
            if not all(isinstance(line.node, (ir.Import, ir.ImportFrom)) for line in lines)
        )

    def _read_body(self, body: ir.Body) -> None:
        self.aliases = Aliases()
        self.direct = Aliases()  # without the names that a callee closes over
        self.lines: list[Line] = []
        self.definitions: dict[str, list[Definition]] = {}
        self.bound: set[str] = set()
        self._bindings: list[str] = []
        self._strings: set[str] = set()  # names on which a method that only strings have is called
        self.declared: set[str] = set()  # `global` and `nonlocal`
        self._read: set[str] = set()
        self._inner: set[str] = set()  # bound by comprehensions and lambdas
        self._handed: list[tuple[str, set[str]]] = []  # the arguments of each call to a name
        self._renamings: list[tuple[str, str]] = []  # `new = old`, `new = module.old`, `new = partial(old)`
        self._hooking: set[str] = set()  # classes with `__init_subclass__`
        self._takes_all = False  # there is a `*` import
        self._imported: dict[tuple[int, str], set[str]] = {}  # the names imported from each module
        self._read_block(body.statements, None)

    def _read_block(self, block: ir.Block, outer: Line | None, *, is_tried: bool = False) -> None:
        for statement in block:
            self._read_statement(statement, outer, is_tried)

    def _read_statement(self, node: ir.Statement, outer: Line | None, is_tried: bool) -> None:
        position = len(self.lines)
        line = Line(node, outer, position, position, is_tried=is_tried)
        if outer is not None and outer.loop is not None:
            line.loop = outer.loop
        elif isinstance(node, (ir.For, ir.While)):
            line.loop = line
        self.lines.append(line)
        match node:
            case ir.Assign(targets=(ir.Name(id=name),), annotation=ir.Expression() as annotation) if (
                has_immutable_values(annotation)
            ):
                self._immutable.add(name)
                self._typed.add(name)
                self._expression(line, node.value)
                line.binds.add(name)
                self.bound.add(name)
            case ir.Assign():
                self._expression(line, node.value)
                for target in node.targets:
                    self._target(line, target, node.value)
                    self.aliases.unite(roots_of_target(node.targets[0]), roots_of_target(target))
                    self.direct.unite(roots_of_target(node.targets[0]), roots_of_target(target))
            case ir.AugmentedAssign():
                self._expression(line, node.value)
                self._expression(line, node.target)
                self._target(line, node.target, node.value)
                self._write(line, _owner(node.target))
            case ir.Evaluate():
                self._expression(line, node.value)
            case ir.Return():
                self._expression(line, node.value)
                line.gives.update(self._carriers(node.value))
            case ir.Raise():
                self._expression(line, node.exception)
                line.leaves = True
            case ir.Break() | ir.Continue():
                line.leaves = line.leaves_loop = True
            case ir.Import():
                self._bind(line, {node.bound})
            case ir.ImportFrom():
                self._bind(line, {node.bound})
                self._import(node)
            case ir.TypeAlias():
                self._bind(line, {node.name})
            case ir.Scoping():
                self.declared |= set(node.names)
            case ir.Delete():
                for target in node.targets:
                    self._bind(line, targets(target))
                    self._expression(line, target)
                    if not isinstance(target, ir.Name):
                        self._write(line, _owner(target))
            case ir.Assert():
                self._expression(line, node.test)
                if tells_by_names(node.test):
                    line.binds |= line.uses  # the condition holds from here on
                    line.leaves = True
            case ir.FunctionDef() | ir.ClassDef():
                self._define(line, node)
            case _:
                self._compound(line, node)
        if line.loop is line:
            # After a loop of a module, an imported function may change what the loop reads.
            end = END if self._is_module else len(self.lines)
            for one in self.lines[position:]:
                one.reach = end
        self._read |= line.uses
        line.raises = isinstance(node, RAISING) and is_handled(line)

    def _import(self, node: ir.ImportFrom) -> None:
        """Unites the names imported from one project module: they may share objects, or change each other's objects."""
        if node.name == "*":
            self._takes_all = True
        elif node.bound not in self.library_names:
            together = self._imported.setdefault((node.level, node.module), set())
            together.add(node.bound)
            self.aliases.unite(together, (node.bound,))
            self.direct.unite(together, (node.bound,))

    def _compound(self, line: Line, node: ir.Statement) -> None:
        blocks: list[ir.Block] = []
        match node:
            case ir.If() | ir.While():
                self._expression(line, node.test)
                blocks += [node.body, node.orelse]
            case ir.For():
                self._expression(line, node.iterable)
                self._target(line, node.target, node.iterable)
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
                self._read_block(node.body, line, is_tried=bool(node.handlers))
                blocks += [*(handler.body for handler in node.handlers), node.orelse, node.final]
            case ir.Match():
                self._expression(line, node.subject)
                for case in node.cases:
                    self._pattern(line, case.pattern, node.subject)
                    self._expression(line, case.guard)
                    blocks.append(case.body)
        for block in blocks:
            self._read_block(block, line)

    def _pattern(self, line: Line, node: ir.Pattern, subject: ir.Expression) -> None:
        for one in ir.walk(node):
            if isinstance(one, ir.Pattern) and one.captured is not None:
                self._bind(line, {one.captured})
                self._unite({one.captured}, subject)
            if isinstance(one, ir.ValuePattern):
                self._expression(line, one.value)
            elif isinstance(one, ir.MappingPattern):
                for key in one.keys:
                    self._expression(line, key)

    def _bind(self, line: Line, names: Iterable[str]) -> None:
        names = set(names)
        line.binds |= names
        self.bound |= names
        self._bindings += names

    def _target(self, line: Line, target: ir.Expression, value: ir.Expression) -> None:
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
            self._unite({target.id}, value)
            old = ir.last_name(_function_in(value))
            if old is not None:
                self._renamings.append((target.id, old))
        else:
            self._expression(line, target)
            self._unite(self._write(line, _owner(target)), value)

    def _write(self, line: Line, owner: ir.Expression) -> set[str]:
        """Notes that a line itself changes the object of an expression. Returns the names that may be changed."""
        roots = set(roots_of_target(owner))
        line.changes |= roots
        itself = isinstance(owner, ir.Name)
        for name in roots:
            line.writes[name] = itself and line.writes.get(name, True)
        return roots

    def _unite(self, names: set[str], value: ir.Expression) -> None:
        self.aliases.unite(names, self._changeable(self._carriers(value)))
        self.direct.unite(names, self._changeable(self._carriers(value, callees=False)))

    def _carriers(self, value: ir.Expression | None, *, callees: bool = True) -> Iterator[str]:
        return carriers(value, callees=callees, libraries=self.library_names)

    def _changeable(self, names: Iterable[str]) -> Iterator[str]:
        return (name for name in names if name not in self._immutable)

    def _define(self, line: Line, node: ir.FunctionDef | ir.ClassDef) -> None:
        self._bind(line, {node.name})
        for expression in _evaluated_at_definition(node):
            self._expression(line, expression)
        for decorator in node.decorators:
            self._unite({node.name}, decorator)
            if isinstance(decorator, ir.Name) and decorator.id not in self.library_names:
                line.calls.add(decorator.id)
                line.may_change.setdefault(decorator.id, set()).add(decorator.id)
            elif isinstance(decorator, ir.Attribute):
                for root in set(roots_of_target(decorator.value)) - self.library_names:
                    line.may_change.setdefault(root, set()).add(root)
        if isinstance(node, ir.ClassDef):
            self._derive(line, node)
        line.definition = definition = self._definition_of(node)
        self.definitions.setdefault(node.name, []).append(definition)

    def _derive(self, line: Line, node: ir.ClassDef) -> None:
        """Notes that the definition of a class changes a base that has `__init_subclass__`."""
        hooking = self._hooking & {name for base in node.bases for name in roots_of_target(base)}
        line.changes |= hooking
        self.aliases.unite({node.name}, hooking)
        self.direct.unite({node.name}, hooking)
        statements = node.body.statements
        if hooking or any(isinstance(one, ir.FunctionDef) and one.name == "__init_subclass__" for one in statements):
            self._hooking.add(node.name)

    def _definition_of(self, node: ir.FunctionDef | ir.ClassDef) -> Definition:
        raise NotImplementedError

    def _expression(self, line: Line, node: ir.Expression | None) -> None:
        if node is None:
            return
        line.expressions.append(node)
        for one in ir.walk(node):
            match one:
                case ir.Name():
                    line.uses.add(one.id)
                case ir.Call():
                    self._call(line, one)
                case ir.NamedExpression():
                    self._target(line, one.target, one.value)
                case ir.Generator():
                    self._inner.update(targets(one.target))
                    self._unite(set(targets(one.target)), one.iterable)
                case ir.Parameter():
                    self._inner.add(one.name)
                case ir.Yield():
                    line.yields = True
                    line.gives.update(self._carriers(one.value))

    def _call(self, line: Line, node: ir.Call) -> None:
        callee = node.callee
        given = {name for argument in node.arguments for name in self._changeable(self._carriers(argument.value))}
        if isinstance(callee, ir.Name):
            line.calls.add(callee.id)
            if callee.id == "super":
                line.calls_super = True
            elif callee.id not in FRESH and callee.id not in self.library_names:
                line.changes |= given
                if given:
                    self._handed.append((callee.id, given))
                # The callee may change objects that it closes over.
                line.may_change.setdefault(callee.id, set()).add(callee.id)
            return
        if not isinstance(callee, ir.Attribute):
            line.changes |= {*carriers(callee), *given}
            return
        if callee.name in STRING_METHODS and isinstance(callee.value, ir.Name):
            self._strings.add(callee.value.id)
        roots = set(roots_of_target(callee.value))
        if callee.name in CHANGING or not roots.isdisjoint({"self", "cls"}):
            if callee.name in CHANGING:
                self._write(line, callee.value)
            line.changes |= roots | given
            self.aliases.unite(roots, given)  # the receiver may now contain the arguments
            self.direct.unite(roots, given)
        elif callee.name in EXECUTING:
            line.executes |= given
        elif callee.name not in PURE and roots.isdisjoint(self.library_names):
            names = {one.id for one in ir.walk(callee) if isinstance(one, ir.Name)}
            for root in roots | given:
                line.may_change.setdefault(root, set()).update(names)
            self.aliases.unite(roots, given)  # as above, if the method keeps them
            self.direct.unite(roots, given)


def _evaluated_at_definition(node: ir.FunctionDef | ir.ClassDef) -> Iterator[ir.Expression]:
    yield from node.decorators
    if isinstance(node, ir.ClassDef):
        yield from node.bases
        yield from (one.value for one in node.keywords)
        return
    for parameter in node.parameters:
        yield from (one for one in (parameter.annotation, parameter.default) if one is not None)


def _owner(target: ir.Expression) -> ir.Expression:
    """Returns the expression whose object an assignment to an item or attribute changes."""
    return target.value if isinstance(target, (ir.Attribute, ir.Subscript)) else target


def roots_of_target(node: ir.Expression) -> Iterator[str]:
    """Yields the names through which an assignment to `node`, or a method of it, may change an object."""
    while isinstance(node, (ir.Attribute, ir.Subscript)):
        node = node.value
    yield from carriers(node)


def tells_by_names(test: ir.Expression) -> bool:
    """Returns whether the result of a test depends only on names, and not on the code of functions that it calls."""
    known = FRESH | FRESH_METHODS | {"get", "getenv"}
    return all(ir.last_name(one.callee) in known for one in ir.walk(test) if isinstance(one, ir.Call))


RAISING = (ir.Assign, ir.AugmentedAssign, ir.Delete, ir.Evaluate, ir.Raise)


def _function_in(node: ir.Expression) -> ir.Expression:
    """Returns the function inside a `partial`, or the expression itself."""
    if isinstance(node, ir.Call) and ir.last_name(node.callee) == "partial" and node.arguments:
        return node.arguments[0].value
    return node
