"""Ruff's JSON: one array of objects with ruff's fields, so that tools for ruff can read it, and two more.

These are `related`, the other places that a finding mentions, and `fix.doubt`, the reason why a fix is unsafe.

In a notebook, edits and related places also have a cell, which may differ from that of the finding.
"""

from __future__ import annotations

from poolsafe.reports.documents import as_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poolsafe.reports.diagnostic import Diagnostic, Note, Position, Remedy
    from poolsafe.reports.style import Style


def render(diagnostics: Sequence[Diagnostic], style: Style) -> Iterator[str]:
    """Yields a JSON array, which is empty if there are no findings."""
    yield as_json([as_object(diagnostic) for diagnostic in diagnostics], sort_keys=True) + "\n"


def as_object(diagnostic: Diagnostic) -> dict[str, object]:
    """Returns the JSON object for one finding. `filename` is absolute; rows and columns count from 1."""
    return {
        "cell": diagnostic.span.cell,
        "code": diagnostic.code,
        "end_location": _position(diagnostic.span.end),
        "filename": diagnostic.span.path,
        "fix": None if diagnostic.fix is None else _fix(diagnostic.fix),
        "location": _position(diagnostic.span.start),
        "message": diagnostic.message,
        "name": diagnostic.name,
        "noqa_row": diagnostic.noqa_row,
        "related": [_note(note) for note in diagnostic.notes],
        "severity": diagnostic.severity.value,
        "url": diagnostic.url,
    }


def _position(position: Position) -> dict[str, int]:
    return {"column": position.column, "row": position.row}


def _fix(fix: Remedy) -> dict[str, object]:
    edits = [
        {
            "content": edit.content,
            "end_location": _position(edit.end),
            "location": _position(edit.start),
            **_cell(edit.cell),
        }
        for edit in fix.replacements
    ]
    return {
        "applicability": fix.applicability.value,
        "doubt": fix.doubt or None,
        "edits": edits,
        "message": fix.message,
    }


def _note(note: Note) -> dict[str, object]:
    return {
        "end_location": _position(note.span.end),
        "filename": note.span.path,
        "location": _position(note.span.start),
        "message": note.message,
        **_cell(note.span.cell),
    }


def _cell(cell: int | None) -> dict[str, int]:
    return {} if cell is None else {"cell": cell}
