"""
## What it does
Reports connections of `databases`, Tortoise ORM, Piccolo and gino with asyncpg's cache on.

## Why is this bad?
These libraries create asyncpg connections with asyncpg's default cache of 100 prepared statements. In transaction
pooling, this fails as with asyncpg alone (`PGB501`):
`DuplicatePreparedStatementError: prepared statement "__asyncpg_stmt_1__" already exists`, or, without any exception,
another client's rows.

## Example
```python
from databases import Database

database = Database("postgresql://app@pgbouncer:6432/app")
```

## Use instead
```python
from databases import Database

database = Database("postgresql://app@pgbouncer:6432/app", statement_cache_size=0)
```

Each library expects the size in a different place:

| library | works | ignored or rejected |
|---|---|---|
| databases | `Database(url, statement_cache_size=0)` | in the URL's query string: ignored |
| Tortoise ORM | in `credentials`, or `?statement_cache_size=0` in the URL | next to `credentials`: ignored |
| Piccolo | `PostgresEngine(config={..., "statement_cache_size": 0})` | as a keyword of the engine: TypeError |
| gino | `set_bind(url, statement_cache_size=0)` | in the URL's query string: ignored |

ormar uses a SQLAlchemy engine, which `PGB101` checks. Tortoise sends `schema` as the startup parameter `search_path`,
which PgBouncer rejects (`PGB204`).

## Fix safety
The fix adds the size in the right place for the library. It is safe if the URL is certainly a PostgreSQL URL and no
`**` argument may contain the key. The fix does not change Tortoise URLs.

## Versions
Failures out of 108 attempts per workload, in transaction pooling on PgBouncer 1.18:

| library | three workloads without the size | with size 0 |
|---|---|---|
| databases 0.9.0 | 53, 69, 60 | 0 |
| Tortoise ORM 1.1.9 | 101, 65, 78 | 0 |
| Piccolo 1.38.0 | 74, 62, 77 | 0 |

gino 1.0.1 with asyncpg 0.32 ran one workload three times. Without the size, 43, 55 and 51 attempts failed, about 20 of
them with another client's rows. With the size, none failed. No change is needed with session pooling, or with
PgBouncer >= 1.21 and `max_prepared_statements` above 0.

## References
- [databases: connection options](https://www.encode.io/databases/connections_and_transactions/)
- [Tortoise ORM: databases](https://tortoise.github.io/databases.html)
- [Piccolo: engines](https://piccolo-orm.readthedocs.io/en/latest/piccolo/engines/postgres_engine.html)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolsafe.facts.connection import Connection
from poolsafe.facts.deployment import Deployment
from poolsafe.findings import Finding
from poolsafe.fixes.connection_fixes import disable_cache
from poolsafe.rules.base import FixAvailability, rule
from poolsafe.rules.client_wording import client_grounds, wrapper_of
from poolsafe.rules.wording import behind, finding, provenance
from poolsafe.verdicts import Problem, judge_size

if TYPE_CHECKING:
    from poolsafe.source import Source


@rule(since="0.2.0", fix=FixAvailability.SOMETIMES)
def check(connection: Connection, deployment: Deployment, source: Source) -> Iterator[Finding]:
    verdict = judge_size(connection, deployment)
    if not connection.is_wrapped or verdict is None or verdict.problem is not Problem.MISSING:
        return
    library, right = wrapper_of(connection)
    assuming = "assuming the driver is asyncpg, " if connection.assumed else ""
    message = (
        f"{assuming}{library} leaves asyncpg's statement cache on: queries raise DuplicatePreparedStatementError "
        f"{behind(deployment)}; {right}"
    )
    related = client_grounds(connection, deployment)
    if connection.assumed:
        related += provenance(deployment, "assume-driver")
    yield finding(__name__, connection, message, verdict.severity, disable_cache(connection, source), related)
