"""Pytest's fixtures: the values of the parameters of tests and fixtures.

The order of the search follows pytest's documentation ("Fixture availability"): the module itself, then the conftest.py
of the file's folder and of each folder above it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

import libcst as cst

from poolsafe import ir
from poolsafe.inference.answers import FixtureAnswer
from poolsafe.inference.arguments import Arguments
from poolsafe.inference.context import Frame, Run
from poolsafe.inference.decorators import decorated_as
from poolsafe.inference.modules import Module
from poolsafe.inference.names import module_name, yielded
from poolsafe.inference.state import State
from poolsafe.inference.symbols import derived
from poolsafe.inference.values import Const, Function, Unknown, Value
from poolsafe.syntax.index import last_name

FIXTURE_DECORATORS = frozenset({"pytest.fixture", "pytest.yield_fixture", "pytest_asyncio.fixture"})
MAX_FOLDERS = 12


def fixture(frame: Frame, function: Function, name: str) -> Value | None:
    """Returns the value of a parameter of a test or fixture, or None if there is no such fixture."""
    if not isinstance(function.node, ir.FunctionDef) or not _asks(function, function.node.name):
        return None
    for module in _places(frame.run, function.module):
        found = module_name(frame, module, _renamed(module).get(name, name))
        if not isinstance(found, Function) or not decorated_as(found.decorators, FIXTURE_DECORATORS):
            continue
        # A parameter with the fixture's own name refers to the fixture that it overrides.
        if found.node is not function.node:
            value = _made(frame, found)
            if _is_switch(function.module, value):
                value = Unknown("a fixture that tests override")
            # All parameters with the same fixture get the same value in one test.
            return replace(value, symbol=derived("fixture", name)) if isinstance(value, Unknown) else value
    return None


def _made(frame: Frame, found: Function) -> Value:
    """Returns what a fixture gives to a test. The tests of a file share it, because each test begins from scratch."""
    run = frame.run
    if run.attempts or run.observations.observer is None or not _has_only(frame.state, run.answers.made):
        return _run(frame, found)
    strategy, seen = run.strategy, run.observations
    key = (
        found.node, tuple(run.answers.made), len(run.active), strategy.targets.version, strategy.shallow,
        strategy.sets_later, len(strategy.wanted_results),
    )  # fmt: skip
    known = run.answers.fixtures.get(key)
    before, raised, count = frame.state, frame.raised, len(run.answers.made)
    if known is None:
        calls, functions, methods = seen.calls, seen.run_functions, seen.run_on
        seen.calls, seen.run_functions, seen.run_on = [], set(), set()
        frame.state, frame.raised = before.layer(), False
        value = _run(frame, found)
        known = FixtureAnswer(
            value, frame.state.flattened(before), frame.raised, seen.calls, seen.run_functions, seen.run_on
        )
        frame.state = before
        seen.calls, seen.run_functions, seen.run_on = [*calls, *known.calls], functions, methods
        if not run.budget.exhausted and not frame.aborted:
            run.answers.fixtures[key] = known
    else:
        seen.calls += map(replace, known.calls)
    before.join([known.state])
    frame.raised = raised or known.raised
    seen.run_functions |= known.run_functions
    seen.run_on |= known.run_on
    run.answers.made[count:] = [known]  # it includes the fixtures that it asks for
    return known.value


def _run(frame: Frame, found: Function) -> Value:
    return yielded(frame, frame.apply(None, found, Arguments()))


def _has_only(state: State, made: list[FixtureAnswer]) -> bool:
    """Returns whether the only objects that a run has made or changed so far are those of some fixtures."""
    known = {slot: value for one in made for slot, value in one.state.changes.items()}
    one: State | None = state
    while one is not None:
        if any(slot[0] != "name" and known.get(slot) is not value for slot, value in one.changes.items()):
            return False
        one = one.parent
    return True


def _renamed(module: Module) -> dict[str, str]:
    """Returns the functions by the names that `@pytest.fixture(name=…)` gives them. Cached in the module."""
    memo = "renamed fixtures"
    found: dict[str, str] | None = module.memo.get(memo)
    if found is None:
        found = module.memo[memo] = {}
        for functions in module.index.functions.values():
            for node, _ in functions:
                found.update((name, node.name.value) for name in _names_given(node))
    return found


def _names_given(node: cst.FunctionDef) -> Iterator[str]:
    for decorator in node.decorators:
        call = decorator.decorator
        for argument in call.args if isinstance(call, cst.Call) and last_name(call.func) == "fixture" else ():
            if argument.keyword is not None and argument.keyword.value == "name":
                value = argument.value.evaluated_value if isinstance(argument.value, cst.SimpleString) else None
                if isinstance(value, str):
                    yield value


def _is_switch(module: Module, value: Value) -> bool:
    """Returns whether a fixture of a conftest.py is just True or False, which tests below it override."""
    return os.path.basename(module.path) == "conftest.py" and isinstance(value, Const) and isinstance(value.value, bool)


def _asks(function: Function, name: str) -> bool:
    is_test = name.startswith("test") and os.path.basename(function.module.path).startswith("test")
    return is_test or decorated_as(function.decorators, FIXTURE_DECORATORS)


def _places(run: Run, module: Module) -> Iterator[Module]:
    yield module
    folder = os.path.dirname(os.path.abspath(module.path))
    for _ in range(MAX_FOLDERS):
        found = run.project.at(os.path.join(folder, "conftest.py"))
        if found is not None and found is not module:
            yield found
        if folder == run.project.root:
            return
        folder = os.path.dirname(folder)
