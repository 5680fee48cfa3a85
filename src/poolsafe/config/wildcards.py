"""Matches wildcards in time proportional to the length of the text, whatever the pattern is.

`re` backtracks: for `*a*a*a*b`, its time is a power of the text's length. This module simulates a nondeterministic
automaton (NFA) for all patterns at once. Its states are called places, and the bits of one integer are the active ones.
A character moves on from the places that accept it and stays in those inside a star. Then the places that can be
reached without a character are added, such as the alternatives of a brace.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# No path on any system is longer, and patterns of this length are still fast.
LONGEST = 10_000  # characters of one pattern
# With more bits than this, one automaton is slower than two.
_FULL = 2_000  # places
_KNOWN_CHARACTERS = 1_000


class CharacterClass:
    """The content of brackets in a pattern, such as `a-z_`: single characters and ranges."""

    __slots__ = ("_characters", "_negated", "_ranges")

    def __init__(self, inside: str, *, negated: bool) -> None:
        """Reads `inside`, the text between the brackets. Raises ValueError for a range that ends before it begins."""
        self._negated = negated
        characters: set[str] = set()
        self._ranges: list[tuple[str, str]] = []
        position = 0
        while position < len(inside):
            first, last = inside[position], inside[position + 2 : position + 3]
            if inside[position + 1 : position + 2] != "-" or not last:
                characters.add(first)
                position += 1
                continue
            if last < first:
                raise ValueError(f"bad character range {first}-{last}")
            self._ranges.append((first, last))
            position += 3
        self._characters = frozenset(characters)

    def __contains__(self, char: str) -> bool:
        found = char in self._characters or any(first <= char <= last for first, last in self._ranges)
        return found is not self._negated


class Machine:
    """Several patterns, each built piece by piece between two calls to `end`.

    A pattern's number is the number of patterns before it.
    """

    __slots__ = (
        "_any",
        "_any_loop",
        "_branching",
        "_classes",
        "_ends",
        "_known",
        "_literals",
        "_matched",
        "_no_slash",
        "_no_slash_loop",
        "_open",
        "_place",
        "_reach",
        "_skips",
        "_starts",
    )

    def __init__(self) -> None:
        self._place = 0
        # Each of these is a set of places, as the bits of an integer.
        self._starts = 1
        self._any = self._no_slash = self._any_loop = self._no_slash_loop = 0
        self._literals: dict[str, int] = {}
        self._classes: list[tuple[CharacterClass, bool, int]] = []
        # The places that each place leads to without a character. All of them have higher numbers.
        self._skips: dict[int, list[int]] = {}
        # The place where each pattern ends, and the set of these places.
        self._ends: list[int] = []
        self._matched = 0
        # The open braces, each with the place before it and the ends of its alternatives so far.
        self._open: list[tuple[int, list[int]]] = []
        self._known: dict[str, tuple[int, int]] = {}
        self._reach: dict[int, int] | None = None
        self._branching = 0

    @property
    def full(self) -> bool:
        """Whether the next pattern needs another automaton."""
        return self._place > _FULL

    @property
    def depth(self) -> int:
        """The number of braces that are open."""
        return len(self._open)

    def literal(self, char: str) -> None:
        """Adds a literal character."""
        self._literals[char] = self._literals.get(char, 0) | 1 << self._place
        self._place += 1

    def any(self, *, slash: bool) -> None:
        """Adds `?`; `slash` says whether it also matches a slash."""
        if slash:
            self._any |= 1 << self._place
        else:
            self._no_slash |= 1 << self._place
        self._place += 1

    def character_class(self, wanted: CharacterClass, *, slash: bool) -> None:
        """Adds a class; `slash` says whether it may match a slash."""
        self._classes.append((wanted, slash, 1 << self._place))
        self._place += 1

    def star(self, *, slash: bool) -> None:
        """Adds `*`; `slash` says whether it also matches slashes."""
        if slash:
            self._any_loop |= 1 << self._place
        else:
            self._no_slash_loop |= 1 << self._place

    def folders(self) -> None:
        """Adds `**/`: nothing, or anything that ends in a slash."""
        self._skips.setdefault(self._place, []).extend((self._place + 1, self._place + 2))
        self._place += 1
        self.star(slash=True)
        self.literal("/")

    def begin_alternatives(self) -> None:
        """Adds `{`."""
        self._open.append((self._place, []))
        self._next_alternative()

    def next_alternative(self) -> None:
        """Adds the `,` between two alternatives."""
        self._open[-1][1].append(self._place)
        self._next_alternative()

    def end_alternatives(self) -> None:
        """Adds `}`."""
        _, ends = self._open.pop()
        ends.append(self._place)
        self._place += 1
        for end in ends:
            self._skips.setdefault(end, []).append(self._place)

    def _next_alternative(self) -> None:
        self._place += 1
        self._skips.setdefault(self._open[-1][0], []).append(self._place)

    def end(self) -> None:
        """Ends a pattern and begins the next one."""
        self._ends.append(self._place)
        self._matched |= 1 << self._place
        self._place += 1
        self._starts |= 1 << self._place

    def drop(self) -> None:
        """Discards the unfinished pattern."""
        self._open.clear()
        self._place += 1
        self._starts |= 1 << self._place

    def matching(self, text: str) -> Sequence[int]:
        """Returns the numbers of the patterns that match the whole text."""
        places = self._after(text) & self._matched
        if not places:
            return ()
        return [number for number, end in enumerate(self._ends) if places >> end & 1]

    def matches(self, text: str) -> bool:
        """Returns whether any pattern matches the whole text."""
        return self._after(text) & self._matched != 0

    def _after(self, text: str) -> int:
        """Returns the active places after a whole text."""
        reach = self._reach
        if reach is None:
            reach = self._reach = self._closed_skips()
            self._branching = sum(1 << place for place in reach)
        branching, known = self._branching, self._known
        places = _skipped(self._starts, branching, reach)
        for char in text:
            accepting, looping = known.get(char) or self._learn(char)
            places = (places & accepting) << 1 | places & looping
            if not places:
                return 0
            if places & branching:
                places = _skipped(places, branching, reach)
        return places

    def _closed_skips(self) -> dict[int, int]:
        """Returns, for each place with a skip, all places that skips lead to from there, including itself."""
        reach: dict[int, int] = {}
        for place in sorted(self._skips, reverse=True):
            reached = 1 << place
            for target in self._skips[place]:
                reached |= reach.get(target, 1 << target)
            reach[place] = reached
        return reach

    def _learn(self, char: str) -> tuple[int, int]:
        """Returns the places that accept a character, and those that stay active after it."""
        accepting = self._any | self._literals.get(char, 0)
        looping = self._any_loop
        if char != "/":
            accepting |= self._no_slash
            looping |= self._no_slash_loop
        for wanted, slash, place in self._classes:
            if (slash or char != "/") and char in wanted:
                accepting |= place
        if len(self._known) < _KNOWN_CHARACTERS:
            self._known[char] = accepting, looping
        return accepting, looping


def _skipped(places: int, branching: int, reach: dict[int, int]) -> int:
    """Adds the places that can be reached without a character."""
    pending = places & branching
    while pending:
        reached = reach[(pending & -pending).bit_length() - 1]
        places |= reached
        pending &= ~reached
    return places
