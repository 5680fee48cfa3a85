"""
## What it does
Reports other SQL that needs the same server later on, or that clears what a session keeps.

- `PREPARE` without `DEALLOCATE` in its transaction, and `EXECUTE` outside of a transaction
- `DECLARE ... WITH HOLD`
- `LOAD` whose library is needed after its transaction
- `lastval()` and `currval()` outside of a transaction
- `DISCARD` and `DEALLOCATE ALL`

## Why is this bad?
The next transaction of the client may get another server, and another client gets this one.

- A statement that was prepared elsewhere: `prepared statement "p1" does not exist`. Another client that uses the name
  gets `DuplicatePreparedStatementError: prepared statement "p1" already exists`, or executes this one's statement.
- A cursor: `InvalidCursorNameError: cursor "c1" does not exist`; another client fetches its rows.
- A library is loaded for whoever gets that server.
- `lastval()` returned another client's id, or `lastval is not yet defined in this session` (162 of 180).
- `DISCARD ALL` and `DEALLOCATE ALL` clear the state of whoever works on that server next, and not one's own. In a
  transaction, `DISCARD ALL` raises `DISCARD ALL cannot run inside a transaction block`.

## Example
```python
import asyncpg


async def add_order(dsn: str) -> int:
    connection = await asyncpg.connect(dsn, statement_cache_size=0)
    await connection.execute("INSERT INTO orders DEFAULT VALUES")
    return await connection.fetchval("SELECT lastval()")
```

## Use instead
```python
import asyncpg


async def add_order(dsn: str) -> int:
    connection = await asyncpg.connect(dsn, statement_cache_size=0)
    return await connection.fetchval("INSERT INTO orders DEFAULT VALUES RETURNING id")
```

Instead of `PREPARE`, execute the statement itself. Read a cursor inside its transaction. Have a library loaded by
`ALTER ROLE app SET session_preload_libraries = 'age'`, or load it in each transaction that needs it. Leave
`DISCARD ALL` and `DEALLOCATE ALL` to the pooler.

## Fix safety
There is no fix.

## Versions
PgBouncer 1.18 and 1.25.2; prepared statement support in the pooler does not help, as it does not read SQL. PostgreSQL
15, asyncpg 0.32.

## References
- [PostgreSQL: PREPARE](https://www.postgresql.org/docs/current/sql-prepare.html)
- [PostgreSQL: DISCARD](https://www.postgresql.org/docs/current/sql-discard.html)
- [PgBouncer: features of the pool modes](https://www.pgbouncer.org/features.html)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolsafe.facts.deployment import Deployment
from poolsafe.facts.session_statement import CONNECT_EVENTS, SessionStatement
from poolsafe.findings import Finding
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.session_wording import grounds, pinned, shown, verdict_on
from poolsafe.rules.wording import behind, finding
from poolsafe.sql.session_commands import Effect
from poolsafe.verdicts import Outcome

if TYPE_CHECKING:
    from poolsafe.source import Source


@rule(since="0.2.0", fix=FixAvailability.NONE)
def check(statement: SessionStatement, deployment: Deployment, source: Source) -> Iterator[Finding]:
    fault = _fault(statement)
    verdict = verdict_on(statement, deployment) if fault is not None else None
    if fault is None or verdict is None:
        return
    said, advice = fault
    message = f"{said}, {behind(deployment)}; {advice}"
    if verdict.outcome is Outcome.PINS:
        message = f"{pinned(_command(statement), deployment)}; {advice}"
    yield finding(__name__, statement, message, verdict.severity, None, grounds(statement, deployment))


def _fault(statement: SessionStatement) -> tuple[str, str] | None:
    """Returns what happens and what to do about it, or None if the statement works in its transaction."""
    command = statement.command
    name = shown(command.name)
    match command.effect:
        case Effect.PREPARED if command.value == "prepare":
            said = f"`PREPARE {name}` stays on one server, where other clients meet its name, and is missing elsewhere"
            return said, "execute the statement itself"
        case Effect.PREPARED if statement.outside_transaction:
            return f"`EXECUTE {name}` may reach a server that has not prepared it", "execute the statement itself"
        case Effect.HELD_CURSOR:
            said = f"the cursor `{name}` WITH HOLD stays on one server, where other clients can read it"
            return said, "read it inside its transaction"
        case Effect.LIBRARY if _is_needed_later(statement):
            advice = "set `session_preload_libraries` with `ALTER ROLE`"
            return f"`LOAD '{name}'` reaches one server only, and later statements may miss it", advice
        case Effect.SEQUENCE_VALUE if statement.outside_transaction:
            said = f"`{name}()` outside of the transaction of its `INSERT` may return another client's value"
            return said, "use `RETURNING`"
        case Effect.DISCARD if name != "discard plans":
            return f"`{name.upper()}` clears what other clients keep on that server, not one's own", "leave it out"
    return None


def _command(statement: SessionStatement) -> str:
    """Returns the command in short form, in backticks."""
    command = statement.command
    match command.effect:
        case Effect.HELD_CURSOR:
            return f"`DECLARE {shown(command.name)} ... WITH HOLD`"
        case Effect.LIBRARY:
            return f"`LOAD '{shown(command.name)}'`"
    return f"`{command.value.upper()} {shown(command.name)}`"


def _is_needed_later(statement: SessionStatement) -> bool:
    if statement.outside_transaction or statement.listener in CONNECT_EVENTS:
        return True
    return statement.in_transaction and not statement.contained and not statement.lent and not statement.listener
