"""The heap: what the objects of finished modules hold at each point in the order of the imports."""

from __future__ import annotations

import pytest

from poolsafe.inference.budget import Budget
from poolsafe.inference.heap import CHECKED, Heap, Slot
from poolsafe.inference.modules import ImportedModule
from poolsafe.inference.values import Absent, Const
from poolsafe.source import Source

SLOT: Slot = ("dict", 7)


def module(name: str) -> ImportedModule:
    return ImportedModule(Source.decode(f"/p/{name}.py", b"x = 1\n"))


FIRST, SECOND, CHECKED_MODULE, FUNCTIONS_IMPORT = map(module, ("first", "second", "checked", "late"))


@pytest.fixture
def heap() -> Heap:
    found = Heap(Budget())
    found.positions = {FIRST.location: 1, SECOND.location: 2, CHECKED_MODULE.location: CHECKED}
    found.finished[SLOT] = Const(0)
    return found


def test_a_module_sees_what_those_before_it_have_changed(heap: Heap) -> None:
    heap.change(SLOT, SECOND, Const(2))
    heap.change(SLOT, FIRST, Const(1))
    readers = FIRST, SECOND, CHECKED_MODULE, FUNCTIONS_IMPORT, None
    assert [heap.stored(SLOT, reader) for reader in readers] == [Const(0), Const(1), Const(2), Const(2), Const(2)]


def test_functions_see_what_the_checked_module_has_changed(heap: Heap) -> None:
    heap.change(SLOT, CHECKED_MODULE, Const(3))
    heap.change(SLOT, FUNCTIONS_IMPORT, Const(4))
    assert [heap.stored(SLOT, reader) for reader in (SECOND, CHECKED_MODULE, None)] == [Const(0), Const(4), Const(3)]


def test_a_module_that_runs_again_replaces_what_it_has_changed(heap: Heap) -> None:
    heap.change(SLOT, FIRST, Const(1))
    heap.change(SLOT, FIRST, Const(5))
    assert heap.stored(SLOT, None) == Const(5)
    assert heap.stored(("dict", 8), None) == Absent()


def test_a_module_sees_what_the_body_of_its_class_has_changed(heap: Heap) -> None:
    heap.change(SLOT, FIRST, Const(1))
    heap.change(SLOT, CHECKED_MODULE, Const(3), in_class=True)
    assert [heap.stored(SLOT, reader) for reader in (SECOND, CHECKED_MODULE)] == [Const(1), Const(3)]


def test_the_first_reading_of_an_object_is_announced(heap: Heap) -> None:
    def note(address: int) -> None:
        heap.unread.discard(address)
        heap.change(("dict", address), FIRST, Const(6))

    heap.unread.add(7)
    heap.before_reading = note
    assert heap.stored(("dict", 8), None) == Absent()
    assert heap.unread == {7}
    assert heap.stored(SLOT, None) == Const(6)
    assert not heap.unread
