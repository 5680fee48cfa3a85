"""
## What it does
Reports SQL that has an effect only in a transaction, but runs outside one. It checks `SET LOCAL`,
`set_config(..., true)`, `pg_advisory_xact_lock()` and `ON COMMIT DROP` under AUTOCOMMIT, or on an asyncpg connection
outside `transaction()`.

## Why is this bad?
Outside a transaction block, each statement is its own transaction, with or without a pooler. PostgreSQL sends a
warning, which Python does not show: `SET LOCAL can only be used in transaction blocks`.

- A setting immediately reverts to its old value: `app.tenant` is empty in the next statement, and a timeout does not
  apply to it.
- A lock is released immediately: in a test, another client got it while the first one still relied on it.
- A table is dropped immediately: the next statement raises `UndefinedTableError: relation "tt" does not exist`.

A query that also reads tables, such as `SELECT pg_advisory_xact_lock(id) FROM jobs`, is not reported.

## Example
```python
import asyncpg


async def orders_of(dsn: str, tenant: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsn, statement_cache_size=0)
    await connection.execute("SELECT set_config('app.tenant', $1, true)", tenant)
    return await connection.fetch("SELECT * FROM orders")
```

## Use instead
```python
import asyncpg


async def orders_of(dsn: str, tenant: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsn, statement_cache_size=0)
    async with connection.transaction():
        await connection.execute("SELECT set_config('app.tenant', $1, true)", tenant)
        return await connection.fetch("SELECT * FROM orders")
```

## Fix safety
There is no fix, because only you know which statements belong to the transaction.

## Versions
All versions. Observed with PostgreSQL 15 and asyncpg 0.32, directly and behind PgBouncer 1.18 and 1.25.2.

## References
- [PostgreSQL: SET](https://www.postgresql.org/docs/current/sql-set.html)
- [asyncpg: transactions](https://magicstack.github.io/asyncpg/current/usage.html#transactions)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolsafe.facts.deployment import Deployment
from poolsafe.facts.session_statement import SessionStatement, Transaction
from poolsafe.findings import Finding, Severity
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.session_wording import as_written, shown
from poolsafe.rules.wording import assumption, finding, prepared_by_asyncpg
from poolsafe.sql.session_commands import LOCAL, Effect

if TYPE_CHECKING:
    from poolsafe.source import Source


@rule(since="0.2.0", fix=FixAvailability.NONE, always=True, severities=(Severity.ERROR,))
def check(statement: SessionStatement, deployment: Deployment, source: Source) -> Iterator[Finding]:
    command = statement.command
    if command.effect not in LOCAL or command.with_work or not statement.outside_transaction:
        return
    if statement.fails_anywhere or not prepared_by_asyncpg(statement, deployment):
        return
    message = f"{_consequence(statement)}; {_advice(statement)}"
    related = statement.origin + assumption(statement, deployment)
    yield finding(__name__, statement, message, Severity.ERROR, None, related)


def _advice(statement: SessionStatement) -> str:
    is_table = statement.command.effect is Effect.LOCAL_TABLE
    advice = "create and use it" if is_table else "run it"
    if statement.transaction is not Transaction.AUTOCOMMIT:
        return f"{advice} inside `async with connection.transaction()`"
    return f"{advice} in a transaction" + ("" if is_table else ", without AUTOCOMMIT")


def _consequence(statement: SessionStatement) -> str:
    name = shown(statement.command.name)
    without = "under AUTOCOMMIT," if statement.transaction is Transaction.AUTOCOMMIT else "without a transaction,"
    match statement.command.effect:
        case Effect.LOCAL_LOCK:
            return f"`{name}()` protects nothing: {without} the lock is released immediately, on every server"
        case Effect.LOCAL_TABLE:
            return (
                f"{without} the temporary table `{name}` is dropped immediately and the next statement "
                "raises UndefinedTableError"
            )
    return f"{as_written(statement)} has no effect outside a transaction, on any server"
