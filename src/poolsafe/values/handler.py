"""What a handler of a library call is, and the one that many share."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from poolsafe.values.frame import Arguments, Frame
from poolsafe.values.lattice import (
    Unknown,
    Value,
)
from poolsafe.values.world import World

Handler = Callable[[World, Frame, "cst.Call | None", Arguments], Value]


def first(world: World, frame: Frame, node: cst.Call | None, arguments: Arguments) -> Value:
    if arguments.positional:
        return arguments.positional[0]
    return next(iter(arguments.keywords.values()), Unknown("a call without arguments"))


def second(world: World, frame: Frame, node: cst.Call | None, arguments: Arguments) -> Value:
    return arguments.positional[1] if len(arguments.positional) > 1 else Unknown("a call without arguments")
