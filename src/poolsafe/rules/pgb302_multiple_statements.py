"""
## What it does
Reports a plain string with two or more SQL commands that asyncpg will run. It is given to `exec_driver_sql()`, `DDL()`,
Alembic's `op.execute()` on an async engine, or a cursor's `execute()` in a listener of an async engine's connections;
on asyncpg's own connections and pools to `fetch()`, `fetchrow()`, `fetchval()`, `prepare()`, or `execute()` with
arguments; on psycopg's to `execute()` with parameters or `prepare=True`.

## Why is this bad?
All of them go through asyncpg's prepare, which takes one command:
`PostgresSyntaxError: cannot insert multiple commands into a prepared statement`. `exec_driver_sql()` is often advised
as a way round it and is none. No pooler is involved. asyncpg's own `execute()` without arguments runs several commands,
and so does psycopg without parameters; with them, or prepared, it raises `SyntaxError` with the same text.

## Example
```python
from sqlalchemy.ext.asyncio import AsyncConnection


async def rebuild(connection: AsyncConnection) -> None:
    await connection.exec_driver_sql("TRUNCATE daily_sales; INSERT INTO daily_sales SELECT * FROM sales_by_day")
```

## Use instead
```python
from sqlalchemy.ext.asyncio import AsyncConnection


async def rebuild(connection: AsyncConnection) -> None:
    await connection.exec_driver_sql("TRUNCATE daily_sales")
    await connection.exec_driver_sql("INSERT INTO daily_sales SELECT * FROM sales_by_day")
```

A whole script can be run by asyncpg's own `execute()` without arguments:
`(await connection.get_raw_connection()).driver_connection.execute(script)`. Beware: if SQLAlchemy has executed nothing
on that connection yet, no transaction is open, and the script commits by itself.

## Fix safety
The fix gives each command its own call, as that of `PGB301`: safe for a bare statement whose result is unused, inside a
transaction; otherwise unsafe or left to you.

## Versions
All: every attempt failed with SQLAlchemy 1.4.54 to 2.1.9 and asyncpg 0.27 to 0.32, directly and behind PgBouncer 1.18
and 1.25.2.

## References
- [PostgreSQL: extended query protocol](https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolsafe.facts.deployment import Deployment
from poolsafe.facts.statement import Runner, Statement
from poolsafe.findings import Finding, Severity
from poolsafe.fixes.statement_fixes import split_text
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.wording import assumption, called, finding, prepared_by_asyncpg

if TYPE_CHECKING:
    from poolsafe.source import Source


@rule(since="0.1.0", fix=FixAvailability.SOMETIMES, always=True, severities=(Severity.ERROR,))
def check(statement: Statement, deployment: Deployment, source: Source) -> Iterator[Finding]:
    function = called(statement.function)
    if function == "text()" or len(statement.commands) < 2:
        return
    psycopg = statement.runner is Runner.PSYCOPG
    if not psycopg and not prepared_by_asyncpg(statement, deployment):
        return
    does = "psycopg sends it with parameters or prepares it" if psycopg else "asyncpg prepares it"
    message = (
        f"`{function}` is given {len(statement.commands)} commands: {does} and raises `cannot insert "
        "multiple commands into a prepared statement` on every server; execute each command in its own call"
    )
    related = statement.origin + assumption(statement, deployment)
    yield finding(__name__, statement, message, Severity.ERROR, split_text(statement, source), related)
