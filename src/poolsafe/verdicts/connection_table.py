"""The verdict on connections and pools without SQLAlchemy: a table of measurements on real servers.

Figures are failures out of attempts in transaction pooling, PgBouncer 1.18 (1.25.2 with max_prepared_statements = 0
gave the same results), asyncpg 0.32 | 0.30, psycopg 3.3.9 | 3.1.20. In session pooling, and with
max_prepared_statements = 200, every cell had 0.
"""

from __future__ import annotations

from poolsafe.facts.connection import Connection, ThresholdState
from poolsafe.facts.deployment import Deployment
from poolsafe.facts.engine import SizeState
from poolsafe.findings import Severity
from poolsafe.verdicts.pooler_effects import breaks_names, has_evidence, severity
from poolsafe.verdicts.problems import Problem, Verdict

_SIZES = {
    # connect(): 84 | 127 of 180, create_pool(): 123 | 85 of 180, wrong rows among them.
    SizeState.ABSENT: Problem.MISSING,
    # 50: 84 | 124 and 129 | 81 of 180, as without.
    SizeState.POSITIVE: Problem.NONZERO,
    SizeState.CONDITIONAL: Problem.CONDITIONAL,
}
_THRESHOLDS = {
    # 0: 1307 | 1270 of 2160, 208 of them with another client's rows.
    ThresholdState.AT_ONCE: Problem.NONZERO,
    # 5, written out: 642 | 602 of 2160.
    ThresholdState.POSITIVE: Problem.NONZERO,
    # Nothing: 689 | 621 of 2160.
    ThresholdState.ABSENT: Problem.MISSING,
    ThresholdState.CONDITIONAL: Problem.CONDITIONAL,
}


def is_on_asyncpg(connection: Connection, deployment: Deployment) -> bool:
    """Returns whether asyncpg creates the connection: visibly, or because the project has no other SQL driver."""
    return not connection.assumed or (deployment.assume_asyncpg is True and not deployment.synchronous_too)


def judge_size(connection: Connection, deployment: Deployment) -> Verdict | None:
    """Returns the verdict on asyncpg's cache size, or None if there is nothing wrong with it."""
    if connection.size is None:
        return None
    if connection.size.state is SizeState.INVALID:
        # statement_cache_size=None / False / -1 / "0": every connect fails, on any server.
        return Verdict(Problem.INVALID, Severity.ERROR)
    problem = _SIZES.get(connection.size.state) if breaks_names(deployment) else None
    if problem is None or (problem is Problem.MISSING and not is_on_asyncpg(connection, deployment)):
        return None
    weight = Severity.WARNING if problem is Problem.CONDITIONAL else severity(deployment)
    return Verdict(problem, weight)


def judge_threshold(connection: Connection, deployment: Deployment) -> Verdict | None:
    """Returns the verdict on psycopg's threshold. A missing threshold is only judged if there is a sign of a pooler."""
    if connection.threshold is None:
        return None
    state = connection.threshold.state
    if state is ThresholdState.INVALID:
        # "0": every statement raises TypeError, on any server.
        return Verdict(Problem.INVALID, Severity.ERROR)
    problem = _THRESHOLDS.get(state) if breaks_names(deployment) else None
    if problem is None:
        return None
    if problem in (Problem.MISSING, Problem.CONDITIONAL):
        return Verdict(problem, Severity.WARNING) if has_evidence(deployment) else None
    return Verdict(problem, severity(deployment))
