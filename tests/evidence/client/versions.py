"""The versions in an environment."""

from __future__ import annotations

import sys
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import sqlalchemy


def told(job: dict[str, Any]) -> dict[str, Any]:
    """The versions of asyncpg, SQLAlchemy and Python."""
    return {
        "asyncpg": asyncpg.__version__,
        "sqlalchemy": sqlalchemy.__version__,
        "python": sys.version.split()[0],
    }
