"""Finds the driver whose own connection runs SQL without SQLAlchemy, by the connection's value or the imports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from poolsafe.facts.receivers import receivers_of
from poolsafe.inference import LibraryResult, Module, ObservedCall, Project, Unknown, Value
from poolsafe.inference.models import Connectable, SessionMaker
from poolsafe.libraries import DRIVER_PACKAGES
from poolsafe.syntax.index import descendants

ASYNCPG = "asyncpg"


def driver_of(project: Project, module: Module, calls: Iterable[ObservedCall]) -> tuple[str | None, str]:
    """Returns the package of the driver that runs the SQL of a call, and the reason in words.

    The package is None if it is unknown, and "" if it is certainly not an asynchronous driver.
    """
    calls = list(calls)
    for single in _receivers(calls):
        if isinstance(single, LibraryResult):
            package = single.name.partition(".")[0]
            return package, f"a connection of {package} runs it"
        if isinstance(single, (Connectable, SessionMaker)):
            return "", "SQLAlchemy rejects plain strings here"
        return "", "an object of the project runs it"
    if not any(call.awaited for call in calls):
        return "", "a synchronous connection runs it"
    if any(_is_driver_connection(call.node) for call in calls):
        return ASYNCPG, "the driver's own connection runs it"
    imported = _imported(module)
    if imported == {ASYNCPG}:
        return ASYNCPG, "asyncpg is the only driver that the file imports"
    if imported:
        return (
            (None, "it is unknown which connection runs it")
            if ASYNCPG in imported
            else ("", "the file imports another driver")
        )
    # A file that passes SQL for PostgreSQL to a driver's own connection probably imports that driver.
    if project.imported(module, _FOR_POSTGRESQL) == {ASYNCPG}:
        return ASYNCPG, "asyncpg is the only asynchronous PostgreSQL driver that the project imports"
    return None, "it is unknown which connection runs it"


# Packages with an asynchronous connection to PostgreSQL that accepts strings.
_FOR_POSTGRESQL = frozenset(
    {"asyncpg", "psycopg", "psycopg_pool", "aiopg", "psqlpy", "databases", "tortoise", "piccolo"}
)


def is_asyncpgs(call: ObservedCall) -> bool:
    """Returns whether a connection or pool of asyncpg certainly runs a call."""
    return any(isinstance(one, LibraryResult) and one.name.startswith("asyncpg.") for one in _receivers([call]))


def is_pool(calls: Iterable[ObservedCall]) -> bool:
    """Returns whether a pool of asyncpg runs the SQL, which uses a separate connection for each call."""
    return any(isinstance(one, LibraryResult) and one.name == "asyncpg.create_pool" for one in _receivers(calls))


def is_adapter(calls: Iterable[ObservedCall]) -> bool:
    """Returns whether a connection or cursor of one of SQLAlchemy's adapters runs the SQL."""
    return any(isinstance(one, Connectable) and one.dbapi for one in _receivers(calls))


def _receivers(calls: Iterable[ObservedCall]) -> Iterator[Value]:
    return (single for single in receivers_of(calls) if not isinstance(single, Unknown))


def _is_driver_connection(call: cst.Call) -> bool:
    return any(isinstance(node, cst.Name) and node.value == "driver_connection" for node in descendants(call.func))


def _imported(module: Module) -> set[str]:
    """Returns the drivers from which a module imports anything, as packages."""
    found: set[str] = set()
    for node in module.imports:
        if isinstance(node, cst.ImportFrom):
            if node.module is not None:
                found.update(_packages(node.module, absolute=not node.relative))
        else:
            found.update(name for alias in node.names for name in _packages(alias.name, absolute=True))
    return found & DRIVER_PACKAGES


def _packages(node: cst.BaseExpression, *, absolute: bool) -> Iterator[str]:
    """Yields the package of a dotted name, and asyncpg if it is a part of the name, as in `adapters.asyncpg.core`."""
    while isinstance(node, cst.Attribute):
        if node.attr.value == ASYNCPG:
            yield ASYNCPG
        node = node.value
    if isinstance(node, cst.Name) and (absolute or node.value == ASYNCPG):
        yield node.value
