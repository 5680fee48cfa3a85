"""Annotations: the values of parameters and fields of which only the type is known."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from poolsafe import ir, libraries
from poolsafe.inference.arguments import Arguments
from poolsafe.inference.context import Frame
from poolsafe.inference.names import yielded
from poolsafe.inference.objects import Annotated, Dependency
from poolsafe.inference.symbols import Parameter, derived
from poolsafe.inference.values import Class, Const, Instance, Library, Unknown, Value
from poolsafe.ir.lowering_expressions import lower

_WRAPPERS = frozenset({"Optional", "Final", "ClassVar", "Required", "NotRequired"})


MAX_QUOTED = 200


def typed(frame: Frame, annotation: ir.Expression | None, default: Value | None, name: str) -> Value:
    """Returns the value of a parameter without an argument.

    It comes from the parameter's `Depends` or its annotated type. Otherwise, it is unknown.
    """
    given: Value | None = None
    if isinstance(default, Dependency) and default.value != Const(None):
        given = _injected(frame, default.value)
        if not isinstance(given, Unknown):
            return given
    if annotation is not None:
        value = by_annotation(frame, annotation)
        if value is not None:
            return value
    if given is not None:
        return given
    return Unknown(f"poolsafe found no call that passes the parameter `{name}`", Parameter(frame.number, name))


def by_annotation(frame: Frame, node: ir.Expression, accepts: Callable[[Value], bool] | None = None) -> Value | None:
    """Returns an instance of the annotated class, or None if nothing is known about its instances.

    `X | None`, `Optional[X]` and `Annotated[X, ...]` count as `X`, and quotes do not matter. With `accepts`, only
    classes for which it is true count, and no instance of another class is created.
    """
    if isinstance(node, ir.Constant) and isinstance(node.value, str):
        # The content of a string was not checked for deep nesting, which makes LibCST crash.
        if len(node.value) > MAX_QUOTED:
            return None
        try:
            node = lower(cst.parse_expression(node.value))
        except cst.ParserSyntaxError:
            return None
    if isinstance(node, ir.BinaryOperation) and node.operator == "|":
        return by_annotation(frame, node.left, accepts) or by_annotation(frame, node.right, accepts)
    if isinstance(node, ir.Subscript):
        return _subscripted(frame, node, accepts)
    if not isinstance(node, (ir.Name, ir.Attribute)):
        return None
    if isinstance(node, ir.Name) and node.id in ("str", "int", "bool", "dict", "Any", "float"):
        return None
    kind = frame.evaluate(node)
    return instance_of(frame, kind) if accepts is None or accepts(kind) else None


def _subscripted(frame: Frame, node: ir.Subscript, accepts: Callable[[Value], bool] | None) -> Value | None:
    head = ir.last_name(node.value)
    if head == "Annotated" and accepts is None:
        return instance_of(frame, annotated(frame, node))
    if head == "Annotated" or head in _WRAPPERS:
        return by_annotation(frame, node.indices[0], accepts)
    # `asyncpg.Pool[Record]` is a pool. An instance of a generic class of the project is unknown, because it depends on
    # the type arguments.
    generic = frame.evaluate(node.value) if accepts is None else None
    return instance_of(frame, generic) if isinstance(generic, Library) else None


def annotated(frame: Frame, node: ir.Subscript) -> Value:
    """Returns the node of the type in `Annotated[T, …]`, and the dependency of its `Depends`."""
    indices = node.indices
    found: Value | None = None
    for metadata in indices[1:]:
        value = frame.evaluate(metadata) if isinstance(metadata, ir.Call) else None
        if isinstance(value, Dependency):
            found = None if value.value == Const(None) else value.value
    return Annotated(indices[0] if indices else node, found, symbol=derived("annotated", node))


def instance_of(frame: Frame, kind: Value) -> Value | None:
    """Returns an arbitrary instance of a class, or None if the class alone does not determine it."""
    match kind:
        case Class():
            value = frame.apply(None, kind, Arguments(open_keywords="an instance created elsewhere"))
            if not isinstance(value, Instance):
                return None
            frame.run.heap.made_elsewhere.add(value.address)
            return value
        case Library(name=name):
            found = frame.run.models.definition(frame, libraries.canonical(name))
            if isinstance(found, Class):
                return instance_of(frame, found)
            return frame.run.models.instance(libraries.canonical(name))
        case Annotated(annotation=annotation, dependency=None):
            return by_annotation(frame, annotation)
        case Annotated(annotation=annotation, dependency=Value() as dependency):
            given = _injected(frame, dependency)
            # If the dependency cannot be followed, use its annotated type.
            return by_annotation(frame, annotation) or given if isinstance(given, Unknown) else given
    return None


def _injected(frame: Frame, dependency: Value) -> Value:
    """Returns the value that FastAPI passes for `Depends(dependency)`."""
    return yielded(frame, frame.apply(None, dependency, Arguments()))
