"""
## What it does
Reports an engine on asyncpg that sets only one of the two cache sizes to 0. The other cache stays on.

## Why is this bad?
There are two caches in two libraries, and one key for each: `statement_cache_size` belongs to asyncpg,
`prepared_statement_cache_size` to SQLAlchemy. Neither is a newer or a "correct" spelling of the other.

- Only SQLAlchemy's is 0: asyncpg still caches, and behind a transaction pooler
  `prepared statement "__asyncpg_stmt_1__" does not exist` and
  `DuplicatePreparedStatementError: prepared statement "__asyncpg_stmt_1__" already exists` go on. This holds for every
  version.
- Only asyncpg's is 0: enough with asyncpg >= 0.31. With asyncpg <= 0.30 SQLAlchemy goes on using statement names that
  live on another server connection, with the same exceptions or another client's rows.

## Example
```python
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app",
    pool_pre_ping=True,
    connect_args={"prepared_statement_cache_size": 0},
)
```

## Use instead
```python
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app",
    pool_pre_ping=True,
    connect_args={"prepared_statement_cache_size": 0, "statement_cache_size": 0},
)
```

## Fix safety
The fix adds the other key beside the one that is there, under the same condition, and with an asyncpg known to be
<= 0.30 the empty name of `PGB106`, where the versions know it. Where another engine or other code reads the dict, the
fix adds the key at the call, if every path to it gives an asyncpg URL; otherwise it is unsafe. There is none where the
dict is written in another file and the call also makes engines of another driver.

## Versions
Silent for `statement_cache_size=0` alone where asyncpg is known to be >= 0.31: locked, pinned or declared so, or
`asyncpg-version` in `[tool.poolsafe]`. asyncpg 0.31 still raises `unnamed prepared statement does not exist` then for
cursors on the server (`stream()`), with or without a pooler; with both keys, or asyncpg 0.32, it does not.

Measured: `prepared_statement_cache_size=0` alone, 338 of 1080 attempts failed with SQLAlchemy 2.1.9 + asyncpg 0.32,
507 of 1080 with SQLAlchemy 2.0.58 + asyncpg 0.30; `statement_cache_size=0` alone, 0 and 388 (PgBouncer 1.18). With
asyncpg 0.27 to 0.30 each, `statement_cache_size=0` alone failed in 30 to 45 of 108, see docs/evidence.md.

## References
- [asyncpg: statement_cache_size](https://magicstack.github.io/asyncpg/current/api/index.html#connection)
- [SQLAlchemy: asyncpg prepared statement cache](https://docs.sqlalchemy.org/en/20/dialects/postgresql.html#prepared-statement-cache)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolsafe.facts.deployment import Deployment, older_than
from poolsafe.facts.engine import Engine, SizeState
from poolsafe.findings import Finding
from poolsafe.fixes.engine_fixes import disable_caches
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.wording import PREPARED_CACHE, STATEMENT_CACHE, assuming, behind, besides, finding, grounds
from poolsafe.verdicts import Problem, judge

if TYPE_CHECKING:
    from poolsafe.source import Source


@rule(since="0.1.0", fix=FixAvailability.SOMETIMES)
def check(engine: Engine, deployment: Deployment, source: Source) -> Iterator[Finding]:
    for verdict in judge(engine, deployment):
        if verdict.problem is Problem.PARTIAL:
            message = assuming(engine) + _message(engine, deployment)
            related = engine.sizes.statement.origin + engine.sizes.prepared.origin + grounds(engine, deployment)
            fix = disable_caches(engine, source, deployment)
            yield finding(__name__, engine, message, verdict.severity, fix, related)


def _message(engine: Engine, deployment: Deployment) -> str:
    if engine.sizes.prepared.state is SizeState.ZERO:
        return (
            f"only {PREPARED_CACHE} is 0: asyncpg still names statements and raises DuplicatePreparedStatementError "
            f"{behind(deployment)}; also set {STATEMENT_CACHE} to 0"
            f"{besides(engine, deployment)}"
        )
    old = older_than(deployment.asyncpg, (0, 31))
    advice = f"add it{besides(engine, deployment)}" if old else "add it, or require asyncpg >= 0.31"
    return (
        f"{STATEMENT_CACHE} at 0 needs {PREPARED_CACHE} at 0 with asyncpg <= 0.30, else "
        f'`prepared statement "..." does not exist` {behind(deployment)}; {advice}'
    )
