"""What a fix would reach beside the engine it is made for: other paths to the call, other engines, other drivers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import libcst as cst

from poolsafe.facts.conditions import words_of
from poolsafe.facts.engine import Driver
from poolsafe.facts.views import overridden_views_of, views_of
from poolsafe.inference.index import children
from poolsafe.inference.lattice import (
    Absent,
    Guard,
    Key,
    MappingValue,
    Sequence,
    Step,
    Url,
    Value,
    alternatives,
    restrict,
)
from poolsafe.inference.modules import Module
from poolsafe.inference.world import EngineCall, World
from poolsafe.syntax.layout import CallLayout

# What a fix may add to the call as a keyword.
_ADDED = ("connect_args", "pool_pre_ping")
# Only in lower case: `MYSQL_HOST` is the name of a variable.
_OTHER_DRIVER = re.compile(r"sqlite|mysql|mariadb|oracle|mssql|psycopg|pg8000|asyncmy|duckdb|libsql|snowflake")
_ASKS_OTHERWISE = frozenset({"!=", "not in"})


def brought_keywords(calls: list[EngineCall], layout: CallLayout) -> frozenset[str]:
    """Returns the keywords that no argument of the call spells out but that its `**` brings on some path.

    All paths count, whichever driver and pool they have: a keyword that is given twice is a TypeError on each of them.
    """
    written = {argument.keyword for argument in layout.arguments}
    return frozenset(name for name in _ADDED if name not in written and any(_may_bring(seen, name) for seen in calls))


def _may_bring(seen: EngineCall, name: str) -> bool:
    if seen.arguments.open_keywords is not None:
        return True
    given = seen.arguments.keywords.get(name)
    return given is not None and any(not isinstance(one, Absent) for _, one in alternatives(restrict(given, seen.path)))


@dataclass(slots=True)
class Surroundings:
    """The other engines of a file, and the drivers that it names. Both are looked up when first asked for."""

    world: World
    module: Module
    _foreign: set[int] | None = field(default=None, init=False)
    _names_other: bool | None = field(default=None, init=False)

    def gives_to_another_driver(self, step: Step) -> bool:
        """Whether an engine of another driver gets what is written at this step."""
        if self._foreign is None:
            seen = [one for one in self.world.engine_calls if one.observer is self.module]
            views = [view for one in seen for view in views_of(one) if view.driver is Driver.OTHER]
            self._foreign = {id(one.node) for view in views for one in _steps(view.option("connect_args"))}
        return id(step.node) in self._foreign

    def may_be_another_driver(self, calls: list[EngineCall]) -> bool:
        """Whether the environment may replace the URL by that of another driver: the code names one.

        A call that is reached only where a condition has ruled such a driver out is not concerned.
        """
        for seen in calls:
            if not any(view.driver is not Driver.ASYNCPG for view in overridden_views_of(seen)):
                continue
            if self._code_names_another() and not all(self._rules_out(guard) for guard in seen.path):
                return True
        return False

    def _code_names_another(self) -> bool:
        if self._names_other is None:
            self._names_other = _names_another(self.module)
        return self._names_other

    def _rules_out(self, guard: Guard) -> bool:
        return any(
            truth is _asks_otherwise(key) and _OTHER_DRIVER.search(words_of(self.world, key)) for key, truth in guard
        )


def _asks_otherwise(key: Key) -> bool:
    """Whether the condition is true where the driver is not the one that it names, as `url != "sqlite://"` is."""
    return isinstance(key, tuple) and any(
        part in _ASKS_OTHERWISE if isinstance(part, str) else _asks_otherwise(part) for part in key
    )


def _steps(value: Value) -> Iterator[Step]:
    """Yields where a value and all that is in it are written."""
    for _, single in alternatives(value):
        yield from single.trail[:1]
        match single:
            case MappingValue():
                for item in single.items.values():
                    yield from _steps(item)
            case Sequence():
                for item in single.items:
                    yield from _steps(item)
            case Url():
                yield from _steps(single.query)


def _names_another(module: Module) -> bool:
    """Whether a string of the code, docstrings apart, names another driver or its dialect."""
    if _OTHER_DRIVER.search(module.source.text) is None:
        return False
    stack: list[cst.CSTNode] = [module.tree.module]
    while stack:
        node = stack.pop()
        if isinstance(node, (cst.SimpleString, cst.FormattedStringText)):
            if _OTHER_DRIVER.search(node.value):
                return True
        elif not (isinstance(node, cst.Expr) and isinstance(node.value, (cst.SimpleString, cst.ConcatenatedString))):
            stack += children(node)
    return False
