"""Observations: the calls to targets that runs have reached, and the calls reported by models."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass, field

import libcst as cst

from poolsafe.inference.arguments import Arguments
from poolsafe.inference.lattice import alternatives, is_parameter
from poolsafe.inference.modules import Module
from poolsafe.inference.reasons import Reason
from poolsafe.inference.state import State
from poolsafe.inference.symbols import Comparison, Derived, Guard, IsTrue, Parameter, Symbol
from poolsafe.inference.values import Const, MappingValue, Sequence, Text, Unknown, Url, Value
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

    @property
    def syntax(self) -> cst.Call | None:
        """The LibCST node of the call, or None if there is none: in an imported module, `node` comes from `ast`."""
        found = self.module.syntax(self.node)
        return found if isinstance(found, cst.Call) else None


@dataclass(slots=True)
class Observations:
    """The calls observed for `observer`, the module being checked. While it is None, nothing is recorded.

    `run_functions` holds the ids of the LibCST nodes of functions that were run, `unfinished` those of entry points
    that ran out of steps, and `run_on` those of methods, each with the address of an instance that it was run on.
    `results` holds the instances created on the way to a target, by the id of the LibCST call. `assumed` are the calls
    observed on an instance that no run created, each with the name of its class. `tests` maps the nodes that create
    dicts to the expressions whose value depends on which items these dicts have.
    """

    observer: Module | None = None
    calls: list[ObservedCall] = field(default_factory=list)
    run_functions: set[int] = field(default_factory=set)
    unfinished: set[int] = field(default_factory=set)
    run_on: set[tuple[int, int]] = field(default_factory=set)
    results: dict[int, list[tuple[Value, State]]] = field(default_factory=dict)
    assumed: dict[ObservedCall, str] = field(default_factory=dict)
    tests: dict[cst.CSTNode, set[cst.CSTNode]] = field(default_factory=dict)
    _reached: set[int] = field(default_factory=set)

    def note(self, call: ObservedCall) -> None:
        """Records an execution of a call."""
        self._reached.add(id(call.node))
        self.calls.append(call)

    def assume(self, cls: str, first: int) -> None:
        """Notes that the calls from the index `first` on were observed on an instance that no run created."""
        self.assumed.update((seen, cls) for seen in self.calls[first:])

    def note_test(self, content: MappingValue, test: cst.CSTNode) -> None:
        """Records that the value of an expression depends on which items a dict has."""
        for step in content.provenance[:1]:
            self.tests.setdefault(step.node, set()).add(test)

    def has_reached(self, node: cst.CSTNode) -> bool:
        """Returns whether a run has reached this call."""
        return id(node) in self._reached


def is_given_none(seen: ObservedCall) -> bool:
    """Returns whether the first argument of an observed call is None."""
    return seen.arguments.positional[:1] == [Const(None)]


def is_open(seen: ObservedCall, indifferent: Set[str] = frozenset()) -> bool:
    """Returns whether an argument of an observed call depends on a parameter without a known caller.

    Such a parameter may also decide which value an argument has. Arguments with a keyword in `indifferent` do not
    count.
    """
    if seen.arguments.open_keywords is Reason.NO_CALLER:
        return True
    named = (value for name, value in seen.arguments.keywords.items() if name not in indifferent)
    values = [*seen.arguments.positional, *named]
    return any(map(_from_caller, values)) or any(
        _asks_parameter(literal.symbol) for value in values for guard in _guards(value) for literal in guard
    )


def _asks_parameter(predicate: Symbol) -> bool:
    """Returns whether a predicate is about a parameter itself, as `pooled`, `url is None` or `args or {}`."""
    match predicate:
        case IsTrue(value=Parameter() | Comparison(left=Parameter())):
            return True
        case Derived(operation="given", parts=(Parameter(), *_)):
            return True
    return False


def _from_caller(value: Value, depth: int = 0) -> bool:
    for _, single in alternatives(value):
        match single:
            case Unknown():
                if single.reason is Reason.NO_CALLER or is_parameter(single):
                    return True
            case Text():
                if any(isinstance(piece, Unknown) and _from_caller(piece) for piece in single.pieces):
                    return True
            case Url():
                if _from_caller(single.drivername):
                    return True
            case MappingValue() if depth < 3:
                if single.open is Reason.NO_CALLER or any(
                    _from_caller(item, depth + 1) for item in single.items.values()
                ):
                    return True
    return False


def hangs_on(seen: ObservedCall, predicates: frozenset[Symbol]) -> bool:
    """Returns whether one of the predicates decides if a call is reached, or with which arguments."""
    given = [*seen.arguments.positional, *seen.arguments.keywords.values()]
    guards = [*seen.path, *(guard for value in given for guard in _guards(value))]
    return any(literal.symbol in predicates for guard in guards for literal in guard)


def _guards(value: Value) -> Iterator[Guard]:
    """Yields the guards of the alternatives of a value and of the values in it."""
    for guard, single in alternatives(value):
        yield guard
        match single:
            case MappingValue():
                inner = [*single.items.values()]
            case Sequence():
                inner = [*single.items]
            case Url():
                inner = [single.drivername, single.query]
            case _:
                inner = []
        for one in inner:
            yield from _guards(one)
