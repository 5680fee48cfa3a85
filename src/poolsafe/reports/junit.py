"""JUnit's XML: a suite for each file, a failed case for each finding."""

from __future__ import annotations

import os
import re
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from poolsafe.output_safety import CONTROL, escaped
from poolsafe.reports.locations import relative
from poolsafe.reports.style import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poolsafe.reports.diagnostic import Diagnostic
    from poolsafe.reports.style import Style

# Characters that XML does not allow, not even as references, and those that control a terminal.
_FORBIDDEN = re.compile(f"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[{CONTROL}]")
_PASSED = """\
  <testsuite name="poolsafe" tests="1" failures="0" errors="0" skipped="0">
    <testcase name="No problems found" classname="poolsafe"/>
  </testsuite>
"""


def render(diagnostics: Sequence[Diagnostic], style: Style) -> Iterator[str]:
    """Yields one document. Without findings, it contains a passed case, because many readers reject an empty one."""
    root = style.root or os.getcwd()
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f"<testsuites{_attributes(name='poolsafe', tests=len(diagnostics) or 1, **_counts(len(diagnostics)))}>\n"
    if not diagnostics:
        yield _PASSED
    for path, group in groupby(diagnostics, key=lambda diagnostic: diagnostic.span.path):
        for line in _suite(relative(path, root), list(group)):
            yield escaped(line, lambda char: f"&#{ord(char)};")
    yield "</testsuites>\n"


def _suite(path: str, group: Sequence[Diagnostic]) -> Iterator[str]:
    yield f"  <testsuite{_attributes(name=path, tests=len(group), **_counts(len(group)))}>\n"
    for diagnostic in group:
        start, _ = diagnostic.span.region
        case = _attributes(
            name=diagnostic.code, classname=os.path.splitext(path)[0], file=path, line=start.row, column=start.column
        )
        failure = _attributes(type=diagnostic.severity.value, message=diagnostic.message)
        # CI services read commands at the beginning of a line of their log.
        said = clean(f"{path}:{diagnostic.span.place}: {diagnostic.code} {diagnostic.message}")
        text = f"{said}\n{diagnostic.url}"
        yield f"    <testcase{case}>\n      <failure{failure}>{escape(_legal(text))}</failure>\n    </testcase>\n"
    yield "  </testsuite>\n"


def _counts(failures: int) -> dict[str, int]:
    return {"failures": failures, "errors": 0, "skipped": 0}


def _attributes(**values: str | int) -> str:
    return "".join(f" {name}={quoteattr(_legal(str(value)))}" for name, value in values.items())


def _legal(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
