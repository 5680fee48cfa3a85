"""The dicts that a call spreads into its keywords with `**`, if the file's syntax shows them."""

from __future__ import annotations

import libcst as cst

from poolsafe.facts.engine_places import PassedOn
from poolsafe.facts.written_keys import mapping_of
from poolsafe.inference import Module
from poolsafe.records import frozen
from poolsafe.syntax.index import descendants, last_name


@frozen
class Spread:
    """`names` are the names of the dicts as written, and `displays` the ids of displays and `dict()` calls.

    `beginnings` are the displays and calls that create a spread dict, before other keys are set in it.
    """

    module: Module
    names: frozenset[str]
    displays: frozenset[int]
    beginnings: frozenset[int]

    def is_fed_by(self, setter: cst.CSTNode) -> bool:
        """Returns whether an item, an argument or an assignment sets a key of one of the dicts."""
        mapping = mapping_of(self.module, setter)
        return mapping is not None and (id(mapping) in self.displays or self.module.tree.text(mapping) in self.names)

    def is_first(self, setter: cst.CSTNode) -> bool:
        """Returns whether all other code that sets the same key in the spread dict certainly comes later."""
        mapping = mapping_of(self.module, setter)
        return mapping is not None and id(mapping) in self.beginnings


def spread_of(module: Module, call: cst.Call) -> Spread:
    """Returns the dicts behind the `**` arguments of a call: through names, conditionals and results of functions."""
    names: set[str] = set()
    displays: set[int] = set()
    spread = [argument.value for argument in call.args if argument.star == "**"]
    pending = [*spread]
    seen: set[int] = set()
    while pending:
        node = pending.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        match node:
            case cst.Name() | cst.Attribute():
                name = module.tree.text(node)
                if name not in names:
                    names.add(name)
                    pending += _bindings(module).get(name, ())
            case cst.IfExp():
                pending += node.body, node.orelse
            case cst.Dict():
                displays.add(id(node))
            case cst.Call(func=cst.Name(value="dict")):
                displays.add(id(node))
            case cst.Call():
                for function, _ in module.index.functions.get(last_name(node.func) or "", ()):
                    pending += _returned_by(function)
    bound = (_bindings(module).get(module.tree.text(one), ()) for one in spread)
    beginnings = frozenset(id(values[0]) for values in bound if len(values) == 1 and _is_plain(values[0]))
    return Spread(module, frozenset(names), frozenset(displays), beginnings)


def _is_plain(node: cst.BaseExpression) -> bool:
    """Returns whether an expression is a display or a `dict()` call that does not include other dicts."""
    match node:
        case cst.Dict(elements=elements):
            return all(isinstance(one, cst.DictElement) for one in elements)
        case cst.Call(func=cst.Name(value="dict"), args=arguments):
            return all(one.keyword is not None for one in arguments)
    return False


def passed_on(module: Module, call: cst.Call) -> PassedOn | None:
    """Returns the `**` parameter of a public function that its call passes on, or None if there is none."""
    function = module.index.innermost_function(call)
    if function is None or function.params.star_kwarg is None or function is not module.index.outermost_function(call):
        return None
    name = function.params.star_kwarg.name.value
    spread = [argument.value for argument in call.args if argument.star == "**"]
    is_private = function.name.value.startswith("_") and not function.name.value.endswith("__")
    if is_private or not any(isinstance(one, cst.Name) and one.value == name for one in spread):
        return None
    uses = [one for one in descendants(function.body) if isinstance(one, cst.Name) and one.value == name]
    others = [one for one in uses if one not in spread and not _is_taken_in(module, one, call)]
    return PassedOn(name, alone=len(spread) == 1 and not others and not _is_in_loop(module, call))


def _is_taken_in(module: Module, name: cst.Name, call: cst.Call) -> bool:
    """Returns whether a dict loses an item in an argument of a call, as in `f(a=options.pop("a", 0), **options)`."""
    attribute = module.index.parents.get(id(name))
    if not isinstance(attribute, cst.Attribute) or attribute.attr.value != "pop":
        return False
    return any(at is call for at in module.index.around(attribute))


def _is_in_loop(module: Module, node: cst.CSTNode) -> bool:
    for at in module.index.around(node):
        if isinstance(at, cst.FunctionDef):
            break
        if isinstance(at, (cst.For, cst.While, cst.CompFor, cst.BaseComp, cst.Lambda)):
            return True
    return False


def _bindings(module: Module) -> dict[str, list[cst.BaseExpression]]:
    """Returns the values that are assigned to names and attributes, by their text. Cached in the module."""
    memo = "assigned values"
    found: dict[str, list[cst.BaseExpression]] | None = module.memo.get(memo)
    if found is None:
        found = module.memo[memo] = {}
        for node in descendants(module.tree.module):
            if not isinstance(node, (cst.Assign, cst.AnnAssign)) or node.value is None:
                continue
            targets = [one.target for one in node.targets] if isinstance(node, cst.Assign) else [node.target]
            names = {module.tree.text(one) for one in targets if isinstance(one, (cst.Name, cst.Attribute))}
            for name in names:
                found.setdefault(name, []).append(node.value)
    return found


def _returned_by(function: cst.FunctionDef) -> list[cst.BaseExpression]:
    return [node.value for node in descendants(function) if isinstance(node, cst.Return) and node.value is not None]
