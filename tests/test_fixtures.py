"""Tests of every rule on every fixture: the findings, and the laws of the fixes."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import laws
import pytest
from laws import Case
from samples import LONG, one_in

from poolsafe.edits.application import repair
from poolsafe.facts.suppression import ABOUT_COMMENTS
from poolsafe.findings import Applicability, Finding
from poolsafe.reports.masking import masked
from poolsafe.rules.base import FixAvailability
from poolsafe.rules.registry import rules
from poolsafe.source import Source

BAD = laws.cases("bad")
GOOD = laws.cases("good")
FIXED = [case for case in BAD if case.fixed.exists()]
AVAILABILITY = {rule.code: rule.fix_availability for rule in rules()}

# Other spellings of the same program: a name, the other spelling, and the way back.
SPELLINGS: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes], int]] = {
    "CRLF": (lambda raw: raw.replace(b"\n", b"\r\n"), lambda raw: raw.replace(b"\r\n", b"\n"), 0),
    "byte order mark": (lambda raw: b"\xef\xbb\xbf" + raw, lambda raw: raw[3:], 0),
    "no final newline": (lambda raw: raw[:-1], lambda raw: raw + b"\n", 0),
    "form feed": (lambda raw: b"\f" + raw, lambda raw: raw[1:], 0),
    "latin-1": (
        lambda raw: b"# coding: latin-1\n" + raw.decode().encode("latin-1"),
        lambda raw: raw.partition(b"\n")[2].decode("latin-1").encode(),
        1,
    ),
}


def named(case: Case) -> str:
    return case.name


@pytest.mark.parametrize("case", [*BAD, *laws.shop()], ids=named)
def test_what_a_fixture_announces_is_found(case: Case) -> None:
    found = laws.found(case.source, case.deployment)
    assert found == laws.expected(case.source), f"see the comments `# bad:` in fixtures/{case.name}"


@pytest.mark.parametrize("case", BAD, ids=named)
def test_a_bad_fixture_is_bad_for_its_own_rule(case: Case) -> None:
    assert case.path.parent.name[:6] in {code for _, code in laws.expected(case.source)}


@pytest.mark.parametrize("case", BAD, ids=named)
def test_no_message_reads_as_if_it_held_a_password(case: Case) -> None:
    # The word `pass` before a quoted one does, and what it advises to pass is then hidden.
    for finding in laws.findings(case.source, case.deployment):
        texts = [finding.message, *([finding.fix.message] if finding.fix is not None else [])]
        assert [masked(text) for text in texts] == texts


@pytest.mark.parametrize("case", GOOD, ids=named)
def test_good_fixtures_are_silent(case: Case) -> None:
    found = laws.found(case.source, case.deployment)
    assert not found, f"fixtures/{case.name} is reported; if that is right, change the fixture"


def test_good_fixtures_outnumber_bad_ones() -> None:
    assert len(GOOD) > len(BAD)


@pytest.mark.parametrize("case", BAD, ids=named)
def test_the_fixed_file_is_what_apply_writes(case: Case) -> None:
    result = laws.repaired(case.source, case.deployment, unsafe=case.unsafe)
    if laws.updating() and result.raw != case.raw:
        case.fixed.write_bytes(result.raw)
    update = "run `POOLSAFE_UPDATE_FIXTURES=1 python -m pytest tests/test_fixtures.py`"
    assert case.fixed.exists() == (result.raw != case.raw), update
    assert not case.fixed.exists() or result.raw == case.fixed.read_bytes()


@pytest.mark.parametrize("case", [*BAD, *laws.shop()], ids=named)
def test_two_ways_of_applying_agree(case: Case) -> None:
    by_the_product = laws.applied(case.source, case.deployment, unsafe=True)
    assert by_the_product.raw == laws.repaired(case.source, case.deployment, unsafe=True).raw


@pytest.mark.parametrize("case", FIXED, ids=named)
def test_a_fixed_file_is_silent_about_what_was_fixed(case: Case) -> None:
    fixed = laws.load(case.fixed)
    repaired = {each.code for each in reported(case) if laws.applicable(each, unsafe=case.unsafe)}
    assert not repaired & {code for _, code in laws.found(fixed.source, case.deployment)}


@pytest.mark.parametrize("case", [*BAD, *laws.shop()], ids=named)
def test_a_second_run_changes_nothing(case: Case) -> None:
    once = laws.repaired(case.source, case.deployment, unsafe=True)
    assert laws.repaired(once, case.deployment, unsafe=True).raw == once.raw


@pytest.mark.parametrize("case", [*BAD, *laws.shop()], ids=named)
def test_laws_of_each_single_fix(case: Case) -> None:
    source = case.source
    for finding in reported(case):
        if finding.fix is None:
            continue
        text = laws.apply_once(source.text, [finding], unsafe=True)
        result = source.with_text(text)
        assert laws.parses(text)
        # What the rules about comments leave of one is shown in test_suppressed.py.
        assert finding.code in ABOUT_COMMENTS or not laws.comments(source.text) - laws.comments(text)
        for piece in laws.outside(source.text, finding.fix.edits):
            assert source.encode(piece).removeprefix(b"\xef\xbb\xbf") in result.raw
        # The split of one text() moves the rows below it, so what is gone is counted.
        before, after = (codes(each, case) for each in (source, result))
        assert after.count(finding.code) < before.count(finding.code)
        # No second finding is born where the first one was.
        assert set(after) <= set(before)


# Deployments in which two zeros are enough, in which an empty name is needed besides, and in which no name is known.
DEPLOYMENTS = {
    "new asyncpg": {"pooler": "transaction", "asyncpg-version": "0.31.0", "sqlalchemy-version": "2.0.40"},
    "old asyncpg": {"pooler": "transaction", "asyncpg-version": "0.30.0", "sqlalchemy-version": "2.0.40"},
    "no empty name": {"pooler": "transaction", "asyncpg-version": "0.30.0"},
    "no pooler": {"pooler": "none"},
}


@pytest.mark.parametrize("where", [None, *(pytest.param(where, marks=pytest.mark.long) for where in DEPLOYMENTS)])
@pytest.mark.parametrize("case", [*BAD, *laws.shop()], ids=named)
def test_what_is_fixed_and_what_is_left_are_what_was_found(case: Case, where: str | None) -> None:
    options = case.options if where is None else {**case.options, **DEPLOYMENTS[where]}
    deployment = laws.deployment(options)
    accepted = {Applicability.SAFE}
    for _ in range(2):
        result = repair(
            case.source, lambda source: laws.findings(source, deployment), lambda fix: fix.applicability in accepted
        )
        accepted.add(Applicability.UNSAFE)
        before = Counter(finding.code for finding in laws.findings(case.source, deployment))
        left = Counter(finding.code for finding in laws.findings(result.source, deployment))
        assert result.gone + left == before


@pytest.mark.parametrize("case", BAD, ids=named)
def test_rules_keep_their_word_about_fixes(case: Case) -> None:
    for finding in reported(case):
        match AVAILABILITY[finding.code]:
            case FixAvailability.ALWAYS:
                assert finding.fix is not None
            case FixAvailability.NONE:
                assert finding.fix is None


@pytest.mark.parametrize("code", sorted(code for code, fix in AVAILABILITY.items() if fix is not FixAvailability.NONE))
def test_a_rule_with_fixes_shows_one(code: str) -> None:
    assert any(case.path.parent.name.startswith(code) for case in FIXED)


# From fixture to fixture, the one in eleven that is not `long` is in another spelling.
SPELLED = one_in(11, itertools.product([*BAD, *GOOD, *laws.shop()], SPELLINGS), LONG)


@pytest.mark.parametrize(("case", "spelling"), SPELLED, ids=lambda each: each if isinstance(each, str) else each.name)
def test_another_spelling_changes_nothing(case: Case, spelling: str) -> None:
    respell, back, rows = SPELLINGS[spelling]
    source = case.source
    if source.encoding != "utf-8" or source.bom or not case.raw:
        pytest.skip("spelled in a way of its own")
    try:
        other = Source.decode(source.path, respell(case.raw))
    except UnicodeEncodeError:
        pytest.skip("cannot be spelled so")
    plain = laws.found(source, case.deployment)
    assert laws.found(other, case.deployment) == {(row + rows, code): count for (row, code), count in plain.items()}
    result = laws.repaired(source, case.deployment, unsafe=True)
    assert back(laws.repaired(other, case.deployment, unsafe=True).raw) == result.raw


def test_what_is_suppressed_is_never_fixed(tmp_path: Path) -> None:
    copies = {}
    for case in BAD:
        # A file that cannot be read has no comments to go by: PGB009 cannot be silenced, and has no fix. And where
        # the comments are what is bad, a second one in the same place has no effect.
        if case.path.parent.name.startswith(("PGB009", *ABOUT_COMMENTS)):
            continue
        folder = tmp_path / case.path.parent.name / case.path.stem
        folder.mkdir(parents=True)
        settings = {key: value for key, value in case.options.items() if key != "unsafe-fixes"}
        lines = [f"{key} = {value!r}" for key, value in settings.items()]
        (folder / "poolsafe.toml").write_text("\n".join(lines) + "\n")
        copies[folder / case.path.name] = case.raw.replace(b"# bad: ", b"# noqa: ")
    for path, raw in copies.items():
        path.write_bytes(raw)
    command = [sys.executable, "-m", "poolsafe", "--apply", "--unsafe-fixes", "."]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"})
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert {path: path.read_bytes() for path in copies} == copies


SHARED = """
from sqlalchemy.ext.asyncio import create_async_engine
URL = "postgresql+asyncpg://app@db/app"
create_async_engine(URL, pool_pre_ping=True, connect_args={"prepared_statement_name_func": lambda: ""})
"""


@pytest.mark.parametrize("silenced", ["PGB101", "PGB107"])
def test_a_fix_is_not_offered_for_another_finding_where_one_of_its_own_is_silenced(
    tmp_path: Path, silenced: str
) -> None:
    file = tmp_path / "app.py"
    for comment in ("", f"  # noqa: {silenced}"):
        file.write_text(SHARED.rstrip() + comment + "\n")
        before = file.read_text()
        command = [sys.executable, "-m", "poolsafe", "--apply", "--unsafe-fixes", "--isolated", "app.py"]
        subprocess.run(command, cwd=tmp_path, capture_output=True)
        assert (file.read_text() == before) is bool(comment)


def reported(case: Case) -> list[Finding]:
    return laws.findings(case.source, case.deployment)


def codes(source: Source, case: Case) -> list[str]:
    return [finding.code for finding in laws.findings(source, case.deployment)]
