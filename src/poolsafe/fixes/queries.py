"""Renames and removes parameters in the query string of a URL in a string literal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from poolsafe.findings import Edit
from poolsafe.syntax.scan import inside_formatted_string

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poolsafe.source import Source

# An ordinary query, with simple fields of f-strings and templates; anything else is not edited.
_QUERY = re.compile(r"""(?:[^?#\\]*\?|[A-Za-z]*['"]+&)(?P<query>(?:[^#'"\\{}\s]|\{[\w.\[\]]*\})*)""")
_END = re.compile(r"#|['\"]+\Z")


def rewrite_query(source: Source, literal: tuple[int, int], names: Mapping[str, str | None]) -> tuple[Edit, ...] | None:
    """Returns edits that rename the parameters in the literal at `literal`; a new name of None removes one.

    Returns None if the literal has no such query, has a parameter twice, or is inside another f-string.
    """
    start, end = literal
    text = source.text[start:end]
    match = _QUERY.match(text)
    if match is None or not source.round_trips or inside_formatted_string(source.text, start):
        return None
    if _END.match(text, match.end()) is None:
        return None
    parts = match["query"].split("&")
    keys = [part.partition("=")[0] for part in parts]
    if any(keys.count(name) != 1 for name in names):
        return None
    offsets = [start + match.start("query")]
    for part in parts:
        offsets.append(offsets[-1] + len(part) + 1)
    kept = [names.get(key, key) is not None for key in keys]
    edits = [
        Edit(offset, offset + len(key), new)
        for key, offset in zip(keys, offsets, strict=False)
        if (new := names.get(key)) is not None
    ]
    return (*edits, *_removals(offsets, kept))


def _removals(offsets: list[int], kept: list[bool]) -> list[Edit]:
    """Returns the deletions of the removed parts; adjacent ones are deleted together with one separator."""
    if not any(kept):
        return [Edit(offsets[0] - 1, offsets[-1] - 1, "")]
    first_kept = kept.index(True)
    edits = [Edit(offsets[0], offsets[first_kept], "")] if first_kept else []
    index = first_kept
    while index < len(kept):
        if kept[index]:
            index += 1
            continue
        stop = index
        while stop < len(kept) and not kept[stop]:
            stop += 1
        edits.append(Edit(offsets[index] - 1, offsets[stop] - 1, ""))
        index = stop
    return edits
