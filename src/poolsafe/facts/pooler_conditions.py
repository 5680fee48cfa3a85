"""Conditions on the pooler or the driver that cache sizes may depend on."""

from __future__ import annotations

import re
from collections.abc import Iterable

from poolsafe.inference import (
    EnvironmentVariable,
    Guard,
    Inference,
    IsSet,
    Symbol,
)

_POOLER = re.compile(
    r"pgbouncer|pg_bouncer|bouncer|pooler|pool_mode|poolmode|pooling|transaction|supavisor|supabase|neon|asyncpg|driver"
    r"|dialect|sqlite|postgres|prepared|statement_cache|\b6543\b|\b6432\b",
    re.IGNORECASE,
)
_SIZE = r"""['"](?:prepared_)?statement_cache_size['"]"""
_OPTION = re.compile(rf"(?<![\w.])[\w.]+(?:\.get\(|\[)\s*{_SIZE}|{_SIZE}\s+(?:not\s+)?in\s+[\w.]+|{_SIZE}")


def asks_for_pooler(inference: Inference, off: Iterable[Guard], on: Iterable[Guard]) -> bool:
    """Returns whether the code selects `off` by a test that names a pooler, a driver or prepared statements.

    `off` are the guards of the paths on which a cache is disabled, and `on` those of the other paths. The predicate
    that a variable or field is set does not count, unless the code tests exactly that.
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


def words_of(inference: Inference, predicate: Symbol) -> str:
    """Returns the words and numbers of a predicate, both as written in the code and in its symbol."""
    return " ".join([*predicate.words(), _as_written(inference, predicate)])


def _as_written(inference: Inference, predicate: Symbol) -> str:
    """Returns the source text of the condition that a predicate represents, or "" if the program contains none.

    An option that it reads is left out: `driver_args.get("statement_cache_size") == 0` does not choose the size.
    """
    found = inference.written_at(predicate)
    return "" if found is None else _OPTION.sub("", found[0].text(found[1]))
