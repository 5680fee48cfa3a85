"""
## What it does
Reports a string with two or more SQL commands that is executed through asyncpg or psycopg. It checks
`exec_driver_sql()`, `DDL()`, Alembic's `op.execute()` on an async engine, and a cursor's `execute()` in a connection
listener of an async engine. With asyncpg's own connections and pools, the rule checks `fetch()`, `fetchrow()`,
`fetchval()`, `fetchmany()`, `executemany()`, `cursor()`, `prepare()`, and `execute()` with arguments. With psycopg's
own connections, it checks `execute()` with parameters, `binary=True` or `prepare=True`, and every `execute()` where
`prepare_threshold` is 0.

## Why is this bad?
With asyncpg, each of these calls prepares the string, which works for one command only:
`PostgresSyntaxError: cannot insert multiple commands into a prepared statement`. `exec_driver_sql()` is often
recommended as a workaround, but it fails too. This has nothing to do with the pooler. asyncpg's own `execute()` without
arguments can run several commands, and so can psycopg without parameters. If psycopg receives parameters or prepares
the string, it raises `SyntaxError` with the same text. With `prepare_threshold=0`, it prepares every string, so it
cannot run several commands at all. psycopg behaves in the same way under SQLAlchemy.

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

To run a whole script, use asyncpg's own `execute()` without arguments: `(await
connection.get_raw_connection()).driver_connection.execute(script)`. If SQLAlchemy has not executed anything on that
connection yet, no transaction is open, and the script commits on its own.

## Fix safety
The fix gives each command its own call. As with `PGB301`, it is safe if the statement runs in a transaction and its
result is not used. Otherwise it is unsafe, or there is no fix.

## Versions
All versions. Every attempt failed with SQLAlchemy 1.4.54 to 2.1.9 and asyncpg 0.27 to 0.32, directly and behind
PgBouncer 1.18 and 1.25.2. psycopg 3.1.20 and 3.3.9 reject the same calls.

## References
- [PostgreSQL: extended query
  protocol](https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolsafe.facts.deployment import Deployment
from poolsafe.facts.statement import Statement
from poolsafe.findings import Finding, Severity
from poolsafe.fixes.statement_fixes import split_text
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.wording import assumption, called, finding, refusal_of_several_commands

if TYPE_CHECKING:
    from poolsafe.source import Source


@rule(since="0.1.0", fix=FixAvailability.SOMETIMES, always=True, severities=(Severity.ERROR,))
def check(statement: Statement, deployment: Deployment, source: Source) -> Iterator[Finding]:
    function = called(statement.function)
    if function == "text()" or len(statement.commands) < 2:
        return
    refusal = refusal_of_several_commands(statement, deployment)
    if refusal is None:
        return
    message = (
        f"the SQL passed to `{function}` contains {len(statement.commands)} commands: {refusal}; "
        "run each command in its own call"
    )
    related = statement.origin + assumption(statement, deployment)
    yield finding(__name__, statement, message, Severity.ERROR, split_text(statement, source), related)
