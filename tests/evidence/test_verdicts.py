"""The tables of `poolsafe.verdicts`, tested row by row on the servers."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from poolsafe.facts.deployment import Deployment, PoolMode
from poolsafe.facts.engine import NameFunction, SizeState
from poolsafe.verdicts import Problem, States, verdicts

from .cells import ALL_WORK, AUTOCOMMIT_WORK, Where, load, until_it_fails
from .conftest import ClientOf
from .servers import Pooler, Servers

ABSENT, ZERO, POSITIVE = SizeState.ABSENT, SizeState.ZERO, SizeState.POSITIVE
NONE, EMPTY, UNIQUE = NameFunction.ABSENT, NameFunction.EMPTY, NameFunction.UNIQUE

# The versions of asyncpg in the environments, as the table sees them.
PAIRS = {"newest": (0, 31), "old": (0, 30)}

STATES = [
    States(statement, prepared, name, autocommit)
    for name, autocommit in itertools.product((NONE, EMPTY, UNIQUE), (False, True))
    for statement, prepared in itertools.product((ABSENT, ZERO, POSITIVE), repeat=2)
    # A positive size is the default by another number, so it is tried in the simplest surroundings only.
    if POSITIVE not in (statement, prepared) or (name is NONE and not autocommit)
]

SIZE_KEYS = ("statement_cache_size", "prepared_statement_cache_size")
VALUES = {ZERO: 0, POSITIVE: 50}
NAMES = {NONE: None, EMPTY: "empty", UNIQUE: "unique"}


def described(states: States) -> dict[str, Any]:
    """The engine of these states, as the client makes it."""
    sizes = zip(SIZE_KEYS, (states.statement, states.prepared), strict=True)
    connect_args = {key: VALUES[state] for key, state in sizes if state in VALUES}
    return {"connect_args": connect_args, "name": NAMES[states.name], "autocommit": states.autocommit}


def named(states: States) -> str:
    """The states in words, for the test's name."""
    words = [f"statement {states.statement.value}", f"prepared {states.prepared.value}", f"name {states.name.value}"]
    return ", ".join(words + ["AUTOCOMMIT"] * bool(states.autocommit))


# With asyncpg 0.29 and 0.30 the empty name makes up for the second zero where nobody opens a cursor. The table asks for
# both zeros all the same.
CAUTIOUS = (States(ZERO, ABSENT, EMPTY, True), PAIRS["old"])


def agree(states: States, where: Where, deployment: Deployment, label: str) -> None:
    """Fails unless the servers agree with the table about the states in this deployment."""
    work = AUTOCOMMIT_WORK if states.autocommit else ALL_WORK
    label = f"{label}: {named(states)}"
    problems = [verdict.problem.value for verdict in verdicts(states, deployment)]
    if (states, deployment.asyncpg) == CAUTIOUS:
        problems = []
    if problems:
        outcome = until_it_fails(where, label, work, engine=described(states))
        assert outcome.failed, f"{label}: the table says {problems}, the servers: {outcome}"
    else:
        outcome = load(where, label, work, engine=described(states))
        assert not outcome.failed, f"{label}: the table says nothing, the servers: {outcome}"


@pytest.mark.parametrize("states", STATES, ids=named)
@pytest.mark.parametrize("pair", PAIRS)
def test_transaction_pooling(pair: str, states: States, client_of: ClientOf, servers: Servers, pooler: Pooler) -> None:
    where = Where(client_of(pair), servers, pooler, "transaction")
    agree(states, where, Deployment(PoolMode.TRANSACTION, 0, asyncpg=PAIRS[pair]), f"transaction, {pair}")


@pytest.mark.parametrize("states", STATES, ids=named)
@pytest.mark.parametrize("pair", PAIRS)
def test_session_pooling(pair: str, states: States, client_of: ClientOf, servers: Servers, pooler: Pooler) -> None:
    where = Where(client_of(pair), servers, pooler, "session")
    agree(states, where, Deployment(PoolMode.SESSION, asyncpg=PAIRS[pair]), f"session, {pair}")


@pytest.mark.parametrize("states", [*(each for each in STATES if each.autocommit), States(ZERO, ZERO)], ids=named)
@pytest.mark.parametrize("pair", PAIRS)
def test_statement_pooling(pair: str, states: States, client_of: ClientOf, servers: Servers, pooler: Pooler) -> None:
    where = Where(client_of(pair), servers, pooler, "statement")
    agree(states, where, Deployment(PoolMode.STATEMENT, 0, asyncpg=PAIRS[pair]), f"statement, {pair}")


@pytest.mark.parametrize("states", STATES, ids=named)
@pytest.mark.parametrize("pair", PAIRS)
def test_a_pooler_that_carries_prepared_statements(
    pair: str, states: States, client_of: ClientOf, servers: Servers, carrying_pooler: Pooler
) -> None:
    where = Where(client_of(pair), servers, carrying_pooler, "transaction")
    agree(states, where, Deployment(PoolMode.TRANSACTION, 200, asyncpg=PAIRS[pair]), f"carrying, {pair}")


# connect_args, and the exception of every first query
REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"statement_cache_size": None}, "ValueError", "expected to be greater or equal to 0, got None"),
    ({"statement_cache_size": False}, "ValueError", "expected to be greater or equal to 0, got False"),
    ({"statement_cache_size": -1}, "ValueError", "expected to be greater or equal to 0, got -1"),
    ({"statement_cache_size": "0"}, "TypeError", "'<' not supported between instances of 'str' and 'int'"),
    ({"prepared_statement_cache_size": "0"}, "TypeError", "can't multiply sequence by non-int of type 'float'"),
    ({"prepared_statement_cache_size": -1}, "Hangs", "never returned"),
]


@pytest.mark.parametrize(
    ("connect_args", "name", "text"), REFUSED, ids=[str(connect_args) for connect_args, *_ in REFUSED]
)
@pytest.mark.parametrize("pair", PAIRS)
def test_invalid_sizes_fail_on_a_direct_connection(
    pair: str, connect_args: dict[str, Any], name: str, text: str, client_of: ClientOf, servers: Servers
) -> None:
    statement, prepared = (SizeState.INVALID if key in connect_args else ABSENT for key in SIZE_KEYS)
    invalid = States(statement, prepared)
    assert Problem.INVALID in {verdict.problem for verdict in verdicts(invalid, Deployment(PoolMode.NONE))}
    once = {"processes": 1, "tasks": 1, "transactions": 1, "seconds": 1.0, "patience": 2.0}
    outcome = load(
        Where(client_of(pair), servers),
        f"direct, {pair}: {connect_args}",
        ["text"],
        engine={"connect_args": connect_args},
        **once,
    )
    assert (outcome.attempts, outcome.failed) == (1, 1)
    assert text in outcome.examples[name]


@pytest.mark.parametrize("size", [None, False], ids=str)
def test_a_false_prepared_statement_cache_size_counts_as_zero(
    size: object, client_of: ClientOf, servers: Servers, pooler: Pooler
) -> None:
    connect_args = {"statement_cache_size": 0, "prepared_statement_cache_size": size}
    where = Where(client_of("newest"), servers, pooler)
    outcome = load(where, f"transaction, newest: {connect_args}", engine={"connect_args": connect_args})
    assert not outcome.failed, str(outcome)
