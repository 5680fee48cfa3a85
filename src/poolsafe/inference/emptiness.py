"""Tests that an environment variable which is set and empty may pass in another way than the path conditions say.

Path conditions have one predicate for a variable: it is set, or it is not. An empty variable counts as one that is not
set. That is right for tests of its truth, and wrong for tests for None. Where a program has both, some paths exist for
an empty variable alone. Detection leaves them out. A repair is not safe then, because nothing is known of these paths.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from poolsafe.inference.symbols import Symbol


@dataclass(slots=True)
class Emptiness:
    """The environment variables that are tested for None, and those that are tested for their truth."""

    for_none: set[Symbol] = field(default_factory=set)
    for_truth: set[Symbol] = field(default_factory=set)

    @property
    def matters(self) -> bool:
        """Whether some variable is tested in both ways, so that paths are left out."""
        return not self.for_none.isdisjoint(self.for_truth)
