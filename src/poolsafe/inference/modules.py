"""Modules of the project: their lowered statements and their LibCST trees."""

from __future__ import annotations

import ast
import functools
import itertools
import os
import re
import sys
import warnings
from collections.abc import Set
from typing import Any

import libcst as cst

from poolsafe import ir, libraries
from poolsafe.checkout.project_files import own_package
from poolsafe.inference.library_questions import NOTHING, Questions
from poolsafe.inference.scope_lines import Outside
from poolsafe.inference.scope_reader import BUILTINS
from poolsafe.inference.scopes import Scope, scope_of
from poolsafe.ir.lowering import lower_import, lower_module
from poolsafe.ir.lowering_standard import lower_imports, lower_standard_module
from poolsafe.source import Source
from poolsafe.syntax.index import Index, descendants
from poolsafe.syntax.tree import Span, Tree, Unparsable, parse

_numbers = itertools.count(1)
_DECLARING = re.compile(r"\b(?:global|nonlocal)\b")


class Module(Outside):
    """One file: its syntax tree, an index of the tree, and its lowered statements.

    `is_stub` is True for our stub of a library. Positions in a stub are never shown to the user.
    """

    is_stub = False

    def __init__(self, source: Source, tree: Tree | None = None) -> None:
        super().__init__()
        self.number = next(_numbers)
        self.source = source
        self.declares_names = _DECLARING.search(source.text) is not None
        self.path = source.path
        self.location = os.path.abspath(source.path)
        self.folder = os.path.dirname(self.location)
        self._tree = tree
        self.body = self._lowered()
        self.memo: dict[str, Any] = {}  # results that only depend on this module
        self._read: dict[str, frozenset[str]] = {}
        self._stopped: dict[str, Questions] = {}

    def _lowered(self) -> ir.Body:
        return lower_module(self.tree.module)

    @property
    def tree(self) -> Tree:
        """The LibCST tree, parsed when first asked for. Raises Unparsable."""
        if self._tree is None:
            self._tree = parse(self.source)
        return self._tree

    @property
    def root(self) -> cst.CSTNode:
        """The node that represents the whole file, as the origin of values that are not written in it."""
        return self.tree.module

    @property
    def weight(self) -> int:
        """The memory that the module takes, as the number of characters of source whose LibCST tree takes as much."""
        return len(self.source.text)

    def forget_syntax(self) -> None:
        """Frees the spans of the LibCST tree, which are computed again when they are needed."""
        if self._tree is not None:
            self._tree.forget_spans()

    def span(self, node: cst.CSTNode) -> Span:
        """Returns the start and end offsets of the origin of a node. Raises KeyError if it has no position."""
        return self.tree.span(node)

    def text(self, node: cst.CSTNode) -> str:
        """Returns the source text of the origin of a node. Raises KeyError if it has no position."""
        return self.tree.module.code_for_node(node)  # `span` would render the whole file

    def syntax(self, origin: cst.CSTNode) -> cst.CSTNode | None:
        """Returns the LibCST node of the call, function or class that is the origin of a node, or None."""
        return origin

    @functools.cached_property
    def index(self) -> Index:
        """An index of the tree. A module from which names are only imported does not need one."""
        index = Index(self.tree.module)
        self.tree.parents = index.parents
        return index

    @functools.cached_property
    def imports(self) -> list[cst.ImportFrom | cst.Import]:
        """The imports of the module, including those inside functions."""
        return self.index.imports

    @functools.cached_property
    def _imported(self) -> list[ir.Import | ir.ImportFrom]:
        return [one for node in self.imports for one in lower_import(node)]

    def absolute(self, level: int, name: str) -> tuple[int, str]:
        """Returns the number of leading dots and the dotted name of an import.

        In a module of SQLAlchemy itself, a relative import is returned as an absolute one, without dots. Both mean the
        library, which is not run.
        """
        package = own_package(self.folder) if level else ()
        if level > len(package):
            return level, name
        above = package[: len(package) - level + 1]
        return 0, ".".join((*above, name) if name else above)

    @functools.cached_property
    def library_names(self) -> frozenset[str]:
        """The names that the module's imports bind to libraries or to members of libraries."""
        names: set[str] = set()
        for one in self._imported:
            level, module = self.absolute(one.level, one.module) if isinstance(one, ir.ImportFrom) else (0, one.module)
            is_star = isinstance(one, ir.ImportFrom) and one.name == "*"
            if not level and not is_star and (self.is_stub or _is_of_library(module)):
                names.add(one.bound)
        return frozenset(names)

    @property
    def own_imports(self) -> list[ir.Import | ir.ImportFrom]:
        """The imports of the project's modules, including those inside functions."""
        return [one for one in self._imported if one.bound not in self.library_names]

    @functools.cached_property
    def stars(self) -> tuple[tuple[int, str], ...]:
        """The modules of the `*` imports, each as the number of leading dots and the dotted name."""
        every = (one for one in self._imported if isinstance(one, ir.ImportFrom))
        return tuple(self.absolute(one.level, one.module) for one in every if one.name == "*")

    @functools.cached_property
    def dotted_imports(self) -> tuple[str, ...]:
        """The dotted names of the modules that are imported by `import a.b.c`."""
        return tuple(one.module for one in self._imported if isinstance(one, ir.Import))

    def scope_of(self, node: ir.FunctionDef | ir.ClassDef | ir.Body) -> Scope:
        """Returns the scope of a function or class of this module, or of a body, read once and cached."""
        return scope_of(node, self.library_names, self)

    def imported(self, names: Set[str]) -> Set[str]:
        """Returns the names among these that the module imports from other modules of the project."""
        found = names & self._own_names
        if self.stars:
            found |= names - self.scope_of(self.body).bound - self.library_names - BUILTINS
        return found

    @functools.cached_property
    def _own_names(self) -> frozenset[str]:
        return frozenset(one.bound for one in self.own_imports)

    def reached_by(self, name: str) -> frozenset[str]:
        """Returns the names whose objects a function of the module may change."""
        return self.scope_of(self.body).reached_by(name)

    def read_by(self, name: str) -> frozenset[str]:
        """Returns the names that a function or class of the module reads."""
        if name not in self._read:
            self._read[name] = self.scope_of(self.body).read_by(name)
        return self._read[name]

    def stopped_by(self, name: str) -> Questions:
        """Returns the questions to libraries that decide whether a function of the module raises an exception."""
        known = self._stopped.get(name)
        if known is None:
            known = self._stopped[name] = NOTHING  # the result if the module's scope depends on it
            if self._asks_environment:
                known = self._stopped[name] = self.scope_of(self.body).stopped_by(name)
        return known

    @functools.cached_property
    def _asks_environment(self) -> bool:
        return "environ" in self.source.text or "getenv" in self.source.text

    @functools.cached_property
    def _definitions(self) -> dict[str, cst.CSTNode]:
        assigned = (one for one in self.body.statements if isinstance(one, ir.Assign))
        targets = ((target, one.origin) for one in assigned for target in one.targets)
        return {target.id: origin for target, origin in targets if isinstance(target, ir.Name)}

    def definition(self, name: str) -> cst.CSTNode | None:
        """Returns the last top-level assignment to `name`, which is shown as a step of provenance, or None."""
        return self._definitions.get(name)


