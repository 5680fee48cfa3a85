"""A coverage-guided run of one target: `python -m tests.fuzz.guided sql -max_total_time=300`, from the root.

It needs atheris (`pip install atheris`, which has wheels for some versions of CPython only); what stands behind the
target's name is libFuzzer's. The inputs that a target is given in the test suite come from a seed instead.
"""

from __future__ import annotations

import importlib
import random
import sys
from collections.abc import Callable

TARGETS = ("evaluator", "sql", "noqa", "configuration")
Target = Callable[[bytes], None]


def load(name: str) -> Target:
    """The function that takes the bytes of one target, and raises where a law is broken."""
    package = __package__ or "fuzz"
    target: Target = importlib.import_module(f"{package}.guided_{name}").take
    return target


def sample(chance: random.Random, count: int) -> list[bytes]:
    """Inputs that nothing guides; short ones are the most telling."""
    return [chance.randbytes(chance.choice([3, 10, 30, 100])) for _ in range(count)]


def main() -> None:
    name, *options = sys.argv[1:] or ["?"]
    if name not in TARGETS:
        sys.exit(f"usage: python -m tests.fuzz.guided {{{','.join(TARGETS)}}} [libFuzzer's options]")
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["poolsafe"]):
        target = load(name)
    atheris.Setup([sys.argv[0], *options], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
