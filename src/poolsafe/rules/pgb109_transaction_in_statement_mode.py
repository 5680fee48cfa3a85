"""
## What it does
Reports an engine that opens transactions behind a pooler in statement mode. The configuration, or the pooler's own
file, says that it is.

## Why is this bad?
SQLAlchemy opens a transaction for everything it executes, and PgBouncer in statement mode refuses it:
`ConnectionDoesNotExistError: connection was closed in the middle of operation: transaction blocks not allowed in
statement pooling mode`. Only an engine in AUTOCOMMIT works there.

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
Transaction pooling, which is what SQLAlchemy needs. Where it has to be statement pooling, and only single statements
are executed:

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
There is no fix: without transactions a program means something else.

## Versions
All: every transaction failed, PgBouncer 1.18 and 1.25.2. Without prepared statement support in the pooler AUTOCOMMIT
works with both sizes 0 and asyncpg 0.32, and with asyncpg 0.30 only if the statement name is empty as well, see
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
                f"{assuming(engine)}SQLAlchemy's transactions are refused {behind(deployment)} "
                "(`transaction blocks not allowed in statement pooling mode`); use transaction mode, or "
                '`isolation_level="AUTOCOMMIT"`'
            )
            related = driver_shown(engine, deployment) + provenance(deployment, "pooler")
            yield finding(__name__, engine, message, verdict.severity, None, related)
