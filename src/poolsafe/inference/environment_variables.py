"""Environment variables, as the program reads and sets them."""

from __future__ import annotations

from poolsafe.inference import texts
from poolsafe.inference.context import Frame
from poolsafe.inference.env_file_urls import documented_beside, says_nothing
from poolsafe.inference.heap import Slot
from poolsafe.inference.lattice import for_detection, lift, when
from poolsafe.inference.names import force
from poolsafe.inference.symbols import EnvironmentVariable, IsSet, Symbol
from poolsafe.inference.values import Absent, Const, Unknown, Value


def _slot(name: str) -> Slot:
    return ("environment", 0, name)


def set_variable(frame: Frame, key: Value, value: Value) -> None:
    """Runs `os.environ[key] = value`. Ignores an unknown key."""
    name = texts.as_text(for_detection(key)).known
    if name is not None:
        frame.state.set(_slot(name), value)


def environment(frame: Frame, key: Value, default: Value | None) -> Value:
    """Returns an environment variable: the value that the program has set, or an unknown value next to its default.

    If the code has no default, the project's env files may document one.
    """
    default = force(frame, default) if default is not None else None
    key = force(frame, key)
    name = texts.as_text(for_detection(key)).known
    if name is not None:
        own = frame.state.get(_slot(name))
        if not isinstance(own, Absent):
            return lift(lambda single: _inherited(name, default) if isinstance(single, Absent) else single, own)
        documented = documented_beside(frame, Const(None) if default is None else default, (name,))
        if documented is not None and default is not None and not says_nothing(default):
            return when(IsSet(EnvironmentVariable(name)), documented, default)
        default = documented or default
    return _inherited(name if name is not None else texts.symbol_of(key), default)


def _inherited(name: str | Symbol | None, default: Value | None) -> Value:
    """Returns a variable that the program has not set: unknown, with the default as an alternative."""
    symbol = EnvironmentVariable(name)
    variable = f" variable `{name}`" if isinstance(name, str) else ""
    if default is None or (isinstance(default, Const) and default.value is None):
        unknown = Unknown(f"it comes from the environment{variable}", symbol)
        if default is None:
            return unknown
        return when(IsSet(symbol), unknown, default)
    override = Unknown(f"it may come from the environment{variable}", symbol, override=True)
    return when(IsSet(symbol), override, default)
