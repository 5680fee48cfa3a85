"""The objects of the JSON format, one on each line."""

from __future__ import annotations

from poolsafe.reports.documents import as_json
from poolsafe.reports.json_array import as_object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poolsafe.reports.diagnostic import Diagnostic
    from poolsafe.reports.style import Style


def render(diagnostics: Sequence[Diagnostic], style: Style) -> Iterator[str]:
    """Yields one line of JSON for each finding."""
    for diagnostic in diagnostics:
        yield as_json(as_object(diagnostic), indent=None, sort_keys=True) + "\n"
