"""Writes a changed source back to its file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from poolsafe.writing import replace

if TYPE_CHECKING:
    from poolsafe.source import Source


def write(before: Source, after: Source, target: str | None = None) -> None:
    """Replaces the file of `before` with the bytes of `after`, atomically, keeping its owner, mode and attributes.

    `target` is the real path that the file had when it was found; a link that has appeared since is an error. Without
    it, links are followed. Writes nothing if the bytes are the same. Raises ChangedMeanwhile or NotWritten; then the
    file is unchanged.
    """
    if after.raw != before.raw:
        replace(target or os.path.realpath(before.path), after.raw, named=before.path, before=before.raw)
