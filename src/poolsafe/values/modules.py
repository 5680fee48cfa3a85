"""A module of the project: its tree, an index of it, and its names once it has been run."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING, Any

import libcst as cst

from poolsafe.source import Source
from poolsafe.syntax.tree import Tree
from poolsafe.values.frame import Frame
from poolsafe.values.index import Index
from poolsafe.values.lattice import METER
from poolsafe.values.state import State

if TYPE_CHECKING:
    from poolsafe.values.world import World

_numbers = itertools.count(1)


class Module:
    """One file: its tree and an index of its syntax. The frames of modules that have been run are the world's."""

    def __init__(self, source: Source, tree: Tree) -> None:
        self.number = next(_numbers)
        self.source = source
        self.tree = tree
        self.path = source.path
        self.folder = os.path.dirname(os.path.abspath(source.path))
        self.index = Index(tree.module)
        self.memo: dict[str, Any] = {}  # what is known of the module by itself, as long as it is kept
        self._definitions: dict[str, cst.CSTNode] | None = None

    def run(self, world: World, observer: Module | None = None) -> None:
        """Run the module's own statements. What they bind is kept in the world when they are done.

        Whoever happens to import it first does not pay, nor do their doubts count: what it finds is for all of them.
        """
        world.charge()
        spent, world.spent = world.spent, 0
        doubting, world.doubt_constants = world.doubt_constants, False
        try:
            world.frames[self] = self.run_again(world, observer)
        finally:
            world.spent, world.doubt_constants = spent, doubting

    def run_again(self, world: World, observer: Module | None = None) -> Frame:
        """Run the module's statements in a frame of its own, with a budget of its own, for `observer` (or itself)."""
        state = State.fresh(world.base)
        frame = Frame(self, world.number(), (), state, state, kind="module")
        world.frames.setdefault(self, frame)  # a module that imports this one meanwhile sees what there is
        world.running[frame.number] = frame
        active = list(world.active)
        before, world.observer = world.observer, observer or self
        world.charge()
        purse = world.fuel, world.given, METER.units, world.charged
        world.refuel()
        try:
            world.execute(world, frame, self.tree.module.body)
        finally:
            world.charge()
            world.active, world.observer = active, before
            world.fuel, world.given, METER.units, world.charged = purse
            del world.running[frame.number]
        world.base.update(frame.state.changes)
        frame.state = State.fresh(world.base)
        frame.exits.clear()
        return frame

    def definition(self, name: str) -> cst.CSTNode | None:
        """The last statement at the module's top level that assigns `name`, to show where a value came from."""
        if self._definitions is None:
            self._definitions = {}
            for line in self.tree.module.body:
                if not isinstance(line, cst.SimpleStatementLine):
                    continue
                for small in line.body:
                    if isinstance(small, cst.Assign):
                        for target in small.targets:
                            if isinstance(target.target, cst.Name):
                                self._definitions[target.target.value] = small
                    elif (
                        isinstance(small, cst.AnnAssign)
                        and isinstance(small.target, cst.Name)
                        and small.value is not None
                    ):
                        self._definitions[small.target.value] = small
        return self._definitions.get(name)
