"""
## What it does
Reports `LISTEN` and asyncpg's `add_listener()`.

## Why is this bad?
Behind a transaction pooler, `LISTEN` registers the channel on whichever server connection is free, and the pooler then
gives that connection to other clients. The client receives no notifications, and no exception is raised. In a test, the
notification went to another client that was using that server connection. A long transaction does not help, because
`LISTEN` takes effect when it commits.

`NOTIFY` and `pg_notify()` work behind every pooler.

## Example
```python
import asyncpg


async def watch(dsn: str) -> None:
    connection = await asyncpg.connect(dsn, statement_cache_size=0)
    await connection.add_listener("jobs", print)
```

## Use instead
Listen on a connection that bypasses the pooler. poolsafe recognises such a connection if its URL comes from a variable
whose name contains `direct`:

```python
import asyncpg


async def watch(direct_dsn: str) -> None:
    connection = await asyncpg.connect(direct_dsn, statement_cache_size=0)
    await connection.add_listener("jobs", print)
```

If you have no such connection, poll for new rows instead, with `SELECT ... FOR UPDATE SKIP LOCKED` in one transaction.

## Fix safety
There is no fix, because the address of the server is not in the code.

## Versions
Tested with asyncpg 0.32, and PgBouncer 1.18 and 1.25.2 (1.25.2 with and without prepared statement support). Odyssey
drops the subscription after the transaction. PgDog forwards notifications if `pub_sub_channel_size` is set. RDS Proxy
pins the client to one server connection.

## References
- [PostgreSQL: LISTEN](https://www.postgresql.org/docs/current/sql-listen.html)
- [PgBouncer: features of the pool modes](https://www.pgbouncer.org/features.html)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolsafe.facts.deployment import Deployment
from poolsafe.facts.session_statement import SessionStatement
from poolsafe.findings import Finding
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.session_wording import grounds, pinned, shown, verdict_on
from poolsafe.rules.wording import behind, finding
from poolsafe.sql.session_commands import Effect
from poolsafe.verdicts import Outcome

if TYPE_CHECKING:
    from poolsafe.source import Source


@rule(since="0.2.0", fix=FixAvailability.NONE)
def check(statement: SessionStatement, deployment: Deployment, source: Source) -> Iterator[Finding]:
    if statement.command.effect is not Effect.LISTEN:
        return
    verdict = verdict_on(statement, deployment)
    if verdict is None:
        return
    listens = f"LISTEN {shown(statement.command.name)}"
    what = statement.function if statement.function == "add_listener()" else listens
    message = (
        f"`{what}` silently receives no notifications {behind(deployment)}: other clients get its server connection; "
        "use a direct connection"
    )
    if verdict.outcome is Outcome.PINS:
        message = f"{pinned(f'`{what}`', deployment)}; listen on a direct connection"
    yield finding(__name__, statement, message, verdict.severity, None, grounds(statement, deployment))
