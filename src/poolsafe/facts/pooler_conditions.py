"""Conditions on the pooler or the driver: tells whether cache sizes depend on the right thing."""

from __future__ import annotations

import re
from collections.abc import Iterable

import libcst as cst

from poolsafe.inference import Characters, Comparison, EnvironmentVariable, Guard, Inference, IsSet, Literal, Symbol

_POOLER = re.compile(
    r"pgbouncer|pg_bouncer|bouncer|pooler|pool_mode|poolmode|pooling|transaction|supavisor|supabase|neon|asyncpg|driver"
    r"|dialect|sqlite|postgres|prepared|statement_cache|\b6543\b|\b6432\b",
    re.IGNORECASE,
)
# Only in lower case: `MYSQL_HOST` is the name of a variable.
OTHER_DRIVER = re.compile(r"sqlite|mysql|mariadb|oracle|mssql|psycopg|pg8000|asyncmy|duckdb|libsql|snowflake")
_ASYNCPG_SCHEME = "postgresql+asyncpg://"
_ASKS_OTHERWISE = frozenset({"!=", "not in"})


def asks_for_pooler(inference: Inference, guards: Iterable[Guard]) -> bool:
    """Returns whether a guard tests for a pooler, a driver or prepared statements by name.

    A predicate that a variable or field is set does not count, unless the code tests exactly that.
    """
    predicates = {one.symbol for guard in guards for one in guard}
    asked = [one for one in predicates if not _is_implied(inference, one)]
    return any(_POOLER.search(words_of(inference, one)) for one in asked)


def _is_implied(inference: Inference, predicate: Symbol) -> bool:
    """Returns whether a predicate only says that a default is overridden, without a test in the code."""
    match predicate:
        case IsSet(value=EnvironmentVariable()):
            return inference.written_at(predicate) is None
        case IsSet():
            return True
    return False


def says_of_driver(inference: Inference, one: Literal) -> bool | None:
    """Returns whether a literal implies another driver (True) or excludes one (False), or None if neither."""
    words = words_of(inference, one.symbol)
    if OTHER_DRIVER.search(words):
        return one.holds is not _asks_otherwise(one.symbol)
    asked = "asyncpg" in words or _asks_for_postgresql(one.symbol)
    return True if asked and one.holds is _asks_otherwise(one.symbol) else None


def _asks_for_postgresql(symbol: Symbol) -> bool:
    """Returns whether a predicate fails for other schemes than PostgreSQL's, as `url.startswith("postgresql")` does.

    `url.startswith("postgresql://")` fails for asyncpg's own scheme as well.
    """
    for one in symbol.distinct():
        match one:
            case Comparison(operator="startswith" | "contains", right=Characters(pieces=(str() as scheme,))):
                if scheme.startswith("postgres") and _ASYNCPG_SCHEME.startswith(scheme):
                    return True
            case Comparison(operator="==", right=Characters(pieces=(str() as scheme,))):
                if scheme.startswith("postgres"):
                    return True
    return False


def _asks_otherwise(symbol: Symbol) -> bool:
    """Returns whether a predicate holds if the driver is not the named one, as `url != "sqlite://"` does."""
    return any(isinstance(one, Comparison) and one.operator in _ASKS_OTHERWISE for one in symbol.distinct())


def words_of(inference: Inference, predicate: Symbol) -> str:
    """Returns the words and numbers of a predicate, both as written in the code and in its symbol."""
    found = inference.written_at(predicate)
    written = "" if found is None else cst.Module([]).code_for_node(found)
    return " ".join([*predicate.words(), written])
