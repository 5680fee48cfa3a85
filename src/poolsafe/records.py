"""Immutable data classes that are cheap to define; a run imports 160 of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, field, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar, overload

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform as dataclass_transform
else:

    def dataclass_transform(**_: object) -> Any:
        return lambda cls: cls


T = TypeVar("T")


@overload
def frozen(cls: type[T], /) -> type[T]: ...
@overload
def frozen(*, eq: bool) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T] | None = None, /, *, eq: bool = True) -> Any:
    """Makes a class a dataclass with slots whose instances must not be changed, which the type checker enforces.

    `dataclass(frozen=True)` enforces it at run time too. That takes several times as long for each class and makes
    instances slower to create, and a run over one file spends more time on it than on the analysis.

    Args:
        eq: whether instances are equal if their fields are; such instances are hashable. Otherwise they compare by
            identity and have no `repr` of their own.
    """

    def decorate(decorated: type[T]) -> type[T]:
        made = dataclass(slots=True, init=False, eq=False, repr=False)(decorated)
        _add_methods(made, eq=eq)
        return made

    return decorate if cls is None else decorate(cls)


def _add_methods(cls: Any, *, eq: bool) -> None:
    every = fields(cls)

    def first_init(self: Any, *given: Any, **named: Any) -> None:
        # Compiled for the first instance, because most classes that a run imports have none.
        cls.__init__ = _init(cls)
        cls.__init__(self, *given, **named)

    cls.__init__ = first_init
    if eq:
        compared = _values([one.name for one in every if one.compare])
        hashed = _values([one.name for one in every if (one.compare if one.hash is None else one.hash)])
        cls.__eq__ = lambda self, other: (
            compared(self) == compared(other) if other.__class__ is self.__class__ else NotImplemented
        )
        cls.__hash__ = lambda self: hash(hashed(self))
        cls.__repr__ = _repr


def _init(cls: Any) -> Any:
    every = fields(cls)
    known: dict[str, Any] = {"MISSING": MISSING}
    given = [_parameter(one, known) for one in every if not one.kw_only]
    named = [_parameter(one, known) for one in every if one.kw_only]
    lines = [f"def __init__({', '.join(['self', *given, *(['*', *named] if named else [])])}):"]
    for one in every:
        made = f"{one.name}_default() if {one.name} is MISSING else {one.name}"
        lines.append(f" self.{one.name} = {one.name if one.default_factory is MISSING else made}")
    lines.append(" self.__post_init__()" if hasattr(cls, "__post_init__") else " pass")
    exec("\n".join(lines), known)
    return known["__init__"]


def _values(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    """Returns a function that returns the values of these fields."""
    if not names:
        return lambda _: ()
    values = attrgetter(*names)
    return values if len(names) > 1 else lambda one: (values(one),)


def _parameter(one: Field[Any], known: dict[str, Any]) -> str:
    if one.default_factory is not MISSING:
        known[f"{one.name}_default"] = one.default_factory
        return f"{one.name}=MISSING"
    known[f"{one.name}_default"] = one.default
    return one.name if one.default is MISSING else f"{one.name}={one.name}_default"


def _repr(self: Any) -> str:
    shown = ", ".join(f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.repr)
    return f"{type(self).__qualname__}({shown})"
