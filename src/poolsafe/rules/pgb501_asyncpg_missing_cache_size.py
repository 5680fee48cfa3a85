"""
## What it does
Reports asyncpg's own `connect()` and `create_pool()` without `statement_cache_size=0`.

## Why is this bad?
asyncpg prepares each statement under a name and keeps 100 of them for every connection. In transaction pooling the next
statement may run on another server, which does not know the name, or knows it for another client's statement:
`DuplicatePreparedStatementError: prepared statement "__asyncpg_stmt_1__" already exists`,
`InvalidSQLStatementNameError: prepared statement "__asyncpg_stmt_1__" does not exist`, or rows of another client's
query without an error.

## Example
```python
import asyncpg


async def make_pool() -> asyncpg.Pool:
    return await asyncpg.create_pool("postgresql://app@pgbouncer:6432/app", max_size=5)
```

## Use instead
```python
import asyncpg


async def make_pool() -> asyncpg.Pool:
    return await asyncpg.create_pool("postgresql://app@pgbouncer:6432/app", max_size=5, statement_cache_size=0)
```

It is a keyword of asyncpg, also of `create_pool()`, which hands it on. It does not belong into the DSN, where it
becomes a setting of the server that no server knows (`PGB105`).

A call whose `**` may bring the key from elsewhere is not reported, nor a pool that is given a function as `connect=`,
nor a URL that is called direct, such as `DIRECT_URL`. A connection that is made inside the creator of a SQLAlchemy
engine is the engine's finding.

## Fix safety
The fix adds `statement_cache_size=0` to the call. It is safe unless the call spreads a parameter of the function around
it by `**`, in which a caller elsewhere may give the key.

## Versions
Failures in transaction pooling on PgBouncer 1.18, 180 attempts each: `connect()` 84 with asyncpg 0.32 and 127 with
0.30, `create_pool()` 123 and 85. With `statement_cache_size=0`, `fetch`, `execute`, `executemany` and types: 0 with
both. asyncpg <= 0.30 still names the statements of `prepare()` and `copy_records_to_table()`, see `PGB503`; every
version those of `cursor()`, see `PGB502`. PgBouncer >= 1.21 with `max_prepared_statements` above 0 and session pooling
need nothing.

## References
- [asyncpg: connect](https://magicstack.github.io/asyncpg/current/api/index.html#connection)
- [asyncpg: prepared statements and PgBouncer](https://magicstack.github.io/asyncpg/current/faq.html)
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from poolsafe.facts.connection import Connection
from poolsafe.facts.deployment import Deployment
from poolsafe.facts.engine import CacheSize
from poolsafe.findings import Finding
from poolsafe.fixes.connection_fixes import disable_cache
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.client_wording import called_by, size_findings
from poolsafe.rules.wording import behind
from poolsafe.verdicts import Problem

if TYPE_CHECKING:
    from poolsafe.source import Source


@rule(since="0.2.0", fix=FixAvailability.SOMETIMES)
def check(connection: Connection, deployment: Deployment, source: Source) -> Iterator[Finding]:
    if connection.is_wrapped or connection.misplaced:
        return

    def message(_: CacheSize) -> str:
        return (
            f"asyncpg's {called_by(connection)} caches statements: DuplicatePreparedStatementError or another client's "
            f"rows {behind(deployment)}; add `statement_cache_size=0`"
        )

    fix = partial(disable_cache, connection, source)
    yield from size_findings(__name__, connection, deployment, Problem.MISSING, message, fix)
