"""Finds out what a program's conditions imply about an engine's driver: that it is, or is not, another driver."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import libcst as cst

from poolsafe.checkout.driver_signs import OTHERS
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

# Only in lower case: `MYSQL_HOST` is the name of a variable.
OTHER_DRIVER = re.compile(f"check_same_thread|{OTHERS.decode()}")
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
        node, text = self._written(one)
        if isinstance(node, cst.BooleanOperation):
            operator = cst.And if one.holds else cst.Or
            parts = [_of_words(text(part), one.holds is asks) for part, asks in _parts(node, operator)]
            return _together([*parts, self._of_symbol(symbol, _words_looked_for(symbol), one.holds)])
        words = [*_words_looked_for(symbol), "" if node is None else text(node)]
        return self._of_symbol(symbol, words, one.holds)

    @staticmethod
    def _of_symbol(symbol: Symbol, words: Iterable[str], holds: bool) -> Implied:
        otherwise = holds is _asks_otherwise(symbol)
        found = _of_words(" ".join(words), otherwise)
        if found.excluded and _asks_for_url(symbol):
            return Implied()
        if found.other or found.excluded:
            return found
        schemes = list(_postgresql_schemes(symbol))
        return Implied(otherwise and any(map(begins_as_asyncpg, schemes)), postgresql=not otherwise and bool(schemes))

    def _written(self, one: Literal) -> tuple[cst.CSTNode | ast.Call | None, Callable[..., str]]:
        """Returns the node of a test, or None, and the function that returns the source of nodes of its module.

        A test of whether a variable is set implies nothing, even if the variable's default names a driver.
        """
        found = None if isinstance(one.symbol, IsSet) else self.inference.written_at(one.symbol)
        if found is None:
            return None, str
        module, node = found
        # A module that is only imported has `ast` nodes.
        return node if isinstance(node, (cst.CSTNode, ast.Call)) else None, module.text


def _of_words(words: str, otherwise: bool) -> Implied:
    """Returns what the words of a test imply, or with `otherwise` those of a test that fails."""
    if OTHER_DRIVER.search(words):
        return Implied(not otherwise, databases(words) if otherwise else frozenset())
    return Implied(otherwise and "asyncpg" in words)


def _parts(test: cst.BaseExpression, operator: type[cst.BaseBooleanOp]) -> Iterator[tuple[cst.BaseExpression, bool]]:
    """Yields the tests that `operator` combines, and whether each asks for a driver other than the one it names."""
    asks = False
    while isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        test, asks = test.expression, not asks
    match test:
        case cst.BooleanOperation():
            if isinstance(test.operator, operator) and not asks:
                yield from _parts(test.left, operator)
                yield from _parts(test.right, operator)
        case cst.Comparison(comparisons=[cst.ComparisonTarget(operator=cst.NotIn() | cst.NotEqual())]):
            yield test, not asks
        case _:
            yield test, asks


def _ways(one: Literal) -> tuple[Guard, ...]:
    """Returns the ways in which a long condition becomes what the literal says, or () for any other predicate."""
    if not isinstance(one.symbol, Condition):
        return ()
    return one.symbol.then if one.holds else one.symbol.other


def _words_looked_for(symbol: Symbol) -> Iterator[str]:
    """Yields the words of a test, but not those of a long condition, whose parts may be negated."""
    if not isinstance(symbol, Condition):
        yield from _looked_for(symbol).words()


def _together(parts: Sequence[Implied]) -> Implied:
    excluded = frozenset[str]().union(*(one.excluded for one in parts))
    return Implied(any(one.other for one in parts), excluded, any(one.postgresql for one in parts))


def _looked_for(symbol: Symbol) -> Symbol:
    """Returns the text that a test looks for in a partly known string, or the predicate itself if it is another test.

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
