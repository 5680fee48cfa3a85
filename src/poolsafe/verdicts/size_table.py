"""The table of cache sizes, measured on real servers.

Read a row as "with these client settings, on this generation of asyncpg, behind this pooler: this problem". The first
matching row wins. The figures are failures out of attempts in transaction pooling. They were measured with SQLAlchemy
2.1.9 + asyncpg 0.32 and SQLAlchemy 2.0.58 + asyncpg 0.30, on PgBouncer 1.18. PgBouncer 1.25.2 with
max_prepared_statements = 0 gave the same results.
"""

from __future__ import annotations

from typing import NamedTuple

from poolsafe.facts.engine import SizeState
from poolsafe.facts.pooler import PoolerClass
from poolsafe.verdicts.generations import EVERY_GENERATION, SINCE_031, UNTIL_030, Generation
from poolsafe.verdicts.pooler_effects import BREAKING, EVERYWHERE
from poolsafe.verdicts.problems import Problem, States


class _Row(NamedTuple):
    statement: frozenset[SizeState]
    prepared: frozenset[SizeState]
    asyncpg: frozenset[Generation]
    pooler: frozenset[PoolerClass]
    problem: Problem | None


_ABSENT = frozenset({SizeState.ABSENT})
_ZERO = frozenset({SizeState.ZERO})
_POSITIVE = frozenset({SizeState.POSITIVE})
_INVALID = frozenset({SizeState.INVALID})
_SOMETIMES = frozenset({SizeState.CONDITIONAL})
_UNKNOWN = frozenset({SizeState.UNKNOWN})
_ANY = frozenset(SizeState)

_ROWS: tuple[_Row, ...] = (
    # statement_cache_size=None / False / -1 / "0": every connect fails, on any server.
    _Row(_INVALID, _ANY, EVERY_GENERATION, EVERYWHERE, Problem.INVALID),
    # prepared_statement_cache_size="0": every first statement fails; -1: it never returns.
    _Row(_ANY, _INVALID, EVERY_GENERATION, EVERYWHERE, Problem.INVALID),
    # session pooling: 0 failures; max_prepared_statements=200: 0 failures, both generations, including AUTOCOMMIT.
    _Row(_ANY, _ANY, EVERY_GENERATION, EVERYWHERE - BREAKING, None),
    # statement_cache_size=0, the other size left at 100: 0 of 1080 with 0.32. With 0.31, only server-side cursors fail,
    # even on a direct connection (45 of 108): the page mentions it, but not every engine is reported.
    _Row(_ZERO, _ANY, SINCE_031, BREAKING, None),
    # A positive size behaves like the default: 608 | 746 of 1080.
    _Row(_POSITIVE, _ANY, EVERY_GENERATION, BREAKING, Problem.NONZERO),
    _Row(_UNKNOWN, _POSITIVE, SINCE_031, BREAKING, None),
    _Row(_ANY, _POSITIVE, EVERY_GENERATION, BREAKING, Problem.NONZERO),
    # Unknown values are not reported.
    _Row(_UNKNOWN, _ANY, EVERY_GENERATION, BREAKING, None),
    _Row(_SOMETIMES, _ANY, EVERY_GENERATION, BREAKING, Problem.CONDITIONAL),
    _Row(_ANY, _UNKNOWN, EVERY_GENERATION, BREAKING, None),
    _Row(_ANY, _SOMETIMES, EVERY_GENERATION, BREAKING, Problem.CONDITIONAL),
    # prepared_statement_cache_size=0 only, in connect_args or in the URL: 338 | 507 of 1080.
    _Row(_ABSENT, _ZERO, EVERY_GENERATION, BREAKING, Problem.PARTIAL),
    # statement_cache_size=0 only: 388 of 1080 with 0.30.
    _Row(_ZERO, _ABSENT, UNTIL_030, BREAKING, Problem.PARTIAL),
    # Nothing set: 608 | 746 of 1080, wrong rows without an error among them.
    _Row(_ABSENT, _ABSENT, EVERY_GENERATION, BREAKING, Problem.MISSING),
    # Both 0: 0 of 1080 with 0.32; the table of names covers 0.30.
    _Row(_ZERO, _ZERO, EVERY_GENERATION, BREAKING, None),
)


def size_problem(states: States, asyncpg: Generation, pooler: PoolerClass) -> Problem | None:
    """Returns the problem of these cache sizes, or None if they work."""
    for row in _ROWS:
        if (
            states.statement in row.statement
            and states.prepared in row.prepared
            and asyncpg in row.asyncpg
            and pooler in row.pooler
        ):
            return row.problem
    return None
