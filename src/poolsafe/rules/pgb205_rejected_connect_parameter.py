"""
## What it does
Reports parameters in the URL's query or in `connect_args` that asyncpg refuses. They belong to libpq (`sslmode`,
`application_name`, `connect_timeout`, `channel_binding`, `options`), to other drivers (`check_same_thread`), to other
libraries (`pgbouncer=true`) or to the engine function. Also asyncpg's own ones with a value that it refuses:
`ssl=true`, and in the URL, where every value is a text, `timeout` and the like.

## Why is this bad?
SQLAlchemy hands both to `asyncpg.connect()` as keywords, and the first connect raises
`TypeError: connect() got an unexpected keyword argument 'sslmode'`, on every server. URLs from a hosting provider's
page are written for libpq and carry such parameters. A text that is no mode of `ssl` raises
`ClientConfigurationError: ... parameter must be one of: disable, allow, prefer, require, verify-ca, verify-full`, and a
number that stays a text raises `TypeError: unsupported operand type(s)` or `'<' not supported between instances of
'str' and 'int'`.

## Example
```python
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app?sslmode=require",
    pool_pre_ping=True,
    connect_args={
        "application_name": "billing",
        "statement_cache_size": 0,
        "prepared_statement_cache_size": 0,
    },
)
```

## Use instead
```python
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app?ssl=require",
    pool_pre_ping=True,
    connect_args={
        "server_settings": {"application_name": "billing"},
        "statement_cache_size": 0,
        "prepared_statement_cache_size": 0,
    },
)
```

| instead of | use |
|---|---|
| `sslmode` | `ssl` with the same modes, in the URL too |
| `ssl=true` | `ssl=require`, or `verify-full` |
| `sslrootcert`, `sslcert`, `sslkey` | an `ssl.SSLContext` as `ssl` in `connect_args` |
| `application_name` | `server_settings={"application_name": ...}` in `connect_args` |
| `connect_timeout`, `?timeout=` | `timeout` in `connect_args`, as a number |
| `options`, `search_path`, `statement_timeout` | `ALTER ROLE ... SET`: behind PgBouncer no place in the client |
| `pool_size`, `max_size` | the engine's `pool_size` |
| `pgbouncer`, `channel_binding`, `check_same_thread` | nothing |

## Fix safety
The fix gives each parameter as asyncpg takes it. It is safe for `sslmode` with a known mode, `application_name` with a
known name, and `timeout` in the URL, where they are written in the engine's call and every path to it gives an asyncpg
URL. It is unsafe where the URL or the dict is written elsewhere in the file, since something else may read it; for
`connect_timeout`, which libpq counts for each address and asyncpg for all of them; and where it leaves something out
(`channel_binding`, `pgbouncer`, `check_same_thread` and the like). There is no fix for what has no place behind
PgBouncer (`options`, `search_path`), what needs an object (`sslrootcert`), where a dict or a URL comes from another
file, and where another driver reads the same dict.

## Versions
All: tried with asyncpg 0.27, 0.30 and 0.32 under SQLAlchemy 1.4, 2.0 and 2.1.

## References
- [asyncpg: connect](https://magicstack.github.io/asyncpg/current/api/index.html#connection)
- [SQLAlchemy: connect_args](https://docs.sqlalchemy.org/en/20/core/engines.html#sqlalchemy.create_engine.params.connect_args)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolsafe.facts.connection import AnyClient, Connection
from poolsafe.facts.deployment import Deployment
from poolsafe.facts.engine import ConnectParameter, Engine, ParameterWhere
from poolsafe.findings import Finding, Severity
from poolsafe.fixes.parameter_fixes import SSL_MODES, Remedy, replace_parameters
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.client_wording import refusal_of_option
from poolsafe.rules.foreign_parameters import FOREIGN, Foreign
from poolsafe.rules.wording import assuming, driver_shown, finding
from poolsafe.verdicts import is_asyncpg

if TYPE_CHECKING:
    from poolsafe.source import Source

_PLACES = {ParameterWhere.URL_QUERY: "the URL", ParameterWhere.CONNECT_ARGS: "`connect_args`"}

# asyncpg's own parameters that must not be text, as everything in a URL's query is.
STAYS_TEXT = {
    "max_cacheable_statement_size": "'<' not supported between instances of 'str' and 'int'",
    "max_cached_statement_lifetime": "'<' not supported between instances of 'str' and 'int'",
    "timeout": "unsupported operand type(s)",
}
NOT_A_MODE = "parameter must be one of: disable, allow, prefer, require, verify-ca, verify-full"


@rule(since="0.1.0", fix=FixAvailability.SOMETIMES, always=True, severities=(Severity.ERROR,))
def check(client: AnyClient, deployment: Deployment, source: Source) -> Iterator[Finding]:
    if isinstance(client, Connection):
        yield from _of_connection(client)
    else:
        yield from _of_engine(client, deployment, source)


def _of_connection(connection: Connection) -> Iterator[Finding]:
    if connection.refused and not connection.is_wrapped:
        first, *others = connection.refused
        message = refusal_of_option(first, connection, f" and {len(others)} more" if others else "")
        related = tuple(place for one in connection.refused for place in one.origin) + connection.url.origin
        yield finding(__name__, connection, message, Severity.ERROR, None, related)


def _of_engine(engine: Engine, deployment: Deployment, source: Source) -> Iterator[Finding]:
    # SQLAlchemy gives neither the query nor connect_args to a creator.
    if engine.creator is not None or not is_asyncpg(engine, deployment):
        return
    refused = [parameter for parameter in engine.parameters.connect if _is_refused(parameter)]
    if not refused:
        return
    first, *others = refused
    message = f"{assuming(engine)}{_said_of(first, _also(others))}"
    related = tuple(place for parameter in refused for place in parameter.origin) + driver_shown(engine, deployment)
    remedies = [(parameter, _remedy(parameter)) for parameter in refused]
    fix = replace_parameters(engine, source, remedies)
    yield finding(__name__, engine, message, Severity.ERROR, fix, related)


def _also(others: list[ConnectParameter]) -> str:
    return f" and {len(others)} more" if others else ""


def _is_refused(parameter: ConnectParameter) -> bool:
    no_mode = parameter.key == "ssl" and _is_no_mode(parameter)
    return parameter.key in FOREIGN or no_mode or _stays_text(parameter)


def _is_no_mode(parameter: ConnectParameter) -> bool:
    text = parameter.value.strip("'\"")
    known = parameter.value[:1] in ("'", '"') and text != ""
    return known and text.replace("_", "-") not in SSL_MODES


def _stays_text(parameter: ConnectParameter) -> bool:
    return parameter.key in STAYS_TEXT and (
        parameter.where is ParameterWhere.URL_QUERY or parameter.value[:1] in ("'", '"')
    )


def _remedy(parameter: ConnectParameter) -> Remedy | None:
    if parameter.key == "timeout" and parameter.where is ParameterWhere.URL_QUERY:
        return Remedy.TIMEOUT
    return FOREIGN[parameter.key].remedy if parameter.key in FOREIGN else None


def _said_of(parameter: ConnectParameter, also: str) -> str:
    key, place = parameter.key, _PLACES[parameter.where]
    if not parameter.everywhere:
        place += " on some paths"
    if key == "ssl" and _is_no_mode(parameter):
        return f"asyncpg's `ssl`{also} is {parameter.value} in {place}: connecting raises `{NOT_A_MODE}`; use 'require'"
    if _stays_text(parameter):
        return (
            f"asyncpg's `{key}`{also} in {place} is a text: connecting raises `TypeError: {STAYS_TEXT[key]}`; "
            f"give it in `connect_args` as a number"
        )
    foreign: Foreign = FOREIGN[key]
    advice = foreign.advice
    if key == "sslmode" and _is_no_mode(parameter):
        advice = f"{parameter.value} is no mode either, {advice} with 'require'"
    return (
        f"{foreign.owner} `{key}`{also} in {place}: asyncpg raises `TypeError: connect() got an unexpected keyword "
        f"argument '{key}'`; {advice}"
    )
