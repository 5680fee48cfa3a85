"""Which statements of a function matter: those on the way to an engine or to what the function gives back.

Most of a service's code has nothing to do with its engines, and running it would cost more than parsing it. A slice
is decided on the syntax alone: it begins with the calls that a run must reach, with `return` and `yield`, and with
what changes the function's own parameters; then whatever binds or may change a name used there belongs to it too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import libcst as cst

from poolsafe.values.index import children
from poolsafe.values.libraries.library import EXECUTING

Statement = cst.SimpleStatementLine | cst.BaseSmallStatement | cst.BaseCompoundStatement


@dataclass(slots=True)
class _Line:
    """One statement, or the head of a compound one, with the names that it uses and those that it may change."""

    node: cst.CSTNode
    outer: _Line | None
    uses: set[str] = field(default_factory=set)
    changes: set[str] = field(default_factory=set)
    seed: bool = False
    leaves: bool = False
    leaves_loop: bool = False
    wanted: bool = False


def relevant_statements(function: cst.FunctionDef, warm: set[int]) -> frozenset[int]:
    """The ids of the statements of a function that must be run; `warm` are the ids of nodes on the way to a target."""
    own = {param.name.value for param in _parameters(function.params)}
    used, bound, outer = _names_of_scope(function.body)
    lines = list(_lines(function.body, None, warm, own | (used - bound) | outer))
    for line in lines:
        line.seed = line.seed or not line.changes.isdisjoint(outer)
    names: set[str] = set()
    changed = True
    while changed:
        changed = False
        for line in lines:
            if line.wanted:
                continue
            if line.seed or not names.isdisjoint(line.changes) or (line.leaves and _decides(line, names)):
                changed = True
                _want(line, names)
    return frozenset(id(line.node) for line in lines if line.wanted)


def _decides(line: _Line, names: set[str]) -> bool:
    """Whether it matters that a line leaves a loop or raises: it hangs on what matters, or the loop itself does."""
    outer = line.outer
    while outer is not None:
        if not names.isdisjoint(outer.uses):
            return True
        if isinstance(outer.node, (cst.For, cst.While)):
            return line.leaves_loop and outer.wanted
        outer = outer.outer
    return False


def _want(line: _Line, names: set[str]) -> None:
    current: _Line | None = line
    while current is not None and not current.wanted:
        current.wanted = True
        names |= current.uses
        current = current.outer


def _parameters(params: cst.Parameters) -> Iterator[cst.Param]:
    yield from (*params.posonly_params, *params.params, *params.kwonly_params)
    if isinstance(params.star_arg, cst.Param):
        yield params.star_arg
    if params.star_kwarg is not None:
        yield params.star_kwarg


def _names_of_scope(body: cst.CSTNode) -> tuple[set[str], set[str], set[str]]:
    """The names that a function's body reads, those that it binds, and those that it declares global or nonlocal."""
    bound: set[str] = set()
    used: set[str] = set()
    outer: set[str] = set()
    stack = list(children(body))
    while stack:
        node = stack.pop()
        match node:
            case cst.Name():
                used.add(node.value)
            case cst.Attribute() | cst.Arg():
                stack.append(node.value)
            case cst.Global() | cst.Nonlocal():
                outer |= {item.name.value for item in node.names}
            case cst.AssignTarget() | cst.AnnAssign() | cst.AugAssign() | cst.For() | cst.CompFor():
                bound |= set(_bare(node.target))
                stack.extend(children(node))
            case cst.AsName():
                bound |= set(_bare(node.name))
            case cst.NamedExpr():
                bound |= set(_bare(node.target))
                stack.extend(children(node))
            case cst.ImportAlias():
                bound.add(_bound(node))
            case cst.FunctionDef() | cst.ClassDef():
                bound.add(node.name.value)
                stack.extend(children(node))
            case _:
                stack.extend(children(node))
    return used, bound, outer


