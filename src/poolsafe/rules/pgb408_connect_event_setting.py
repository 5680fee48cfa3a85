"""
## What it does
Reports SQL that changes a session setting in a connection event of SQLAlchemy. The events are `connect`,
`first_connect`, `do_connect` and `checkout`.

## Why is this bad?
These events concern the connection to the pooler. A transaction pooler does not tie that connection to one server
connection, so the value is set on an arbitrary server connection.

- A setting from a `connect` listener reaches the server connection of one transaction. Later transactions do not have
  it on other server connections, and other clients inherit it. In our tests, 69 to 82 of 180 queries ran in the wrong
  schema, half of them from a client that sets nothing.
- A setting from a `checkout` listener is in effect in each transaction, and stays in effect for other clients after the
  commit. In our test, 60 of 180 queries were wrong, all from a client that sets nothing.

If the transaction of a `connect` listener is rolled back, its setting is lost even without a pooler.

## Example
```python
from sqlalchemy import event
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app",
    pool_pre_ping=True,
    connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
)


@event.listens_for(engine.sync_engine, "connect")
def set_search_path(dbapi_connection, connection_record):
    cursor = dbapi_connection.cursor()
    cursor.execute("SET search_path TO tenant_a")
    cursor.close()
```

## Use instead
```python
from sqlalchemy import event
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app",
    pool_pre_ping=True,
    connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
)


@event.listens_for(engine.sync_engine, "begin")
def set_search_path(connection):
    connection.exec_driver_sql("SET LOCAL search_path TO tenant_a")
```

With this listener, 0 of 180 queries were wrong. A value that never changes can be set on the server:
`ALTER ROLE app SET search_path = tenant_a`.

## Fix safety
There is no fix, because a listener for the `begin` event has different parameters.

## Versions
Tested with PostgreSQL 15, SQLAlchemy 2.1.9, asyncpg 0.32, and PgBouncer 1.18 and 1.25.2 (1.25.2 with and without
prepared statement support). Odyssey discards the setting after the transaction. PgDog restores it for each client. RDS
Proxy pins the client to one server connection.

## References
- [SQLAlchemy: engine
  events](https://docs.sqlalchemy.org/en/20/core/events.html#sqlalchemy.events.ConnectionEvents.begin)
- [PostgreSQL: ALTER ROLE](https://www.postgresql.org/docs/current/sql-alterrole.html)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolsafe.facts.deployment import Deployment
from poolsafe.facts.session_statement import CONNECT_EVENTS, SessionStatement
from poolsafe.findings import Finding
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.session_wording import as_written, grounds, message_of, verdict_on
from poolsafe.rules.wording import finding
from poolsafe.sql.session_commands import Effect, is_tracked

if TYPE_CHECKING:
    from poolsafe.source import Source


@rule(since="0.2.0", fix=FixAvailability.NONE)
def check(statement: SessionStatement, deployment: Deployment, source: Source) -> Iterator[Finding]:
    command = statement.command
    if command.effect is not Effect.SETTING or is_tracked(command.name) or statement.listener not in CONNECT_EVENTS:
        return
    verdict = verdict_on(statement, deployment)
    if verdict is None:
        return
    what = f"{as_written(statement)} in a `{statement.listener}` listener"
    # A checkout listener sets it again for each transaction.
    lost = verdict.lost and statement.listener != "checkout"
    leak = "other clients inherit it" + (", and your next transaction may not have it" if lost else "")
    message = message_of(what, leak, "use `SET LOCAL` in a `begin` listener", verdict, deployment)
    yield finding(__name__, statement, message, verdict.severity, None, grounds(statement, deployment))
