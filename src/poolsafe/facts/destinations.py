"""Finds places where a fix can add keys only for asyncpg's engines, if the engine's own call is not suitable.

A program that serves several databases builds the arguments of each engine in a branch. Such a branch has a place that
already sets another key for asyncpg: a dict display, `dict(...)`, `update(...)`, `setdefault(...)` or an item
assignment. A key added there reaches the same engines on the same paths.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import libcst as cst

from poolsafe.facts.branches import is_in_asyncpgs_branch, missing_branch
from poolsafe.facts.driver_conditions import driver_condition
from poolsafe.facts.engine import CacheSize, Driver, SizeState, WrittenItem
from poolsafe.facts.engine_places import Destinations
from poolsafe.facts.pooling import NAME_FUNCTION
from poolsafe.facts.reach import Passage, Surroundings
from poolsafe.facts.sizes import PREPARED, STATEMENT
from poolsafe.facts.spread import spread_of
from poolsafe.facts.views import query_value
from poolsafe.facts.written import written_dict, written_item
from poolsafe.facts.written_keys import mapping_of, place_beside, place_inside, setter_of
from poolsafe.inference import Absent, Guard, MappingValue, Module, ObservedCall, Step, Value, alternatives, restrict
from poolsafe.records import frozen
from poolsafe.syntax.layout import Place

_SIZES = (STATEMENT, PREPARED)
_NOWHERE = Destinations()
# Arguments that identify the engine, or that are not written together with the options.
_NOT_OPTIONS = frozenset({"url", "connect_args"})


def destinations(
    surroundings: Surroundings, calls: list[ObservedCall], sizes: tuple[CacheSize, CacheSize]
) -> Destinations:
    """Returns the places where keys can be added to connect_args for the engine of these calls."""
    states = {size.state for size in sizes}
    if not states <= {SizeState.ABSENT, SizeState.ZERO}:
        return _NOWHERE
    passages = [one for seen in calls for one in surroundings.passages(seen)]
    finder = _Finder(surroundings, calls[0].node, any(one.driver is not Driver.ASYNCPG for one in passages))
    if SizeState.ZERO in states:
        beside = finder.beside(passages, sizes)
        condition = None if beside else driver_condition(surroundings, calls[0].node, passages)
        return Destinations(beside=beside, certain=finder.repaired and finder.is_private, condition=condition)
    ours = [one for one in passages if one.driver is not Driver.OTHER]
    inside, around = finder.inside_and_around(ours)
    certain = bool(inside or around) and finder.is_private and finder.is_known(ours)
    found = None if certain else missing_branch(surroundings, calls[0].node, passages)
    if found is not None and found.certain:
        return Destinations(certain=True, branch=found.branch)
    branch = None if found is None else found.branch
    owned = bool(ours) and all(one.holds_own_key for one in ours)
    condition = None if certain or branch else driver_condition(surroundings, calls[0].node, passages)
    return Destinations(
        inside=inside, around=around, certain=certain, holds_own_keys=owned, branch=branch, condition=condition
    )


_Test = Callable[[cst.CSTNode, Step], bool]


@frozen
class _Group:
    """The items of a dict on one path: those of connect_args, or the keywords of the call."""

    passage: Passage
    items: Mapping[str, Value]


@dataclass(slots=True)
class _Finder:
    surroundings: Surroundings
    call: cst.Call
    shared: bool
    _sure: bool = field(default=True, init=False)
    repaired: bool = field(default=True, init=False)  # on every path on which the driver is asyncpg
    _dicts: list[cst.BaseExpression] = field(default_factory=list, init=False)

    @property
    def module(self) -> Module:
        return self.surroundings.module

    def beside(self, passages: list[Passage], sizes: tuple[CacheSize, CacheSize]) -> tuple[Place, ...]:
        """Returns the places that set one and the same size on all paths, if they are all in this file.

        Returns () if these paths may already set a key that a fix would add.
        """
        absent = [size.key for size in sizes if size.state is SizeState.ABSENT]
        if any(map(self.surroundings.reads_item, absent)) or any(
            not _lacks(one.connect_args, key) for one in passages for key in (*absent, NAME_FUNCTION)
        ):
            return ()
        for size in sizes:
            if size.state is SizeState.ZERO:
                places = [place for one in passages for place in self._places_of(one, size.key)]
                found = tuple(dict.fromkeys(place for place in places if place is not None))
                if found and None not in places:
                    self.repaired = not any(self._is_left_out(one, size.key) for one in passages)
                    return found
        return ()

    def _is_left_out(self, passage: Passage, key: str) -> bool:
        """Returns whether asyncpg's engine lacks a key on a path that detection ignores."""
        content = passage.connect_args
        value = content.get(key) if isinstance(content, MappingValue) else content
        return any(
            isinstance(single, Absent) and self.surroundings.is_left_out(passage.view, passage.guard | inner)
            for inner, single in alternatives(restrict(value, (passage.guard,)))
        )

    def _places_of(self, passage: Passage, key: str) -> Iterator[Place | None]:
        content = passage.connect_args
        # Nothing can be written next to a key in the URL, and a place for the other paths does not help there.
        in_url = passage.driver is not Driver.OTHER and not isinstance(query_value(passage.view.url, key), Absent)
        if not isinstance(content, MappingValue):
            if in_url:
                yield None
            return
        written = written_item(self.module, self.call, content, key)
        if written is not None and isinstance(written.place, WrittenItem):
            yield self._display(content)
            return
        for _, single in alternatives(restrict(content.get(key), (passage.guard,))):
            if not isinstance(single, Absent):
                yield self._setter(single, key, lambda setter, step: True, beside=True)
            elif in_url:
                yield None

    def inside_and_around(self, ours: list[Passage]) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
        """Returns the places that write connect_args, and those that write options without any connect_args."""
        if any(map(self.surroundings.reads_item, _SIZES)):
            return (), ()
        owned = {id(step.node) for one in ours if one.holds_own_key for step in one.connect_args.provenance[:1]}
        if owned:
            # If one dict can only reach asyncpg, the other one is for another driver.
            others = [one for one in ours if self._is_of_another(one, owned)]
            ours = [one for one in ours if not any(one is other for other in others)]
            # An engine whose URL is the same on all paths is asyncpg's even with the dict of another driver.
            self.repaired = not any(one.driver is Driver.ASYNCPG and not one.view.guard for one in others)
        existing: list[Passage] = []
        missing: list[_Group] = []
        for passage in ours:
            if isinstance(passage.connect_args, Absent):
                missing.append(_Group(passage, passage.view.seen.arguments.keywords))
            elif all(_lacks(passage.connect_args, key) for key in _SIZES):
                existing.append(passage)
            else:
                return (), ()
        inside = self._inside(existing)
        around: tuple[Place, ...] = ()
        if missing and not self.surroundings.reads_item("connect_args"):
            spread = spread_of(self.module, self.call)
            around = self._setters(
                missing,
                lambda setter, step: (
                    spread.is_fed_by(setter)
                    and self._is_own(step)
                    # In another place, the new connect_args might replace those of other paths.
                    and (spread.is_first(setter) or not any(_passes(one, step) for one in existing))
                ),
            )
        return ((), ()) if (existing and not inside) or (missing and not around) else (inside, around)

    def _inside(self, existing: list[Passage]) -> tuple[Place, ...]:
        """Returns the displays that create connect_args, or else the places that set a key only for asyncpg."""
        displays, sure, dicts = self._displays(existing), self._sure, [*self._dicts]
        if displays and sure:
            return displays
        self._sure = True
        groups = [_Group(one, one.connect_args.items) for one in existing if isinstance(one.connect_args, MappingValue)]
        setters = self._setters(groups, lambda setter, step: True)
        if displays and not (setters and self._sure):
            self._sure, self._dicts = sure, dicts
            return displays
        return setters

    def _is_of_another(self, passage: Passage, owned: set[int]) -> bool:
        content = passage.connect_args
        if isinstance(content, MappingValue) and not content.items:
            return False  # an empty dict tells nothing about its driver
        steps = passage.connect_args.provenance[:1]
        return any(self.surroundings.gives_to_another_driver(step) and id(step.node) not in owned for step in steps)

    def _displays(self, passages: list[Passage]) -> tuple[Place, ...]:
        """Returns the displays that create connect_args.

        Returns () if one of them is in another file or also for another driver.
        """
        places: list[Place] = []
        for passage in passages:
            content = passage.connect_args
            place = self._display(content) if isinstance(content, MappingValue) else None
            if place is None:
                return ()
            places.append(place)
        self._sure = self._sure and all(self._is_asyncpg(one, one.guard) for one in passages)
        return tuple(dict.fromkeys(places))

    def _display(self, content: MappingValue) -> Place | None:
        """Returns the display that creates a dict, or None if it is in another file or also for another driver."""
        node = written_dict(self.module, content)
        if node is None or self.surroundings.gives_to_another_driver(content.provenance[0]):
            return None
        self._dicts.append(node)
        return place_inside(self.module, node)

    def _setters(self, groups: list[_Group], is_here: _Test) -> tuple[Place, ...]:
        """Returns the places that set one and the same key on all paths, but not for an engine of another driver.

        A key that the file removes does not count: another driver's engine may get the rest of the same dict.
        """
        keys = [key for key in groups[0].items if isinstance(key, str) and key not in _NOT_OPTIONS] if groups else []
        for key in keys:
            if self.surroundings.reads_item(key):
                continue
            places: list[Place | None] = []
            sure = True
            for group in groups:
                for guard, single in self._ours(group.passage, group.items.get(key, Absent())):
                    places.append(self._setter(single, key, is_here))
                    sure = sure and self._is_asyncpg(group.passage, guard)
            found = tuple(dict.fromkeys(place for place in places if place is not None))
            if found and None not in places:
                self._sure = self._sure and sure
                return found
        return ()

    def _ours(self, passage: Passage, value: Value) -> Iterator[tuple[Guard, Value]]:
        """Yields the alternatives of a value on a path, except those whose condition implies another driver.

        The test of a URL that is changed later may seem to exclude asyncpg's own path.
        """
        for inner, single in alternatives(restrict(value, (passage.guard,))):
            guard = passage.guard | inner
            if self.surroundings.driver_on(passage.view, guard) is Driver.OTHER:
                continue
            if not self.surroundings.contradicts(passage, guard):
                yield guard, single

    def _is_asyncpg(self, passage: Passage, guard: Guard) -> bool:
        return self.surroundings.driver_on(passage.view, guard) is Driver.ASYNCPG or passage.holds_own_key

    def _setter(self, value: Value, key: str, is_here: _Test, *, beside: bool = False) -> Place | None:
        """Returns the place beside the statement or argument that sets a key, or None if another driver gets it.

        With `beside`, the key is a cache size. In a branch for asyncpg, a path of another driver is then a mistake of
        the analysis, or that driver refuses the size.
        """
        step = value.provenance[0] if value.provenance else None
        if step is None:
            return None
        if self.surroundings.gives_to_another_driver(step) and not (
            beside and is_in_asyncpgs_branch(self.module, step.node)
        ):
            return None
        setter = setter_of(self.module, step.node, key)
        mapping = None if setter is None else mapping_of(self.module, setter)
        if setter is None or mapping is None or not is_here(setter, step):
            return None
        if self.surroundings.gives_part_to_another_driver(mapping):
            return None
        self._dicts.append(mapping)
        return place_beside(self.module, value, key, self.call)

    def _is_own(self, step: Step) -> bool:
        """Returns whether no other engine gets these options together with its own connect_args."""
        return not self.surroundings.gives_to_another_call(step, self.call)

    @property
    def is_private(self) -> bool:
        """Whether only engines read the dicts of these places, and no test depends on their items."""
        readers = self.surroundings.readers
        alone = all(readers.only_engines_read(one, empty_for_another=self.shared) for one in self._dicts)
        tests = (test for one in self._dicts for test in self.surroundings.observed.inference.tests_of(one))
        return alone and not self.surroundings.spreads_into_asyncpg and all(map(readers.is_chosen_by_itself, tests))

    def is_known(self, ours: list[Passage]) -> bool:
        """Returns whether the driver on these paths is certainly asyncpg, even for other modules that use the dicts."""
        steps = [step for one in ours for step in one.connect_args.provenance[:1]]
        return (
            self._sure
            and self.repaired
            and not any(self.surroundings.is_used_beside_another(step, self.call) for step in steps)
        )


def _lacks(content: Value, key: str) -> bool:
    """Returns whether connect_args are a dict that certainly never holds a key on any path, or are absent.

    A key that is removed later, perhaps by another module, would be removed again.
    """
    if isinstance(content, MappingValue):
        return content.open is None and key not in content.items
    return isinstance(content, Absent)


def _passes(passage: Passage, step: Step) -> bool:
    """Returns whether a keyword of the call has the value written at a step on this path too."""
    given = (restrict(value, (passage.guard,)) for value in passage.view.seen.arguments.keywords.values())
    return any(
        one.node is step.node for value in given for _, single in alternatives(value) for one in single.provenance
    )
