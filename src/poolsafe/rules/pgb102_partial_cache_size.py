"""
## What it does
Reports an engine that uses asyncpg and sets only one of the two cache sizes to 0. The other cache stays on.

## Why is this bad?
There are two caches, each with its own key: `statement_cache_size` is asyncpg's, and `prepared_statement_cache_size` is
SQLAlchemy's. Neither key replaces the other.

- Only SQLAlchemy's is 0: asyncpg still caches statements. With every version, queries behind a transaction pooler raise
  `prepared statement "__asyncpg_stmt_1__" does not exist` or
  `DuplicatePreparedStatementError: prepared statement "__asyncpg_stmt_1__" already exists`.
- Only asyncpg's is 0: this is enough with asyncpg >= 0.31. With asyncpg <= 0.30, SQLAlchemy still uses statement names
  that exist only on another server connection. Queries then raise the same exceptions or return another client's rows.

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
The fix adds the missing key next to the existing one. If the existing key is set only under a condition, so is the new
one. If asyncpg is known to be 0.30 or older, the fix also adds `prepared_statement_name_func=lambda: ""` (see
`PGB106`), provided the versions support it. If the existing key is in a dict that another engine or other code also
reads, the fix adds the missing key to the call instead, and is safe only if the call always receives an asyncpg URL.
There is no fix if the dict is in another file and the call also creates engines for another driver. A fix next to the
existing key is safe even if an environment variable may select another driver, because that driver already rejects the
existing key.

## Versions
`statement_cache_size=0` alone is not reported if asyncpg is known to be 0.31 or newer, from a lock file, a pin, a
requirement or `asyncpg-version` in `[tool.poolsafe]`. With asyncpg 0.31 and only this key, server-side cursors
(`stream()`) still raise `unnamed prepared statement does not exist`, with or without a pooler. Setting both keys, or
using asyncpg 0.32, prevents that.

Measured with PgBouncer 1.18: with `prepared_statement_cache_size=0` alone, 338 of 1080 attempts failed with SQLAlchemy
2.1.9 + asyncpg 0.32, and 507 of 1080 with SQLAlchemy 2.0.58 + asyncpg 0.30. With `statement_cache_size=0` alone, 0 of
1080 and 388 of 1080 failed, respectively. With asyncpg 0.27 to 0.30, `statement_cache_size=0` alone failed in 30 to 45
of 108 attempts. See docs/evidence.md.

## References
- [asyncpg: statement_cache_size](https://magicstack.github.io/asyncpg/current/api/index.html#connection)
- [SQLAlchemy: asyncpg prepared statement
  cache](https://docs.sqlalchemy.org/en/20/dialects/postgresql.html#prepared-statement-cache)
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
    more = besides(engine, deployment) if old else ", or require asyncpg >= 0.31"
    return (
        f"only {STATEMENT_CACHE} is 0: asyncpg <= 0.30 raises "
        f'`prepared statement "..." does not exist` {behind(deployment)}; also set {PREPARED_CACHE} to 0{more}'
    )
