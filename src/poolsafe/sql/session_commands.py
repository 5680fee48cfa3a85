"""PostgreSQL commands whose effect outlives their transaction, and those whose effect lasts until it ends.

Behind a pooler in transaction mode, effects of the first kind remain on a server connection. The client's next
transaction may run on a different connection, and another client gets this one. The commands are read token by token
with the server's own rules (`scanner`), without a grammar.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from poolsafe.sql.command_tokens import Command
from poolsafe.sql.scanner import PLACEHOLDER, split, tokens
from poolsafe.sql.session_effects import CHARACTERISTICS, LASTING, LOCAL, Effect, SessionCommand
from poolsafe.sql.setting_names import TRACKED, is_setting

__all__ = [
    "CHARACTERISTICS",
    "LASTING",
    "LOCAL",
    "Effect",
    "SessionCommand",
    "function_effect",
    "is_tracked",
    "session_commands",
]

# A bind of SQLAlchemy's `text()`, a parameter of asyncpg, or one of psycopg.
_PARAMETER = re.compile(r"(?<![:\w\\]):\w+(?![:\w])|\$\d+|%s|%\(\w+\)s")
_QUOTED = re.compile(r"'[^']*'")
_LOCKS = re.compile(r"pg_(?:try_)?advisory_(?P<kind>lock|xact_lock|unlock)(?:_shared|_all)?\Z")
_QUERIES = frozenset({"select", "with", "values", "insert", "update", "delete", "merge", "explain", "call", "(", ""})
_ENDS = frozenset({"commit", "end", "rollback", "abort"})


def session_commands(sql: str) -> list[SessionCommand]:
    """Returns the effects of the commands in a SQL text on the session, in the order of the text.

    PLACEHOLDER stands for a part of the text that is unknown. An incomplete text has no known effect.
    """
    return [found for start, end in split(sql) or () for found in _effects(sql, start, end)]


def function_effect(function: str) -> Effect | None:
    """Returns the effect of a PostgreSQL function on its session, or None. Does not handle `set_config`."""
    name = function.lower()
    if name in ("lastval", "currval"):
        return Effect.SEQUENCE_VALUE
    lock = _LOCKS.match(name)
    if lock is None:
        return None
    return {"lock": Effect.LOCK, "xact_lock": Effect.LOCAL_LOCK, "unlock": Effect.UNLOCK}[lock["kind"]]


def is_tracked(setting: str) -> bool:
    """Returns whether PgBouncer restores a setting for each client."""
    return setting.lower() in TRACKED


def _effects(sql: str, start: int, end: int) -> Iterator[SessionCommand]:
    command = Command(sql, [(kind, start + at, start + to) for kind, at, to in tokens(sql[start:end])], start, end)
    reader = _READERS.get(command.word(0))
    if reader is not None:
        yield from reader(command)
    if command.word(0) in _QUERIES:
        yield from _calls(command)
        yield from _select_into(command)


# --- SET ---


def _set(command: Command) -> Iterator[SessionCommand]:
    scope = command.word(1)
    if command.words(1, "session", "characteristics"):
        yield command.made(Effect.SETTING, CHARACTERISTICS)
        return
    # In `SET SESSION AUTHORIZATION`, the word is part of the name.
    scoped = scope == "local" or (scope == "session" and command.word(2) != "authorization")
    first = 2 if scoped else 1
    edit = command.from_to(0, first - 1)
    local = scope == "local"
    if command.words(first, "session", "authorization") or command.word(first) == "role":
        at = first + (2 if command.word(first) == "session" else 1)
        kind = "session authorization" if command.word(first) == "session" else "role"
        if command.word(at) not in ("default", "none", ""):
            role = command.sql[command.tokens[at][1] : command.end]
            yield command.made(
                Effect.LOCAL_ROLE if local else Effect.ROLE,
                role.strip("\"'"),
                edit=edit,
                value=kind,
                parameters=_has_parameter(role),
            )
        elif not local and command.word(at):
            yield command.made(Effect.RESET, kind)
        return
    name, after = _setting(command, first)
    value_start = command.tokens[after][1] if after < len(command.tokens) else command.end
    value = command.sql[value_start : command.end]
    if not name or not value or not (PLACEHOLDER in name or is_setting(name)):
        return
    if value.lower() == "default":
        if not local:
            yield command.made(Effect.RESET, name.lower())
        return
    yield command.made(
        Effect.LOCAL_SETTING if local else Effect.SETTING,
        name.lower(),
        edit=edit,
        value=value,
        parameters=_has_parameter(value),
    )


def _reset(command: Command) -> Iterator[SessionCommand]:
    if command.words(1, "session", "authorization"):
        yield command.made(Effect.RESET, "session authorization")
    elif command.words(1, "time", "zone"):
        yield command.made(Effect.RESET, "timezone")
    else:
        name, after = command.name(1)
        if name and after == len(command.tokens):
            yield command.made(Effect.RESET, name.lower())


def _setting(command: Command, index: int) -> tuple[str, int]:
    """Returns the setting that a SET names, and the index of its value, or "" if it is not PostgreSQL's SET."""
    match command.word(index), command.word(index + 1):
        case "time", "zone":
            return "timezone", index + 2
        case "schema", _:
            return "search_path", index + 1
        case "names", _:
            return "client_encoding", index + 1
        case (("transaction" | "constraints" | "xml"), _):
            return "", index
    name, after = command.name(index)
    # The scanner reads `=-1` as one token.
    if command.word(after) == "to":
        return name, after + 1
    return (name, after + 1) if command.text(after).startswith("=") else ("", after)


