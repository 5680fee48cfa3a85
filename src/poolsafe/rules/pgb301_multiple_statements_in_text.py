"""
## What it does
Reports `text()` with two or more SQL commands that are executed through asyncpg. It also checks psycopg 3 engines, if
the call has parameters or `prepare_threshold` is 0.

## Why is this bad?
SQLAlchemy prepares everything that it executes through asyncpg, and PostgreSQL can prepare only one command at a time.
The call raises `PostgresSyntaxError: cannot insert multiple commands into a prepared statement`, wrapped in
`sqlalchemy.exc.ProgrammingError`. This has nothing to do with the pooler: the call also fails on a direct connection,
in every pooling mode and with every cache size. `exec_driver_sql()` does not help, because it also prepares its SQL.
psycopg 3 can run several commands in one string, unless the call has parameters or `prepare_threshold` is 0, which
prepares every statement. In these two cases, it raises `psycopg.errors.SyntaxError` with the same text.

## Example
```python
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


async def rebuild(connection: AsyncConnection) -> None:
    await connection.execute(text("TRUNCATE daily_sales; INSERT INTO daily_sales SELECT * FROM sales_by_day"))
```

## Use instead
```python
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


async def rebuild(connection: AsyncConnection) -> None:
    await connection.execute(text("TRUNCATE daily_sales"))
    await connection.execute(text("INSERT INTO daily_sales SELECT * FROM sales_by_day"))
```

A final semicolon does not count as a second command. Neither does a semicolon in a string, in a comment, in a
dollar-quoted body, in a `BEGIN ATOMIC` function or in `CREATE RULE ... DO ALSO (a; b)`. Engines that use psycopg2,
and psycopg engines outside the two cases above, can run several commands in one call and are not reported. Engines that
use other drivers, SQL for other databases, and code in branches for another dialect are not reported either.

## Fix safety
The fix gives each command its own call. It is safe if the statement runs in a transaction and its result is not used.
Otherwise it is unsafe, or there is no fix: under AUTOCOMMIT, for example, separate commands do not succeed or fail
together.

## Versions
All versions. Every attempt failed with SQLAlchemy 1.4.54 to 2.1.9 and asyncpg 0.27 to 0.32, directly and behind
PgBouncer 1.18 and 1.25.2. psycopg 3.1.20 and 3.3.9 reject the same calls.

## References
- [PostgreSQL: extended query
  protocol](https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY)
- [PostgreSQL: PREPARE](https://www.postgresql.org/docs/current/sql-prepare.html)
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
    if called(statement.function) != "text()" or len(statement.commands) < 2:
        return
    refusal = refusal_of_several_commands(statement, deployment)
    if refusal is None:
        return
    message = f"`text()` contains {len(statement.commands)} commands: {refusal}; run each command in its own call"
    related = statement.origin + assumption(statement, deployment)
    yield finding(__name__, statement, message, Severity.ERROR, split_text(statement, source), related)
