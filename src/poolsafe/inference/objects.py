"""Instances of library classes: a dataclass for each kind that the interpreter or a model recognises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import ClassVar

import libcst as cst

from poolsafe import ir
from poolsafe.inference.arguments import Arguments
from poolsafe.inference.symbols import Symbol
from poolsafe.inference.values import Class, Instance, Value
from poolsafe.libraries import DRIVER_PACKAGES
from poolsafe.records import frozen


@frozen
class LibraryObject(Value):
    """An instance of a library class.

    `symbol` represents the object in predicates; it is None if the object cannot be identified. `truth` is the result
    of `bool()`, or None if that is unknown.
    """

    symbol: Symbol | None = field(default=None, kw_only=True)

    truth: ClassVar[bool | None] = True


@frozen
class LibraryResult(LibraryObject):
    """The result of calling a library function or class with these arguments. Nothing else is known about it."""

    name: str
    arguments: Arguments

    truth: ClassVar[bool | None] = None


def is_of_driver(value: LibraryResult) -> bool:
    """Returns whether an object is a connection, pool or cursor of a database driver."""
    return value.name.partition(".")[0] in DRIVER_PACKAGES


@frozen
class LibraryAttribute(LibraryObject):
    """An attribute of a library object."""

    owner: Value
    name: str

    truth: ClassVar[bool | None] = None


@frozen
class BuiltinMethod(LibraryObject):
    """A bound method of a string, dict or list."""

    receiver: Value
    name: str


@frozen
class Wrapped(LibraryObject):
    """The base of objects that hold or return one value."""

    value: Value


@frozen
class GeneratorObject(Wrapped):
    """The result of calling a generator function: `items` is what it yields, and `value` is the first item.

    The items are a sequence, or alternatives of several.
    """

    items: Value


@frozen
class Secret(Wrapped):
    """pydantic's `SecretStr`."""

    truth: ClassVar[bool | None] = None


@frozen
class EnumMember(Wrapped):
    """A member of an enumeration of the project. `is_string`: the class also derives from `str`."""

    name: str
    cls: Class
    is_string: bool = False

    truth: ClassVar[bool | None] = None


@frozen
class Dependency(Wrapped):
    """FastAPI's `Depends(value)`. The value None means the type of the parameter."""


@frozen
class Annotated(LibraryObject):
    """`Annotated[T, ...]`: the expression of the type, and the argument of its `Depends`, or None."""

    annotation: ir.Expression
    dependency: Value | None


@frozen
class Super(LibraryObject):
    """`super()` inside a method of a class."""

    cls: Class
    instance: Value


@frozen
class InstanceDict(LibraryObject):
    """`instance.__dict__`: a change of an item sets the attribute."""

    instance: Instance


@frozen
class AttributeBag(LibraryObject):
    """An object that a library creates with these attributes."""

    attributes: Mapping[str, Value]


@frozen
class Sentinel(LibraryObject):
    """`object()`, identified by its symbol."""


@frozen
class Match(LibraryObject):
    """The match of a regular expression."""


@frozen
class MapIterator(LibraryObject):
    """`map(function, items, ...)`, evaluated when it is iterated."""

    arguments: Arguments


@frozen
class FieldFactory(LibraryObject):
    """A field whose default is created by `factory`, anew for each instance."""

    factory: Value


# --- SQLAlchemy ---


@frozen
class Connectable(LibraryObject):
    """An engine, connection or session: an object that runs SQL.

    `asynchronous` is None if unknown. `schemes` are the schemes that the URL may have; it is empty if one of them is
    unknown. `engine`: it is an engine. `dbapi`: it is the driver's own connection. `migration`: Alembic created it.
    `schema`: it represents the code that creates the tables. `overridden`: the environment has replaced the default of
    its URL. `made_by` is the call that creates its engine, or None if unknown.
    """

    asynchronous: bool | None
    schemes: frozenset[str] = frozenset()
    engine: bool = False
    autocommit: bool = False
    dbapi: bool = False
    migration: bool = False
    schema: bool = False
    overridden: bool = False
    made_by: cst.Call | None = None

    @property
    def driver(self) -> str | None:
        """The scheme of the URL, or None if it is unknown or there are several."""
        return next(iter(self.schemes)) if len(self.schemes) == 1 else None


@frozen
class SessionMaker(LibraryObject):
    """A factory that creates sessions like `session`, and that can execute SQL like one."""

    session: Connectable


@frozen
class TextClause(LibraryObject):
    """The result of `text(...)` or `DDL(...)`. `call` is the call that created it."""

    call: cst.Call


@frozen
class Dialect(LibraryObject):
    """The dialect of an engine. `driver` is None if it is unknown."""

    driver: str | None


@frozen
class ConnectionFactory(LibraryObject):
    """A `creator` or `async_creator`, which SQLAlchemy calls; `connection` is what it returns."""

    connection: Value
    function: Value
