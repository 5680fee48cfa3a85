"""
## What it does
Reports an engine that uses asyncpg and keeps connections without `pool_pre_ping=True`.

## Why is this bad?
If the pooler closes a connection that is idle in SQLAlchemy's pool, the next query on it fails. PgBouncer closes client
connections when it restarts and on `KILL`. In transaction pooling, it also closes them after `client_idle_timeout`. In
session pooling, it also closes them when PostgreSQL restarts. With pre-ping, SQLAlchemy tests the connection at
checkout and reconnects. A transaction that is open when the connection is closed fails even with pre-ping.

`server_idle_timeout` and `server_lifetime` are harmless: they close PgBouncer's server connections, not the client's.

## Exceptions
- `ConnectionDoesNotExistError: connection was closed in the middle of operation`
- `connection was closed in the middle of operation: client_idle_timeout`
- `connection was closed in the middle of operation: database removed`, after `KILL`
- `connection was closed in the middle of operation: server conn crashed?`, in session pooling
- `InterfaceError: connection is closed`, if asyncpg noticed the disconnect before the query, because the event loop was
  running

## Example
```python
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app",
    connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
)
```

## Use instead
```python
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app",
    connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
    pool_pre_ping=True,
)
```

Engines with `NullPool` or `StaticPool` are not reported. Engines that are created and disposed of in the same function,
as in scripts and migrations, are not reported either, because they do not keep connections for long. Such an engine is
reported if the function yields before it disposes of the engine, as a lifespan function does, or if the function runs a
server or a bot. A `pool_recycle` below the pooler's `client_idle_timeout` prevents the error after that timeout, but
not after a restart.

## Fix safety
The fix adds `pool_pre_ping=True`. It is safe; the ping costs one round trip at checkout. There is no fix if a `**`
mapping that poolsafe cannot follow may already contain the argument. A public function that passes on its `**kwargs`
gets `pool_pre_ping=kwargs.pop("pool_pre_ping", True)`, so that its callers can still decide.

## Versions
With SQLAlchemy < 2.0.21 and asyncpg <= 0.28, the ping runs outside a transaction and fails behind a transaction pooler.
If both versions are known, the finding asks you to upgrade first, and there is no fix.

Tested with SQLAlchemy 2.1.9 + asyncpg 0.32, and PgBouncer 1.18 and 1.25.2. With three idle connections, the first query
failed each time, and SQLAlchemy then replaced the whole pool. With pre-ping or `NullPool`, no query failed.

## References
- [SQLAlchemy: pool_pre_ping](https://docs.sqlalchemy.org/en/20/core/pooling.html#disconnect-handling-pessimistic)
- [PgBouncer: client_idle_timeout](https://www.pgbouncer.org/config.html#client_idle_timeout)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolsafe.facts.deployment import Deployment
from poolsafe.facts.engine import Engine, Pool, PrePing
from poolsafe.findings import Finding
from poolsafe.fixes.engine_fixes import enable_pre_ping
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.wording import assuming, driver_shown, finding, interruption, provenance
from poolsafe.verdicts import has_pooler, is_asyncpg, ping_fails, severity

if TYPE_CHECKING:
    from poolsafe.source import Source


@rule(since="0.1.0", fix=FixAvailability.SOMETIMES)
def check(engine: Engine, deployment: Deployment, source: Source) -> Iterator[Finding]:
    if engine.pooling.pre_ping is not PrePing.ABSENT or engine.pooling.pool is not Pool.KEEPING or engine.disposed:
        return
    if not is_asyncpg(engine, deployment) or not has_pooler(deployment):
        return
    unsafe = ping_fails(engine, deployment)
    advice = "use SQLAlchemy >= 2.0.21, then set it to True" if unsafe else "set it to True"
    message = (
        f"{assuming(engine)}SQLAlchemy's `pool_pre_ping` is not set: {interruption(deployment)} a query raises "
        "`ConnectionDoesNotExistError: connection was closed in the middle of operation`; "
        f"{advice}"
    )
    fix = None if unsafe else enable_pre_ping(engine, source)
    versions = ("asyncpg-version", "sqlalchemy-version") if unsafe else ()
    related = driver_shown(engine, deployment) + provenance(deployment, "pooler", *versions)
    yield finding(__name__, engine, message, severity(deployment), fix, related)
