"""Entry points: where the runs for a module begin.

The statements of the module itself are one entry point. If a target is inside a function, the functions that lead to it
and are not called in the module are entry points too. They run with their defaults; `ask_callers` then runs the
project's callers, so that parameters have the values that the callers pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import libcst as cst

from poolsafe.inference.arguments import Arguments
from poolsafe.inference.attributes import bind_method, of_class
from poolsafe.inference.callgraph import (
    Path,
    called_names,
    calls_of,
    roots,
    roots_of,
    scopes_leading_to,
    scopes_reaching,
    takes_arguments,
)
from poolsafe.inference.calls import apply
from poolsafe.inference.classes import class_attribute, mro
from poolsafe.inference.context import Frame, Interpreter, Run
from poolsafe.inference.expressions import evaluate
from poolsafe.inference.functions import call_function
from poolsafe.inference.instantiation import instantiate
from poolsafe.inference.lattice import alternatives
from poolsafe.inference.models.library_models import MODELS
from poolsafe.inference.modules import Module
from poolsafe.inference.names import force, peek
from poolsafe.inference.namespaces import namespace_of, run_to_targets
from poolsafe.inference.observations import ObservedCall, hangs_on, is_given_none, is_open
from poolsafe.inference.project import Project
from poolsafe.inference.reasons import Reason
from poolsafe.inference.slices import Use
from poolsafe.inference.state import State
from poolsafe.inference.statements import execute
from poolsafe.inference.symbols import Guard, Symbol
from poolsafe.inference.values import Class, Function, Instance, Value
from poolsafe.syntax.index import CallSite, Scope

MAX_ROOTS = 60
MAX_CALLER_ROOTS = 20
MAX_HOPS = 3
MAX_NAMES = 8  # the callers of this many are searched for one file


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
        self._extended: dict[str, bool] = {}

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
        """Runs the code that leads to calls of the module. `beside` are calls to observe without a run of their own."""
        run, module = self._run, self.module
        wanted = [*sites, *beside]
        if not wanted:
            return
        run.budget.allow_for(len(sites))
        leading = scopes_leading_to(module, wanted)
        _mark_leading(run, module, leading, wanted)
        # Earlier runs for other calls may have left these out.
        run.observations.run_functions.difference_update(id(scope) for scope in leading)
        if sites or module.number not in run.strategy.explored:
            _run_body(run, module)
        _run_roots(run, module, [path for path in roots(module, leading)[:MAX_ROOTS] if not _is_used(run, path)])
        for site in sites:
            if site.scopes and not run.observations.has_reached(site.node) and not _is_dead(run, site.scopes):
                _run_roots(run, module, [site.scopes])
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
        _run_roots(self._run, self.module, [path for path in paths if id(path[-1]) not in unfinished])
        strategy.sets_later = False
        later = {id(seen.node) for seen in self.calls[before:] if not is_given_none(seen)}
        kept = [seen for seen in self.calls if id(seen.node) not in later or not is_given_none(seen)]
        self._run.observations.calls = kept

    def reach_from(self, other: Module, sites: list[CallSite]) -> list[Path]:
        """Runs the code that leads to calls of another module.

        Returns the entry points there that did not pass known arguments, because their own callers may.
        """
        run = self._run
        leading = scopes_leading_to(other, sites)
        _mark_leading(run, other, leading, sites)
        for site in sites:
            run.observations.results.setdefault(id(site.node), [])
        if other.number not in run.strategy.explored or any(not site.scopes for site in sites):
            _run_body(run, other)
        return [path for path in roots(other, leading)[:MAX_CALLER_ROOTS] if not self._settles(other, path)]

    def _settles(self, module: Module, path: Path) -> bool:
        """Runs an entry point, and returns whether it reaches calls, all of them with known arguments."""
        before = len(self.calls)
        _run_root(self._run, module, path)
        seen = self.calls[before:]
        return bool(seen) and not any(is_open(one) for one in seen)

    def unreached(self, sites: Iterable[CallSite]) -> list[tuple[CallSite, Reason]]:
        """Returns the calls that no run has reached, each with a reason."""
        reason = Reason.BUDGET if self._run.budget.ran_out else Reason.DEAD
        return [(site, reason) for site in sites if not self._run.observations.has_reached(site.node)]

    def ask_callers(self, sites: list[CallSite], is_settled: Callable[[ObservedCall], bool]) -> None:
        """Runs the callers, in the whole project, of the functions around calls that depend on unknown parameters.

        Observations with known arguments replace those without a caller. Callers are not run for an observation if no
        argument could change its meaning, according to `is_settled`.
        """
        module = self.module
        unsettled = [site for site in sites if site.scopes and self._depends_on_caller(site, is_settled)]
        if not unsettled:
            return
        before = {id(seen) for seen in self.calls if self._is_unsure(seen)}
        asked: set[str] = set()
        queue = [(module, root, 0) for root in roots_of(module, unsettled)]
        while queue:
            home, path, hops = queue.pop(0)
            for name in called_names(home, path):
                if name in asked or hops >= MAX_HOPS or len(asked) >= MAX_NAMES:
                    continue
                asked.add(name)
                for other in self.project.callers(home, name):
                    paths = self.reach_from(other, other.index.calls_of(name))
                    queue += [(other, one, hops + 1) for one in paths]
            if isinstance(path[-1], cst.FunctionDef) and len(path) > 1 and isinstance(path[-2], cst.ClassDef):
                _run_roots(self._run, home, [path])
        self._forget(unsettled, before)

    def seen_from_other_callers(self, sites: list[CallSite]) -> list[ObservedCall]:
        """Runs calls from other modules of functions that the module calls itself, and returns what is observed.

        Detection uses the module's own calls. Fixes also consider the others, and so does an engine of another driver.
        """
        before, self._run.observations.calls = self.calls, []
        index = self.module.index
        own = index.calls_by_name
        leading = [(*index.scopes[id(scope)], scope) for scope in scopes_leading_to(self.module, sites)]
        names = {name for path in leading if takes_arguments(path) for name in called_names(self.module, path)}
        for name in sorted(one for one in names if one.removeprefix(".") in own)[:MAX_NAMES]:
            for other in self.project.callers(self.module, name, with_arguments=True):
                self.reach_from(other, other.index.calls_of(name))
        found, self._run.observations.calls = self.calls, before
        return found

    def seen_on_the_way(
        self, sites: list[CallSite], others: Iterable[tuple[Module, list[CallSite]]]
    ) -> list[ObservedCall]:
        """Runs the code that leads to calls of the module and of other modules, and returns what is observed."""
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
        if is_open(seen):
            return True
        name = self._run.observations.assumed.get(seen)
        return name is not None and self._is_extended(name)

    def _is_extended(self, name: str) -> bool:
        """Returns whether the project may have a subclass of one of the module's classes. Cached."""
        if name not in self._extended:
            own = name in self.module.index.subclasses
            self._extended[name] = own or self.project.is_extended(self.module, name)
        return self._extended[name]

    def _forget(self, sites: list[CallSite], before: set[int]) -> None:
        """Drops observations without a caller, for calls that a caller has since reached with known arguments."""
        nodes = {id(site.node) for site in sites}
        reached = {
            id(seen.node)
            for seen in self.calls
            if id(seen.node) in nodes and id(seen) not in before and not self._is_unsure(seen)
        }
        kept = [seen for seen in self.calls if id(seen.node) not in reached or not self._is_unsure(seen)]
        self._run.observations.calls = kept


