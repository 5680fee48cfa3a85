"""
## What it does
Reports an engine that poolsafe cannot check. This happens if its driver is unknown, if a cache size that decides the
result is unknown, or if the code that leads to the engine takes too long to analyse. In the last case, the rule also
reports calls that run SQL.

This rule is off by default. Select it by its full code, with `extend-select = ["PGB010"]` or `--extend-select PGB010`.
`ALL`, `PGB` and `PGB0` do not select it. The same is true under flake8.

## Why is this bad?
poolsafe reports no problem if it cannot check an engine, so a file can pass although its engine breaks behind
PgBouncer. The last line of the report counts such engines, and `--verbose` lists them. This rule is for projects that
want to resolve every such engine. It can run in CI, in a pre-commit hook or in flake8.

## Example
```toml
[tool.poolsafe.lint]
extend-select = ["PGB010"]
```

```python
from sqlalchemy.ext.asyncio import create_async_engine

from company_settings import DATABASE_URL

engine = create_async_engine(DATABASE_URL)
```

## Use instead
```python
from sqlalchemy.ext.asyncio import create_async_engine

from company_settings import DATABASE_HOST

engine = create_async_engine(
    f"postgresql+asyncpg://app@{DATABASE_HOST}/app",
    connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},
    pool_pre_ping=True,
)
```

If you do not want to change the code, add a setting or a comment:

| reason | what to do |
|---|---|
| the driver is unknown | set `assume-driver` to `"asyncpg"` if it is asyncpg, or to `"none"` if it is not |
| a cache size is unknown, or a creator cannot be followed | set `pooler` to `"session"` or `"none"` if either applies |
| one of the above, or the analysis takes too long | review the code, and add `# noqa: PGB010` where the call begins |

If the driver of a synchronous engine is unknown, poolsafe assumes that it is not asyncpg, because asyncpg is rarely
used with `create_engine()`.

## Fix safety
There is no fix.

## Versions
All versions.

## References
- [poolsafe: configuration](https://github.com/poolsafe/poolsafe/blob/main/docs/configuration.md)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolsafe.facts.deployment import Deployment
from poolsafe.facts.silence import Cause, Silence
from poolsafe.findings import Finding, Severity
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.wording import finding

if TYPE_CHECKING:
    from poolsafe.source import Source

# The advice for each cause.
_ADVICE = {
    Cause.DRIVER: 'set `assume-driver` to "asyncpg" or "none"',
    Cause.SIZE: "write the value in the call, or set `pooler` if you do not use transaction pooling",
    Cause.CREATOR: 'call `asyncpg.connect()` in the creator, or set `pooler` to "session" or "none"',
    Cause.BUDGET: "review it, and add `# noqa: PGB010`",
}


@rule(since="0.2.0", fix=FixAvailability.NONE, always=True, severities=(Severity.WARNING,))
def check(silence: Silence, deployment: Deployment, source: Source) -> Iterator[Finding]:
    if not silence.unjudged:
        return
    message = f"{_subject(silence)} checked: {silence.reason}; {_ADVICE[silence.cause]}"
    yield finding(__name__, silence, message, Severity.WARNING)


def _subject(silence: Silence) -> str:
    if silence.holds_sql:
        return "this SQL was not"
    # Problems of its pool are reported anyway. The call may create an engine, a connection or a pool.
    partly = silence.cause in (Cause.SIZE, Cause.CREATOR)
    return "this call was only partly" if partly else "this call was not"