def _bare(target: cst.BaseExpression) -> Iterator[str]:
    """The names that a target binds; of items and attributes none."""
    if isinstance(target, cst.Name):
        yield target.value
    elif isinstance(target, (cst.Tuple, cst.List)):
        for element in target.elements:
            yield from _bare(element.value)


def _lines(body: cst.CSTNode, outer: _Line | None, warm: set[int], own: set[str]) -> Iterator[_Line]:
    for statement in getattr(body, "body", ()):
        if isinstance(statement, cst.SimpleStatementLine):
            line = _line(statement, outer, warm)
            for small in statement.body:
                _read_small(line, small, own)
            yield line
        elif isinstance(statement, cst.BaseSmallStatement):
            line = _line(statement, outer, warm)
            _read_small(line, statement, own)
            yield line
        elif isinstance(statement, (cst.FunctionDef, cst.ClassDef)):
            line = _line(statement, outer, warm)
            line.changes.add(statement.name.value)
            _use(line, statement)
            yield line
        else:
            yield from _compound(statement, outer, warm, own)


def _line(node: cst.CSTNode, outer: _Line | None, warm: set[int]) -> _Line:
    return _Line(node, outer, seed=id(node) in warm)


def _compound(statement: cst.CSTNode, outer: _Line | None, warm: set[int], own: set[str]) -> Iterator[_Line]:
    head = _line(statement, outer, warm)
    bodies: list[cst.CSTNode] = []
    match statement:
        case cst.If():
            _head(head, statement.test, warm)
            bodies.append(statement.body)
            if isinstance(statement.orelse, cst.If):
                # `elif` is run by the `if` that it belongs to, so it is wanted with it.
                inner = list(_compound(statement.orelse, head, warm, own))
                yield head
                yield from inner
                yield from _lines(statement.body, head, warm, own)
                return
            if statement.orelse is not None:
                bodies.append(statement.orelse.body)
        case cst.For():
            _head(head, statement.iter, warm)
            head.changes |= set(_targets(statement.target))
            bodies.append(statement.body)
            if statement.orelse is not None:
                bodies.append(statement.orelse.body)
        case cst.While():
            _head(head, statement.test, warm)
            bodies.append(statement.body)
            if statement.orelse is not None:
                bodies.append(statement.orelse.body)
        case cst.With():
            for item in statement.items:
                _use(head, item.item)
                if id(item) in warm:
                    head.seed = True
                if item.asname is not None:
                    head.changes |= set(_targets(item.asname.name))
            bodies.append(statement.body)
        case cst.Try() | cst.TryStar():
            bodies += [statement.body, *(handler.body for handler in statement.handlers)]
            bodies += [part.body for part in (statement.orelse, statement.finalbody) if part is not None]
        case cst.Match():
            _head(head, statement.subject, warm)
            for case in statement.cases:
                _use(head, case.pattern)
                head.changes |= _names(case.pattern)
                bodies.append(case.body)
    yield head
    for body in bodies:
        yield from _lines(body, head, warm, own)


def _head(line: _Line, node: cst.BaseExpression, warm: set[int]) -> None:
    _use(line, node)
    line.seed = line.seed or id(node) in warm


def _read_small(line: _Line, node: cst.BaseSmallStatement, own: set[str]) -> None:
    _use(line, node)
    match node:
        case cst.Assign():
            for target in node.targets:
                _assigned(line, target.target, own)
        case cst.AnnAssign() | cst.AugAssign():
            _assigned(line, node.target, own)
        case cst.Return():
            line.seed = True
        case cst.Raise() | cst.Break() | cst.Continue():
            line.leaves = True
            line.leaves_loop = not isinstance(node, cst.Raise)
            # Outside a condition, execution never gets past it.
            line.seed = line.seed or not _is_conditional(line)
        case cst.Import():
            line.changes |= {_bound(alias) for alias in node.names}
        case cst.ImportFrom():
            if not isinstance(node.names, cst.ImportStar):
                line.changes |= {_bound(alias) for alias in node.names}
        case cst.Global() | cst.Nonlocal():
            line.seed = True
        case cst.Del():
            line.changes |= _names(node.target)
            line.seed = line.seed or _root(node.target) in own
        case cst.Assert():
            line.changes |= _names(node.test)
        case cst.Expr():
            _expression(line, node.value, own)


