"""The formats for other programs, tested with the parsers of these programs if there is a package."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from junitparser import JUnitXml, TestSuite
from sarif_pydantic import Sarif  # type: ignore[import-untyped]

from poolsafe.findings import Applicability, Severity
from poolsafe.reports import FORMATS, load
from poolsafe.reports.diagnostic import Diagnostic, Note, Position, Remedy, Replacement, Span
from poolsafe.reports.locations import fingerprints, relative
from poolsafe.reports.style import Style

ROOT = os.path.abspath(os.sep + "some project")
FIX = Remedy("Add it", Applicability.SAFE, (Replacement(Position(5, 9, 2), Position(5, 9, 2), ", a=1"),), True)


def path(name: str) -> str:
    return os.path.join(ROOT, *name.split("/"))


def one(file: str = "app/db é.py", row: int = 4, line: str = "engine = make(", **changes: Any) -> Diagnostic:
    values: dict[str, Any] = {
        "code": "PGB201",
        "name": "missing-pre-ping",
        "message": "a <lost> connection; say `x`",
        "severity": Severity.ERROR,
        "span": Span(path(file), Position(row, 10), Position(row + 2, 2, 1)),
        "noqa_row": row,
        "fix": FIX,
        "first_line": line,
    }
    return Diagnostic(**{**values, **changes})


def rendered(name: str, *diagnostics: Diagnostic, root: str | None = ROOT) -> str:
    return "".join(load(name).render(diagnostics, Style(root=root)))


def parsed(name: str, *diagnostics: Diagnostic) -> Any:
    return json.loads(rendered(name, *diagnostics))


SEVERAL = [
    one(),
    one(row=8, severity=Severity.WARNING, fix=None),
    one(
        "b.py",
        code="PGB101",
        name="missing-cache-size",
        notes=(Note(Span(path("c.py"), Position(1, 1), Position(1, 4)), "here"),),
    ),
]


# --- text


def test_grouped() -> None:
    assert rendered("grouped", one("a.py"), one("a.py", row=12, severity=Severity.WARNING), one("b.py")) == (
        "a.py:\n"
        "  4:10  PGB201 [*] a <lost> connection; say `x`\n"
        "  12:10 PGB201 [*] warning: a <lost> connection; say `x`\n"
        "\n"
        "b.py:\n"
        "  4:10 PGB201 [*] a <lost> connection; say `x`\n"
        "\n"
    )


def test_pylint() -> None:
    assert rendered("pylint", one("a.py")) == "a.py:4: [PGB201] a <lost> connection; say `x`\n"


def test_azure() -> None:
    odd = one("a;b].py", severity=Severity.WARNING, message="100 %\nnew")
    place = path("a;b].py").replace(";", "%3B").replace("]", "%5D")
    assert rendered("azure", odd) == (
        f"##vso[task.logissue type=warning;sourcepath={place};linenumber=4;columnnumber=10;code=PGB201;]"
        "100 %AZP25%0Anew\n"
    )


def test_json_lines_are_the_objects_of_json() -> None:
    lines = [json.loads(line) for line in rendered("json-lines", *SEVERAL).splitlines()]
    assert lines == parsed("json", *SEVERAL)


# --- GitLab


def test_gitlab() -> None:
    first, second, third = parsed("gitlab", *SEVERAL)
    assert first["location"] == {
        "path": "app/db é.py",
        "positions": {"begin": {"line": 4, "column": 10}, "end": {"line": 6, "column": 2}},
    }
    assert [issue["severity"] for issue in (first, second, third)] == ["major", "minor", "major"]
    assert first["description"] == "PGB201: a <lost> connection; say `x`"
    assert first["check_name"] == "PGB201"
    assert len({issue["fingerprint"] for issue in (first, second, third)}) == 3


def test_gitlab_paths_start_from_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI_PROJECT_DIR", path("app"))
    (issue,) = json.loads(rendered("gitlab", one("app/db.py"), root=None))
    assert issue["location"]["path"] == "db.py"


def test_fingerprints_survive_moved_lines_and_new_words() -> None:
    before = [one(row=4), one(row=8), one(row=12, line="other = make(")]
    after = [one(row=14, message="new"), one(row=28), one(row=40, line="other = make(", severity=Severity.WARNING)]
    assert list(fingerprints(before, ROOT)) == list(fingerprints(after, ROOT))
    assert len(set(fingerprints(before, ROOT))) == 3
    assert not set(fingerprints([one(line="x")], ROOT)) & set(fingerprints([one()], ROOT))
    assert not set(fingerprints([one("x.py")], ROOT)) & set(fingerprints([one()], ROOT))


def test_paths_are_relative_where_they_are_below() -> None:
    assert relative(path("a/b.py"), ROOT) == "a/b.py"
    assert relative(path("a/b.py"), ROOT + os.sep) == "a/b.py"
    assert relative(ROOT + "2.py", ROOT) == (ROOT + "2.py").replace(os.sep, "/")


# --- SARIF


def run_of(*diagnostics: Diagnostic) -> Any:
    log = parsed("sarif", *diagnostics)
    Sarif.model_validate(log)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    return run


def test_sarif_results() -> None:
    run = run_of(*SEVERAL)
    first, second, third = run["results"]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[each["ruleIndex"]]["id"] for each in run["results"]] == ["PGB201", "PGB201", "PGB101"]
    assert [each["level"] for each in run["results"]] == ["error", "warning", "error"]
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "app/db%20%C3%A9.py", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": 4, "startColumn": 10, "endLine": 6, "endColumn": 2}
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["originalUriBaseIds"]["%SRCROOT%"]["uri"] == Path(ROOT).as_uri() + "/"
    (fix,) = first["fixes"]
    assert fix["artifactChanges"][0]["replacements"] == [
        {
            "deletedRegion": {"startLine": 5, "startColumn": 9, "endLine": 5, "endColumn": 9},
            "insertedContent": {"text": ", a=1"},
        }
    ]
    assert "fixes" not in second
    assert third["relatedLocations"][0]["message"] == {"text": "here"}


def test_sarif_rules_carry_their_help() -> None:
    rules = run_of(*SEVERAL)["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["PGB101", "PGB201"]
    for rule in rules:
        assert rule["help"]["markdown"].startswith("## What it does")
        assert rule["fullDescription"]["text"].endswith(".")
        assert "\n" not in rule["fullDescription"]["text"]
        assert rule["helpUri"].startswith("https://")


def test_sarif_offers_no_advice_as_a_fix() -> None:
    advice = Remedy("Think", Applicability.DISPLAY_ONLY, FIX.replacements, False)
    assert "fixes" not in run_of(one(fix=advice))["results"][0]


def test_sarif_of_a_file_elsewhere_has_its_whole_address() -> None:
    elsewhere = os.path.abspath(os.sep + "other place/a.py")
    span = Span(elsewhere, Position(1, 1), Position(1, 2))
    place = run_of(one(span=span))["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": Path(elsewhere).as_uri()}


def test_sarif_without_findings_is_a_run_too() -> None:
    run = run_of()
    assert run["results"] == []
    assert run["tool"]["driver"]["rules"] == []


# --- JUnit


def suites_of(*diagnostics: Diagnostic) -> list[TestSuite]:
    # The parser that reports of Python's test runners are merged with.
    xml = JUnitXml.fromstring(rendered("junit", *diagnostics).encode())
    assert isinstance(xml, JUnitXml)
    return list(xml)


def test_junit() -> None:
    first, second = suites_of(*SEVERAL)
    assert (first.name, first.tests, first.failures, first.errors) == ("app/db é.py", 2, 2, 0)
    case = next(iter(first))
    assert (case.name, case.classname) == ("PGB201", "app/db é")
    (failure,) = case.result
    assert (failure.message, failure.type) == ("a <lost> connection; say `x`", "error")
    assert failure.text.startswith("app/db é.py:4:10: PGB201 a <lost>")
    assert second.name == "b.py"


def test_junit_without_findings_holds_a_case_that_passed() -> None:
    (suite,) = suites_of()
    assert (suite.tests, suite.failures) == (1, 0)
    assert all(case.is_passed for case in suite)


def test_junit_holds_nothing_that_xml_forbids() -> None:
    text = rendered("junit", one("a\x01b.py", message="\x1b[31m \ud800 \ufffe"))
    assert ElementTree.fromstring(text.encode("utf-8")).find("testsuite") is not None


# --- reviewdog


def test_rdjson() -> None:
    result = parsed("rdjson", *SEVERAL)
    assert result["source"]["name"] == "poolsafe"
    first, second, _ = result["diagnostics"]
    assert first["location"] == {
        "path": "app/db é.py",
        # Reviewdog counts bytes.
        "range": {"start": {"line": 4, "column": 10}, "end": {"line": 6, "column": 3}},
    }
    assert first["severity"] == "ERROR"
    assert first["code"]["value"] == "PGB201"
    at = {"line": 5, "column": 11}
    assert first["suggestions"] == [{"range": {"start": at, "end": at}, "text": ", a=1"}]
    assert (second["severity"], second["suggestions"]) == ("WARNING", [])


def test_rdjson_suggests_no_half_of_a_fix() -> None:
    both = Remedy("Add both", Applicability.SAFE, FIX.replacements * 2, True)
    assert parsed("rdjson", one(fix=both))["diagnostics"][0]["suggestions"] == []


# --- all of them


@pytest.mark.parametrize("name", FORMATS)
def test_text_that_could_do_harm_stays_inside_its_format(name: str) -> None:
    evil = one("a\n::error::x.py", message="x\n##vso[task.complete result=Failed]\x1b[31m</failure>")
    text = rendered(name, evil)
    assert "\x1b" not in text or name in ("github", "azure")
    assert "\n##vso" not in text
    assert "\n::error::x" not in text
