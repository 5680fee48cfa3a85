"""
## What it does
Reports parameters that SQLAlchemy, asyncpg or another driver rejects. The rule checks the URL's query string,
`connect_args` and `do_connect` listeners. asyncpg rejects:

- parameters of libpq: `sslmode`, `application_name`, `connect_timeout`, `channel_binding` and `options`
- parameters of other drivers, such as `check_same_thread`
- parameters of other tools: `pgbouncer=true`, `supa=`, `connection_limit=` and `schema=`
- arguments that belong to `create_async_engine()`, such as `pool_size`
- misspelled names, such as `statment_cache_size`
- invalid values, such as `ssl=true`
- `timeout` and other numbers in the URL, where every value is a string

The rule also reports parameters in the wrong place. These are `server_settings=`, `ssl=`, `command_timeout=` or a
misspelled keyword in the call that creates the engine, and asyncpg's parameters in the `connect_args` or the URL of an
engine that uses another driver.

## Why is this bad?
SQLAlchemy calls `asyncpg.connect()` with keyword arguments from the URL's query string, `connect_args` and listeners.
For a key that asyncpg does not know, connecting raises
`TypeError: connect() got an unexpected keyword argument 'sslmode'` on every server. Hosting providers' URLs are written
for libpq and often contain such parameters. An unknown mode for `ssl` raises
`ClientConfigurationError: ... parameter must be one of: disable, allow, prefer, require, verify-ca, verify-full`, and a
number given as a string raises `TypeError: unsupported operand type(s)` or
`'<' not supported between instances of 'str' and 'int'`.

`create_async_engine()` raises `TypeError: Invalid argument(s) 'server_settings' sent to create_engine()` for a keyword
that neither the dialect nor the pool knows. Other drivers reject asyncpg's parameters. psycopg raises
`ProgrammingError: invalid connection option "statement_cache_size"`. SQLite raises
`TypeError: 'statement_cache_size' is an invalid keyword argument` (worded differently since Python 3.13). The
remaining drivers raise the same `TypeError` as asyncpg.

asyncpg's own `connect()` and `create_pool()` reject the same keywords. asyncpg sends unknown DSN parameters to the
server, which raises `UndefinedObjectError: unrecognized configuration parameter "pgbouncer"`. psycopg rejects asyncpg's
parameters with `ProgrammingError: invalid connection option "statement_cache_size"`. psycopg's pool takes connection
options in `kwargs`.

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
| `sslmode`, `sslaccept` | `ssl`, which accepts the same modes, in the URL or in `connect_args` |
| `ssl=true` | `ssl=require`, or `verify-full` |
| `sslrootcert`, `sslcert`, `sslkey`, `sslpassword`, `ssl_ca` | an `ssl.SSLContext` as `ssl` in `connect_args` |
| `sslcrl`, `sslcrldir`, `ssl_min_protocol_version`, `ssl_max_protocol_version` | an `ssl.SSLContext` too |
| `application_name`, `ApplicationName` | `server_settings={"application_name": ...}` in `connect_args` |
| `fallback_application_name` | `application_name` in `server_settings` too |
| `timezone` | `server_settings={"timezone": ...}` in `connect_args` |
| `connect_timeout`, `?timeout=` | `timeout` in `connect_args`, as a number |
| `socket_timeout` | `command_timeout` |
| `options`, `search_path`, `statement_timeout` | `ALTER ROLE ... SET`, because clients of PgBouncer cannot set them |
| `schema`, `currentSchema`, `jit`, `lock_timeout`, `idle_in_transaction_session_timeout` | `ALTER ROLE ... SET` too |
| `pool_size`, `min_size`, `max_size`, `connection_limit` | the engine's `pool_size` |
| `max_inactive_connection_lifetime` | the engine's `pool_recycle` |
| `echo`, `isolation_level`, `json_serializer`, `json_deserializer` | the engine's argument of the same name |
| `max_overflow`, `pool_pre_ping`, `pool_recycle`, `pool_timeout`, `poolclass` | the same-named engine argument too |
| `autocommit` | the engine's `isolation_level="AUTOCOMMIT"` |
| `init`, `setup` | the engine's `connect` or `checkout` event |
| `prepare_threshold`, `prepareThreshold` | `statement_cache_size=0` |
| `dbname`, `hostaddr` | the URL's path or host |
| `pgbouncer`, `supa`, `channel_binding`, `check_same_thread` and similar ones | no replacement; remove the parameter |
| `server_settings`, `ssl`, `command_timeout` as a keyword of `create_async_engine()` | the same key in `connect_args` |

## Fix safety
The fix passes each parameter in the form that asyncpg accepts. If the parameter is written in the call that creates the
engine, and every path to that call passes an asyncpg URL, these changes are safe:

- `sslmode` becomes `ssl`, if the mode is known.
- `application_name` moves to `server_settings`, if the name is known.
- `timeout` moves from the URL to `connect_args`.
- asyncpg's keywords move from the arguments of `create_async_engine()` to `connect_args`.

The fix is unsafe in these cases:

- The URL or the dict is written elsewhere in the file, where other code may read it.
- The parameter is `connect_timeout`. libpq applies it to each address, but asyncpg's `timeout` covers all addresses
  together.
- The fix removes a parameter (`channel_binding`, `pgbouncer`, `check_same_thread` and others), corrects a misspelled
  name, or moves `server_settings`, which a pooler may reject.

There is no fix for parameters that cannot be set behind PgBouncer, such as `options` and `search_path`, or that need a
Python object, such as `sslrootcert`. Nor is there a fix if the dict or URL comes from another file, or if another
driver reads the dict.

## Versions
All versions. Tested with asyncpg 0.27, 0.30 and 0.32 under SQLAlchemy 1.4, 2.0 and 2.1. asyncpg has accepted
`record_class` since 0.22, `direct_tls` since 0.26, `target_session_attrs` since 0.28, `krbsrvname` and `gsslib` since
0.30, and `service` since 0.31. SQLAlchemy's dialect accepts `async_fallback` up to version 2.0.

## References
- [asyncpg: connect](https://magicstack.github.io/asyncpg/current/api/index.html#connection)
- [SQLAlchemy:
  connect_args](https://docs.sqlalchemy.org/en/20/core/engines.html#sqlalchemy.create_engine.params.connect_args)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from poolsafe.facts.connection import AnyClient, Connection
from poolsafe.facts.deployment import Deployment, shown
from poolsafe.facts.engine import ConnectParameter, Driver, Engine, EngineKeyword, ParameterWhere, SizeState
from poolsafe.findings import Finding, Severity
from poolsafe.fixes.engine_fixes import move_keywords
from poolsafe.fixes.parameter_fixes import SSL_MODES, Remedy, Rename, replace_parameters
from poolsafe.rules.accepted_keywords import ADAPTER, CONNECT, ENGINE, Taken, nearest, refuses_connect, refuses_engine
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.client_wording import refusal_of_option
from poolsafe.rules.foreign_parameters import FOREIGN, of_another_driver
from poolsafe.rules.wording import and_others, assuming, driver_shown, finding, with_advice
from poolsafe.verdicts import is_asyncpg

if TYPE_CHECKING:
    from poolsafe.source import Source

_PLACES = {
    ParameterWhere.URL_QUERY: "the URL",
    ParameterWhere.CONNECT_ARGS: "`connect_args`",
    ParameterWhere.LISTENER: "a listener",
}

# asyncpg's own parameters that must not be strings. In a URL's query string, every value is a string.
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
        message = refusal_of_option(first, others, connection)
        related = tuple(place for one in connection.refused for place in one.origin) + connection.url.origin
        yield finding(__name__, connection, message, Severity.ERROR, None, related)


def _of_engine(engine: Engine, deployment: Deployment, source: Source) -> Iterator[Finding]:
    if engine.url.driver is Driver.OTHER:
        yield from _of_another_driver(engine)
        return
    if not is_asyncpg(engine, deployment):
        return
    keywords = _refused_keywords(engine, deployment)
    if keywords:
        message = _said_of_keyword(keywords, deployment)
        related = tuple(place for one in keywords for place in one.origin) + driver_shown(engine, deployment)
        ours = all(one.name in CONNECT and one.everywhere for one in keywords)
        fix = move_keywords(engine, source, keywords) if ours else None
        yield finding(__name__, engine, message, Severity.ERROR, fix, related)
    # SQLAlchemy gives neither the query nor connect_args to a creator.
    refused = [one for one in engine.parameters.connect if _is_refused(one, engine, deployment)]
    if refused and engine.creator is None:
        message = assuming(engine) + _said_of(refused, deployment)
        related = tuple(place for one in refused for place in one.origin) + driver_shown(engine, deployment)
        fix = replace_parameters(engine, source, [(one, _remedy(one, engine)) for one in refused])
        yield finding(__name__, engine, message, Severity.ERROR, fix, related)


def _of_another_driver(engine: Engine) -> Iterator[Finding]:
    """Yields the finding about asyncpg's keys that reach another driver's `connect()`."""
    first, *others = engine.parameters.connect or (None,)
    if first is None:
        return
    driver, raises = of_another_driver(engine.url.scheme, first.key)
    keys = _named(_owner(first.key), first.key, [one.key for one in others])
    message = (
        f"{keys} in {_PLACES[first.where]} of an engine that uses {driver}: "
        f"connecting raises `{raises}`; use {'them' if others else 'it'} only with asyncpg"
    )
    related = tuple(place for one in engine.parameters.connect for place in one.origin)
    yield finding(__name__, engine, message, Severity.ERROR, None, related)


def _refused_keywords(engine: Engine, deployment: Deployment) -> list[EngineKeyword]:
    """Returns the keywords that the engine function refuses, or none with plugins, which may remove their own."""
    keywords = engine.parameters.keywords
    if any(one.name == "plugins" for one in keywords) or any(one.key == "plugin" for one in engine.parameters.connect):
        return []
    return [one for one in keywords if refuses_engine(one.name, deployment)]


def _named(owner: str, key: str, others: Sequence[str], noun: str = "parameter") -> str:
    """Returns several keys as a message names them, or a single key with its owner, such as "libpq's" or ""."""
    return f"`{key}`{and_others(others, noun)}" if others else f"{owner} `{key}`".lstrip()


def _is_refused(parameter: ConnectParameter, engine: Engine, deployment: Deployment) -> bool:
    key = parameter.key
    if any(one.key == "async_creator_fn" for one in engine.parameters.connect):
        # The creator is called instead of `asyncpg.connect()`, with all these keys.
        return False
    if key in FOREIGN or _is_no_mode(parameter) or _stays_text(parameter):
        return True
    if key == "plugin" or not refuses_connect(key, deployment):
        return False
    # An unknown driver may accept any key, but this is a misspelled name of one of asyncpg's keys.
    return engine.url.driver is Driver.ASYNCPG or nearest(key, (*CONNECT, *ADAPTER)) is not None


def _is_no_mode(parameter: ConnectParameter) -> bool:
    text = parameter.value.strip("'\"")
    known = parameter.value[:1] in ("'", '"') and text != ""
    return parameter.key in ("ssl", "sslmode") and known and text.replace("_", "-") not in SSL_MODES


def _stays_text(parameter: ConnectParameter) -> bool:
    return parameter.key in STAYS_TEXT and (
        parameter.where is ParameterWhere.URL_QUERY or parameter.value[:1] in ("'", '"')
    )


def _remedy(parameter: ConnectParameter, engine: Engine) -> Remedy | Rename | None:
    if parameter.key == "timeout" and parameter.where is ParameterWhere.URL_QUERY:
        return Remedy.TIMEOUT
    if parameter.key in FOREIGN:
        return FOREIGN[parameter.key].remedy
    near = (
        None if parameter.key in CONNECT or parameter.key in ADAPTER else nearest(parameter.key, (*CONNECT, *ADAPTER))
    )
    if near is None or parameter.where is not ParameterWhere.CONNECT_ARGS:
        return None
    given = {one.key for one in engine.parameters.connect} | _sizes_given(engine)
    return Remedy.LEAVE_OUT if near in given else Rename(near)


def _said_of(refused: Sequence[ConnectParameter], deployment: Deployment) -> str:
    """Returns the message about parameters, the first of which makes `connect()` fail."""
    parameter, *others = refused
    key, place = parameter.key, _PLACES[parameter.where]
    after_text = _stays_text(parameter)
    on_others = [(one.key, _advice_on_other(one, after_text, deployment)) for one in others]
    if not parameter.everywhere:
        place += " on some code paths"
    if key == "ssl" and _is_no_mode(parameter):
        said = f"asyncpg's `ssl` is {parameter.value} in {place}: connecting raises `{NOT_A_MODE}`"
        return with_advice(said, key, "set it to 'require'", on_others)
    if after_text:
        said = f"asyncpg's `{key}` in {place} is a string: connecting raises `TypeError: {STAYS_TEXT[key]}`"
        return with_advice(said, key, "pass it as a number in `connect_args`", on_others)
    owner, advice = _advice(key, (CONNECT, ADAPTER), deployment)
    if key == "sslmode" and _is_no_mode(parameter):
        advice = f"{advice} with 'require', because {parameter.value} is not a mode"
    keys = _named(owner, key, [one.key for one in others])
    said = f"{keys} in {place}: asyncpg raises `TypeError: connect() got an unexpected keyword argument '{key}'`"
    return with_advice(said, key, advice, on_others)


def _advice_on_other(parameter: ConnectParameter, after_text: bool, deployment: Deployment) -> str:
    """Returns the advice on a parameter that the message names after another one."""
    if _stays_text(parameter):
        return "pass it as a number too" if after_text else "pass it as a number in `connect_args`"
    if _is_no_mode(parameter):
        return "set it to 'require'" if parameter.key == "ssl" else "use asyncpg's `ssl` with 'require'"
    return _advice(parameter.key, (CONNECT, ADAPTER), deployment)[1]


def _said_of_keyword(refused: Sequence[EngineKeyword], deployment: Deployment) -> str:
    """Returns the message about keywords that make the engine function fail."""
    first, *others = refused
    key, some = first.name, "" if first.everywhere else " on some code paths"
    (owner, advice), *rest = [_advice_on_keyword(one.name, deployment) for one in refused]
    on_others = [(one.name, advice_on_other) for one, (_, advice_on_other) in zip(others, rest, strict=True)]
    said = (
        f"passing {_named(owner, key, [one.name for one in others], 'keyword')} to SQLAlchemy{some} raises "
        f"`TypeError: Invalid argument(s) '{key}' sent to create_engine()`"
    )
    return with_advice(said, key, advice, on_others, "keyword")


def _advice_on_keyword(key: str, deployment: Deployment) -> tuple[str, str]:
    if key in CONNECT or key in ADAPTER:
        return _owner(key), "pass it in `connect_args`"
    return _advice(key, (ENGINE, CONNECT), deployment)


def _advice(key: str, tables: tuple[dict[str, Taken], ...], deployment: Deployment) -> tuple[str, str]:
    """Returns the owner of a key, such as "asyncpg's" or "", and the advice."""
    if key in FOREIGN:
        return FOREIGN[key].owner, FOREIGN[key].advice
    for table in tables:
        taken = table.get(key)
        if taken is not None:
            library, known = (
                ("asyncpg", deployment.asyncpg) if table is CONNECT else ("SQLAlchemy", deployment.sqlalchemy)
            )
            owner = "" if table is ENGINE else f"{library}'s"
            if taken.until is not None:
                return owner, f"remove it, because {library} {shown(taken.until)} no longer accepts it"
            return owner, f"remove it, or upgrade {library} from {shown(known)} to {shown(taken.since)} or newer"
    near = nearest(key, [name for table in tables for name in table])
    if near is None:
        return "", "remove it"
    return "", f"use `{near}`" + (" in `connect_args`" if ENGINE in tables and near not in ENGINE else "")


def _sizes_given(engine: Engine) -> set[str]:
    sizes = engine.sizes.both
    return {size.key for size in sizes if size.state is not SizeState.ABSENT}


def _owner(key: str) -> str:
    return "SQLAlchemy's" if key in ADAPTER else "asyncpg's"
