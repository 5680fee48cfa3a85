"""Removes misplaced cache sizes from the arguments of a call and from the query string of a URL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolsafe.edits.removal import remove_elements
from poolsafe.edits.replacement import replace_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poolsafe.facts.engine import Misplaced
    from poolsafe.findings import Edit
    from poolsafe.source import Source
    from poolsafe.syntax.layout import CallLayout

    Edits = tuple[Edit, ...]


def remove_keys(source: Source, call: CallLayout, misplaced: Sequence[Misplaced]) -> Edits | None:
    """Returns edits that remove misplaced keys, or None if one of them cannot be removed in this file."""
    edits: list[Edit] = []
    arguments: list[int] = []
    for each in misplaced:
        if each.argument is not None:
            arguments.append(each.argument)
        elif each.removal is not None:
            edit = replace_text(source, each.removal, "")
            if edit is None:
                return None
            edits.append(edit)
        else:
            return None
    removed = remove_elements(source, call, arguments)
    return None if removed is None else (*dict.fromkeys(edits), *removed)


def replace_keys(source: Source, call: CallLayout, misplaced: Sequence[Misplaced], argument: str) -> Edits | None:
    """Returns edits that replace the first misplaced argument by a new one, and remove the other keys.

    An insertion must not touch a deletion, so the new argument replaces a misplaced one. Returns None if no misplaced
    key is an argument of the call, or if one cannot be removed in this file.
    """
    places = [each.argument for each in misplaced if each.argument is not None]
    if not places:
        return None
    first = call.arguments[min(places)]
    replacement = replace_text(source, (first.start, first.end), argument)
    removals = remove_keys(source, call, [each for each in misplaced if each.argument != min(places)])
    return None if removals is None or replacement is None else (replacement, *removals)
