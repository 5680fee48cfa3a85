"""The heap: addresses of objects, and the names and objects of finished modules."""

from __future__ import annotations

import bisect
from collections.abc import Callable
from dataclasses import dataclass, field

from poolsafe import ir
from poolsafe.inference.budget import Budget
from poolsafe.inference.modules import Module
from poolsafe.inference.values import Absent, Value

# A name of a frame, an attribute of an instance, the object that its class creates for a field, the content of a dict
# or list, or an environment variable: ("name", frame, name), ("attr", address, name), ("made", address, name), ("dict",
# address), ("list", address), ("environment", 0, name).
Slot = tuple[str, int] | tuple[str, int, str]

_ABSENT = Absent()

# Positions in the order of the imports: those of the modules that the checked file imports begin with 1.
FIRST = -(1 << 20)  # of modules that the checked one does not import
CHECKED = 1 << 20  # of the checked module; modules that are imported after it have greater positions
UNORDERED = CHECKED - 1  # of a module that functions import
END = 1 << 30  # after all imports


@dataclass(slots=True)
class Heap:
    """The addresses in use, and the names and objects of finished modules (`finished`).

    `homes` maps the number of an object or frame to the module that made it. `changed` maps a slot of one module to the
    values that other modules give it when they are imported, each with the position of that module in the order of the
    imports. `positions` maps the paths of modules to these. `unread` holds the addresses of objects that nothing has
    read so far; `before_reading` is called when one of them is read. `made_elsewhere` holds the addresses of instances
    whose type alone is known. Joins of states use up `budget`.
    """

    budget: Budget
    finished: dict[Slot, Value] = field(default_factory=dict)
    homes: dict[int, Module] = field(default_factory=dict)
    changed: dict[Slot, list[tuple[float, Value]]] = field(default_factory=dict)
    positions: dict[str, int] = field(default_factory=dict)
    unread: set[int] = field(default_factory=set)
    before_reading: Callable[[int], None] | None = None
    made_elsewhere: set[int] = field(default_factory=set)
    _last: int = 100
    _addresses: dict[tuple[int, ir.Statement | None, int], int] = field(default_factory=dict)
    _ordinals: dict[tuple[int, ir.Statement | None], int] = field(default_factory=dict)  # in the current run

    def stored(self, slot: Slot, reader: Module | None) -> Value:
        """Returns what a slot of a finished module holds when `reader` is imported, or Absent.

        Without a reader, that is what it holds after all imports.
        """
        if slot[1] in self.unread and self.before_reading is not None:
            self.before_reading(slot[1])
        versions = self.changed.get(slot) if self.changed else None
        if versions is not None:
            position: float = END if reader is None else self.positions.get(reader.location, UNORDERED)
            count = bisect.bisect_left(versions, position, key=_position)
            if count:
                return versions[count - 1][1]
        return self.finished.get(slot, _ABSENT)

    def change(self, slot: Slot, changer: Module, value: Value, *, in_class: bool = False) -> None:
        """Notes the value that the import of a module gives to a slot of another module.

        `in_class`: a class body makes the change. It is run apart from its module, which sees the change as well.
        """
        position = self.positions.get(changer.location, UNORDERED) - 0.5 * in_class
        versions = self.changed.setdefault(slot, [])
        versions[:] = [one for one in versions if one[0] != position]
        bisect.insort(versions, (position, value), key=_position)

    def number(self) -> int:
        """Returns a new number for a frame or object."""
        self._last += 1
        return self._last

    def address(self, context: int, statement: ir.Statement | None) -> int:
        """Returns the address of an object or frame that a statement creates in a context.

        Running the same statements again gives the same addresses, so an object of a module has one address in all
        answers of that module.
        """
        key = (context, statement)
        ordinal = self._ordinals[key] = self._ordinals.get(key, 0) + 1
        place = (context, statement, ordinal)
        found = self._addresses.get(place)
        if found is None:
            found = self._addresses[place] = self.number()
        return found

    def count_anew(self) -> dict[tuple[int, ir.Statement | None], int]:
        """Resets the counts of the objects that statements create. Returns the old counts, for `count_on`."""
        ordinals, self._ordinals = self._ordinals, {}
        return ordinals

    def count_on(self, ordinals: dict[tuple[int, ir.Statement | None], int]) -> None:
        """Restores the counts that `count_anew` returned."""
        self._ordinals = ordinals


def _position(version: tuple[float, Value]) -> float:
    return version[0]
