"""
## What it does
Reports temporary tables, views and sequences that outlive their transaction.

## Why is this bad?
The table stays on one server connection of the pooler.

- Another client on that connection can read its rows. In a test, a client read `A-secret`, which another client had
  written.
- The next client that creates a table of that name gets `DuplicateTableError: relation "tt" already exists` (in 177 of
  180 attempts). With `IF NOT EXISTS`, it silently finds the old rows instead.
- On another server connection, the client that created it gets `UndefinedTableError: relation "tt" does not exist`.
- A temporary table with the name of a real table hides the real one from other clients.

`IF NOT EXISTS ... ON COMMIT DELETE ROWS` is not reported. It works if every client defines the table in the same way: 0
of 180 attempts failed.

## Example
```python
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app",
    pool_pre_ping=True,
    connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
)


async def import_prices() -> None:
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TEMP TABLE new_prices (sku text, price numeric)"))
        await connection.execute(text("INSERT INTO new_prices VALUES ('a', 1)"))
        await connection.execute(text("UPDATE items SET price = n.price FROM new_prices n WHERE n.sku = items.sku"))
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


async def import_prices() -> None:
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TEMP TABLE new_prices (sku text, price numeric) ON COMMIT DROP"))
        await connection.execute(text("INSERT INTO new_prices VALUES ('a', 1)"))
        await connection.execute(text("UPDATE items SET price = n.price FROM new_prices n WHERE n.sku = items.sku"))
```

Views and sequences do not support this clause; drop them in the same transaction.

## Fix safety
The fix adds `ON COMMIT DROP`. It is safe if the transaction ends in the same function and nothing runs on the
connection afterwards, and unsafe if a caller may commit and then read the table. There is no fix for views and
sequences, or outside a transaction, where the table would be dropped immediately. There is also no fix if the function
runs its other statements only after this transaction, because the table would no longer exist.

## Versions
Tested with PostgreSQL 15, asyncpg 0.32, and PgBouncer 1.18 and 1.25.2 (1.25.2 with and without prepared statement
support). Odyssey discards the table after the transaction; RDS Proxy pins the client to one server connection.

## References
- [PostgreSQL: CREATE TABLE](https://www.postgresql.org/docs/current/sql-createtable.html)
- [PgBouncer: features of the pool modes](https://www.pgbouncer.org/features.html)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolsafe.facts.deployment import Deployment
from poolsafe.facts.session_statement import SessionStatement
from poolsafe.findings import Finding
from poolsafe.fixes.session_fixes import drop_on_commit
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.session_wording import grounds, message_of, shown, verdict_on
from poolsafe.rules.wording import finding
from poolsafe.sql.session_commands import Effect
from poolsafe.verdicts import Outcome

if TYPE_CHECKING:
    from poolsafe.source import Source


@rule(since="0.2.0", fix=FixAvailability.SOMETIMES)
def check(statement: SessionStatement, deployment: Deployment, source: Source) -> Iterator[Finding]:
    command = statement.command
    if command.effect is not Effect.TEMPORARY_TABLE or (command.kept and command.value == "delete rows"):
        return
    verdict = verdict_on(statement, deployment)
    if verdict is None:
        return
    kind = command.value if command.value in ("view", "sequence") else "table"
    what = f"the temporary {kind} `{shown(command.name)}`"
    leak = "other clients can read it, or get an `already exists` error"
    if command.kept:
        leak = "it may already exist, with another client's rows"
    message = message_of(what, leak, _advice(statement, kind), verdict, deployment)
    fix = None if verdict.outcome is Outcome.PINS else drop_on_commit(statement, source)
    yield finding(__name__, statement, message, verdict.severity, fix, grounds(statement, deployment))


def _advice(statement: SessionStatement, kind: str) -> str:
    if statement.outside_transaction or statement.used_after:
        return "create, use and drop it in one transaction"
    if kind != "table":
        return "drop it in the same transaction"
    match statement.command.value:
        case "select into":
            return "use `CREATE TEMP TABLE ... ON COMMIT DROP AS`"
        case "preserve rows" | "delete rows" as rows:
            return f"use `ON COMMIT DROP` instead of `{rows.upper()}`"
    return "add `ON COMMIT DROP`"
