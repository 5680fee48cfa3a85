"""Statements of the intermediate representation, and the patterns of `match`."""

from __future__ import annotations

from collections.abc import Callable

from poolsafe.ir.expression_nodes import Argument, Expression, Name, Node, Parameter
from poolsafe.records import frozen

Block = tuple["Statement", ...]


class Body:
    """The statements of a function, class or module, lowered on first use."""

    __slots__ = ("_lower", "_statements")

    def __init__(self, lower: Callable[[], Block]) -> None:
        self._lower: Callable[[], Block] | None = lower
        self._statements: Block = ()

    @property
    def statements(self) -> Block:
        """The statements in source order."""
        if self._lower is not None:
            self._statements = self._lower()
            self._lower = None
        return self._statements


@frozen(eq=False)
class Statement(Node):
    """A node that is executed for its effect."""


@frozen(eq=False)
class Assign(Statement):
    """`target = target = value`. An annotated assignment has one target and an annotation."""

    targets: tuple[Expression, ...]
    value: Expression
    annotation: Expression | None = None


@frozen(eq=False)
class Declare(Statement):
    """`target: annotation` without a value."""

    target: Expression
    annotation: Expression


@frozen(eq=False)
class AugmentedAssign(Statement):
    """`target operator= value`. The operator does not include the `=`."""

    operator: str
    target: Expression
    value: Expression


@frozen(eq=False)
class Evaluate(Statement):
    """An expression used as a statement."""

    value: Expression


@frozen(eq=False)
class Return(Statement):
    """`return value`."""

    value: Expression | None


@frozen(eq=False)
class Raise(Statement):
    """`raise exception from cause`."""

    exception: Expression | None


@frozen(eq=False)
class Break(Statement):
    """`break`."""


@frozen(eq=False)
class Continue(Statement):
    """`continue`."""


@frozen(eq=False)
class Import(Statement):
    """`import module as name`, one statement for each module. `bound` is the name that it binds.

    `whole`: the name is bound to the module itself and not to the first part of its dotted name.
    """

    module: str
    bound: str
    whole: bool


@frozen(eq=False)
class ImportFrom(Statement):
    """`from module import name as bound`, one statement for each name; `name` may be `*`. `level` counts dots."""

    level: int
    module: str
    name: str
    bound: str


@frozen(eq=False)
class Scoping(Statement):
    """`global names` or `nonlocal names`; `kind` is the keyword."""

    kind: str
    names: tuple[str, ...]


@frozen(eq=False)
class Delete(Statement):
    """`del targets`."""

    targets: tuple[Expression, ...]


@frozen(eq=False)
class Assert(Statement):
    """`assert test`."""

    test: Expression


@frozen(eq=False)
class TypeAlias(Statement):
    """`type name = ...`."""

    name: str


@frozen(eq=False)
class If(Statement):
    """`if test: body else: orelse`. An `elif` is the only statement of an `orelse`."""

    test: Expression
    body: Block
    orelse: Block


@frozen(eq=False)
class For(Statement):
    """`for target in iterable: body else: orelse`, or `async for`."""

    target: Expression
    iterable: Expression
    body: Block
    orelse: Block


@frozen(eq=False)
class While(Statement):
    """`while test: body else: orelse`."""

    test: Expression
    body: Block
    orelse: Block


@frozen(eq=False)
class Handler(Node):
    """`except exception as name: body`. `exception` is None in a bare `except`."""

    exception: Expression | None
    name: str | None
    body: Block


@frozen(eq=False)
class Try(Statement):
    """`try: body`, with its handlers, `else: orelse` and `finally: final`."""

    body: Block
    handlers: tuple[Handler, ...]
    orelse: Block
    final: Block


@frozen(eq=False)
class WithItem(Node):
    """`context as target` of a `with` statement."""

    context: Expression
    target: Expression | None


@frozen(eq=False)
class With(Statement):
    """`with items: body`, or `async with`."""

    items: tuple[WithItem, ...]
    body: Block


@frozen(eq=False)
class FunctionDef(Statement):
    """`def name(parameters) -> result: body`, or `async def`."""

    name: str
    parameters: tuple[Parameter, ...]
    decorators: tuple[Expression, ...]
    body: Body
    result: Expression | None = None


@frozen(eq=False)
class ClassDef(Statement):
    """`class name(bases, keyword=value): body`."""

    identifier: Name
    bases: tuple[Expression, ...]
    keywords: tuple[Argument, ...]
    decorators: tuple[Expression, ...]
    body: Body

    @property
    def name(self) -> str:
        """The name of the class."""
        return self.identifier.id


# --- patterns of `match` ---


@frozen(eq=False)
class Pattern(Node):
    """A class pattern: the name that it captures, its `parts`, and the name of its type."""

    captured: str | None = None
    parts: tuple[Pattern, ...] = ()
    type: str = ""


@frozen(eq=False)
class ValuePattern(Pattern):
    """A literal or a dotted name, compared by `==`, or by `is` for None, True and False."""

    value: Expression | None = None
    singleton: bool = False


@frozen(eq=False)
class CapturePattern(Pattern):
    """`_`, `name`, or `pattern as name`. `parts` holds the inner pattern."""


@frozen(eq=False)
class AlternativePattern(Pattern):
    """`a | b`, with the alternatives in `parts`."""


@frozen(eq=False)
class SequencePattern(Pattern):
    """`[a, b]` or `(a, b)`, with the items in `parts`. `star` is the position of the one that takes the rest."""

    star: int | None = None


@frozen(eq=False)
class MappingPattern(Pattern):
    """`{key: pattern, **rest}`, with the patterns in `parts`, in the order of their keys. It captures the rest."""

    keys: tuple[Expression, ...] = ()


@frozen(eq=False)
class Case(Node):
    """`case pattern if guard: body`."""

    pattern: Pattern
    guard: Expression | None
    body: Block


@frozen(eq=False)
class Match(Statement):
    """`match subject: cases`."""

    subject: Expression
    cases: tuple[Case, ...]
