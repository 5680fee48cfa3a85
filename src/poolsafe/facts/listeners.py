"""The listeners for SQLAlchemy's events in a module, read from the syntax."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from poolsafe.inference import Module
from poolsafe.records import frozen
from poolsafe.syntax.index import CallSite, last_name


@frozen
class Listener:
    """One registration: the target and the event, and the names of the function or the function itself, if known."""

    target: cst.BaseExpression
    event: str
    name: str
    function: cst.FunctionDef | None


def listener_around(module: Module, call: cst.Call) -> str:
    """Returns the SQLAlchemy event whose listener, or a function nested in it, contains a call, or "" for none."""
    functions = [node for node in module.index.around(call) if isinstance(node, cst.FunctionDef)]
    every = list(listeners(module)) if functions else []
    return next((one.event for node in functions for one in every if _is_registered(one, node)), "")


def _is_registered(listener: Listener, node: cst.FunctionDef) -> bool:
    return listener.function is node or (listener.function is None and listener.name == node.name.value)


def listeners(module: Module) -> Iterator[Listener]:
    """Yields the registrations by `@event.listens_for(target, "event")` and `event.listen(target, "event", name)`."""
    for site in module.index.calls_by_name.get("listens_for", ()):
        event = _event_of(site)
        if event:
            decorator = module.index.parents.get(id(site.node))
            function = module.index.parents.get(id(decorator))
            decorated = function if isinstance(function, cst.FunctionDef) else None
            yield Listener(site.node.args[0].value, event, "", decorated)
    for site in module.index.calls_by_name.get("listen", ()):
        event = _event_of(site)
        if event and len(site.node.args) > 2:
            name = last_name(site.node.args[2].value) or ""
            functions = module.index.functions.get(name, [])
            yield Listener(site.node.args[0].value, event, name, functions[0][0] if len(functions) == 1 else None)


def _event_of(site: CallSite) -> str:
    event = site.node.args[1].value if len(site.node.args) > 1 else None
    found = event.evaluated_value if isinstance(event, cst.SimpleString) else ""
    return found if isinstance(found, str) else ""
