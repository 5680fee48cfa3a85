"""
## What it does
Reports `pool_pre_ping=True` where SQLAlchemy pings outside a transaction. It is reported only if the project is known
to run SQLAlchemy 2.0.0 to 2.0.20 with asyncpg <= 0.28. Engines whose `prepared_statement_name_func` returns an empty
name are not reported.

## Why is this bad?
Before 2.0.21, SQLAlchemy pings outside a transaction. Behind a transaction pooler, the "parse" and "execute" messages
of the ping can reach different server connections, and the ping raises `unnamed prepared statement does not exist`
although the connection works. If that server connection has another client's unnamed statement, the ping raises
`bind message supplies 0 parameters, but prepared statement "" requires 1`. asyncpg >= 0.29 sends both messages
together, and did not fail in our tests.

## Example
```toml
[tool.poolsafe]
asyncpg-version = "0.28.0"
sqlalchemy-version = "2.0.20"
```

```python
import uuid

from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app",
    pool_pre_ping=True,
    connect_args={
        "statement_cache_size": 0,
        "prepared_statement_cache_size": 0,
        "prepared_statement_name_func": lambda: f"__asyncpg_{uuid.uuid4()}__",
    },
)
```

## Use instead
Use SQLAlchemy >= 2.0.21 or asyncpg >= 0.29. Until you can upgrade, use a pool that keeps no connections:

```python
import uuid

from sqlalchemy import NullPool
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app",
    poolclass=NullPool,
    connect_args={
        "statement_cache_size": 0,
        "prepared_statement_cache_size": 0,
        "prepared_statement_name_func": lambda: f"__asyncpg_{uuid.uuid4()}__",
    },
)
```

## Fix safety
There is no fix, because a library has to be upgraded.

## Versions
Measured with both sizes at 0, `prepared_statement_name_func` and pre-ping, on PgBouncer 1.18: 154 of 324 attempts
failed with SQLAlchemy 2.0.20 + asyncpg 0.28. None failed with SQLAlchemy 2.0.21, or with SQLAlchemy 2.0.20 + asyncpg
0.29 or 0.30. SQLAlchemy 1.4 pings inside a transaction: none of 396 attempts failed with 1.4.54 + asyncpg 0.28.

## References
- [SQLAlchemy: the ping runs in a transaction (#10226)](https://github.com/sqlalchemy/sqlalchemy/issues/10226)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolsafe.facts.deployment import Deployment
from poolsafe.facts.engine import Engine, Pool, PrePing
from poolsafe.findings import Finding
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.wording import assuming, behind, finding, grounds
from poolsafe.verdicts import is_asyncpg, ping_fails, severity

if TYPE_CHECKING:
    from poolsafe.source import Source


@rule(since="0.1.0", fix=FixAvailability.NONE)
def check(engine: Engine, deployment: Deployment, source: Source) -> Iterator[Finding]:
    if engine.pooling.pre_ping is not PrePing.TRUE or engine.pooling.pool is not Pool.KEEPING:
        return
    if not is_asyncpg(engine, deployment) or not ping_fails(engine, deployment):
        return
    message = (
        f"{assuming(engine)}`pool_pre_ping` with SQLAlchemy < 2.0.21 and asyncpg <= 0.28 pings outside a transaction "
        f"and raises `unnamed prepared statement does not exist` {behind(deployment)}; use SQLAlchemy >= 2.0.21"
    )
    related = engine.pooling.pre_ping_origin + grounds(engine, deployment, "sqlalchemy-version")
    yield finding(__name__, engine, message, severity(deployment), None, related)
