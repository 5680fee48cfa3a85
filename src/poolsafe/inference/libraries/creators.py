"""Functions that make an engine's connections: `creator` and `async_creator`."""

from __future__ import annotations

from poolsafe.inference.frame import Arguments, Frame
from poolsafe.inference.lattice import Const, Function, Library, Object, Partial, Unknown, Value, lift
from poolsafe.inference.libraries.handler import forced
from poolsafe.inference.names import force
from poolsafe.inference.world import World

CREATORS = ("async_creator", "creator")


def with_connections(world: World, frame: Frame, arguments: Arguments) -> Arguments:
    """The arguments of an engine function; a creator among them is called, to see what connections it makes."""
    keywords = dict(arguments.keywords)
    for name in CREATORS:
        if name in keywords:
            keywords[name] = lift(lambda one: _connection(world, frame, one), force(world, frame, keywords[name]))
    return Arguments(arguments.positional, keywords, arguments.open_positional, arguments.open_keywords)


def _connection(world: World, frame: Frame, creator: Value) -> Value:
    """What a creator returns, as the fact of an object; None and what cannot be called stay what they are."""
    if isinstance(creator, (Unknown, Const)):
        return creator
    made: Value = Unknown("a function that is not followed")
    if isinstance(creator, (Function, Partial, Library)):
        before = frame.state
        # SQLAlchemy calls it later: what it changes is nothing to the statements that follow here.
        frame.state = before.layer()
        made = force(world, frame, world.apply(world, frame, None, creator, Arguments()))
        frame.state = before
    return Object("creator", {"connection": lift(lambda one: _forced(world, frame, one), made)})


def _forced(world: World, frame: Frame, made: Value) -> Value:
    """A library's connection with all of its arguments, those too that nobody has asked for yet."""
    arguments = made.facts.get("arguments") if isinstance(made, Object) else None
    if not isinstance(made, Object) or not isinstance(arguments, Arguments):
        return made
    return Object(made.kind, {**made.facts, "arguments": forced(world, frame, arguments)}, made.ident)
