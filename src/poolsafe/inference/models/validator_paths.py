"""Which fields a model validator may change, read from its syntax, so that it is run for these fields only."""

from __future__ import annotations

from collections.abc import Iterator

from poolsafe import ir
from poolsafe.inference.aliases import targets
from poolsafe.libraries import CHANGING, READING

# The names of the attributes that lead from the validated instance to an object: `("server", "url")`.
Path = tuple[str, ...]


def changed_paths(method: ir.FunctionDef) -> frozenset[Path] | None:
    """Returns the paths of the attributes that a method may set or change, or None if it may change any.

    A call whose result is used is assumed to change nothing, unless its method is known to change its receiver.
    """
    if not method.parameters:
        return None
    reader = _Reader(method)
    found = frozenset(path for node in reader.nodes for path in reader.changed_by(node))
    return None if () in found or any(path[0] == "__dict__" for path in found) else found


class _Reader:
    """The nodes of a method, and the paths of the objects that its names may refer to."""

    def __init__(self, method: ir.FunctionDef) -> None:
        self.nodes = [node for statement in method.body.statements for node in ir.walk(statement)]
        self._paths: dict[str, set[Path]] = {method.parameters[0].name: {()}}
        bindings = [one for node in self.nodes for one in _bindings(node)]
        grown = True
        while grown:
            before = sum(map(len, self._paths.values()))
            for target, value in bindings:
                paths = set(self._in(value))
                for name in targets(target) if paths else ():
                    # A name that is bound to a part of itself in a loop refers to longer and longer paths.
                    self._paths.setdefault(name, set()).update(path for path in paths if len(path) <= _LONGEST)
            grown = sum(map(len, self._paths.values())) > before

    def changed_by(self, node: ir.Node) -> Iterator[Path]:
        """Yields the paths that a statement, or a call in it, may change."""
        match node:
            case ir.Assign(targets=several) | ir.Delete(targets=several):
                for target in several:
                    yield from self._set(target)
            case ir.AugmentedAssign(target=target):
                yield from self._set(target)
            case ir.Evaluate(value=ir.Call() as call) | ir.Evaluate(value=ir.Await(value=ir.Call() as call)):
                for argument in call.arguments:
                    yield from self._in(argument.value)
                if isinstance(call.callee, ir.Attribute) and call.callee.name not in READING:
                    yield from self._in(call.callee.value)
            case ir.Call(callee=ir.Attribute(value=receiver, name=name)) if name in CHANGING:
                yield from self._in(receiver)

    def _set(self, target: ir.Expression) -> Iterator[Path]:
        match target:
            case ir.Display():
                for element in target.elements:
                    yield from self._set(element)
            case ir.Attribute():
                yield from ((*path, target.name) for path in self._in(target.value))
            case ir.Subscript():
                yield from self._in(target.value)

    def _in(self, node: ir.Expression) -> Iterator[Path]:
        """Yields the paths of the objects that a value may be, contain or derive from."""
        match node:
            case ir.Name():
                yield from self._paths.get(node.id, ())
            case ir.Attribute():
                yield from ((*path, node.name) for path in self._in(node.value))
            case ir.Call(callee=ir.Attribute(value=receiver)):
                yield from self._in(receiver)
                for argument in node.arguments:
                    yield from self._in(argument.value)
            case _:
                for child in ir.children(node):
                    for one in (child,) if isinstance(child, ir.Expression) else ir.children(child):
                        if isinstance(one, ir.Expression):
                            yield from self._in(one)


_LONGEST = 8  # attributes of a path


def _bindings(node: ir.Node) -> Iterator[tuple[ir.Expression, ir.Expression]]:
    """Yields the targets that a node binds, each with its value."""
    match node:
        case ir.Assign():
            yield from ((target, node.value) for target in node.targets)
        case ir.NamedExpression():
            yield node.target, node.value
        case ir.For() | ir.Generator():
            yield node.target, node.iterable
        case ir.WithItem() if node.target is not None:
            yield node.target, node.context
