"""
## What it does
Reports other SQL that depends on the session state of the server connection, or clears that state.

- `PREPARE` without `DEALLOCATE` in its transaction, and `EXECUTE` outside a transaction
- `DECLARE ... WITH HOLD`
- `LOAD` of a library that is needed after the transaction
- `lastval()` and `currval()` outside a transaction
- `DISCARD` and `DEALLOCATE ALL`

## Why is this bad?
The client's next transaction may run on another server connection, and another client may get this one.

- A prepared statement is missing on the other connection: `prepared statement "p1" does not exist`. Another client that
  uses the same name gets `DuplicatePreparedStatementError: prepared statement "p1" already exists`, or executes this
  client's statement.
- A `WITH HOLD` cursor is also missing on the other connection: `InvalidCursorNameError: cursor "c1" does not exist`.
  Another client can fetch the cursor's rows.
- `LOAD` loads the library on only one server connection, and for every client that uses that connection.
- `lastval()` returns another client's id, or raises `lastval is not yet defined in this session`. One or the other
  happened in 162 of 180 attempts.
- `DISCARD ALL` and `DEALLOCATE ALL` clear the state of an arbitrary server connection, and other clients may depend on
  that state. In a transaction, `DISCARD ALL` raises `DISCARD ALL cannot run inside a transaction block`.

`DISCARD ALL` and `DEALLOCATE ALL` are also harmful without a pooler or in session mode: they drop the statements that
asyncpg has cached for the connection. The next queries on that connection, in any part of the application, raise
`prepared statement "__asyncpg_stmt_1__" does not exist`. poolsafe reports this as an error if it can see that every
connection that may run the command comes from a pool or an engine of the project with its caches on. If a cache size is
0, nothing is cached, and nothing fails.

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

Execute a statement directly, without `PREPARE`. Read a cursor within its transaction. Load a library with
`ALTER ROLE app SET session_preload_libraries = 'age'`, or in each transaction that needs it. Leave `DISCARD ALL` and
`DEALLOCATE ALL` to the pooler.

## Fix safety
There is no fix.

## Versions
Tested with PgBouncer 1.18 and 1.25.2, PostgreSQL 15 and asyncpg 0.32. Prepared statement support in the pooler does not
help, because the pooler does not parse SQL.

## References
- [PostgreSQL: PREPARE](https://www.postgresql.org/docs/current/sql-prepare.html)
- [PostgreSQL: DISCARD](https://www.postgresql.org/docs/current/sql-discard.html)
- [PgBouncer: features of the pool modes](https://www.pgbouncer.org/features.html)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolsafe.facts.deployment import Deployment
from poolsafe.facts.pooler import PoolerClass
from poolsafe.facts.session_statement import CONNECT_EVENTS, SessionStatement
from poolsafe.findings import Finding, Severity
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.session_wording import grounds, pinned, shown, verdict_on
from poolsafe.rules.wording import behind, finding, prepared_by_asyncpg
from poolsafe.sql.session_commands import Effect
from poolsafe.verdicts import Outcome, StateVerdict, class_of

if TYPE_CHECKING:
    from poolsafe.source import Source


@rule(since="0.2.0", fix=FixAvailability.NONE)
def check(statement: SessionStatement, deployment: Deployment, source: Source) -> Iterator[Finding]:
    verdict = verdict_on(statement, deployment)
    if verdict is None:
        if _drops_cached(statement, deployment):
            message = (
                f"`{statement.command.name.upper()}` drops the statements that asyncpg has cached: the connection's "
                "next queries raise `prepared statement ... does not exist` on every server; remove it"
            )
            yield finding(__name__, statement, message, Severity.ERROR, None, grounds(statement, deployment))
        return
    fault = _fault(statement, verdict)
    if fault is None:
        return
    said, consequence, advice = fault
    message = f"{behind(deployment)}, {said}: {consequence}; {advice}"
    if verdict.outcome is Outcome.PINS:
        message = f"{pinned(_command(statement), deployment)}; {advice}"
    yield finding(__name__, statement, message, verdict.severity, None, grounds(statement, deployment))


def _fault(statement: SessionStatement, verdict: StateVerdict) -> tuple[str, str, str] | None:
    """Returns what is wrong, what happens and what to do, or None if the statement works."""
    command = statement.command
    name = shown(command.name)
    # Otherwise, the next client inherits it.
    lost = verdict.outcome is not Outcome.INHERITED
    match command.effect:
        case Effect.PREPARED if command.value == "prepare":
            advice = "execute the statement directly"
            if not lost:
                return (
                    f"`PREPARE {name}` outlives its client",
                    "the next client's `PREPARE` raises `already exists`",
                    advice,
                )
            others = ", and another client may execute it" if verdict.leaks else ""
            said = f"`PREPARE {name}` affects only one server connection"
            return said, f"a later `EXECUTE` may not find it{others}", advice
        case Effect.PREPARED if statement.outside_transaction and lost:
            consequence = "its `PREPARE` may have run on another server connection"
            return f"`EXECUTE {name}` may fail", consequence, "execute the statement directly"
        case Effect.HELD_CURSOR:
            advice = "use it in one transaction"
            if not lost:
                return f"the `WITH HOLD` cursor `{name}` outlives its client", "the next client can read it", advice
            others = ", and another client may read it" if verdict.leaks else ""
            said = f"the `WITH HOLD` cursor `{name}` exists on only one server connection"
            return said, f"a later `FETCH` may not find it{others}", advice
        case Effect.LIBRARY if lost and _is_needed_later(statement):
            said = f"`LOAD '{name}'` affects only one server connection"
            advice = "use `ALTER ROLE ... SET session_preload_libraries`"
            return said, "later statements may run without the library", advice
        case Effect.SEQUENCE_VALUE if statement.outside_transaction:
            said = f"`{name}()` outside the transaction that ran the `INSERT` is unreliable"
            return said, "it may return another client's value", "use `RETURNING`"
        case Effect.DISCARD if name != "discard plans":
            said = f"`{name.upper()}` runs on an arbitrary server connection"
            return said, "it clears the state of other clients", "remove it"
    return None


def _drops_cached(statement: SessionStatement, deployment: Deployment) -> bool:
    """Returns whether asyncpg still uses statements that the command drops, although no other client is affected."""
    name = statement.command.name
    # In a transaction, DISCARD ALL fails at once.
    works = name == "deallocate all" or (name == "discard all" and not statement.in_transaction)
    own = class_of(deployment) in (PoolerClass.DIRECT, PoolerClass.SESSION)
    return works and own and statement.cached and prepared_by_asyncpg(statement, deployment)


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
