"""The table of statement names, measured on real servers.

Read a row as "with these client settings, on this generation of asyncpg, behind this pooler: this problem". The first
matching row wins. The figures are failures out of attempts in transaction pooling. They were measured with SQLAlchemy
2.1.9 + asyncpg 0.32 and SQLAlchemy 2.0.58 + asyncpg 0.30, on PgBouncer 1.18. PgBouncer 1.25.2 with
max_prepared_statements = 0 gave the same results.
"""

from __future__ import annotations

from typing import NamedTuple

from poolsafe.facts.engine import NameFunction, SizeState
from poolsafe.facts.pooler import PoolerClass
from poolsafe.verdicts.generations import (
    EVERY_GENERATION,
    ONLY_027,
    ONLY_028,
    ONLY_029_030,
    UNTIL_030,
    Generation,
)
from poolsafe.verdicts.pooler_effects import BREAKING, CARRYING, EVERYWHERE
from poolsafe.verdicts.problems import Problem, States


class _Row(NamedTuple):
    name: frozenset[NameFunction]
    statement: frozenset[SizeState]
    prepared: frozenset[SizeState]
    autocommit: frozenset[bool | None]
    asyncpg: frozenset[Generation]
    pooler: frozenset[PoolerClass]
    problem: Problem | None


_ZERO = frozenset({SizeState.ZERO})
_ON = frozenset({SizeState.ABSENT, SizeState.POSITIVE})
_ANY = frozenset(SizeState)

_NONE = frozenset({NameFunction.ABSENT})
_EMPTY = frozenset({NameFunction.EMPTY})
_UNIQUE = frozenset({NameFunction.UNIQUE})
_ALL_NAMES = frozenset(NameFunction)

_AUTOCOMMIT: frozenset[bool | None] = frozenset({True})
_TRANSACTIONS: frozenset[bool | None] = frozenset({False, None})
_EITHER: frozenset[bool | None] = frozenset({True, False, None})

_ROWS: tuple[_Row, ...] = (
    # The empty name with 0.27: "unnamed prepared statement does not exist", even without a pooler.
    _Row(_EMPTY, _ANY, _ANY, _EITHER, ONLY_027, EVERYWHERE, Problem.UNSAFE_NAME),
    # The empty name alone: 485 of 648 | 904 of 1080, no better with max_prepared_statements=200, in session pooling
    # (23 | 23 of 108) or on a direct connection (143 | 148 of 216): SQLAlchemy confuses statements.
    _Row(_EMPTY, _ON, _ON, _EITHER, EVERY_GENERATION, EVERYWHERE, Problem.UNSAFE_NAME),
    # statement_cache_size=0 + the empty name, the other size left on, 0.28: 145 of 216 even on a direct connection.
    _Row(_EMPTY, _ZERO, _ON, _EITHER, ONLY_028, EVERYWHERE, Problem.UNSAFE_NAME),
    # With 0.29 and 0.30: server-side cursors, 153 of 216 even on a direct connection; 0 of 648 with 0.32.
    _Row(_EMPTY, _ZERO, _ON, _TRANSACTIONS, ONLY_029_030, EVERYWHERE, Problem.UNSAFE_NAME),
    # prepared_statement_cache_size=0 + the empty name under AUTOCOMMIT, max_prepared_statements=200: 20 | 25 of 108.
    _Row(_EMPTY, _ON, _ZERO, _AUTOCOMMIT, EVERY_GENERATION, CARRYING, Problem.UNSAFE_NAME),
    # session pooling, max_prepared_statements=200: 0 failures with a unique name.
    _Row(_ALL_NAMES, _ANY, _ANY, _EITHER, EVERY_GENERATION, EVERYWHERE - BREAKING, None),
    # Both 0 without a name: 269 of 1080 with 0.30, 0 with 0.32.
    _Row(_NONE, _ZERO, _ZERO, _EITHER, UNTIL_030, BREAKING, Problem.NAMED),
    # prepared_statement_cache_size=0 + the empty name: 47 of 648 | 266 of 1080.
    _Row(_EMPTY, _ON, _ANY, _EITHER, EVERY_GENERATION, BREAKING, Problem.UNSAFE_NAME),
    # A unique name + prepared_statement_cache_size=0: 158 | 362 of 1080; name only: 606 | 681.
    _Row(_UNIQUE, _ON, _ANY, _EITHER, EVERY_GENERATION, BREAKING, Problem.UNSAFE_NAME),
    # A unique name + statement_cache_size=0: 519 | 520 of 1080.
    _Row(_UNIQUE, _ANY, _ON, _EITHER, EVERY_GENERATION, BREAKING, Problem.UNSAFE_NAME),
    # A unique name + both 0: 81 | 78 of 1080, every one of them in AUTOCOMMIT.
    _Row(_UNIQUE, _ZERO, _ZERO, _AUTOCOMMIT, EVERY_GENERATION, BREAKING, Problem.UNSAFE_NAME),
)


def name_problem(states: States, asyncpg: Generation, pooler: PoolerClass) -> Problem | None:
    """Returns the problem with the names of statements at these cache sizes, or None if they work."""
    autocommit = {states.autocommit, True} if states.later else {states.autocommit}
    for row in _ROWS:
        if (
            states.name in row.name
            and states.statement in row.statement
            and states.prepared in row.prepared
            and not autocommit.isdisjoint(row.autocommit)
            and asyncpg in row.asyncpg
            and pooler in row.pooler
        ):
            return row.problem
    return None
