"""Comments that suppress nothing or contain unknown codes: the fact of PGB001 and PGB002.

They are compared with all findings, selected or not. A run with fewer rules therefore does not report a comment that a
run with more rules needs.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator

from poolsafe.records import frozen
from poolsafe.suppression.listing import Listing
from poolsafe.suppression.noqa import Suppressions, suppressions

PREFIX = "PGB"
UNUSED = "PGB001"
UNKNOWN = "PGB002"
# The codes about comments. A comment that lists one is exempt from that rule.
ABOUT_COMMENTS = frozenset({UNUSED, UNKNOWN})
# This code cannot be suppressed, because its file cannot be read.
NEVER = "PGB009"

Place = tuple[str, int]


@frozen
class Suppression:
    """One incorrect comment. `spelled` is its beginning, such as `# noqa`.

    `idle` are poolsafe's codes that suppress nothing here, and `unknown` are codes that do not exist. `blanket`: it
    lists no code and suppresses nothing. `own` marks comments that no other tool reads. `listings` are the comment
    itself and the one that ends its range.
    """

    spelled: str
    idle: tuple[str, ...]
    unknown: tuple[str, ...]
    blanket: bool
    own: bool
    listings: tuple[Listing, ...]

    @property
    def start(self) -> int:
        """The offset of the comment's `#`."""
        return self.listings[0].start

    @property
    def end(self) -> int:
        """The offset after the comment's last code or bracket."""
        return self.listings[0].end


def collect_suppressions(
    text: str,
    places: Iterable[Place],
    known: Container[str],
    *,
    noqa: bool,
    external: tuple[str, ...] = (),
    unjudged: Iterable[str] = (),
) -> Iterator[Suppression]:
    """Yields the incorrect comments of a text, given the places of findings: the code and the 1-based row of each.

    `places` includes findings under other settings, and calls that could not be checked. `known` holds the existing
    codes, and `unjudged` those that are never idle. Codes that begin with one of `external` belong to other tools.
    Without `noqa`, only the comments that no other tool reads are checked.
    """
    silences = suppressions(text)
    places = [place for place in places if place[0] != NEVER]
    every = {code for code, _ in places}.union(unjudged)
    for directive in silences.file:
        own = directive.tool == "poolsafe"
        spelled = f"# {directive.tool}: noqa"
        if own or noqa:
            # A blanket comment of another tool may suppress that tool's own codes.
            blanket = own and not every
            yield from _judge(spelled, directive.listing, every, known, external, own=own, blanket=blanket)
    for row, directive in silences.lines.items() if noqa else ():
        here = _silenced(silences, places, row, row).union(unjudged)
        yield from _judge("# noqa", directive.listing, here, known, external)
    for each in silences.own:
        here = _silenced(silences, places, each.first, each.last).union(unjudged)
        listing, *more = each.listings
        yield from _judge(f"# poolsafe: {each.kind}", listing, here, known, external, own=True, more=tuple(more))


def _silenced(silences: Suppressions, places: Collection[Place], first: int, last: int) -> set[str]:
    rows = range(first, last + 1)
    return {code for code, row in places if row in rows or silences.noqa_row(row) in rows}


def _judge(
    spelled: str,
    listing: Listing,
    used: Container[str],
    known: Container[str],
    external: tuple[str, ...],
    *,
    own: bool = False,
    blanket: bool = False,
    more: tuple[Listing, ...] = (),
) -> Iterator[Suppression]:
    blanket = blanket and not listing.codes
    listed = [each.code for each in listing.codes if each.code.startswith(PREFIX)]
    ours = dict.fromkeys(code for code in listed if not code.startswith(external))
    unknown = () if UNKNOWN in ours else tuple(code for code in ours if code not in known)
    judged = [] if UNUSED in ours else [code for code in ours if code in known and code not in ABOUT_COMMENTS]
    idle = tuple(code for code in judged if code not in used)
    if idle or unknown or blanket:
        yield Suppression(spelled, idle, unknown, blanket, own, (listing, *more))
