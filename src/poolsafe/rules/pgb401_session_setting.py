"""
## What it does
Reports SQL that sets a setting of the session and that asyncpg will run. That is `SET`, `SET SESSION`,
`set_config(..., false)` and `SET SESSION CHARACTERISTICS`.

## Why is this bad?
A transaction pooler gives each transaction whatever server is free. What was set stays on one server: the client misses
it on the others, and the next client inherits it.

- A setting of your own, such as `app.tenant` for row-level security, shows the next client this one's rows.
- `search_path` makes the next client read and write in this one's schema: 60 of 180 queries of a client that sets
  nothing did, and a `SET search_path TO public` at the end only leaves another value there.
- `SET SESSION CHARACTERISTICS` and `default_transaction_isolation` make its transactions read only or serializable.
- A timeout ends the next client's queries, or the client's own ones run without any.

The setting works inside the transaction that sets it, so that tests pass. Outside of one, and after a commit, it may be
gone with the next statement. If the transaction is rolled back, as `engine.connect()` does without a commit, it is
undone, even without a pooler.

`application_name`, `TimeZone`, `DateStyle`, `client_encoding`, `standard_conforming_strings` and `IntervalStyle` are
silent, since PgBouncer sets them again for each client. So are `RESET` and `SET ... TO DEFAULT`, and what one of them
sets back in the same transaction. In tests, a connection that comes from a fixture is taken to be rolled back.

## Example
```python
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app",
    pool_pre_ping=True,
    connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
)


async def nightly_report() -> None:
    async with engine.begin() as connection:
        await connection.execute(text("SET statement_timeout = '10min'"))
        await connection.execute(text("REFRESH MATERIALIZED VIEW sales_by_day"))
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


async def nightly_report() -> None:
    async with engine.begin() as connection:
        await connection.execute(text("SET LOCAL statement_timeout = '10min'"))
        await connection.execute(text("REFRESH MATERIALIZED VIEW sales_by_day"))
```

With `set_config` it is `true` as the last argument, and instead of `SET SESSION CHARACTERISTICS` it is
`SET TRANSACTION`. What every transaction needs belongs in a `begin` listener of the engine or an `after_begin` listener
of the session, or on the server: `ALTER ROLE app SET statement_timeout = '30s'`. A policy for row-level security has to
take `NULLIF(current_setting('app.tenant', true), '')`: after `SET LOCAL` the value is empty, not NULL.

## Fix safety
The fix writes `SET LOCAL`, or `true` for `set_config`. It is safe where the function shows the end of the transaction,
and that nothing runs on the connection afterwards. It is unsafe where a caller may commit and go on. There is none
without a transaction, since `SET LOCAL` has no effect there.

## Versions
PgBouncer 1.18 and 1.25.2, with and without prepared statement support; PostgreSQL 15, asyncpg 0.32. Odyssey discards
the setting after the transaction and does not leak it, PgDog tracks it, RDS Proxy keeps the client on one server,
which is a warning in words of its own.

## References
- [PgBouncer: features of the pool modes](https://www.pgbouncer.org/features.html)
- [PostgreSQL: SET](https://www.postgresql.org/docs/current/sql-set.html)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolsafe.facts.deployment import Deployment
from poolsafe.facts.session_statement import CONNECT_EVENTS, SessionStatement
from poolsafe.findings import Finding
from poolsafe.fixes.session_fixes import make_local
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.session_wording import (
    as_written,
    grounds,
    how_to_keep_it_local,
    message_of,
    verdict_on,
)
from poolsafe.rules.wording import behind, finding
from poolsafe.sql.session_commands import Effect, is_tracked
from poolsafe.sql.setting_names import is_own_setting
from poolsafe.verdicts import Outcome

if TYPE_CHECKING:
    from poolsafe.source import Source


@rule(since="0.2.0", fix=FixAvailability.SOMETIMES)
def check(statement: SessionStatement, deployment: Deployment, source: Source) -> Iterator[Finding]:
    command = statement.command
    if command.effect is not Effect.SETTING or is_tracked(command.name) or statement.listener in CONNECT_EVENTS:
        return
    verdict = verdict_on(statement, deployment)
    if verdict is None:
        return
    what = as_written(statement)
    leaks = f"{what} {_consequence(command.name)} {behind(deployment)}"
    message = message_of(leaks, what, how_to_keep_it_local(statement), verdict, deployment)
    fix = None if verdict.outcome is Outcome.PINS else make_local(statement, source)
    yield finding(__name__, statement, message, verdict.severity, fix, grounds(statement, deployment))


def _consequence(setting: str) -> str:
    if setting == "search_path":
        return "stays on the server: the next client reads and writes in this one's schema,"
    if is_own_setting(setting):
        return "stays on the server: row-level security shows the next client this one's rows,"
    return "is lost on other servers, and the next client inherits it,"
