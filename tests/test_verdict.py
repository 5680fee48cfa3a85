"""The verdict on cache sizes and statement names, as it was measured."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from poolsafe.facts.deployment import Deployment, PoolMode
from poolsafe.facts.engine import NameFunction, SizeState
from poolsafe.facts.verdict import SIZES, Problem, States, verdicts
from poolsafe.findings import Severity

ABSENT, ZERO, POSITIVE = SizeState.ABSENT, SizeState.ZERO, SizeState.POSITIVE
INVALID, SOMETIMES, UNKNOWN = SizeState.INVALID, SizeState.CONDITIONAL, SizeState.UNKNOWN
NONE, EMPTY, UNIQUE = NameFunction.ABSENT, NameFunction.EMPTY, NameFunction.UNIQUE
ERROR, WARNING = Severity.ERROR, Severity.WARNING
ANY, V032, V030, V028, V027 = None, (0, 32, 0), (0, 30, 0), (0, 28, 0), (0, 27, 0)


def deployed(**settings: Any) -> Deployment:
    return Deployment(**{"pooler": PoolMode.TRANSACTION, **settings})


# statement_cache_size, prepared_statement_cache_size, asyncpg, problem and severity behind a configured pooler
SIZE_TABLE = [
    (ABSENT, ABSENT, ANY, Problem.MISSING, ERROR),
    (ABSENT, ABSENT, V032, Problem.MISSING, ERROR),
    (ABSENT, ABSENT, V030, Problem.MISSING, ERROR),
    (ZERO, ABSENT, ANY, Problem.PARTIAL, WARNING),
    (ZERO, ABSENT, V030, Problem.PARTIAL, ERROR),
    (ZERO, ABSENT, V032, None, None),
    (ABSENT, ZERO, ANY, Problem.PARTIAL, ERROR),
    (ABSENT, ZERO, V032, Problem.PARTIAL, ERROR),
    (ZERO, ZERO, ANY, None, None),
    (ZERO, ZERO, V032, None, None),
    (POSITIVE, ABSENT, ANY, Problem.NONZERO, ERROR),
    (POSITIVE, ZERO, V032, Problem.NONZERO, ERROR),
    (POSITIVE, UNKNOWN, ANY, Problem.NONZERO, ERROR),
    (ABSENT, POSITIVE, ANY, Problem.NONZERO, ERROR),
    (ZERO, POSITIVE, ANY, Problem.NONZERO, WARNING),
    (ZERO, POSITIVE, V030, Problem.NONZERO, ERROR),
    (ZERO, POSITIVE, V032, None, None),
    (UNKNOWN, POSITIVE, V030, Problem.NONZERO, ERROR),
    (UNKNOWN, POSITIVE, V032, None, None),
    (SOMETIMES, POSITIVE, ANY, Problem.NONZERO, ERROR),
    (SOMETIMES, SOMETIMES, ANY, Problem.CONDITIONAL, WARNING),
    (SOMETIMES, ZERO, V032, Problem.CONDITIONAL, WARNING),
    (ZERO, SOMETIMES, ANY, Problem.CONDITIONAL, WARNING),
    (ZERO, SOMETIMES, V032, None, None),
    (UNKNOWN, ABSENT, ANY, None, None),
    (UNKNOWN, ZERO, ANY, None, None),
    (UNKNOWN, UNKNOWN, ANY, None, None),
    (ZERO, UNKNOWN, ANY, None, None),
    (ABSENT, UNKNOWN, ANY, None, None),
]


@pytest.mark.parametrize(("statement", "prepared", "asyncpg", "problem", "weight"), SIZE_TABLE)
def test_sizes(statement: Any, prepared: Any, asyncpg: Any, problem: Any, weight: Any) -> None:
    found = [v for v in verdicts(States(statement, prepared), deployed(asyncpg=asyncpg)) if v.problem in SIZES]
    assert [(v.problem, v.severity) for v in found] == ([(problem, weight)] if problem else [])


# name function, both sizes, AUTOCOMMIT, asyncpg, problem behind a configured pooler
NAME_TABLE = [
    (NONE, ZERO, ZERO, False, V030, Problem.NAMED),
    (NONE, ZERO, ZERO, False, V027, Problem.NAMED),
    (NONE, ZERO, ZERO, True, V030, Problem.NAMED),
    (NONE, ZERO, ZERO, False, V032, None),
    (NONE, ABSENT, ABSENT, False, V030, None),
    (UNIQUE, ZERO, ZERO, False, V030, None),
    (UNIQUE, ZERO, ZERO, False, V032, None),
    (UNIQUE, ZERO, ZERO, None, ANY, None),
    (UNIQUE, ZERO, ZERO, True, V030, Problem.UNSAFE_NAME),
    (UNIQUE, ZERO, ZERO, True, V032, Problem.UNSAFE_NAME),
    (UNIQUE, ZERO, ABSENT, False, V032, Problem.UNSAFE_NAME),
    (UNIQUE, ABSENT, ZERO, False, V032, Problem.UNSAFE_NAME),
    (UNIQUE, ABSENT, ABSENT, False, ANY, Problem.UNSAFE_NAME),
    (UNIQUE, UNKNOWN, UNKNOWN, False, ANY, None),
    (EMPTY, ZERO, ZERO, True, V030, None),
    (EMPTY, ZERO, ZERO, True, V032, None),
    (EMPTY, ZERO, ZERO, False, V027, Problem.UNSAFE_NAME),
    (EMPTY, ZERO, ABSENT, False, V032, None),
    (EMPTY, ZERO, ABSENT, False, V030, Problem.UNSAFE_NAME),
    # AUTOCOMMIT has no cursors on the server, and until 0.28 everything else fails too.
    (EMPTY, ZERO, ABSENT, True, V030, None),
    (EMPTY, ZERO, ABSENT, True, V028, Problem.UNSAFE_NAME),
    (EMPTY, ZERO, ZERO, False, V028, None),
    (EMPTY, ABSENT, ZERO, False, V032, Problem.UNSAFE_NAME),
    (EMPTY, ABSENT, ABSENT, False, V032, Problem.UNSAFE_NAME),
    (NameFunction.UNKNOWN, ABSENT, ABSENT, False, V030, None),
]


@pytest.mark.parametrize(("name", "statement", "prepared", "autocommit", "asyncpg", "problem"), NAME_TABLE)
def test_names(name: Any, statement: Any, prepared: Any, autocommit: Any, asyncpg: Any, problem: Any) -> None:
    states = States(statement, prepared, name, autocommit)
    found = [v.problem for v in verdicts(states, deployed(asyncpg=asyncpg)) if v.problem not in SIZES]
    assert found == ([problem] if problem else [])


SETTINGS = [States(*each) for each in itertools.product(SizeState, SizeState, NameFunction, [True, False, None])]
VERSIONS = [ANY, V032, V030]


@pytest.mark.parametrize("asyncpg", VERSIONS)
@pytest.mark.parametrize("pooler", [PoolMode.NONE, PoolMode.SESSION])
def test_without_a_transaction_pooler_only_refused_sizes_and_the_empty_name_fail(
    pooler: PoolMode, asyncpg: Any
) -> None:
    for states in SETTINGS:
        found = verdicts(states, Deployment(pooler=pooler, asyncpg=asyncpg))
        # What would fail with an old asyncpg only is not said where nobody knows which one runs.
        unsure = asyncpg is ANY and states.statement is ZERO
        problems = set() if unsure else empty_name_fails(states, asyncpg)
        assert {v.problem for v in found} - {Problem.INVALID} == problems
        assert {v.severity for v in found} <= {ERROR}


def empty_name_fails(states: States, asyncpg: Any) -> set[Problem]:
    """What is said of an empty name beside SQLAlchemy's cache, where names do no harm."""
    if states.name is not EMPTY or states.prepared not in (ABSENT, POSITIVE):
        return set()
    cursors = states.statement is ZERO and asyncpg is not V032 and states.autocommit is not True
    return {Problem.UNSAFE_NAME} if cursors or states.statement in (ABSENT, POSITIVE) else set()


