"""Expressions of the intermediate representation."""

from __future__ import annotations

from typing import Any

import libcst as cst

from poolsafe.records import frozen


@frozen(eq=False)
class Node:
    """The base class of all nodes. `origin` is the node that it was lowered from.

    In a module that is only imported, `origin` is an `ast` node; `Module.span` and `Module.syntax` handle both kinds.
    """

    origin: cst.CSTNode


@frozen(eq=False)
class Expression(Node):
    """A node that has a value."""


@frozen(eq=False)
class Constant(Expression):
    """A number, string, bytes, boolean, None or Ellipsis."""

    value: Any


@frozen(eq=False)
class FormattedValue(Expression):
    """A replacement field of an f-string. `plain`: it has no format specification, `!r`, `!a` or `=`."""

    value: Expression
    plain: bool


@frozen(eq=False)
class JoinedString(Expression):
    """An f-string: its constant parts and its replacement fields."""

    parts: tuple[Constant | FormattedValue, ...]


@frozen(eq=False)
class Concatenation(Expression):
    """Adjacent string literals."""

    parts: tuple[Expression, ...]


@frozen(eq=False)
class Name(Expression):
    """A name that is read or bound."""

    id: str


@frozen(eq=False)
class Attribute(Expression):
    """`value.name`."""

    value: Expression
    name: str


@frozen(eq=False)
class Slice(Expression):
    """`lower:upper:step` inside a subscript."""

    lower: Expression | None
    upper: Expression | None
    step: Expression | None


@frozen(eq=False)
class Subscript(Expression):
    """`value[indices]`; `value[a, b]` has two indices."""

    value: Expression
    indices: tuple[Expression, ...]


@frozen(eq=False)
class Argument(Node):
    """An argument of a call. `star` is `*`, `**` or empty."""

    value: Expression
    keyword: str | None = None
    star: str = ""


@frozen(eq=False)
class Call(Expression):
    """`callee(arguments)`. `discarded`: its result is not used.

    `awaited`: it is the operand of `await`, or an argument of a function such as `asyncio.wait_for()` that awaits it.
    """

    origin: cst.Call
    callee: Expression
    arguments: tuple[Argument, ...]
    awaited: bool = False
    discarded: bool = False


@frozen(eq=False)
class Starred(Expression):
    """`*value` in a display or an assignment target."""

    value: Expression


@frozen(eq=False)
class Display(Expression):
    """A list, tuple or set display, also as an assignment target. `kind` is the name of its type."""

    kind: str
    elements: tuple[Expression, ...]


@frozen(eq=False)
class Dict(Expression):
    """A dict display; the key of `**value` is None."""

    items: tuple[tuple[Expression | None, Expression], ...]


@frozen(eq=False)
class Generator(Node):
    """`for target in iterable if conditions` inside a comprehension."""

    target: Expression
    iterable: Expression
    conditions: tuple[Expression, ...]


@frozen(eq=False)
class Comprehension(Expression):
    """A comprehension. `kind` is `list`, `set`, `dict` or `generator`. Only a dict comprehension has a key."""

    kind: str
    element: Expression
    key: Expression | None
    generators: tuple[Generator, ...]


@frozen(eq=False)
class UnaryOperation(Expression):
    """`operator operand`. The operator is spelled as in the source: `not`, `-`, `+`, `~`."""

    operator: str
    operand: Expression


@frozen(eq=False)
class BinaryOperation(Expression):
    """`left operator right`. The operator is spelled as in the source."""

    operator: str
    left: Expression
    right: Expression


@frozen(eq=False)
class BooleanOperation(Expression):
    """`left and right` or `left or right`."""

    operator: str
    left: Expression
    right: Expression


@frozen(eq=False)
class Comparison(Expression):
    """`left operator operand ...`. Operators are spelled as in the source: `==`, `not in`, `is not`."""

    left: Expression
    rest: tuple[tuple[str, Expression], ...]


@frozen(eq=False)
class Conditional(Expression):
    """`body if test else orelse`."""

    test: Expression
    body: Expression
    orelse: Expression


@frozen(eq=False)
class NamedExpression(Expression):
    """`target := value`."""

    target: Expression
    value: Expression


@frozen(eq=False)
class Await(Expression):
    """`await value`."""

    value: Expression


@frozen(eq=False)
class Yield(Expression):
    """`yield value`, or `yield from value` if it delegates."""

    value: Expression | None
    delegates: bool


@frozen(eq=False)
class Parameter(Node):
    """A parameter. `kind` is `positional` (only), `either`, `keyword` (only), `*` or `**`."""

    name: str
    kind: str
    annotation: Expression | None
    default: Expression | None


@frozen(eq=False)
class Lambda(Expression):
    """`lambda parameters: body`."""

    parameters: tuple[Parameter, ...]
    body: Expression


@frozen(eq=False)
class Opaque(Expression):
    """An expression that the interpreter does not follow."""


def root_name(node: Expression) -> Name | None:
    """Returns the name that an expression is, or is an attribute of: `a` for `a` and `a.b.c`. Otherwise None."""
    while isinstance(node, Attribute):
        node = node.value
    return node if isinstance(node, Name) else None


def last_name(callee: Expression) -> str | None:
    """Returns `f` for `f`, `a.f` and `a().f`, or None for other expressions."""
    if isinstance(callee, Name):
        return callee.id
    if isinstance(callee, Attribute):
        return callee.name
    return None
