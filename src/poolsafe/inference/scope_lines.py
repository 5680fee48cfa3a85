"""The lines of a scope, the definitions among them, and their questions to the module around the scope."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from poolsafe import ir
from poolsafe.inference.library_questions import NOTHING, Questions
from poolsafe.libraries import SWALLOWING
from poolsafe.records import frozen

END = 1 << 60  # a position after every statement


@dataclass(slots=True, eq=False)
class Line:
    """A statement, or the head of a compound one, with its expressions and the names that it uses, binds and changes.

    `position` numbers the statements. `loop` is the outermost loop that the statement is in, or is itself. `reach` is
    the position up to which changes affect the statement: its own position, the one after the loop in a loop, or `END`
    in a loop of a module. `writes` holds the changed names whose objects the statement itself changes; False means that
    it may change an object inside such an object instead. `may_change` maps each name whose object may change to the
    names that decide whether it does.
    """

    node: ir.Statement
    outer: Line | None
    position: int
    reach: int
    loop: Line | None = None
    expressions: list[ir.Expression] = field(default_factory=list)
    uses: set[str] = field(default_factory=set)
    binds: set[str] = field(default_factory=set)
    changes: set[str] = field(default_factory=set)
    writes: dict[str, bool] = field(default_factory=dict)
    gives: set[str] = field(default_factory=set)  # returned or yielded
    executes: set[str] = field(default_factory=set)
    may_change: dict[str, set[str]] = field(default_factory=dict)
    is_tried: bool = False  # it is directly in the block of a `try` that has handlers
    calls: set[str] = field(default_factory=set)
    yields: bool = False
    calls_super: bool = False
    raises: bool = False  # it may raise an exception that a handler around it catches
    leaves: bool = False
    leaves_loop: bool = False
    definition: Definition | None = None


class Definition:
    """A function or class that a scope defines."""

    @property
    def is_decorated(self) -> bool:
        """Whether the name of the definition is bound to the result of decorators."""
        raise NotImplementedError

    @property
    def free(self) -> frozenset[str]:
        """The names that the definition reads or changes and does not bind itself."""
        raise NotImplementedError

    @property
    def declared(self) -> frozenset[str]:
        """The names that the definition, or one inside it, declares as `global` or `nonlocal`."""
        raise NotImplementedError

    @property
    def reached(self) -> frozenset[str]:
        """The names of the surrounding scope whose objects the definition may change, return or hold."""
        raise NotImplementedError

    @property
    def changed(self) -> frozenset[str]:
        """The names of the surrounding scope whose objects a call to the function may change."""
        raise NotImplementedError

    @property
    def kept(self) -> frozenset[str]:
        """The names whose objects are defaults of parameters, if a call may change these objects."""
        raise NotImplementedError

    @property
    def keeps_own(self) -> bool:
        """Whether a call may change or return an object that is created for the default of a parameter."""
        raise NotImplementedError

    @property
    def links(self) -> bool:
        """Whether a call may make an argument a part of another argument, or of the object of an outer name."""
        raise NotImplementedError

    @property
    def asked(self) -> Questions:
        """The questions to libraries in the definition's statements, including those of definitions inside it."""
        raise NotImplementedError

    @property
    def stopped(self) -> Questions:
        """The questions to libraries in the definition's own statements that decide whether a call raises."""
        raise NotImplementedError

    @property
    def calls(self) -> frozenset[str]:
        """The names of functions that the definition calls where no handler catches what they raise."""
        raise NotImplementedError


@frozen
class Effects:
    """The summary of a function: whether it may change objects of outer names, and objects passed to it.

    `calls` are the outer names that it calls; these functions may have effects as well.
    """

    outside: bool
    parameters: bool
    calls: frozenset[str]


class Outside:
    """What a scope needs to know about the module around it. This base class knows no functions.

    `scopes` are the scopes that have been read, by their bodies.
    """

    declares_names = True  # it may contain `global` or `nonlocal`

    def __init__(self) -> None:
        self.scopes: dict[ir.Body, Any] = {}

    def imported(self, names: Set[str]) -> Set[str]:
        """Returns the names among these that the module imports from other modules of the project."""
        return frozenset()

    def reached_by(self, name: str) -> frozenset[str]:
        """Returns the names whose objects a function of the module may change."""
        return frozenset()

    def read_by(self, name: str) -> frozenset[str]:
        """Returns the names that a function or class of the module reads."""
        return frozenset()

    def stopped_by(self, name: str) -> Questions:
        """Returns the questions to libraries that decide whether a function of the module raises an exception."""
        return NOTHING


