"""
## What it does
Reports parameters of libpq or of other drivers in the URL's query or in `connect_args`, which asyncpg does not know:
`sslmode`, `application_name`, `options`, `connect_timeout`, `pgbouncer` and the like.

## Why is this bad?
SQLAlchemy hands both to `asyncpg.connect()` as keywords, and the first connect raises
`TypeError: connect() got an unexpected keyword argument 'sslmode'`, on every server. URLs from a hosting provider's
page are written for libpq and carry such parameters.

## Example
```python
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app?sslmode=require",
    pool_pre_ping=True,
    connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
)
```

## Use instead
```python
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app?ssl=require",
    pool_pre_ping=True,
    connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
)
```

| instead of | use |
|---|---|
| `sslmode` | `ssl`, in the URL too |
| `sslrootcert`, `sslcert`, `sslkey` | an `ssl.SSLContext` as `ssl` in `connect_args` |
| `application_name` | `server_settings={"application_name": ...}` in `connect_args` |
| `connect_timeout` | `timeout` in `connect_args`, as a number |
| `options`, `search_path` | `ALTER ROLE ... SET` |
| `pool_size`, `max_size` | the engine's `pool_size` |
| `pgbouncer`, `connection_limit` | nothing: another library's |

## Fix safety
There is no fix yet.

## Versions
All: tried with SQLAlchemy 2.1.9 + asyncpg 0.32 and SQLAlchemy 1.4.54 + asyncpg 0.30.

## References
- [asyncpg: connect](https://magicstack.github.io/asyncpg/current/api/index.html#connection)
- [SQLAlchemy: connect_args](https://docs.sqlalchemy.org/en/20/core/engines.html#sqlalchemy.create_engine.params.connect_args)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolsafe.facts.deployment import Deployment
from poolsafe.facts.engine import Engine, ParameterWhere
from poolsafe.facts.verdict import is_asyncpg
from poolsafe.findings import Finding, Severity
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.wording import assuming, driver_shown, finding

if TYPE_CHECKING:
    from poolsafe.source import Source

_LEAVE_OUT = "leave it out"
_CONTEXT = "give `connect_args` an `ssl.SSLContext` as `ssl`"
_ROLE = "use `ALTER ROLE ... SET`"
_POOL = "use the engine's `pool_size`"

# What asyncpg.connect() refused in a trial, and what to do instead.
REFUSED = {
    "application_name": 'use `server_settings={"application_name": ...}` in `connect_args`',
    "autocommit": 'use the engine\'s `isolation_level="AUTOCOMMIT"`',
    "channel_binding": _LEAVE_OUT,
    "charset": _LEAVE_OUT,
    "client_encoding": _LEAVE_OUT,
    "connect_timeout": "use `timeout` in `connect_args`, as a number",
    "connection_limit": _POOL,
    "dbname": "name the database in the URL's path",
    "fallback_application_name": 'use `server_settings={"application_name": ...}` in `connect_args`',
    "gssencmode": _LEAVE_OUT,
    "jit": _ROLE,
    "json_serializer": "it is an argument of the engine function",
    "keepalives": _LEAVE_OUT,
    "max_size": _POOL,
    "min_size": _POOL,
    "options": _ROLE,
    "pgbouncer": _LEAVE_OUT,
    "pool_size": _POOL,
    "pool_timeout": "use the engine's `pool_timeout`",
    "schema": _ROLE,
    "search_path": _ROLE,
    "sslcert": _CONTEXT,
    "sslkey": _CONTEXT,
    "sslmode": "use `ssl`",
    "sslnegotiation": _LEAVE_OUT,
    "sslrootcert": _CONTEXT,
    "tcp_user_timeout": _LEAVE_OUT,
}


_PLACES = {ParameterWhere.URL_QUERY: "the URL", ParameterWhere.CONNECT_ARGS: "`connect_args`"}


@rule(since="0.1.0", fix=FixAvailability.NONE, always=True)
def check(engine: Engine, deployment: Deployment, source: Source) -> Iterator[Finding]:
    if not is_asyncpg(engine, deployment):
        return
    refused = [parameter for parameter in engine.connect_parameters if parameter.key in REFUSED]
    if not refused:
        return
    first, *others = refused
    also = f" (also {', '.join(f'`{other.key}`' for other in others)})" if others else ""
    message = (
        f"{assuming(engine)}`{first.key}`{also} in {_PLACES[first.where]} is no parameter of asyncpg: connecting "
        f"raises `TypeError: connect() got an unexpected keyword argument '{first.key}'`, with or without a pooler; "
        f"{REFUSED[first.key]}"
    )
    related = tuple(place for parameter in refused for place in parameter.origin) + driver_shown(engine, deployment)
    yield finding(__name__, engine, message, Severity.ERROR, None, related)
