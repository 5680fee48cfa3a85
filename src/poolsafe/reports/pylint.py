"""Pylint's parseable lines, which Jenkins, reviewdog and many editors read."""

from __future__ import annotations

from poolsafe.reports.locations import placed_message
from poolsafe.reports.style import Style, clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poolsafe.reports.diagnostic import Diagnostic


def render(diagnostics: Sequence[Diagnostic], style: Style) -> Iterator[str]:
    """Yields `path:row: [PGB101] message` lines."""
    for diagnostic in diagnostics:
        start, _ = diagnostic.span.region
        message = clean(placed_message(diagnostic))
        yield f"{style.name(diagnostic.span.path)}:{start.row}: [{diagnostic.code}] {message}\n"