def _is_used(run: Run, path: Path) -> bool:
    """Returns whether a method whose only parameter is its instance, such as a property, has already been run."""
    node = path[-1]
    takes = len(node.params.params) + len(node.params.kwonly_params) if isinstance(node, cst.FunctionDef) else 0
    return takes == 1 and isinstance(path[-2] if len(path) > 1 else None, cst.ClassDef) and _was_run(run, path)


def _is_dead(run: Run, path: Path) -> bool:
    """Returns whether the functions around an unreached call have been run, or never define the next inner one."""
    undefined = any(_was_run(run, path[:depth]) and id(path[depth]) not in run.defined for depth in range(1, len(path)))
    return undefined or _was_run(run, path)


def _was_run(run: Run, path: Path) -> bool:
    """Returns whether the innermost function of a path has been run. Another run would not reach more."""
    functions = [scope for scope in path if not isinstance(scope, cst.ClassDef)]
    return bool(functions) and id(functions[-1]) in run.observations.run_functions


def _mark_leading(run: Run, module: Module, leading: list[Scope], sites: list[CallSite]) -> None:
    """Marks functions and classes that lead to calls, and records the instances that calls of these classes create."""
    run.strategy.leading.update(id(scope) for scope in leading)
    run.strategy.targets.add_names(scope.name.value for scope in leading if not isinstance(scope, cst.Lambda))
    _mark_path(run, module, sites)
    for scope in leading:
        if isinstance(scope, cst.Lambda):
            continue
        calls = calls_of(module, scope)
        _mark_path(run, module, calls)
        if isinstance(scope, cst.ClassDef):
            for site in calls:
                run.observations.results.setdefault(id(site.node), [])


