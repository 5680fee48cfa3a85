"""Applies fixes in rounds: fixes that do not overlap are applied in the same round, the others in the next."""

from __future__ import annotations

import ast
import sys
import warnings
from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import pairwise

from poolsafe.findings import Edit, Finding, Fix
from poolsafe.records import frozen
from poolsafe.source import Source, UndecodableSource

MOST_ROUNDS = 10
# Each round parses the file again.
MOST_ATTEMPTS = 64
# More fixes than one file should ever need.
MOST_CHOICES = 10_000


@frozen
class Repair:
    """The result of all rounds: how many findings of each code are `gone`, and the findings whose fixes do not count.

    One fix may repair several findings. A fix is refused if the result would not be valid Python, and without effect if
    the same findings would remain.
    """

    source: Source
    gone: Counter[str]
    refused: tuple[Finding, ...]
    rounds: int
    without_effect: tuple[Finding, ...] = ()


def apply(source: Source, fixes: Iterable[Fix]) -> tuple[Source, list[Fix]]:
    """Applies those of `fixes` that do not overlap, except for those that break the syntax.

    Returns the new source, and the fixes that are in it. If there are none, the source is the same object.
    """
    chosen = _without_overlaps(source, fixes)
    if not chosen or not source.round_trips:
        return source, []
    together = _applied(source, chosen)
    if together is not None:
        return together, chosen
    # Some of them break the syntax. Bisection finds these; fixes that were not tried are left for another round.
    kept: list[Fix] = []
    result = source
    groups = [chosen[: len(chosen) // 2], chosen[len(chosen) // 2 :]]
    for _ in range(MOST_ATTEMPTS):
        if not groups:
            break
        group = groups.pop(0)
        attempt = _applied(source, [*kept, *group]) if group else None
        if attempt is not None:
            kept += group
            result = attempt
        elif len(group) > 1:
            groups[:0] = [group[: len(group) // 2], group[len(group) // 2 :]]
    return result, kept


def repair(
    source: Source, check: Callable[[Source], list[Finding]], accepts: Callable[[Fix], bool], rounds: int = MOST_ROUNDS
) -> Repair:
    """Checks and applies fixes until nothing changes, at most `rounds` times. `accepts` selects by applicability.

    A round that does not change the findings is undone, because its fixes would be applied again and again.
    """
    gone: Counter[str] = Counter()
    found = check(source)
    for number in range(rounds):
        offered = {finding.fix: finding for finding in found if finding.fix and accepts(finding.fix)}
        after, fixes = apply(source, offered)
        left = check(after) if fixes else found
        if Counter(map(_identity, left)) == Counter(map(_identity, found)):
            refused = [one for fix, one in offered.items() if fix not in fixes and _applied(source, [fix]) is None]
            return Repair(source, gone, tuple(refused), number, tuple(offered[fix] for fix in fixes))
        source = after
        gone += Counter(finding.code for finding in found) - Counter(finding.code for finding in left)
        found = left
    return Repair(source, gone, (), rounds)


def _identity(finding: Finding) -> tuple[str, str]:
    return finding.code, finding.message


def repair_chosen(
    source: Source,
    check: Callable[[Source], list[Finding]],
    accepts: Callable[[Fix], bool],
    chooses: Callable[[Source, Source, Finding], bool],
) -> Repair:
    """Checks and applies one fix at a time, if `chooses` accepts it. `chooses` gets the text before and after.

    `accepts` selects the fixes to ask about, as in `repair`.
    """
    declined: list[tuple[str, int]] = []  # codes and starts, which move with the text
    refused: list[Finding] = []
    found = check(source)
    gone: Counter[str] = Counter()
    for _ in range(MOST_CHOICES):
        offered = [one for one in found if one.fix and accepts(one.fix) and (one.code, one.start) not in declined]
        finding = min(offered, key=lambda one: one.start, default=None)
        if finding is None or finding.fix is None:
            break
        after, fixes = apply(source, [finding.fix])
        if fixes and chooses(source, after, finding):
            declined = [(code, _moved(start, finding.fix)) for code, start in declined]
            source, before = after, found
            found = check(source)
            gone += Counter(one.code for one in before) - Counter(one.code for one in found)
            continue
        declined += [(one.code, one.start) for one in offered if one.fix == finding.fix]
        refused += () if fixes else [finding]
    return Repair(source, gone, tuple(refused), 1)


def _moved(offset: int, fix: Fix) -> int:
    """Returns the new position of a place after a fix whose edits do not touch it."""
    return offset + sum(len(edit.content) - (edit.end - edit.start) for edit in fix.edits if edit.end <= offset)


def _without_overlaps(source: Source, fixes: Iterable[Fix]) -> list[Fix]:
    chosen: list[Fix] = []
    taken: list[tuple[int, int, bool]] = []  # They are sorted, and those of different fixes do not touch.
    isolated: set[int] = set()
    for fix in sorted(fixes, key=_first_start):
        if not _is_sound(source, fix) or any(_touches_any(edit, taken) for edit in fix.edits):
            continue
        if fix.isolation is not None:
            if fix.isolation in isolated:
                continue
            isolated.add(fix.isolation)
        chosen.append(fix)
        for edit in fix.edits:
            insort(taken, (edit.start, edit.end, bool(edit.content)))
    return chosen


def _first_start(fix: Fix) -> int:
    return min((edit.start for edit in fix.edits), default=0)


def _is_sound(source: Source, fix: Fix) -> bool:
    """Returns whether a fix changes something, stays inside the text, and has no overlapping edits."""
    edits = sorted(fix.edits, key=lambda edit: (edit.start, edit.end))
    ordered = all(before.end <= after.start for before, after in pairwise(edits))
    inside = all(0 <= edit.start <= edit.end <= len(source.text) for edit in edits)
    changes = any(source.text[edit.start : edit.end] != edit.content for edit in edits)
    return ordered and inside and changes


def _touches_any(edit: Edit, taken: list[tuple[int, int, bool]]) -> bool:
    for index in range(bisect_right(taken, (edit.end, sys.maxsize)) - 1, -1, -1):
        start, end, inserts = taken[index]
        if end < edit.start:
            break
        if not inserts and not edit.content and (start, end) == (edit.start, edit.end):
            # Two fixes share a deletion, such as that of a key in a URL that two engines use.
            continue
        # Touching edits count as overlapping, because the order of an insertion and a deletion matters; that of two
        # deletions does not.
        if inserts or edit.content or (start < edit.end and edit.start < end):
            return True
    return False


def _compiles(text: str) -> bool:
    """Returns whether the running Python, which may be older than the file's syntax, accepts the text."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            # Notebooks may use `await` outside functions.
            compile(text, "", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def _applied(source: Source, fixes: list[Fix]) -> Source | None:
    from poolsafe.syntax.tree import Unparsable, parse

    try:
        result = source.edited(list(dict.fromkeys(edit for fix in fixes for edit in fix.edits)))
        parse(result)
        # LibCST accepts a keyword argument that is passed twice.
        if _compiles(source.text) and not _compiles(result.text):
            return None
    except (ValueError, UndecodableSource, Unparsable):
        return None
    return result
