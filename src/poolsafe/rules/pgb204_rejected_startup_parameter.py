"""
## What it does
Reports keys of asyncpg's `server_settings` that PgBouncer refuses.

## Why is this bad?
asyncpg sends them as startup parameters, and PgBouncer accepts only those that it can carry from server to server:
`application_name`, `TimeZone`, `client_encoding`, `DateStyle`, `standard_conforming_strings` (and `IntervalStyle` since
1.20). With any other every connect fails, in session pooling as well:
`ProtocolViolationError: unsupported startup parameter: jit`. What stands in `options` is looked into since PgBouncer
1.20: `unsupported startup parameter in options: jit`; before, it is `unsupported startup parameter: options`.

`ignore_startup_parameters` in PgBouncer only hides it: the connection is made, and the value is silently not applied.

## Example
```python
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app",
    pool_pre_ping=True,
    connect_args={
        "statement_cache_size": 0,
        "prepared_statement_cache_size": 0,
        "server_settings": {"application_name": "app", "jit": "off"},
    },
)
```

## Use instead
Set it where every server connection sees it: `ALTER ROLE app SET jit = off`, `ALTER DATABASE`, PgBouncer's
`connect_query`, or `SET LOCAL` at the beginning of the transaction.

```python
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app",
    pool_pre_ping=True,
    connect_args={
        "statement_cache_size": 0,
        "prepared_statement_cache_size": 0,
        "server_settings": {"application_name": "app"},
    },
)
```

For a timeout on the client's side asyncpg has `command_timeout`.

## Fix safety
There is no fix: the setting has to be made elsewhere first.

## Versions
Every connect failed with PgBouncer 1.18 and 1.25.2, transaction and session pooling. `IntervalStyle` is never reported.

## References
- [PgBouncer: ignore_startup_parameters](https://www.pgbouncer.org/config.html#ignore_startup_parameters)
- [PostgreSQL: ALTER ROLE](https://www.postgresql.org/docs/current/sql-alterrole.html)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from poolsafe.facts.deployment import Deployment, PoolMode
from poolsafe.facts.engine import Engine, ServerSetting
from poolsafe.facts.verdict import has_pooler, is_asyncpg
from poolsafe.findings import Finding, Severity
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.wording import assuming, behind, driver_shown, finding, provenance

if TYPE_CHECKING:
    from poolsafe.source import Source

ACCEPTED = frozenset(
    {
        "application_name",
        "client_encoding",
        "datestyle",
        "intervalstyle",
        "standard_conforming_strings",
        "timezone",
    }
)


@rule(since="0.1.0", fix=FixAvailability.NONE)
def check(engine: Engine, deployment: Deployment, source: Source) -> Iterator[Finding]:
    # SQLAlchemy gives no connect_args to a creator.
    if engine.creator is not None or not is_asyncpg(engine, deployment) or not has_pooler(deployment):
        return
    refused = [setting for setting in engine.server_settings if setting.key.lower() not in ACCEPTED]
    if not refused:
        return
    # Every pool mode refuses them, so that whoever names one gives evidence.
    severity = Severity.WARNING if deployment.pooler is PoolMode.AUTO else Severity.ERROR
    message = assuming(engine) + _message(refused, deployment)
    related = (
        tuple(place for setting in refused for place in setting.origin)
        + driver_shown(engine, deployment)
        + provenance(deployment, "pooler")
    )
    yield finding(__name__, engine, message, severity, None, related)


def _message(refused: Sequence[ServerSetting], deployment: Deployment) -> str:
    failing = [setting for setting in refused if setting.key.lower() not in deployment.parameters]
    first, *others = failing or refused
    keys = f"`{first.key}`" + (f" and {len(others)} more" if others else "")
    if not failing:
        return (
            f"{keys} in asyncpg's `server_settings` has no effect {behind(deployment)}: it is told to accept this "
            "startup parameter and does not apply it; use `ALTER ROLE ... SET` or `SET LOCAL`"
        )
    return (
        f"{keys} in asyncpg's `server_settings`: connecting raises `ProtocolViolationError: unsupported startup "
        f"parameter: {first.key}` {behind(deployment)}; use `ALTER ROLE ... SET` or `SET LOCAL`"
    )
