"""
## What it does
Reports SQL that sets the role of the session and is executed through asyncpg. It checks `SET ROLE`, `SET SESSION ROLE`
and `SET SESSION AUTHORIZATION`.

## Why is this bad?
After the commit, a transaction pooler gives the server connection to another client, which then acts as this role: it
can read what the role can read, or gets `InsufficientPrivilegeError: permission denied`. The first client acts as its
login role again once it gets another server connection. A later `RESET ROLE` may also run on another server connection,
and then has no effect on the first connection.

## Example
```python
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app",
    pool_pre_ping=True,
    connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
)


async def audit() -> list[int]:
    async with engine.begin() as connection:
        await connection.execute(text("SET ROLE auditor"))
        return list(await connection.scalars(text("SELECT id FROM payments")))
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


async def audit() -> list[int]:
    async with engine.begin() as connection:
        await connection.execute(text("SET LOCAL ROLE auditor"))
        return list(await connection.scalars(text("SELECT id FROM payments")))
```

## Fix safety
The fix uses `SET LOCAL ROLE`, or `SET LOCAL SESSION AUTHORIZATION`. It is safe if the transaction ends in the same
function and nothing runs on the connection afterwards, and unsafe if a caller may commit and keep using the connection.
There is no fix outside a transaction, where `SET LOCAL` has no effect. There is also no fix if the function uses the
connection only after this transaction, because `SET LOCAL` would no longer apply.

## Versions
Tested with PostgreSQL 15, asyncpg 0.32, and PgBouncer 1.18 and 1.25.2 (1.25.2 with and without prepared statement
support). Odyssey discards the role after the transaction; RDS Proxy pins the client to one server connection.

## References
- [PostgreSQL: SET ROLE](https://www.postgresql.org/docs/current/sql-set-role.html)
- [PgBouncer: features of the pool modes](https://www.pgbouncer.org/features.html)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolsafe.facts.deployment import Deployment
from poolsafe.facts.session_statement import SessionStatement
from poolsafe.findings import Finding
from poolsafe.fixes.session_fixes import make_local
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.session_wording import as_written, grounds, how_to_keep_it_local, message_of, verdict_on
from poolsafe.rules.wording import finding
from poolsafe.sql.session_commands import Effect
from poolsafe.verdicts import Outcome

if TYPE_CHECKING:
    from poolsafe.source import Source


@rule(since="0.2.0", fix=FixAvailability.SOMETIMES)
def check(statement: SessionStatement, deployment: Deployment, source: Source) -> Iterator[Finding]:
    if statement.command.effect is not Effect.ROLE:
        return
    verdict = verdict_on(statement, deployment)
    if verdict is None:
        return
    what = as_written(statement)
    leak = "the next client acts as that role"
    message = message_of(what, leak, how_to_keep_it_local(statement), verdict, deployment)
    fix = None if verdict.outcome is Outcome.PINS else make_local(statement, source)
    yield finding(__name__, statement, message, verdict.severity, fix, grounds(statement, deployment))
