"""Libraries that make asyncpg's connections from what they are given."""

from __future__ import annotations

from collections.abc import Iterator

from poolsafe.facts.connection import Connection
from poolsafe.facts.reach import Surroundings
from poolsafe.inference import ObservedCall


def wrapped_connections(surroundings: Surroundings, calls: list[ObservedCall]) -> Iterator[Connection]:
    return iter(())
