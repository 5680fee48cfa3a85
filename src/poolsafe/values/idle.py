"""What need not be run: calls that can neither make an engine nor change a value that anybody knows."""

from __future__ import annotations

import libcst as cst

from poolsafe.values.frame import Frame
from poolsafe.values.index import children, last_name
from poolsafe.values.lattice import Instance, MappingRef, Object, Pending, Value, alternatives
from poolsafe.values.libraries import library
from poolsafe.values.names import peek
from poolsafe.values.world import World


def is_idle(world: World, frame: Frame, node: cst.BaseExpression) -> bool:
    """Whether an expression statement may be passed over."""
    if id(node) in world.warm:
        return False
    call = node.expression if isinstance(node, cst.Await) else node
    if not isinstance(call, cst.Call):
        return False
    if last_name(call.func) in library.READING:
        return True
    binding = _root(world, frame, call)
    if binding is None or not _is_foreign(binding):
        return False
    return not any(_may_change(world, frame, arg.value) for arg in call.args)


def is_foreign_call(world: World, frame: Frame, node: cst.BaseExpression) -> bool:
    """Whether an expression calls something of another module of the project, and not on the way to an engine."""
    if id(node) in world.warm or not isinstance(node, cst.Call):
        return False
    binding = _root(world, frame, node)
    return binding is not None and _is_foreign(binding)


def _root(world: World, frame: Frame, node: cst.BaseExpression) -> Value | None:
    """What the first name of a callee is bound to; None where it begins with no name."""
    while True:
        match node:
            case cst.Call():
                node = node.func
            case cst.Attribute():
                node = node.value
            case cst.Subscript():
                node = node.value
            case cst.Name():
                return peek(world, frame, node.value)
            case _:
                return None


def _is_foreign(value: Value) -> bool:
    """Whether a binding waits in another module, so that asking for it would run that module."""
    return isinstance(value, Pending) and not library.is_library(value.module)


def _may_change(world: World, frame: Frame, node: cst.BaseExpression) -> bool:
    """Whether an argument is something known that the callee may change."""
    if not isinstance(node, cst.Name):
        return isinstance(node, (cst.Lambda, cst.Call)) and id(node) in world.warm
    value = peek(world, frame, node.value)
    return any(isinstance(single, (MappingRef, Instance, Object)) for _, single in alternatives(value))


def mentions(node: cst.CSTNode, name: str) -> bool:
    """Whether an expression mentions a name."""
    stack = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, cst.Name) and current.value == name:
            return True
        stack.extend(children(current))
    return False
