"""
## What it does
Reports keys of asyncpg's `server_settings` that the pooler rejects or drops.

## Why is this bad?
asyncpg sends these keys as startup parameters, and PgBouncer accepts only those that it can restore on each server
connection: `application_name`, `TimeZone`, `client_encoding`, `DateStyle` and `standard_conforming_strings` (since
1.20, also `IntervalStyle`). With any other parameter, connecting fails, even in session pooling:
`ProtocolViolationError: unsupported startup parameter: jit`. Passing such a parameter inside `options` fails too.
PgBouncer 1.20 and newer report `unsupported startup parameter in options: jit` or, for psycopg's
`options="-c search_path=..."`, `FATAL: unsupported startup parameter in options: search_path`. Older versions reject
any `options` with `unsupported startup parameter: options`.

PgBouncer's `ignore_startup_parameters` only hides the problem: the connection succeeds, and the value is silently
ignored. Neon's proxy and Supabase's pooler (Supavisor) also silently drop nearly all startup parameters; Neon's proxy
does so even on direct connections. [The catalogue of poolers](../poolers.md) shows which poolers reject, drop or apply
them.

The rule also checks the `server_settings` of asyncpg's own `connect()` and `create_pool()`, and unknown keys in the
query string of an asyncpg DSN, which asyncpg sends as server settings. It also checks psycopg's `options`. Before
PgBouncer 1.20, connecting with `options` raises `connection failed: ... FATAL: unsupported startup parameter: options`.

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
Set the value on the server: `ALTER ROLE app SET jit = off`, `ALTER DATABASE`, PgBouncer's `connect_query`, or
`SET LOCAL` at the beginning of the transaction.

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

For a client-side timeout, use asyncpg's `command_timeout`.

## Fix safety
There is no fix, because the value first has to be set elsewhere.

## Versions
In our tests with PgBouncer 1.18 and 1.25.2, connecting with a rejected parameter always failed, in both transaction and
session pooling. `IntervalStyle` is never reported, because newer versions of PgBouncer accept it.

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
from poolsafe.rules.wording import and_others, assuming, behind, driver_shown, finding, provenance
from poolsafe.verdicts import fate_of, is_asyncpg

if TYPE_CHECKING:
    from poolsafe.source import Source

_TO_ASYNCPG, _TO_PSYCOPG = "in asyncpg's `server_settings`", "passed to psycopg"
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
    """Returns ERROR if connecting certainly fails.

    PgBouncer refuses the parameter in every mode, so any mode will do.
    """
    product = deployment.product
    if product is None:
        return Severity.WARNING if deployment.pooler is PoolMode.AUTO else Severity.ERROR
    refused = any(fate_of(setting, deployment) is Fate.REFUSED for setting in lost)
    return Severity.ERROR if refused else Severity.WARNING


def _message(lost: Sequence[ServerSetting], deployment: Deployment, where: str) -> str:
    failing = [setting for setting in lost if fate_of(setting, deployment) is Fate.REFUSED]
    first, *others = failing or lost
    keys = f"`{first.key}`{and_others([setting.key for setting in others])}"
    are, have, these = (
        ("are", "have", "these startup parameters") if others else ("is", "has", "this startup parameter")
    )
    advice = "use `ALTER ROLE ... SET` or `SET LOCAL`"
    if not failing and deployment.product is not None:
        return f"{keys} {where} {are} dropped {behind(deployment)} and {have} no effect; {advice}"
    if not failing:
        return f"{keys} {where} {have} no effect {behind(deployment)}, which is configured to ignore {these}; {advice}"
    product = deployment.product
    refusal = REFUSAL if product is None else product.refusal
    if where == _TO_PSYCOPG:
        # psycopg raises OperationalError: `connection failed: ... FATAL:  unsupported startup parameter: options`.
        refusal = refusal.removeprefix("ProtocolViolationError: ")
    return f"{keys} {where}: connecting raises `{refusal.format(first.key)}` {behind(deployment)}; {advice}"
