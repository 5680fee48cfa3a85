"""Finds the rules by the names of their files, so that a new rule only needs a new file."""

from __future__ import annotations

import functools
import os
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from poolsafe.rules.base import Rule

# The codes of rules that only run with `preview = true`, such as new rules for a release or two.
ON_TRIAL: frozenset[str] = frozenset()
# The rule about calls that could not be judged. The summary counts its findings even if it is not selected.
UNJUDGED = "PGB010"
# The rules that only run if they are selected by their full code.
OFF_BY_DEFAULT = frozenset({UNJUDGED})

_FILE = re.compile(r"(pgb\d{3})_(\w+)\.pyc?$")


@functools.cache
def names() -> dict[str, str]:
    """Returns the name of every rule by its code, in the order of the codes.

    It imports no rule, because `--select` needs the names early.
    """
    found = {}
    for entry in sorted(os.listdir(os.path.dirname(__file__))):
        if match := _FILE.match(entry):
            found[match[1].upper()] = match[2].replace("_", "-")
    return found


@functools.cache
def rules() -> tuple[Rule, ...]:
    """Returns every rule with its metadata, page and function, in the order of the codes."""
    import importlib

    return tuple(importlib.import_module(module(code)).check for code in names())


def module(code: str) -> str:
    """Returns the dotted name of the module of a rule that exists."""
    return f"poolsafe.rules.{code.lower()}_{names()[code].replace('-', '_')}"
