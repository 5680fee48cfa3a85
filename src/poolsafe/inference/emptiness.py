"""Tests of environment variables that are set but empty, which path conditions do not represent.

Path conditions have one predicate for a variable: it is set, or it is not. An empty variable counts as unset. That is
correct for tests of its truth, unless its default is true, and wrong for tests for None. So some paths exist only for
an empty variable. Detection leaves them out. A fix is then unsafe, because nothing is known about these paths.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from poolsafe import ir
from poolsafe.inference.symbols import IsSet, Symbol


@dataclass(slots=True)
class Emptiness:
    """How the program tests environment variables, and whether paths for empty ones were left out.

    `questions` counts the tests. `left_out`: a branch was left out that an empty variable may enter.
    """

    questions: int = 0
    left_out: bool = False
    _for_none: set[Symbol] = field(default_factory=set)
    _for_truth: set[Symbol] = field(default_factory=set)

    @property
    def confused(self) -> frozenset[Symbol]:
        """The predicates for variables that the program tests both for None and for truth."""
        return frozenset(IsSet(one) for one in self._for_none & self._for_truth)

    def ask_for_none(self, variable: Symbol) -> None:
        """Records a test for None, or a test of whether a variable is set."""
        self.questions += 1
        self._for_none.add(variable)

    def ask_for_truth(self, variable: Symbol) -> None:
        """Records a test of the truth of a variable."""
        self.questions += 1
        self._for_truth.add(variable)

    def leave_out(self, questions: int, body: tuple[ir.Node, ...]) -> None:
        """Records that no path enters a branch. `questions` is their number before the branch's test was evaluated.

        A branch that does nothing or leaves the block does not affect the code after it.
        """
        if questions < self.questions and body and not isinstance(body[-1], (ir.Raise, ir.Return)):
            self.left_out = True
