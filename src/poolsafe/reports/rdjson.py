"""Reviewdog's diagnostic format. Its columns count the bytes of UTF-8."""

from __future__ import annotations

import os

from poolsafe.reports.documents import as_json
from poolsafe.reports.locations import placed_message, relative
from poolsafe.website import HOME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poolsafe.reports.diagnostic import Diagnostic, Position
    from poolsafe.reports.style import Style


def render(diagnostics: Sequence[Diagnostic], style: Style) -> Iterator[str]:
    """Yields one JSON object, even if there are no findings."""
    root = style.root or os.getcwd()
    result = {
        "source": {"name": "poolsafe", "url": HOME},
        "diagnostics": [_diagnostic(diagnostic, root) for diagnostic in diagnostics],
    }
    yield as_json(result) + "\n"


def _diagnostic(diagnostic: Diagnostic, root: str) -> dict[str, object]:
    span = diagnostic.span
    return {
        "message": placed_message(diagnostic),
        "location": {"path": relative(span.path, root), "range": _range(*span.region)},
        "severity": diagnostic.severity.value.upper(),
        "code": {"value": diagnostic.code, "url": diagnostic.url},
        "suggestions": _suggestions(diagnostic),
    }


def _suggestions(diagnostic: Diagnostic) -> list[dict[str, object]]:
    replacements = () if diagnostic.fix is None else diagnostic.fix.replacements
    # Each suggestion can be accepted separately, and half a fix may be worse than none.
    if len(replacements) != 1:
        return []
    edits = [replacement.of_file for replacement in replacements]
    return [{"range": _range(edit.start, edit.end), "text": edit.content} for edit in edits]


def _range(start: Position, end: Position) -> dict[str, object]:
    return {"start": _position(start), "end": _position(end)}


def _position(position: Position) -> dict[str, int]:
    return {"line": position.row, "column": position.column + position.surplus}
