"""Finds out whether only engine functions read a dict of the file. Any other code would see an added key."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

import libcst as cst

from poolsafe.facts.written_keys import index_of
from poolsafe.inference import Module
from poolsafe.libraries import ENGINE_NAMES, PROPERTY_DECORATORS
from poolsafe.syntax.index import children, last_name

# Calls that pass their arguments on in a dict or in an engine's arguments.
_CARRYING = frozenset({"cast", "deepcopy", "dict", "partial"})
# Methods that set keys, or that return a copy or read one key. Callers search for reads of the key themselves.
_SETTING = frozenset({"update", "setdefault"})
_HARMLESS = frozenset({"clear", "get", "pop"})
# Of these, the methods that return an item.
_READING = frozenset({"get", "pop", "setdefault"})
# The key of a dict of options whose item is a dict that a fix may extend.
_NESTED = "connect_args"


@dataclass(slots=True)
class Readers:
    """The uses of names in a file. Names with the same spelling are not distinguished."""

    module: Module
    _uses: dict[str, list[cst.BaseExpression]] | None = field(default=None, init=False)
    _by_parameter: dict[str, list[tuple[cst.FunctionDef, cst.Param]]] | None = field(default=None, init=False)
    # The keys under which the dict is an item of other dicts, None if one is unknown.
    _keys: set[str | None] = field(default_factory=set, init=False)

    def only_engines_read(self, mapping: cst.BaseExpression, *, empty_for_another: bool) -> bool:
        """Returns whether only engines read a dict, given by its display or its name, and everything that contains it.

        `empty_for_another`: if the dict is empty, another driver's engine may get the dict that replaces it.
        """
        self._keys = set()
        while True:
            known = len(self._keys)
            if not self._are_all_known(mapping, empty_for_another=empty_for_another):
                return False
            if len(self._keys) == known:
                return True
            # An item that was passed over may be the dict.

    def _are_all_known(self, mapping: cst.BaseExpression, *, empty_for_another: bool) -> bool:
        """Returns whether only engines read the dict, directly or as an item under one of the known keys."""
        is_name = isinstance(mapping, (cst.Name, cst.Attribute, cst.Subscript))
        pending: list[cst.CSTNode] | None = self._bound([mapping]) if is_name else [mapping]
        if pending is None:
            return False
        seen: set[int] = set()
        while pending:
            one = pending.pop()
            if id(one) in seen:
                continue
            seen.add(id(one))
            following = None if empty_for_another and self._is_replaced(one) else self._holders(one)
            if following is None:
                return False
            pending += following
        return True

    def is_chosen_by_itself(self, test: cst.CSTNode) -> bool:
        """Returns whether a test only decides whether its own subject is used, as in `args if args else {}`."""
        parent = self.module.index.parents.get(id(test))
        text = self.module.tree.text
        return isinstance(parent, cst.IfExp) and text(test) in (text(parent.body), text(parent.orelse))

    def _is_replaced(self, node: cst.CSTNode) -> bool:
        """Returns whether another value replaces this one if it is empty, as in `args or {}`."""
        match self.module.index.parents.get(id(node)):
            case cst.IfExp(test=tested) | cst.BooleanOperation(left=tested):
                return tested is node
        return False

    def _holders(self, node: cst.CSTNode) -> list[cst.CSTNode] | None:
        """Returns the expressions that refer to a value after its evaluation, or None if something else reads it."""
        parents = self.module.index.parents
        parent = parents.get(id(node))
        match parent:
            case cst.DictElement(key=key):
                self._keys.add(_constant(key))
                return [parents[id(parent)]]
            case cst.StarredDictElement():
                return [parents[id(parent)]]
            case cst.IfExp(test=test) if test is node:
                return [parent] if self.is_chosen_by_itself(node) else None
            case cst.IfExp() | cst.BooleanOperation():
                return [parent]
            case cst.Arg():
                return self._given(parents[id(parent)], parent)
            case cst.Assign(targets=targets):
                return self._bound([one.target for one in targets])
            case cst.AnnAssign(target=target):
                return self._bound([target])
            case cst.AugAssign(target=target):
                return self._of_object(target) if parent.value is node else []
            case cst.AssignTarget() | cst.Expr() | cst.Del():
                return []
            case cst.Subscript():
                return [parent] if self._may_be_under(index_of(parent)) else []
            case cst.Attribute(attr=cst.Name(value=method)):
                if method not in _HARMLESS | _SETTING:
                    return None
                call = parents.get(id(parent))
                if method not in _READING:
                    return []
                if not isinstance(call, cst.Call):
                    return None if self._may_be_under(None) else []
                return [call] if self._may_be_under(_key_of(call)) else []
            case cst.Return():
                return self._returned(parent)
        return None

    def _may_be_under(self, key: str | None) -> bool:
        """Returns whether the dict may be the item under a key, None if the key is unknown."""
        return key == _NESTED or key in self._keys or None in self._keys or (key is None and bool(self._keys))

    def _given(self, call: cst.CSTNode, argument: cst.Arg) -> list[cst.CSTNode] | None:
        if not isinstance(call, cst.Call):
            return None
        name = last_name(call.func)
        if name in ENGINE_NAMES:
            return []
        if name in _CARRYING | _SETTING and argument.keyword is not None:
            self._keys.add(argument.keyword.value)
        elif name == "setdefault":
            self._keys.add(_key_of(call))
        if name in _SETTING and isinstance(call.func, cst.Attribute):
            return self._of_object(call.func.value)
        if name in _CARRYING:
            return [call]
        function = self._only_called(call.func)
        parameter = None if function is None else _parameter(function, call, argument)
        return None if parameter is None else [*self._named(parameter)]

    def _only_called(self, callee: cst.BaseExpression) -> cst.FunctionDef | None:
        """Returns the function of the module that a bare name certainly stands for, or None."""
        if not isinstance(callee, cst.Name):
            return None
        parents = self.module.index.parents
        found = self.module.index.functions.get(callee.value, ())
        calls = (parents.get(id(use)) for use in self._named(callee.value))
        if (
            len(found) != 1
            or found[0][1]
            or found[0][0].decorators
            or not all(isinstance(one, cst.Call) for one in calls)
        ):
            return None
        return found[0][0]

    def _bound(self, targets: list[cst.BaseExpression]) -> list[cst.CSTNode] | None:
        """Returns the uses of names that are bound to a value, or of the dict in which it becomes an item."""
        found: list[cst.CSTNode] = []
        for target in targets:
            name = last_name(target)
            if isinstance(target, cst.Subscript):
                self._keys.add(index_of(target))
                uses = self._of_object(target.value)
            else:
                uses = None if name is None else [*self._named(name)]
            if uses is None:
                return None
            found += uses
        return found

    def _of_object(self, mapping: cst.BaseExpression) -> list[cst.CSTNode] | None:
        """Returns the uses of the names of the dict to which a value is added."""
        uses: dict[str, list[cst.BaseExpression]] = {}
        pending = [mapping]
        while pending:
            name = last_name(pending.pop())
            if name is None:
                return None
            if name not in uses:
                uses[name] = self._named(name)
                pending += self._sources(name)
        return [use for several in uses.values() for use in several]

    def _sources(self, name: str) -> Iterator[cst.BaseExpression]:
        """Yields the expressions that a name or parameter is bound to, if they do not create a new object."""
        parents = self.module.index.parents
        for use in self._named(name):
            parent = parents.get(id(use))
            around = parents.get(id(parent)) if isinstance(parent, cst.AssignTarget) else parent
            match around:
                case cst.Assign(value=value):
                    yield from self._existing(value)
                case (
                    cst.AnnAssign(target=target, value=cst.BaseExpression() as value)
                    | cst.NamedExpr(target=target, value=value)
                ) if target is use:
                    yield from self._existing(value)
        for function, parameter in self._parameters.get(name, ()):
            if parameter.default is not None:
                yield from self._existing(parameter.default)
            for site in self.module.index.calls_by_name.get(function.name.value, ()):
                for argument in site.node.args:
                    yield from self._existing(argument.value)

    def _existing(self, node: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
        """Yields the names in an expression whose object, or an item of it, may be its value."""
        match node:
            case cst.Name() | cst.Attribute():
                yield node
            case cst.Subscript(value=value):
                self._keys.add(index_of(node))
                yield from self._existing(value)
            case cst.NamedExpr(value=value):
                yield from self._existing(value)
            case cst.IfExp(body=one, orelse=two) | cst.BooleanOperation(left=one, right=two):
                yield from self._existing(one)
                yield from self._existing(two)

    @property
    def _parameters(self) -> dict[str, list[tuple[cst.FunctionDef, cst.Param]]]:
        if self._by_parameter is None:
            self._by_parameter = {}
            for functions in self.module.index.functions.values():
                for function, _ in functions:
                    for one in _all_parameters(function):
                        self._by_parameter.setdefault(one.name.value, []).append((function, one))
        return self._by_parameter

    def _returned(self, node: cst.CSTNode) -> list[cst.CSTNode] | None:
        index = self.module.index
        function = next((at for at in index.around(node) if isinstance(at, cst.FunctionDef)), None)
        if function is None:
            return None
        uses = self._named(function.name.value)
        calls = [index.parents.get(id(one)) for one in uses]
        # A property is read without a call.
        return [*(one for one in calls if isinstance(one, cst.Call)), *(uses if _is_property(function) else ())]

    def _named(self, name: str) -> list[cst.BaseExpression]:
        if self._uses is None:
            self._uses = {}
            for one in _names(self.module.tree.module):
                self._uses.setdefault(last_name(one) or "", []).append(one)
        return self._uses.get(name, [])


def _all_parameters(function: cst.FunctionDef) -> Iterator[cst.Param]:
    yield from function.params.posonly_params
    yield from function.params.params
    yield from function.params.kwonly_params


def _parameter(function: cst.FunctionDef, call: cst.Call, argument: cst.Arg) -> str | None:
    """Returns the name of the parameter that gets an argument of a call, or None if it is unknown."""
    names = [one.name.value for one in _all_parameters(function)]
    if argument.keyword is not None:
        return argument.keyword.value if argument.keyword.value in names else None
    before = list(itertools.takewhile(lambda one: one is not argument, call.args))
    if argument.star or any(one.star for one in before):
        return None
    at = len(before)
    return names[at] if at < len(names) - len(function.params.kwonly_params) else None


def _is_property(function: cst.FunctionDef) -> bool:
    names = {name.rpartition(".")[2] for name in PROPERTY_DECORATORS}
    return any(last_name(one.decorator) in names for one in function.decorators)


def _key_of(call: cst.Call) -> str | None:
    """Returns the key that is given to a method of a dict, or None if it is unknown."""
    return _constant(call.args[0].value) if call.args else None


def _constant(key: cst.BaseExpression) -> str | None:
    value = key.raw_value if isinstance(key, cst.SimpleString) else None
    return value if isinstance(value, str) else None


def _names(root: cst.CSTNode) -> Iterator[cst.BaseExpression]:
    """Yields the names and attributes that are read or bound, except keywords, parameters and definitions."""
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, (cst.Name, cst.Attribute)):
            yield node
        for child in children(node):
            if isinstance(node, cst.Attribute) and child is node.attr:
                continue
            if isinstance(node, cst.Arg) and child is node.keyword:
                continue
            if isinstance(node, (cst.FunctionDef, cst.ClassDef, cst.Param)) and child is node.name:
                continue
            stack.append(child)
