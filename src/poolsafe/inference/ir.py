"""The intermediate representation that the interpreter runs: Python's syntax without its layout.

Names and shapes follow the standard library's `ast`. The body of a function or class is lowered when it is first
asked for (`Body`). Every node knows the `origin` it was lowered from, a LibCST node: spans, layout and repairs belong
to that, and the interpreter never looks into it. Nodes compare by identity: two reads of a variable are two nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any

import libcst as cst

Block = tuple["Statement", ...]


class Body:
    """The statements of a function, class or module, lowered when they are first asked for."""

    __slots__ = ("_lower", "_statements")

    def __init__(self, lower: Callable[[], Block]) -> None:
        self._lower: Callable[[], Block] | None = lower
        self._statements: Block = ()

    @property
    def statements(self) -> Block:
        """The statements, in the order of the source."""
        if self._lower is not None:
            self._statements = self._lower()
            self._lower = None
        return self._statements


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Node:
    """What every node has: where it was written."""

    origin: cst.CSTNode


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Expression(Node):
    """A node that has a value."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Statement(Node):
    """A node that is run for its effect."""


# --- expressions ---


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Constant(Expression):
    """A number, string, bytes, boolean, None or Ellipsis."""

    value: Any


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FormattedValue(Expression):
    """A replacement field of an f-string. `plain`: without a format specification, `!r`, `!a` or `=`."""

    value: Expression
    plain: bool


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class JoinedString(Expression):
    """An f-string: its constant parts and its replacement fields."""

    parts: tuple[Constant | FormattedValue, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Concatenation(Expression):
    """String literals side by side."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Name(Expression):
    """A name that is read or bound."""

    id: str


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Attribute(Expression):
    """`value.name`."""

    value: Expression
    name: str


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Slice(Expression):
    """`lower:upper:step` inside a subscript."""

    lower: Expression | None
    upper: Expression | None
    step: Expression | None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Subscript(Expression):
    """`value[indices]`; `value[a, b]` has two indices."""

    value: Expression
    indices: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Argument(Node):
    """An argument of a call. `star` is `*`, `**` or empty."""

    value: Expression
    keyword: str | None = None
    star: str = ""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Call(Expression):
    """`callee(arguments)`. `awaited`: it stands directly under `await`. `discarded`: its result is not used."""

    origin: cst.Call
    callee: Expression
    arguments: tuple[Argument, ...]
    awaited: bool = False
    discarded: bool = False


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Starred(Expression):
    """`*value` in a display, or as the target of an assignment."""

    value: Expression


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Display(Expression):
    """A list, tuple or set display. `kind` is its type's name. As a target it is unpacked into."""

    kind: str
    elements: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Dict(Expression):
    """A dict display; the key of `**value` is None."""

    items: tuple[tuple[Expression | None, Expression], ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Generator(Node):
    """`for target in iterable if conditions` inside a comprehension."""

    target: Expression
    iterable: Expression
    conditions: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Comprehension(Expression):
    """A comprehension. `kind` is `list`, `set`, `dict` or `generator`; only a dict's has a key."""

    kind: str
    element: Expression
    key: Expression | None
    generators: tuple[Generator, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class UnaryOperation(Expression):
    """`operator operand`; the operator as it is spelled: `not`, `-`, `+`, `~`."""

    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class BinaryOperation(Expression):
    """`left operator right`; the operator as it is spelled."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class BooleanOperation(Expression):
    """`left and right`, `left or right`."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Comparison(Expression):
    """`left operator operand operator operand ...`; operators as they are spelled: `==`, `not in`, `is not`."""

    left: Expression
    rest: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Conditional(Expression):
    """`body if test else orelse`."""

    test: Expression
    body: Expression
    orelse: Expression


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class NamedExpression(Expression):
    """`target := value`."""

    target: Expression
    value: Expression


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Await(Expression):
    """`await value`."""

    value: Expression


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Yield(Expression):
    """`yield value`, or with `delegates` `yield from value`."""

    value: Expression | None
    delegates: bool


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Parameter(Node):
    """A parameter. `kind` is `positional` (only), `either`, `keyword` (only), `*` or `**`."""

    name: str
    kind: str
    annotation: Expression | None
    default: Expression | None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Lambda(Expression):
    """`lambda parameters: body`."""

    parameters: tuple[Parameter, ...]
    body: Expression


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Opaque(Expression):
    """An expression that the interpreter does not follow."""


# --- statements ---


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Assign(Statement):
    """`target = target = value`; an annotated assignment has one target and its annotation."""

    targets: tuple[Expression, ...]
    value: Expression
    annotation: Expression | None = None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Declare(Statement):
    """`target: annotation` without a value."""

    target: Expression
    annotation: Expression


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class AugmentedAssign(Statement):
    """`target operator= value`; the operator without the `=`."""

    operator: str
    target: Expression
    value: Expression


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Evaluate(Statement):
    """An expression that stands as a statement."""

    value: Expression


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Return(Statement):
    """`return value`."""

    value: Expression | None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Raise(Statement):
    """`raise exception from cause`."""

    exception: Expression | None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Break(Statement):
    """`break`."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Continue(Statement):
    """`continue`."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Import(Statement):
    """`import module as name`, one statement for each module. `bound` is the name that it binds.

    `whole`: the name stands for the module itself and not for the first part of its dotted name.
    """

    module: str
    bound: str
    whole: bool


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ImportFrom(Statement):
    """`from module import name as bound`, one statement for each name; `*` is the name of all. `level` counts dots."""

    level: int
    module: str
    name: str
    bound: str


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Scoping(Statement):
    """`global names` or `nonlocal names`; `kind` is the keyword."""

    kind: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Delete(Statement):
    """`del targets`."""

    targets: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Assert(Statement):
    """`assert test`."""

    test: Expression


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TypeAlias(Statement):
    """`type name = ...`."""

    name: str


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class If(Statement):
    """`if test: body else: orelse`; `elif` is an `If` alone in `orelse`."""

    test: Expression
    body: Block
    orelse: Block


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class For(Statement):
    """`for target in iterable: body else: orelse`, `async for` included."""

    target: Expression
    iterable: Expression
    body: Block
    orelse: Block


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class While(Statement):
    """`while test: body else: orelse`."""

    test: Expression
    body: Block
    orelse: Block


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Handler(Node):
    """`except exception as name: body`; `exception` is None where everything is caught."""

    exception: Expression | None
    name: str | None
    body: Block


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Try(Statement):
    """`try: body`, its handlers, `else: orelse` and `finally: final`."""

    body: Block
    handlers: tuple[Handler, ...]
    orelse: Block
    final: Block


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class WithItem(Node):
    """`context as target` of a `with` statement."""

    context: Expression
    target: Expression | None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class With(Statement):
    """`with items: body`, `async with` included."""

    items: tuple[WithItem, ...]
    body: Block


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FunctionDef(Statement):
    """`def name(parameters): body`, `async def` included."""

    name: str
    parameters: tuple[Parameter, ...]
    decorators: tuple[Expression, ...]
    body: Body


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ClassDef(Statement):
    """`class name(bases, keyword=value): body`."""

    identifier: Name
    bases: tuple[Expression, ...]
    keywords: tuple[Argument, ...]
    decorators: tuple[Expression, ...]
    body: Body

    @property
    def name(self) -> str:
        """The name that the class is bound to."""
        return self.identifier.id


# --- patterns of `match` ---


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Pattern(Node):
    """A pattern of a class or a mapping: what it captures, its `parts`, and the name of its type (`mapping`)."""

    captured: str | None = None
    parts: tuple[Pattern, ...] = ()
    type: str = ""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ValuePattern(Pattern):
    """A literal or a dotted name, compared by `==`; None, True and False by `is`."""

    value: Expression | None = None
    singleton: bool = False


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CapturePattern(Pattern):
    """`_`, `name`, or `pattern as name`, where `parts` holds the pattern."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class AlternativePattern(Pattern):
    """`a | b`: its `parts`."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SequencePattern(Pattern):
    """`[a, b]` or `(a, b)`: its `parts`. `starred`: one of them takes the rest."""

    starred: bool = False


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Case(Node):
    """`case pattern if guard: body`."""

    pattern: Pattern
    guard: Expression | None
    body: Block


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Match(Statement):
    """`match subject: cases`."""

    subject: Expression
    cases: tuple[Case, ...]


# --- walking ---

_FIELDS: dict[type, tuple[str, ...]] = {}


def children(node: Node) -> Iterator[Node]:
    """Yields the nodes directly below one, in the order of its fields, the body of a function or class included."""
    kind = type(node)
    names = _FIELDS.get(kind)
    if names is None:
        names = _FIELDS[kind] = tuple(one.name for one in fields(kind) if one.name != "origin")
    for name in names:
        yield from _nodes(getattr(node, name))


def _nodes(value: object) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _nodes(item)
    elif isinstance(value, Body):
        yield from value.statements


def walk(node: Node) -> Iterator[Node]:
    """Yields a node and all nodes below it, a node before those below it."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(children(current))


def last_name(callee: Expression) -> str | None:
    """Returns `f` for `f`, `a.f` and `a().f`; None for other expressions."""
    if isinstance(callee, Name):
        return callee.id
    if isinstance(callee, Attribute):
        return callee.name
    return None