class ImportedModule(Module):
    """A module of which only values are needed. It is parsed by `ast`, in a tenth of LibCST's time.

    The origins of its lowered nodes are `ast` nodes. Raises SyntaxError, ValueError, RecursionError or MemoryError if
    the running Python cannot parse it.
    """

    def __init__(self, source: Source) -> None:
        self._standard = _parse_standard(source)
        super().__init__(source)

    def _lowered(self) -> ir.Body:
        return lower_standard_module(self._standard)

    @property
    def root(self) -> Any:
        """The node that represents the whole file, as the origin of values that are not written in it."""
        return self._standard

    @property
    def weight(self) -> int:
        """The memory that the module takes, as the number of characters of source whose LibCST tree takes as much."""
        return len(self.source.text) // 2  # measured with the models of airflow-core 3.1.5, including scopes and slices

    def forget_syntax(self) -> None:
        """Frees the LibCST tree and its index, which are computed again when they are needed."""
        self._tree = None
        self.__dict__.pop("index", None)

    @functools.cached_property
    def _imported(self) -> list[ir.Import | ir.ImportFrom]:
        return lower_imports(self._standard)

    @functools.cached_property
    def index(self) -> Index:
        """An index of the tree, which is empty if LibCST cannot parse the file."""
        try:
            return Index(self.tree.module)
        except Unparsable:
            return Index(cst.Module([]))

    def span(self, node: Any) -> Span:
        """Returns the start and end offsets of the origin of a node. Raises KeyError if it has no position."""
        if isinstance(node, cst.CSTNode):
            return super().span(node)
        if getattr(node, "end_lineno", None) is None:
            raise KeyError(node)
        start = self._offset(node.lineno, node.col_offset)
        return start, self._offset(node.end_lineno, node.end_col_offset)

    def text(self, node: Any) -> str:
        """Returns the source text of the origin of a node. Raises KeyError if it has no position."""
        return self.source.text[slice(*self.span(node))]

    def _offset(self, row: int, column: int) -> int:
        """Returns the offset of a position whose column is in bytes, as in `ast`."""
        line = self.source.line(row)
        if not line.isascii():
            column = len(line.encode()[:column].decode(errors="replace"))
        return self.source.offset(row, column + 1)

    def syntax(self, origin: Any) -> cst.CSTNode | None:
        """Returns the LibCST node of the call, function or class that is the origin of a node, or None.

        None means that LibCST cannot parse the file, or has no such node at this position.
        """
        if isinstance(origin, cst.CSTNode):
            return origin
        kind = _KINDS.get(type(origin))
        if kind is None:
            return None
        try:
            tree = self.tree
        except Unparsable:
            return None
        start, end = self.span(origin)
        same = (one for one in descendants(tree.module) if isinstance(one, kind))
        # Comments after a function or class may or may not belong to it.
        is_exact = kind in (cst.Call, cst.Lambda)
        places = ((one, tree.span(one)) for one in same)
        return next((one for one, at in places if at == (start, end) or (at[0] == start and not is_exact)), None)


_KINDS: dict[type, type[cst.CSTNode]] = {
    ast.Call: cst.Call,
    ast.Lambda: cst.Lambda,
    ast.FunctionDef: cst.FunctionDef,
    ast.AsyncFunctionDef: cst.FunctionDef,
    ast.ClassDef: cst.ClassDef,
}


class StubModule(ImportedModule):
    """Our stub of a library. Positions in it are never shown to the user."""

    is_stub = True


def _parse_standard(source: Source) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source.text)


def _is_of_library(module: str) -> bool:
    return libraries.is_library(module) or module.partition(".")[0] in sys.stdlib_module_names
