"""PostgreSQL clients other than SQLAlchemy: observes the calls that create a connection or a pool."""

from __future__ import annotations

from dataclasses import replace

from poolsafe import ir
from poolsafe.inference.arguments import Arguments
from poolsafe.inference.context import Frame
from poolsafe.inference.lattice import alternatives, choose
from poolsafe.inference.objects import LibraryResult, is_of_driver
from poolsafe.inference.snapshots import arguments_snapshot, snapshot
from poolsafe.inference.values import Value

# Methods of asyncpg's connections that give a statement a name, and the result of `prepare()`.
PREPARING = frozenset({"cursor", "prepare", "iterate"})
PREPARED_STATEMENT = "asyncpg.prepared_stmt.PreparedStatement"
# Methods that create a pool, each with the class of its receiver.
_METHODS = {"set_bind": "gino.Gino"}


def observe_client(frame: Frame, node: ir.Call | None, name: str, arguments: Arguments) -> None:
    """Observes a call that creates a connection or a pool, with the current content of its arguments."""
    if node is not None and not frame.run.strategy.shallow:
        frame.observe(node, name, arguments_snapshot(frame, arguments))


def client_method(frame: Frame, node: ir.Call | None, receiver: Value, name: str, arguments: Arguments) -> None:
    """Observes a method that creates a pool, such as gino's `db.set_bind(url)`, or that names a prepared statement."""
    if name in PREPARING and node is not None and arguments.positional:
        frame.observe(node, name, Arguments([snapshot(frame, arguments.positional[0])]), receiver)
    made_by = _METHODS.get(name)
    if made_by is not None and isinstance(receiver, LibraryResult) and _is_of(receiver, made_by):
        observe_client(frame, node, f"{made_by}.{name}", arguments)


def with_content(frame: Frame, receiver: Value) -> Value:
    """Returns the receiver with the current content of the arguments of its drivers' connections and pools."""
    return choose((guard, _with_content(frame, single)) for guard, single in alternatives(receiver))


def _with_content(frame: Frame, single: Value) -> Value:
    if isinstance(single, LibraryResult) and is_of_driver(single):
        return replace(single, arguments=arguments_snapshot(frame, single.arguments))
    return single


def _is_of(receiver: LibraryResult, cls: str) -> bool:
    """Returns whether the receiver's class has the same package and name, whatever its module."""
    package, _, name = receiver.name.partition(".")
    wanted, _, last = cls.partition(".")
    return package == wanted and name.rpartition(".")[2] == last
