"""What the project runs on: the versions and the pooler that a verdict depends on."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class PoolMode(enum.Enum):
    """The pooler between the engine and PostgreSQL; `AUTO` is "nobody said": assume a transaction pooler."""

    AUTO = "auto"
    TRANSACTION = "transaction"
    STATEMENT = "statement"
    SESSION = "session"
    NONE = "none"


Version = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Versions:
    """The releases that may run, from `lowest` to `highest`; None where there is no bound on that side.

    `highest` itself may run unless `highest_included` is False, as in `<0.31`.
    """

    lowest: Version | None = None
    highest: Version | None = None
    highest_included: bool = True


@dataclass(frozen=True, slots=True)
class Deployment:
    """Versions and pooler. A version of None is unknown: any version may run; a tuple is the one that does.

    `max_prepared_statements` is PgBouncer's setting of that name; None where it is unknown.
    """

    pooler: PoolMode = PoolMode.AUTO
    max_prepared_statements: int | None = None
    asyncpg: Version | Versions | None = None
    sqlalchemy: Version | Versions | None = None
    assume_asyncpg: bool | None = None


def lowest(known: Version | Versions | None) -> Version | None:
    """The oldest release that may run, None where nobody knows."""
    return known.lowest if isinstance(known, Versions) else known


def at_least(known: Version | Versions | None, bound: Version) -> bool:
    """Whether every release that may run is the bound or newer."""
    oldest = lowest(known)
    return oldest is not None and oldest >= bound


def older_than(known: Version | Versions | None, bound: Version) -> bool:
    """Whether every release that may run is older than the bound: an open `>=0.27` is not."""
    if not isinstance(known, Versions):
        return known is not None and known < bound
    if known.highest is None:
        return False
    return known.highest < bound or (known.highest == bound and not known.highest_included)


def shown(known: Version | Versions | None) -> str:
    """The releases in a message: `0.30.0`, `< 0.31`, `<= 0.30.5`, `>= 0.27`; "" where nobody knows."""
    if not isinstance(known, Versions):
        return _dotted(known or ())
    if known.highest is None:
        return f">= {_dotted(known.lowest)}" if known.lowest else ""
    if known.lowest == known.highest and known.highest_included:
        return _dotted(known.highest)
    return f"{'<=' if known.highest_included else '<'} {_dotted(known.highest)}"


def _dotted(version: Version) -> str:
    return ".".join(map(str, version))
