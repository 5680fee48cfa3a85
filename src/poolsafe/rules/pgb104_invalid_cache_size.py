"""
## What it does
Reports an invalid cache size. asyncpg's `statement_cache_size` must not be `None`, `False`, a negative number or a
string. SQLAlchemy's `prepared_statement_cache_size` must not be negative, or a string in `connect_args`.

## Why is this bad?
An invalid size fails on every server, with or without a pooler:

- `statement_cache_size=None` (or `False`, or `-1`): connecting raises `ValueError: statement_cache_size is expected to
  be greater or equal to 0, got None`.
- `statement_cache_size="0"`: connecting raises `TypeError: '<' not supported between instances of 'str' and 'int'`.
  Environment variables are always strings.
- `prepared_statement_cache_size="0"`: the first statement raises
  `TypeError: can't multiply sequence by non-int of type 'float'`. Only a value in the URL's query string is converted
  to a number.
- `prepared_statement_cache_size=-1`: the first statement never returns and blocks the event loop.

`prepared_statement_cache_size=None` or `False` turns SQLAlchemy's cache off and counts as 0.

asyncpg's own `connect()` and `create_pool()` raise the same exceptions.

## Example
```python
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app",
    pool_pre_ping=True,
    connect_args={"statement_cache_size": None, "prepared_statement_cache_size": 0},
)
```

## Use instead
```python
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app",
    pool_pre_ping=True,
    connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
)
```

## Fix safety
The fix sets both keys to 0, and replaces an expression such as `0 if debug else "50"` as a whole. It is safe if the
value is in the same file as the call and reaches only engines that use asyncpg. Otherwise, it is unsafe, or there is no
fix. If one of the keys is missing, the fix adds it, unless the call also creates engines for another driver.

## Versions
All versions. With asyncpg 0.27 to 0.32 and SQLAlchemy 1.4.54 to 2.1.9, every attempt failed, even on a direct
connection.

## References
- [asyncpg: statement_cache_size](https://magicstack.github.io/asyncpg/current/api/index.html#connection)
- [SQLAlchemy: asyncpg prepared statement
  cache](https://docs.sqlalchemy.org/en/20/dialects/postgresql.html#prepared-statement-cache)
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from poolsafe.facts.connection import AnyClient, Connection
from poolsafe.facts.deployment import Deployment
from poolsafe.facts.engine import CacheSize, Engine, SizeState
from poolsafe.findings import Finding, Severity
from poolsafe.fixes.connection_fixes import disable_cache
from poolsafe.fixes.engine_fixes import disable_caches
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.client_wording import size_findings
from poolsafe.rules.wording import assuming, besides, driver_shown, finding, layer
from poolsafe.verdicts import Problem, judge

if TYPE_CHECKING:
    from poolsafe.source import Source


@rule(since="0.1.0", fix=FixAvailability.SOMETIMES, always=True, severities=(Severity.ERROR,))
def check(client: AnyClient, deployment: Deployment, source: Source) -> Iterator[Finding]:
    if isinstance(client, Connection):
        yield from _of_connection(client, deployment, source)
    else:
        yield from _of_engine(client, deployment, source)


def _of_connection(connection: Connection, deployment: Deployment, source: Source) -> Iterator[Finding]:
    def message(size: CacheSize) -> str:
        return f"{layer(size.key)} is {size.value}: {_refusal_of_asyncpg(size)} on every server; set it to the number 0"

    fix = partial(disable_cache, connection, source)
    return size_findings(__name__, connection, deployment, Problem.INVALID, message, fix)


def _of_engine(engine: Engine, deployment: Deployment, source: Source) -> Iterator[Finding]:
    for verdict in judge(engine, deployment):
        if verdict.problem is Problem.INVALID:
            invalid = [size for size in engine.sizes.both if size.state is SizeState.INVALID]
            sizes = " and ".join(f"{layer(size.key)} is {size.value}" for size in invalid)
            # asyncpg's key is refused first, while connecting, so the other one never matters.
            message = (
                f"{assuming(engine)}{sizes}: {_refusal(invalid[0], engine)} on every server; "
                f"{_advice(engine, invalid, deployment)}"
            )
            related = tuple(place for size in invalid for place in size.origin) + driver_shown(engine, deployment)
            yield finding(
                __name__, engine, message, verdict.severity, disable_caches(engine, source, deployment), related
            )


def _advice(engine: Engine, invalid: list[CacheSize], deployment: Deployment) -> str:
    if len(invalid) == 2:
        return f"set both to the number 0{besides(engine, deployment)}"
    (other,) = (size for size in engine.sizes.both if size not in invalid)
    both = engine.creator is None and other.state not in (SizeState.ZERO, SizeState.UNKNOWN)
    also = besides(engine, deployment)
    if also:
        return f"set {'both' if both else 'it'} to 0{also}"
    return f"set {f'it and {layer(other.key)}' if both else 'it'} to the number 0"


def _refusal(size: CacheSize, engine: Engine) -> str:
    if size.key == engine.sizes.statement.key:
        return _refusal_of_asyncpg(size)
    if size.value.startswith(("'", '"')):
        return "the first statement raises `TypeError: can't multiply sequence by non-int of type 'float'`"
    if size.value.startswith("-"):
        return "the first statement never returns"
    return "the first statement fails"


def _refusal_of_asyncpg(size: CacheSize) -> str:
    if size.value.startswith(("'", '"')):
        return "connecting raises `TypeError: '<' not supported between instances of 'str' and 'int'`"
    return f"connecting raises `ValueError: {size.key} is expected to be greater or equal to 0, got {size.value}`"
