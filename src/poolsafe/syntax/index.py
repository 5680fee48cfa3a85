"""An index of a module's syntax, made by one walk: calls, definitions, and which function each is in."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import fields

import libcst as cst

from poolsafe.libraries import CALLING
from poolsafe.records import frozen
from poolsafe.sql.session_words import may_change_session

Scope = cst.FunctionDef | cst.Lambda | cst.ClassDef

# Fields with white space, punctuation and operators: nothing below them is ever needed.
_SKIPPED = (
    "whitespace",
    "leading_lines",
    "lines_after",
    "lpar",
    "rpar",
    "trailing_whitespace",
    "header",
    "footer",
    "colon",
    "comma",
    "dot",
    "semicolon",
    "lbracket",
    "rbracket",
    "lbrace",
    "rbrace",
    "equal",
    "indent",
)
_NOTED = frozenset(
    (
        cst.Assign,
        cst.Call,
        cst.ClassDef,
        cst.FormattedStringText,
        cst.FunctionDef,
        cst.Import,
        cst.ImportFrom,
        cst.Lambda,
        cst.SimpleString,
    )
)


@frozen(eq=False)
class CallSite:
    """A call, the last part of its callee's name, and the functions and classes around it, innermost last."""

    node: cst.Call
    name: str
    scopes: tuple[Scope, ...]


@frozen
class Renaming:
    """`new = old`, `new = module.old` or `new = partial(old)`; `is_attribute` if `new` is called as `self.new(...)`."""

    new: str
    old: str
    is_attribute: bool


