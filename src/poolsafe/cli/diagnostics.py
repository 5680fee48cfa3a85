"""Turns findings, which have offsets, into diagnostics, which have rows, columns and source lines."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

from poolsafe.findings import Edit, Finding, Fix, Related
from poolsafe.reading import read
from poolsafe.reports.diagnostic import Diagnostic, Note, Position, Remedy, Replacement, Span, frame
from poolsafe.reports.locations import first_line
from poolsafe.reports.masking import PYTHON, hidden, masked, secrets, visible
from poolsafe.source import Section, Source, UndecodableSource
from poolsafe.suppression.noqa import Suppressions


class Presenter:
    """Makes the diagnostics of one source. `offers` says whether `--apply` would apply a fix."""

    def __init__(self, source: Source, silences: Suppressions, offers: Callable[[Fix], bool], *, frames: bool) -> None:
        self._source = source
        self._silences = silences
        self._offers = offers
        self._frames = frames
        self._others: dict[str, Source | None] = {}

    def present(self, finding: Finding) -> Diagnostic:
        """Returns the diagnostic of a finding of this source."""
        row = self._source.row_column(finding.start)[0]
        section = self._source.section(row)
        return Diagnostic(
            code=finding.code,
            name=finding.name,
            message=masked(finding.message),
            severity=finding.severity,
            span=self._span(finding, section),
            noqa_row=section.row(self._silences.noqa_row(row)),
            fix=None if finding.fix is None else self._remedy(finding.fix),
            notes=tuple(self._note(related) for related in finding.related),
            first_line=first_line(self._source, row),
        )

    def summarise(self, finding: Finding) -> Note:
        """Returns only the place and the message of a finding of this source."""
        section = self._source.section(self._source.row_column(finding.start)[0])
        return Note(replace(self._span(finding, section), lines=()), masked(finding.message))

    def _span(self, finding: Finding, section: Section) -> Span:
        start, end = (_position(self._source, offset, section.first) for offset in (finding.start, finding.end))
        lines = frame(visible(self._source), start.row, end.row, section) if self._frames else ()
        return Span(self._source.path, start, end, lines, section.cell, self._in_file(finding.start, finding.end))

    def _in_file(self, start: int, end: int) -> tuple[Position, Position] | None:
        """Returns the positions of two offsets in the JSON of a notebook, or None for any other source."""
        if self._source.file is self._source:
            return None
        file, place = self._source.file, self._source.offset_in_file
        return _position(file, place(start)), _position(file, place(end))

    def _remedy(self, fix: Fix) -> Remedy:
        # Readers of the report could apply a masked fix, so a fix that contains a secret is left out.
        shareable = not any(self._holds_secret(edit.content) for edit in fix.edits)
        replacements = tuple(map(self._replacement, fix.edits)) if shareable else ()
        return Remedy(masked(fix.message), fix.applicability, replacements, self._offers(fix), fix.doubt)

    def _holds_secret(self, content: str) -> bool:
        # The secret may be in the inserted text, or only visible together with the source around it.
        return hidden(content) != content or any(secret in content for secret in secrets(self._source))

    def _replacement(self, edit: Edit) -> Replacement:
        source = self._source
        section = source.section(source.row_column(edit.start)[0])
        in_file = None if source.file is source else _replacement(source.file, source.in_file(edit))
        return _replacement(source, edit, section, in_file)

    def _note(self, related: Related) -> Note:
        path = os.path.abspath(related.path)
        own = path == self._source.path
        section = self._source.section(related.row) if own else None
        above = 0 if section is None else section.first - 1
        start = Position(related.row - above, related.column)
        end = Position(related.end_row - above, related.end_column)
        source = self._read(path) if self._frames else None
        # For a related place, its own lines are enough.
        lines = () if source is None else _line(visible(source, code=own or path.endswith(PYTHON)), related.row, above)
        cell = in_file = None
        if section is not None:
            offsets = (self._source.offset(*each) for each in _ends(related))
            cell, in_file = section.cell, self._in_file(*offsets)
        return Note(Span(path, start, end, lines, cell, in_file), masked(related.message))

    def _read(self, path: str) -> Source | None:
        if path == self._source.path:
            return self._source
        if path not in self._others:
            self._others[path] = _read(path)
        return self._others[path]


def _position(source: Source, offset: int, first: int = 1) -> Position:
    """Returns the position of an offset; rows are counted from the row `first`."""
    row, column = source.row_column(offset)
    before = source.line(row)[: column - 1]
    return Position(row - first + 1, column, len(before.encode("utf-8")) - len(before))


def _replacement(
    source: Source, edit: Edit, section: Section | None = None, in_file: Replacement | None = None
) -> Replacement:
    first, cell = (1, None) if section is None else (section.first, section.cell)
    start, end = _position(source, edit.start, first), _position(source, edit.end, first)
    return Replacement(start, end, edit.content, cell, in_file)


def _line(source: Source, row: int, above: int) -> tuple[tuple[int, str], ...]:
    """Returns one row of a frame, counted from the row after `above`."""
    return ((row - above, source.line(row)),) if row <= source.rows else ()


def _ends(related: Related) -> tuple[tuple[int, int], tuple[int, int]]:
    return (related.row, related.column), (related.end_row, related.end_column)


def _read(path: str) -> Source | None:
    """Returns the lines of another file to show. If it cannot be read, only the place is shown."""
    try:
        return Source.decode(path, read(path))
    except (OSError, UndecodableSource):
        return None
