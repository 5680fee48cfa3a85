"""The effects of a fix beyond its engine: on other paths to the call, other engines and other drivers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import libcst as cst

from poolsafe.checkout import driver_signs
from poolsafe.checkout.roots import is_below, nearest_project
from poolsafe.facts.driver_tests import OTHER_DRIVER, DriverTests, databases
from poolsafe.facts.engine import Driver
from poolsafe.facts.mentions import POSTGRESQL_DRIVERS, named_drivers, read_keys
from poolsafe.facts.observed import Observed
from poolsafe.facts.readers import Readers
from poolsafe.facts.views import View, begins_as, is_overridden, overridden_views_of, views_of
from poolsafe.inference import (
    Absent,
    Characters,
    Condition,
    Constant,
    Derived,
    EnvironmentVariable,
    Guard,
    IsSet,
    Literal,
    MappingValue,
    Module,
    Named,
    ObservedCall,
    Sequence,
    Setting,
    Step,
    Symbol,
    Text,
    Unknown,
    Url,
    Value,
    alternatives,
    as_text,
    compatible,
    literal,
    restrict,
)
from poolsafe.inference.models import engine_url
from poolsafe.libraries import ASYNCPG_KEYS, ENGINE_FUNCTIONS
from poolsafe.records import frozen
from poolsafe.syntax.index import last_name
from poolsafe.syntax.layout import CallLayout

# The keywords that a fix may add to the call.
_ADDED = ("connect_args", "pool_pre_ping")
# Sizes are often passed to all drivers by mistake.
_OWN_KEYS = tuple(key for key in ASYNCPG_KEYS if not key.endswith("cache_size"))
# The functions that create connections without an engine.
_CONNECTING = ("connect", "connect_async", "create_pool")


@frozen
class Passage:
    """One path to an engine call: its guard, the driver there, and one alternative of connect_args."""

    view: View
    guard: Guard
    driver: Driver
    connect_args: Value

    @property
    def holds_own_key(self) -> bool:
        """Whether connect_args certainly contain a key that only asyncpg accepts, other than a cache size."""
        content = self.connect_args
        if not isinstance(content, MappingValue):
            return False
        held = [restrict(content.get(key), (self.guard,)) for key in _OWN_KEYS if key in content.items]
        return any(all(not isinstance(single, Absent) for _, single in alternatives(value)) for value in held)


@dataclass(slots=True)
class Surroundings:
    """The other engines of a file, and the drivers and options that it names. Each is computed on first use."""

    observed: Observed
    _foreign: frozenset[int] | None = field(default=None, init=False)
    _options: list[tuple[cst.Call, frozenset[int]]] | None = field(default=None, init=False)
    _named_drivers: frozenset[str] | None = field(default=None, init=False)
    _read_items: frozenset[str | bytes] | None = field(default=None, init=False)
    _tests: list[tuple[Literal, list[Guard]]] | None = field(default=None, init=False)
    _default_urls: Guard | None = field(default=None, init=False)
    _tested_beside: dict[str, bool] = field(default_factory=dict, init=False)
    readers: Readers = field(init=False)
    tests: DriverTests = field(init=False)

    def __post_init__(self) -> None:
        self.readers = Readers(self.module)
        self.tests = DriverTests(self.observed.inference)

    @property
    def module(self) -> Module:
        """The module of the engines."""
        return self.observed.module

    def brought_keywords(self, calls: list[ObservedCall], layout: CallLayout) -> frozenset[str]:
        """Returns the keywords that the call does not contain but that its `**` may pass on some path.

        All paths count, whatever their driver and pool, because a keyword that is passed twice raises TypeError on
        each.
        """
        spelled = {argument.keyword for argument in layout.arguments}
        return frozenset(
            name for name in _ADDED if name not in spelled and any(_may_bring(seen, name) for seen in calls)
        )

    def reads_item(self, key: str) -> bool:
        """Returns whether the file reads or removes the item of a dict under a key, or tests for it."""
        if self._read_items is None:
            self._read_items = frozenset(read_keys(self.module))
        return key in self._read_items

    def passages(self, seen: ObservedCall) -> Iterator[Passage]:
        """Yields the paths to a call, including those on which the environment replaces the URL."""
        views = [*views_of(seen), *overridden_views_of(seen)]
        mixed = any(view.driver is not Driver.OTHER for view in views)
        for view in views:
            for at in seen.path:
                if not compatible(view.guard, at):
                    continue
                guard = view.guard | at
                for inner, content in alternatives(restrict(view.option("connect_args"), (guard,))):
                    if not compatible(guard, inner):
                        continue
                    one = Passage(view, guard | inner, self.driver_on(view, guard | inner), content)
                    if not (mixed and self._is_impossible(one)):
                        yield one

    def _is_impossible(self, one: Passage) -> bool:
        """Returns whether another driver would get asyncpg's keys on a path whose own condition excludes that driver.

        In that case, the condition and the URL are related in a way that the analysis cannot follow.
        """
        rules_out = self._rules_out(one.guard) or self.tests.contradict(one.guard)
        return one.driver is Driver.OTHER and one.holds_own_key and rules_out

    def driver_on(self, view: View, guard: Guard) -> Driver:
        """Returns the driver on a path, taking into account conditions that imply another driver or exclude the others.

        A value from the environment that replaces a default has the same driver if the code names no other one.
        """
        if view.driver is not Driver.UNKNOWN:
            return view.driver
        if self.tests.implied(guard).other:
            return Driver.OTHER
        if not is_overridden(view, guard):
            return Driver.UNKNOWN
        return Driver.UNKNOWN if self._may_be_another(view, guard) else Driver.ASYNCPG

    def contradicts(self, passage: Passage, guard: Guard) -> bool:
        """Returns whether a guard contains a test of the URL that is never true for asyncpg's."""
        return passage.view.driver is Driver.ASYNCPG and self._excludes_url(passage.view, guard - passage.guard, guard)

    def is_left_out(self, view: View, guard: Guard) -> bool:
        """Returns whether detection ignores a path to asyncpg's engine, although the engine may be created on it.

        The reason is a default, or a test of another URL that implies another driver. If a call has URLs of several
        drivers, such a test is likely to be about them.
        """
        if not compatible(guard, self.by_default(view).narrowed):
            return True
        if view.driver is not Driver.ASYNCPG or not self.tests.implied(guard).other:
            return False
        alone = all(one.driver is not Driver.OTHER for one in views_of(view.seen))
        return alone and not self._excludes_url(view, guard, guard)

    def _excludes_url(self, view: View, tests: Guard, guard: Guard) -> bool:
        """Returns whether one of the tests in a guard is about the URL of a view, and implies another driver."""
        urls = alternatives(engine_url(view.seen.function, view.seen.arguments))
        sources = {source for _, url in urls for source in _sources(url)}
        return any(
            self.tests.implies_other(one, guard) and not sources.isdisjoint(_asked_of(one.symbol)) for one in tests
        )

    def by_default(self, view: View) -> View:
        """Returns the view without the paths on which the environment brings another engine's URL, if it has a default.

        Only if the code tests that URL for its driver, and if the view's own URL is asyncpg's and written in the code:
        two URLs from the environment are likely to have the same driver.
        """
        if view.driver is not Driver.ASYNCPG or any(_sources(view.url)):
            return view
        guard = view.guard | self._defaults
        return replace(view, narrowed=guard) if any(compatible(guard, at) for at in view.seen.path) else view

    @property
    def _defaults(self) -> Guard:
        """The literals under which the URLs that the code tests for another driver have their defaults."""
        if self._default_urls is None:
            tested = {source for one, _ in self._tests_for_another for source in _asked_of(one.symbol)}
            self._default_urls = frozenset(
                literal(one.symbol, holds=False)
                for seen in self.observed.engine_calls
                for view in overridden_views_of(seen)
                for one in view.guard
                if one.holds and isinstance(one.symbol, IsSet) and one.symbol.value in tested
            )
        return self._default_urls

    def is_excluded(self, view: View) -> bool:
        """Returns whether one test implies that a URL is asyncpg's, and another one on each path that it is not."""
        match view.url:
            case Text(pieces=(str(), Unknown(symbol=Derived(operation="after", parts=(whole, *_))))) if (
                view.driver is Driver.ASYNCPG
            ):
                return all(
                    any(self.tests.implies_other(one, way) and whole in _asked_of(one.symbol) for one in way)
                    for way in _ways(view)
                )
        return False

    def is_refused(self, view: View) -> bool:
        """Returns whether SQLAlchemy refuses a URL of SQLite because a condition excludes its asynchronous driver.

        The `else` of `if url.split(":")[0] == "sqlite+aiosqlite"` is for other databases.
        """
        is_asynchronous = ENGINE_FUNCTIONS.get(view.seen.function, False)
        if view.driver is not Driver.OTHER or not is_asynchronous or not begins_as(view.url).startswith("sqlite"):
            return False
        sources = set(_sources(view.url))
        return all(
            any(self.tests.excludes_aiosqlite(one) and not sources.isdisjoint(_asked_of(one.symbol)) for one in way)
            for way in _ways(view)
        )

    def gives_to_another_driver(self, step: Step) -> bool:
        """Returns whether an engine of another driver gets the value written at this step."""
        return id(step.node) in self.foreign or self._is_imported_beside_another(step)

    def gives_part_to_another_driver(self, mapping: cst.BaseExpression) -> bool:
        """Returns whether an engine of another driver gets an item of this display or `dict()` call."""
        match mapping:
            case cst.Dict(elements=parts) | cst.Call(args=parts):
                return any(id(part.value) in self.foreign for part in parts)
        return False

    @property
    def foreign(self) -> frozenset[int]:
        """The ids of the nodes that write the options of other drivers' engines, and the items of these options.

        Other modules may call the functions of the file with the URL of another driver.
        """
        if self._foreign is None:
            self._foreign = frozenset(
                id(step.node)
                for seen in (*self.observed.engine_calls, *self.observed.elsewhere)
                for one in self.passages(seen)
                for value in (one.connect_args, *seen.arguments.keywords.values())
                for guard in self._ways_of_others(one, value)
                for step in _steps(value, guard)
            )
        return self._foreign

    def _ways_of_others(self, one: Passage, value: Value) -> set[Guard]:
        """Returns the guards under which an engine of another driver gets an option on a path.

        If the driver is unknown, the condition of an item may imply it.
        """
        if one.driver is not Driver.UNKNOWN:
            return {one.guard} if one.driver is Driver.OTHER else set()
        ways = {one.guard | at for at in _guards(value) if compatible(one.guard, at)}
        return {way for way in ways if self.driver_on(one.view, way) is Driver.OTHER}

    def gives_to_another_call(self, step: Step, call: cst.Call) -> bool:
        """Returns whether another call that creates an engine gets an option written at this step."""
        if self._options is None:
            self._options = [
                (seen.node, frozenset(id(step.node) for value in given for step in _steps(value, frozenset())))
                for seen in self.observed.engine_calls
                for given in [seen.arguments.keywords.values()]
            ]
        return any(node is not call and id(step.node) in steps for node, steps in self._options)

    @property
    def spreads_into_asyncpg(self) -> bool:
        """Whether the file passes a dict to asyncpg itself, as in `asyncpg.connect(**options)`."""
        calls = [site for name in _CONNECTING for site in self.module.index.calls_by_name.get(name, ())]
        return any(argument.star == "**" for site in calls for argument in site.node.args)

    def is_used_beside_another(self, step: Step, call: cst.Call) -> bool:
        """Returns whether the function that writes a value at this step is imported by a module with another driver.

        Returns False if the engine's call is in the same function.
        """
        outer = self.module.index.outermost_function(step.node)
        if outer is None or outer is self.module.index.outermost_function(call):
            return False
        users = self.observed.inference.project.users(self.module, [outer.name.value])
        return any(OTHER_DRIVER.search(other.source.text) for other in users)

    def _is_imported_beside_another(self, step: Step) -> bool:
        """Returns whether a module that imports the name bound at this step also mentions another driver."""
        name = _global_around(self.module, step.node)
        users = self.observed.inference.project.users(self.module, [name]) if name is not None else ()
        return any(OTHER_DRIVER.search(other.source.text) for other in users)

    def tests_bring_another(self, call: cst.Call) -> bool:
        """Returns whether a test that names the function or class around a call also names another driver.

        Such a test may create an engine of that driver with the call, which a safe fix must not break.
        """
        around = [at for at in self.module.index.around(call) if isinstance(at, (cst.FunctionDef, cst.ClassDef))]
        if not around:
            return False
        project = self.observed.inference.project
        usual, every = project.programs(self.module), project.programs(self.module, with_tests=True)
        if usual is None or every is None:
            return False
        known = {one.path for one in usual}
        name = around[-1].name.value
        tests = (one.path for one in every if one.path not in known and project.mentions(one, self.module, [name]))
        return any(one is not None and OTHER_DRIVER.search(one.source.text) for one in map(project.at, tests))

    def may_be_another_driver(self, calls: list[ObservedCall]) -> bool:
        """Returns whether the environment may replace the URL with that of another driver that the code names.

        A call is not affected if it is only reached where a condition has excluded such a driver.
        """
        return any(
            view.driver is not Driver.ASYNCPG and any(self._may_be_another(view, way) for way in _ways(view))
            for seen in calls
            for view in (*views_of(seen), *overridden_views_of(seen))
            if is_overridden(view)
        )

    def _may_be_another(self, view: View, way: Guard) -> bool:
        """Returns whether the code names another driver, tests the URL for one, or passes an argument only to one.

        `way` is the guard of a path. Drivers that it excludes do not count; if the code names them, no others do.
        """
        if self._leaves_default(way):
            return False
        if self.code_names_another() or self._is_tested_somewhere(view.seen) or self._is_set_to_another(view):
            return True
        guards = (at for value in view.seen.arguments.keywords.values() for at in _guards(value))
        if any(compatible(way, at) and self.tests.implied(at).other for at in guards):
            return True
        return self._is_tested(view.url, view.guard, way)

    def _is_set_to_another(self, view: View) -> bool:
        """Returns whether an env file or a test may give the variable of a URL another driver."""
        known = [one.name for one in _sources(view.url) if isinstance(one, (EnvironmentVariable, Setting))]
        names = tuple(name.upper() for name in known if isinstance(name, str))
        return bool(names) and self.observed.inference.project.brings_another(self.module, names)

    def _is_tested_somewhere(self, seen: ObservedCall) -> bool:
        """Returns whether the file, a module that the URL comes from or another user of it tests for another driver."""
        urls = alternatives(engine_url(seen.function, seen.arguments))
        sources = {step.module.path: step.module for _, url in urls for step in url.provenance}
        return any(map(self._has_testing_users, {**sources, self.module.path: self.module}.values()))

    def _has_testing_users(self, source: Module) -> bool:
        """Returns whether a module, one that imports it, or one that creates engines tests for another driver.

        An engine of another project in the same checkout gets no URL of this one.
        """
        found = self._tested_beside.get(source.path)
        if found is None:
            asks, project = driver_signs.asks_for_driver, self.observed.inference.project
            found = self._tested_beside[source.path] = (
                asks(source.source.code)
                or bool(project.other_paths(source, driver_signs.TESTED, asks, importing=True, own=False))
                or any(
                    is_below(path, nearest_project(source.path))
                    for path in project.other_paths(source, driver_signs.ENGINES, asks, importing=False, own=False)
                )
            )
        return found

    def expects_another(self, url: Value, guard: Guard, path: tuple[Guard, ...], own: str) -> bool:
        """Returns whether the environment may select another driver: the code names one or tests the URL for one."""
        ways = (guard | at for at in path if compatible(guard, at))
        return self.code_names_another(own) or any(self._is_tested(url, guard, way) for way in ways)

    def _is_tested(self, url: Value, guard: Guard, way: Guard) -> bool:
        """Returns whether a URL may fail a test for its driver on a path, even if the result has no effect.

        `way` is the guard of the path. The tests in `guard` chose the URL and do not count.
        """
        sources = set(_sources(url))
        return any(
            one not in guard
            and not sources.isdisjoint(_asked_of(one.symbol))
            and any(compatible(way, at) for at in asked)
            for one, asked in self._tests_for_another
        )

    @property
    def _tests_for_another(self) -> list[tuple[Literal, list[Guard]]]:
        """The literals that imply another driver, with the guards under which the code tests them and they may hold."""
        if self._tests is None:
            self._tests = [
                (one, [at | {one} for at in asked if compatible(at, frozenset((one,)))])
                for predicate, asked in self.observed.inference.asked()
                for one in (literal(predicate, holds=True), literal(predicate, holds=False))
                if self.tests.implies_other(one)
            ]
        return self._tests

    def code_names_another(self, own: str = "asyncpg") -> bool:
        """Returns whether the file names a driver other than its own, which the environment may then select."""
        return not self._names <= {own}

    @property
    def _names(self) -> frozenset[str]:
        if self._named_drivers is None:
            self._named_drivers = frozenset(named_drivers(self.module))
        return self._named_drivers

    def _leaves_default(self, guard: Guard) -> bool:
        """Returns whether a guard excludes the other databases that the code names."""
        implied = self.tests.implied(guard)
        if implied.postgresql and self._names.isdisjoint(POSTGRESQL_DRIVERS):
            return True
        return bool(implied.excluded) and databases(" ".join(self._names)) <= implied.excluded

    def _rules_out(self, guard: Guard) -> bool:
        return bool(self.tests.implied(guard).excluded)


