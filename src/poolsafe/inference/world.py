"""What the abstract runs for one file share: modules, finished names, objects, the budget, and what was seen."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from poolsafe.inference.lattice import (
    ALWAYS,
    METER,
    WORK_PER_FUEL,
    Absent,
    Class,
    Condition,
    Function,
    Guard,
    Key,
    MappingRef,
    MappingValue,
    Step,
    Text,
    Trail,
    Unknown,
    Value,
)
from poolsafe.inference.slices import Slice, Targets, function_slice
from poolsafe.inference.state import Slot, State

if TYPE_CHECKING:
    import libcst as cst

    from poolsafe.inference import ir
    from poolsafe.inference.exceptions import Attempt
    from poolsafe.inference.frame import Arguments, Frame
    from poolsafe.inference.modules import Module
    from poolsafe.inference.namespaces import Namespace
    from poolsafe.inference.project import Project

MAX_DEPTH = 14
FUEL = 12_000  # expressions and merged names per root; an ordinary module takes some hundreds
ALLOWANCE = 8  # whole budgets for one file, however many roots and callers it has


@dataclass(frozen=True, slots=True, eq=False)
class EngineCall:
    """One pass through a call of an engine function: the arguments as they were, the guards of the way there."""

    module: Module
    node: cst.Call
    function: str
    arguments: Arguments
    path: tuple[Guard, ...]
    observer: Module | None


@dataclass(frozen=True, slots=True, eq=False)
class SqlCall:
    """One pass through a call that is given SQL: `text`, `DDL`, `exec_driver_sql`, `op.execute`."""

    module: Module
    node: cst.Call
    function: str
    sql: Value
    receiver: Value | None
    path: tuple[Guard, ...]
    awaited: bool
    observer: Module | None


@dataclass(frozen=True, slots=True, eq=False)
class Execution:
    """A text clause handed to something that runs it. `awaited`: the call stands under `await`."""

    text: cst.Call
    node: cst.Call
    method: str
    receiver: Value
    awaited: bool
    observer: Module | None


@dataclass(slots=True, repr=False)
class World:
    """The shared side of the abstract runs for one file; fuel is given anew per root.

    It has no representation: that would be all trees and states in full, gigabytes of text.

    `evaluate` (an expression), `execute` (a body; whether it goes on after it) and `apply` (a call of a value with
    arguments, at a node) are the interpreter's own entries, through which its parts recurse into each other.
    """

    project: Project
    evaluate: Callable[[World, Frame, Any], Value]
    execute: Callable[[World, Frame, Any], bool]
    apply: Callable[[World, Frame, Any, Value, Any], Value]
    namespaces: dict[Module, Namespace] = field(default_factory=dict)
    answered: set[tuple[int, str]] = field(default_factory=set)  # names of namespaces, the answers stand in `base`
    asking: dict[tuple[int, str], bool] = field(default_factory=dict)  # in the order of asking; False: hangs on a cycle
    base: dict[Slot, Value] = field(default_factory=dict)
    fuel: int = FUEL
    fuel_per_run: int = FUEL
    given: int = FUEL  # what the run began with
    charged: int = 0  # of what the run has spent, what is in `spent` already
    spent: int = 0
    counter: int = 100
    many_ways: dict[Hashable, Condition] = field(default_factory=dict)
    conditions: dict[Key, tuple[Module, cst.CSTNode]] = field(default_factory=dict)
    engine_calls: list[EngineCall] = field(default_factory=list)
    sql_calls: list[SqlCall] = field(default_factory=list)
    executions: list[Execution] = field(default_factory=list)
    configured: list[tuple[Module, Value]] = field(default_factory=list)  # an env.py, the connection of its migrations
    hot: set[int] = field(default_factory=set)
    targets: Targets = field(default_factory=Targets)
    sources: set[int] = field(default_factory=set)  # functions that may give back SQL of several commands
    local_names: dict[int, frozenset[str]] = field(default_factory=dict)  # of the frames whose slice leaves some out
    slices: dict[tuple[ir.FunctionDef, int, int, bool], Slice] = field(default_factory=dict)
    run_functions: set[int] = field(default_factory=set)  # the ids of the LibCST nodes of functions that were run
    made_elsewhere: set[int] = field(default_factory=set)  # the addresses of instances known by their type alone
    explored: set[int] = field(default_factory=set)  # the numbers of modules whose bodies were run for their targets
    reached: set[tuple[int, int]] = field(default_factory=set)
    running: dict[int, Frame] = field(default_factory=dict)
    active: list[ir.Node] = field(default_factory=list)
    addresses: dict[tuple[int, ir.Statement | None, int], int] = field(default_factory=dict)
    raising: dict[ir.Statement, str] = field(default_factory=dict)  # what statements that are not run may raise
    attempts: list[Attempt] = field(default_factory=list)  # innermost last
    ordinals: dict[tuple[int, ir.Statement | None], int] = field(default_factory=dict)  # of the current run
    importing: set[tuple[int, int, str, str | None]] = field(default_factory=set)
    shallow: bool = False
    observer: Module | None = None
    defined: dict[int, tuple[Function | Class, Frame]] = field(default_factory=dict)
    wanted_calls: dict[int, list[tuple[Value, State]]] = field(default_factory=dict)

    def number(self) -> int:
        """A number that no frame and no object has yet."""
        self.counter += 1
        return self.counter

    def address(self, frame: Frame) -> int:
        """A number for an object or frame that is made where `frame` stands.

        The same run of the same statements gives the same numbers, so that an object of a module is one object in
        whichever answer it is met.
        """
        key = (frame.context, frame.statement)
        ordinal = self.ordinals[key] = self.ordinals.get(key, 0) + 1
        place = (frame.context, frame.statement, ordinal)
        found = self.addresses.get(place)
        if found is None:
            found = self.addresses[place] = self.number()
        return found

    def note_cycle(self, key: tuple[int, str]) -> None:
        """Note that the answers which are being worked out since `key` was asked for hang on it."""
        later = False
        for one in self.asking:
            if later:
                self.asking[one] = False
            later = later or one == key

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Run something with a budget of its own, and without the recursion of what runs around it."""
        self.charge()
        kept = self.spent, self.fuel, self.given, METER.units, self.charged
        active, ordinals, attempts = list(self.active), self.ordinals, self.attempts
        self.spent, self.ordinals, self.attempts = 0, {}, []
        self.refuel()
        try:
            yield
        finally:
            self.spent, self.fuel, self.given, METER.units, self.charged = kept
            self.active, self.ordinals, self.attempts = active, ordinals, attempts

    def saw(self, node: cst.CSTNode) -> None:
        """Note that a run for the observing module has reached this call."""
        self.reached.add((0 if self.observer is None else self.observer.number, id(node)))

    def has_seen(self, node: cst.CSTNode) -> bool:
        """Whether a run for the observing module has reached this call."""
        return (0 if self.observer is None else self.observer.number, id(node)) in self.reached

    def slice_of(self, module: Module, node: ir.FunctionDef, *, for_value: bool = True) -> Slice:
        """The statements of a function that matter, as long as no new targets are set."""
        key = (node, len(self.targets.on_path), len(self.targets.names), for_value)
        found = self.slices.get(key)
        if found is None:
            parameters = {one.name for one in node.parameters}
            found = self.slices[key] = function_slice(
                module.scope_of(node.body), parameters, self.targets, for_value=for_value
            )
        return found

    def begin_file(self) -> None:
        """Give a file its allowance, and whatever ran before it no part in that."""
        self.spent = 0
        METER.units = self.charged = 0
        self.fuel = self.given

    def refuel(self) -> None:
        """Give a new run its budget, as far as the file that is looked at has any left."""
        self.charge()
        left = ALLOWANCE - self.spent // (self.fuel_per_run * WORK_PER_FUEL)
        self.fuel = self.given = self.fuel_per_run if left > 0 else 0
        METER.units = self.charged = 0
        self.active.clear()

    def charge(self) -> None:
        """Note what this run has spent until now."""
        total = (self.given - self.fuel) * WORK_PER_FUEL + METER.units
        self.spent += total - self.charged
        self.charged = total

    @property
    def exhausted(self) -> bool:
        """Whether the budget of this run is used up."""
        return self.fuel * WORK_PER_FUEL <= METER.units

    def spend(self) -> bool:
        """Pay for one step; False when the budget of this run is used up."""
        self.fuel -= 1
        return not self.exhausted

    def new_mapping(
        self, frame: Frame, items: dict[Any, Value], open_reason: str | None = None, trail: Trail = ()
    ) -> MappingRef:
        """Make a dict object with this content."""
        oid = self.address(frame)
        frame.state.set(("dict", oid), MappingValue(items, open_reason, oid, trail=trail))
        return MappingRef(oid, trail=trail)

    def content(self, state: State, ref: MappingRef) -> MappingValue:
        """What the dict holds now."""
        found = state.get(("dict", ref.oid))
        if isinstance(found, MappingValue):
            return found
        return MappingValue({}, "a dict of unknown content", ref.oid)

    def unknown(self, frame: Frame, node: ir.Node, reason: str) -> Unknown:
        """An unknown that is the same whenever this frame evaluates this node."""
        return Unknown(reason, ("node", frame.number, node))

    def step(self, frame: Frame, node: ir.Node, label: str) -> Step:
        """A place on a value's way."""
        return Step(frame.module, node.origin, label)

    def is_warm(self, node: ir.Node) -> bool:
        """Whether a node is on the way to a target."""
        return id(node.origin) in self.targets.on_path

    def is_hot(self, node: ir.Node) -> bool:
        """Whether a function or class is on the way to a target."""
        return id(node.origin) in self.hot

    @contextmanager
    def entered(self, node: ir.Node) -> Iterator[bool]:
        """Guard against recursion: False where this function is running already or the depth is used up."""
        if node in self.active or len(self.active) >= MAX_DEPTH:
            yield False
            return
        self.active.append(node)
        try:
            yield True
        finally:
            self.active.pop()


def is_absent(value: Value) -> bool:
    """Whether the value is certainly not there."""
    return isinstance(value, Absent)


def known_text(value: Value) -> str | None:
    """The string that the value certainly is, or None."""
    return value.known if isinstance(value, Text) else None


__all__ = ["ALWAYS", "EngineCall", "Execution", "SqlCall", "World", "is_absent", "known_text"]
