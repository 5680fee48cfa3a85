"""Budgets: how many expressions a run may evaluate, and how many alternatives it may consider."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

STEPS = 12_000  # of one run; an ordinary module needs a few hundred
STEPS_PER_CALL = 24  # extra steps for each target of a run
ALLOWANCE = 8  # all runs for one file share this many full budgets
ALTERNATIVES_PER_STEP = 8  # these take about as long as one expression


@dataclass(slots=True)
class Budget:
    """The steps left to the current run, and to all runs for one file.

    A step is one evaluated expression, or `ALTERNATIVES_PER_STEP` alternatives. `per_run` is the number of steps that
    each run gets as long as the file has any left. `ran_out` says whether any run used up its steps.
    """

    per_run: int = STEPS
    left: int = STEPS
    alternatives: int = 0
    ran_out: bool = False
    _given: int = STEPS
    _charged: int = 0
    _spent: int = 0

    @property
    def exhausted(self) -> bool:
        """Whether the current run has no steps left."""
        found = self.left * ALTERNATIVES_PER_STEP <= self.alternatives
        self.ran_out = self.ran_out or found
        return found

    def allow_for(self, calls: int) -> None:
        """Raises the budget of each run to the number of steps needed to reach this many calls."""
        self.per_run = max(self.per_run, STEPS + STEPS_PER_CALL * calls)

    def spend(self) -> bool:
        """Spends one step. Returns False if none is left."""
        self.left -= 1
        return not self.exhausted

    def begin_run(self) -> None:
        """Begins a run with its own budget, or with an empty one if the file has used up its steps."""
        self._charge()
        left = ALLOWANCE - self._spent // (self.per_run * ALTERNATIVES_PER_STEP)
        self.left = self._given = self.per_run if left > 0 else 0
        self.alternatives = self._charged = 0

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Gives the code inside the `with` block its own budget, which does not count towards the current file."""
        self._charge()
        kept = self._spent, self.left, self._given, self.alternatives, self._charged
        self._spent = 0
        self.begin_run()
        try:
            yield
        finally:
            self._spent, self.left, self._given, self.alternatives, self._charged = kept

    def _charge(self) -> None:
        """Adds the cost of the run since the last charge to the cost of the file."""
        total = (self._given - self.left) * ALTERNATIVES_PER_STEP + self.alternatives
        self._spent += total - self._charged
        self._charged = total
