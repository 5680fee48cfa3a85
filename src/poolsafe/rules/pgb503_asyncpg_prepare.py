"""
## What it does
Reports `prepare()` on asyncpg's connections if it gives the statement a name. This happens with asyncpg <= 0.30, with
the statement cache on, and with `name=`. A call with `name=` is reported only outside a transaction.

## Why is this bad?
A named prepared statement exists on only one server connection. In transaction pooling, the next call may run on
another connection. There, it raises
`InvalidSQLStatementNameError: prepared statement "__asyncpg_stmt_1__" does not exist`, or runs another client's
statement of that name and returns its rows. Since 0.31, `prepare()` does not name the statement if
`statement_cache_size` is 0. Older versions always name it.

## Example
```python
import asyncpg


async def load(connection: asyncpg.Connection, ids: list[int]) -> None:
    statement = await connection.prepare("SELECT * FROM jobs WHERE id = $1")
    for one in ids:
        print(await statement.fetchrow(one))
```

## Use instead
```python
import asyncpg


async def load(connection: asyncpg.Connection, ids: list[int]) -> None:
    print(await connection.fetch("SELECT * FROM jobs WHERE id = ANY($1)", ids))
```

## Fix safety
There is no fix.

## Versions
With `statement_cache_size=0` in transaction pooling on PgBouncer 1.18, asyncpg 0.30 failed in 36 of 180 attempts in a
transaction, and in 166 of 180 outside one (49 of them with wrong rows). asyncpg 0.32 never failed in 180 attempts,
inside or outside a transaction. With the cache on, both versions fail. Nothing is reported if asyncpg is known to be
0.31 or newer and the size is 0, or if the connection is created elsewhere, where `PGB501` checks the size. `name=`
outside a transaction fails in every release. No change is needed with session pooling, or with PgBouncer and
`max_prepared_statements` above 0.

## References
- [asyncpg:
  Connection.prepare](https://magicstack.github.io/asyncpg/current/api/index.html#asyncpg.connection.Connection.prepare)
- [asyncpg: unnamed statements in prepare()](https://github.com/MagicStack/asyncpg/pull/1245)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolsafe.facts.deployment import Deployment, at_least, older_than
from poolsafe.facts.engine import SizeState
from poolsafe.facts.prepared_call import PreparedBy, PreparedCall
from poolsafe.findings import Finding, Severity
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.wording import behind, finding, provenance
from poolsafe.verdicts import breaks_names, severity

if TYPE_CHECKING:
    from poolsafe.source import Source

_UNNAMED = (0, 31)


@rule(since="0.2.0", fix=FixAvailability.NONE)
def check(call: PreparedCall, deployment: Deployment, source: Source) -> Iterator[Finding]:
    if call.by is not PreparedBy.PREPARE or not breaks_names(deployment):
        return
    named = call.named and call.outside
    if not named and at_least(deployment.asyncpg, _UNNAMED) and call.size in (SizeState.ZERO, SizeState.UNKNOWN):
        return
    if named:
        what = "asyncpg's `prepare(name=...)` names its statement, which is used outside a transaction"
        advice = "remove the name"
    elif call.size is SizeState.ZERO or call.size is SizeState.UNKNOWN:
        what, advice = "`prepare()` in asyncpg < 0.31 names its statement", "use asyncpg >= 0.31, or `fetch`"
    else:
        what, advice = "asyncpg's `prepare()` names its statement", "use `statement_cache_size=0`, or `fetch`"
    message = f'{what}: executing it raises `prepared statement "..." does not exist` {behind(deployment)}; {advice}'
    # An unknown asyncpg may be a new one.
    sure = named or older_than(deployment.asyncpg, _UNNAMED) or call.size not in (SizeState.ZERO, SizeState.UNKNOWN)
    weight = severity(deployment) if sure else Severity.WARNING
    related = provenance(deployment, "pooler", "max-prepared-statements", "asyncpg-version")
    yield finding(__name__, call, message, weight, None, related)
