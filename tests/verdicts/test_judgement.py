"""The verdict on cache sizes and statement names agrees with the measurements."""

from __future__ import annotations

import inspect
import itertools
import re
from typing import Any, NamedTuple

import pytest

from poolsafe.facts.deployment import Deployment, PoolMode
from poolsafe.facts.engine import NameFunction, SizeState
from poolsafe.findings import Severity
from poolsafe.verdicts import SIZES, Problem, States, name_table, size_table, verdicts

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


def test_later_autocommit_counts_beside_transactions() -> None:
    later = States(ZERO, ZERO, UNIQUE, autocommit=False, later=True)
    assert [v.problem for v in verdicts(later, deployed(asyncpg=V032))] == [Problem.UNSAFE_NAME]
    # What fails in transactions only still does.
    mixed = States(ZERO, ABSENT, EMPTY, autocommit=False, later=True)
    assert Problem.UNSAFE_NAME in [v.problem for v in verdicts(mixed, deployed(asyncpg=V030))]
    # Transactions remain beside one connection in AUTOCOMMIT.
    statement = verdicts(later, Deployment(pooler=PoolMode.STATEMENT, asyncpg=V032))
    assert Problem.TRANSACTION in [v.problem for v in statement]


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


class Measured(NamedTuple):
    """A row of the measurements: what was set, and the failures with asyncpg 0.32 and with 0.30 as they were noted."""

    states: States
    new: str
    old: str


# Transaction pooling without prepared statement support: SQLAlchemy 2.1.9 + asyncpg 0.32, 2.0.58 + asyncpg 0.30.
MEASURED = [
    Measured(States(ABSENT, ABSENT), "608", "746"),
    Measured(States(ZERO, ABSENT), "0", "388"),
    Measured(States(ABSENT, ZERO), "338", "507"),
    Measured(States(ZERO, ZERO), "0", "269"),
    Measured(States(ZERO, ZERO, EMPTY), "0", "0"),
    Measured(States(ZERO, ABSENT, UNIQUE), "519", "520"),
    Measured(States(ABSENT, ZERO, UNIQUE), "158", "362"),
    Measured(States(ABSENT, ABSENT, UNIQUE), "606", "681"),
    Measured(States(ABSENT, ABSENT, EMPTY), "485", "904"),
    Measured(States(ZERO, ABSENT, EMPTY), "0", "99"),
    Measured(States(ABSENT, ZERO, EMPTY), "47", "266"),
    # "81/1080, all in AUTOCOMMIT", "78/1080, all in AUTOCOMMIT"
    Measured(States(ZERO, ZERO, UNIQUE), "0", "0"),
    Measured(States(ZERO, ZERO, UNIQUE, True), "81", "78"),
    # "AUTOCOMMIT (engine) + both0: 0 | text 60, insert 91, mixed 90, acopt 86 of 108"
    Measured(States(ZERO, ZERO, NONE, True), "0", "60"),
    # "AUTOCOMMIT + both0 + name'': 0/648 | 0/648"
    Measured(States(ZERO, ZERO, EMPTY, True), "0", "0"),
]
TABLES = "".join(inspect.getsource(module) for module in (name_table, size_table))


@pytest.mark.parametrize("row", MEASURED)
def test_what_failed_is_reported_and_nothing_else(row: Measured) -> None:
    for asyncpg, failures in ((V032, row.new), (V030, row.old)):
        assert bool(verdicts(row.states, deployed(asyncpg=asyncpg))) == (failures != "0")


@pytest.mark.parametrize(
    ("row", "figure"),
    [
        (row, figure)
        for row in MEASURED
        for figure in (row.new, row.old)
        # Of this one the single kinds of work were noted, and of the other the table holds what was found directly.
        if figure not in ("0", "60", "99")
    ],
)
def test_the_table_holds_the_figures(row: Measured, figure: str) -> None:
    assert re.search(rf"\b{figure}\b", TABLES)


# "PgBouncer >= 1.21 with max_prepared_statements > 0 needs no client option at all: default, pscs0, scs0, both0, name:
# 0 failures, both asyncpg generations, AUTOCOMMIT included. name'' alone fails badly there too (58-92 %, wrong data)."
CARRIED = [
    (States(ABSENT, ABSENT), True),
    (States(ABSENT, ZERO), True),
    (States(ZERO, ABSENT), True),
    (States(ZERO, ZERO), True),
    (States(ZERO, ZERO, UNIQUE), True),
    (States(ABSENT, ABSENT, UNIQUE), True),
    (States(ZERO, ZERO, EMPTY), True),
    (States(ABSENT, ABSENT, EMPTY), False),
]


@pytest.mark.parametrize("autocommit", [False, True])
@pytest.mark.parametrize("asyncpg", [ANY, V030, V032])
@pytest.mark.parametrize(("states", "right"), CARRIED)
def test_a_pooler_that_carries_statements(states: States, right: bool, asyncpg: Any, autocommit: bool) -> None:
    where = deployed(asyncpg=asyncpg, max_prepared_statements=200)
    assert (verdicts(states._replace(autocommit=autocommit), where) == ()) == right


# "session pool mode needs nothing: 0 failures for every configuration"; the empty name was not among them, and fails.
@pytest.mark.parametrize("asyncpg", [ANY, V030, V032])
@pytest.mark.parametrize("row", [row for row in MEASURED if row.states.name is not EMPTY])
def test_session_pooling_needs_nothing(row: Measured, asyncpg: Any) -> None:
    assert verdicts(row.states, Deployment(PoolMode.SESSION, asyncpg=asyncpg)) == ()


# "0 in 1.21-1.23, default 200 since 1.24": what is not said is not believed, and 0 is as without.
@pytest.mark.parametrize("prepared", [None, 0])
@pytest.mark.parametrize("row", MEASURED)
def test_no_statements_are_carried_unless_somebody_says_so(row: Measured, prepared: int | None) -> None:
    known = deployed(asyncpg=V030, max_prepared_statements=prepared)
    assert verdicts(row.states, known) == verdicts(row.states, deployed(asyncpg=V030))
