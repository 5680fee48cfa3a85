"""
## What it does
Reports keys of asyncpg's `server_settings` that the pooler refuses or drops.

## Why is this bad?
asyncpg sends them as startup parameters, and PgBouncer accepts only those that it can carry from server to server:
`application_name`, `TimeZone`, `client_encoding`, `DateStyle`, `standard_conforming_strings` (and `IntervalStyle` since
1.20). With any other every connect fails, in session pooling as well:
`ProtocolViolationError: unsupported startup parameter: jit`. What stands in `options` is looked into since PgBouncer
1.20: `unsupported startup parameter in options: jit`, and for psycopg's `options="-c search_path=..."`
`FATAL: unsupported startup parameter in options: search_path`; before, it is `unsupported startup parameter: options`.

`ignore_startup_parameters` in PgBouncer only hides it: the connection is made, and the value is silently not applied.
Neon's proxy and Supabase's pooler (Supavisor) drop nearly all of them in the same silence, Neon's also in front of a
server without a pooler. [The catalogue of poolers](../poolers.md) says which pooler refuses, drops or carries them.

The `server_settings` of asyncpg's own `connect()` and `create_pool()` are judged alike, and so are keys of a DSN's
query that asyncpg does not know, which it makes settings of the server, and psycopg's `options`: `connection failed:
... FATAL: unsupported startup parameter: options`.

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

from poolsafe.facts.connection import AnyClient, ClientDriver, Connection
from poolsafe.facts.deployment import Deployment, PoolMode
from poolsafe.facts.engine import Engine, ServerSetting
from poolsafe.facts.pooler import REFUSAL, Fate
from poolsafe.findings import Finding, Severity
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.wording import assuming, behind, driver_shown, finding, provenance
from poolsafe.verdicts import fate_of, is_asyncpg

if TYPE_CHECKING:
    from poolsafe.source import Source

_TO_ASYNCPG, _TO_PSYCOPG = "in asyncpg's `server_settings`", "given to psycopg"
_LOST = (Fate.REFUSED, Fate.DROPPED)


@rule(since="0.1.0", fix=FixAvailability.NONE)
def check(client: AnyClient, deployment: Deployment, source: Source) -> Iterator[Finding]:
    # SQLAlchemy gives no connect_args to a creator.
    if isinstance(client, Engine) and (client.creator is not None or not is_asyncpg(client, deployment)):
        return
    lost = [setting for setting in client.parameters.server_settings if fate_of(setting, deployment) in _LOST]
    if not lost:
        return
    shown = driver_shown(client, deployment) if isinstance(client, Engine) else client.url.origin
    related = tuple(place for setting in lost for place in setting.origin) + shown + provenance(deployment, "pooler")
    by_psycopg = isinstance(client, Connection) and client.driver is ClientDriver.PSYCOPG
    where = _TO_PSYCOPG if by_psycopg else _TO_ASYNCPG
    message = (assuming(client) if isinstance(client, Engine) else "") + _message(lost, deployment, where)
    yield finding(__name__, client, message, _severity(lost, deployment), None, related)


def _severity(lost: Sequence[ServerSetting], deployment: Deployment) -> Severity:
    """Returns an error if connecting certainly fails. Every pool mode refuses, so that naming one is evidence."""
    product = deployment.product
    if product is None:
        return Severity.WARNING if deployment.pooler is PoolMode.AUTO else Severity.ERROR
    refused = any(fate_of(setting, deployment) is Fate.REFUSED for setting in lost)
    return Severity.ERROR if refused else Severity.WARNING


def _message(lost: Sequence[ServerSetting], deployment: Deployment, where: str) -> str:
    failing = [setting for setting in lost if fate_of(setting, deployment) is Fate.REFUSED]
    first, *others = failing or lost
    keys = f"`{first.key}`" + (f" and {len(others)} more" if others else "")
    advice = "use `ALTER ROLE ... SET` or `SET LOCAL`"
    if not failing and deployment.product is not None:
        are, apply = ("are", "they do not apply") if others else ("is", "it does not apply")
        return f"{keys} {where} {are} dropped {behind(deployment)}, {apply}; {advice}"
    if not failing:
        return (
            f"{keys} {where} has no effect {behind(deployment)}: it is told to accept this "
            f"startup parameter and does not apply it; {advice}"
        )
    product = deployment.product
    refusal = REFUSAL if product is None else product.refusal
    if where == _TO_PSYCOPG:
        # psycopg raises OperationalError: `connection failed: ... FATAL:  unsupported startup parameter: options`.
        refusal = refusal.removeprefix("ProtocolViolationError: ")
    return f"{keys} {where}: connecting raises `{refusal.format(first.key)}` {behind(deployment)}; {advice}"
