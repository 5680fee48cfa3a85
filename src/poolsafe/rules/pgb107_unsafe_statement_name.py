"""
## What it does
Reports SQLAlchemy's `prepared_statement_name_func` where it does not help. A name function fails unless both cache
sizes are 0. It also fails with unique names under AUTOCOMMIT, and with versions that do not support it.

## Why is this bad?
- Without `prepared_statement_cache_size=0`, SQLAlchemy's cache keeps names that exist on only one server connection:
  `prepared statement "__asyncpg_<uuid>__" does not exist`.
- Without `statement_cache_size=0`, asyncpg still uses numbered names, for `executemany` and to look up types. That is
  why the widely copied recipe of `NullPool` with a name function fails.
- With unique names under AUTOCOMMIT, the pooler may send the protocol's Parse and Bind messages for one query to
  different server connections, which raises the same exception. It makes no difference whether AUTOCOMMIT is set for
  the engine, for a copy made with `execution_options()`, or for a connection. Alembic's `autocommit_block()` sets it
  for the connection that env.py opens.
- With an empty name, statements overwrite each other and return **another client's rows**, unless both sizes are 0
  (with asyncpg >= 0.31, `statement_cache_size=0` is enough). If neither size is 0, this happens even if PgBouncer
  supports prepared statements, and even without a pooler.
- With SQLAlchemy < 2.0.10: `TypeError: connect() got an unexpected keyword argument 'prepared_statement_name_func'`.
  With asyncpg < 0.28, an empty name fails even without a pooler: `unnamed prepared statement does not exist`.

## Example
```python
import uuid

from sqlalchemy import NullPool
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app",
    poolclass=NullPool,
    isolation_level="AUTOCOMMIT",
    connect_args={
        "statement_cache_size": 0,
        "prepared_statement_cache_size": 0,
        "prepared_statement_name_func": lambda: f"__asyncpg_{uuid.uuid4()}__",
    },
)
```

## Use instead
Use asyncpg >= 0.31 and no name function:

```python
from sqlalchemy import NullPool
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app",
    poolclass=NullPool,
    isolation_level="AUTOCOMMIT",
    connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
)
```

With asyncpg 0.28 to 0.30, set both sizes to 0 and add `prepared_statement_name_func=lambda: ""`.

## Fix safety
If only the cache sizes are missing, the fix sets both to 0, and is as safe as `PGB101`'s fix. There is no fix if the
function itself has to be removed or asyncpg has to be upgraded.

## Versions
An empty name with only `statement_cache_size=0` works with asyncpg >= 0.31, and is not reported if that version is
known.

Failures out of 1080 attempts on PgBouncer 1.18, with SQLAlchemy 2.1.9 + asyncpg 0.32 and with SQLAlchemy 2.0.58 +
asyncpg 0.30:

| configuration | 2.1.9 + 0.32 | 2.0.58 + 0.30 |
|---|---|---|
| unique names | 606 | 681 |
| unique names, `statement_cache_size=0` | 519 | 520 |
| unique names, `prepared_statement_cache_size=0` | 158 | 362 |
| unique names, both sizes 0 | 81 | 78 |
| unique names, `NullPool` | 106 | 730 |
| empty name | 485 of 648 | 904 |

With unique names and both sizes at 0, every failure occurred under AUTOCOMMIT. In another test of that configuration,
155 of 180 attempts failed with AUTOCOMMIT on a connection, 160 with AUTOCOMMIT on a copy of the engine, and 156 with
AUTOCOMMIT on the engine. See docs/evidence.md.

## References
- [SQLAlchemy: prepared statement
  name](https://docs.sqlalchemy.org/en/20/dialects/postgresql.html#prepared-statement-name-with-pgbouncer)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolsafe.facts.deployment import Deployment, older_than
from poolsafe.facts.engine import Engine, NameFunction, SizeState
from poolsafe.findings import Finding, Fix
from poolsafe.fixes.engine_fixes import disable_caches
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.wording import NAME_FUNCTION, assuming, behind, finding, grounds
from poolsafe.verdicts import Problem, is_name_unsafe_with_zeros, judge

if TYPE_CHECKING:
    from poolsafe.source import Source


@rule(since="0.1.0", fix=FixAvailability.SOMETIMES)
def check(engine: Engine, deployment: Deployment, source: Source) -> Iterator[Finding]:
    for verdict in judge(engine, deployment):
        if verdict.problem is Problem.UNSAFE_NAME:
            message = assuming(engine) + _message(engine, deployment)
            old = ("sqlalchemy-version",) if older_than(deployment.sqlalchemy, (2, 0, 10)) else ()
            related = grounds(engine, deployment, *old) + engine.autocommit_later
            yield finding(__name__, engine, message, verdict.severity, _fix(engine, deployment, source), related)


def _fix(engine: Engine, deployment: Deployment, source: Source) -> Fix | None:
    """Returns the fix that sets both sizes to 0, or None if that would not be enough."""
    return None if is_name_unsafe_with_zeros(engine, deployment) else disable_caches(engine, source, deployment)


def _message(engine: Engine, deployment: Deployment) -> str:
    if older_than(deployment.sqlalchemy, (2, 0, 10)):
        return (
            f"{NAME_FUNCTION} needs SQLAlchemy >= 2.0.10: connecting raises `TypeError: connect() got an unexpected "
            "keyword argument 'prepared_statement_name_func'`; upgrade SQLAlchemy, or use asyncpg >= 0.31"
        )
    empty = engine.naming.name_function is NameFunction.EMPTY
    if empty and older_than(deployment.asyncpg, (0, 28)):
        return (
            f"{NAME_FUNCTION} returns an empty name: asyncpg < 0.28 raises `unnamed prepared statement does not "
            "exist` on every server; remove it and use asyncpg >= 0.31"
        )
    both = engine.sizes.statement.state is engine.sizes.prepared.state is SizeState.ZERO
    if both:
        return (
            f"{NAME_FUNCTION} returns unique names: under AUTOCOMMIT, queries raise `prepared statement "
            f'"__asyncpg_<uuid>__" does not exist` {behind(deployment)}; remove it and use asyncpg >= 0.31'
        )
    # An empty name next to SQLAlchemy's cache fails on a direct connection as well.
    anywhere = empty and engine.sizes.prepared.state is not SizeState.ZERO
    where = "on every server" if anywhere else behind(deployment)
    fault = "return another query's rows" if empty else 'raise `prepared statement "..." does not exist`'
    return (
        f"{NAME_FUNCTION} requires both cache sizes to be 0: queries may {fault} {where}; set both to 0 in "
        "`connect_args`"
    )
