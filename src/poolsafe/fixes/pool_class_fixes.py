"""The fix for a pool class that asynchronous engines reject: it imports and uses SQLAlchemy's asynchronous class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolsafe.edits.replacement import replace_text
from poolsafe.edits.wrapping import fitted
from poolsafe.facts.pool_class import REPLACEMENT
from poolsafe.findings import Applicability, Edit, Fix

if TYPE_CHECKING:
    from poolsafe.facts.engine import Engine, RefusedPoolClass
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
    applicability = Applicability.SAFE if engine.url.driver_everywhere else Applicability.UNSAFE
    # If two engines share an import, the second one is fixed in the next round.
    isolation = given.imported[0] if given.imported is not None else None
    edits = fitted(source, engine.layout.call, (replacement,))
    return Fix(f"Use `{REPLACEMENT}`", (*imported, *edits), applicability, isolation)


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