def _is_conditional(line: _Line) -> bool:
    outer = line.outer
    while outer is not None:
        if isinstance(outer.node, (cst.If, cst.For, cst.While, cst.Match)):
            return True
        outer = outer.outer
    return False


# Methods by which a dict or a list is changed, and those that Alembic's configuration is set with.
_CHANGING = frozenset(
    {"update", "setdefault", "pop", "clear", "append", "extend", "insert", "set_main_option", "set_section_option"}
)


def _expression(line: _Line, node: cst.BaseExpression, own: set[str]) -> None:
    if isinstance(node, cst.Await):
        node = node.expression
    if isinstance(node, cst.Yield):
        line.seed = True
    if isinstance(node, cst.Call):
        # The receiver may be changed, and so may what is handed over by its bare name.
        root = _root(node.func)
        given = {arg.value.value for arg in node.args if isinstance(arg.value, cst.Name)}
        if root is not None and isinstance(node.func, cst.Attribute):
            line.changes.add(root)
            # `self.configure()` sets attributes, `super().__init__()` too; other methods do so by their names.
            direct = isinstance(node.func.value, cst.Name) and root in ("self", "cls")
            changes = root in own and (direct or node.func.attr.value in _CHANGING)
            executes = node.func.attr.value in EXECUTING and not given.isdisjoint(own)
            line.seed = line.seed or changes or executes or root == "super"
        elif isinstance(node.func, cst.Name):
            # What a function does to what it is given, and to names of its own module.
            line.seed = line.seed or not given.isdisjoint(own) or not node.args
        line.changes |= given


def _assigned(line: _Line, target: cst.BaseExpression, own: set[str]) -> None:
    """`own` are the names whose values outlive the function: its parameters and the names of others."""
    line.changes |= set(_targets(target))
    if isinstance(target, (cst.Attribute, cst.Subscript)) and _root(target) in own:
        line.seed = True


def _targets(target: cst.BaseExpression) -> Iterator[str]:
    if isinstance(target, (cst.Tuple, cst.List)):
        for element in target.elements:
            yield from _targets(element.value)
        return
    root = _root(target)
    if root is not None:
        yield root


def _root(node: cst.BaseExpression) -> str | None:
    while isinstance(node, (cst.Attribute, cst.Subscript, cst.Call)):
        node = node.func if isinstance(node, cst.Call) else node.value
    return node.value if isinstance(node, cst.Name) else None


def _bound(alias: cst.ImportAlias) -> str:
    if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
        return alias.asname.name.value
    return _root(alias.name) or ""


def _use(line: _Line, node: cst.CSTNode) -> None:
    line.uses |= _names(node)
    line.changes |= set(_walrus(node))


def _names(node: cst.CSTNode) -> set[str]:
    """The names that are read in a piece of code; attributes and keywords are none."""
    found: set[str] = set()
    stack = [node]
    while stack:
        current = stack.pop()
        match current:
            case cst.Name():
                found.add(current.value)
            case cst.Attribute():
                stack.append(current.value)
            case cst.Arg():
                stack.append(current.value)
            case _:
                stack.extend(children(current))
    return found


def _walrus(node: cst.CSTNode) -> Iterator[str]:
    if isinstance(node, (cst.Return, cst.Import, cst.ImportFrom)):
        return
    stack = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, cst.NamedExpr) and isinstance(current.target, cst.Name):
            yield current.target.value
        stack.extend(children(current))
