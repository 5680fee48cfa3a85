"""
## What it does
Reports a SQLAlchemy engine that uses asyncpg and sets neither cache size to 0. The sizes are asyncpg's
`statement_cache_size` and SQLAlchemy's `prepared_statement_cache_size`.

## Why is this bad?
asyncpg prepares every query under a name such as `__asyncpg_stmt_1__` and reuses that name later. A pooler in
transaction or statement mode may run the next transaction on another server connection, where the name is missing or
belongs to another client's query. The result is an exception or, without any exception, **the rows of another client's
query**. This rarely happens in development: with a single process running a single task, nothing fails until the
process is restarted.

## Exceptions
- `DuplicatePreparedStatementError: prepared statement "__asyncpg_stmt_1__" already exists`
- `InvalidSQLStatementNameError: prepared statement "__asyncpg_stmt_1__" does not exist`
- `ProtocolViolationError: bind message supplies 1 parameters, but prepared statement "__asyncpg_stmt_5__" requires 0`
- `ProtocolError: the number of columns in the result row (2) is different from what was described (1)`
- `BufferError: unexpected trailing 119 bytes in buffer`

asyncpg adds a hint to some of these exceptions: `pgbouncer with pool_mode set to "transaction" or "statement" does not
support prepared statements properly`.

## Example
```python
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine("postgresql+asyncpg://app@pgbouncer:6432/app", pool_pre_ping=True)
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

If there is no pooler, set `pooler = "none"` in `[tool.poolsafe]` and keep the caches, which make queries faster on a
direct connection.

## Fix safety
The fix adds both keys to `connect_args`. If the engine has a `creator` or `async_creator` in the same file, the fix
instead adds `statement_cache_size=0` to the creator's `asyncpg.connect()` call. If the project uses asyncpg 0.28 to
0.30 and SQLAlchemy 2.0.10 or newer, the fix also adds `prepared_statement_name_func=lambda: ""` (`PGB106`).

The fix is safe if the call always receives an asyncpg URL. The default of an environment variable counts as its value,
unless the code tests for another driver, or a test, the configuration of tests or an env file names another driver for
the variable. If the call also creates engines for another driver, or if `connect_args` comes from a `**` argument,
these rules apply:

- If the file with the call also builds the options of the asyncpg engine, the fix adds the keys there: in a dict
  literal, `dict()`, an item assignment, `update()` or `setdefault()`. That is safe unless other code reads the dict or
  tests whether it is empty.
- If the dict has a key that only asyncpg and its dialect accept, such as `server_settings` or `command_timeout`,
  poolsafe assumes that only asyncpg uses the dict. The fix is then safe, even if an environment variable can select
  another driver, because that driver rejects the dict with or without the fix. The fix is unsafe if the file also
  passes another driver's URL to the call.
- If the code has an `if` for the other driver but no `else`, the fix adds an `else` for asyncpg. That is safe if no
  engine for another driver can receive the keys from that branch.
- If an `if` checks or selects the URL, the fix adds the keys to the call under the same condition. That is unsafe.
- If nothing in the file distinguishes asyncpg's engine from the other driver's, there is no fix.

The fix is unsafe if other code can put its own function in place of `create_async_engine()`, for example if the engine
is created with `self.create_engine(url)`.

In a public function that passes on its `**kwargs`, the fix adds code that pops `connect_args` from `kwargs` before the
call, so that callers can still pass it.

The fix is always unsafe if the code distinguishes an empty environment variable from an unset one before it creates the
engine, because poolsafe treats both as unset. An example is code with both `"DEBUG" in os.environ` and
`os.environ.get("DEBUG")`.

The fix is also unsafe if the file replaces a function that creates engines or connections with a mock, because an
assertion may check the exact arguments of the call.

## Versions
- asyncpg >= 0.31: `statement_cache_size=0` alone is enough. The second key does no harm, and makes older versions fail
  less often.
- asyncpg <= 0.30: both keys are needed, and with several processes they are still not enough; see `PGB106`.
- PgBouncer >= 1.21 with `max_prepared_statements` above 0 (200 by default since 1.24) needs neither key. To tell
  poolsafe about this setting, set `max-prepared-statements = 200`. After a migration, new processes may still get
  `InvalidCachedStatementError: cached statement plan is invalid due to a database schema or configuration change`. In
  our test, this happened after 3 of 9 runs of Alembic, and never with `statement_cache_size=0`.
- With session pooling, neither key is needed.

We tested engines with neither key in transaction pooling, with 3 processes and PgBouncer 1.18: 608 of 1080 attempts
failed with SQLAlchemy 2.1.9 + asyncpg 0.32, and 746 of 1080 with SQLAlchemy 2.0.58 + asyncpg 0.30. Every combination of
SQLAlchemy 1.4.54, 2.0.58 and 2.1.9 with asyncpg 0.27 to 0.32 failed, in 39 to 68 of 108 attempts. See docs/evidence.md.

## References
- [asyncpg: statement_cache_size](https://magicstack.github.io/asyncpg/current/api/index.html#connection)
- [SQLAlchemy: asyncpg prepared statement
  cache](https://docs.sqlalchemy.org/en/20/dialects/postgresql.html#prepared-statement-cache)
- [PgBouncer: max_prepared_statements](https://www.pgbouncer.org/config.html#max_prepared_statements)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolsafe.facts.deployment import Deployment
from poolsafe.facts.engine import Engine
from poolsafe.findings import Finding
from poolsafe.fixes.engine_fixes import disable_caches
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.wording import PREPARED_CACHE, STATEMENT_CACHE, assuming, behind, both_zero, finding, grounds
from poolsafe.verdicts import Problem, judge

if TYPE_CHECKING:
    from poolsafe.source import Source


@rule(since="0.1.0", fix=FixAvailability.SOMETIMES)
def check(engine: Engine, deployment: Deployment, source: Source) -> Iterator[Finding]:
    for verdict in judge(engine, deployment):
        if verdict.problem is Problem.MISSING:
            lacking = f"neither {STATEMENT_CACHE} nor {PREPARED_CACHE} is 0"
            if engine.creator is not None:
                lacking = f"the `{engine.creator}` does not set {STATEMENT_CACHE} to 0"
            message = (
                f"{assuming(engine)}{lacking}: queries raise DuplicatePreparedStatementError or return another "
                f"client's rows {behind(deployment)}; {both_zero(engine, deployment)}"
            )
            fix = disable_caches(engine, source, deployment)
            yield finding(__name__, engine, message, verdict.severity, fix, grounds(engine, deployment))
