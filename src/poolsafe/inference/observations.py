"""Observations: the calls of targets, and the calls reported by models, that runs have reached."""

from __future__ import annotations

from dataclasses import dataclass, field

import libcst as cst

from poolsafe.inference.arguments import Arguments
from poolsafe.inference.modules import Module
from poolsafe.inference.state import State
from poolsafe.inference.symbols import Guard
from poolsafe.inference.values import Value
from poolsafe.records import frozen


@frozen(eq=False)
class ObservedCall:
    """One execution of a call.

    `function` is the qualified name of a library function, or the name of a method of `receiver`. `arguments` are a
    snapshot taken at the call. `path` is the path condition: a disjunction of guards. `awaited`: see
    `ir.Call`.
    """

    module: Module
    node: cst.Call
    function: str
    arguments: Arguments
    path: tuple[Guard, ...]
    receiver: Value | None
    awaited: bool


@dataclass(slots=True)
class Observations:
    """The calls observed for `observer`, the module that is checked. While it is None, nothing is recorded.

    `run_functions` holds the ids of the LibCST nodes of functions that were run. `results` holds the instances created
    on the way to a target, by the id of the LibCST call.
    """

    observer: Module | None = None
    calls: list[ObservedCall] = field(default_factory=list)
    run_functions: set[int] = field(default_factory=set)
    results: dict[int, list[tuple[Value, State]]] = field(default_factory=dict)
    _reached: set[int] = field(default_factory=set)

    def note(self, call: ObservedCall) -> None:
        """Records an execution of a call."""
        self._reached.add(id(call.node))
        self.calls.append(call)

    def has_reached(self, node: cst.CSTNode) -> bool:
        """Returns whether a run has reached this call."""
        return id(node) in self._reached
