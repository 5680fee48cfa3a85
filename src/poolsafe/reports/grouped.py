"""The findings of each file under its name."""

from __future__ import annotations

from itertools import groupby

from poolsafe.reports.concise import marked_code
from poolsafe.reports.style import Style, clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poolsafe.reports.diagnostic import Diagnostic


def render(diagnostics: Sequence[Diagnostic], style: Style) -> Iterator[str]:
    """Yields a block for each file, with an empty line after it."""
    for path, group in groupby(diagnostics, key=lambda diagnostic: diagnostic.span.path):
        yield "\n".join((f"{style.paint(style.name(path), 'path')}:", *_lines(list(group), style))) + "\n\n"


def _lines(group: Sequence[Diagnostic], style: Style) -> Iterator[str]:
    places = [diagnostic.span.place for diagnostic in group]
    width = max(map(len, places))
    for place, diagnostic in zip(places, group, strict=True):
        before = f"  {place:<{width}} "
        plain = before + marked_code(diagnostic, Style())
        yield from style.wrap(
            before + marked_code(diagnostic, style), plain, clean(diagnostic.message), " " * len(before)
        )
