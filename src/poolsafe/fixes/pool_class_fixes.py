"""The fixes for a pool class that asynchronous engines reject, and for arguments that the pool class rejects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolsafe.edits.folding import refitted
from poolsafe.edits.removal import remove_elements
from poolsafe.edits.replacement import replace_text
from poolsafe.edits.wrapping import fitted
from poolsafe.facts.pool_class import REPLACEMENT
from poolsafe.findings import Applicability, Edit, Fix
from poolsafe.fixes.placement import doubt_of
from poolsafe.fixes.titles import listed, sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poolsafe.facts.engine import Engine, PoolArgument, RefusedPoolClass
    from poolsafe.source import Source


def adapt_pool_class(engine: Engine, source: Source, given: RefusedPoolClass) -> Fix | None:
    """Returns the fix that replaces QueuePool with AsyncAdaptedQueuePool in the call.

    The import is renamed, or extended if something else uses the name. Returns None if the class is imported in
    another way, or comes from elsewhere. Unsafe if the engine may have another driver.
    """
    if given.name != "QueuePool" or given.value is None or engine.url.shared:
        return None
    replacement = replace_text(source, given.value, REPLACEMENT)
    imported = () if given.is_attribute else _import(source, given)
    if replacement is None or imported is None:
        return None
    doubt = doubt_of(engine)
    applicability = Applicability.UNSAFE if doubt else Applicability.SAFE
    # If two engines share an import, the second one is fixed in the next round.
    isolation = given.imported[0] if given.imported is not None else None
    edits = fitted(source, engine.layout.call, (replacement,))
    return Fix(f"Use `{REPLACEMENT}`", (*imported, *edits), applicability, isolation, doubt)


def remove_pool_arguments(engine: Engine, source: Source, refused: Sequence[PoolArgument]) -> Fix | None:
    """Returns the fix that removes arguments of a queue pool, or None if one of them is not written in the call.

    Unsafe if the engine may have another driver.
    """
    written = [one.argument for one in refused if one.argument is not None]
    removals = remove_elements(source, engine.layout.call, written) if len(written) == len(refused) else None
    if removals is None:
        return None
    doubt = doubt_of(engine)
    applicability = Applicability.UNSAFE if doubt else Applicability.SAFE
    title = sentence([f"remove {listed(f'`{one.name}`' for one in refused)}"])
    return Fix(title, refitted(source, removals), applicability, doubt=doubt)


def _import(source: Source, given: RefusedPoolClass) -> tuple[Edit, ...] | None:
    """Returns the edit that imports the replacement, before or in place of the rejected class."""
    if given.imported is None or not source.round_trips:
        return None
    start, end = given.imported
    # The span starts after the previous name, to include the comma. If it contains a comment, the unused name remains.
    gap = "#" if given.previous_end is None else source.text[given.previous_end : start]
    removal = () if given.shared or "#" in gap or "\\" in gap else (Edit(given.previous_end or start, end, ""),)
    if given.bound:
        return removal
    if not given.shared and not removal:
        return (Edit(start, end, REPLACEMENT),)
    line = source.text[source.line_start(given.sorted_at) : given.sorted_at]
    separator = f",{source.newline}{line}" if line and not line.strip(" \t") else ", "
    return (Edit(given.sorted_at, given.sorted_at, REPLACEMENT + separator), *removal)
