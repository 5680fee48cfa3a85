"""Objects with a connection as an attribute, and the methods that use it, read from the syntax.

A lock is often such an object: its class acquires the lock in one method and releases it in another.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from poolsafe.facts.callers import Caller, argument_of, block_of
from poolsafe.facts.commits import ends_transaction, methods_of
from poolsafe.facts.connection_names import Body, Use, body_of, dotted, is_acquired
from poolsafe.inference import Module
from poolsafe.syntax.index import descendants, last_name

_ENTERING = {"__aenter__": "__aexit__", "__enter__": "__exit__"}
_COMMITS = frozenset({"commit", "rollback"})


class Holding:
    """A method of a class, and the attribute of its instance that is the connection."""

    def __init__(self, module: Module, function: cst.FunctionDef, cls: cst.ClassDef, attribute: cst.Attribute) -> None:
        self._module = module
        self.function = function
        self._class = cls
        self._attribute = attribute
        self.keys = frozenset({dotted(attribute) or ""})

    def bodies(self) -> list[Body]:
        """Returns the uses of names in the methods of the class."""
        return [body_of(self._module, one) for one in methods_of(self._class)]

    def is_acquired(self) -> bool:
        """Returns whether a method of the class acquires the connection itself."""
        return any(is_acquired(body, self.keys) for body in self.bodies())

    def callers(self) -> tuple[Caller, ...]:
        """Returns the calls to the method in the module, with the connection passed to its instance."""
        own = self.function.name.value
        sites = self._module.index.calls_by_name.get(own, ())
        by_itself = tuple(
            Caller(site.node, self._attribute)
            for site in sites
            if self._class in site.scopes
            and self.function not in site.scopes
            and isinstance(site.node.func, cst.Attribute)
            and dotted(site.node.func.value) == dotted(self._attribute.value)
        )
        return (*by_itself, *self._from_outside(own))

    def _from_outside(self, own: str) -> Iterator[Caller]:
        parameter = self._parameter()
        if parameter is None:
            return
        for site in self._module.index.calls_by_name.get(self._class.name.value, ()):
            given = argument_of(site.node, *parameter)
            if given is None:
                continue
            block = block_of(self._module, site.node)
            if block is not None and own in _ENTERING:
                yield Caller(site.node, given, block)
            for name in _names_bound(self._module, site.node):
                yield from self._calls_on(name, site.node, own, given)

    def _calls_on(self, name: str, made: cst.Call, own: str, given: cst.BaseExpression) -> Iterator[Caller]:
        """Yields the calls to the method on an object of this name, or the `with` blocks that enter the object."""
        function = self._module.index.innermost_function(made)
        body = body_of(self._module, function)
        for use in body.calls:
            if use.method == own and isinstance(use.node.func, cst.Attribute) and dotted(use.node.func.value) == name:
                yield Caller(use.node, given)
        if own in _ENTERING and function is not None:
            for node in descendants(function.body):
                if isinstance(node, cst.WithItem) and dotted(node.item) == name:
                    yield Caller(node.item, given, block_of(self._module, node.item))

    def _parameter(self) -> tuple[str, int] | None:
        """Returns the parameter of the class that the attribute is set to, and its position, or None."""
        methods = {one.name.value: one for one in methods_of(self._class)}
        init = methods.get("__init__")
        if init is None:
            # A dataclass.
            fields = [
                line.target.value
                for one in self._class.body.body
                if isinstance(one, cst.SimpleStatementLine)
                for line in one.body
                if isinstance(line, cst.AnnAssign) and isinstance(line.target, cst.Name)
            ]
            name = self._attribute.attr.value
            return (name, fields.index(name)) if name in fields else None
        parameters = [one.name.value for one in init.params.params]
        for bound, value in body_of(self._module, init).assignments:
            if bound in self.keys and isinstance(value, cst.Name) and value.value in parameters:
                return value.value, parameters.index(value.value) - 1
        return None

    def exits(self) -> tuple[cst.Call, ...]:
        """Returns the calls on the connection in the method that ends the block that this method begins."""
        name = _ENTERING.get(self.function.name.value)
        ends = [one for one in methods_of(self._class) if one.name.value == name]
        bodies = [body_of(self._module, one) for one in ends]
        # `self.release()` is not a call on the connection, but it releases the connection.
        own = frozenset({dotted(self._attribute.value) or ""})
        return tuple(use.node for body in bodies for use in body.uses(self.keys | own))

    def elsewhere(self, call: cst.BaseExpression) -> tuple[tuple[cst.Call, bool], ...]:
        """Returns the calls on the connection in the other methods, each with whether it can be in the transaction.

        It cannot be if this method ends the transaction after `call`, if another method commits, or if that call's own
        method ends the transaction first.
        """
        start = self._module.tree.span(call)[0]
        here = body_of(self._module, self.function)
        if any(use.start > start and self._is_end(use) for use in here.uses(self.keys)):
            return tuple((use.node, False) for _, uses in self._others() for use in uses)
        others = list(self._others())
        committing = {id(one) for one, uses in others if any(use.method in _COMMITS for use in uses)}
        found: list[tuple[cst.Call, bool]] = []
        for method, uses in others:
            same = not committing - {id(method)}
            for use in uses:
                same = same and not self._is_end(use)
                found.append((use.node, same))
        return tuple(found)

    def _others(self) -> Iterator[tuple[cst.FunctionDef, list[Use]]]:
        for one in methods_of(self._class):
            if one is not self.function:
                yield one, body_of(self._module, one).uses(self.keys)

    def _is_end(self, use: Use) -> bool:
        return ends_transaction(self._module, use, self.keys)


def holding(module: Module, function: cst.FunctionDef, base: cst.BaseExpression | None) -> Holding | None:
    """Returns the attribute if an expression is an attribute of the method's own instance, or else None."""
    scopes = module.index.scopes.get(id(function), ())
    cls = scopes[-1] if scopes else None
    if not isinstance(cls, cst.ClassDef) or not isinstance(base, cst.Attribute) or not function.params.params:
        return None
    own = function.params.params[0].name.value
    return Holding(module, function, cls, base) if dotted(base.value) == own else None


def holders_in(module: Module, body: Body, keys: frozenset[str]) -> frozenset[str]:
    """Returns the names of the module's instances to which a function passes a connection of these names."""
    return frozenset(
        name
        for name, value in body.assignments
        if isinstance(value, cst.Call)
        and last_name(value.func) in module.index.classes
        and any(dotted(argument.value) in keys for argument in value.args)
    )


def _names_bound(module: Module, made: cst.Call) -> list[str]:
    """Returns the names that the statement around a call binds to its result."""
    node = module.index.parents.get(id(made))
    if isinstance(node, cst.Await):
        node = module.index.parents.get(id(node))
    match node:
        case cst.Assign(targets=targets):
            found = [dotted(one.target) for one in targets]
        case cst.AnnAssign(target=target) | cst.WithItem(asname=cst.AsName(name=target)):
            found = [dotted(target)]
        case _:
            found = []
    return [name for name in found if name is not None]