def _ways(view: View) -> list[Guard]:
    """Returns the guards of the paths to the call in a view."""
    return [view.guard | at for at in view.seen.path if compatible(view.guard, at)]


def _global_around(module: Module, node: cst.CSTNode) -> str | None:
    """Returns the global name bound by the statement around a node, or None inside functions."""
    name = None
    for at in (node, *module.index.around(node)):
        if isinstance(at, (cst.FunctionDef, cst.Lambda)):
            return None
        if isinstance(at, cst.ClassDef):
            name = at.name.value
        elif isinstance(at, cst.Assign):
            name = last_name(at.targets[0].target)
    return name


def _sources(url: Value) -> Iterator[Symbol]:
    """Yields the variables, settings and parameters that may contain the driver of a URL."""
    names = [single for _, single in alternatives(url.drivername)] if isinstance(url, Url) else [url]
    for piece in (piece for name in names for piece in as_text(name).pieces):
        for one in piece.symbol.distinct() if isinstance(piece, Unknown) and piece.symbol is not None else ():
            if not isinstance(one, (Characters, Constant, Named)) and not any(one.inner()):
                yield one


def _asked_of(predicate: Symbol) -> Iterator[Symbol]:
    """Yields the symbols that a predicate tests. For a long condition, these are the symbols of its parts."""
    if isinstance(predicate, Condition):
        for one in {one.symbol for way in predicate.then for one in way}:
            yield from one.distinct()
    else:
        yield from predicate.distinct()


def _guards(value: Value) -> Iterator[Guard]:
    """Yields the guards of the alternatives of a value, and of those of its items."""
    for guard, single in alternatives(value):
        yield guard
        if isinstance(single, MappingValue):
            for item in single.items.values():
                yield from _guards(item)


def _steps(value: Value, guard: Guard) -> Iterator[Step]:
    """Yields the steps where a value, and the values in it, are first written, if they are possible under a guard."""
    for inner, single in alternatives(value):
        if not compatible(guard, inner):
            continue
        yield from single.provenance[:1]
        match single:
            case MappingValue():
                for item in single.items.values():
                    yield from _steps(item, guard)
            case Sequence():
                for item in single.items:
                    yield from _steps(item, guard)
            case Url():
                yield from _steps(single.query, guard)


def _may_bring(seen: ObservedCall, name: str) -> bool:
    if seen.arguments.open_keywords is not None:
        return True
    given = seen.arguments.keywords.get(name)
    return given is not None and any(not isinstance(one, Absent) for _, one in alternatives(restrict(given, seen.path)))
