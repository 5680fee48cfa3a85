"""Judges an engine in a deployment by the rows of the tables that apply to it, with their severity."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from poolsafe.facts.deployment import Deployment, PoolMode, at_least, older_than
from poolsafe.facts.engine import CacheSize, Driver, Engine, MisplacedWhere, NameFunction, SizeState
from poolsafe.facts.pooler import PoolerClass
from poolsafe.findings import Severity
from poolsafe.verdicts.generations import generations_of
from poolsafe.verdicts.name_table import name_problem
from poolsafe.verdicts.pooler_effects import BREAKING, CARRYING, class_of, severity
from poolsafe.verdicts.problems import SIZES, Problem, States, Verdict
from poolsafe.verdicts.size_table import size_problem


def is_asyncpg(engine: Engine, deployment: Deployment) -> bool:
    """Returns whether the engine is checked, because its driver is asyncpg, or unknown and assumed to be asyncpg."""
    match engine.url.driver:
        case Driver.ASYNCPG:
            return True
        case Driver.OTHER:
            return False
    # create_engine() with an unknown URL nearly always uses a synchronous driver. If the driver in a URL is a variable,
    # there are probably several: only the user's setting can decide that, not a list of dependencies.
    decided = not engine.url.chooses_driver or deployment.because("assume-driver") is None
    return deployment.assume_asyncpg is True and engine.asynchronous and decided


def judge(engine: Engine, deployment: Deployment) -> tuple[Verdict, ...]:
    """Returns the verdicts on one engine, at most one of them on its cache sizes.

    If asyncpg is known to be old, it names statements even with both sizes at 0. If an empty name is not known to help,
    that is a separate verdict next to the one on the sizes, so that fixing the sizes reveals no new problem. There is
    no verdict on the sizes if they are checked in another module.
    """
    if not is_asyncpg(engine, deployment):
        return ()
    found = _with_names(engine, deployment)
    return tuple(verdict for verdict in found if not (engine.judged_in and verdict.problem in SIZES))


def _with_names(engine: Engine, deployment: Deployment) -> tuple[Verdict, ...]:
    found = _judged(engine, deployment)
    faulty = bool(engine.sizes.misplaced) or any(verdict.problem in SIZES for verdict in found)
    unknown = any(size.state is SizeState.UNKNOWN for size in engine.sizes.both)
    if not faulty or unknown or _has(found, Problem.NAMED) or knows_empty_names(engine, deployment):
        return found
    left = _left_with_zeros(engine, deployment)
    return (*found, *(verdict for verdict in left if verdict.problem is Problem.NAMED))


def _judged(engine: Engine, deployment: Deployment) -> tuple[Verdict, ...]:
    found = verdicts(_states(engine), deployment)
    if not engine.sizes.misplaced or any(verdict.problem is Problem.INVALID for verdict in found):
        return found
    moved = {verdict.problem for verdict in verdicts(_states(engine, moved=True), deployment)}
    if moved & SIZES - {Problem.PARTIAL}:
        return found
    # Moving the misplaced key and adding the other one fixes everything, and PGB105 mentions both.
    return tuple(verdict for verdict in found if verdict.problem not in SIZES)


def unsettled_size(engine: Engine, deployment: Deployment) -> CacheSize | None:
    """Returns an unknown cache size that decides whether the engine is reported, or None."""
    states = _states(engine)
    # A misplaced key has its own finding, which says what to do about the sizes.
    if engine.sizes.misplaced or _has_size_problem(states, deployment):
        return None
    likely = (SizeState.ABSENT, SizeState.POSITIVE)
    candidates = (
        (engine.sizes.statement, states.statement, [states._replace(statement=state) for state in likely]),
        (engine.sizes.prepared, states.prepared, [states._replace(prepared=state) for state in likely]),
    )
    for size, state, settled in candidates:
        if state is SizeState.UNKNOWN and any(_has_size_problem(each, deployment) for each in settled):
            return size
    return None


def _has_size_problem(states: States, deployment: Deployment) -> bool:
    return any(verdict.problem in SIZES for verdict in verdicts(states, deployment))


def is_spared(engine: Engine, deployment: Deployment) -> bool:
    """Returns whether the engine would be reported, or could not be checked, only behind a transaction pooler."""
    shared = replace(deployment, pooler=PoolMode.TRANSACTION, product=None, max_prepared_statements=None)
    return bool(judge(engine, shared)) or unsettled_size(engine, shared) is not None


def knows_empty_names(engine: Engine, deployment: Deployment) -> bool:
    """Returns whether the known versions support the empty name: asyncpg >= 0.28 and SQLAlchemy >= 2.0.10."""
    if engine.creator is not None:
        return False
    return at_least(deployment.asyncpg, (0, 28)) and at_least(deployment.sqlalchemy, (2, 0, 10))


def would_keep_names(engine: Engine, deployment: Deployment) -> bool:
    """Returns whether statements would still keep their names if both sizes were 0."""
    return _has(_left_with_zeros(engine, deployment), Problem.NAMED)


def is_name_unsafe_with_zeros(engine: Engine, deployment: Deployment) -> bool:
    """Returns whether the name function of an engine would still fail if both sizes were 0."""
    return _has(_left_with_zeros(engine, deployment), Problem.UNSAFE_NAME)


def may_fail_by_name(engine: Engine, deployment: Deployment) -> bool:
    """Returns whether an unknown name function may fail in this engine, even if both sizes were 0."""
    zeros = _states(engine)._replace(statement=SizeState.ZERO, prepared=SizeState.ZERO)
    given = (zeros._replace(name=name) for name in (NameFunction.EMPTY, NameFunction.UNIQUE))
    return any(_has(verdicts(states, deployment), Problem.UNSAFE_NAME) for states in given)


def _has(found: Iterable[Verdict], problem: Problem) -> bool:
    return any(verdict.problem is problem for verdict in found)


def _left_with_zeros(engine: Engine, deployment: Deployment) -> tuple[Verdict, ...]:
    zeros = _states(engine)._replace(statement=SizeState.ZERO, prepared=SizeState.ZERO)
    return verdicts(zeros, deployment)


def verdicts(states: States, deployment: Deployment) -> tuple[Verdict, ...]:
    """Returns the tables' verdicts on these client settings in this deployment."""
    pooler = class_of(deployment)
    generations = generations_of(deployment)
    found = []
    for rows in (size_problem, name_problem):
        problems = [rows(states, generation, pooler) for generation in generations]
        sure = None not in problems
        # Both sizes at 0 work unless asyncpg is known to be old, and so do names on a direct connection.
        silent = {Problem.NAMED, Problem.UNSAFE_NAME} if pooler not in BREAKING | CARRYING else {Problem.NAMED}
        problem = next((each for each in problems if each is not None and (sure or each not in silent)), None)
        if problem is not None:
            always = all(rows(states, generation, PoolerClass.DIRECT) is problem for generation in generations)
            found.append(Verdict(problem, _weigh(problem, deployment, sure=sure, always=always)))
    if states.name in (NameFunction.EMPTY, NameFunction.UNIQUE) and older_than(deployment.sqlalchemy, (2, 0, 10)):
        # TypeError: connect() got an unexpected keyword argument 'prepared_statement_name_func', on any server.
        found = [verdict for verdict in found if verdict.problem is not Problem.UNSAFE_NAME]
        found.append(Verdict(Problem.UNSAFE_NAME, Severity.ERROR))
    if deployment.pooler is PoolMode.STATEMENT and states.autocommit is False:
        found.append(Verdict(Problem.TRANSACTION, Severity.ERROR))
    return tuple(found)


