"""
## What it does
Reports session-level advisory locks that outlive their transaction. The rule reports `pg_advisory_lock()` and
`pg_try_advisory_lock()`, shared or exclusive, if the lock is taken outside a transaction, released after the
transaction that took it, or never released. PostgreSQL counts session-level locks: a lock that is taken twice has to be
released twice.

## Why is this bad?
The lock belongs to a server connection of the pooler, not to the client.

- Another client on the same server connection can also acquire the lock, so the lock does not exclude other clients. As
  a mutex, it failed in 50 of 180 attempts.
- The unlock may run on another server connection: `pg_advisory_unlock()` returns false with
  `you don't own a lock of type ExclusiveLock`, and the lock remains. Neither a rollback nor a disconnect releases it,
  and other clients may wait for it forever.
- A heartbeat query does not show that the lock is still held, because it may run on another server connection.
- Whenever a connection is released to asyncpg's pool, the pool runs `pg_advisory_unlock_all()` on whichever server
  connection is free. In a test, this released another client's lock.

A lock that is taken and released in one transaction works, and is not reported. One risk remains: if an error before
the unlock rolls the transaction back, the lock stays on the server connection. `pg_advisory_xact_lock()` does not have
this risk.

## Example
```python
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app",
    pool_pre_ping=True,
    connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
)


async def send_invoices() -> None:
    async with engine.begin() as connection:
        await connection.execute(text("SELECT pg_advisory_lock(4711)"))
        await connection.execute(text("INSERT INTO invoices SELECT * FROM due_invoices"))
```

## Use instead
```python
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app",
    pool_pre_ping=True,
    connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
)


async def send_invoices() -> None:
    async with engine.begin() as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(4711)"))
        await connection.execute(text("INSERT INTO invoices SELECT * FROM due_invoices"))
```

A lock that has to outlive its transactions, such as one for leader election, needs its own connection that bypasses the
pooler.

## Fix safety
The fix uses a transaction-level lock (`pg_advisory_xact_lock` or `pg_try_advisory_xact_lock`) and removes the unlock if
poolsafe finds it. It is always unsafe: the lock is then released at the end of the transaction, which may be earlier or
later than before. There is no fix outside a transaction, or if the lock is needed after it.

## Versions
Tested with PostgreSQL 15, asyncpg 0.32, and PgBouncer 1.18 and 1.25.2 (1.25.2 with and without prepared statement
support). Odyssey discards the lock after the transaction; RDS Proxy pins the client to one server connection.

## References
- [PostgreSQL: advisory locks](https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS)
- [PgBouncer: features of the pool modes](https://www.pgbouncer.org/features.html)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolsafe.facts.deployment import Deployment
from poolsafe.facts.session_statement import SessionStatement
from poolsafe.findings import Finding
from poolsafe.fixes.session_fixes import take_transaction_lock, transaction_lock
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.session_wording import grounds, message_of, verdict_on
from poolsafe.rules.wording import finding
from poolsafe.sql.session_commands import Effect
from poolsafe.verdicts import Outcome

if TYPE_CHECKING:
    from poolsafe.source import Source


@rule(since="0.2.0", fix=FixAvailability.SOMETIMES)
def check(statement: SessionStatement, deployment: Deployment, source: Source) -> Iterator[Finding]:
    if statement.command.effect is not Effect.LOCK or not _outlives_transaction(statement):
        return
    verdict = verdict_on(statement, deployment)
    if verdict is None:
        return
    what = f"the lock taken by `{statement.command.name}()`"
    leak = "the next client holds it after this one disconnects"
    if verdict.lost:
        leak = "other clients can also acquire it, and it may never be released"
    advice = "take it on a direct connection"
    fix = None
    if statement.in_transaction and not _is_needed_later(statement):
        advice = f"use `{transaction_lock(statement.command.name)}()`"
        fix = None if verdict.outcome is Outcome.PINS else take_transaction_lock(statement, source)
    message = message_of(what, leak, advice, verdict, deployment)
    yield finding(__name__, statement, message, verdict.severity, fix, grounds(statement, deployment))


def _is_needed_later(statement: SessionStatement) -> bool:
    """Returns whether the module shows that the lock is meant for code after its transaction."""
    return statement.used_after or (statement.undone_late and not statement.used_here)


def _outlives_transaction(statement: SessionStatement) -> bool:
    """Returns whether the lock is released after its transaction, or has no visible release."""
    # A caller may release a lock that a function takes on the caller's connection.
    return statement.undone_late or statement.abandoned or not (statement.in_transaction and statement.lent)
