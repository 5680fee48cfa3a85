"""The context that the interpreter's functions pass to each other: a frame, and the run that it belongs to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import libcst as cst

from poolsafe import ir
from poolsafe.inference.answers import Answers
from poolsafe.inference.arguments import Arguments
from poolsafe.inference.budget import Budget
from poolsafe.inference.emptiness import Emptiness
from poolsafe.inference.heap import Heap
from poolsafe.inference.lattice import restricted
from poolsafe.inference.modules import Module
from poolsafe.inference.observations import Observations, ObservedCall
from poolsafe.inference.project import Project
from poolsafe.inference.scope_lines import Slice
from poolsafe.inference.state import State
from poolsafe.inference.strategy import Strategy
from poolsafe.inference.symbols import At, Guard, Symbol
from poolsafe.inference.values import (
    Class,
    Function,
    Instance,
    Library,
    MappingRef,
    MappingValue,
    Provenance,
    Step,
    Unknown,
    Value,
)
from poolsafe.records import frozen

MAX_DEPTH = 14
MAX_RECURSION = 4  # recursive calls of one function
ANYTHING = ""  # the kind of an unknown exception


@frozen
class Interpreter:
    """The entry points of the interpreter, through which its modules call each other without importing each other.

    `evaluate` evaluates an expression. `execute` runs a block and returns False if execution never gets past its end.
    `apply` calls a value with arguments; its node is the call in the source, or None.
    """

    evaluate: Callable[[Frame, Any], Value]
    execute: Callable[[Frame, Any], bool]
    apply: Callable[[Frame, Any, Value, Any], Value]


@frozen
class Models:
    """The models of other packages, as functions.

    `call` calls a library's function or class. `method` calls a method of a library object or of an unknown receiver,
    or the library object itself. `attribute` returns an attribute, and `instance` an instance of a class that is known
    by name only; both return None if nothing is known. `parameter` returns the value that a framework passes for a
    parameter, or the given value. `read_field` returns a field of a model after its validators have run. `definition`
    returns what a stub binds to a library's name, or None if there is no stub.
    """

    call: Callable[[Frame, ir.Call | None, Library, Arguments], Value]
    method: Callable[[Frame, ir.Call | None, Value, str, Arguments], Value]
    attribute: Callable[[Frame, Value, str], Value | None]
    parameter: Callable[[Frame, Function, ir.Parameter, Value], Value]
    instance: Callable[[str], Value | None]
    read_field: Callable[[Frame, Instance, str, Value], Value]
    definition: Callable[[Frame, str], Value | None]


@frozen
class Raised:
    """A state in which an exception is raised. `kind` is the name of its class, or `ANYTHING`."""

    state: State
    kind: str


@dataclass(slots=True)
class Attempt:
    """A running statement that handles exceptions of its body.

    `before` is the state in which it began, `frame` the number of the frame that runs it. `uncertain` counts the
    places in the body that may raise for an unknown reason.
    """

    node: ir.Statement
    frame: int
    before: State
    raised: list[Raised] = field(default_factory=list)
    uncertain: int = 0
    _last: tuple[State, int, str, Guard] | None = None

    def is_marked(self, state: State, kind: str, guard: Guard) -> bool:
        """Returns whether the previous call had the same arguments and an unchanged state. Remembers this call."""
        before, self._last = self._last, (state, len(state.changes), kind, guard)
        return before is not None and before[0] is state and before[1:] == self._last[1:]


class _Referable:
    """Allows weak references to a dataclass with slots."""

    __slots__ = ("__weakref__",)


@dataclass(slots=True, repr=False)
class Run(_Referable):
    """What the abstract runs for one file share.

    `entry` is the module that is checked. `active` is the stack of running functions. `running` maps a module or class
    body that is running to its frame. `attempts` are the enclosing statements that handle exceptions, innermost last.
    `conditions` maps predicates to the code that tests them, and `asked` maps them to the path conditions under which
    they are tested. `defined` holds the functions and classes on the way to a target, each with the frame that defines
    it. `emptiness` records how environment variables are tested.

    It has no `repr`, which would print all trees and states: gigabytes of text.
    """

    project: Project
    interpreter: Interpreter
    models: Models
    entry: Module
    budget: Budget = field(default_factory=Budget)
    heap: Heap = field(init=False)
    answers: Answers = field(default_factory=Answers)
    observations: Observations = field(default_factory=Observations)
    strategy: Strategy = field(init=False)
    active: list[ir.Node] = field(default_factory=list)
    running: dict[int, Frame] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
    raising: dict[ir.Statement, str] = field(default_factory=dict)  # by statements that are not run
    conditions: dict[Symbol, tuple[Module, cst.CSTNode]] = field(default_factory=dict)
    asked: dict[Symbol, set[tuple[Guard, ...]]] = field(default_factory=dict)
    together: dict[Symbol, list[Symbol]] = field(default_factory=dict)  # the predicates on one subject
    defined: dict[int, tuple[Function | Class, Frame]] = field(default_factory=dict)
    emptiness: Emptiness = field(default_factory=Emptiness)
    validating: set[int] = field(default_factory=set)  # the addresses of dicts that become instances of models
    _entered: dict[ir.Node, tuple[Guard, ...]] = field(default_factory=dict)  # the path conditions of running functions

    def __post_init__(self) -> None:
        self.heap = Heap(self.budget)
        self.strategy = Strategy(self.entry)

    def begin(self) -> None:
        """Begins a run with its own budget, if the file has any steps left."""
        self.budget.begin_run()
        self.active.clear()
        self._entered.clear()
        self.answers.made.clear()

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Gives the code inside the `with` block its own budget, an empty call stack and no enclosing handlers."""
        active, entered, attempts = self.active, self._entered, self.attempts
        self.active, self._entered, self.attempts = [], {}, []
        ordinals = self.heap.count_anew()
        try:
            with self.budget.apart():
                yield
        finally:
            self.heap.count_on(ordinals)
            self.active, self._entered, self.attempts = active, entered, attempts

    @contextmanager
    def unobserved(self) -> Iterator[None]:
        """Records no calls while the code inside the `with` block runs."""
        observer, self.observations.observer = self.observations.observer, None
        try:
            yield
        finally:
            self.observations.observer = observer

    @contextmanager
    def entered(self, node: ir.Node, path: tuple[Guard, ...]) -> Iterator[bool]:
        """Pushes a function on the call stack. Yields False if the stack is too deep, or if the call is recursive.

        A recursive call is only followed if the path condition has not changed since the previous call: then no unknown
        value decides whether the recursion continues, and it ends.
        """
        before = self._entered.get(node, path)
        if before != path or len(self.active) >= MAX_DEPTH or self.active.count(node) > MAX_RECURSION:
            yield False
            return
        self.active.append(node)
        is_first = node not in self._entered
        self._entered[node] = path
        try:
            yield True
        finally:
            self.active.pop()
            if is_first:
                del self._entered[node]