# --- functions in expressions ---


def _calls(command: Command) -> Iterator[SessionCommand]:
    for index in range(len(command.tokens) - 1):
        kind, start, end = command.tokens[index]
        if kind != "word" or command.tokens[index + 1][0] != "open":
            continue
        function = command.word(index)
        if function == "set_config":
            yield from _set_config(command, index)
            continue
        effect = function_effect(function)
        if effect is not None:
            name = "" if effect is Effect.SEQUENCE_VALUE else function
            given = ", ".join(command.sql[first:last] for first, last in _arguments(command, index + 1))
            yield command.made(effect, name or function, edit=(start, end), value=given, with_work=command.works)


def _set_config(command: Command, index: int) -> Iterator[SessionCommand]:
    arguments = _arguments(command, index + 1)
    if len(arguments) != 3:
        return
    name, value, local = (command.sql[start:end] for start, end in arguments)
    known = name.strip("'").lower() if name.startswith("'") else ""
    role = known in ("role", "session_authorization")
    if known and not role and not is_setting(known):
        return
    local_effect, effect_of_session = (
        (Effect.LOCAL_ROLE, Effect.ROLE) if role else (Effect.LOCAL_SETTING, Effect.SETTING)
    )
    effect = {"true": local_effect, "false": effect_of_session}.get(_truth(local))
    if effect is not None:
        yield command.made(
            effect,
            known,
            edit=arguments[2],
            value=value,
            parameters=_has_parameter(value),
            by_function=True,
            with_work=command.works,
        )


def _has_parameter(value: str) -> bool:
    """Returns whether a value contains a parameter outside quotes."""
    return _PARAMETER.search(_QUOTED.sub("''", value)) is not None


def _truth(text: str) -> str:
    word = text.lower().partition("::")[0].strip("' ")
    if word in ("true", "t", "yes", "on", "1"):
        return "true"
    return "false" if word in ("false", "f", "no", "off", "0") else ""


def _arguments(command: Command, opening: int) -> list[tuple[int, int]]:
    """Returns the spans of the arguments of a call whose parenthesis opens at an index."""
    found: list[tuple[int, int]] = []
    # A token may be several parentheses.
    depth = 0
    start = last = command.tokens[opening][1] + 1
    for kind, at, to in command.tokens[opening:]:
        if kind == "open":
            depth += to - at
        elif kind == "close":
            depth -= to - at
            if depth <= 0:
                found.append((start, last))
                break
        elif depth == 1 and command.sql[at:to].startswith(",") and to - at == 1:
            found.append((start, last))
            start = to
            continue
        if kind != "open" or to - at > 1 or depth > 1:
            last = to
    return [_trimmed(command.sql, *span) for span in found]


def _trimmed(sql: str, start: int, end: int) -> tuple[int, int]:
    text = sql[start:end]
    return start + len(text) - len(text.lstrip()), start + len(text.rstrip())


# --- temporary objects ---


def _create(command: Command) -> Iterator[SessionCommand]:
    index = 3 if command.words(1, "or", "replace") else 1
    temporary = False
    while command.word(index) in ("global", "local", "temp", "temporary", "recursive"):
        temporary = temporary or command.word(index) in ("temp", "temporary")
        index += 1
    kind = command.word(index)
    if kind not in ("table", "view", "sequence"):
        return
    kept = command.words(index + 1, "if", "not", "exists")
    name, after = command.name(index + (4 if kept else 1))
    if temporary or name.lower().startswith("pg_temp."):
        yield _temporary(command, name, after, kind, kept=kept)


