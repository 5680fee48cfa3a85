"""
## What it does
Reports a cache size or `prepared_statement_name_func` where it is rejected or ignored.

## Why is this bad?
The keys belong in `connect_args`; SQLAlchemy's own key may also be in the URL's query string. Anywhere else, they raise
an exception or have no effect:

- As a keyword of `create_async_engine()`, or as a key in the engine's section of `alembic.ini`: creating the engine
  raises `TypeError: Invalid argument(s) 'statement_cache_size' sent to create_engine()`.
- As `?statement_cache_size=0` in the URL: the first connect raises
  `TypeError: '<' not supported between instances of 'str' and 'int'`, because the value stays a string.
- As `prepared_statement_cache_size` in a call to asyncpg itself: `TypeError: connect() got an unexpected keyword
  argument 'prepared_statement_cache_size'`, because the key is SQLAlchemy's.
- In `connect_args` together with `creator` or `async_creator`: no exception and no effect. SQLAlchemy ignores
  `connect_args` there, so both caches keep their default size of 100. Queries behind a transaction pooler still raise
  `prepared statement "__asyncpg_stmt_1__" already exists` or `prepared statement "__asyncpg_stmt_1__" does not exist`.

asyncpg's own functions accept `statement_cache_size` only as a keyword. asyncpg sends a key in a DSN to the server as a
setting, which raises `UndefinedObjectError: unrecognized configuration parameter "statement_cache_size"`, or, behind
PgBouncer, `unsupported startup parameter: statement_cache_size`.

## Example
```python
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(
    "postgresql+asyncpg://app@pgbouncer:6432/app",
    pool_pre_ping=True,
    statement_cache_size=0,
    prepared_statement_cache_size=0,
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

With a creator, pass asyncpg's key in the creator's own call: `asyncpg.connect(dsn, statement_cache_size=0)`.

## Fix safety
The fix moves the keys to `connect_args`. It is safe for keywords of `create_async_engine()` and for literal URLs, if
every path passes an asyncpg URL. It is unsafe for a size above 0, which may be intended. There is no fix for a key next
to a creator, in a `**` argument or in an ini file, or if the call also creates engines for another driver.

## Versions
All versions. Where the key is rejected, every attempt failed with asyncpg 0.27 to 0.32 and SQLAlchemy 1.4.54 to 2.1.9.
With both sizes at 0 in `connect_args` next to `async_creator`, 63 of 120 attempts failed with SQLAlchemy 2.1.9 +
asyncpg 0.32, and 48 of 120 with SQLAlchemy 2.0.58 + asyncpg 0.30 (one process, PgBouncer 1.18). With
`statement_cache_size=0` in the creator, 0 of 120 and 46 of 120 failed, respectively.

## References
- [SQLAlchemy:
  connect_args](https://docs.sqlalchemy.org/en/20/core/engines.html#sqlalchemy.create_engine.params.connect_args)
- [asyncpg: statement_cache_size](https://magicstack.github.io/asyncpg/current/api/index.html#connection)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolsafe.facts.connection import AnyClient, Connection
from poolsafe.facts.deployment import Deployment
from poolsafe.facts.engine import Engine, Misplaced, MisplacedWhere, SizeState
from poolsafe.findings import Finding, Severity
from poolsafe.fixes.connection_fixes import move_size
from poolsafe.fixes.engine_fixes import move_misplaced
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.wording import assuming, behind, besides, driver_shown, finding, grounds, layer
from poolsafe.verdicts import breaks_names, is_asyncpg, severity

if TYPE_CHECKING:
    from poolsafe.source import Source


@rule(since="0.1.0", fix=FixAvailability.SOMETIMES, always=True)
def check(client: AnyClient, deployment: Deployment, source: Source) -> Iterator[Finding]:
    if isinstance(client, Connection):
        yield from _of_connection(client, source)
    else:
        yield from _of_engine(client, deployment, source)


def _of_connection(connection: Connection, source: Source) -> Iterator[Finding]:
    for where in dict.fromkeys(misplaced.where for misplaced in connection.misplaced):
        misplaced = [each for each in connection.misplaced if each.where is where]
        key, lacks = misplaced[0].key, connection.size is not None and connection.size.state is SizeState.ABSENT
        advice = "use the keyword argument `statement_cache_size=0`" if lacks else "remove it"
        if where is MisplacedWhere.DSN_QUERY:
            message = (
                f"`{key}` in asyncpg's DSN is sent to the server, which rejects it: `unrecognized configuration "
                f"parameter`; {advice}"
            )
        else:
            message = (
                f"passing {layer(key)} to asyncpg raises `TypeError: connect() got an unexpected keyword argument "
                f"'{key}'` on every server; {advice}"
            )
        related = tuple(place for each in misplaced for place in each.origin) + connection.url.origin
        yield finding(__name__, connection, message, Severity.ERROR, move_size(connection, source), related)


def _of_engine(engine: Engine, deployment: Deployment, source: Source) -> Iterator[Finding]:
    if not is_asyncpg(engine, deployment):
        return
    # One finding for each place, because one fix moves all the keys in it.
    for where in dict.fromkeys(misplaced.where for misplaced in engine.sizes.misplaced):
        ignored = where is MisplacedWhere.BESIDE_CREATOR
        if ignored and not breaks_names(deployment):
            continue
        misplaced = [each for each in engine.sizes.misplaced if each.where is where]
        message = assuming(engine) + _message(misplaced, where, engine, deployment)
        because = grounds if ignored else driver_shown
        related = tuple(place for each in misplaced for place in each.origin) + because(engine, deployment)
        weight = severity(deployment) if ignored else Severity.ERROR
        yield finding(__name__, engine, message, weight, move_misplaced(engine, source, deployment), related)


def _message(misplaced: list[Misplaced], where: MisplacedWhere, engine: Engine, deployment: Deployment) -> str:
    key, *others = dict.fromkeys(each.key for each in misplaced)
    keys = (
        f"{layer(key)} and {layer(others[0]) if len(others) == 1 else f'{len(others)} others'}"
        if others
        else layer(key)
    )
    it, keywords = ("them", "keywords") if others else ("it", "a keyword")
    refused = f"'{key}',..." if others else f"'{key}' sent to create_engine()"
    always = "" if engine.sizes.missing else " on every server"
    other = "".join(f" and add `{size}=0`" for size in engine.sizes.missing)
    also = besides(engine, deployment)
    match where:
        case MisplacedWhere.ENGINE_KEYWORD:
            return (
                f"passing {keys} as {keywords} raises `TypeError: Invalid argument(s) {refused}`{always}; "
                f"move {it} to `connect_args`{other}{also}"
            )
        case MisplacedWhere.URL_QUERY:
            return (
                f"{keys} in the URL is a string: connecting raises `TypeError: '<' not supported between instances "
                f"of 'str' and 'int'`{always}; move it to `connect_args`{other or ' as a number'}{also}"
            )
        case MisplacedWhere.ALEMBIC_KEY:
            return (
                f"setting {keys} in the alembic.ini section raises `TypeError: Invalid argument(s) {refused}`{always}; "
                f"pass {it} in `connect_args`{other}{also}"
            )
        case MisplacedWhere.ASYNCPG_CALL:
            return (
                f"passing {layer(key)} to asyncpg raises `TypeError: connect() got an unexpected keyword "
                f"argument '{key}'` on every server; remove it"
            )
    creator = engine.creator or "creator"
    return (
        f"SQLAlchemy ignores `connect_args` if `{creator}` is set: the cache sizes have no effect and queries fail "
        f"{behind(deployment)}; set `statement_cache_size=0` in the creator"
    )