def _mark_path(run: Run, module: Module, sites: list[CallSite]) -> None:
    """Marks calls and all nodes around them, so that none of them is skipped."""
    for site in sites:
        node: cst.CSTNode | None = site.node
        path: list[int] = []
        while node is not None and id(node) not in run.strategy.targets.on_path:
            path.append(id(node))
            node = module.index.parents.get(id(node))
        run.strategy.targets.add_path(path)


def _run_body(run: Run, module: Module) -> None:
    """Runs the part of a module body that leads to targets."""
    run.strategy.explored.add(module.number)
    state = State.fresh(run.heap, module)
    run_to_targets(run, namespace_of(run, module), state)
    state.reader = None  # its functions run after all imports


def _run_roots(run: Run, module: Module, paths: list[Path]) -> None:
    for path in paths:
        _run_root(run, module, path)
        if run.budget.exhausted:
            run.observations.unfinished.add(id(path[-1]))


def _run_root(run: Run, module: Module, path: Path) -> None:
    """Runs the innermost function of `path` with unknown arguments, in its enclosing scopes."""
    state = State.fresh(run.heap)
    number = namespace_of(run, module).number
    at = Frame(run, module, number, (), state, state, kind="module", context=run.heap.number())
    holder: Value | None = None
    for depth, scope in enumerate(path):
        run.begin()
        if not isinstance(scope, cst.ClassDef):
            _run_function(at, holder, scope)
            holder = None
            continue
        found = of_class(at, holder, scope.name.value) if isinstance(holder, Class) else None
        if depth and holder is None:
            found, at = _defined(at, scope)
        holder = found or force(at, peek(at, scope.name.value))
        if not isinstance(holder, Class):
            return


def _defined(at: Frame, node: Scope) -> tuple[Value | None, Frame]:
    """Returns the function or class that a run has created at `node`, and a frame of the function that defines it.

    Returns None and `at` if no run has reached the definition.
    """
    if id(node) not in at.run.defined:
        return None, at
    value, home = at.run.defined[id(node)]
    number = at.run.heap.number()
    return value, Frame(at.run, home.module, home.number, home.parents, home.state, home.state, context=number)


def _run_function(at: Frame, holder: Value | None, node: cst.FunctionDef | cst.Lambda) -> None:
    arguments = Arguments(open_keywords=Reason.NO_CALLER)
    if isinstance(holder, Class) and isinstance(node, cst.FunctionDef):
        _run_method(at, holder, node, arguments)
        return
    function, inner = _defined(at, node)
    if function is not None:
        if isinstance(function, Function):
            call_function(inner, function, arguments, Use.TARGETS)
        return
    if isinstance(node, cst.Lambda):
        return
    found = force(at, peek(at, node.name.value))
    for _, single in alternatives(found):
        if isinstance(single, Function) and single.node.origin is node:
            call_function(at, single, arguments, Use.TARGETS)


def _run_method(at: Frame, cls: Class, node: cst.FunctionDef, arguments: Arguments) -> None:
    """Runs a method on each observed instance, or on one created with unknown arguments if there is none."""
    observations = at.run.observations
    made: list[tuple[Value, State]] = list(_instances(at.run, cls))
    before = len(observations.calls)
    if node.name.value == "__init__":
        if not made:
            instantiate(at, cls, arguments)
        return
    for instance, state in made or [(instantiate(at, cls, arguments), at.state)]:
        at.run.begin()
        number = at.run.heap.number()
        here = Frame(at.run, at.module, at.number, at.parents, state, state, kind="module", context=number)
        found, owner = class_attribute(here, cls, node.name.value)
        if isinstance(found, Function) and found.node.origin is node:
            bound = bind_method(here, found, instance, owner)
            if isinstance(bound, Function):
                call_function(here, bound, arguments, Use.TARGETS)
    if not made:
        observations.assumed.update((seen, cls.node.name) for seen in observations.calls[before:])


def _instances(run: Run, cls: Class) -> Iterator[tuple[Value, State]]:
    for made in list(run.observations.results.values()):
        for value, state in made:
            for _, single in alternatives(value):
                if isinstance(single, Instance) and any(map(cls.is_same, mro(single.cls))):
                    yield single, state
