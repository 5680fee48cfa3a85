"""
## What it does
Reports an engine that opens transactions behind a pooler in statement mode. It is reported only if the mode is known
from poolsafe's or the pooler's configuration.

## Why is this bad?
SQLAlchemy opens a transaction for everything it executes, and PgBouncer in statement mode rejects transactions:
`ConnectionDoesNotExistError: connection was closed in the middle of operation: transaction blocks not allowed in
statement pooling mode`. Only an engine with AUTOCOMMIT works there.

## Example
```toml
[tool.poolsafe]
pooler = "statement"
```

```python
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app",
    pool_pre_ping=True,
    connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
)
```

## Use instead
Use transaction pooling. If you have to use statement pooling and execute only single statements, use AUTOCOMMIT:

```python
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app",
    isolation_level="AUTOCOMMIT",
    pool_pre_ping=True,
    connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
)
```

## Fix safety
There is no fix, because running without transactions changes what the program does.

## Versions
All versions. Every transaction failed with PgBouncer 1.18 and 1.25.2. If the pooler does not support prepared
statements, AUTOCOMMIT works with both sizes at 0 and asyncpg 0.32; asyncpg 0.30 also needs the empty statement name of
`PGB106`.

## References
- [PgBouncer: pool_mode](https://www.pgbouncer.org/config.html#pool_mode)
- [SQLAlchemy: AUTOCOMMIT](https://docs.sqlalchemy.org/en/20/core/connections.html#dbapi-autocommit)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolsafe.facts.deployment import Deployment
from poolsafe.facts.engine import Engine
from poolsafe.findings import Finding, Severity
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.wording import assuming, behind, driver_shown, finding, provenance
from poolsafe.verdicts import Problem, judge

if TYPE_CHECKING:
    from poolsafe.source import Source


@rule(since="0.1.0", fix=FixAvailability.NONE, severities=(Severity.ERROR,))
def check(engine: Engine, deployment: Deployment, source: Source) -> Iterator[Finding]:
    for verdict in judge(engine, deployment):
        if verdict.problem is Problem.TRANSACTION:
            message = (
                f"{assuming(engine)}SQLAlchemy's transactions are rejected {behind(deployment)} "
                "(`transaction blocks not allowed in statement pooling mode`); use transaction mode, or "
                '`isolation_level="AUTOCOMMIT"`'
            )
            related = driver_shown(engine, deployment) + provenance(deployment, "pooler")
            yield finding(__name__, engine, message, verdict.severity, None, related)
