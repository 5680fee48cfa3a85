"""
## What it does
Reports SQL that changes a session setting and is executed through asyncpg. It checks `SET`, `SET SESSION`,
`set_config(..., false)` and `SET SESSION CHARACTERISTICS`.

## Why is this bad?
A transaction pooler runs each transaction on any free server connection. A setting stays on the connection where it was
set: the client does not have it on other connections, and the next client inherits it.

- With a custom setting for row-level security, such as `app.tenant`, the next client sees this client's rows.
- With `search_path`, the next client reads and writes in this client's schema. In our test, a client that never set
  `search_path` ran 60 of its 180 queries in the wrong schema. Running `SET search_path TO public` at the end does not
  help: the next client inherits that value instead.
- With `SET SESSION CHARACTERISTICS` or `default_transaction_isolation`, the next client's transactions may become
  read-only or serializable.
- With a timeout, the next client's queries are cancelled, and your own may run without a timeout.

The setting works in the transaction that sets it, so tests pass. Outside a transaction, or after a commit, the setting
may be gone when the next statement runs. A rollback undoes it, even without a pooler, and `engine.connect()` rolls back
unless you commit.

`application_name`, `TimeZone`, `DateStyle`, `client_encoding`, `standard_conforming_strings` and `IntervalStyle` are
not reported, because PgBouncer restores them for each client. The rule also ignores `RESET`, `SET ... TO DEFAULT`, and
any setting that one of these commands undoes in the same transaction. In your test files, poolsafe assumes that the
transaction on a connection from a fixture is rolled back.

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

With `set_config`, pass `true` as the last argument. Instead of `SET SESSION CHARACTERISTICS`, use `SET TRANSACTION`. If
every transaction needs the setting, set it in a `begin` listener on the engine or an `after_begin` listener on the
session, or on the server: `ALTER ROLE app SET statement_timeout = '30s'`. In a row-level security policy, use
`NULLIF(current_setting('app.tenant', true), '')`, because after a transaction with `SET LOCAL`, the value is an empty
string, not NULL.

## Fix safety
The fix uses `SET LOCAL`, or passes `true` to `set_config`. It is safe if the transaction ends in the same function and
nothing runs on the connection afterwards, and unsafe if a caller may commit and keep using the connection. There is no
fix outside a transaction, where `SET LOCAL` has no effect. There is also no fix if the function runs its other
statements only after this transaction, because `SET LOCAL` would no longer apply to them.

## Versions
Tested with PostgreSQL 15, asyncpg 0.32, and PgBouncer 1.18 and 1.25.2 (1.25.2 with and without prepared statement
support). Odyssey discards the setting after the transaction, so it does not leak. PgDog restores it for each client.
RDS Proxy pins the client to one server connection, so with RDS Proxy the finding is only a warning.

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
from poolsafe.rules.wording import finding
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
    leak = _consequence(command.name, lost=verdict.lost)
    message = message_of(what, leak, how_to_keep_it_local(statement), verdict, deployment)
    fix = None if verdict.outcome is Outcome.PINS else make_local(statement, source)
    yield finding(__name__, statement, message, verdict.severity, fix, grounds(statement, deployment))


def _consequence(setting: str, *, lost: bool) -> str:
    if setting == "search_path":
        return "the next client uses this client's schema"
    if is_own_setting(setting):
        return "the next client sees this client's rows despite row-level security"
    return "the next client inherits it" + (", and your next transaction may not have it" if lost else "")
