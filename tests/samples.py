"""Samples: what the default run takes of the tests that only CI runs as a whole (the markers of `pyproject.toml`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy

LONG = pytest.mark.long
TORTURE = pytest.mark.torture


def one_in(count: int, values: Iterable[Any], mark: pytest.MarkDecorator) -> list[Any]:
    """Parameters for a test: every `count`-th value as it is, beginning with the first, and the others marked.

    A tuple holds the values of several arguments.
    """
    return [
        value if number % count == 0 else pytest.param(*(value if isinstance(value, tuple) else (value,)), marks=mark)
        for number, value in enumerate(values)
    ]


def law(
    *strategies: SearchStrategy[Any], sample: int, most: int, seeded: bool = False
) -> Callable[[Callable[..., None]], Callable[[int], None]]:
    """Make two tests of a property: one of `sample` examples, always the same ones, and a `long` one of `most`.

    The examples of the long one are others each time unless it is `seeded`.
    """

    def decorate(holds: Callable[..., None]) -> Callable[[int], None]:
        @pytest.mark.parametrize("examples", [sample, pytest.param(most, marks=LONG)])
        def test(examples: int) -> None:
            chosen = settings(
                max_examples=examples,
                deadline=None,
                derandomize=seeded or examples == sample,
                suppress_health_check=list(HealthCheck),
            )
            chosen(given(*strategies)(holds))()

        test.__name__, test.__doc__ = holds.__name__, holds.__doc__
        return test

    return decorate
