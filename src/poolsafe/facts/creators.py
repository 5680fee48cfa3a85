"""The sizes set by a creator, in asyncpg's own `connect()` or in SQLAlchemy's connection around it."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from poolsafe.facts.given import Given, given_by
from poolsafe.facts.views import View
from poolsafe.facts.written_keys import depends_on_callers
from poolsafe.inference import (
    Absent,
    Arguments,
    Function,
    Guard,
    LibraryResult,
    Module,
    ObservedCall,
    Project,
    Reason,
    Unknown,
    Value,
    alternatives,
)
from poolsafe.inference.models import ConnectionFactory

CREATORS = ("async_creator", "creator")
_CONNECT = "asyncpg.connect"
_ADAPTER = "sqlalchemy.dialects.postgresql.asyncpg.AsyncAdapt_asyncpg_connection"


def connections(view: View, creator: str) -> Iterator[tuple[Guard, Value]]:
    """Yields the alternatives of the connection that the creator of a view returns, each with its guard."""
    for guard, single in alternatives(view.option(creator)):
        made = single.connection if isinstance(single, ConnectionFactory) else single
        for inner, connection in alternatives(made):
            yield guard | inner, connection


def given_to_asyncpg(connection: Value, key: str) -> Value:
    """Returns the value of a keyword of asyncpg's `connect()`, or Unknown if the creator connects in another way."""
    arguments = _called(connection, _CONNECT)
    if arguments is not None:
        return _keyword(arguments, key)
    inner = _adapted(connection)
    return _not_followed() if inner is None else given_to_asyncpg(inner, key)


def given_to_adapter(connection: Value, key: str) -> Value:
    """Returns the value of a keyword of SQLAlchemy's connection, or Absent if the creator returns a bare connection."""
    arguments = _called(connection, _ADAPTER)
    if arguments is not None:
        return _keyword(arguments, key)
    return Absent() if _called(connection, _CONNECT) is not None else _not_followed()


def connect_calls(module: Module, views: list[View], creator: str) -> tuple[cst.Call, ...]:
    """Returns the calls to asyncpg's `connect()` with which a creator makes all its connections.

    Returns () if one of them is in another module, or may have unknown keywords.
    """
    found: list[cst.Call] = []
    for view in views:
        for _, connection in connections(view, creator):
            call = _connect_call(module, connection)
            if call is None or any(argument.star == "**" for argument in call.args):
                return ()
            found.append(call)
    return tuple(dict.fromkeys(found))


def given_to_connects(views: list[View], creator: str) -> list[Given]:
    """Returns the arguments of each of a creator's calls to asyncpg's `connect()`.

    Returns an empty list if the creator makes one of its connections in another way.
    """
    found = [_given(guard, made) for view in views for guard, made in connections(view, creator)]
    known = [one for one in found if one is not None]
    return known if len(known) == len(found) else []


def _given(guard: Guard, made: Value) -> Given | None:
    connection = _adapted(made) or made
    arguments = _called(connection, _CONNECT)
    step = connection.provenance[0] if connection.provenance else None
    call = None if step is None else step.module.syntax(step.node)
    if arguments is None or step is None or not isinstance(call, cst.Call):
        return None
    return given_by(ObservedCall(step.module, call, _CONNECT, arguments, (guard,), None, awaited=True))


def judged_elsewhere(project: Project, module: Module, views: list[View], creator: str) -> str:
    """Returns the path of another module whose own findings cover the sizes in a creator's `connect()`, or ""."""
    paths = set()
    for view in views:
        for single, given in _made(view, creator):
            if given is None or given.seen.module is module or not _is_judged_there(project, given, single):
                return ""
            paths.add(given.seen.module.path)
    return min(paths, default="")


def nodes_judged_with_engines(project: Project, module: Module, views: list[View]) -> frozenset[int]:
    """Returns the ids of the calls to `connect()` in creators whose sizes are covered by findings on the engines."""
    return frozenset(
        id(given.seen.node)
        for view in views
        for name in CREATORS
        for single, given in _made(view, name)
        if given is not None and (view.seen.module is module or not _is_judged_there(project, given, single))
    )


def _made(view: View, creator: str) -> Iterator[tuple[Value, Given | None]]:
    """Yields each creator of a view with its arguments for asyncpg, or None if it connects in another way."""
    for _, single in alternatives(view.option(creator)):
        for _, made in alternatives(single.connection if isinstance(single, ConnectionFactory) else single):
            yield single, _given(frozenset(), made)


def _is_judged_there(project: Project, given: Given, creator: Value) -> bool:
    """Returns whether the size is known in the module of the call.

    If the size depends on callers, the callers must be found in that module. A call from SQLAlchemy is not found there,
    nor is a call by another name.
    """
    home, call = given.seen.module, given.seen.node
    if not any(
        depends_on_callers(home, argument.value)
        for argument in call.args
        if argument.star or (argument.keyword is not None and argument.keyword.value == "statement_cache_size")
    ):
        return True
    function = creator.function if isinstance(creator, ConnectionFactory) else None
    around = home.index.innermost_function(call)
    if isinstance(function, Function) and around is function.module.syntax(function.node.origin):
        return False
    return isinstance(around, cst.FunctionDef) and _is_called_by_name(project, home, around)


def _is_called_by_name(project: Project, home: Module, function: cst.FunctionDef) -> bool:
    around = home.index.scopes[id(function)]
    is_method = bool(around) and isinstance(around[-1], cst.ClassDef)
    # A module calls its own functions by their bare names: `asyncpg.connect()` is not a call to its own `connect`.
    own = home.index.calls_by_name.get(function.name.value, ())
    if any(is_method or isinstance(site.node.func, cst.Name) for site in own):
        return True
    name = f".{function.name.value}" if is_method else function.name.value
    return any(True for _ in project.callers(home, name))


def _connect_call(module: Module, connection: Value) -> cst.Call | None:
    connection = _adapted(connection) or connection
    step = connection.provenance[0] if connection.provenance else None
    if _called(connection, _CONNECT) is None or step is None or step.module is not module:
        return None
    return step.node if isinstance(step.node, cst.Call) else None


def _keyword(arguments: Arguments, key: str) -> Value:
    missing = Absent() if arguments.open_keywords is None else Unknown(arguments.open_keywords)
    return arguments.keywords.get(key, missing)


def _adapted(connection: Value) -> Value | None:
    arguments = _called(connection, _ADAPTER)
    return None if arguments is None else arguments.get(1, "connection")


def _called(connection: Value, function: str) -> Arguments | None:
    if isinstance(connection, LibraryResult) and connection.name == function:
        return connection.arguments
    return None


def _not_followed() -> Value:
    return Unknown(Reason.CREATOR)
