"""No expression of the project takes more than linear time, and the attacks find expressions that do."""

from __future__ import annotations

import random
import re

import pytest

from . import regexes

# Expressions that were in this project once, and the shortest forms of what made them slow.
SLOW = {
    "one line end read in two ways": (
        r":[ \t\f]*(?:\#[^\r\n]*)?(?:(?:\r\n?|\n)[ \t\f]*(?:\#[^\r\n]*)?)*?(?:\r\n?|\n)([ \t\f]+)(?=[^ \t\f\r\n\#])",
        "search",
    ),
    "two optional blanks": (r"\s*\[\s*(?P<codes>[A-Z]+[0-9]*(?:\s*,\s*[A-Z]+[0-9]*)*)\s*,?\s*\]", "match"),
    "a star inside a star": (r"(?:\$?\{[\w.\[\]!]*\}|%s|\*+|\.\.\.)*", "fullmatch"),
    "a second word on the line": (r"(?i:noqa)[^\r\n]*PGB", "search"),
    "blanks before what is looked for": (r"[ \t\f]*\#[^\r\n]*", "search"),
    "a comment that never ends": (r"--[^\n\r]*|/\*(?:(?s:.)*?)\*/", "search"),
    "a word anywhere in a name": (r"[\w./-]*env[\w./-]*$", "match"),
    "lines that are empty": (r"(?m:^)\s*%include\b", "search"),
    "an alternative that overlaps": (r"(?:a|ab?|b)*c", "match"),
}
FINE = {
    "strings": (r"[^'\\]*(?:(?:\\(?s:.)|'(?!''))[^'\\]*)*", "match"),
    "lines": (r"\r\n|\r|\n", "search"),
    "names": (r"\b(\w+)[ \t]*(?::|\+?\Z)", "search"),
}


def found(source: str, use: str, attacks: int) -> str | None:
    expression = regexes.Expression("one", re.compile(source), (use,))
    attack = regexes.Generator(expression.pattern, random.Random(0)).attacks()
    return next(filter(None, (regexes.slow(expression, next(attack)) for _ in range(attacks))), None)


@pytest.mark.parametrize("name", SLOW)
def test_slow_expressions_are_found(name: str) -> None:
    assert found(*SLOW[name], attacks=400) is not None


@pytest.mark.parametrize("name", FINE)
def test_others_are_not(name: str) -> None:
    assert found(*FINE[name], attacks=100) is None


def test_every_expression_is_known() -> None:
    """An expression that a function builds has a sample in `regexes.BUILT`, and those of modules are found."""
    assert regexes.unknown_builders() == set()
    names = {expression.name for expression in regexes.expressions()}
    assert {"poolsafe.syntax.guard._BLOCK_INDENT", "poolsafe.sql.scanner._TOKEN"} <= names


@pytest.mark.torture
def test_no_expression_is_slow() -> None:
    assert regexes.run(seed=0, seconds=10) == []
