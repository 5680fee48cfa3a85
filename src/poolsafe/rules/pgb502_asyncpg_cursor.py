"""
## What it does
Reports `cursor(sql)` on asyncpg's connections, and `iterate()` of the `databases` package. `iterate()` calls
`cursor()`.

## Why is this bad?
In every release, `cursor()` prepares its statement under a name, even if `statement_cache_size` is 0. In transaction
pooling, the server connection may already have another client's statement of that name:
`DuplicatePreparedStatementError: prepared statement "__asyncpg_stmt_1__" already exists`.

## Example
```python
import asyncpg


async def export(connection: asyncpg.Connection) -> None:
    async with connection.transaction():
        async for row in connection.cursor("SELECT id FROM jobs"):
            print(row)
```

## Use instead
Read in batches by a key, or use `copy_from_query()` for an export:

```python
import asyncpg


async def export(connection: asyncpg.Connection) -> None:
    last = 0
    while rows := await connection.fetch("SELECT id FROM jobs WHERE id > $1 ORDER BY id LIMIT 1000", last):
        print(rows)
        last = rows[-1]["id"]
```

With asyncpg >= 0.31 and `statement_cache_size=0`, `(await connection.prepare(sql)).cursor()` works too, inside a
transaction, because that statement has no name.

## Fix safety
There is no fix, because the rows have to be read in a different way.

## Versions
With `statement_cache_size=0` in transaction pooling on PgBouncer 1.18, 60 of 180 attempts failed with asyncpg 0.32, and
15 of 180 with 0.30. The `cursor()` of a statement from `prepare()` failed in 0 of 540 attempts with 0.32. `iterate()`
of `databases` 0.9.0 failed in 7 of 108 attempts. Nothing failed with session pooling, or with PgBouncer 1.25.2 and
`max_prepared_statements = 200`.

## References
- [asyncpg: cursors](https://magicstack.github.io/asyncpg/current/api/index.html#cursors)
- [asyncpg:
  Connection.copy_from_query](https://magicstack.github.io/asyncpg/current/api/index.html#asyncpg.connection.Connection.copy_from_query)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolsafe.facts.deployment import Deployment
from poolsafe.facts.prepared_call import PreparedBy, PreparedCall
from poolsafe.findings import Finding
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.wording import behind, finding, provenance
from poolsafe.verdicts import breaks_names, severity

if TYPE_CHECKING:
    from poolsafe.source import Source


@rule(since="0.2.0", fix=FixAvailability.NONE)
def check(call: PreparedCall, deployment: Deployment, source: Source) -> Iterator[Finding]:
    if call.by is PreparedBy.PREPARE or not breaks_names(deployment):
        return
    what = (
        "asyncpg's `cursor(sql)`"
        if call.by is PreparedBy.CURSOR
        else "`iterate()` calls asyncpg's `cursor(sql)`, which"
    )
    message = (
        f"{what} names its statement even if the cache size is 0: it raises DuplicatePreparedStatementError "
        f"{behind(deployment)}; fetch in batches, or use COPY"
    )
    related = provenance(deployment, "pooler", "max-prepared-statements")
    yield finding(__name__, call, message, severity(deployment), None, related)
