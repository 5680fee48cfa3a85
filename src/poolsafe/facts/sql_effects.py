"""The effects of a call's SQL on its session, or of the SQL function of the clause that it creates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from poolsafe.facts.clauses import joined_text
from poolsafe.facts.drivers import is_asyncpgs
from poolsafe.facts.observed import sql_of
from poolsafe.inference import Arguments, Const, ObservedCall, Text, Value, alternatives, for_detection
from poolsafe.records import frozen
from poolsafe.sql.session_commands import LASTING, LOCAL, Effect, SessionCommand, function_effect, session_commands

#: The effects that rules check.
JUDGED = LASTING | LOCAL


@frozen
class Given:
    """One effect of a call's SQL, with the string that it comes from, or None for a function call."""

    command: SessionCommand
    text: Text | None


def judged_once(effects: Iterable[Given]) -> Iterator[Given]:
    """Yields the effects that rules check, each once."""
    seen: set[tuple[Effect, str, bool]] = set()
    for one in effects:
        key = (one.command.effect, one.command.name, one.command.parameters)
        if one.command.effect in JUDGED and key not in seen:
            seen.add(key)
            yield one


def effects_of(call: ObservedCall) -> Iterator[Given]:
    """Yields the effects of a call's SQL, or of the function that it calls."""
    if call.function == "add_listener":
        if (call.awaited or is_asyncpgs(call)) and len(call.node.args) >= 2:
            yield Given(SessionCommand(Effect.LISTEN, "", 0, 0, value="add_listener"), None)
    elif ".func." in call.function:
        command = _of_function(call.function.rpartition(".")[2], call.arguments)
        if command is not None:
            yield Given(command, None)
    else:
        for _, single in alternatives(for_detection(sql_of(call))):
            if isinstance(single, Text):
                yield from (Given(command, single) for command in session_commands(joined_text(single)))


def _of_function(function: str, arguments: Arguments) -> SessionCommand | None:
    """Returns the effect of a call to SQLAlchemy's `func`, or None if it is unknown."""
    effect = function_effect(function)
    if effect is not None:
        return SessionCommand(effect, function, 0, 0, value=_keys_of(arguments), by_function=True)
    local = _truth(arguments.get(2, "is_local"))
    if local is None:
        return None
    name = arguments.get(0, "setting_name")
    setting = name.known.lower() if isinstance(name, Text) and name.known is not None else ""
    return SessionCommand(Effect.LOCAL_SETTING if local else Effect.SETTING, setting, 0, 0, by_function=True)


def _keys_of(arguments: Arguments) -> str:
    """Returns the constant numbers passed to a lock function, as they are written in SQL, or ""."""
    keys = [one.value if isinstance(one, Const) else None for one in arguments.positional]
    return ", ".join(map(str, keys)) if all(type(key) is int for key in keys) else ""


def _truth(value: Value | None) -> bool | None:
    match value:
        case Const(value=bool() as truth):
            return truth
    # `sqlalchemy.true()` and `false()`.
    name = getattr(value, "name", None)
    return {"sqlalchemy.true": True, "sqlalchemy.false": False}.get(name) if isinstance(name, str) else None
