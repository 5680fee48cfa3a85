"""Decides whether SQLAlchemy's pre-ping itself fails behind a pooler."""

from __future__ import annotations

from poolsafe.facts.deployment import Deployment, older_than
from poolsafe.facts.engine import Engine, NameFunction
from poolsafe.verdicts.pooler_effects import breaks_names


def ping_fails(engine: Engine, deployment: Deployment) -> bool:
    """Returns whether pre-ping itself fails: 154 of 324 with SQLAlchemy 2.0.20 + asyncpg 0.28, 0 with 2.0.21.

    From 2.0.0 until 2.0.21, the ping runs outside a transaction; with 1.4.54 + asyncpg 0.28, 0 of 396 failed. It did
    not fail with the empty name (0 of 216), nor with asyncpg 0.29 (0 of 1296) and 0.30 (0 of 216), which parse the
    statement again.
    """
    if engine.naming.name_function is NameFunction.EMPTY or older_than(deployment.sqlalchemy, (2,)):
        return False
    old = older_than(deployment.sqlalchemy, (2, 0, 21)) and older_than(deployment.asyncpg, (0, 29))
    return old and breaks_names(deployment)
