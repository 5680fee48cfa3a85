"""What the project runs on: the versions and the pooler that a verdict depends on."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class PoolMode(enum.Enum):
    """The pooler between the engine and PostgreSQL, as configured; `AUTO` is "not said": assume a transaction pooler."""

    AUTO = "auto"
    TRANSACTION = "transaction"
    STATEMENT = "statement"
    SESSION = "session"
    NONE = "none"


Version = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Deployment:
    """Versions and pooler. A version of None is unknown: any version may run.

    `max_prepared_statements` is PgBouncer's setting of that name; None where it is unknown.
    """

    pooler: PoolMode = PoolMode.AUTO
    max_prepared_statements: int | None = None
    asyncpg: Version | None = None
    sqlalchemy: Version | None = None
    assume_asyncpg: bool | None = None