def _temporary(command: Command, name: str, after: int, kind: str, *, kept: bool) -> SessionCommand:
    """Returns the creation of a temporary object. `after` is the index of what follows its name."""
    if kind != "table":
        return command.made(Effect.TEMPORARY_TABLE, name, kept=kept, value=kind)
    place = command.end
    depth = 0
    for index in range(after, len(command.tokens)):
        token, start, end = command.tokens[index]
        depth += (end - start) * ((token == "open") - (token == "close"))
        if depth:
            continue
        if command.words(index, "on", "commit"):
            match command.word(index + 2):
                case "drop":
                    return command.made(Effect.LOCAL_TABLE, name)
                case rows:
                    # With PRESERVE ROWS or DELETE ROWS, the table remains, and a second clause would be a syntax error.
                    return command.made(Effect.TEMPORARY_TABLE, name, kept=kept, value=f"{rows} rows")
        if command.word(index) in ("as", "tablespace"):
            place = min(place, start)
            break
    return command.made(Effect.TEMPORARY_TABLE, name, edit=(place, place), kept=kept)


def _select_into(command: Command) -> Iterator[SessionCommand]:
    depth = 0
    for index, (kind, start, end) in enumerate(command.tokens):
        depth += (end - start) * ((kind == "open") - (kind == "close"))
        if depth or command.word(index) != "into" or command.word(index + 1) not in ("temp", "temporary"):
            continue
        at = index + 3 if command.word(index + 2) == "table" else index + 2
        yield command.made(Effect.TEMPORARY_TABLE, command.name(at)[0], value="select into")


def _drop(command: Command) -> Iterator[SessionCommand]:
    if command.word(1) != "table":
        return
    index = 4 if command.words(2, "if", "exists") else 2
    while True:
        name, index = command.name(index)
        yield command.made(Effect.DROP_TABLE, name)
        if command.text(index) != ",":
            return
        index += 1


# --- the rest ---


def _listen(command: Command) -> Iterator[SessionCommand]:
    # `listen 80` is from nginx.
    name, after = command.name(1)
    if name and after == len(command.tokens):
        yield command.made(Effect.LISTEN, name)


def _declare(command: Command) -> Iterator[SessionCommand]:
    for index in range(2, len(command.tokens)):
        if command.words(index, "with", "hold"):
            yield command.made(Effect.HELD_CURSOR, command.name(1)[0])


def _prepared(command: Command) -> Iterator[SessionCommand]:
    if command.word(0) == "deallocate":
        at = 2 if command.word(1) == "prepare" else 1
        if command.word(at) == "all":
            yield command.made(Effect.DISCARD, "deallocate all")
        elif len(command.tokens) == at + 1:
            yield command.made(Effect.DEALLOCATE, command.name(at)[0])
        return
    name, after = command.name(1)
    follows = command.word(after)
    as_prepare = command.word(0) == "prepare" and name.lower() != "transaction" and follows in ("as", "(")
    as_execute = command.word(0) == "execute" and (not follows or follows.startswith("("))
    if name and (as_prepare or as_execute):
        yield command.made(Effect.PREPARED, name, value=command.word(0))


def _load(command: Command) -> Iterator[SessionCommand]:
    library = command.text(1)
    if library.startswith("'") and len(command.tokens) == 2:
        yield command.made(Effect.LIBRARY, library.strip("'"))


def _discard(command: Command) -> Iterator[SessionCommand]:
    if command.word(1) in ("all", "temp", "temporary", "plans", "sequences") and len(command.tokens) == 2:
        yield command.made(Effect.DISCARD, f"discard {command.word(1)}")


def _begin(command: Command) -> Iterator[SessionCommand]:
    if command.word(0) == "begin" or command.word(1) == "transaction":
        yield command.made(Effect.BEGIN)


def _end(command: Command) -> Iterator[SessionCommand]:
    # `ROLLBACK TO SAVEPOINT` does not end the transaction.
    if command.word(1) != "to" and not command.words(2, "to") and command.word(1) != "prepared":
        yield command.made(Effect.END)


_READERS = {
    "set": _set,
    "reset": _reset,
    "create": _create,
    "drop": _drop,
    "listen": _listen,
    "declare": _declare,
    "prepare": _prepared,
    "execute": _prepared,
    "deallocate": _prepared,
    "load": _load,
    "discard": _discard,
    "begin": _begin,
    "start": _begin,
    **dict.fromkeys(_ENDS, _end),
}
