"""
## What it does
Reports `LISTEN` and asyncpg's `add_listener()`.

## Why is this bad?
A transaction pooler registers the channel on the server that is free at that moment, and gives that server to others.
The client hears nothing, and nothing fails. The notification went to the connection of another client that was at work
on that server. A long transaction is no way out, since `LISTEN` takes effect at its commit.

`NOTIFY` and `pg_notify()` work behind every pooler.

## Example
```python
import asyncpg


async def watch(dsn: str) -> None:
    connection = await asyncpg.connect(dsn, statement_cache_size=0)
    await connection.add_listener("jobs", print)
```

## Use instead
Listen on a connection that leads past the pooler. A name with `direct` in it tells poolsafe as well:

```python
import asyncpg


async def watch(direct_dsn: str) -> None:
    connection = await asyncpg.connect(direct_dsn, statement_cache_size=0)
    await connection.add_listener("jobs", print)
```

Where there is no such connection, ask for new rows from time to time (`FOR UPDATE SKIP LOCKED` in one transaction).

## Fix safety
There is no fix: the address of the server is not in the code.

## Versions
PgBouncer 1.18 and 1.25.2, with and without prepared statement support; asyncpg 0.32. Odyssey drops the subscription
after the transaction, PgDog forwards notifications where `pub_sub_channel_size` is set, RDS Proxy keeps the client on
one server.

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
        f"`{what}` hears nothing {behind(deployment)}, and nothing fails: the server that listens is given to other "
        "clients; listen on a direct connection"
    )
    if verdict.outcome is Outcome.PINS:
        message = f"{pinned(f'`{what}`', deployment)}; listen on a direct connection"
    yield finding(__name__, statement, message, verdict.severity, None, grounds(statement, deployment))
