"""
## What it does
Reports asyncpg pools whose `init=` or `setup=` function changes session state. The rule looks for `SET`,
`set_config(..., false)` and `SET ROLE` in that function and in the functions that it passes the connection to.

## Why is this bad?
`init` runs once per connection, and the pool runs `RESET ALL` whenever a connection is released. From the second use
on, the setting is gone, even on a direct connection. `setup` runs before each use. That works on a direct connection,
but not behind a transaction pooler. In transaction pooling, the next statement may run on another server connection,
without the setting, and other clients get the server connection that has it. With `search_path` or a tenant setting,
they see another tenant's rows. No exception is raised.

## Example
```python
import asyncpg


async def prepare(connection: asyncpg.Connection) -> None:
    await connection.execute("SET search_path TO app")


async def make_pool() -> asyncpg.Pool:
    return await asyncpg.create_pool("postgresql://app@pgbouncer:6432/app", init=prepare, statement_cache_size=0)
```

## Use instead
Change the setting for all connections with `ALTER ROLE app SET search_path = app`, or set it in each transaction that
needs it:

```python
import asyncpg


async def make_pool() -> asyncpg.Pool:
    return await asyncpg.create_pool("postgresql://app@pgbouncer:6432/app", statement_cache_size=0)


async def count(pool: asyncpg.Pool) -> int:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL search_path TO app")
        return await connection.fetchval("SELECT count(*) FROM jobs")
```

Codecs (`set_type_codec`) belong in `init`, because they exist only in the client. A pool with its own `reset` function
or connection class may keep what `init` sets; its `init` is then treated like `setup`.

## Fix safety
There is no fix, because the setting would also be wrong in `setup` behind a pooler.

## Versions
We tested asyncpg 0.32 with two queries per acquired connection, in 180 attempts. `init` gave 126 wrong results on
PgBouncer 1.18 and 114 on a direct connection. `setup` gave 137 on PgBouncer 1.18, 130 on PgBouncer 1.25.2 with
`max_prepared_statements = 200`, and 0 on a direct connection.

## References
- [asyncpg: create_pool](https://magicstack.github.io/asyncpg/current/api/index.html#connection-pools)
- [PostgreSQL: ALTER ROLE](https://www.postgresql.org/docs/current/sql-alterrole.html)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolsafe.facts.connection import Connection
from poolsafe.facts.deployment import Deployment
from poolsafe.facts.session_statement import Transaction
from poolsafe.findings import Finding, Severity
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.client_wording import called_by, client_grounds
from poolsafe.rules.wording import behind, finding
from poolsafe.sql.session_commands import Effect
from poolsafe.verdicts import Outcome, judge_effect

if TYPE_CHECKING:
    from poolsafe.source import Source


_FATES = {
    Outcome.LEAKS: "it is lost on the next server connection and inherited by other clients",
    Outcome.LOST: "it is lost on the next server connection",
    Outcome.INHERITED: "the next client inherits it",
    Outcome.PINS: "it pins each client to one server connection",
}


@rule(since="0.2.0", fix=FixAvailability.NONE, always=True)
def check(connection: Connection, deployment: Deployment, source: Source) -> Iterator[Finding]:
    for hook in connection.hooks:
        what = f"`{hook.name}` of asyncpg's {called_by(connection)} sets `{hook.setting}`"
        advice = "use `ALTER ROLE ... SET`, or `SET LOCAL`"
        if hook.name == "init" and not hook.kept:
            message = f"{what}: the pool resets it when the connection is first released, on every server; {advice}"
            weight = Severity.ERROR
        else:
            verdict = judge_effect(Effect.SETTING, Transaction.NONE, deployment)
            # The pool resets a server connection that it keeps, so the next client inherits nothing.
            if verdict is None or (verdict.outcome is Outcome.INHERITED and not hook.kept):
                continue
            message = f"{what}: {behind(deployment)}, {_FATES[verdict.outcome]}; {advice}"
            weight = verdict.severity
        yield finding(__name__, connection, message, weight, None, hook.origin + client_grounds(connection, deployment))
