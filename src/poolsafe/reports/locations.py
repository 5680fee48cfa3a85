"""What the formats for machines have in common: paths as services know them, and fingerprints that outlive a shift."""

from __future__ import annotations

import hashlib
import os
from collections import Counter

from poolsafe.reports.masking import shown, visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poolsafe.reports.diagnostic import Diagnostic
    from poolsafe.source import Source


def relative(path: str, root: str) -> str:
    """Returns an absolute path from `root` where it lies below it, with `/` as its separator; else as it is."""
    below = path.startswith(root.rstrip(os.sep) + os.sep)
    return (os.path.relpath(path, root) if below else path).replace(os.sep, "/")


def placed_message(diagnostic: Diagnostic) -> str:
    """Returns the message, for a format whose rows are the file's: in a notebook it says the place in the cell."""
    span = diagnostic.span
    return diagnostic.message if span.cell is None else f"{span.place}: {diagnostic.message}"


def first_line(source: Source, row: int) -> str:
    """Returns what a finding on this row is known by: its text, each run of white space as one space.

    A password is left out: even its digest is nothing to be handed around, and it changes more often than the line.
    """
    line = shown(visible(source).line(row))
    return " ".join(line.split())


def fingerprints(diagnostics: Sequence[Diagnostic], root: str) -> Iterator[str]:
    """Yields a name for each finding that is its own, and that stays when lines above it come or go.

    The message is no part of it: words change with the settings and from release to release.
    """
    seen: Counter[tuple[str, str, str]] = Counter()
    for diagnostic in diagnostics:
        same = relative(diagnostic.span.path, root), diagnostic.code, diagnostic.first_line
        seen[same] += 1
        text = "\0".join((*same, str(seen[same])))
        yield hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
