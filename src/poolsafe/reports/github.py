"""Workflow commands of GitHub Actions, which become annotations of the changed lines."""

from __future__ import annotations

from poolsafe.reports.style import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poolsafe.reports.diagnostic import Diagnostic
    from poolsafe.reports.style import Style


def render(diagnostics: Sequence[Diagnostic], style: Style) -> Iterator[str]:
    """Yields one `::error` or `::warning` command for each finding."""
    for diagnostic in diagnostics:
        start, end = diagnostic.span.region
        properties = {
            "title": f"poolsafe ({diagnostic.code})",
            "file": diagnostic.span.path,
            "line": str(start.row),
            "col": str(start.column),
            "endLine": str(end.row),
        }
        # GitHub refuses a column range that spans lines.
        if end.row == start.row:
            properties["endColumn"] = str(end.column)
        listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
        place = f"{style.name(diagnostic.span.path)}:{diagnostic.span.place}"
        text = f"{place}: {diagnostic.code} {diagnostic.message}"
        if diagnostic.fix is not None:
            text += f"\n  help: {diagnostic.fix.message}"
        yield f"::{diagnostic.severity.value} {listed}::{_data(text)}\n"


def _data(text: str) -> str:
    # Logs are read on terminals too.
    return clean(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
