"""Where a generated program's choices come from: a random number generator, or anything else that counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Choices:
    """Choices made by `below`, which returns a whole number from 0 up to its argument, exclusive."""

    def __init__(self, below: Callable[[int], int]) -> None:
        self._below = below

    @classmethod
    def seeded(cls, seed: str) -> Choices:
        """The choices that belong to a seed: the same ones on every machine and in every process."""
        return cls(Random(seed).randrange)

    def one(self, options: Sequence[T]) -> T:
        return options[self._below(len(options))]

    def made(self, *options: Callable[[], T]) -> T:
        """What one of the options makes; the others make no choices of their own."""
        return self.one(options)()

    def chance(self, percent: int) -> bool:
        return self._below(100) >= 100 - percent

    def between(self, least: int, most: int) -> int:
        return least + self._below(most - least + 1)

    def weighted(self, options: Sequence[tuple[int, T]]) -> T:
        """One of the options; each is drawn as often as its number says in proportion to the others."""
        at = self._below(sum(weight for weight, _ in options))
        for weight, option in options:
            if at < weight:
                return option
            at -= weight
        raise AssertionError(at)
