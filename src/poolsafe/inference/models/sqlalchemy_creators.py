"""Functions that create an engine's connections: `creator` and `async_creator`."""

from __future__ import annotations

from dataclasses import replace

from poolsafe.inference.arguments import Arguments
from poolsafe.inference.context import Frame
from poolsafe.inference.lattice import lift
from poolsafe.inference.models.handler import forced
from poolsafe.inference.names import force
from poolsafe.inference.objects import ConnectionFactory, LibraryResult
from poolsafe.inference.values import Const, Function, Library, Partial, Unknown, Value

CREATORS = ("async_creator", "creator")


def with_connections(frame: Frame, arguments: Arguments) -> Arguments:
    """Returns the arguments of an engine function, with a creator replaced by the connections that it returns."""
    keywords = dict(arguments.keywords)
    for name in CREATORS:
        if name in keywords:
            keywords[name] = lift(lambda one: _connection(frame, one), force(frame, keywords[name]))
    return replace(arguments, keywords=keywords)


def _connection(frame: Frame, creator: Value) -> Value:
    """Returns a `ConnectionFactory` for a creator; None, constants and unknown values are returned unchanged."""
    if isinstance(creator, (Unknown, Const)):
        return creator
    made: Value = Unknown("a function that poolsafe cannot follow")
    if isinstance(creator, (Function, Partial, Library)):
        before = frame.state
        # SQLAlchemy calls it later, so the statements that follow here do not see its effects.
        frame.state = before.layer()
        made = force(frame, frame.apply(None, creator, Arguments()))
        frame.state = before
    connection = lift(lambda one: _forced(frame, _made_by(creator, one)), made)
    return ConnectionFactory(connection, creator.function if isinstance(creator, Partial) else creator)


def _made_by(creator: Value, made: Value) -> Value:
    """Returns a connection, with the `partial()` call that holds its arguments as its provenance if it has none."""
    holds = isinstance(creator, Partial) and isinstance(made, LibraryResult) and not made.provenance
    return replace(made, provenance=creator.provenance) if holds else made


def _forced(frame: Frame, made: Value) -> Value:
    """Returns a library's connection with the imports in its arguments followed; other values unchanged."""
    return replace(made, arguments=forced(frame, made.arguments)) if isinstance(made, LibraryResult) else made
