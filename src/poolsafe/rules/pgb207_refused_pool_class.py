"""
## What it does
Reports `poolclass=QueuePool` and `poolclass=SingletonThreadPool` on an asynchronous engine.

## Why is this bad?
Both wait on thread locks, which would block the event loop. Since 2.0.28, SQLAlchemy rejects them when the engine is
created: `ArgumentError: Pool class QueuePool cannot be used with asyncio engine`. The default, `AsyncAdaptedQueuePool`,
is the asynchronous version of `QueuePool`.

This applies to every driver, so the finding is also reported if the driver is unknown.

## Example
```python
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import QueuePool

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app",
    poolclass=QueuePool,
    pool_size=10,
    pool_pre_ping=True,
    connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
)
```

## Use instead
```python
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app",
    poolclass=AsyncAdaptedQueuePool,
    pool_size=10,
    pool_pre_ping=True,
    connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
)
```

Every engine accepts `NullPool`, `StaticPool` and `AssertionPool`.

## Fix safety
The fix replaces `QueuePool` with `AsyncAdaptedQueuePool` and adjusts the import; if other code in the file uses
`QueuePool`, it imports both. It is safe if every path to the call passes an asyncpg URL, and unsafe otherwise. There is
no fix for `SingletonThreadPool`, or if the class is not written in the call or is imported under another name.

## Versions
SQLAlchemy >= 2.0.28. Older versions (tested: 1.4.54, 2.0.0 and 2.0.21) accept every pool class. If the project is known
to use one, nothing is reported.

## References
- [SQLAlchemy: using connection pools with
  asyncio](https://docs.sqlalchemy.org/en/20/core/pooling.html#switching-pool-implementations)
- [SQLAlchemy: error pcls](https://docs.sqlalchemy.org/en/20/errors.html#error-pcls)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolsafe.facts.deployment import Deployment, older_than
from poolsafe.facts.engine import Driver, Engine
from poolsafe.findings import Finding, Severity
from poolsafe.fixes.pool_class_fixes import adapt_pool_class
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.wording import driver_shown, finding, provenance

if TYPE_CHECKING:
    from poolsafe.source import Source

REFUSED_SINCE = (2, 0, 28)


@rule(since="0.2.0", fix=FixAvailability.SOMETIMES, always=True, severities=(Severity.ERROR,))
def check(engine: Engine, deployment: Deployment, source: Source) -> Iterator[Finding]:
    given = engine.pooling.refused
    # SQLAlchemy refuses the class before it looks at the driver.
    if given is None or engine.url.driver is Driver.OTHER or older_than(deployment.sqlalchemy, REFUSED_SINCE):
        return
    some = "" if given.everywhere else ", used on some code paths,"
    advice = "use AsyncAdaptedQueuePool" if given.name == "QueuePool" else "remove `poolclass`"
    message = (
        f"SQLAlchemy's {given.name}{some} does not support asyncio: creating the engine raises `ArgumentError: "
        f"Pool class {given.name} cannot be used with asyncio engine`; {advice}"
    )
    related = given.origin + driver_shown(engine, deployment) + provenance(deployment, "sqlalchemy-version")
    yield finding(__name__, engine, message, Severity.ERROR, adapt_pool_class(engine, source, given), related)
