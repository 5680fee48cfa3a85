"""What a condition asks for: cache sizes that depend on the pooler or the driver depend on the right thing."""

from __future__ import annotations

import re
from collections.abc import Iterable

import libcst as cst

from poolsafe.values.lattice import Guard, Key
from poolsafe.values.world import World

_POOLER = re.compile(
    r"pgbouncer|pg_bouncer|bouncer|pooler|pool_mode|poolmode|pooling|transaction|supavisor|supabase|neon|asyncpg|driver"
    r"|dialect|sqlite|postgres|prepared|statement_cache|6543|6432",
    re.IGNORECASE,
)


def asks_for_pooler(world: World, guards: Iterable[Guard]) -> bool:
    """Whether one of the conditions in the guards names a pooler, a driver or the prepared statements themselves."""
    return any(_POOLER.search(_words(world, key)) for guard in guards for key, _ in guard)


def _words(world: World, key: Key) -> str:
    found = world.conditions.get(key)
    words = repr(key)
    if found is not None:
        words += " " + cst.Module([]).code_for_node(found[1])
    return words
