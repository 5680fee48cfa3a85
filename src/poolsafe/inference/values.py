"""Abstract values: the possible results of an expression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any, TypeVar

import libcst as cst

from poolsafe import ir
from poolsafe.inference.modules import Module
from poolsafe.inference.symbols import Guard, Symbol, derived
from poolsafe.records import frozen

MAX_TEXT = 200_000  # characters
MAX_PIECES = 500
MAX_SEQUENCE = 5_000  # items


@frozen(eq=False)
class Step:
    """One step of provenance: a node of a module, with a label for it."""

    module: Module
    node: cst.CSTNode
    label: str


@frozen(eq=False)
class Aside(Step):
    """A place in a file next to the code, such as an env file. `row` is 1-based. `node` is the code that reads it."""

    path: str
    row: int


Provenance = tuple[Step, ...]


@frozen(eq=False)
class Value:
    """The base of values, with their provenance.

    Subclasses decide whether they are compared by content. With an `__eq__` here, all functions would be equal.
    """

    provenance: Provenance = field(default=(), compare=False, kw_only=True, repr=False)


@frozen
class Unknown(Value):
    """The top element, with the reason. Two unknown values with one symbol are equal.

    `override`: the value may override a known default next to it (an environment variable, a settings field). Detection
    uses the default.
    """

    reason: str
    symbol: Symbol | None = None
    override: bool = False


@frozen
class Absent(Value):
    """The absence of a value: a key that a mapping lacks, or a name that is not bound."""


_LACKING = Absent()  # one object, because joins compare values by identity first


@frozen
class Const(Value):
    """A number, a boolean, None, an ellipsis or bytes."""

    value: Any
    kind: str = ""


@frozen
class Text(Value):
    """A string of known and unknown pieces. Adjacent known pieces are joined; no pieces mean the empty string."""

    pieces: tuple[str | Unknown, ...]

    @property
    def known(self) -> str | None:
        """The whole string, or None if a piece is unknown."""
        if not self.pieces:
            return ""
        if len(self.pieces) == 1 and isinstance(self.pieces[0], str):
            return self.pieces[0]
        return None

    @property
    def prefix(self) -> str:
        """The known characters before the first unknown piece."""
        return self.pieces[0] if self.pieces and isinstance(self.pieces[0], str) else ""

    @property
    def suffix(self) -> str:
        """The known characters after the last unknown piece."""
        return self.pieces[-1] if self.pieces and isinstance(self.pieces[-1], str) else ""


@frozen
class Sequence(Value):
    """A snapshot of a list, tuple or set, or what an iterator or a view of a dict yields.

    `kind` is `list`, `tuple`, `set`, `generator`, `iterator` or `view`. `open`: there may be more items at the end. If
    it is mutable, the state holds its current content under `address`.
    """

    items: tuple[Value, ...]
    kind: str = "list"
    open: bool = False
    address: int = 0

    def __post_init__(self) -> None:
        """Drops the items beyond `MAX_SEQUENCE`, because a list that doubles in a loop would fill the memory."""
        if len(self.items) > MAX_SEQUENCE:
            object.__setattr__(self, "items", self.items[:MAX_SEQUENCE])
            object.__setattr__(self, "open", True)


@frozen
class MappingRef(Value):
    """A dict by its address. The state holds its content."""

    address: int


@frozen
class MappingValue(Value):
    """A snapshot of a dict. `open` is the reason why there may be other keys, or None."""

    items: Mapping[Any, Value]
    open: str | None = None
    address: int = 0

    def get(self, key: Any) -> Value:
        """Returns the value under `key`: Absent if the dict certainly lacks it, Unknown if it may have it."""
        found = self.items.get(key)
        if found is not None:
            return found
        if self.open is not None:
            return Unknown(self.open, derived("open", self.address, key))
        return _LACKING


@frozen
class Library(Value):
    """A member of a third-party module, by its dotted name."""

    name: str


@frozen(eq=False)
class ModuleValue(Value):
    """A module of the project."""

    module: Module


@frozen(eq=False)
class NamespacePackage(Value):
    """A folder of the project without an `__init__.py`, by the name and dots with which `importer` imports it."""

    importer: Module
    level: int
    name: str


@frozen(eq=False)
class Function(Value):
    """A function of the project: its definition or lambda, the frames whose names it sees, and its receiver.

    `wrapper` is what its decorators made of it when it was defined, or None if they have not been run yet.
    """

    node: ir.FunctionDef | ir.Lambda
    module: Module
    decorators: tuple[Value, ...] = ()
    bound: Value | None = None
    owner: Class | None = None
    defaults: Mapping[str, Value] = field(default_factory=dict)
    parents: tuple[int, ...] = ()
    wrapper: Value | None = None


@frozen(eq=False)
class Class(Value):
    """A class of the project. `namespace` is the number of the frame of its body.

    `known` caches facts about its bases and fields, which never change. It must not contain the class itself, because a
    class that refers to itself, and its module, would only be freed by a garbage collection, which is rare.
    """

    node: ir.ClassDef
    module: Module
    namespace: int
    bases: tuple[Value, ...]
    decorators: tuple[Value, ...] = ()
    parents: tuple[int, ...] = ()
    known: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def is_same(self, other: Class) -> bool:
        """Returns whether both are one class of the program. A file that is imported and analysed has two of each."""
        if self.module is other.module:
            return self.node is other.node
        return self.module.path == other.module.path and self.node.name == other.node.name


@frozen
class Instance(Value):
    """An instance of a project class by its address. The state holds its attributes."""

    address: int
    cls: Class


@frozen
class Partial(Value):
    """`functools.partial`: a callable with some of its arguments."""

    function: Value
    args: tuple[Value, ...]
    keywords: Mapping[str, Value] = field(hash=False)


@frozen
class Url(Value):
    """A SQLAlchemy or pydantic URL object. `query` is a mapping value or unknown."""

    drivername: Value
    query: Value
    host: Value
    port: Value


@frozen(eq=False)
class Pending(Value):
    """An import that has not been followed. `name` is None for a module; `root`: it binds the first part of it.

    `in_function`: the statement runs when a function is called, not when its module is imported.
    """

    importer: Module
    level: int
    module: str
    name: str | None = None
    root: bool = False
    in_function: bool = False


@frozen
class Alternatives(Value):
    """Several values, each under its guard. They are never nested, and there are always at least two."""

    alternatives: tuple[tuple[Guard, Value], ...]


def text(*pieces: str | Unknown, provenance: Provenance = ()) -> Text:
    """Returns a string of these pieces, with adjacent known ones joined. A string that is too long is cut."""
    joined: list[str | Unknown] = []
    length = 0
    for piece in pieces:
        if isinstance(piece, str):
            if not piece:
                continue
            length += len(piece)
            if length > MAX_TEXT:
                joined += [piece[: MAX_TEXT - length], TOO_LONG]
                break
            if joined and isinstance(joined[-1], str):
                joined[-1] += piece
                continue
        if len(joined) >= MAX_PIECES:
            joined.append(TOO_LONG)
            break
        joined.append(piece)
    return Text(tuple(joined), provenance=provenance)


TOO_LONG = Unknown("a string that is too long to follow", derived("too long"))


RAISES = derived("refused")


def raising(reason: str) -> Unknown:
    """Returns the value of an expression that raises. A join with other alternatives drops it."""
    return Unknown(reason, RAISES)


def is_raising(value: Value) -> bool:
    """Returns whether the value represents an exception."""
    return isinstance(value, Unknown) and value.symbol is RAISES


MAX_PROVENANCE = 5  # steps
V = TypeVar("V", bound=Value)


def through(value: V, step: Step) -> V:
    """Returns the value with another step of provenance; the place where it was written remains first."""
    if isinstance(value, Alternatives):
        return replace(
            value, alternatives=tuple((guard, through(single, step)) for guard, single in value.alternatives)
        )
    if (
        step.module.is_stub
        or len(value.provenance) >= MAX_PROVENANCE
        or any(known.node is step.node for known in value.provenance)
    ):
        return value
    return replace(value, provenance=(*value.provenance, step))
