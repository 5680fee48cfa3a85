"""The answers of modules and classes for their names: those already known, and those being computed."""

from __future__ import annotations

from dataclasses import dataclass, field

from poolsafe import ir
from poolsafe.inference.modules import Module
from poolsafe.inference.observations import ObservedCall
from poolsafe.inference.scope_lines import Slice
from poolsafe.inference.scopes import Scope
from poolsafe.inference.state import State
from poolsafe.inference.values import Class, Instance, Value
from poolsafe.records import frozen


@frozen(eq=False)
class Namespace:
    """The body of a module, or of the class `cls`.

    `number` is the number of its frame. `parents` are the numbers of the enclosing frames.
    """

    number: int
    module: Module
    body: ir.Body
    parents: tuple[int, ...] = ()
    cls: Class | None = None

    @property
    def scope(self) -> Scope:
        """The scope of the body, which is read once."""
        return self.module.scope_of(self.body)


@frozen(eq=False)
class FixtureAnswer:
    """What running a fixture of pytest gives: its value, the state after it, and whether it may have raised.

    The other fields are what `Observations` has recorded meanwhile.
    """

    value: Value
    state: State
    raised: bool
    calls: list[ObservedCall]
    run_functions: set[int]
    run_on: set[tuple[int, int]]


@dataclass(slots=True)
class Answers:
    """The names that have been requested, each as the number of its namespace and the name.

    The heap holds the values of the names in `given`. `runs` holds the slices of modules that were run, by their
    statements, each with the state at its end. `asking` holds the names being computed, in the order of the requests;
    False means that the answer depends on a cycle. `changed` holds the names for which new values from other modules
    have been searched for. `known_as` maps the address of each object whose changes have not been searched for yet to
    its names. `changing` counts the changes being computed. `importing` holds the imports being followed. `defaults`
    maps a settings field, by its class, its name and the module that reads it, to the value that the class body binds
    to it and the value in an instance. `later` holds the values that functions assign to a name that is None at first.
    `nested` maps the address of an instance to the validators that may change it, each with the instance that it
    validates, its class, and the attributes that lead from there. `fixtures` holds the answers of pytest's fixtures, by
    all that they depend on, and `made` those that the current run has used.
    """

    namespaces: dict[Module, Namespace] = field(default_factory=dict)
    given: set[tuple[int, str]] = field(default_factory=set)
    runs: dict[tuple[int, frozenset[ir.Statement]], tuple[Slice, State]] = field(default_factory=dict)
    asking: dict[tuple[int, str], bool] = field(default_factory=dict)
    changed: set[tuple[int, str]] = field(default_factory=set)
    known_as: dict[int, list[tuple[Module, str]]] = field(default_factory=dict)
    changing: int = 0
    importing: set[tuple[int, int, str, str | None]] = field(default_factory=set)
    defaults: dict[tuple[Class, str, Module], tuple[Value, Value]] = field(default_factory=dict)
    later: dict[tuple[int, str], Value] = field(default_factory=dict)
    tests_differ: bool = False
    nested: dict[int, dict[tuple[Instance, Class, ir.FunctionDef, tuple[str, ...]], None]] = field(default_factory=dict)
    fixtures: dict[tuple[object, ...], FixtureAnswer] = field(default_factory=dict)
    made: list[FixtureAnswer] = field(default_factory=list)

    def note_cycle(self, key: tuple[int, str]) -> None:
        """Notes that the answers requested after `key`, and still being computed, depend on it."""
        later = False
        for one in self.asking:
            if later:
                self.asking[one] = False
            later = later or one == key
