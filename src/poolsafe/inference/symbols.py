"""Symbols, which represent unknown values, and the predicates of path conditions.

Two unknown values with the same symbol are equal. Symbols are hash-consed: equal parts give the same object. They are
compared and hashed by identity, however deep they are, and each has a number. A path condition is a disjunction of
guards, and a guard is a small set of literals. A literal is one integer: the number of a predicate and its truth.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from poolsafe import ir
from poolsafe.records import dataclass_transform

_known: WeakValueDictionary[tuple[Any, ...], Symbol] = WeakValueDictionary()
_numbers = itertools.count(1)
K = TypeVar("K")


@dataclass_transform(eq_default=False, frozen_default=True)
class Symbol:
    """The base of symbols, which have a number. Subclasses name their parts in `__match_args__`."""

    __slots__ = ("__weakref__", "number")
    __match_args__: tuple[str, ...] = ()
    number: int

    def __new__(cls, *parts: Any, **named: Any) -> Symbol:
        """Returns the unique symbol of these parts."""
        key = (cls, *parts, *named.values())
        found = _known.get(key)
        if found is None:
            found = object.__new__(cls)
            found.number = next(_numbers)
            for name, part in zip(cls.__match_args__, key[1:], strict=True):
                setattr(found, name, part)
            _known[key] = found
        return found

    def __repr__(self) -> str:
        parts = ", ".join(repr(getattr(self, name)) for name in self.__match_args__)
        return f"{type(self).__name__}({parts})"

    def words(self) -> Iterator[str]:
        """Yields the words and numbers of the program that occur in the symbol."""
        for one in _closure(self, lambda one: one.asked()):
            yield from one.own_words()

    def mentions(self, kind: type[Symbol]) -> bool:
        """Returns whether this symbol, or a part of it, is of this kind."""
        return any(isinstance(one, kind) for one in self.distinct())

    def distinct(self) -> Iterator[Symbol]:
        """Yields this symbol and its parts at any depth, each once even if it is shared."""
        return _closure(self, lambda one: one.inner())

    def inner(self) -> Iterator[Symbol]:
        """Yields the direct parts of this symbol."""
        for name in self.__match_args__:
            yield from _leaves(getattr(self, name), Symbol)

    def asked(self) -> Iterator[Symbol]:
        """Yields the symbols whose words describe what this one is about."""
        return self.inner()

    def own_words(self) -> Iterator[str]:
        """Yields the words in this symbol itself."""
        for name in self.__match_args__:
            yield from _leaves(getattr(self, name), str)


def _closure(symbol: Symbol, parts: Callable[[Symbol], Iterable[Symbol]]) -> Iterator[Symbol]:
    # Symbols share parts: without this, a walk over all paths would take twice as long for each `x = x - x`.
    seen = {symbol}
    waiting = [symbol]
    while waiting:
        one = waiting.pop()
        yield one
        fresh = [part for part in dict.fromkeys(parts(one)) if part not in seen]
        seen.update(fresh)
        waiting.extend(reversed(fresh))


def _leaves(part: object, kind: type[K]) -> Iterator[K]:
    if isinstance(part, kind):
        yield part
    elif isinstance(part, tuple):
        for one in part:
            yield from _leaves(one, kind)


class Identity:
    """An object as a part of a symbol, which keeps it alive. It is equal only to itself."""

    __slots__ = ("_object",)

    def __init__(self, one: object) -> None:
        self._object = one

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Identity) and self._object is other._object

    def __hash__(self) -> int:
        return id(self._object)


# --- values ---


class EnvironmentVariable(Symbol):
    """An environment variable, by its name or the symbol of its name."""

    __slots__ = __match_args__ = ("name",)
    name: str | Symbol | None


class Setting(Symbol):
    """A field of a settings class."""

    __slots__ = __match_args__ = ("cls", "name")
    cls: str
    name: str


class Parameter(Symbol):
    """A parameter of the function that a frame runs, by the frame's number."""

    __slots__ = __match_args__ = ("frame", "name")
    frame: int
    name: str


class At(Symbol):
    """The value of a node in a frame."""

    __slots__ = __match_args__ = ("frame", "node")
    frame: int
    node: ir.Node


class Constant(Symbol):
    """A number, a boolean, None or bytes, with the name of its type, so that `0` and `False` differ."""

    __slots__ = __match_args__ = ("type", "value")
    type: str
    value: Any

    def own_words(self) -> Iterator[str]:
        """Yields the constant in Python's notation."""
        yield str(self.value)


