"""The deployment of a project: the versions and the pooler that a verdict depends on."""

from __future__ import annotations

import enum

from poolsafe.facts.pooler import Pooler
from poolsafe.records import frozen


class PoolMode(enum.Enum):
    """The pooler between the engine and PostgreSQL. `AUTO` means not configured: a transaction pooler is assumed."""

    AUTO = "auto"
    TRANSACTION = "transaction"
    STATEMENT = "statement"
    SESSION = "session"
    NONE = "none"


Version = tuple[int, ...]


@frozen
class Versions:
    """The releases that may be in use, from `lowest` to `highest`. None means no bound on that side.

    `highest` is included unless `highest_included` is False, as in `<0.31`.
    """

    lowest: Version | None = None
    highest: Version | None = None
    highest_included: bool = True


@frozen
class Evidence:
    """Where a fact about the deployment was found. `key` is the configuration key for the same fact.

    If the engine itself is the evidence, `path` is empty and the 1-based `row` is 0.
    """

    key: str
    value: str
    path: str = ""
    row: int = 0


@frozen
class Service:
    """A service of Compose or Kubernetes: its name, and the ports of the host that lead to it.

    `product` is the name of its pooler in the catalogue, or "". `pooler` is the mode of the pooler that it runs, `NONE`
    if it runs none, or `AUTO` if the mode is unknown. `path` and `row` are the place of this information.
    """

    name: str
    published: frozenset[str]
    product: str
    pooler: PoolMode
    max_prepared_statements: int | None
    path: str
    row: int


@frozen
class Deployment:
    """The versions and the pooler. A version of None is unknown and may be any version. A tuple is an exact version.

    `product` is the row of the catalogue for the pooler or the server, or None if it is unknown.
    `max_prepared_statements` is PgBouncer's setting of that name, or None if unknown. `assume_asyncpg` says whether an
    asynchronous engine with an unknown driver uses asyncpg. `synchronous_too` says that the project also has a
    synchronous driver, so a statement whose execution is not observed may run on that driver. `parameters` are the
    startup parameters, in lower case, that the pooler is configured to accept: `ignore_startup_parameters` and
    `track_extra_parameters`. `evidence` lists the facts that were found in the project's files or in the engine instead
    of being configured.
    """

    pooler: PoolMode = PoolMode.AUTO
    max_prepared_statements: int | None = None
    asyncpg: Version | Versions | None = None
    sqlalchemy: Version | Versions | None = None
    assume_asyncpg: bool | None = None
    synchronous_too: bool = False
    parameters: frozenset[str] = frozenset()
    evidence: tuple[Evidence, ...] = ()
    product: Pooler | None = None
    services: tuple[Service, ...] = ()

    def because(self, key: str) -> Evidence | None:
        """Returns where the value of a configuration key was found, or None if it is configured or unknown."""
        return next((one for one in self.evidence if one.key == key), None)


def lowest(known: Version | Versions | None) -> Version | None:
    """Returns the oldest release that may be in use, or None if it is unknown."""
    return known.lowest if isinstance(known, Versions) else known


def at_least(known: Version | Versions | None, bound: Version) -> bool:
    """Returns whether every release that may be in use is the bound or newer."""
    oldest = lowest(known)
    return oldest is not None and _cut(oldest) >= _cut(bound)


def older_than(known: Version | Versions | None, bound: Version) -> bool:
    """Returns whether every release that may be in use is older than the bound, or False for an open range."""
    newest = known.highest if isinstance(known, Versions) else known
    if newest is None:
        return False
    included = not isinstance(known, Versions) or known.highest_included
    return _cut(newest) < _cut(bound) or (_cut(newest) == _cut(bound) and not included)


def shown(known: Version | Versions | None) -> str:
    """Returns the releases as messages show them, or "" if they are unknown.

    Examples are `0.30.0`, `< 0.31`, `>= 0.27, <= 0.30.5` and `>= 0.27`.
    """
    if not isinstance(known, Versions):
        return _dotted(known or ())
    if known.lowest is not None and known.lowest == known.highest and known.highest_included:
        return _dotted(known.lowest)
    lower = [f">= {_dotted(known.lowest)}"] if known.lowest else []
    upper = [f"{'<=' if known.highest_included else '<'} {_dotted(known.highest)}"] if known.highest else []
    return ", ".join(lower + upper)


def _cut(version: Version) -> Version:
    """Returns a version without trailing zeros, so that 0.31.0 and 0.31 are equal."""
    while version and version[-1] == 0:
        version = version[:-1]
    return version


def _dotted(version: Version) -> str:
    return ".".join(map(str, version))
