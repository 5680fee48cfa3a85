"""The verdicts on asyncpg's size and psycopg's threshold, by the class of the pooler."""

from __future__ import annotations

from dataclasses import replace

import pytest

from poolsafe.facts.connection import ClientDriver, Connection, ConnectionUrl, Threshold, ThresholdState
from poolsafe.facts.deployment import Deployment, Evidence, PoolMode
from poolsafe.facts.engine import CacheSize, SizeState
from poolsafe.facts.silence import Cause
from poolsafe.findings import Severity
from poolsafe.syntax.layout import CallLayout
from poolsafe.verdicts import Problem, judge_size, judge_threshold, silence_of_connection

CALL = CallLayout(0, 9, 8, 8, ())
AUTO, TRANSACTION = Deployment(), Deployment(pooler=PoolMode.TRANSACTION)
SESSION, NONE = Deployment(pooler=PoolMode.SESSION), Deployment(pooler=PoolMode.NONE)
CARRIES = Deployment(pooler=PoolMode.TRANSACTION, max_prepared_statements=200)
SIGN = Deployment(evidence=(Evidence("pooler", "port 6432"),))
WARNING, ERROR = Severity.WARNING, Severity.ERROR


def connection(size: SizeState | None = None, threshold: ThresholdState | None = None) -> Connection:
    return Connection(
        "app.py",
        "asyncpg.connect",
        CALL,
        ClientDriver.ASYNCPG,
        ConnectionUrl(),
        size=None if size is None else CacheSize("statement_cache_size", size),
        threshold=None if threshold is None else Threshold(threshold),
    )


@pytest.mark.parametrize(
    ("state", "problem"),
    [
        (SizeState.ABSENT, Problem.MISSING),
        (SizeState.POSITIVE, Problem.NONZERO),
        (SizeState.CONDITIONAL, Problem.CONDITIONAL),
        (SizeState.ZERO, None),
        (SizeState.UNKNOWN, None),
    ],
)
def test_sizes(state: SizeState, problem: Problem | None) -> None:
    fact = connection(size=state)
    for deployment, weight in ((AUTO, WARNING), (TRANSACTION, ERROR)):
        verdict = judge_size(fact, deployment)
        assert (verdict and verdict.problem) == problem
        if verdict is not None:
            assert verdict.severity is (WARNING if problem is Problem.CONDITIONAL else weight)
    assert {judge_size(fact, deployment) for deployment in (SESSION, NONE, CARRIES)} == {None}


@pytest.mark.parametrize(
    ("deployment", "reported", "silence"),
    [
        (AUTO, False, Cause.DRIVER),
        (Deployment(assume_asyncpg=True, synchronous_too=True), False, Cause.DRIVER),
        (Deployment(assume_asyncpg=False), False, Cause.ASSUMED),
        (Deployment(assume_asyncpg=True), True, None),
    ],
)
def test_a_wrapper_with_an_unknown_url(deployment: Deployment, reported: bool, silence: Cause | None) -> None:
    fact = replace(connection(size=SizeState.ABSENT), function="databases.Database", assumed=True)
    assert (judge_size(fact, deployment) is not None) == reported
    said = silence_of_connection(fact, deployment)
    assert (said and said.cause) == silence
    sized = replace(fact, size=CacheSize("statement_cache_size", SizeState.ZERO))
    assert (judge_size(sized, deployment), silence_of_connection(sized, deployment)) == (None, None)


@pytest.mark.parametrize("deployment", [AUTO, TRANSACTION, SESSION, NONE, CARRIES])
def test_what_is_refused_is_an_error_everywhere(deployment: Deployment) -> None:
    for verdict in (
        judge_size(connection(size=SizeState.INVALID), deployment),
        judge_threshold(connection(threshold=ThresholdState.INVALID), deployment),
    ):
        assert verdict is not None
        assert (verdict.problem, verdict.severity) == (Problem.INVALID, ERROR)


@pytest.mark.parametrize(
    ("state", "deployment", "severity"),
    [
        (ThresholdState.AT_ONCE, AUTO, WARNING),
        (ThresholdState.AT_ONCE, TRANSACTION, ERROR),
        (ThresholdState.POSITIVE, TRANSACTION, ERROR),
        (ThresholdState.ABSENT, AUTO, None),
        (ThresholdState.ABSENT, SIGN, WARNING),
        (ThresholdState.ABSENT, TRANSACTION, WARNING),
        (ThresholdState.CONDITIONAL, AUTO, None),
        (ThresholdState.CONDITIONAL, TRANSACTION, WARNING),
        (ThresholdState.OFF, TRANSACTION, None),
        (ThresholdState.UNKNOWN, TRANSACTION, None),
        *(
            (state, deployment, None)
            for state in (ThresholdState.AT_ONCE, ThresholdState.ABSENT)
            for deployment in (SESSION, NONE, CARRIES)
        ),
    ],
)
def test_thresholds(state: ThresholdState, deployment: Deployment, severity: Severity | None) -> None:
    verdict = judge_threshold(connection(threshold=state), deployment)
    assert (verdict and verdict.severity) == severity


def test_a_connection_is_judged_by_its_own_driver() -> None:
    assert judge_size(connection(threshold=ThresholdState.ABSENT), TRANSACTION) is None
    assert judge_threshold(connection(size=SizeState.ABSENT), TRANSACTION) is None