@dataclass(slots=True)
class Exit:
    """A return from a function: the value, and the state there as one layer over the state before the call."""

    state: State
    value: Value


@dataclass(slots=True)
class Loop:
    """A running loop: the states in which a `break` left it, and those in which a `continue` ended this round.

    Each is one layer over `before`, the state in which the loop began. `certain` says whether this round certainly
    runs.
    """

    before: State
    certain: bool = True
    broken: list[State] = field(default_factory=list)
    continued: list[State] = field(default_factory=list)


@dataclass(slots=True)
class Frame:
    """A running module, class body or function, within a run.

    `number` identifies the frame's local names in the state. `parents` are the numbers of the frames whose names it
    sees, nearest first, without class bodies. `entry` is the state in which it began. `slice` holds the statements to
    run, or None for all. `for_value` says whether the caller uses the result. `raised` says whether an exception has
    left the frame on some path, `aborted` whether the current evaluation has certainly raised one. `statement` is the
    one being run; with `context` it determines the addresses of new objects. `calling` is the call whose callee is
    running. `program` is the frame of the program that called the stub which this frame runs, or None outside stubs. If
    `suspended` is given, it is called with this frame and each value that the frame yields, and the values are not
    collected; it runs the body of a `with`.
    """

    run: Run
    module: Module
    number: int
    parents: tuple[int, ...]
    state: State
    entry: State
    kind: str = "function"
    depth: int = 0
    cls: Class | None = None
    self_value: Value | None = None
    exits: list[Exit] = field(default_factory=list)
    loops: list[Loop] = field(default_factory=list)
    yields: bool = False  # whether a generator has yielded a value so far
    outer_names: dict[str, int] = field(default_factory=dict)
    slice: Slice | None = None
    for_value: bool = True
    raised: bool = False
    aborted: bool = False
    statement: ir.Statement | None = None
    context: int = 0
    calling: ir.Call | None = None
    program: Frame | None = None
    suspended: Callable[[Frame, Value], None] | None = None

    def __post_init__(self) -> None:
        """Uses the frame itself as the context of addresses, unless another context is given."""
        self.context = self.context or self.number

    @property
    def home(self) -> Module:
        """The module of the program that is running, even while it runs a stub."""
        return self.module if self.program is None else self.program.module

    @property
    def path(self) -> tuple[Guard, ...]:
        """The path condition of the current state: guards, at least one of which holds."""
        return self.state.path

    def evaluate(self, node: ir.Expression) -> Value:
        """Returns the value of an expression in the current state."""
        return self.run.interpreter.evaluate(self, node)

    def execute(self, block: ir.Block) -> bool:
        """Runs the statements of a block. Returns False if execution never gets past its end."""
        return self.run.interpreter.execute(self, block)

    def apply(self, node: ir.Call | None, callee: Value, arguments: Arguments) -> Value:
        """Returns the result of calling a value. `node` is the call in the source, or None."""
        return self.run.interpreter.apply(self, node, callee, arguments)

    def observe(self, node: ir.Call | None, function: str, arguments: Arguments, receiver: Value | None = None) -> None:
        """Records an execution of a call if a module is observed. In a stub, this is the program's call to the stub."""
        seen = self.run.observations
        if self.program is not None:
            node = self.program.calling
        if node is not None and seen.observer is not None:
            path = self.path
            seen.note(ObservedCall(self.home, node.origin, function, arguments, path, receiver, node.awaited))

    def address(self) -> int:
        """Returns the address of an object or frame that the current statement creates."""
        return self.run.heap.address(self.context, self.statement)

    def new_mapping(
        self, items: dict[Any, Value], open_reason: str | None = None, provenance: Provenance = ()
    ) -> MappingRef:
        """Returns a new dict with this content. `open_reason` says why it may have other keys, or is None."""
        address = self.address()
        self.state.set(("dict", address), MappingValue(items, open_reason, address, provenance=provenance))
        return MappingRef(address, provenance=provenance)

    def content(self, ref: MappingRef | MappingValue) -> MappingValue:
        """Returns the content of a dict in the current state, restricted to the path condition."""
        return restricted(self.whole_content(ref), self.path) if isinstance(ref, MappingRef) else ref

    def whole_content(self, ref: MappingRef | MappingValue) -> MappingValue:
        """Returns the content of a dict on all paths. A change then keeps the other items as they are."""
        if isinstance(ref, MappingValue):
            return ref
        found = self.state.get(("dict", ref.address))
        if isinstance(found, MappingValue):
            return found
        return MappingValue({}, "a dict of unknown content", ref.address)

    def unknown(self, node: ir.Node, reason: str) -> Unknown:
        """Returns an unknown value, which is the same each time this frame evaluates this node."""
        return Unknown(reason, At(self.number, node))

    def provenance(self, node: ir.Node, label: str) -> Provenance:
        """Returns the provenance of a value that is written at a node. It is empty for a node of a stub."""
        return () if self.module.is_stub else (Step(self.module, node.origin, label),)
