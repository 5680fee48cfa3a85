"""Compares the findings and fixes of connections and pools with the behaviour of a program."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest

from . import client_truth
from .execution import ClientCall
from .truth import PREPARED, STATEMENT, THRESHOLD

# What a safe fix may set, or take away where the driver refuses it.
_REPAIRED = frozenset({STATEMENT, PREPARED, THRESHOLD})


def missed(calls: list[ClientCall], found: set[str]) -> list[str]:
    """Returns the codes that each of these runs of one call shows and that no finding on its line reports."""
    shown = [client_truth.shown_by(call) for call in calls]
    others = set.intersection(*shown) - client_truth.OF_SIZES
    codes = sorted(others - found)
    # Runs that are wrong in several ways may be reported in one of them, and a refused key in place of the threshold.
    wrong = all(each & client_truth.OF_SIZES for each in shown)
    refused = "PGB205" in found and any(client_truth.library(call).startswith("psycopg") for call in calls)
    if wrong and not found & client_truth.OF_SIZES and not refused:
        codes.insert(0, min(min(each & client_truth.OF_SIZES) for each in shown))
    return codes


def summary(call: ClientCall) -> str:
    """A call in short, for messages."""
    return f"{call.function} {call.arguments} {call.keywords}"


def broken(
    before: list[ClientCall], after: list[ClientCall], repaired: set[tuple[str, int]], values: frozenset[str]
) -> tuple[str, str, int, str] | None:
    """Yields the errors of the fixed program: the kind, the place in the old text, and a description.

    `repaired` are the places of the calls that should be right now, `values` those of the environment.
    """
    for old, new in zip_longest(before, after):
        if old is None or new is None:
            return "other connections", "", 0, f"{len(before)} calls became {len(after)}"
        kind = _broken(old, new, repaired, values)
        if kind is not None:
            return kind, old.path, old.line, f"{summary(old)} became {summary(new)}"
    return None


def _broken(old: ClientCall, new: ClientCall, repaired: set[tuple[str, int]], values: frozenset[str]) -> str | None:
    is_ours = client_truth.is_asyncpgs(old) or client_truth.library(old).startswith("psycopg")
    if not is_ours:
        same = (old.function, old.arguments, old.keywords) == (new.function, new.arguments, new.keywords)
        # Another database refuses the size: such a call never connects.
        fails = STATEMENT in old.keywords and STATEMENT in new.keywords
        return None if same or fails else "another database"
    if (old.function, _untouched(old)) != (new.function, _untouched(new)):
        return "other argument"
    before, after = client_truth.options_of(old), client_truth.options_of(new)
    for key, right in ((STATEMENT, 0), (THRESHOLD, None)):
        if _given(before, key) != _given(after, key) and _given(after, key) != repr(right):
            return "still wrong"
    set_by_environment = any(str(after.get(key)) in values for key in (STATEMENT, THRESHOLD))
    if (old.path, old.line) in repaired and not client_truth.is_right(new) and not set_by_environment:
        return "still wrong"
    return None


def _given(options: Mapping[str, object], key: str) -> str:
    return repr(options[key]) if key in options else ""


def _untouched(call: ClientCall) -> object:
    """Returns the arguments that no fix should change: all but the sizes, the thresholds and the DSN's keys."""
    options = {key: value for key, value in client_truth.options_of(call).items() if key not in _REPAIRED}
    query = {key: value for key, value in client_truth.query_of(call).items() if key not in _REPAIRED}
    return options, query, client_truth.url_of(call).partition("?")[0]
