"""The formats of the report: one module each, with `render(diagnostics, style)` yielding pieces of text.

The format `NOTIFYING` also takes the coverage of the run.

To add a format, add a module and a line to the table. It is only imported when it is used.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Protocol

    from poolsafe.reports.coverage import Coverage
    from poolsafe.reports.diagnostic import Diagnostic
    from poolsafe.reports.style import Style

    class Format(Protocol):
        """What a module of this package offers."""

        def render(self, diagnostics: Sequence[Diagnostic], style: Style) -> Iterator[str]:
            """Yields the report's text, its own line ends included."""


_MODULES = {
    "full": "full",
    "concise": "concise",
    "grouped": "grouped",
    "json": "json_array",
    "json-lines": "json_lines",
    "junit": "junit",
    "github": "github",
    "gitlab": "gitlab",
    "pylint": "pylint",
    "rdjson": "rdjson",
    "azure": "azure",
    "sarif": "sarif",
}
FORMATS = tuple(_MODULES)
# For people: these get a summary; the others must stay parsable.
FOR_PEOPLE = frozenset({"full", "concise", "grouped"})
# For programs, with a place for what was not judged.
NOTIFYING = "sarif"


def render(name: str, diagnostics: Sequence[Diagnostic], style: Style, coverage: Coverage) -> Iterator[str]:
    """Yields the report in the format called `name`, one of FORMATS."""
    if name == NOTIFYING:
        from poolsafe.reports import sarif

        return sarif.render(diagnostics, style, coverage)
    return load(name).render(diagnostics, style)


def load(name: str) -> Format:
    """Returns the module of the format called `name`, one of FORMATS."""
    import importlib

    module: Format = importlib.import_module(f"poolsafe.reports.{_MODULES[name]}")
    return module
