"""
## What it does
Reports psycopg 3 connections, pools and engines that prepare statements. psycopg does so by default, and also if
`prepare_threshold` is 0 or a positive number. The value 0 does not turn prepared statements off. The default is
reported only if a pooler is known.

## Why is this bad?
psycopg 3 prepares a statement after it has run `prepare_threshold` times on a connection, 5 by default. With 0, it
prepares each statement when it first runs. Only `None` turns prepared statements off. In transaction pooling, the next
statement may run on another server connection:
`psycopg.errors.DuplicatePreparedStatement: prepared statement "_pg3_0" already exists`,
`psycopg.errors.InvalidSqlStatementName: prepared statement "_pg3_0" does not exist`, or, without any exception, another
client's rows. A short test does not show the problem, because by default it takes five executions of a statement on one
connection.

## Example
```python
from psycopg_pool import AsyncConnectionPool

pool = AsyncConnectionPool(
    "postgresql://app@pgbouncer:6432/app", open=False, kwargs={"autocommit": True, "prepare_threshold": 0}
)
```

## Use instead
```python
from psycopg_pool import AsyncConnectionPool

pool = AsyncConnectionPool(
    "postgresql://app@pgbouncer:6432/app", open=False, kwargs={"autocommit": True, "prepare_threshold": None}
)
```

Pass `prepare_threshold` to `psycopg.connect()` and `AsyncConnection.connect()` as a keyword, to a pool in `kwargs`, and
to SQLAlchemy in `connect_args`. In a URL, every value is a string, so `None` is not possible there.
`conn.prepare_threshold = None` in `configure=` or in a `connect` listener also works and is not reported. psycopg2 does
not prepare statements.

## Fix safety
The fix changes the value to `None`, or adds the option. It is safe: statements are then planned each time they run,
with the same results. It is unsafe if a comment explains the old value.

## Versions
Failures out of 2160 attempts in transaction pooling on PgBouncer 1.18:

| `prepare_threshold` | psycopg 3.3.9 | psycopg 3.1.20 |
|---|---|---|
| 0 | 1307, 208 of them with another client's rows | 1270, 152 of them with another client's rows |
| 5 | 642 | 602 |
| not set | 689 | 621 |
| `None`, even with `execute(..., prepare=True)` | 0 | 0 |

False and negative numbers count as 0. The string "0" makes every statement fail on every server:
`TypeError: '>=' not supported between instances of 'int' and 'str'`. No change is needed with session pooling, or with
PgBouncer >= 1.21 and `max_prepared_statements` above 0.

## References
- [psycopg: prepared statements](https://www.psycopg.org/psycopg3/docs/advanced/prepare.html)
- [psycopg:
  Connection.prepare_threshold](https://www.psycopg.org/psycopg3/docs/api/connections.html#psycopg.Connection.prepare_threshold)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolsafe.facts.connection import Connection, Threshold, ThresholdState
from poolsafe.facts.deployment import Deployment
from poolsafe.findings import Finding
from poolsafe.fixes.connection_fixes import never_prepare
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.client_wording import client_grounds
from poolsafe.rules.wording import behind, finding
from poolsafe.verdicts import judge_threshold

if TYPE_CHECKING:
    from poolsafe.source import Source

_DUPLICATE = "queries raise DuplicatePreparedStatement or return another client's rows"


@rule(since="0.2.0", fix=FixAvailability.SOMETIMES)
def check(connection: Connection, deployment: Deployment, source: Source) -> Iterator[Finding]:
    threshold, verdict = connection.threshold, judge_threshold(connection, deployment)
    if threshold is None or verdict is None or any(one.key == "prepare_threshold" for one in connection.refused):
        return
    where = f" in `{connection.options_name}`" if connection.options_name else ""
    key = "`prepare_threshold=None`" if threshold.state is ThresholdState.ABSENT else "it to None"
    message = f"{_said(threshold, deployment)}; set {key}{where}"
    related = threshold.origin + client_grounds(connection, deployment)
    yield finding(__name__, connection, message, verdict.severity, never_prepare(connection, source), related)


def _said(threshold: Threshold, deployment: Deployment) -> str:
    match threshold.state:
        case ThresholdState.INVALID:
            return (
                f"psycopg's `prepare_threshold` is {threshold.value or 'a string'}: each statement raises "
                "`TypeError: '>=' not supported between instances of 'int' and 'str'` on every server"
            )
        case ThresholdState.AT_ONCE:
            return (
                f"psycopg's `prepare_threshold={threshold.value}` prepares every statement instead of none: "
                f"{_DUPLICATE} {behind(deployment)}"
            )
        case ThresholdState.CONDITIONAL:
            return f"psycopg's `prepare_threshold` is None only on some code paths: {_DUPLICATE} {behind(deployment)}"
        case ThresholdState.ABSENT:
            return f"psycopg prepares statements that run more than five times: {_DUPLICATE} {behind(deployment)}"
    return f"psycopg's `prepare_threshold` is {threshold.value or 'a number'}: {_DUPLICATE} {behind(deployment)}"
