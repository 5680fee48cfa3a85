"""Adds `# noqa` comments for existing findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from poolsafe.findings import Edit
from poolsafe.source import Source
from poolsafe.suppression.noqa import Directive, Suppressions


def comments(
    source: Source, silences: Suppressions, findings: Iterable[tuple[str, int]], reason: str
) -> Iterator[tuple[int, Edit]]:
    """Yields a row and an edit for each row that needs a comment; `findings` are codes and the rows they start on.

    An existing list is extended. A new comment ends with `reason`, unless it is empty.
    """
    wanted: dict[int, list[str]] = {}
    for code, row in findings:
        codes = wanted.setdefault(silences.noqa_row(row), [])
        if code not in codes:
            codes.append(code)
    for row, codes in wanted.items():
        yield row, _edit(source, silences.lines.get(row), row, sorted(codes), reason)


def _edit(source: Source, directive: Directive | None, row: int, codes: list[str], reason: str) -> Edit:
    listed = ", ".join(codes)
    if directive is not None and directive.listing.codes:
        end = directive.listing.codes[-1].end
        return Edit(end, end, f", {listed}")
    line = source.line(row)
    start = source.offset(row, 1) + len(line.rstrip())
    text = f"# noqa: {listed} {reason}".rstrip()
    return Edit(start, start + len(line) - len(line.rstrip()), f"  {text}")