def is_handled(line: Line) -> bool:
    """Returns whether an exception raised by this line may be caught in the same scope."""
    one: Line | None = line
    while one is not None:
        if one.is_tried or (one is not line and _swallows_all(one.node)):
            return True
        one = one.outer
    return False


def is_of_main(line: Line) -> bool:
    """Returns whether a line is inside `if __name__ == "__main__":`, which no import of the module runs."""
    outer = line.outer
    while outer is not None and not (isinstance(outer.node, ir.If) and _asks_for_main(outer.node.test)):
        outer = outer.outer
    return outer is not None


def _asks_for_main(test: ir.Expression) -> bool:
    match test:
        case ir.Comparison(left=ir.Name(id="__name__"), rest=(("==", ir.Constant(value="__main__")),)):
            return True
    return False


_SWALLOWING = frozenset(name.rpartition(".")[2] for name in SWALLOWING)


def _swallows_all(node: ir.Statement) -> bool:
    return isinstance(node, ir.With) and any(
        isinstance(item.context, ir.Call) and ir.last_name(item.context.callee) in _SWALLOWING for item in node.items
    )


def binds_constant(line: Line) -> bool:
    """Returns whether a line binds a string, a number or a function, which cannot be changed."""
    if isinstance(line.node, ir.Assign):
        return isinstance(line.node.value, (ir.Constant, ir.JoinedString))
    return isinstance(line.node, ir.FunctionDef)


def binds_container(line: Line) -> bool:
    """Returns whether a line binds a new dict, list or set."""
    return isinstance(line.node, ir.Assign) and isinstance(line.node.value, (ir.Comprehension, ir.Dict, ir.Display))


def unpacks(node: ir.Statement) -> bool:
    """Returns whether a statement raises an exception if its value has the wrong number of items."""
    return (
        isinstance(node, ir.Assign)
        and isinstance(node.targets[0], ir.Display)
        and not isinstance(node.value, ir.Display)
    )


def items_read(lines: list[Line], binders: Mapping[str, list[Line]], rebound: Set[str]) -> dict[Line, frozenset[str]]:
    """Returns the lines that raise an exception if an object lacks an item, with the names of such objects.

    `rebound` are the names that functions of the scope bind. Only a dict that is replaced, or from which items are
    removed, may lack the items that it was made with.
    """
    removed = {name for line in lines if _removes(line) for name in line.changes}
    found: dict[Line, frozenset[str]] = {}
    for line in lines:
        if unpacks(line.node):
            found[line] = frozenset(line.uses)
        elif isinstance(line.node, (ir.Assign, ir.Evaluate)):
            read = {name for one in line.expressions for name in subscripted(one)}
            made = (name for name in read if any(map(binds_container, binders.get(name, ()))))
            names = frozenset(name for name in made if len(binders[name]) > 1 or name in rebound or name in removed)
            if names:
                found[line] = names
    return found


def _removes(line: Line) -> bool:
    """Returns whether a line may remove items of an object whose name it contains."""
    walked = (node for one in line.expressions for node in ir.walk(one))
    return isinstance(line.node, ir.Delete) or any(
        isinstance(node, ir.Attribute) and node.name in ("clear", "pop", "popitem") for node in walked
    )


def subscripted(expression: ir.Expression) -> Iterator[str]:
    """Yields the names of objects of which an expression reads an item by a constant key."""
    for node in ir.walk(expression):
        match node:
            case ir.Subscript(value=ir.Name(id=name), indices=(ir.Constant(),)):
                yield name


def deciding_around(line: Line) -> list[Line]:
    """Returns the assertion and the heads of the `if`s around a line, or none inside another compound statement."""
    found = [line] if isinstance(line.node, ir.Assert) else []
    outer = line.outer
    while outer is not None:
        if isinstance(outer.node, ir.If):
            found.append(outer)
        elif not isinstance(outer.node, ir.Try):
            return []
        outer = outer.outer
    return found


@frozen
class Slice:
    """The statements of a scope that are run, its local names, and the names that these statements read.

    `leading` are the statements that are run only for the targets that their calls lead to. `unlikely` maps each
    statement that is run only if it changes an object of certain names to these names. `stops` are the statements that
    may raise an exception depending on the environment.
    """

    statements: frozenset[ir.Statement]
    locals: frozenset[str]
    read: frozenset[str] = frozenset()
    leading: frozenset[ir.Statement] = frozenset()
    unlikely: Mapping[ir.Statement, frozenset[str]] = field(default_factory=dict)
    stops: frozenset[ir.Statement] = frozenset()

    def __contains__(self, statement: ir.Statement) -> bool:
        return statement in self.statements
