"""One activation of an abstract run: whose names are read, where execution stands, what it returned."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from poolsafe.inference.lattice import Class, Guard, Value
from poolsafe.inference.state import State

if TYPE_CHECKING:
    from poolsafe.inference import ir
    from poolsafe.inference.modules import Module
    from poolsafe.inference.slices import Slice


@dataclass(slots=True)
class Exit:
    """A way out of a function: the state there, flattened over the function's entry, and the value."""

    state: State
    value: Value


@dataclass(slots=True)
class Loop:
    """A running loop: the states in which a `break` left it, and those in which a `continue` ended this round.

    They are flattened over `before`, the state that the loop began with.
    """

    before: State
    broken: list[State] = field(default_factory=list)
    continued: list[State] = field(default_factory=list)


@dataclass(slots=True)
class Frame:
    """A running module, class body or function.

    `number` names its local names in the state; `parents` are the numbers of the frames whose names it sees, nearest
    first (class bodies left out, as Python does). `entry` is the state it began with. `slice` holds the statements
    that are run; None: all of them. `for_value`: what it
    returns is used. `raised`: an exception has left the frame on some path; `aborted`: what is being
    evaluated has raised one for sure. `statement` is the one that is being run; together with `context` it tells where
    objects are made.
    """

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
    yields: list[Value] = field(default_factory=list)
    outer_names: dict[str, int] = field(default_factory=dict)
    slice: Slice | None = None
    for_value: bool = True
    raised: bool = False
    aborted: bool = False
    statement: ir.Statement | None = None
    context: int = 0

    def __post_init__(self) -> None:
        """Addresses are made within the frame itself, unless another context is given."""
        self.context = self.context or self.number

    @property
    def path(self) -> tuple[Guard, ...]:
        """The guards, one of which holds where execution stands."""
        return self.state.path


@dataclass(slots=True)
class Arguments:
    """The evaluated arguments of a call.

    A keyword whose value may be Absent is one that may not be given. `open_keywords` is the reason why other keywords
    may be given, `open_positional` says that there may be more positional ones.
    """

    positional: list[Value] = field(default_factory=list)
    keywords: dict[str, Value] = field(default_factory=dict)
    open_positional: bool = False
    open_keywords: str | None = None

    def get(self, index: int | None, keyword: str) -> Value | None:
        """The argument at a position or under a keyword; None where it is certainly not given."""
        if keyword in self.keywords:
            return self.keywords[keyword]
        if index is not None and index < len(self.positional):
            return self.positional[index]
        return None
