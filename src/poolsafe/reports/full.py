"""The default format for people: source lines with carets, the places that explain the finding, and the fix."""

from __future__ import annotations

from poolsafe.reports.concise import wrapped
from poolsafe.reports.style import Line, Style, clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poolsafe.reports.diagnostic import Diagnostic, Remedy, Span

NARROWEST = 30
# The limit if lines may have any length, so that minified source does not fill a log.
WIDEST = 200


def render(diagnostics: Sequence[Diagnostic], style: Style) -> Iterator[str]:
    """Yields one block for each finding, with an empty line after it.

    The first block of each rule ends with a reference to its page.
    """
    explained: set[str] = set()
    for diagnostic in diagnostics:
        lines = [*_block(diagnostic, style)]
        if diagnostic.code not in explained:
            explained.add(diagnostic.code)
            # Never wrapped, so that it can be copied.
            lines.append(f"{' ' * _gutter(diagnostic)} {style.paint('= see:', 'help')} {diagnostic.see}")
        yield "\n".join(lines) + "\n\n"


def _gutter(diagnostic: Diagnostic) -> int:
    """Returns the width of the row numbers of a block."""
    spans = [diagnostic.span, *(note.span for note in diagnostic.notes)]
    return max((len(str(row)) for span in spans for row, _ in span.lines), default=1)


def _block(diagnostic: Diagnostic, style: Style) -> Iterator[str]:
    yield from wrapped(diagnostic, style)
    gutter = _gutter(diagnostic)
    yield from _frame(diagnostic.span, gutter, style, diagnostic.severity.value)
    for note in diagnostic.notes:
        place = f"{style.name(note.span.path)}:{note.span.place}"
        margin = " " * gutter
        head = f"{margin} {style.paint(':::', 'row')} {place}:"
        yield from style.wrap(head, f"{margin} ::: {place}:", clean(note.message), margin + " " * 5)
        yield from _frame(note.span, gutter, style, "row")
    if diagnostic.fix is not None:
        margin = " " * gutter
        help_ = f"{margin} {style.paint('= help:', 'help')}"
        yield from style.wrap(help_, f"{margin} = help:", _help(diagnostic.fix), margin + " " * 9)


def _help(fix: Remedy) -> str:
    if fix.applicability.value == "display-only":
        return f"{clean(fix.message)} (no option applies this fix; make the change by hand)"
    if fix.applicability.value == "unsafe" and not fix.offered:
        why = f"{fix.doubt}; " if fix.doubt else ""
        return f"{clean(fix.message)} (unsafe: {why}needs `--unsafe-fixes`)"
    return clean(fix.message)


def _frame(span: Span, gutter: int, style: Style, kind: str) -> Iterator[str]:
    if not span.lines:
        return
    bar = f"{' ' * gutter} {style.paint('|', 'row')}"
    lines = [(row, text, Line(text)) for row, text in span.lines]
    width = WIDEST if style.width is None else max(NARROWEST, style.width - gutter - 3)
    marks = {row: _marked(span, text, line) for row, text, line in lines if row == span.start.row}
    # One shift for the whole frame keeps its lines aligned.
    shift = max((_shift(first, last, width) for first, last in marks.values()), default=0)
    yield bar
    for row, _, line in lines:
        yield f"{style.paint(f'{row:>{gutter}} |', 'row')} {line.cut(shift, width)}".rstrip()
        if row in marks:
            first, last = marks[row]
            end = min(last, shift + width)
            yield f"{bar} {' ' * (first - shift)}{style.paint('^' * max(1, end - first), kind)}"
    yield bar


def _marked(span: Span, text: str, line: Line) -> tuple[int, int]:
    """Returns the columns, from 0, to be marked on the first line of the span."""
    start = min(span.start.column - 1, len(text))
    end = min(span.end.column - 1, len(text)) if span.end.row == span.start.row else len(text.rstrip())
    return line.columns[start], line.columns[max(start, end)]


def _shift(first: int, last: int, width: int) -> int:
    """Returns the number of columns to cut on the left, so that the marked part is visible."""
    if last <= width or first < width // 2:
        return 0
    return first - width // 4
