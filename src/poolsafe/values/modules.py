"""Modules of the project: found by name, parsed on demand, run at most once."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import libcst as cst

from poolsafe.source import Source, UndecodableSource
from poolsafe.syntax.tree import Tree, Unparsable, parse
from poolsafe.values import library
from poolsafe.values.frame import Frame
from poolsafe.values.index import Index
from poolsafe.values.state import State

if TYPE_CHECKING:
    from poolsafe.values.world import World

_MARKERS = ("pyproject.toml", "setup.py", "setup.cfg", ".git", "requirements.txt", "Pipfile", "uv.lock", "poetry.lock")


_numbers = itertools.count(1)


class Module:
    """One file: its tree, an index of its syntax, and its frame once it has been run."""

    def __init__(self, source: Source, tree: Tree) -> None:
        self.number = next(_numbers)
        self.source = source
        self.tree = tree
        self.path = source.path
        self.index = Index(tree.module)
        self.frame: Frame | None = None
        self._definitions: dict[str, cst.CSTNode] | None = None

    def run(self, world: World) -> None:
        """Run the module's own statements. What they bind is kept in the world when they are done."""
        state = State.fresh(world.base)
        number = world.number()
        self.frame = frame = Frame(self, number, (), state, state, kind="module")
        world.running[number] = frame
        active, world.active = world.active, []
        fuel, world.fuel = world.fuel, max(world.fuel, world.fuel_per_run // 2)
        try:
            world.execute(world, frame, self.tree.module.body)
        finally:
            world.active = active
            world.fuel = min(fuel, world.fuel) if fuel < world.fuel else fuel
            del world.running[number]
        world.base.update(frame.state.changes)
        frame.state = State.fresh(world.base)
        frame.exits.clear()

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


class Project:
    """Finds modules by name. `follow` is False where only the file itself is looked at.

    `read` turns a path into a Source, so that the front ends decide how files are read and cached.
    """

    def __init__(
        self, root: str | None = None, *, read: Callable[[str], Source | None] | None = None, follow: bool = True
    ) -> None:
        self.root = os.path.abspath(root) if root is not None else None
        self.follow = follow
        self._read = read or _read
        self._modules: dict[str, Module | None] = {}
        self._found: dict[tuple[str, str], str | None] = {}
        self._listings: dict[str, frozenset[str]] = {}

    def add(self, module: Module) -> None:
        """Make a module known that is parsed already."""
        self._modules[os.path.abspath(module.path)] = module

    def find(self, importer: Module, level: int, name: str) -> Module | None:
        """The project's module that `importer` means by this name, parsed; None where it is not the project's."""
        if not self.follow:
            return None
        directory = os.path.dirname(os.path.abspath(importer.path))
        if level:
            base = directory
            for _ in range(level - 1):
                base = os.path.dirname(base)
            path = self._file(base, name)
        else:
            path = self._absolute(directory, name)
        return self._load(path) if path is not None else None

    def _absolute(self, directory: str, name: str) -> str | None:
        if library.is_library(name):
            return None
        key = (directory, name)
        if key not in self._found:
            self._found[key] = next(filter(None, (self._file(root, name) for root in self._roots(directory))), None)
        return self._found[key]

    def _roots(self, directory: str) -> list[str]:
        """The folders that modules may be imported from, nearest first, up to the project's own root."""
        roots: list[str] = []
        while True:
            roots.append(directory)
            source = os.path.join(directory, "src")
            if "src" in self._listing(directory):
                roots.append(source)
            if directory == self.root:
                return roots
            parent = os.path.dirname(directory)
            if parent == directory or (self.root is None and ".git" in self._listing(directory)):
                return roots
            if self.root is not None and not directory.startswith(self.root + os.sep):
                return roots
            if self.root is None and not self._belongs(directory, parent):
                return roots
            directory = parent

    def _belongs(self, directory: str, parent: str) -> bool:
        """Whether the parent folder is still part of the project, where no root was named."""
        listing = self._listing(directory)
        return (
            "__init__.py" in listing
            or any(marker in self._listing(parent) for marker in _MARKERS)
            or not any(marker in listing for marker in _MARKERS)
        )

    def _file(self, base: str, name: str) -> str | None:
        """The file of a dotted name below a folder. Every step is looked up in a listing: one call per folder, ever."""
        parts = name.split(".") if name else []
        for part in parts[:-1]:
            if part not in self._listing(base):
                return None
            base = os.path.join(base, part)
        if not parts:
            return os.path.join(base, "__init__.py") if "__init__.py" in self._listing(base) else None
        last = parts[-1]
        listing = self._listing(base)
        if last in listing and "__init__.py" in self._listing(os.path.join(base, last)):
            return os.path.join(base, last, "__init__.py")
        if f"{last}.py" in listing:
            return os.path.join(base, f"{last}.py")
        return None

    def _listing(self, directory: str) -> frozenset[str]:
        found = self._listings.get(directory)
        if found is None:
            try:
                found = frozenset(os.listdir(directory))
            except OSError:
                found = frozenset()
            self._listings[directory] = found
        return found

    def _load(self, path: str) -> Module | None:
        if path not in self._modules:
            self._modules[path] = None
            source = self._read(path)
            if source is not None:
                try:
                    self._modules[path] = Module(source, parse(source))
                except Unparsable:
                    return None
        return self._modules[path]


def _read(path: str) -> Source | None:
    try:
        with open(path, "rb") as file:
            return Source.decode(path, file.read())
    except (OSError, UndecodableSource):
        return None
