"""Annotations: what a parameter or field is when nothing but its type is known."""

from __future__ import annotations

import libcst as cst

from poolsafe.values import library
from poolsafe.values.frame import Arguments, Frame
from poolsafe.values.lattice import Class, Const, Instance, Library, Object, Unknown, Value
from poolsafe.values.world import World

_WRAPPERS = frozenset({"Annotated", "Optional", "Final", "ClassVar", "Required", "NotRequired"})


def typed(world: World, frame: Frame, annotation: cst.Annotation | None, default: Value | None, name: str) -> Value:
    """What a parameter without a given argument is: by its `Depends`, else by its annotated type, else unknown."""
    if isinstance(default, Object) and default.kind == "depends":
        dependency = default.facts.get("dependency")
        if isinstance(dependency, Value):
            return _provided(world, frame, world.apply(world, frame, None, dependency, Arguments()))
        default = None
    if annotation is not None:
        value = by_annotation(world, frame, annotation.annotation)
        if value is not None:
            return value
    return Unknown(f"the parameter `{name}` has no known caller", ("parameter", frame.number, name))


def _provided(world: World, frame: Frame, value: Value) -> Value:
    if isinstance(value, Object) and value.kind == "generator":
        inner = value.facts.get("value")
        return inner if isinstance(inner, Value) else Unknown("a generator")
    return value


def by_annotation(world: World, frame: Frame, node: cst.BaseExpression) -> Value | None:
    """An instance of the annotated class where that is a settings class or a SQLAlchemy type; None for other types."""
    if isinstance(node, cst.SimpleString):
        try:
            node = cst.parse_expression(str(node.raw_value))
        except (cst.ParserSyntaxError, RecursionError):
            return None
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.BitOr):
        return by_annotation(world, frame, node.left) or by_annotation(world, frame, node.right)
    if isinstance(node, cst.Subscript):
        return _subscripted(world, frame, node)
    if not isinstance(node, (cst.Name, cst.Attribute)):
        return None
    if isinstance(node, cst.Name) and node.value in ("str", "int", "bool", "dict", "Any", "float", "None"):
        return None
    return instance_of(world, frame, world.evaluate(world, frame, node))


def _subscripted(world: World, frame: Frame, node: cst.Subscript) -> Value | None:
    head = (
        node.value.value
        if isinstance(node.value, cst.Name)
        else node.value.attr.value
        if isinstance(node.value, cst.Attribute)
        else ""
    )
    indices = [element.slice.value for element in node.slice if isinstance(element.slice, cst.Index)]
    if head not in _WRAPPERS or not indices:
        return None
    for metadata in indices[1:]:
        if isinstance(metadata, cst.Call):
            value = world.evaluate(world, frame, metadata)
            if isinstance(value, Object) and value.kind == "depends":
                dependency = value.facts.get("dependency")
                if isinstance(dependency, Value) and dependency != Const(None):
                    return _provided(world, frame, world.apply(world, frame, None, dependency, Arguments()))
    return by_annotation(world, frame, indices[0])


def instance_of(world: World, frame: Frame, kind: Value) -> Value | None:
    """Some instance of a class, as far as the class itself says what that is."""
    if isinstance(kind, Class):
        value = world.apply(world, frame, None, kind, Arguments(open_keywords="an instance made elsewhere"))
        return value if isinstance(value, Instance) else None
    if isinstance(kind, Library):
        name = library.canonical(kind.name)
        if name in library.ASYNC_RUNNERS:
            return Object("runner", {"async": True, "driver": None, "engine": name.endswith("Engine")})
        if name in library.SYNC_RUNNERS:
            return Object("runner", {"async": False, "driver": None, "engine": name.endswith(".Engine")})
    if isinstance(kind, Object) and kind.kind == "annotated":
        inner = kind.facts.get("value")
        return inner if isinstance(inner, Value) else None
    return None
