"""The pages of the rules: docs/rules is up to date, and the examples are correct."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import laws
import pytest
import tomli

from poolsafe.rules.base import Rule
from poolsafe.rules.pages import INDEX, index, render, summary
from poolsafe.rules.registry import rules
from poolsafe.source import Source

PAGES = Path(__file__).parents[2] / "docs" / "rules"
EACH = pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.code)


@EACH
def test_docs_hold_the_page_as_it_is(rule: Rule) -> None:
    """If this fails, run `python -m poolsafe.rules.pages docs/rules`."""
    assert (PAGES / f"{rule.name}.md").read_text(encoding="utf-8") == render(rule)


def test_docs_hold_the_index_as_it_is() -> None:
    """If this fails, run `python -m poolsafe.rules.pages docs/rules`."""
    assert (PAGES / INDEX).read_text(encoding="utf-8") == index()


@EACH
def test_a_page_begins_with_what_the_list_shows(rule: Rule) -> None:
    """The first sentence is a short summary; anything else belongs in the next sentence."""
    assert len(summary(rule)) <= 90
    assert not set(summary(rule)) & set("\n:;")


def test_versions_end_no_sentence() -> None:
    (rule,) = (rule for rule in rules() if rule.code == "PGB106")
    assert summary(rule).endswith("asyncpg <= 0.30")


@EACH
def test_the_example_is_reported_with_exactly_this_code(rule: Rule) -> None:
    examples = blocks(rule, "Example", "python")
    assert examples
    for example in examples:
        source = Source.from_text("example.py", example)
        reported = laws.findings(source, laws.deployment(options(rule)), also={rule.code})
        assert {finding.code for finding in reported} == {rule.code}


@EACH
def test_what_to_use_instead_is_silent(rule: Rule) -> None:
    better = blocks(rule, "Use instead", "python")
    assert better
    for example in better:
        source = Source.from_text("better.py", example)
        assert laws.findings(source, laws.deployment(options(rule)), also={rule.code}) == []


def options(rule: Rule) -> dict[str, Any]:
    """The configuration that the example stands under, where the page shows one."""
    shown = tomli.loads("\n".join(blocks(rule, "Example", "toml")))
    settings: dict[str, Any] = shown.get("tool", {}).get("poolsafe", {})
    return settings


def blocks(rule: Rule, heading: str, language: str) -> list[str]:
    section = re.search(rf"^## {heading}$(.*?)(?=^## |\Z)", rule.page, re.MULTILINE | re.DOTALL)
    assert section is not None
    return re.findall(rf"^```{language}\n(.*?)^```$", section[1], re.MULTILINE | re.DOTALL)
