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
class Evidence:
    """Where a fact about the deployment was found: `key` is the configuration key that would say the same.

    `path` and the 1-based `row` are empty and 0 where the engine itself is the evidence.
    """

    key: str
    value: str
    path: str = ""
    row: int = 0


@dataclass(frozen=True, slots=True)
class Deployment:
    """Versions and pooler. A version of None is unknown: any version may run; a tuple is the one that does.

    `max_prepared_statements` is PgBouncer's setting of that name; None where it is unknown. `assume_asyncpg` says what
    an asynchronous engine of unknown driver has, `synchronous_too` that the project has a synchronous driver as well,
    so that a statement that nobody is seen to run may be that one's. `parameters` are the
    startup parameters, in lower case, that the pooler is told to accept: `ignore_startup_parameters` and
    `track_extra_parameters`. `evidence` holds what was found in the project's files or seen in the engine, in place of
    being configured.
    """

    pooler: PoolMode = PoolMode.AUTO
    max_prepared_statements: int | None = None
    asyncpg: Version | Versions | None = None
    sqlalchemy: Version | Versions | None = None
    assume_asyncpg: bool | None = None
    synchronous_too: bool = False
    parameters: frozenset[str] = frozenset()
    evidence: tuple[Evidence, ...] = ()

    def because(self, key: str) -> Evidence | None:
        """Where the value of a configuration key was found; None where it is configured, or not known."""
        return next((one for one in self.evidence if one.key == key), None)


def lowest(known: Version | Versions | None) -> Version | None:
    """The oldest release that may run, None where nobody knows."""
    return known.lowest if isinstance(known, Versions) else known


def at_least(known: Version | Versions | None, bound: Version) -> bool:
    """Whether every release that may run is the bound or newer."""
    oldest = lowest(known)
    return oldest is not None and _cut(oldest) >= _cut(bound)


def older_than(known: Version | Versions | None, bound: Version) -> bool:
    """Whether every release that may run is older than the bound: an open `>=0.27` is not."""
    newest = known.highest if isinstance(known, Versions) else known
    if newest is None:
        return False
    included = not isinstance(known, Versions) or known.highest_included
    return _cut(newest) < _cut(bound) or (_cut(newest) == _cut(bound) and not included)


def shown(known: Version | Versions | None) -> str:
    """The releases in a message: `0.30.0`, `< 0.31`, `>= 0.27, <= 0.30.5`, `>= 0.27`; "" where nobody knows."""
    if not isinstance(known, Versions):
        return _dotted(known or ())
    if known.lowest is not None and known.lowest == known.highest and known.highest_included:
        return _dotted(known.lowest)
    lower = [f">= {_dotted(known.lowest)}"] if known.lowest else []
    upper = [f"{'<=' if known.highest_included else '<'} {_dotted(known.highest)}"] if known.highest else []
    return ", ".join(lower + upper)


def _cut(version: Version) -> Version:
    """A version to compare with: 0.31.0 and 0.31 are the same."""
    while version and version[-1] == 0:
        version = version[:-1]
    return version


def _dotted(version: Version) -> str:
    return ".".join(map(str, version))