class Characters(Symbol):
    """A string of known pieces and unknown ones."""

    __slots__ = __match_args__ = ("pieces",)
    pieces: tuple[str | Symbol, ...]


class Named(Symbol):
    """A member of a library, by its dotted name."""

    __slots__ = __match_args__ = ("name",)
    name: str


class AttributeOf(Symbol):
    """`owner.name`."""

    __slots__ = __match_args__ = ("owner", "name")
    owner: Symbol | ir.Node
    name: str


class CallOf(Symbol):
    """The result of a call."""

    __slots__ = __match_args__ = ("callee", "arguments")
    callee: Symbol
    arguments: tuple[Symbol, ...]


class Converted(Symbol):
    """`how(value)` for a type `how`: `int`, `float`, `bool`, `str`."""

    __slots__ = __match_args__ = ("how", "value")
    how: str
    value: Symbol


class SchemeOf(Symbol):
    """The scheme of a URL."""

    __slots__ = __match_args__ = ("url",)
    url: Symbol


class Comparison(Symbol):
    """`left operator right`. The right side of `in` may be several constants. `not` has no right side."""

    __slots__ = __match_args__ = ("operator", "left", "right")
    operator: str
    left: Symbol
    right: Symbol | tuple[Symbol, ...] | None


class Derived(Symbol):
    """The result of an operation on its parts."""

    __slots__ = __match_args__ = ("operation", "parts")
    operation: str
    parts: tuple[Any, ...]


def derived(operation: str, *parts: Any) -> Derived:
    """Returns the symbol of the result of an operation on these parts."""
    return Derived(operation, parts)


# --- predicates ---


class IsTrue(Symbol):
    """A value is true."""

    __slots__ = __match_args__ = ("value",)
    value: Symbol


class IsSet(Symbol):
    """An environment variable or settings field has a value that overrides its default."""

    __slots__ = __match_args__ = ("value",)
    value: Symbol


def given(value: Symbol) -> Symbol:
    """Returns the predicate that a value of unknown truth, the left side of an `or`, is true."""
    return derived("given", value)


class Chosen(Symbol):
    """The alternative with this index holds. Exactly one alternative of its group does."""

    __slots__ = __match_args__ = ("among", "index")
    among: Any
    index: int


class Literal(int):
    """A predicate or its negation: twice the number of its symbol, plus one if it holds."""

    symbol: Symbol

    @property
    def holds(self) -> bool:
        """Whether the literal is the predicate itself and not its negation."""
        return bool(self & 1)


def literal(symbol: Symbol, *, holds: bool) -> Literal:
    """Returns the literal of a predicate or of its negation."""
    one = Literal(2 * symbol.number + holds)
    one.symbol = symbol
    return one


Guard = frozenset[Literal]
ALWAYS: Guard = frozenset()


def where(symbol: Symbol) -> Guard:
    """Returns the guard under which a predicate holds."""
    return frozenset((literal(symbol, holds=True),))


def unless(symbol: Symbol) -> Guard:
    """Returns the guard under which a predicate does not hold."""
    return frozenset((literal(symbol, holds=False),))


def negated(one: Literal) -> Literal:
    """Returns the negation of a literal."""
    return literal(one.symbol, holds=not one.holds)


def subject_of(symbol: Symbol) -> Symbol:
    """Returns the subject of a test: `x` for `int(x) == 1` and for `x.lower() in ("on", "yes")`."""
    while True:
        match symbol:
            case (
                IsTrue(value=inner)
                | Comparison(left=inner)
                | Characters(pieces=(Symbol() as inner,))
                | Converted(value=inner)
                | CallOf(callee=AttributeOf(owner=Symbol() as inner), arguments=())
            ):
                symbol = inner
            case _:
                return symbol


def implied(predicate: Symbol) -> Guard:
    """Returns what a predicate implies: a test of an environment variable can only be true if it is set."""
    match subject_of(predicate):
        case EnvironmentVariable() | Setting() as subject if isinstance(predicate, IsTrue):
            return where(IsSet(subject))
    return ALWAYS


class Condition(Symbol):
    """A predicate that replaces disjunctions that are too long for a path condition.

    One of `then` holds if it is true, one of `other` if it is false. Both are empty if they are too long; then `at`
    identifies the test.
    """

    __slots__ = __match_args__ = ("then", "other", "at")
    then: tuple[Guard, ...]
    other: tuple[Guard, ...]
    at: At | None

    def asked(self) -> Iterator[Symbol]:
        """Yields the predicates under which it is true."""
        return (one.symbol for guard in self.then for one in guard)