def _weigh(problem: Problem, deployment: Deployment, *, sure: bool, always: bool) -> Severity:
    if always:
        return Severity.ERROR
    # It is unknown whether a conditional size applies with the pooler, and whether an unknown asyncpg is old.
    if problem is Problem.CONDITIONAL or not sure:
        return Severity.WARNING
    return severity(deployment)


def _states(engine: Engine, *, moved: bool = False) -> States:
    """Returns the client settings of an engine; with `moved`, as if every misplaced key had been moved."""
    sizes = {size.key: size.state for size in engine.sizes.both}
    for misplaced in engine.sizes.misplaced if moved else ():
        if misplaced.where is not MisplacedWhere.ASYNCPG_CALL:
            sizes[misplaced.key] = _state(misplaced.value)
    statement, prepared = sizes[engine.sizes.statement.key], sizes[engine.sizes.prepared.key]
    # A creator can hardly set SQLAlchemy's own cache size, so asyncpg's size decides alone.
    if engine.creator is not None and statement is SizeState.ZERO and prepared is SizeState.ABSENT:
        prepared = SizeState.ZERO
    name = engine.naming.name_function
    # A custom connection class may name statements in its own way.
    if engine.naming.own_class and name is NameFunction.ABSENT:
        name = NameFunction.UNKNOWN
    return States(statement, prepared, name, engine.autocommit, later=bool(engine.autocommit_later))


def _state(value: str) -> SizeState:
    number = value.strip("\"'")
    if not number.isdecimal():
        return SizeState.UNKNOWN
    return SizeState.POSITIVE if number.strip("0") else SizeState.ZERO