@pytest.mark.parametrize("asyncpg", VERSIONS)
def test_where_the_pooler_carries_statements_only_the_empty_name_fails(asyncpg: Any) -> None:
    for states in SETTINGS:
        problems = {v.problem for v in verdicts(states, deployed(asyncpg=asyncpg, max_prepared_statements=200))}
        expected = empty_name_fails(states, asyncpg)
        if states.name is EMPTY and states.autocommit and states.statement is not ZERO and states.prepared is ZERO:
            expected = {Problem.UNSAFE_NAME} if states.statement in (ABSENT, POSITIVE) else set()
        assert problems - {Problem.INVALID} == expected


@pytest.mark.parametrize("asyncpg", [*VERSIONS, V027])
def test_no_engine_has_two_verdicts_on_its_sizes(asyncpg: Any) -> None:
    for states in SETTINGS:
        assert sum(v.problem in SIZES for v in verdicts(states, deployed(asyncpg=asyncpg))) <= 1


@pytest.mark.parametrize("name", [NONE, EMPTY])
@pytest.mark.parametrize("asyncpg", [ANY, V032])
def test_both_zero_is_where_every_fix_ends(name: NameFunction, asyncpg: Any) -> None:
    assert verdicts(States(ZERO, ZERO, name), deployed(asyncpg=asyncpg)) == ()


def test_nobody_said_there_is_a_pooler() -> None:
    assert [v.severity for v in verdicts(States(ABSENT, ABSENT), Deployment())] == [WARNING]
    assert [v.severity for v in verdicts(States(INVALID, ABSENT), Deployment())] == [ERROR]


def test_statement_pooling_refuses_transactions() -> None:
    where = Deployment(pooler=PoolMode.STATEMENT, asyncpg=V032)
    problems = {
        autocommit: [v.problem for v in verdicts(States(ZERO, ZERO, NONE, autocommit), where)]
        for autocommit in (True, False, None)
    }
    assert problems == {True: [], False: [Problem.TRANSACTION], None: []}
