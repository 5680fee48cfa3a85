"""
## What it does
Reports an engine that uses asyncpg and sets a cache size to a positive number. The sizes are asyncpg's
`statement_cache_size` and SQLAlchemy's `prepared_statement_cache_size`.

## Why is this bad?
A small cache fails like a large one. With any size above 0, prepared statements are reused by name. A transaction
pooler may run the next transaction on a server connection where that name does not exist or belongs to another query.
The result is `prepared statement "__asyncpg_stmt_1__" does not exist`,
`DuplicatePreparedStatementError: prepared statement "__asyncpg_stmt_1__" already exists`, or another client's rows.

asyncpg's own `connect()` and `create_pool()`, and the libraries listed in `PGB512`, fail in the same way. With
`statement_cache_size=50` and asyncpg 0.32, `connect()` failed in 84 of 180 attempts and `create_pool()` in 129 of 180,
about as often as with the default size.

## Example
```python
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app",
    pool_pre_ping=True,
    connect_args={"statement_cache_size": 50, "prepared_statement_cache_size": 0},
)
```

## Use instead
```python
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app",
    pool_pre_ping=True,
    connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
)
```

If you chose the number for a direct connection, keep it and set `pooler = "none"` in `[tool.poolsafe]`.

## Fix safety
The fix sets both keys to 0, and replaces an expression such as `0 if debug else 50` as a whole. It is safe if the
number is in the same file as the call and reaches only engines that use asyncpg. Otherwise, it is unsafe, or there is
no fix. If one of the keys is missing, the fix adds it, unless the call also creates engines for another driver.

## Versions
A positive `prepared_statement_cache_size` together with `statement_cache_size=0` works with asyncpg >= 0.31, and is not
reported if that version is known.

In our tests, any positive size failed like the default of 100. With the default, 608 of 1080 attempts failed with
SQLAlchemy 2.1.9 + asyncpg 0.32, and 746 of 1080 with SQLAlchemy 2.0.58 + asyncpg 0.30 (PgBouncer 1.18, see `PGB101`).

## References
- [asyncpg: statement_cache_size](https://magicstack.github.io/asyncpg/current/api/index.html#connection)
- [SQLAlchemy: asyncpg prepared statement
  cache](https://docs.sqlalchemy.org/en/20/dialects/postgresql.html#prepared-statement-cache)
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from poolsafe.facts.connection import AnyClient, Connection
from poolsafe.facts.deployment import Deployment
from poolsafe.facts.engine import CacheSize, Engine, SizeState
from poolsafe.findings import Finding
from poolsafe.fixes.connection_fixes import disable_cache
from poolsafe.fixes.engine_fixes import disable_caches
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.client_wording import size_findings
from poolsafe.rules.wording import assuming, behind, besides, both_zero, finding, grounds, layer
from poolsafe.verdicts import Problem, judge

if TYPE_CHECKING:
    from poolsafe.source import Source


@rule(since="0.1.0", fix=FixAvailability.SOMETIMES)
def check(client: AnyClient, deployment: Deployment, source: Source) -> Iterator[Finding]:
    if isinstance(client, Connection):
        yield from _of_connection(client, deployment, source)
    else:
        yield from _of_engine(client, deployment, source)


def _of_connection(connection: Connection, deployment: Deployment, source: Source) -> Iterator[Finding]:
    def message(size: CacheSize) -> str:
        return (
            f'{layer(size.key)} is {size.value or "not 0"}: queries raise `prepared statement "..." does not exist` '
            f"{behind(deployment)}; set it to 0"
        )

    fix = partial(disable_cache, connection, source)
    return size_findings(__name__, connection, deployment, Problem.NONZERO, message, fix)


def _of_engine(engine: Engine, deployment: Deployment, source: Source) -> Iterator[Finding]:
    for verdict in judge(engine, deployment):
        if verdict.problem is Problem.NONZERO:
            positive = [size for size in engine.sizes.both if size.state is SizeState.POSITIVE]
            sizes = " and ".join(f"{layer(size.key)} is {size.value or 'not 0'}" for size in positive)
            message = (
                f'{assuming(engine)}{sizes}: queries raise `prepared statement "..." does not exist` '
                f"{behind(deployment)}; {_advice(engine, positive, deployment)}"
            )
            related = tuple(place for size in positive for place in size.origin) + grounds(engine, deployment)
            yield finding(
                __name__, engine, message, verdict.severity, disable_caches(engine, source, deployment), related
            )


def _advice(engine: Engine, positive: list[CacheSize], deployment: Deployment) -> str:
    if engine.creator is not None or len(positive) == 2:
        return both_zero(engine, deployment)
    (other,) = (size for size in engine.sizes.both if size not in positive)
    what = "it" if other.state is SizeState.ZERO else f"it and {layer(other.key)}"
    return f"set {what} to 0{besides(engine, deployment)}"
