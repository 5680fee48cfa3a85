"""
## What it does
Reports `SET`, `SET LOCAL` and `SET ROLE` with a parameter, run by asyncpg or psycopg 3.

## Why is this bad?
PostgreSQL does not accept parameters in `SET`: `PostgresSyntaxError: syntax error at or near "$1"`, on every server,
with or without a pooler and with or without SQLAlchemy. Only psycopg2 accepts such a statement, because it inserts the
value into the SQL itself.

Inserting the value by hand is worse: `f"SET app.tenant = '{tenant}'"` allows SQL injection.

## Example
```python
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


async def set_tenant(session: AsyncSession, tenant: str) -> None:
    await session.execute(text("SET LOCAL app.tenant = :tenant"), {"tenant": tenant})
```

## Use instead
```python
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


async def set_tenant(session: AsyncSession, tenant: str) -> None:
    await session.execute(text("SELECT set_config('app.tenant', :tenant, true)"), {"tenant": tenant})
```

The value has to be a `str`: `set_config` accepts only text, and asyncpg does not convert numbers to text.

## Fix safety
The fix calls `set_config(..., true)`, whose effect lasts until the end of the transaction. It is safe as a replacement
for `SET LOCAL` if the parameter is certainly a `str`. Otherwise it is unsafe: a plain `SET` was meant to last longer,
and a number would be rejected. There is no fix outside a transaction.

## Versions
All versions. Observed with PostgreSQL 15, asyncpg 0.32 and psycopg 3.3, directly and behind PgBouncer 1.18.

## References
- [PostgreSQL: set_config](https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-SET)
- [psycopg 3: server-side binding](https://www.psycopg.org/psycopg3/docs/basic/from_pg2.html#server-side-binding)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolsafe.facts.deployment import Deployment
from poolsafe.facts.session_statement import Client, SessionStatement
from poolsafe.findings import Finding, Severity
from poolsafe.fixes.session_fixes import call_set_config
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.session_wording import as_written, shown
from poolsafe.rules.wording import assumption, finding, prepared_by_asyncpg
from poolsafe.sql.session_commands import Effect

if TYPE_CHECKING:
    from poolsafe.source import Source


@rule(since="0.2.0", fix=FixAvailability.SOMETIMES, always=True, severities=(Severity.ERROR,))
def check(statement: SessionStatement, deployment: Deployment, source: Source) -> Iterator[Finding]:
    if not statement.fails_anywhere:
        return
    if not (statement.client is Client.PSYCOPG or prepared_by_asyncpg(statement, deployment)):
        return
    command = statement.command
    name, value = command.name, command.value
    if command.effect in (Effect.ROLE, Effect.LOCAL_ROLE):
        name, value = command.value.replace(" ", "_"), command.name
    message = (
        f'{as_written(statement)} does not accept parameters: it raises `syntax error at or near "$1"` on every '
        f"server; use `SELECT set_config('{shown(name)}', {shown(value)}, true)`"
    )
    related = statement.origin + assumption(statement, deployment)
    yield finding(__name__, statement, message, Severity.ERROR, call_set_config(statement, source), related)
