"""QueuePool on an asynchronous engine: the findings, and the effect of the fix on the call and the import."""

from __future__ import annotations

import pytest
from blocks import changes, programs
from by_hand import source_of
from programs import TRANSACTION

from poolsafe.checker import check
from poolsafe.edits import apply
from poolsafe.findings import Applicability, Fix

HEAD = """from sqlalchemy.ext.asyncio import create_async_engine
PG = 'postgresql+asyncpg://a@b/c'
"""


def fixes_of(code: str) -> list[Fix | None]:
    """Returns the fixes of the findings of PGB207."""
    return [each.fix for each in check(source_of(HEAD + code), TRANSACTION).findings if each.code == "PGB207"]


def fixed(code: str) -> str:
    """Returns the program after all fixes, one after the other."""
    for _ in range(4):
        source = source_of(HEAD + code)
        found = [fix for fix in fixes_of(code) if fix is not None]
        if not found:
            break
        code = apply(source, found[:1])[0].text.removeprefix(HEAD)
    return code


REPAIRED = """
    from sqlalchemy.pool import QueuePool
    create_async_engine(PG, poolclass=QueuePool)
    # becomes
    from sqlalchemy.pool import AsyncAdaptedQueuePool
    create_async_engine(PG, poolclass=AsyncAdaptedQueuePool)

    from sqlalchemy import QueuePool
    create_async_engine(PG, poolclass=QueuePool)
    # becomes
    from sqlalchemy import AsyncAdaptedQueuePool
    create_async_engine(PG, poolclass=AsyncAdaptedQueuePool)

    # In the order of the names.
    from sqlalchemy.pool import NullPool, QueuePool, StaticPool
    create_async_engine(PG, poolclass=QueuePool)
    # becomes
    from sqlalchemy.pool import AsyncAdaptedQueuePool, NullPool, StaticPool
    create_async_engine(PG, poolclass=AsyncAdaptedQueuePool)

    # Another use of the name keeps it.
    from sqlalchemy.pool import QueuePool
    create_async_engine(PG, poolclass=QueuePool)
    create_engine('sqlite://', poolclass=QueuePool)
    # becomes
    from sqlalchemy.pool import AsyncAdaptedQueuePool, QueuePool
    create_async_engine(PG, poolclass=AsyncAdaptedQueuePool)
    create_engine('sqlite://', poolclass=QueuePool)

    # The last of several engines takes it away.
    from sqlalchemy.pool import (
        NullPool,
        QueuePool,
    )
    create_async_engine(PG, poolclass=QueuePool)
    create_async_engine(PG, poolclass=QueuePool)
    # becomes
    from sqlalchemy.pool import (
        AsyncAdaptedQueuePool,
        NullPool,
    )
    create_async_engine(PG, poolclass=AsyncAdaptedQueuePool)
    create_async_engine(PG, poolclass=AsyncAdaptedQueuePool)

    # A comment beside the name stays.
    from sqlalchemy.pool import (
        NullPool,  # for scripts
        QueuePool,
    )
    create_async_engine(PG, poolclass=QueuePool)
    # becomes
    from sqlalchemy.pool import (
        NullPool,  # for scripts
        AsyncAdaptedQueuePool,
    )
    create_async_engine(PG, poolclass=AsyncAdaptedQueuePool)

    import sqlalchemy
    create_async_engine(PG, poolclass=sqlalchemy.pool.QueuePool)
    # becomes
    import sqlalchemy
    create_async_engine(PG, poolclass=sqlalchemy.pool.AsyncAdaptedQueuePool)
"""

REPORTED = """
    from sqlalchemy.pool import QueuePool as Queue
    create_async_engine(PG, poolclass=Queue)

    from sqlalchemy.pool import QueuePool
    Pool = QueuePool
    create_async_engine(PG, poolclass=Pool)

    from sqlalchemy.pool import QueuePool
    create_async_engine(PG, poolclass=QueuePool if small else None)

    from sqlalchemy.pool import QueuePool
    create_async_engine(PG, **{"poolclass": QueuePool})

    from sqlalchemy.pool import SingletonThreadPool
    create_async_engine(PG, poolclass=SingletonThreadPool)

    try:
        from sqlalchemy import QueuePool
    except ImportError:
        from sqlalchemy.pool import QueuePool
    create_async_engine(PG, poolclass=QueuePool)

    # Another driver's engine is made by the same call.
    from sqlalchemy.pool import QueuePool
    create_async_engine(PG if here else "sqlite+aiosqlite://", poolclass=QueuePool)
"""

SILENT = """
    from sqlalchemy.pool import AsyncAdaptedQueuePool
    create_async_engine(PG, poolclass=AsyncAdaptedQueuePool)

    from app.pools import QueuePool
    create_async_engine(PG, poolclass=QueuePool)

    class QueuePool: ...
    create_async_engine(PG, poolclass=QueuePool)

    create_async_engine(PG, poolclass=None)

    create_async_engine(PG, poolclass=unknown)

    from sqlalchemy import create_engine
    from sqlalchemy.pool import QueuePool
    create_engine("postgresql+psycopg://a@b/c", poolclass=QueuePool)
"""


@pytest.mark.parametrize(("before", "after"), changes(REPAIRED))
def test_repaired(before: str, after: str) -> None:
    assert {fix.applicability.value for fix in fixes_of(before) if fix is not None} == {"safe"}
    assert fixed(before) == after


@pytest.mark.parametrize("code", programs(REPORTED))
def test_reported_without_a_fix(code: str) -> None:
    assert fixes_of(code) == [None]


@pytest.mark.parametrize("code", programs(SILENT))
def test_silent(code: str) -> None:
    assert fixes_of(code) == []


def test_the_class_is_refused_whatever_the_driver() -> None:
    code = "def build(url):\n    return create_async_engine(url, poolclass=QueuePool)\n"
    (fix,) = fixes_of("from sqlalchemy.pool import QueuePool\n" + code)
    assert fix is not None
    assert fix.applicability is Applicability.UNSAFE
    assert (
        fixes_of("from sqlalchemy.pool import QueuePool\n" + code.replace("(url, ", "('sqlite+aiosqlite://', ")) == []
    )
