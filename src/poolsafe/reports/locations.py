"""Shared code of the formats for programs: relative paths, and fingerprints that stay the same when lines move."""

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
    """Returns an absolute path relative to `root`, with `/` as the separator, or unchanged if it is elsewhere."""
    below = path.startswith(root.rstrip(os.sep) + os.sep)
    return (os.path.relpath(path, root) if below else path).replace(os.sep, "/")


def placed_message(diagnostic: Diagnostic) -> str:
    """Returns the message for a format with rows of the file: in a notebook, it contains the place in the cell."""
    span = diagnostic.span
    return diagnostic.message if span.cell is None else f"{span.place}: {diagnostic.message}"


def first_line(source: Source, row: int) -> str:
    """Returns the text of a row that identifies a finding on it, with each run of white space as one space.

    Passwords are masked: even a digest of a password should not be published, and passwords change more often than
    lines.
    """
    line = shown(visible(source).line(row))
    return " ".join(line.split())


def fingerprints(diagnostics: Sequence[Diagnostic], root: str) -> Iterator[str]:
    """Yields a unique fingerprint for each finding, which stays the same when lines above it are added or removed.

    It does not depend on the message, whose words change with the settings and between releases.
    """
    seen: Counter[tuple[str, str, str]] = Counter()
    for diagnostic in diagnostics:
        same = relative(diagnostic.span.path, root), diagnostic.code, diagnostic.first_line
        seen[same] += 1
        text = "\0".join((*same, str(seen[same])))
        yield hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
