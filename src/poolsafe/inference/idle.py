"""What need not be run: calls that can neither make an engine nor change a value that anybody knows."""

from __future__ import annotations

from poolsafe.inference import ir
from poolsafe.inference.frame import Frame
from poolsafe.inference.lattice import Instance, MappingRef, Object, Pending, Value, alternatives
from poolsafe.inference.libraries import library
from poolsafe.inference.names import peek
from poolsafe.inference.world import World


def is_idle(world: World, frame: Frame, node: ir.Expression) -> bool:
    """Whether an expression statement may be passed over."""
    if world.is_warm(node):
        return False
    call = node.value if isinstance(node, ir.Await) else node
    if not isinstance(call, ir.Call):
        return False
    if ir.last_name(call.callee) in library.READING:
        return True
    binding = _root(world, frame, call)
    if binding is None or not _is_foreign(binding):
        return False
    return not any(_may_change(world, frame, arg.value) for arg in call.arguments)


def is_foreign_call(world: World, frame: Frame, node: ir.Expression) -> bool:
    """Whether an expression calls something of another module of the project, and not on the way to an engine."""
    if world.is_warm(node) or not isinstance(node, ir.Call):
        return False
    binding = _root(world, frame, node)
    return binding is not None and _is_foreign(binding)


def _root(world: World, frame: Frame, node: ir.Expression) -> Value | None:
    """What the first name of a callee is bound to; None where it begins with no name."""
    while True:
        match node:
            case ir.Call():
                node = node.callee
            case ir.Attribute() | ir.Subscript():
                node = node.value
            case ir.Name():
                return peek(world, frame, node.id)
            case _:
                return None


def _is_foreign(value: Value) -> bool:
    """Whether a binding waits in another module, so that asking for it would run that module."""
    return isinstance(value, Pending) and not library.is_library(value.module)


def _may_change(world: World, frame: Frame, node: ir.Expression) -> bool:
    """Whether an argument is something known that the callee may change."""
    if not isinstance(node, ir.Name):
        return isinstance(node, (ir.Lambda, ir.Call)) and world.is_warm(node)
    value = peek(world, frame, node.id)
    return any(isinstance(single, (MappingRef, Instance, Object)) for _, single in alternatives(value))


def mentions(node: ir.Node, name: str) -> bool:
    """Whether an expression mentions a name."""
    return any(isinstance(one, ir.Name) and one.id == name for one in ir.walk(node))
