"""Finds out what a program's conditions imply about an engine's driver: that it is, or is not, another driver."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import libcst as cst

from poolsafe.facts.views import begins_as_asyncpg
from poolsafe.inference import (
    Characters,
    Comparison,
    Condition,
    Guard,
    Inference,
    IsSet,
    IsTrue,
    Literal,
    Symbol,
    compatible,
)
from poolsafe.records import frozen
from poolsafe.syntax.index import descendants

# Only in lower case: `MYSQL_HOST` is the name of a variable.
OTHER_DRIVER = re.compile(
    r"sqlite|check_same_thread|mysql|mariadb|oracle|mssql|psycopg|pg8000|asyncmy|duckdb|libsql|snowflake"
)
_DATABASES = {
    "check_same_thread": "sqlite",
    "libsql": "sqlite",
    "mariadb": "mysql",
    "asyncmy": "mysql",
    "psycopg": "postgresql",
    "pg8000": "postgresql",
}
_ASKS_OTHERWISE = frozenset({"!=", "not in"})


def databases(words: str) -> frozenset[str]:
    """Returns the databases that words name by a driver, a dialect or one of their arguments."""
    return frozenset(_DATABASES.get(one, one) for one in OTHER_DRIVER.findall(words))


@frozen
class Implied:
    """What a condition implies.

    `other`: the driver is not asyncpg. `excluded` are the databases that it is not for. `postgresql`: it is for
    PostgreSQL.
    """

    other: bool = False
    excluded: frozenset[str] = frozenset()
    postgresql: bool = False


@dataclass(slots=True)
class DriverTests:
    """The conditions of the program that `inference` has run."""

    inference: Inference
    _known: dict[tuple[Literal, Guard], Implied] = field(default_factory=dict, init=False)

    def implied(self, guard: Guard) -> Implied:
        """Returns what the literals of a guard imply together."""
        return _together([self._implied_by(one, guard) for one in guard])

    @staticmethod
    def contradict(guard: Guard) -> bool:
        """Returns whether a guard contains a long condition that the rest of the guard makes impossible."""
        for one in guard:
            ways = _ways(one)
            if ways and not any(compatible(way, guard) for way in ways):
                return True
        return False

    def implies_other(self, one: Literal, guard: Guard = frozenset()) -> bool:
        """Returns whether a literal implies another driver, given the literals of a guard."""
        return self._implied_by(one, guard).other

    @staticmethod
    def excludes_aiosqlite(one: Literal) -> bool:
        """Returns whether a literal excludes SQLite's only asynchronous driver, whatever else the URL contains."""
        words = [] if isinstance(one.symbol, Condition) else list(_looked_for(one.symbol).words())
        names = any(word in ("sqlite", "sqlite+aiosqlite") for word in words)
        return names and one.holds is _asks_otherwise(one.symbol) and not any("/" in word for word in words)

    def _implied_by(self, one: Literal, guard: Guard) -> Implied:
        """Returns what a literal implies, given the literals of a guard. Cached: long conditions share parts."""
        key = one, guard if _ways(one) else frozenset()
        found = self._known.get(key)
        if found is None:
            found = self._of_test(one)
            ways = [way for way in _ways(one) if compatible(way, guard)]
            found = self._known[key] = _together([found, self._of_ways(ways)]) if ways else found
        return found

    def _of_ways(self, ways: Iterable[Guard]) -> Implied:
        """Returns what a long condition implies if it can become true in these ways."""
        parts = [_together([self._implied_by(one, way) for one in way]) for way in ways]
        excluded = frozenset.intersection(*(part.excluded for part in parts))
        return Implied(all(part.other for part in parts), excluded, all(part.postgresql for part in parts))

    def _of_test(self, one: Literal) -> Implied:
        symbol = one.symbol
        words = " ".join([*_words_looked_for(symbol), self._text(one)])
        otherwise = one.holds is _asks_otherwise(symbol)
        if OTHER_DRIVER.search(words):
            excluded = databases(words) if otherwise and not _asks_for_url(symbol) else frozenset()
            return Implied(not otherwise, excluded)
        asked = "asyncpg" in words or any(map(begins_as_asyncpg, _postgresql_schemes(symbol)))
        return Implied(asked and otherwise, postgresql=not otherwise and any(_postgresql_schemes(symbol)))

    def _text(self, one: Literal) -> str:
        """Returns the source text of a test if the literal implies the same about each part of the test, else ""."""
        found = None if isinstance(one.symbol, IsSet) else self.inference.written_at(one.symbol)
        if found is None:
            # A test whether a variable is set implies nothing, even if the variable's default names a driver.
            return ""
        module, node = found
        if isinstance(node, cst.CSTNode):
            same = _says_the_same_of_each(node, cst.And if one.holds else cst.Or)
        else:
            same = isinstance(node, ast.Call)  # from a module that is only imported
        return module.text(node) if same else ""


def _ways(one: Literal) -> tuple[Guard, ...]:
    """Returns the ways in which a long condition becomes true, or false, or () if unknown or for other predicates."""
    if not isinstance(one.symbol, Condition):
        return ()
    return one.symbol.then if one.holds else one.symbol.other


def _says_the_same_of_each(test: cst.CSTNode, operator: type[cst.BaseBooleanOp]) -> bool:
    """Returns whether a test is a single test, or combines tests only with this operator and without a negation."""
    if not isinstance(test, cst.BooleanOperation):
        return True
    return not any(
        isinstance(part, cst.UnaryOperation)
        or (isinstance(part, cst.BooleanOperation) and not isinstance(part.operator, operator))
        for part in descendants(test)
    )


def _words_looked_for(symbol: Symbol) -> Iterator[str]:
    """Yields the words of a test, but not those of a long condition, whose parts may be negated."""
    if not isinstance(symbol, Condition):
        yield from _looked_for(symbol).words()


def _together(parts: Sequence[Implied]) -> Implied:
    excluded = frozenset[str]().union(*(one.excluded for one in parts))
    return Implied(any(one.other for one in parts), excluded, any(one.postgresql for one in parts))


def _looked_for(symbol: Symbol) -> Symbol:
    """Returns the text that a test looks for in a partly known string, or the predicate itself if it is no such test.

    `"pooler" in url` is not about the driver in the known part of the URL.
    """
    match symbol:
        case IsTrue(value=Comparison(operator="startswith" | "endswith" | "contains", left=Characters(), right=right)):
            return right if isinstance(right, Symbol) else symbol
    return symbol


def _postgresql_schemes(symbol: Symbol) -> Iterator[str]:
    """Yields the schemes of PostgreSQL, or their beginnings, that a predicate tests for.

    `url.startswith("postgresql")` is false for other databases only, and `url.startswith("postgresql://")` for asyncpg
    as well.
    """
    for one in symbol.distinct():
        match one:
            case Comparison(operator="startswith" | "contains" | "==", right=Characters(pieces=(str() as scheme,))):
                if scheme.startswith("postgres"):
                    yield scheme


def _asks_for_url(symbol: Symbol) -> bool:
    """Returns whether a predicate compares with one URL of several, as `url != "sqlite:///app.db"` does."""
    match symbol:
        case IsTrue(value=Comparison(operator="==" | "!=", right=Characters() as right)):
            return any("/" in word for word in right.words())
    return False


def _asks_otherwise(symbol: Symbol) -> bool:
    """Returns whether a predicate holds if the driver is not the named one, as `url != "sqlite://"` does."""
    return any(isinstance(one, Comparison) and one.operator in _ASKS_OTHERWISE for one in symbol.distinct())
