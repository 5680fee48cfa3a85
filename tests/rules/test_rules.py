"""The registry, pages, fixtures, README and changelog must contain the same rules."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from evidence.bad_fixtures import BAD, HOW

from poolsafe.facts.connection import AnyClient, Connection
from poolsafe.facts.engine import Engine
from poolsafe.facts.prepared_call import PreparedCall
from poolsafe.facts.session_statement import SessionStatement
from poolsafe.facts.silence import Silence
from poolsafe.facts.statement import Statement
from poolsafe.facts.suppression import Suppression
from poolsafe.facts.unparsable import Unparsable
from poolsafe.rules.base import FixAvailability, Rule
from poolsafe.rules.registry import names, rules

ROOT = Path(__file__).parents[2]
HEADINGS = [
    "What it does",
    "Why is this bad?",
    "Example",
    "Use instead",
    "Fix safety",
    "Versions",
    "References",
]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_every_rule_has_a_page() -> None:
    pages = {path.stem for path in (ROOT / "docs/rules").glob("*.md")}
    assert pages == {*names().values(), "index"}, "run `python -m poolsafe.rules.pages docs/rules`"


def test_every_rule_has_fixtures() -> None:
    folders = {path.name for path in (ROOT / "fixtures").iterdir() if path.name != "shop"}
    wanted = {f"{code}_{name.replace('-', '_')}" for code, name in names().items()}
    assert folders == wanted, "each rule needs a directory of this name in `fixtures`"


@pytest.mark.parametrize("code", names())
def test_every_rule_has_bad_and_good_fixtures(code: str) -> None:
    for kind in ("bad", "good"):
        assert list((ROOT / "fixtures").glob(f"{code}_*/{kind}_*.py")), f"write fixtures/{code}_.../{kind}_....py"


def test_every_bad_fixture_fails_on_real_servers() -> None:
    known = {case.name for case in BAD}
    assert known == set(HOW), "say in `HOW` in tests/evidence/bad_fixtures.py how each bad fixture fails"


def test_the_readme_lists_every_rule() -> None:
    rows = re.findall(r"^\| \[(PGB\d{3})\]\(docs/rules/([\w-]+)\.md\) \| ([\w-]+) \|", read("README.md"), re.MULTILINE)
    assert {code: name for code, name, _ in rows} == names(), "add a row to the table at the end of README.md"
    assert all(name == link for _, link, name in rows)


def test_the_readme_says_which_rules_have_fixes() -> None:
    rows = re.findall(r"^\| \[(PGB\d{3})\].* \| (.*)\|$", read("README.md"), re.MULTILINE)
    fixed = {rule.code for rule in rules() if rule.fix_availability is not FixAvailability.NONE}
    assert {code for code, fix in rows if fix.strip()} == fixed, "the last column of README.md describes the fix"


def test_the_changelog_names_every_rule() -> None:
    named = set(re.findall(r"PGB\d{3}", read("CHANGELOG.md")))
    assert named == set(names()), "add a line with the code to CHANGELOG.md"


def test_every_symptom_names_a_rule_that_exists() -> None:
    assert set(re.findall(r"PGB\d{3}", read("docs/symptoms.md"))) <= set(names())


def test_rules_are_what_their_files_are_called() -> None:
    assert {rule.code: rule.name for rule in rules()} == names()


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.code)
def test_pages_have_ruffs_headings(rule: Rule) -> None:
    headings = re.findall(r"^## (.+)$", rule.page, re.MULTILINE)
    # "Exceptions" is optional: the search of the site leads from an exception to the section that begins with it.
    found = [heading for heading in headings if heading != "Exceptions"]
    assert found == HEADINGS, f"the docstring needs these headings, in this order: {', '.join(HEADINGS)}"


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.code)
def test_rules_judge_facts(rule: Rule) -> None:
    assert rule.subject in (
        AnyClient,
        Connection,
        Engine,
        PreparedCall,
        SessionStatement,
        Silence,
        Statement,
        Suppression,
        Unparsable,
    )


def test_listing_the_rules_imports_none_of_them() -> None:
    program = (
        "import sys; from poolsafe.rules.registry import names; names(); "
        "print(*(name for name in sys.modules if 'pgb' in name or name in ('libcst', 'dataclasses', 'pathlib')))"
    )
    # As a user has it: coverage imports what it needs into every process that it measures.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    command = [sys.executable, "-c", program]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert ran.stdout.strip() == ""
