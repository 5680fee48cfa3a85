"""The generations of asyncpg, which treat prepared statements differently."""

from __future__ import annotations

import enum

from poolsafe.facts.deployment import Deployment, at_least, older_than


class Generation(enum.Enum):
    """A range of releases of asyncpg.

    With statement_cache_size=0, statements have no names from 0.31 on, and numbered names in earlier releases.

    With statement_cache_size=0, an unnamed statement is parsed again at each use from 0.29 on.
    """

    UNTIL_027 = "until 0.27"
    UNTIL_028 = "0.28"
    UNTIL_030 = "0.29 and 0.30"
    SINCE_031 = "since 0.31"


ONLY_027 = frozenset({Generation.UNTIL_027})
ONLY_028 = frozenset({Generation.UNTIL_028})
ONLY_029_030 = frozenset({Generation.UNTIL_030})
SINCE_031 = frozenset({Generation.SINCE_031})
UNTIL_030 = ONLY_027 | ONLY_028 | ONLY_029_030
EVERY_GENERATION = frozenset(Generation)


def generations_of(deployment: Deployment) -> tuple[Generation, ...]:
    """Returns the generations that may be in use. Very old ones only count if no newer one is possible."""
    known = deployment.asyncpg
    if older_than(known, (0, 28)):
        return (Generation.UNTIL_027,)
    if older_than(known, (0, 29)):
        return (Generation.UNTIL_028,)
    if older_than(known, (0, 31)):
        return (Generation.UNTIL_030,)
    if at_least(known, (0, 31)):
        return (Generation.SINCE_031,)
    return (Generation.UNTIL_030, Generation.SINCE_031)
