"""
## What it does
Reports arguments that `NullPool` and `StaticPool` do not accept. They are `pool_size`, `max_overflow`, `pool_timeout`
and `pool_use_lifo`.

## Why is this bad?
Only queue pools accept these arguments. With another pool class, creating the engine raises `TypeError: Invalid
argument(s) 'pool_size' sent to create_engine(), using configuration PGDialect_asyncpg/NullPool/Engine`. This typically
happens when a project switches to `NullPool` because of a pooler.

## Example
```python
from sqlalchemy import NullPool
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app",
    poolclass=NullPool,
    pool_size=10,
    connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
)
```

## Use instead
```python
from sqlalchemy import NullPool
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app",
    poolclass=NullPool,
    connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
)
```

`pool_pre_ping`, `pool_recycle`, `pool_reset_on_return` and `echo_pool` are accepted everywhere.

## Fix safety
The fix removes the arguments. It is safe if every path to the call passes an asyncpg URL, and unsafe otherwise. There
is no fix if an argument comes from a mapping or has a comment.

## Versions
All versions. Measured with SQLAlchemy 1.4.54 and 2.1.9.

## References
- [SQLAlchemy: NullPool](https://docs.sqlalchemy.org/en/20/core/pooling.html#sqlalchemy.pool.NullPool)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolsafe.facts.deployment import Deployment
from poolsafe.facts.engine import Engine, Pool
from poolsafe.findings import Finding, Severity
from poolsafe.fixes.pool_class_fixes import remove_pool_arguments
from poolsafe.fixes.titles import listed
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.wording import assuming, driver_shown, finding
from poolsafe.verdicts import is_asyncpg

if TYPE_CHECKING:
    from poolsafe.source import Source

QUEUE_ONLY = frozenset({"pool_size", "max_overflow", "pool_timeout", "pool_use_lifo"})


@rule(since="0.1.0", fix=FixAvailability.SOMETIMES, always=True, severities=(Severity.ERROR,))
def check(engine: Engine, deployment: Deployment, source: Source) -> Iterator[Finding]:
    if engine.pooling.pool not in (Pool.NULL, Pool.STATIC) or not is_asyncpg(engine, deployment):
        return
    refused = [argument for argument in engine.pooling.arguments if argument.name in QUEUE_ONLY]
    if not refused:
        return
    names = listed(f"`{argument.name}`" for argument in refused)
    quoted = ",".join(f"'{argument.name}'" for argument in refused[:2]) + (",..." if len(refused) > 2 else "")
    it = "them" if len(refused) > 1 else "it"
    message = (
        f"{assuming(engine)}SQLAlchemy's {engine.pooling.pool.value} does not accept {names}: creating the engine "
        f"raises `TypeError: Invalid argument(s) {quoted}` on every server; remove {it}"
    )
    related = tuple(place for argument in refused for place in argument.origin) + driver_shown(engine, deployment)
    yield finding(__name__, engine, message, Severity.ERROR, remove_pool_arguments(engine, source, refused), related)
