"""
## What it does
Reports an engine with both caches at 0 where the project is known to run asyncpg <= 0.30. Where no empty name is known
to help, it stands beside the finding on the cache sizes (`PGB101` to `PGB105`, `PGB108`): two zeros are half of it.

## Why is this bad?
Up to 0.30 asyncpg names every statement it prepares (`__asyncpg_stmt_1__`, counting), whatever the cache sizes are. Two
processes count alike, and on the shared server connection the second one gets
`DuplicatePreparedStatementError: prepared statement "__asyncpg_stmt_1__" already exists`. One process alone meets it
after its first restart. asyncpg 0.31 prepares without a name where `statement_cache_size` is 0: the problem is gone.

## Example
```toml
[tool.poolsafe]
asyncpg-version = "0.30.0"
sqlalchemy-version = "2.0.40"
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
asyncpg >= 0.31. Where that is not possible, an empty name together with both zeros:

```python
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app",
    pool_pre_ping=True,
    connect_args={
        "statement_cache_size": 0,
        "prepared_statement_cache_size": 0,
        "prepared_statement_name_func": lambda: "",
    },
)
```

A function that returns unique names (a UUID) works inside transactions only, and its statements pile up on the server.

## Fix safety
Where asyncpg >= 0.28 and SQLAlchemy >= 2.0.10 are known, the fix adds the empty name to `connect_args`. It is safe
where every path to the call gives an asyncpg URL, otherwise unsafe; there is none where another driver gets the same
`connect_args`. Upgrading asyncpg is better.

## Versions
Reported only where the version of asyncpg is known to be at most 0.30. The empty name needs asyncpg >= 0.28 and
SQLAlchemy >= 2.0.10.

Measured: both sizes 0, SQLAlchemy 2.0.58 + asyncpg 0.30, PgBouncer 1.18, 3 processes: 269 of 1080 attempts failed;
with the empty name 0 of 1080. With asyncpg 0.32 0 of 1080 either way. With each of SQLAlchemy 1.4.54, 2.0.58 and 2.1.9
both sizes 0 failed on asyncpg 0.27 to 0.30 (11 to 21 of 108, under AUTOCOMMIT 61 to 80) and not on 0.31 and 0.32; the
empty name failed on asyncpg 0.27 only, there in 108 of 108. See docs/evidence.md.

## References
- [asyncpg: unnamed statements where the cache is off (#1245)](https://github.com/MagicStack/asyncpg/pull/1245)
- [SQLAlchemy: prepared statement name](https://docs.sqlalchemy.org/en/20/dialects/postgresql.html#prepared-statement-name-with-pgbouncer)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolsafe.facts.deployment import Deployment
from poolsafe.facts.engine import Engine
from poolsafe.findings import Finding, Fix
from poolsafe.fixes.engine_fixes import name_nothing
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.wording import against_names, assuming, behind, finding, grounds, release
from poolsafe.verdicts import Problem, judge, knows_empty_names

if TYPE_CHECKING:
    from poolsafe.source import Source


@rule(since="0.1.0", fix=FixAvailability.SOMETIMES)
def check(engine: Engine, deployment: Deployment, source: Source) -> Iterator[Finding]:
    for verdict in judge(engine, deployment):
        if verdict.problem is Problem.NAMED:
            message = (
                f"{assuming(engine)}{release(deployment)} names statements even with both sizes 0: "
                f"two processes raise DuplicatePreparedStatementError {behind(deployment)}; "
                f"{against_names(engine, deployment)}"
            )
            related = (
                engine.sizes.statement.origin
                + engine.sizes.prepared.origin
                + grounds(engine, deployment, "sqlalchemy-version")
            )
            yield finding(__name__, engine, message, verdict.severity, _fix(engine, deployment, source), related)


def _fix(engine: Engine, deployment: Deployment, source: Source) -> Fix | None:
    return name_nothing(engine, source) if knows_empty_names(engine, deployment) else None
