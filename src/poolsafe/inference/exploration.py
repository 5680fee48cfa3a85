"""Entry points: where the runs for a module begin.

The statements of the module itself are one entry point. If a target is inside a function, the functions that lead to it
and are not called in the module are entry points too. They run with their defaults; `ask_callers` then runs the
project's callers, so that parameters have the values that the callers pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass, field

import libcst as cst

from poolsafe.inference.callgraph import (
    Path,
    called_names,
    roots,
    roots_of,
    scopes_leading_to,
    scopes_reaching,
    takes_arguments,
)
from poolsafe.inference.calls import apply
from poolsafe.inference.context import Interpreter, Run
from poolsafe.inference.entry_points import is_dead, is_used, mark_leading, run_body, run_root, run_roots
from poolsafe.inference.expressions import evaluate
from poolsafe.inference.models.library_models import MODELS
from poolsafe.inference.modules import Module
from poolsafe.inference.observations import ObservedCall, hangs_on, is_given_none, is_open
from poolsafe.inference.project import Project
from poolsafe.inference.reasons import Reason
from poolsafe.inference.statements import execute
from poolsafe.inference.symbols import Guard, Symbol
from poolsafe.syntax.index import CallSite, Scope

MAX_ROOTS = 60
MAX_CALLER_ROOTS = 20
MAX_HOPS = 3
MAX_NAMES = 8  # for one file, callers of this many names are searched for


@dataclass(slots=True)
class _CallerSearch:
    """A search for callers: the names searched for, and the modules run, each with the module of the function.

    While it `waits`, modules that call a method with nothing but its instance are left out. `waiting` holds the methods
    that they call.
    """

    asked: set[str] = field(default_factory=set)
    run: set[tuple[Module, Module]] = field(default_factory=set)
    waits: bool = True
    waiting: dict[Module, list[Path]] = field(default_factory=dict)


class Inference:
    """The runs for one module of a project, and what they have observed.

    Each checked file has its own `Inference`, because a module's answers depend on the targets and on the remaining
    budget. This takes 4 % more time on public code, and a file's findings never depend on other files.
    """

    def __init__(self, project: Project, module: Module) -> None:
        self.project = project
        self.module = module
        self._run = Run(project, Interpreter(evaluate, execute, apply), MODELS, module)
        self._run.observations.observer = module
        self._completed: dict[str, bool] = {}
        self._indifferent: Set[str] = frozenset()

    def __del__(self) -> None:
        """Frees the run: the frames in `defined` refer back to it, and garbage collections of cycles are rare."""
        self._run.defined.clear()

    @property
    def calls(self) -> list[ObservedCall]:
        """The observed executions of calls, in the order of the runs."""
        return self._run.observations.calls

    @property
    def emptiness_matters(self) -> bool:
        """Whether the runs have left out paths to a call that need an empty variable (`emptiness.py`)."""
        confused = self._run.emptiness.confused
        return self._run.emptiness.left_out or bool(confused and any(hangs_on(seen, confused) for seen in self.calls))

    @property
    def tests_differ(self) -> bool:
        """Whether a change that every program makes before it creates an engine, or none, may differ in a test."""
        return self._run.answers.tests_differ

    def tests_of(self, mapping: cst.CSTNode) -> Set[cst.CSTNode]:
        """Returns the tests whose result depends on which items the dict that this node creates has."""
        return self._run.observations.tests.get(mapping, frozenset())

    def asked(self) -> Iterator[tuple[Symbol, Iterable[Guard]]]:
        """Yields the predicates that the program asks about unknown values, and the guards under which it asks them."""
        for symbol, paths in self._run.asked.items():
            if self.written_at(symbol) is not None:
                yield symbol, {guard for path in paths for guard in path}

    def written_at(self, symbol: Symbol) -> tuple[Module, cst.CSTNode] | None:
        """Returns the node of the condition that a predicate represents, or None if the program contains none."""
        found = self._run.conditions.get(symbol)
        return None if found is None or found[0].is_stub else found

    def follow_names(self, names: Iterable[str]) -> None:
        """Treats these names as targets of slices, like the functions and classes that lead to a target."""
        self._run.strategy.targets.add_names(names)

    def follow_results(self, scopes: Iterable[Scope]) -> None:
        """Follows these functions and their callers even in shallow runs, because their results matter."""
        self._run.strategy.wanted_results.update(id(scope) for scope in scopes_reaching(self.module, list(scopes)))

    def functions_leading_to(self, sites: list[CallSite]) -> list[str]:
        """Returns the names of the module's functions that lead to the calls and are not called in the module."""
        paths = [path for path in roots_of(self.module, sites) if len(path) == 1]
        return [name for path in paths for name in called_names(self.module, path)]

    @contextmanager
    def shallow(self) -> Iterator[None]:
        """Within the context, follows only functions that lead to a target or whose results matter.

        The code next to a statement shows what executes it, so other functions that this code calls are not needed.
        """
        self._run.strategy.shallow = self._run.strategy.targets.make_clauses = True
        try:
            yield
        finally:
            self._run.strategy.shallow = self._run.strategy.targets.make_clauses = False

    def reach(self, sites: list[CallSite], beside: Iterable[CallSite] = ()) -> None:
        """Runs the code that leads to calls in the module. `beside` are calls to observe without a run of their own."""
        run, module = self._run, self.module
        wanted = [*sites, *beside]
        if not wanted:
            return
        run.budget.allow_for(len(sites))
        leading = scopes_leading_to(module, wanted)
        mark_leading(run, module, leading, wanted)
        # Earlier runs for other calls may have left these out.
        run.observations.run_functions.difference_update(id(scope) for scope in leading)
        run.observations.run_on.clear()
        if sites or module.number not in run.strategy.explored:
            run_body(run, module)
        run_roots(run, module, [path for path in roots(module, leading)[:MAX_ROOTS] if not is_used(run, path)])
        for site in sites:
            if site.scopes and not run.observations.has_reached(site.node) and not is_dead(run, site.scopes):
                run_roots(run, module, [site.scopes])
        self._reach_later([site for site in sites if site.scopes])

    def _reach_later(self, sites: list[CallSite]) -> None:
        """Runs the code that leads to unreached calls once more, and to calls whose first argument was None.

        This time, names and attributes that are None at first have the values that other functions assign to them.
        """
        strategy = self._run.strategy
        given = {id(seen.node) for seen in self.calls if not is_given_none(seen)}
        sites = [site for site in sites if id(site.node) not in given]
        if not sites or strategy.shallow:
            return
        before = len(self.calls)
        strategy.sets_later = True
        paths = roots(self.module, scopes_leading_to(self.module, sites))[:MAX_ROOTS]
        unfinished = self._run.observations.unfinished  # another run would get no further
        run_roots(self._run, self.module, [path for path in paths if id(path[-1]) not in unfinished])
        strategy.sets_later = False
        later = {id(seen.node) for seen in self.calls[before:] if not is_given_none(seen)}
        kept = [seen for seen in self.calls if id(seen.node) not in later or not is_given_none(seen)]
        self._run.observations.calls = kept

    def reach_from(self, other: Module, sites: list[CallSite]) -> list[Path]:
        """Runs the code that leads to calls in another module.

        Returns the entry points there that did not pass known arguments, because their own callers may.
        """
        run = self._run
        leading = scopes_leading_to(other, sites)
        mark_leading(run, other, leading, sites)
        for site in sites:
            run.observations.results.setdefault(id(site.node), [])
        if other.number not in run.strategy.explored or any(not site.scopes for site in sites):
            run_body(run, other)
        return [path for path in roots(other, leading)[:MAX_CALLER_ROOTS] if not self._settles(other, path)]

    def _settles(self, module: Module, path: Path) -> bool:
        """Runs an entry point, and returns whether it reaches calls, all of them with known arguments."""
        before = len(self.calls)
        run_root(self._run, module, path)
        seen = self.calls[before:]
        return bool(seen) and not any(is_open(one, self._indifferent) for one in seen)

    def unreached(self, sites: Iterable[CallSite]) -> list[tuple[CallSite, Reason]]:
        """Returns the calls that no run has reached, each with a reason."""
        reason = Reason.BUDGET if self._run.budget.ran_out else Reason.DEAD
        return [(site, reason) for site in sites if not self._run.observations.has_reached(site.node)]

    def ask_callers(
        self, sites: list[CallSite], is_settled: Callable[[ObservedCall], bool], indifferent: Set[str] = frozenset()
    ) -> None:
        """Runs the callers, in the whole project, of the functions around calls that depend on unknown parameters.

        Observations with known arguments replace those without a caller. Callers are not run for an observation if no
        argument could change its meaning, according to `is_settled`, nor for keywords in `indifferent`.
        """
        module = self.module
        self._indifferent = indifferent
        unsettled = [site for site in sites if site.scopes and self._depends_on_caller(site, is_settled)]
        if not unsettled:
            return
        before = {id(seen) for seen in self.calls if self._is_unsure(seen)}
        search = _CallerSearch()
        self._search_callers({module: roots_of(module, unsettled)}, search)
        # A caller that passes nothing but the instance only matters if no caller shows what the instance holds.
        if search.waiting and not {id(site.node) for site in unsettled} <= self._known_now(unsettled, before):
            search.waits = False
            self._search_callers(search.waiting, search)
        self._forget(unsettled, before)

    def _search_callers(self, reached: dict[Module, list[Path]], search: _CallerSearch) -> None:
        """Runs the callers of functions, their callers, and so on, and then each function on the instances observed."""
        for hops in range(MAX_HOPS + 1):
            found: dict[Module, list[Path]] = {}
            for home, paths in reached.items():
                for other, path in self._callers_of(home, paths, search) if hops < MAX_HOPS else ():
                    found.setdefault(other, []).append(path)
                methods = [path for path in paths if isinstance(path[-1], cst.FunctionDef) and _is_in_class(path)]
                run_roots(self._run, home, methods)
            reached = found

    def _callers_of(self, home: Module, paths: list[Path], search: _CallerSearch) -> Iterator[tuple[Module, Path]]:
        """Runs the callers of functions of a module, and yields the entry points that did not pass known arguments.

        A module is run once for all names by which it calls them.
        """
        every = [name for path in paths for name in called_names(home, path)]
        names = [name for path in paths for name in called_names(home, path, of_instance=not search.waits)]
        if len(names) < len(every):
            search.waiting.setdefault(home, []).extend(paths)
        names = [name for name in dict.fromkeys(names) if name not in search.asked]
        names = names[: max(MAX_NAMES - len(search.asked), 0)]
        search.asked.update(names)
        for path in filter(_is_in_class, paths) if search.waits else ():
            yield from self._inheriting(home, path)
        for name in names:
            for other in self.project.callers(home, name):
                if (home, other) not in search.run:
                    search.run.add((home, other))
                    calls = [site for one in dict.fromkeys((*names, *every)) for site in other.index.calls_of(one)]
                    yield from ((other, path) for path in self.reach_from(other, calls))

    def _inheriting(self, home: Module, path: Path) -> Iterator[tuple[Module, Path]]:
        """Yields a method as an entry point of each subclass that another module has of its class."""
        owner = path[-2]
        assert isinstance(owner, cst.ClassDef)
        for other in self.project.extending(home, owner.name.value):
            for subclass in other.index.subclasses_of(owner.name.value):
                yield other, (*other.index.scopes[id(subclass)], subclass, path[-1])

    def seen_from_other_callers(self, sites: list[CallSite]) -> list[ObservedCall]:
        """Runs calls from other modules to functions that the module also calls itself, and returns what is observed.

        Detection uses the module's own calls. Fixes also consider the others, and so do checks of engines of other
        drivers.
        """
        before, self._run.observations.calls = self.calls, []
        self._run.observations.run_on.clear()
        index = self.module.index
        own = index.calls_by_name
        leading = [(*index.scopes[id(scope)], scope) for scope in scopes_leading_to(self.module, sites)]
        called = (called_names(self.module, path, of_instance=False) for path in leading if takes_arguments(path))
        names = {name for several in called for name in several}
        for name in sorted(one for one in names if one.removeprefix(".") in own)[:MAX_NAMES]:
            for other in self.project.callers(self.module, name, with_arguments=True):
                self.reach_from(other, other.index.calls_of(name))
        found, self._run.observations.calls = self.calls, before
        return found

    def seen_on_the_way(
        self, sites: list[CallSite], others: Iterable[tuple[Module, list[CallSite]]]
    ) -> list[ObservedCall]:
        """Runs the code that leads to calls in the module and in other modules, and returns what is observed."""
        before, self._run.observations.calls = self.calls, []
        self.reach(sites)
        for other, calls in others:
            self.reach_from(other, calls)
        found, self._run.observations.calls = self.calls, before
        return found

    def _depends_on_caller(self, site: CallSite, is_settled: Callable[[ObservedCall], bool]) -> bool:
        seen_there = [seen for seen in self.calls if seen.node is site.node]
        return any(self._is_unsure(seen) and not is_settled(seen) for seen in seen_there)

    def _is_unsure(self, seen: ObservedCall) -> bool:
        """Returns whether another module may determine more: the arguments, or the class of the instance."""
        if is_open(seen, self._indifferent):
            return True
        name = self._run.observations.assumed.get(seen)
        return name is not None and self._is_completed(name)

    def _is_completed(self, name: str) -> bool:
        """Returns whether the project may have a subclass of a class, or set attributes of its instances. Cached."""
        if name not in self._completed:
            project, module = self.project, self.module
            own = name in module.index.subclasses
            self._completed[name] = own or any(project.extending(module, name)) or project.sets_attributes(module, name)
        return self._completed[name]

    def _known_now(self, sites: list[CallSite], before: set[int]) -> set[int]:
        """Returns the ids of the calls that a caller has reached with known arguments since `before` was computed."""
        nodes = {id(site.node) for site in sites}
        return {
            id(seen.node)
            for seen in self.calls
            if id(seen.node) in nodes and id(seen) not in before and not self._is_unsure(seen)
        }

    def _forget(self, sites: list[CallSite], before: set[int]) -> None:
        """Drops observations without a caller, for calls that a caller has since reached with known arguments."""
        reached = self._known_now(sites, before)
        kept = [seen for seen in self.calls if id(seen.node) not in reached or not self._is_unsure(seen)]
        self._run.observations.calls = kept


def _is_in_class(path: Path) -> bool:
    return len(path) > 1 and isinstance(path[-2], cst.ClassDef)
