"""
## What it does
Reports a cache size that is 0 only on some code paths. For example, it may be 0 only in one environment, or only if a
flag is set.

## Why is this bad?
Behind a transaction pooler, queries on the other paths raise
`DuplicatePreparedStatementError: prepared statement "__asyncpg_stmt_1__" already exists` or
`prepared statement "__asyncpg_stmt_1__" does not exist`. Tests rarely cover these paths. When another environment gets
a pooler, it is easy to forget to update the condition.

asyncpg's own `connect()` and `create_pool()` are checked in the same way.

## Example
```python
import os

from sqlalchemy.ext.asyncio import create_async_engine

connect_args = {}
if os.environ.get("APP_ENV") == "production":
    connect_args = {"statement_cache_size": 0, "prepared_statement_cache_size": 0}

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app", pool_pre_ping=True, connect_args=connect_args
)
```

## Use instead
Set the sizes on every path:

```python
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app",
    pool_pre_ping=True,
    connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
)
```

Or test for the pooler itself. Such a condition is not reported:

```python
import os

from sqlalchemy.ext.asyncio import create_async_engine

use_pgbouncer = os.environ.get("USE_PGBOUNCER") == "1"
sizes = {"statement_cache_size": 0, "prepared_statement_cache_size": 0}

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app",
    pool_pre_ping=True,
    connect_args=sizes if use_pgbouncer else {},
)
```

## Fix safety
There is no fix, because the condition may be intentional.

## Versions
This is always a warning, even if a pooler is configured. A conditional `prepared_statement_cache_size` together with
`statement_cache_size=0` works with asyncpg >= 0.31, and is not reported if that version is known.

The paths that leave the caches on fail as described in `PGB101`: in 608 of 1080 attempts with SQLAlchemy 2.1.9 +
asyncpg 0.32, and in 746 of 1080 with SQLAlchemy 2.0.58 + asyncpg 0.30 (PgBouncer 1.18).

## References
- [SQLAlchemy: asyncpg prepared statement
  cache](https://docs.sqlalchemy.org/en/20/dialects/postgresql.html#prepared-statement-cache)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolsafe.facts.connection import AnyClient, Connection
from poolsafe.facts.deployment import Deployment
from poolsafe.facts.engine import CacheSize, Engine, SizeState
from poolsafe.findings import Finding, Severity
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.client_wording import size_findings
from poolsafe.rules.wording import assuming, behind, finding, grounds, layer
from poolsafe.verdicts import Problem, judge

if TYPE_CHECKING:
    from poolsafe.source import Source


@rule(since="0.1.0", fix=FixAvailability.NONE, severities=(Severity.WARNING,))
def check(client: AnyClient, deployment: Deployment, source: Source) -> Iterator[Finding]:
    if isinstance(client, Connection):
        yield from _of_connection(client, deployment)
    else:
        yield from _of_engine(client, deployment, source)


def _of_connection(connection: Connection, deployment: Deployment) -> Iterator[Finding]:
    def message(size: CacheSize) -> str:
        return (
            f"{layer(size.key)} is 0 only on some code paths: queries on the other paths raise "
            f"DuplicatePreparedStatementError {behind(deployment)}; set it to 0 on every path"
        )

    return size_findings(__name__, connection, deployment, Problem.CONDITIONAL, message)


def _of_engine(engine: Engine, deployment: Deployment, source: Source) -> Iterator[Finding]:
    for verdict in judge(engine, deployment):
        if verdict.problem is Problem.CONDITIONAL:
            conditional = [size for size in engine.sizes.both if size.state is SizeState.CONDITIONAL]
            sizes = " and ".join(layer(size.key) for size in conditional)
            verb, it = ("are", "them") if len(conditional) > 1 else ("is", "it")
            message = (
                f"{assuming(engine)}{sizes} {verb} 0 only on some code paths: "
                f"queries on the other paths raise DuplicatePreparedStatementError {behind(deployment)}; "
                f"set {it} to 0 on every path"
            )
            related = tuple(place for size in conditional for place in size.origin) + grounds(engine, deployment)
            yield finding(__name__, engine, message, verdict.severity, None, related)
