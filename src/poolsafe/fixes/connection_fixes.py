"""The fixes for a call that creates a connection or a pool without SQLAlchemy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolsafe.edits.dict_items import display_of, extend_mapping, items_of
from poolsafe.edits.folding import laid_out
from poolsafe.edits.insertion import insert_arguments, insert_items
from poolsafe.edits.quoting import preferred_quote
from poolsafe.edits.replacement import replace_text
from poolsafe.edits.wrapping import fitted, is_commented_for_people
from poolsafe.facts.connection import ThresholdState
from poolsafe.facts.engine import ConnectArgsForm, SizeState
from poolsafe.findings import Applicability, Edit, Fix
from poolsafe.fixes.misplaced_keys import remove_keys, replace_keys

if TYPE_CHECKING:
    from poolsafe.facts.connection import Connection
    from poolsafe.source import Source

Edits = tuple[Edit, ...]

_SIZE = "statement_cache_size"
_THRESHOLD = "prepare_threshold"


def disable_cache(connection: Connection, source: Source) -> Fix | None:
    """Returns the fix that sets or adds asyncpg's `statement_cache_size=0`, or None if this file does not allow it."""
    size = connection.size
    if size is None or connection.misplaced or connection.in_query:
        return None
    if size.state is SizeState.ABSENT:
        return _added(connection, source, _SIZE, "0")
    return _replaced(connection, source, size.literals, _SIZE, "0")


def never_prepare(connection: Connection, source: Source) -> Fix | None:
    """Returns the fix that sets or adds psycopg's `prepare_threshold=None`, or None if this file does not allow it."""
    threshold = connection.threshold
    if threshold is None or any(one.key == _THRESHOLD for one in connection.refused):
        return None
    if threshold.state is ThresholdState.ABSENT:
        return _added(connection, source, _THRESHOLD, "None")
    return _replaced(connection, source, threshold.literals, _THRESHOLD, "None")


def move_size(connection: Connection, source: Source) -> Fix | None:
    """Returns the fix that removes cache sizes that asyncpg rejects, and passes `statement_cache_size=0`."""
    call, misplaced = connection.call, connection.misplaced
    if connection.size is None or connection.size.state is not SizeState.ABSENT:
        return _left_out(connection, source)
    edits = replace_keys(source, call, misplaced, f"{_SIZE}=0")
    if edits is None and connection.extendable:
        removed, inserted = remove_keys(source, call, misplaced), insert_arguments(source, call, [f"{_SIZE}=0"])
        edits = None if removed is None or inserted is None else (*removed, *inserted)
    if edits is None:
        return None
    message = f"Set `{_SIZE}=0` as a keyword argument"
    return Fix(message, laid_out(source, call, edits), Applicability.SAFE, call.start)


def _left_out(connection: Connection, source: Source) -> Fix | None:
    """Removes the cache sizes that asyncpg rejects, and sets a different size next to them to 0.

    Without the rejected size, connecting succeeds. Queries would then fail at random unless asyncpg's own size is 0.
    """
    edits = remove_keys(source, connection.call, connection.misplaced)
    size = connection.size
    if edits is None:
        return None
    message, applicability = "Remove the keys that asyncpg rejects", Applicability.SAFE
    if size is not None and size.state is not SizeState.ZERO:
        replaced = _replacements(source, size.literals, "0")
        if replaced is None:
            applicability = Applicability.UNSAFE
        else:
            advice, applicability = _review(source, replaced)
            message = f"{message}, and set `{_SIZE}=0`{advice}"
            edits = (*edits, *replaced)
    return Fix(message, laid_out(source, connection.call, edits), applicability, connection.call.start)


def _added(connection: Connection, source: Source, key: str, value: str) -> Fix | None:
    edits = _insertion(connection, source, key, value)
    if edits is None:
        return None
    # If `**` contains the key on some path, it would be passed twice.
    applicability = Applicability.SAFE if connection.extendable else Applicability.UNSAFE
    where = f" to `{connection.options_name}`" if connection.options is not None else ""
    return Fix(f"Add `{key}={value}`{where}", edits, applicability, connection.call.start)


def _insertion(connection: Connection, source: Source, key: str, value: str) -> Edits | None:
    call, options = connection.call, connection.options
    if options is None:
        edits = insert_arguments(source, call, [f"{key}={value}"])
        return None if edits is None else fitted(source, call, edits)
    items = items_of({key: value}, preferred_quote(source, call.start, call.end))
    match options.form:
        case ConnectArgsForm.ABSENT:
            edits = insert_arguments(source, call, [f"{connection.options_name}={display_of(items)}"])
        case ConnectArgsForm.DISPLAY if options.display is not None:
            edits = insert_items(source, options.display, items)
        case ConnectArgsForm.EXPRESSION if options.value is not None:
            edits = extend_mapping(source, options.value, items, may_be_none=options.may_be_none)
        case _:
            return None
    return None if edits is None else fitted(source, call, edits)


def _replaced(
    connection: Connection, source: Source, literals: tuple[tuple[int, int], ...] | None, key: str, value: str
) -> Fix | None:
    edits = _replacements(source, literals, value)
    if edits is None:
        return None
    advice, applicability = _review(source, edits)
    call = connection.call
    return Fix(f"Set `{key}={value}`{advice}", laid_out(source, call, edits), applicability, call.start)


def _replacements(source: Source, literals: tuple[tuple[int, int], ...] | None, value: str) -> Edits | None:
    """Returns edits that replace all literals, or None if there are none, or one cannot be replaced."""
    edits = [replace_text(source, span, value) for span in literals or ()]
    found = tuple(edit for edit in edits if edit is not None)
    return found if found and len(found) == len(edits) else None


def _review(source: Source, edits: Edits) -> tuple[str, Applicability]:
    """Returns the end of the title and the safety of a fix that replaces values, which comments may explain."""
    if any(_is_commented(source, edit.end) for edit in edits):
        return ", and review the comment about the old value", Applicability.UNSAFE
    return "", Applicability.SAFE


def _is_commented(source: Source, end: int) -> bool:
    row, _ = source.row_column(end)
    return is_commented_for_people(source.line(row), end - source.line_start(end))
