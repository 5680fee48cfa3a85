"""
## What it does
Reports an engine that uses asyncpg and keeps connections with `pool_pre_ping=False`.

## Why is this bad?
When PgBouncer has been restarted or its `client_idle_timeout` has passed, the first query on a pooled connection fails
with `ConnectionDoesNotExistError: connection was closed in the middle of operation`. If the event loop ran in the
meantime, it fails with `InterfaceError: connection is closed` instead. See `PGB201`.

Pre-ping may have been turned off because it made things worse. That happens while the statement caches are on
(`PGB101`), because the ping is one more prepared statement. With both caches off, it does no harm.

## Example
```python
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app",
    connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
    pool_pre_ping=False,
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

## Fix safety
The fix changes `False` to `True`. It is unsafe, because `False` may be intended: look for the reason first.
There is no fix if the value comes from a parameter or a setting.

## Versions
With SQLAlchemy < 2.0.21 and asyncpg <= 0.28, the ping itself fails behind a transaction pooler, as described in
`PGB201`. If both versions are known, the finding asks you to upgrade SQLAlchemy first, and there is no fix.

## References
- [SQLAlchemy: pool_pre_ping](https://docs.sqlalchemy.org/en/20/core/pooling.html#disconnect-handling-pessimistic)
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
    if engine.pooling.pre_ping is not PrePing.FALSE or engine.pooling.pool is not Pool.KEEPING:
        return
    if not is_asyncpg(engine, deployment) or not has_pooler(deployment):
        return
    unsafe = ping_fails(engine, deployment)
    advice = "use SQLAlchemy >= 2.0.21, then set it to True" if unsafe else "set it to True"
    message = (
        f"{assuming(engine)}SQLAlchemy's `pool_pre_ping` is False: {interruption(deployment)} a query raises "
        f"`ConnectionDoesNotExistError: connection was closed in the middle of operation`; {advice}"
    )
    versions = ("asyncpg-version", "sqlalchemy-version") if unsafe else ()
    related = (
        engine.pooling.pre_ping_origin + driver_shown(engine, deployment) + provenance(deployment, "pooler", *versions)
    )
    fix = None if unsafe else enable_pre_ping(engine, source)
    yield finding(__name__, engine, message, severity(deployment), fix, related)
