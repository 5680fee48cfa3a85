"""One line for each finding."""

from __future__ import annotations

from poolsafe.reports.style import Style, clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poolsafe.reports.diagnostic import Diagnostic


def render(diagnostics: Sequence[Diagnostic], style: Style) -> Iterator[str]:
    """Yields `path:row:column: PGB101 [*] message` lines."""
    for diagnostic in diagnostics:
        yield headline(diagnostic, style) + "\n"


def headline(diagnostic: Diagnostic, style: Style) -> str:
    """Returns the line that names place, code and message; `[*]` marks a fix that `--apply` would apply."""
    return f"{heading(diagnostic, style)} {clean(diagnostic.message)}"


def wrapped(diagnostic: Diagnostic, style: Style) -> Iterator[str]:
    """Yields the headline, broken into several lines if the terminal is too narrow."""
    plain = heading(diagnostic, Style(root=style.root))
    yield from style.wrap(heading(diagnostic, style), plain, clean(diagnostic.message))


def heading(diagnostic: Diagnostic, style: Style) -> str:
    """Returns the part before the message: the place and the code."""
    place = f"{style.paint(style.name(diagnostic.span.path), 'path')}:{diagnostic.span.place}:"
    return f"{place} {marked_code(diagnostic, style)}"


def marked_code(diagnostic: Diagnostic, style: Style) -> str:
    """Returns the code, the mark of a fix, and the severity where it is not an error."""
    code = style.link(style.paint(diagnostic.code, "code"), diagnostic.url)
    mark = f" [{style.paint('*', 'fix')}]" if diagnostic.fix is not None and diagnostic.fix.offered else ""
    severity = f" {style.paint('warning:', 'warning')}" if diagnostic.severity.value == "warning" else ""
    return f"{code}{mark}{severity}"
