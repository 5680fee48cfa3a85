"""
## What it does
Reports psycopg 3 where `prepare_threshold` lets it prepare statements. That is 0, which is the opposite of off, a
positive number, and nothing at all where a pooler is known. Connections, pools and engines of SQLAlchemy are looked at.

## Why is this bad?
psycopg 3 prepares a statement once it has run `prepare_threshold` times on a connection, 5 by default. 0 does not
switch that off: it prepares each statement at its first execution. `None` switches it off. In transaction pooling the
next statement may run on another server: `psycopg.errors.DuplicatePreparedStatement: prepared statement "_pg3_0"
already exists`, `psycopg.errors.InvalidSqlStatementName: prepared statement "_pg3_0" does not exist`, or rows of
another client's query without an error. A short test does not show it: five executions of one statement on one
connection are needed.

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

`psycopg.connect()` and `AsyncConnection.connect()` take it as a keyword, a pool in `kwargs`, SQLAlchemy in
`connect_args`. In a URL it stays text, and `None` cannot be said there. `conn.prepare_threshold = None` in `configure=`
or in a listener to `connect` works as well and is silent. psycopg2 prepares nothing and needs nothing.

## Fix safety
The fix sets it to `None` where it is written, or adds it. That is safe: statements are planned at each execution, and
their results are the same. Where a comment explains the old value the fix is unsafe.

## Versions
Failures in transaction pooling on PgBouncer 1.18, with psycopg 3.3.9 and 3.1.20: 0: 1307 and 1270 of 2160 (208 and 152
with another client's rows); 5: 642 and 602; nothing: 689 and 621; `None`: 0 and 0, also with `execute(...,
prepare=True)`. False and negative numbers count as 0. The text "0" fails with every statement on every server:
`TypeError: '>=' not supported between instances of 'int' and 'str'`. Session pooling and PgBouncer >= 1.21 with
`max_prepared_statements` above 0 need nothing.

## References
- [psycopg: prepared statements](https://www.psycopg.org/psycopg3/docs/advanced/prepare.html)
- [psycopg: Connection.prepare_threshold](https://www.psycopg.org/psycopg3/docs/api/connections.html#psycopg.Connection.prepare_threshold)
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

_DUPLICATE = "DuplicatePreparedStatement or another client's rows"


@rule(since="0.2.0", fix=FixAvailability.SOMETIMES)
def check(connection: Connection, deployment: Deployment, source: Source) -> Iterator[Finding]:
    threshold, verdict = connection.threshold, judge_threshold(connection, deployment)
    if threshold is None or verdict is None or any(one.key == "prepare_threshold" for one in connection.refused):
        return
    where = f" in `{connection.options_name}`" if connection.options_name else ""
    key = "`prepare_threshold=None`" if threshold.state is ThresholdState.ABSENT else "None"
    message = f"{_said(threshold, deployment)}; set {key}{where}"
    related = threshold.origin + client_grounds(connection, deployment)
    yield finding(__name__, connection, message, verdict.severity, never_prepare(connection, source), related)


def _said(threshold: Threshold, deployment: Deployment) -> str:
    match threshold.state:
        case ThresholdState.INVALID:
            return (
                f"psycopg's `prepare_threshold` is {threshold.value or 'a text'}: each statement raises "
                "`TypeError: '>=' not supported between instances of 'int' and 'str'` on every server"
            )
        case ThresholdState.AT_ONCE:
            return (
                f"psycopg's `prepare_threshold={threshold.value}` prepares at once, it is not off: {_DUPLICATE} "
                f"{behind(deployment)}"
            )
        case ThresholdState.CONDITIONAL:
            return f"psycopg's `prepare_threshold` is None on some paths only: {_DUPLICATE} {behind(deployment)}"
        case ThresholdState.ABSENT:
            return f"psycopg prepares what runs 6 times: {_DUPLICATE} {behind(deployment)}"
    return f"psycopg's `prepare_threshold` is {threshold.value or 'a number'}: {_DUPLICATE} {behind(deployment)}"
