"""
## What it does
Reports asyncpg's own `connect()` and `create_pool()` without `statement_cache_size=0`.

## Why is this bad?
asyncpg prepares each statement under a name and keeps up to 100 of them per connection. In transaction pooling, the
next statement may run on another server connection, where the name is missing or belongs to another client's statement.
The result is `DuplicatePreparedStatementError: prepared statement "__asyncpg_stmt_1__" already exists`,
`InvalidSQLStatementNameError: prepared statement "__asyncpg_stmt_1__" does not exist`, or, without any exception,
another client's rows.

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

Both `connect()` and `create_pool()` accept `statement_cache_size` as a keyword argument. Do not put it in the DSN:
asyncpg would send it to the server as an unknown setting (`PGB105`).

A call is not reported if a `**` argument may contain the key, if a pool has its own `connect=` function, or if the URL
comes from a variable with a name such as `DIRECT_URL`, which suggests a direct connection. A connection made by the
creator of a SQLAlchemy engine is checked together with the engine (`PGB101`).

## Fix safety
The fix adds `statement_cache_size=0` to the call. It is unsafe if the call unpacks a parameter of the
enclosing function with `**`, because a caller elsewhere may already pass the key in it. It is also unsafe if callers
can replace the function that is called, as in `self.connect()`. Otherwise, it is safe.

## Versions
In transaction pooling on PgBouncer 1.18, `connect()` failed in 84 of 180 attempts with asyncpg 0.32, and in 127 of 180
with 0.30. `create_pool()` failed in 123 of 180 attempts with asyncpg 0.32, and in 85 of 180 with 0.30. With
`statement_cache_size=0`, `fetch`, `execute`, `executemany` and queries with custom types never failed with either
version. asyncpg <= 0.30 still names the statements of `prepare()` and `copy_records_to_table()` (see `PGB503`), and
every version names those of `cursor()` (see `PGB502`). No change is needed with session pooling, or with PgBouncer >=
1.21 and `max_prepared_statements` above 0.

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
            f"asyncpg's {called_by(connection)} caches statements: queries raise DuplicatePreparedStatementError or "
            f"return another client's rows {behind(deployment)}; add `statement_cache_size=0`"
        )

    fix = partial(disable_cache, connection, source)
    yield from size_findings(__name__, connection, deployment, Problem.MISSING, message, fix)
