"""What the runs of a program show about one engine call, as codes of the rules.

A run of an engine call *shows* a code if the rule should report it. Of the codes for sizes it shows one, the first that
fits of PGB104, 103, 102 and 101:

| code | what the run shows, on asyncpg |
|---|---|
| PGB101 | neither size that reaches the driver is 0 |
| PGB102 | exactly one is 0 |
| PGB103 | a size is a positive number |
| PGB104 | a size is refused: `docs/rules/invalid-cache-size.md` |
| PGB105 | a size is a keyword of the engine function, or asyncpg's stands in the URL |
| PGB108 | a size is 0 in one run and not in another: shown by all runs together |
| PGB201, PGB202 | the pool keeps connections and `pool_pre_ping` is not given, or is false |
| PGB203 | the pool is NullPool or StaticPool, and an argument is given that only a queue takes |
| PGB205 | asyncpg does not take a key of `connect_args`, or another driver is given a key of asyncpg's |
| PGB511 | psycopg's `prepare_threshold` is not None: here, of psycopg alone |

PGB105 stands alone where moving the misplaced key is the whole repair.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable

import sqlalchemy

from .execution import EngineCall, Executed

STATEMENT = "statement_cache_size"
PREPARED = "prepared_statement_cache_size"
VERDICTS = frozenset({"PGB101", "PGB102", "PGB103", "PGB104", "PGB108"})
SIZES = VERDICTS | {"PGB105"}
OTHERS = frozenset({"PGB105", "PGB201", "PGB202", "PGB203", "PGB205"})
THRESHOLD = "prepare_threshold"
PSYCOPG = frozenset({"postgresql+psycopg", "postgresql+psycopg_async"})
QUEUE_ONLY = frozenset({"pool_size", "max_overflow", "pool_timeout", "pool_use_lifo"})
ASYNCPG_ONLY = frozenset({STATEMENT, PREPARED, "command_timeout", "server_settings", "prepared_statement_name_func"})
UNKNOWN_TO_ASYNCPG = QUEUE_ONLY | {"check_same_thread", "connect_args", "echo", "pool_pre_ping", "poolclass"}


class Size(enum.Enum):
    ABSENT = enum.auto()
    ZERO = enum.auto()
    POSITIVE = enum.auto()
    INVALID = enum.auto()


def size(call: EngineCall, key: str, *, moved: bool = False) -> Size:
    """What reaches the driver under one of the two keys; `moved`: once a misplaced key stands in `connect_args`."""
    if key in call.connect_args:
        return size_of(key, call.connect_args[key])
    if moved and key in call.options:
        return size_of(key, call.options[key])
    if key in call.url.query and (key == PREPARED or moved):
        # SQLAlchemy makes a number of its own key only.
        return size_of(key, int(str(call.url.query[key])))
    return Size.ABSENT


def size_of(key: str, value: object) -> Size:
    """What a value means to the layer that reads the key."""
    if key == PREPARED and not value and not isinstance(value, str):
        return Size.ZERO
    if value is None or isinstance(value, str) or not isinstance(value, (int, float)):
        return Size.INVALID
    if isinstance(value, bool) and key == STATEMENT:
        return Size.INVALID
    if value == 0:
        return Size.ZERO
    return Size.POSITIVE if value > 0 else Size.INVALID


def is_misplaced(call: EngineCall) -> bool:
    return STATEMENT in call.options or PREPARED in call.options or STATEMENT in call.url.query


def verdict(call: EngineCall) -> str:
    """The code of what is wrong with the sizes in this run, or "" where both are 0."""
    found = _verdict(call, moved=False)
    if not is_misplaced(call) or found == "PGB104":
        return found
    # Moving the misplaced key may be the whole repair.
    return found if _verdict(call, moved=True) else "PGB105"


def _verdict(call: EngineCall, *, moved: bool) -> str:
    sizes = [size(call, key, moved=moved) for key in (STATEMENT, PREPARED)]
    if Size.INVALID in sizes:
        return "PGB104"
    if Size.POSITIVE in sizes:
        return "PGB103"
    return ("PGB101", "PGB102", "")[sizes.count(Size.ZERO)]


def shown_by(call: EngineCall) -> set[str]:
    """The codes that one run of an engine call shows."""
    shown = {verdict(call)} - {""}
    if is_misplaced(call):
        shown.add("PGB105")
    if call.keeps_connections and not call.options.get("pool_pre_ping"):
        shown.add("PGB202" if "pool_pre_ping" in call.options else "PGB201")
    if not call.keeps_connections and QUEUE_ONLY & call.options.keys():
        shown.add("PGB203")
    if UNKNOWN_TO_ASYNCPG & call.connect_args.keys():
        shown.add("PGB205")
    return shown


def shown_of_another_driver(call: EngineCall) -> set[str]:
    """The codes that one run of an engine call of another driver shows."""
    shown = {"PGB205"} if ASYNCPG_ONLY & call.connect_args.keys() else set()
    if call.url.drivername in PSYCOPG and call.connect_args.get(THRESHOLD, 5) is not None:
        shown.add("PGB511")
    return shown


def never_connects(call: EngineCall) -> bool:
    """Whether another driver refuses a key of asyncpg's or psycopg's, so that this engine never connects."""
    foreign = ASYNCPG_ONLY if call.url.drivername in PSYCOPG else ASYNCPG_ONLY | {THRESHOLD}
    return not call.is_asyncpg and not foreign.isdisjoint(call.connect_args)


def without_threshold(call: EngineCall) -> dict[str, object]:
    """The options of a call without psycopg's threshold, which a repair sets to None."""
    options: dict[str, object] = dict(call.options)
    if call.url.drivername in PSYCOPG:
        options["connect_args"] = {key: value for key, value in call.connect_args.items() if key != THRESHOLD}
    return options


def shown_by_all(calls: Iterable[EngineCall]) -> set[str]:
    """The codes that the runs of one engine call show, one by one or together."""
    calls = list(calls)
    ours = [call for call in calls if call.is_asyncpg]
    shown = {code for call in ours for code in shown_by(call)}
    if not ours:
        shown |= {code for call in calls for code in shown_of_another_driver(call)}
    for key in (STATEMENT, PREPARED):
        zero = [size(call, key) is Size.ZERO for call in ours]
        if any(zero) and not all(zero):
            shown.add("PGB108")
    return shown


def commands(sql: str) -> list[str]:
    """The commands of SQL in which semicolons stand between commands and in quotes, and nowhere else."""
    found, current, quoted = [], "", False
    for character in sql:
        quoted ^= character == "'"
        if character == ";" and not quoted:
            found.append(current)
            current = ""
        else:
            current += character
    return [one.strip() for one in (*found, current) if one.strip()]


def is_refused(executed: Executed) -> bool:
    """Whether a driver that prepares the SQL is given several commands at once. psycopg prepares for parameters."""
    names = sqlalchemy.text(executed.sql).compile().params if executed.function == "text" else executed.parameters
    prepares = executed.is_asyncpg or (executed.driver in PSYCOPG and bool(names and executed.parameters))
    return prepares and len(commands(executed.sql)) > 1
