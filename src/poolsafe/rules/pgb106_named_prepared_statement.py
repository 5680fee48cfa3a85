"""
## What it does
Reports an engine with both cache sizes at 0 in a project that runs asyncpg <= 0.30. An engine with a finding about its
cache sizes (`PGB101` to `PGB105`, `PGB108`) is reported too if the versions do not support an empty name, because
setting both sizes to 0 is then not enough.

## Why is this bad?
asyncpg 0.30 and older give a numbered name (`__asyncpg_stmt_1__`) to every statement that they prepare, whatever the
cache sizes are. Two processes use the same numbers, and on a shared server connection the second one gets
`DuplicatePreparedStatementError: prepared statement "__asyncpg_stmt_1__" already exists`. A single process gets this
exception after its first restart. If `statement_cache_size` is 0, asyncpg 0.31 and newer prepare statements without a
name, which avoids the problem.

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
Use asyncpg >= 0.31. If you cannot upgrade, set both sizes to 0 and add a function that returns an empty name:

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

A function that returns unique names (UUIDs) works only inside transactions, and its statements accumulate on the
server.

## Fix safety
If the project is known to use asyncpg >= 0.28 and SQLAlchemy >= 2.0.10, the fix adds the empty name to `connect_args`.
It is safe if every path to the call passes an asyncpg URL, and unsafe otherwise. There is no fix if another driver gets
the same `connect_args`. Upgrading asyncpg is better.

## Versions
Reported only if asyncpg is known to be 0.30 or older. The empty name needs asyncpg >= 0.28 and SQLAlchemy >= 2.0.10.

Measured with both sizes at 0, SQLAlchemy 2.0.58, asyncpg 0.30, PgBouncer 1.18 and 3 processes: 269 of 1080 attempts
failed, and 0 of 1080 with the empty name. With asyncpg 0.32, 0 of 1080 failed either way. With SQLAlchemy 1.4.54,
2.0.58 and 2.1.9, engines with both sizes at 0 failed with asyncpg 0.27 to 0.30, in 11 to 21 of 108 attempts, or in 61
to 80 under AUTOCOMMIT. They never failed with asyncpg 0.31 and 0.32. The empty name failed only with asyncpg 0.27,
in 108 of 108 attempts. See docs/evidence.md.

## References
- [asyncpg: unnamed statements where the cache is off (#1245)](https://github.com/MagicStack/asyncpg/pull/1245)
- [SQLAlchemy: prepared statement
  name](https://docs.sqlalchemy.org/en/20/dialects/postgresql.html#prepared-statement-name-with-pgbouncer)
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
                f"{assuming(engine)}{release(deployment)} names statements even if both cache sizes are 0: "
                f"with several processes, queries raise DuplicatePreparedStatementError {behind(deployment)}; "
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
