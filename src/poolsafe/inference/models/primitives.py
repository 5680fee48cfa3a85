"""The functions that stubs import from `poolsafe.primitives`, which the interpreter implements.

An argument `...` counts as omitted.
"""

from __future__ import annotations

from dataclasses import replace

from poolsafe import ir
from poolsafe.inference import texts
from poolsafe.inference.arguments import Arguments
from poolsafe.inference.context import Frame
from poolsafe.inference.environment_variables import environment
from poolsafe.inference.lattice import for_detection, lift
from poolsafe.inference.models.addresses import DIRECT_ADDRESS
from poolsafe.inference.models.handler import Handler
from poolsafe.inference.models.sqlalchemy_engines import make_engine
from poolsafe.inference.symbols import At, derived
from poolsafe.inference.values import Const, Text, Unknown, Value
from poolsafe.libraries import ENGINE_CONFIG

_NOT_GIVEN = Const(Ellipsis)


def _given(arguments: Arguments, index: int, name: str) -> Value | None:
    """Returns an argument, or None if it is omitted."""
    value = arguments.get(index, name)
    return None if value == _NOT_GIVEN else value


def _environment_variable(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    """`environment_variable(name, default=..., cast=...)`: reads a variable. `cast` is applied to the default, too."""
    name = arguments.get(0, "name") or Unknown("an environment variable")
    default, cast = _given(arguments, 1, "default"), _given(arguments, 2, "cast")
    if cast is None or cast == Const(None):
        return environment(frame, name, default)
    if default is not None:
        default = frame.apply(None, cast, Arguments([default]))
    return _convert(environment(frame, name, default), texts.symbol_of(cast))


def _converted(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    """`converted(value, how)`: returns a value that is no longer a string. `how` distinguishes conversions."""
    value, how = arguments.positional
    return _convert(value, texts.symbol_of(how))


def _convert(value: Value, how: object) -> Value:
    return lift(
        lambda one: replace(one, symbol=derived("converted", how, one.symbol)) if isinstance(one, Unknown) else one,
        value,
    )


def _unknown(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    """`unknown(reason)`: returns an unknown value, a different one for each call."""
    reason = for_detection(arguments.positional[0])
    known = reason.known if isinstance(reason, Text) else None
    return Unknown(known or "a call to a library", None if node is None else At(frame.number, node))


def _direct_address(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    """`direct_address()`: returns the address of a database that the program starts itself."""
    return DIRECT_ADDRESS


def _configured_engine(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    """`configured_engine(url=…, **options)`: returns the engine that a configuration object creates from its fields.

    The result is unknown if there is no URL, because the configuration then wraps an existing engine.
    """
    url = arguments.keywords.get("url")
    if url is None or for_detection(url) in (_NOT_GIVEN, Const(None)):
        return Unknown("a configuration without a URL")
    return make_engine(frame, node, ENGINE_CONFIG, arguments)


HANDLERS: dict[str, Handler] = {
    "poolsafe.primitives.configured_engine": _configured_engine,
    "poolsafe.primitives.converted": _converted,
    "poolsafe.primitives.direct_address": _direct_address,
    "poolsafe.primitives.environment_variable": _environment_variable,
    "poolsafe.primitives.unknown": _unknown,
}
