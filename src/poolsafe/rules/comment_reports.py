"""Shared code of the rules about suppression comments."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from poolsafe.facts.suppression import Suppression
from poolsafe.findings import Applicability, Fix
from poolsafe.fixes import titles
from poolsafe.rules.registry import names
from poolsafe.suppression.listing import without

if TYPE_CHECKING:
    from poolsafe.source import Source

# The message names this many codes; the fix removes all of them.
_SHOWN = 5


def listed(codes: Collection[str]) -> str:
    """Returns the codes as a message lists them: only the first few."""
    shown = [f"`{code}`" for code in list(codes)[:_SHOWN]]
    return titles.listed([*shown, f"{len(codes) - _SHOWN} more"] if len(codes) > _SHOWN else shown)


def nearest(codes: Collection[str]) -> str:
    """Returns the code that the user probably meant by an unknown code."""
    import difflib

    if len(codes) != 1:
        return ""
    (code,) = codes
    # A prefix of several codes could mean any of them; the first one is suggested.
    begun = [name for name in names() if name.startswith(code)]
    near = begun or difflib.get_close_matches(code, names(), n=1, cutoff=0.8)
    return f" (did you mean `{near[0]}`?)" if near else ""


def removal(suppression: Suppression, codes: Collection[str], safety: Applicability, source: Source) -> Fix | None:
    """Returns the fix that removes `codes` from a comment, and from the one that ends its range."""
    parts = [without(source.text, listing, codes) for listing in suppression.listings]
    if not source.round_trips or any(part is None for part in parts):
        return None
    edits = tuple(edit for part in parts if part is not None for edit in part)
    what = listed(codes) if codes else f"`{suppression.spelled}`"
    return Fix(f"Remove {what}", edits, safety)
