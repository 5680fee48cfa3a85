"""Logging commands of Azure Pipelines, which become the errors and warnings of a run."""

from __future__ import annotations

from poolsafe.reports.locations import placed_message
from poolsafe.reports.style import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poolsafe.reports.diagnostic import Diagnostic
    from poolsafe.reports.style import Style


def render(diagnostics: Sequence[Diagnostic], style: Style) -> Iterator[str]:
    """Yields one `task.logissue` command for each finding."""
    for diagnostic in diagnostics:
        start, _ = diagnostic.span.region
        properties = {
            "type": diagnostic.severity.value,
            "sourcepath": diagnostic.span.path,
            "linenumber": str(start.row),
            "columnnumber": str(start.column),
            "code": diagnostic.code,
        }
        listed = "".join(f"{name}={_property(value)};" for name, value in properties.items())
        yield f"##vso[task.logissue {listed}]{_data(placed_message(diagnostic))}\n"


def _data(text: str) -> str:
    # Logs are read on terminals too.
    return clean(text.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A"))


def _property(text: str) -> str:
    return _data(text).replace(";", "%3B").replace("]", "%5D")
