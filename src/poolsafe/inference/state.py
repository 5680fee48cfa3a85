"""The state of an abstract run: names and objects, in layers, so that a branch stores only its own changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from poolsafe.inference.heap import Heap, Slot
from poolsafe.inference.lattice import choose, compatible, either, restrict
from poolsafe.inference.modules import Module
from poolsafe.inference.symbols import ALWAYS, Guard
from poolsafe.inference.values import Absent, Alternatives, MappingValue, Value

MAX_PATHS = 12
FAR_ABOVE = 8  # times the limit: a longer disjunction is not simplified
MAX_PENDING = 40  # joins are nested to this depth, because computing them recurses


@dataclass(slots=True, eq=False)
class Join:
    """The join of a slot's values in several branches. It is computed when it is read; few joins are.

    Each option has the branch's own condition, its value, and the path condition under which the value is read. `depth`
    counts the nested joins.
    """

    options: list[tuple[tuple[Guard, ...], Value | Join, tuple[Guard, ...]]]
    depth: int
    value: Value | None = None

    def made(self, heap: Heap) -> Value:
        """Returns the joined value."""
        if self.value is None:
            options = [(own, _restricted(heap, _made(heap, value), path)) for own, value, path in self.options]
            heap.budget.alternatives += len(options)
            self.value = _merge(options)
            self.options.clear()
        return self.value


def _made(heap: Heap, value: Value | Join) -> Value:
    return value.made(heap) if isinstance(value, Join) else value


def _restricted(heap: Heap, value: Value, path: tuple[Guard, ...]) -> Value:
    if not isinstance(value, Alternatives):
        return value
    heap.budget.alternatives += len(value.alternatives) * len(path)
    return restrict(value, path)


@dataclass(slots=True)
class State:
    """One layer over its parent. `path` is the path condition: a disjunction of guards.

    `own` is what this layer adds to the parent's path condition. A join distinguishes its branches by `own` alone: the
    condition before the branches holds for all of them, and it may be a long disjunction. `reader` is the module whose
    import is run, or None after all imports. Only the layer without a parent uses it.
    """

    heap: Heap
    parent: State | None
    changes: dict[Slot, Value | Join]
    path: tuple[Guard, ...] = (ALWAYS,)
    own: tuple[Guard, ...] = (ALWAYS,)
    reader: Module | None = None

    @classmethod
    def fresh(cls, heap: Heap, reader: Module | None = None) -> State:
        """Returns a state over the names and objects of the finished modules, as `reader` finds them."""
        return cls(heap, None, {}, reader=reader)

    def layer(self) -> State:
        """Returns a layer over this one, with the same path condition."""
        return State(self.heap, self, {}, self.path)

    def get(self, slot: Slot) -> Value:
        """Returns the value of a slot, restricted to the path condition, or Absent."""
        found = self._stored(slot)
        if isinstance(found, Join):
            found = found.made(self.heap)
        return _restricted(self.heap, found, self.path) if isinstance(found, Alternatives) else found

    def _stored(self, slot: Slot) -> Value | Join:
        state = self
        while True:
            found = state.changes.get(slot)
            if found is not None:
                return found
            if state.parent is None:
                return self.heap.stored(slot, state.reader)
            state = state.parent

    def names_in(self, kind: str, number: int) -> list[str]:
        """Returns the names of an object's or frame's slots of a kind, in the order in which they are set.

        On some paths, a slot may be absent.
        """
        layers: list[Iterable[Slot]] = [self.heap.finished, self.heap.changed]
        state: State | None = self
        while state is not None:
            layers.insert(2, state.changes)
            state = state.parent
        slots = (slot for layer in layers for slot in layer)
        return list(dict.fromkeys(slot[2] for slot in slots if len(slot) == 3 and slot[:2] == (kind, number)))

    def change_of(self, slot: Slot) -> Value | None:
        """Returns the value that this layer itself stores for a slot, whatever the path condition, or None."""
        found = self.changes.get(slot)
        return None if found is None else _made(self.heap, found)

    def has_same(self, changes: dict[Slot, Value | Join]) -> bool:
        """Returns whether this layer stores the very same values. Joins are computed until two values differ."""
        return self.changes.keys() == changes.keys() and all(
            found is changes[slot] or _made(self.heap, found) is _made(self.heap, changes[slot])
            for slot, found in self.changes.items()
        )

    def set(self, slot: Slot, value: Value) -> None:
        """Stores a value in this layer."""
        self.changes[slot] = value

    def forget_names(self, frame: int) -> None:
        """Drops the names of a frame from this layer, because nothing refers to them after its function has ended."""
        for slot in [slot for slot in self.changes if slot[1] == frame and slot[0] == "name"]:
            del self.changes[slot]

    def branch(self, guards: list[Guard]) -> State | None:
        """Returns a layer in which one of `guards` holds as well, or None if none is possible."""
        path: list[Guard] = []
        possible: list[Guard] = []
        for guard in guards:
            ways = [at | guard for at in self.path if compatible(at, guard)]
            path += [way for way in ways if way not in path]
            possible += [guard] if ways else []
        if not path:
            return None
        if len(path) > MAX_PATHS:
            # The disjunction is too long: it keeps the new guards, and the common part of the old ones.
            common = frozenset.intersection(*self.path)
            path = [common | guard for guard in possible]
        return State(self.heap, self, {}, bounded(path), bounded(possible))

    def flattened(self, root: State) -> State:
        """Returns the layers between `root` and this one as one layer over `root`."""
        changes: dict[Slot, Value | Join] = {}
        own: tuple[Guard, ...] = (ALWAYS,)
        state: State | None = self
        while state is not None and state is not root:
            for slot, value in state.changes.items():
                changes.setdefault(slot, value)
            own = both(own, state.own)
            state = state.parent
        return State(self.heap, root, changes, self.path, own)

    def narrow(self, guards: list[Guard]) -> bool:
        """Adds to the path condition that one of `guards` holds. Returns False if none is possible here."""
        branch = self.branch(guards)
        if branch is None:
            return False
        self.path, self.own = branch.path, both(self.own, branch.own)
        return True

    def join(self, branches: list[State], *, whole: bool = False) -> None:
        """Joins the branches that continue into this layer: their paths, and alternatives where their values differ.

        `whole`: no branch was left early, so the path condition is the same as before the branches.
        """
        if len(branches) == 1:
            changes, path, own = branches[0].changes, branches[0].path, branches[0].own
        else:
            slots: dict[Slot, None] = {}
            for branch in branches:
                slots.update(dict.fromkeys(branch.changes))
            self.heap.budget.alternatives += len(slots)
            changes = {slot: self._joined(slot, branches) for slot in slots}
            path = () if whole else simplified(guard for branch in branches for guard in branch.path)
            own = () if whole else simplified(guard for branch in branches for guard in branch.own)
        self.changes.update(changes)
        if not whole:
            self.path, self.own = path, both(self.own, own)

    def _joined(self, slot: Slot, branches: list[State]) -> Value | Join:
        options: list[tuple[tuple[Guard, ...], Value | Join, tuple[Guard, ...]]] = []
        parent: State | None = None
        inherited: Value | Join | None = None
        for branch in branches:
            found = branch.changes.get(slot)
            if found is None:
                # As a rule, all branches are layers over the same state.
                if inherited is None or branch.parent is not parent:
                    parent, inherited = branch.parent, branch._stored(slot)
                found = inherited
            options.append((branch.own, found, branch.path))
        first = options[0][1]
        if all(value is first for _, value, _ in options):
            return first
        depth = 1 + max(value.depth if isinstance(value, Join) else 0 for _, value, _ in options)
        join = Join(options, depth)
        if depth > MAX_PENDING:
            join.made(self.heap)
            join.depth = 0
        return join


def _merge(options: list[tuple[tuple[Guard, ...], Value]]) -> Value:
    first = options[0][1]
    if all(value is first for _, value in options):
        return first
    if all(isinstance(value, MappingValue) for _, value in options):
        return _merge_mappings([(path, value) for path, value in options if isinstance(value, MappingValue)])
    known = [(path, value) for path, value in options if not isinstance(value, MappingValue)]
    mappings = [(path, value) for path, value in options if isinstance(value, MappingValue)]
    if mappings and all(isinstance(value, Absent) for _, value in known):
        return _merge_mappings(mappings)  # created in some branches only
    return choose((guard, value) for path, value in options for guard in path)


def _merge_mappings(options: list[tuple[tuple[Guard, ...], MappingValue]]) -> MappingValue:
    keys: dict[object, None] = {}
    for _, mapping in options:
        keys.update(dict.fromkeys(mapping.items))
    items: dict[object, Value] = {}
    for key in keys:
        values = [(path, mapping.get(key)) for path, mapping in options]
        first = values[0][1]
        same = all(value is first for _, value in values)
        items[key] = first if same else choose((guard, value) for path, value in values for guard in path)
    reasons = [mapping.open for _, mapping in options if mapping.open is not None]
    return MappingValue(
        items, reasons[0] if reasons else None, options[0][1].address, provenance=options[0][1].provenance
    )


def both(left: tuple[Guard, ...], right: tuple[Guard, ...]) -> tuple[Guard, ...]:
    """Returns the conjunction of two disjunctions of guards."""
    if left == (ALWAYS,) or right == (ALWAYS,):
        return right if left == (ALWAYS,) else left
    return simplified(one | two for one in left for two in right if compatible(one, two))


def simplified(path: Iterable[Guard], limit: int = MAX_PATHS) -> tuple[Guard, ...]:
    """Returns an equal, shorter disjunction: two guards whose disjunction is a single guard become that guard.

    A disjunction far above the limit rarely shrinks below it, and each pair would have to be compared.
    """
    queue = list(dict.fromkeys(path))
    if len(queue) < 2:
        return tuple(queue)
    if len(queue) > FAR_ABOVE * limit:
        return bounded(queue, limit)
    queue.reverse()
    kept: list[Guard] = []
    while queue:
        guard = queue.pop()
        for at, other in enumerate(kept):
            together = either(other, guard)
            if together is other:
                break
            if together is not None:
                del kept[at]
                queue.append(together)
                break
        else:
            kept.append(guard)
    return bounded(kept, limit)


def bounded(path: list[Guard], limit: int = MAX_PATHS) -> tuple[Guard, ...]:
    """Returns the disjunction, or the common part of its guards if there are more than `limit`."""
    if len(path) <= limit:
        return tuple(path)
    return (frozenset.intersection(*path),)
