"""The heap: addresses of objects, and the names and objects of finished modules."""

from __future__ import annotations

from dataclasses import dataclass, field

from poolsafe import ir
from poolsafe.inference.budget import Budget
from poolsafe.inference.values import Value

# A name of a frame, an attribute of an instance, the object that its class creates for a field, the content of a dict
# or list, or an environment variable: ("name", frame, name), ("attr", address, name), ("made", address, name), ("dict",
# address), ("list", address), ("environment", 0, name).
Slot = tuple[str, int] | tuple[str, int, str]


@dataclass(slots=True)
class Heap:
    """The addresses in use, and the names and objects of finished modules (`finished`).

    `made_elsewhere` holds the addresses of instances of which only the type is known. Joins of states use up `budget`.
    """

    budget: Budget
    finished: dict[Slot, Value] = field(default_factory=dict)
    made_elsewhere: set[int] = field(default_factory=set)
    _last: int = 100
    _addresses: dict[tuple[int, ir.Statement | None, int], int] = field(default_factory=dict)
    _ordinals: dict[tuple[int, ir.Statement | None], int] = field(default_factory=dict)  # in the current run

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
