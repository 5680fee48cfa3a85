"""GitLab's code quality report: an array of CodeClimate issues, compared between branches by their fingerprints."""

from __future__ import annotations

import os

from poolsafe.reports.documents import as_json
from poolsafe.reports.locations import fingerprints, placed_message, relative

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poolsafe.reports.diagnostic import Diagnostic, Position
    from poolsafe.reports.style import Style

_SEVERITIES = {"error": "major", "warning": "minor"}


def render(diagnostics: Sequence[Diagnostic], style: Style) -> Iterator[str]:
    """Yields a JSON array, which is empty if there are no findings."""
    # Paths are relative to the repository, whichever directory the job runs the command in.
    root = style.root or os.environ.get("CI_PROJECT_DIR") or os.getcwd()
    marks = fingerprints(diagnostics, root)
    issues = [_issue(diagnostic, mark, root) for diagnostic, mark in zip(diagnostics, marks, strict=True)]
    yield as_json(issues) + "\n"


def _issue(diagnostic: Diagnostic, fingerprint: str, root: str) -> dict[str, object]:
    start, end = diagnostic.span.region
    return {
        "check_name": diagnostic.code,
        "description": f"{diagnostic.code}: {placed_message(diagnostic)}",
        "severity": _SEVERITIES[diagnostic.severity.value],
        "fingerprint": fingerprint,
        "location": {
            "path": relative(diagnostic.span.path, root),
            "positions": {"begin": _position(start), "end": _position(end)},
        },
    }


def _position(position: Position) -> dict[str, int]:
    return {"line": position.row, "column": position.column}
