"""SARIF 2.1.0, which GitHub code scanning, Azure DevOps and many editors read: rules with their help, and fixes.

Calls that could not be judged become notifications of the run instead of results.
"""

from __future__ import annotations

import os
from urllib.parse import quote

from poolsafe import __version__
from poolsafe.reports.coverage import Coverage
from poolsafe.reports.documents import as_json
from poolsafe.reports.locations import fingerprints, relative
from poolsafe.rules import registry
from poolsafe.website import HOME, page

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poolsafe.reports.diagnostic import Diagnostic, Note, Position, Remedy, Span
    from poolsafe.reports.style import Style
    from poolsafe.rules.base import Rule

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "%SRCROOT%"

Json = dict[str, object]


def render(diagnostics: Sequence[Diagnostic], style: Style, coverage: Coverage | None = None) -> Iterator[str]:
    """Yields one log with one run, even if there are no findings."""
    log = _Log(style.root or os.getcwd(), diagnostics, coverage or Coverage(0))
    yield as_json({"$schema": SCHEMA, "version": "2.1.0", "runs": [log.run()]}) + "\n"


class _Log:
    def __init__(self, root: str, diagnostics: Sequence[Diagnostic], coverage: Coverage) -> None:
        self._root = root
        self._diagnostics = diagnostics
        self._coverage = coverage
        self._codes = sorted({diagnostic.code for diagnostic in diagnostics})

    def run(self) -> Json:
        marks = fingerprints(self._diagnostics, self._root)
        # Only rules with findings, because the pages of all rules would be most of the file.
        rules = [rule for rule in registry.rules() if rule.code in self._codes] if self._codes else []
        driver: Json = {
            "name": "poolsafe",
            "version": __version__,
            "informationUri": HOME,
            "rules": [_rule(rule) for rule in rules],
        }
        if self._coverage.notifications:
            name = registry.names()[registry.UNJUDGED]
            driver["notifications"] = [{"id": registry.UNJUDGED, "helpUri": page(name)}]
        return {
            "tool": {"driver": driver},
            "invocations": [self._invocation()],
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {_ROOT: {"uri": _file_uri(self._root.rstrip(os.sep)) + "/"}},
            "results": [self._result(each, mark) for each, mark in zip(self._diagnostics, marks, strict=True)],
        }

    def _invocation(self) -> Json:
        notifications = [self._notification(note) for note in self._coverage.notifications]
        return {
            "executionSuccessful": self._coverage.complete,
            "toolExecutionNotifications": notifications,
        }

    def _notification(self, note: Note) -> Json:
        return {
            "descriptor": {"id": registry.UNJUDGED, "index": 0},
            "level": "note",
            "message": {"text": note.message},
            "locations": [self._location(note.span)],
        }

    def _result(self, diagnostic: Diagnostic, fingerprint: str) -> Json:
        result: Json = {
            "ruleId": diagnostic.code,
            "ruleIndex": self._codes.index(diagnostic.code),
            "level": diagnostic.severity.value,
            "message": {"text": diagnostic.message},
            "locations": [self._location(diagnostic.span)],
            "partialFingerprints": {"poolsafe/v1": fingerprint},
        }
        if diagnostic.notes:
            result["relatedLocations"] = [
                {"id": number, "message": {"text": note.message}, **self._location(note.span)}
                for number, note in enumerate(diagnostic.notes, 1)
            ]
        # A fix for display only is advice, which a viewer would offer to apply.
        fix = diagnostic.fix
        if fix is not None and fix.replacements and fix.applicability.value != "display-only":
            result["fixes"] = [self._fix(fix, diagnostic.span.path)]
        return result

    def _location(self, span: Span) -> Json:
        place = {"artifactLocation": self._artifact(span.path), "region": _region(*span.region)}
        if span.cell is None:
            return {"physicalLocation": place}
        return {"physicalLocation": place, "logicalLocations": [{"fullyQualifiedName": span.place}]}

    def _artifact(self, path: str) -> Json:
        name = relative(path, self._root)
        if os.path.isabs(name):
            return {"uri": _file_uri(path)}
        return {"uri": quote(name, errors="surrogatepass"), "uriBaseId": _ROOT}

    def _fix(self, fix: Remedy, path: str) -> Json:
        replacements = [
            {"deletedRegion": _region(edit.start, edit.end), "insertedContent": {"text": edit.content}}
            for edit in (replacement.of_file for replacement in fix.replacements)
        ]
        return {
            "description": {"text": fix.message},
            "artifactChanges": [{"artifactLocation": self._artifact(path), "replacements": replacements}],
            "properties": {"applicability": fix.applicability.value},
        }


def _rule(rule: Rule) -> Json:
    text = rule.page.strip()
    summary = " ".join(text.partition("\n\n")[0].splitlines()[1:])
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": rule.name.replace("-", " ").capitalize()},
        "fullDescription": {"text": summary},
        "help": {"text": text, "markdown": text},
        "helpUri": page(rule.name),
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["correctness", "database"], "precision": "high", "problem.severity": "error"},
    }


def _region(start: Position, end: Position) -> dict[str, int]:
    return {"startLine": start.row, "startColumn": start.column, "endLine": end.row, "endColumn": end.column}


def _file_uri(path: str) -> str:
    slashed = path.replace(os.sep, "/")
    return "file://" + quote(slashed if slashed.startswith("/") else f"/{slashed}", safe="/:", errors="surrogatepass")
