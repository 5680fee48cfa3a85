"""The functions that read environment variables: `os.getenv` and methods of `os.environ`."""

from __future__ import annotations

from poolsafe import ir
from poolsafe.inference.arguments import Arguments
from poolsafe.inference.context import Frame
from poolsafe.inference.environment_variables import environment, set_variable
from poolsafe.inference.models.handler import Handler
from poolsafe.inference.values import Const, Unknown, Value


def _getenv(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    key = arguments.get(0, "key") or Unknown("an environment variable")
    default = arguments.get(1, "default")
    return environment(frame, key, Const(None) if default is None else default)


def _setdefault(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    if len(arguments.positional) != 2:
        return Unknown("an environment variable")
    key, default = arguments.positional
    value = environment(frame, key, default)
    set_variable(frame, key, value)
    return value


HANDLERS: dict[str, Handler] = {
    "os.getenv": _getenv,
    "os.environ.get": _getenv,
    "os.environ.setdefault": _setdefault,
}
