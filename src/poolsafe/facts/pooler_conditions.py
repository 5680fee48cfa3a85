"""Conditions on the pooler or the driver, which cache sizes may depend on."""

from __future__ import annotations

import re
from collections.abc import Iterable

from poolsafe.inference import (
    Characters,
    Comparison,
    EnvironmentVariable,
    Guard,
    Inference,
    IsSet,
    IsTrue,
    Literal,
    Symbol,
)

_POOLER = re.compile(
    r"pgbouncer|pg_bouncer|bouncer|pooler|pool_mode|poolmode|pooling|transaction|supavisor|supabase|neon|asyncpg|driver"
    r"|dialect|sqlite|postgres|prepared|statement_cache|\b6543\b|\b6432\b",
    re.IGNORECASE,
)
# Only in lower case: `MYSQL_HOST` is the name of a variable.
OTHER_DRIVER = re.compile(
    r"sqlite|check_same_thread|mysql|mariadb|oracle|mssql|psycopg|pg8000|asyncmy|duckdb|libsql|snowflake"
)
_ASYNCPG_SCHEME = "postgresql+asyncpg://"
_ASKS_OTHERWISE = frozenset({"!=", "not in"})


def asks_for_pooler(inference: Inference, off: Iterable[Guard], on: Iterable[Guard]) -> bool:
    """Returns whether the code selects `off` by a test that names a pooler, a driver or prepared statements.

    `off` are the guards of the paths on which a cache is disabled, and `on` those of the other paths. A predicate that
    a variable or field is set does not count, unless the code tests exactly that.
    """
    off, on = set(off), set(on)
    asking = {
        symbol
        for symbol in {one.symbol for guard in off | on for one in guard}
        if not _is_implied(inference, symbol) and _POOLER.search(words_of(inference, symbol))
    }
    return bool(asking) and not asking.isdisjoint(_deciding(off, on))


def _deciding(off: set[Guard], on: set[Guard]) -> set[Symbol]:
    """Returns the predicates that decide between two sets of paths.

    A predicate that holds on the nearest paths of both sets does not decide: under `if "asyncpg" in url` both values of
    `0 if debug else 50` are possible.
    """
    if not on:
        return {one.symbol for guard in off for one in guard}
    found: set[Symbol] = set()
    for way in on:
        opposed = {frozenset(one.symbol for one in way if one ^ 1 in other) for other in off} - {frozenset()}
        nearest = [one for one in opposed if not any(other < one for other in opposed)]
        # Paths without contradictory literals differ in the literals that only one of them has.
        found.update(*(nearest or ({one.symbol for one in way ^ other} for other in off)))
    return found


def _is_implied(inference: Inference, predicate: Symbol) -> bool:
    """Returns whether a predicate only means that a default is overridden, without a test in the code."""
    match predicate:
        case IsSet(value=EnvironmentVariable()):
            return inference.written_at(predicate) is None
        case IsSet():
            return True
    return False


def says_of_driver(inference: Inference, one: Literal) -> bool | None:
    """Returns whether a literal implies another driver (True) or excludes one (False), or None if neither."""
    words = " ".join([*_looked_for(one.symbol).words(), _as_written(inference, one.symbol)])
    if OTHER_DRIVER.search(words):
        return one.holds is not _asks_otherwise(one.symbol)
    asked = "asyncpg" in words or _asks_for_postgresql(one.symbol)
    return True if asked and one.holds is _asks_otherwise(one.symbol) else None


def _looked_for(symbol: Symbol) -> Symbol:
    """Returns the needle of a test of a partly known string, or the predicate itself if it is not such a test.

    `"pooler" in url` is not about the driver in the known part of the URL.
    """
    match symbol:
        case IsTrue(value=Comparison(operator="startswith" | "endswith" | "contains", left=Characters(), right=right)):
            return right if isinstance(right, Symbol) else symbol
    return symbol


def _asks_for_postgresql(symbol: Symbol) -> bool:
    """Returns whether a predicate is false for all schemes but PostgreSQL's, as `url.startswith("postgresql")` is.

    `url.startswith("postgresql://")` is false for asyncpg's own scheme as well.
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
    return " ".join([*predicate.words(), _as_written(inference, predicate)])


def _as_written(inference: Inference, predicate: Symbol) -> str:
    """Returns the source text of the condition that a predicate represents, or "" if the program contains none."""
    found = inference.written_at(predicate)
    return "" if found is None else found[0].text(found[1])
