"""The problems that an engine can have, and the client settings that they depend on."""

from __future__ import annotations

import enum
from typing import NamedTuple

from poolsafe.facts.engine import NameFunction, SizeState
from poolsafe.findings import Severity
from poolsafe.records import frozen


class Problem(enum.Enum):
    """A problem of an engine. At most one of the first five applies; the others can be combined with it."""

    INVALID = "a size that is refused"
    NONZERO = "a size that is a positive number"
    CONDITIONAL = "a size that is 0 on some paths only"
    PARTIAL = "only one of the two sizes is 0"
    MISSING = "neither size is 0"
    NAMED = "statements keep their names although both sizes are 0"
    UNSAFE_NAME = "a name function that fails with these sizes"
    TRANSACTION = "transactions where the pooler refuses them"


SIZES = frozenset({Problem.INVALID, Problem.NONZERO, Problem.CONDITIONAL, Problem.PARTIAL, Problem.MISSING})


@frozen
class Verdict:
    """One problem of one engine, with its severity."""

    problem: Problem
    severity: Severity


class States(NamedTuple):
    """The client settings that the verdict depends on.

    `later`: AUTOCOMMIT is set by options after the engine is created.
    """

    statement: SizeState
    prepared: SizeState
    name: NameFunction = NameFunction.ABSENT
    autocommit: bool | None = False
    later: bool = False
