"""
## What it does
Reports temporary tables that asyncpg creates and that their transaction does not drop. Temporary views and sequences
count as well.

## Why is this bad?
The table stays on a server of the pooler.

- Another client there reads its rows: it selected `A-secret`, which the first one had written.
- The next one that creates it gets `DuplicateTableError: relation "tt" already exists` (177 of 180 times). With
  `IF NOT EXISTS` it finds the old rows instead, without an error.
- The client that created it gets `UndefinedTableError: relation "tt" does not exist` on another server.
- A temporary table named as a real one hides that from the other clients.

`IF NOT EXISTS ... ON COMMIT DELETE ROWS` is silent: 0 of 180 failed, as long as every client defines the table alike.

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

Views and sequences have no such clause: drop them in the same transaction.

## Fix safety
The fix adds `ON COMMIT DROP`. It is safe where the function shows the end of the transaction, and that nothing runs on
the connection afterwards. It is unsafe where a caller may commit and read the table. There is none without a
transaction, where the table would be gone at once, nor for views and sequences.

## Versions
PgBouncer 1.18 and 1.25.2, with and without prepared statement support; PostgreSQL 15, asyncpg 0.32. Odyssey discards
the table after the transaction, RDS Proxy keeps the client on one server.

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
from poolsafe.rules.wording import behind, finding
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
    leaks = f"{what} stays on the server: other clients read it, or meet `already exists`, {behind(deployment)}"
    if command.kept:
        leaks = f"{what} may exist already and hold another client's rows, without an error, {behind(deployment)}"
    message = message_of(leaks, what, _advice(statement, kind), verdict, deployment)
    fix = None if verdict.outcome is Outcome.PINS else drop_on_commit(statement, source)
    yield finding(__name__, statement, message, verdict.severity, fix, grounds(statement, deployment))


def _advice(statement: SessionStatement, kind: str) -> str:
    if statement.outside_transaction:
        return "use and drop it in one transaction"
    return "add `ON COMMIT DROP`" if kind == "table" else "drop it in the same transaction"
