"""Pylint's parseable lines, which Jenkins, reviewdog and many editors read."""

from __future__ import annotations

from poolsafe.reports.style import Style, clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poolsafe.reports.diagnostic import Diagnostic


def render(diagnostics: Sequence[Diagnostic], style: Style) -> Iterator[str]:
    """Yield `path:row: [PGB101] message` lines."""
    for diagnostic in diagnostics:
        span = diagnostic.span
        yield f"{style.name(span.path)}:{span.start.row}: [{diagnostic.code}] {clean(diagnostic.message)}\n"
