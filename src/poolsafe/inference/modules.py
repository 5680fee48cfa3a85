"""A module of the project: its syntax tree, an index of the tree, and its lowered statements."""

from __future__ import annotations

import functools
import itertools
import os
import sys
from typing import Any

import libcst as cst

from poolsafe import ir, libraries
from poolsafe.inference.scope_lines import Outside
from poolsafe.inference.scopes import Scope, scope_of
from poolsafe.ir.lowering import lower_module
from poolsafe.ir.lowering_expressions import dotted_name
from poolsafe.source import Source
from poolsafe.syntax.index import Index, imports
from poolsafe.syntax.tree import Tree

_numbers = itertools.count(1)


class Module(Outside):
    """One file: its syntax tree, an index of the tree, and its lowered statements.

    `is_stub` is True for our stub of a library. Its places are never shown to the user.
    """

    def __init__(self, source: Source, tree: Tree, *, is_stub: bool = False) -> None:
        super().__init__()
        self.is_stub = is_stub
        self.number = next(_numbers)
        self.source = source
        self.tree = tree
        self.path = source.path
        self.folder = os.path.dirname(os.path.abspath(source.path))
        self.body = lower_module(tree.module)
        self.memo: dict[str, Any] = {}  # results that depend on this module alone
        self._definitions: dict[str, cst.CSTNode] | None = None
        self._stopped: dict[str, frozenset[str]] = {}

    @functools.cached_property
    def index(self) -> Index:
        """An index of the tree. A module that is only imported from needs none."""
        return Index(self.tree.module)

    @functools.cached_property
    def imports(self) -> list[cst.ImportFrom | cst.Import]:
        """The imports of the module, those inside functions included."""
        return imports(self.tree.module)

    @functools.cached_property
    def library_names(self) -> frozenset[str]:
        """The names that the module's imports bind to libraries or to members of libraries."""
        names: set[str] = set()
        for node in self.imports:
            origin = dotted_name(node.module) if isinstance(node, cst.ImportFrom) else ""
            if isinstance(node, cst.ImportFrom) and node.relative:
                continue
            for alias in () if isinstance(node.names, cst.ImportStar) else node.names:
                name = dotted_name(alias.name)
                if self.is_stub or _is_of_library(origin or name):
                    bound = alias.asname.name if alias.asname is not None else None
                    names.add(bound.value if isinstance(bound, cst.Name) else name.split(".")[0])
        return frozenset(names)

    @functools.cached_property
    def stars(self) -> tuple[tuple[int, str], ...]:
        """The modules that are imported by `*`, each as the number of leading dots and the dotted name."""
        return tuple(
            (len(node.relative), dotted_name(node.module))
            for node in self.imports
            if isinstance(node, cst.ImportFrom) and isinstance(node.names, cst.ImportStar)
        )

    @functools.cached_property
    def dotted_imports(self) -> tuple[str, ...]:
        """The dotted names of the modules that are imported by `import a.b.c`."""
        statements = (node for node in self.imports if isinstance(node, cst.Import))
        return tuple(dotted_name(alias.name) for node in statements for alias in node.names)

    def scope_of(self, node: ir.FunctionDef | ir.ClassDef | ir.Body) -> Scope:
        """Returns the scope of a function or class of this module, or of a body, read once and cached."""
        return scope_of(node, self.library_names, self)

    def reached_by(self, name: str) -> frozenset[str]:
        """Returns the names whose objects a function of the module may change."""
        return self.scope_of(self.body).reached_by(name)

    def stopped_by(self, name: str) -> frozenset[str]:
        """Returns the names by which a function of the module decides whether it raises an exception."""
        known = self._stopped.get(name)
        if known is None:
            known = self._stopped[name] = frozenset()  # the answer to itself, where the module's scope asks back
            if self._asks_environment:
                known = self._stopped[name] = self.scope_of(self.body).stopped_by(name)
        return known

    @functools.cached_property
    def _asks_environment(self) -> bool:
        return "environ" in self.source.text or "getenv" in self.source.text

    def definition(self, name: str) -> cst.CSTNode | None:
        """Returns the last top-level assignment to `name`, which is shown as a step of provenance, or None."""
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
    return libraries.is_library(module) or module.partition(".")[0] in sys.stdlib_module_names
