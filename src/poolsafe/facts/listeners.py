"""The event of SQLAlchemy whose listener a call is in: read from the syntax."""

from __future__ import annotations

import libcst as cst

from poolsafe.inference import Module
from poolsafe.syntax.index import last_name


def listener_around(module: Module, call: cst.Call) -> str:
    """Returns the event of SQLAlchemy whose listener a call is in, also in a function inside of it, or ""."""
    functions = (node for node in module.index.around(call) if isinstance(node, cst.FunctionDef))
    return next((event for event in (_event_of(module, one) for one in functions) if event), "")


def _event_of(module: Module, function: cst.FunctionDef) -> str:
    """Returns the event that a function listens to, or ""."""
    for decorator in function.decorators:
        call = decorator.decorator
        if isinstance(call, cst.Call) and last_name(call.func) == "listens_for" and len(call.args) > 1:
            event = call.args[1].value
            if isinstance(event, cst.SimpleString) and isinstance(event.evaluated_value, str):
                return event.evaluated_value
    return _listened(module, function.name.value)


def _listened(module: Module, name: str) -> str:
    """Returns the event for which `event.listen(target, "event", name)` registers a function of the module, or ""."""
    for site in module.index.calls_by_name.get("listen", ()):
        arguments = site.node.args
        if len(arguments) > 2 and last_name(arguments[2].value) == name:
            event = arguments[1].value
            if isinstance(event, cst.SimpleString) and isinstance(event.evaluated_value, str):
                return event.evaluated_value
    return ""