class Index:
    """The results of a walk over a module."""

    def __init__(self, module: cst.Module) -> None:
        self.calls: list[CallSite] = []
        self.calls_by_name: dict[str, list[CallSite]] = {}
        self.functions: dict[str, list[tuple[cst.FunctionDef, tuple[Scope, ...]]]] = {}
        self.classes: dict[str, list[tuple[cst.ClassDef, tuple[Scope, ...]]]] = {}
        self.scopes: dict[int, tuple[Scope, ...]] = {}
        self._imported_as: dict[str, set[str]] = {}
        self.parents: dict[int, cst.CSTNode] = {}
        self.subclasses: dict[str, list[cst.ClassDef]] = {}  # by the last names of their bases
        self.renamings: list[Renaming] = []
        self.semicolons: list[tuple[Scope, ...]] = []
        self.imports: list[cst.ImportFrom | cst.Import] = []
        self.strings: list[tuple[cst.SimpleString | cst.FormattedStringText, tuple[Scope, ...]]] = []
        self._walk(module)

    @functools.cached_property
    def session_strings(self) -> list[tuple[Scope, ...]]:
        """The scopes of the strings that may hold a command that changes the session: only some modules need them."""
        return [_reach(scopes) for node, scopes in self.strings if may_change_session(node.value)]

    def _walk(self, module: cst.Module) -> None:
        stack: list[tuple[cst.CSTNode, tuple[Scope, ...]]] = [(module, ())]
        while stack:
            node, scopes = stack.pop()
            if type(node) not in _NOTED:
                pass
            elif type(node) is cst.SimpleString or type(node) is cst.FormattedStringText:
                # Most of these nodes are strings, and `isinstance` of another class takes longer than the rest.
                self.strings.append((node, scopes))
                if ";" in node.value:
                    self.semicolons.append(_reach(scopes))
            elif type(node) is cst.Call:
                name = last_name(node.func)
                if name is not None:
                    site = CallSite(node, name, scopes)
                    self.calls.append(site)
                    self.calls_by_name.setdefault(name, []).append(site)
                    called = last_name(node.args[0].value) if name in CALLING and node.args else None
                    if called is not None:
                        self.calls_by_name.setdefault(called, []).append(site)
            elif isinstance(node, cst.Assign):
                self._note_renaming(node, scopes)
            elif isinstance(node, cst.FunctionDef):
                self.functions.setdefault(node.name.value, []).append((node, scopes))
                self.scopes[id(node)] = scopes
                scopes = (*scopes, node)
            elif isinstance(node, cst.ClassDef):
                for base in node.bases:
                    self.subclasses.setdefault(last_name(base.value) or "", []).append(node)
                self.classes.setdefault(node.name.value, []).append((node, scopes))
                self.scopes[id(node)] = scopes
                scopes = (*scopes, node)
            elif isinstance(node, cst.Lambda):
                self.scopes[id(node)] = scopes
                scopes = (*scopes, node)
            elif isinstance(node, (cst.ImportFrom, cst.Import)):
                self._note_import(node)
                continue
            for child in reversed(children(node)):
                self.parents[id(child)] = node
                stack.append((child, scopes))

    def around(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """Yields the nodes around a node, the innermost first."""
        at = self.parents.get(id(node))
        while at is not None:
            yield at
            at = self.parents.get(id(at))

    def outermost_function(self, node: cst.CSTNode) -> cst.FunctionDef | None:
        """Returns the outermost function around a node, or None at the level of the module."""
        found = None
        for at in self.around(node):
            if isinstance(at, cst.FunctionDef):
                found = at
        return found

    def innermost_function(self, node: cst.CSTNode) -> cst.FunctionDef | None:
        """Returns the function that a node is in, or None at the level of a module or class, or in a lambda."""
        code = (at for at in self.around(node) if isinstance(at, (cst.FunctionDef, cst.Lambda, cst.ClassDef)))
        innermost = next(code, None)
        return innermost if isinstance(innermost, cst.FunctionDef) else None

    def bound_name(self, value: cst.BaseExpression) -> str | None:
        """Returns the name that alone is bound to an expression, as in `name = value`, or None."""
        match self.parents.get(id(value)):
            case cst.Assign(targets=[cst.AssignTarget(target=target)]):
                bound: cst.BaseExpression = target
            case cst.AnnAssign(target=target) | cst.NamedExpr(target=target):
                bound = target
            case _:
                return None
        return bound.value if isinstance(bound, cst.Name) else None

    def calls_of(self, name: str) -> list[CallSite]:
        """Returns the calls to a name that other modules define, including those under the names it is imported as.

        `.name` is a method: a call to the bare name is a call to another function. The calls to a class include those
        to its subclasses here.
        """
        method = name.removeprefix(".")
        if method == name or any(one.new == method for one in self.renamings):
            names = self.with_subclasses([method, *sorted(self._imported_as.get(method, ()))])
            return [site for one in names for site in self.calls_by_name.get(one, ())]
        return [site for site in self.calls_by_name.get(method, ()) if not _is_called_bare(site, method)]

    def subclasses_of(self, name: str) -> list[cst.ClassDef]:
        """Returns the subclasses of a class that another module defines, including under the names it is imported as.

        Their own subclasses are not included.
        """
        names = [name, *sorted(self._imported_as.get(name, ()))]
        return [cls for one in names for cls in self.subclasses.get(one, ())]

    def with_subclasses(self, names: list[str]) -> list[str]:
        """Returns the names, and those of the module's subclasses of classes with these names."""
        found = list(names)
        for name in found:
            found += [one.name.value for one in self.subclasses.get(name, ()) if one.name.value not in found]
        return found

    def _note_import(self, node: cst.ImportFrom | cst.Import) -> None:
        self.imports.append(node)
        for one in () if isinstance(node.names, cst.ImportStar) else node.names:
            if one.asname is not None and isinstance(one.asname.name, cst.Name):
                self._imported_as.setdefault(last_name(one.name) or "", set()).add(one.asname.name.value)

    def _note_renaming(self, node: cst.Assign, scopes: tuple[Scope, ...]) -> None:
        old = _renamed(node.value)
        if old is None:
            return
        in_class = bool(scopes) and isinstance(scopes[-1], cst.ClassDef)
        for target in (one.target for one in node.targets):
            new = last_name(target)
            if new is not None:
                self.renamings.append(Renaming(new, old, in_class or isinstance(target, cst.Attribute)))


def _is_called_bare(site: CallSite, name: str) -> bool:
    return isinstance(site.node.func, cst.Name) and site.node.func.value == name


def _renamed(node: cst.BaseExpression) -> str | None:
    """Returns the last name of the function that an expression renames."""
    if isinstance(node, cst.Call) and last_name(node.func) == "partial" and node.args:
        node = node.args[0].value
    return last_name(node)


def _reach(scopes: tuple[Scope, ...]) -> tuple[Scope, ...]:
    """Returns the scopes in which a string may be used: for a constant of a class, those around the class."""
    while scopes and isinstance(scopes[-1], cst.ClassDef):
        scopes = scopes[:-1]
    return scopes


def last_name(callee: cst.BaseExpression) -> str | None:
    """Returns `f` for `f(...)`, `a.f(...)` and `a().f(...)`, or None for other callees."""
    if isinstance(callee, cst.Name):
        return callee.value
    if isinstance(callee, cst.Attribute):
        return callee.attr.value
    return None


def descendants(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Yields a node and all code below it, in no particular order."""
    stack = [node]
    while stack:
        one = stack.pop()
        yield one
        stack.extend(children(one))


def children(node: cst.CSTNode) -> list[cst.CSTNode]:
    """Returns the nodes directly below that are code, in order; ten times as fast as LibCST's own `children`."""
    found: list[cst.CSTNode] = []
    for name in _FIELDS[type(node)]:
        value = getattr(node, name)
        kind = type(value)
        if kind is tuple or kind is list:
            found += [item for item in value if _IS_NODE[type(item)]]
        elif _IS_NODE[kind]:
            found.append(value)
    return found


class _Fields(dict[type, tuple[str, ...]]):
    """The fields with code of each type of node."""

    def __missing__(self, kind: type) -> tuple[str, ...]:
        code = (
            one.name for one in fields(kind) if not one.name.startswith(_SKIPPED) and one.type not in _WITHOUT_NODES
        )
        self[kind] = found = tuple(code)
        return found


class _IsNode(dict[type, bool]):
    """Whether values of a type are nodes. `isinstance` is slow for their base classes."""

    def __missing__(self, kind: type) -> bool:
        self[kind] = found = issubclass(kind, cst.CSTNode)
        return found


_WITHOUT_NODES = (str, bool, str | None)
_FIELDS = _Fields()
_IS_NODE = _IsNode()
