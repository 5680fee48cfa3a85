"""What code that nobody can follow may do to the dicts that it is given."""

from __future__ import annotations

import sys

from poolsafe.inference import ir
from poolsafe.inference.frame import Arguments, Frame
from poolsafe.inference.lattice import Library, MappingRef, Object, Sequence, Unknown, Value, alternatives
from poolsafe.inference.libraries import library
from poolsafe.inference.mappings import blurred
from poolsafe.inference.world import World

MAX_NESTING = 3


def note_effect(world: World, frame: Frame, node: ir.Call, callee: Value, method: str | None, given: Arguments) -> None:
    """A call that stands as a statement of its own is there for its effect: where it cannot be followed, on its dicts.

    `callee` is the receiver where `method` is called on it. Calls whose result is used are taken to build that result.
    """
    if not stands_for_effect(node, method):
        return
    if not any(_is_foreign(single) for _, single in alternatives(callee)):
        return
    for value in (*given.positional, *given.keywords.values()):
        _blur(world, frame, value, MAX_NESTING)


def stands_for_effect(node: ir.Call, method: str | None) -> bool:
    """Whether nobody uses the result of a call, and it is not known to do nothing but read."""
    return node.discarded and method not in library.READING


def _is_foreign(callee: Value) -> bool:
    """Whether the callee is code of the project that is out of sight, or code that nobody knows at all."""
    match callee:
        case Unknown():
            return True
        case Library(name=name):
            return _is_out_of_sight(name)
        case Object(kind="called", facts={"name": str() as name}):
            return _is_out_of_sight(name)
    return False


def _is_out_of_sight(name: str) -> bool:
    top = name.partition(".")[0]
    return top not in sys.stdlib_module_names and not library.is_library(name)


def _blur(world: World, frame: Frame, value: Value, depth: int) -> None:
    for _, single in alternatives(value):
        if isinstance(single, Sequence) and single.oid:
            frame.state.set(("list", single.oid), Sequence((), single.kind, open=True, oid=single.oid))
        if not isinstance(single, MappingRef):
            continue
        content = world.content(frame.state, single)
        for inner in content.items.values() if depth else ():
            _blur(world, frame, inner, depth - 1)
        frame.state.set(("dict", single.oid), blurred(content, "it is given to code that is not followed"))
