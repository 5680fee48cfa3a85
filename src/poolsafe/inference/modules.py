"""A module of the project: its tree, an index of it, and its names once it has been run."""

from __future__ import annotations

import functools
import itertools
import sys
from typing import TYPE_CHECKING, Any

import libcst as cst

from poolsafe.inference.frame import Frame
from poolsafe.inference.index import Index
from poolsafe.inference.lattice import METER
from poolsafe.inference.libraries import library
from poolsafe.inference.lowering import dotted_name, lower_module
from poolsafe.inference.state import State
from poolsafe.source import Source
from poolsafe.syntax.tree import Tree

if TYPE_CHECKING:
    from poolsafe.inference.world import World

_numbers = itertools.count(1)


class Module:
    """One file: its tree and an index of its syntax. The frames of modules that have been run are the world's."""

    def __init__(self, source: Source, tree: Tree) -> None:
        self.number = next(_numbers)
        self.source = source
        self.tree = tree
        self.path = source.path
        self.index = Index(tree.module)
        self.body = lower_module(tree.module)
        self.memo: dict[str, Any] = {}  # what is known of the module by itself, as long as it is kept
        self._definitions: dict[str, cst.CSTNode] | None = None

    @functools.cached_property
    def library_names(self) -> frozenset[str]:
        """The names that the module's imports bind to libraries, or to parts of them."""
        names: set[str] = set()
        for node in self.index.imports:
            origin = dotted_name(node.module) if isinstance(node, cst.ImportFrom) else ""
            if isinstance(node, cst.ImportFrom) and node.relative:
                continue
            for alias in () if isinstance(node.names, cst.ImportStar) else node.names:
                name = dotted_name(alias.name)
                if _is_of_library(origin or name):
                    bound = alias.asname.name if alias.asname is not None else None
                    names.add(bound.value if isinstance(bound, cst.Name) else name.split(".")[0])
        return frozenset(names)

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
            world.execute(world, frame, self.body.statements)
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


def _is_of_library(module: str) -> bool:
    return library.is_library(module) or module.partition(".")[0] in sys.stdlib_module_names
