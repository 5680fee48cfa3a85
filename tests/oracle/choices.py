"""The source of a generated program's choices: a random number generator, or any other source of numbers."""

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
        """Returns the choices for a seed, which are the same on every machine and in every process."""
        return cls(Random(seed).randrange)

    def one(self, options: Sequence[T]) -> T:
        return options[self._below(len(options))]

    def made(self, *options: Callable[[], T]) -> T:
        """Returns the result of one of the options; the others are not called."""
        return self.one(options)()

    def chance(self, percent: int) -> bool:
        return self._below(100) >= 100 - percent

    def between(self, least: int, most: int) -> int:
        return least + self._below(most - least + 1)

    def weighted(self, options: Sequence[tuple[int, T]]) -> T:
        """Returns one of the options; their numbers are weights."""
        at = self._below(sum(weight for weight, _ in options))
        for weight, option in options:
            if at < weight:
                return option
            at -= weight
        raise AssertionError(at)
