"""The table of `poolsafe.facts.verdict`, row by row, against the servers."""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import pytest

from poolsafe.facts.deployment import Deployment, PoolMode
from poolsafe.facts.engine import NameFunction, SizeState
from poolsafe.facts.verdict import States, verdicts

from .cells import ALL_WORK, AUTOCOMMIT_WORK, Where, load, until_it_fails
from .conftest import ClientOf
from .servers import Pooler, Servers

SIZES = (SizeState.ABSENT, SizeState.ZERO, SizeState.POSITIVE)
PAIRS = {"newest": (0, 31), "old": (0, 30)}

STATES = [
    States(statement, prepared, name, autocommit)
    for name, autocommit in itertools.product(
        (NameFunction.ABSENT, NameFunction.EMPTY, NameFunction.UNIQUE), (False, True)
    )
    for statement, prepared in itertools.product(SIZES, SIZES)
    # A positive size is the default by another number, so it is tried beside the simplest of the others.
    if SizeState.POSITIVE not in (statement, prepared) or (name is NameFunction.ABSENT and not autocommit)
]

ARGUMENTS: dict[SizeState, dict[str, Any]] = {SizeState.ABSENT: {}, SizeState.ZERO: {"": 0}, SizeState.POSITIVE: {"": 50}}
NAMES = {NameFunction.ABSENT: None, NameFunction.EMPTY: "empty", NameFunction.UNIQUE: "unique"}


def described(states: States) -> dict[str, Any]:
    """The engine of these states, as the client makes it."""
    connect_args = {
        key: value
        for key, state in (
            ("statement_cache_size", states.statement),
            ("prepared_statement_cache_size", states.prepared),
        )
        for value in ARGUMENTS[state].values()
    }
    return {"connect_args": connect_args, "name": NAMES[states.name], "autocommit": states.autocommit}


def named(states: States) -> str:
    words = [f"statement {states.statement.value}", f"prepared {states.prepared.value}", f"name {states.name.value}"]
    return ", ".join(words + ["AUTOCOMMIT"] * bool(states.autocommit))


def agree(states: States, where: Where, deployment: Deployment, label: str) -> None:
    """Fail unless the servers say of the states what the table says in this deployment."""
    work = AUTOCOMMIT_WORK if states.autocommit else ALL_WORK
    label = f"{label}: {named(states)}"
    problems = [verdict.problem.value for verdict in verdicts(states, deployment)]
    if problems:
        outcome = until_it_fails(where, label, work, engine=described(states))
        assert outcome.failed, f"{label}: the table says {problems}, the servers: {outcome}"
    else:
        outcome = load(where, label, work, engine=described(states))
        assert not outcome.failed, f"{label}: the table says nothing, the servers: {outcome}"


@pytest.mark.parametrize("states", STATES, ids=named)
@pytest.mark.parametrize("pair", PAIRS)
def test_transaction_pooling(
    pair: str, states: States, client_of: ClientOf, servers: Servers, pooler: Pooler
) -> None:
    where = Where(client_of(pair), servers, pooler, "transaction")
    deployment = Deployment(PoolMode.TRANSACTION, 0, asyncpg=PAIRS[pair])
    agree(states, where, deployment, f"transaction, {pair}")


@pytest.mark.parametrize("states", STATES, ids=named)
@pytest.mark.parametrize("pair", PAIRS)
def test_session_pooling(pair: str, states: States, client_of: ClientOf, servers: Servers, pooler: Pooler) -> None:
    where = Where(client_of(pair), servers, pooler, "session")
    agree(states, where, Deployment(PoolMode.SESSION, asyncpg=PAIRS[pair]), f"session, {pair}")
