"""Samples for the default run, of tests that only CI runs completely (see the markers in `pyproject.toml`)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy

LONG = pytest.mark.long
TORTURE = pytest.mark.torture


def one_in(count: int, values: Iterable[Any], mark: pytest.MarkDecorator) -> list[Any]:
    """Returns parameters for a test: every `count`-th value unmarked, beginning with the first, and the others marked.

    A tuple holds the values of several arguments.
    """
    return [
        value if number % count == 0 else pytest.param(*(value if isinstance(value, tuple) else (value,)), marks=mark)
        for number, value in enumerate(values)
    ]


def law(
    *strategies: SearchStrategy[Any], sample: int, most: int
) -> Callable[[Callable[..., None]], Callable[[int], None]]:
    """Make two tests of a property: one of `sample` examples, and a `long` one of `most`.

    The examples are the same ones in each run. POOLSAFE_EXAMPLES=20000 makes the long one try so many others.
    """
    asked = os.environ.get("POOLSAFE_EXAMPLES")

    def decorate(holds: Callable[..., None]) -> Callable[[int], None]:
        @pytest.mark.parametrize("examples", [sample, pytest.param(int(asked or most), marks=LONG)])
        def test(examples: int) -> None:
            chosen = settings(
                max_examples=examples,
                derandomize=asked is None or examples == sample,
                suppress_health_check=list(HealthCheck),
            )
            chosen(given(*strategies)(holds))()

        test.__name__, test.__doc__ = holds.__name__, holds.__doc__
        return test

    return decorate
