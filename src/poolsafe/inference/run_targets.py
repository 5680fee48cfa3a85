"""Targets: the calls that runs have to reach, as slices see them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Targets:
    """The calls that a run has to reach.

    `on_path` holds the ids of the LibCST nodes that are target calls or enclose one. `names` holds the names of the
    target functions, and of the functions and classes that lead to a target. `make_clauses`: the targets create text
    clauses, whose execution is observed as well.
    """

    on_path: set[int] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    make_clauses: bool = False
    version: int = 0  # incremented when one of the sets grows

    def add_names(self, names: Iterable[str]) -> None:
        """Adds names of functions and classes."""
        new = set(names) - self.names
        if new:
            self.names |= new
            self.version += 1

    def add_path(self, nodes: Iterable[int]) -> None:
        """Adds the ids of LibCST nodes that are targets or enclose one."""
        before = len(self.on_path)
        self.on_path.update(nodes)
        self.version += len(self.on_path) > before
