"""Finds the places in the file that set a key of a dict, so that another key of the same dict can be set next to it."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from poolsafe.facts.written import is_of
from poolsafe.inference import Module, Origin, Step, Value
from poolsafe.syntax.call_layout import call_layout, dict_layout
from poolsafe.syntax.index import descendants, last_name
from poolsafe.syntax.layout import ItemStatement, Place

# Functions and methods that only read values.
_READING = frozenset(
    {"bool", "endswith", "get", "getenv", "int", "len", "lower", "startswith", "str", "strip", "upper"}
)


def setter_of(module: Module, value: cst.CSTNode, key: str) -> cst.CSTNode | None:
    """Returns the dict item, argument or assignment that sets an expression as the value under a key, or None.

    An argument is either a keyword or the value in `setdefault(key, value)`.
    """
    parents = module.index.parents
    parent = parents.get(id(value))
    if isinstance(parent, cst.UnaryOperation):
        parent = parents.get(id(parent))
    match parent:
        case cst.DictElement(key=cst.SimpleString() as name) if name.raw_value == key and name is not value:
            return parent
        case cst.Arg(keyword=cst.Name(value=name)) if name == key:
            return parent
        case cst.Arg(keyword=None):
            call = parents.get(id(parent))
            sets = isinstance(call, cst.Call) and len(call.args) == 2 and call.args[1] is parent
            return parent if sets and isinstance(call, cst.Call) and _sets_default(call, key) else None
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Subscript() as target)]) if index_of(target) == key:
            return parent
    return None


def value_under(module: Module, literal: cst.CSTNode, key: str) -> cst.BaseExpression | None:
    """Returns the complete expression for the value under a key, of which a literal is one outcome, or None.

    The expression is the literal itself, or a conditional one such as `0 if debug else 50` without side effects.
    """
    parents = module.index.parents
    node: cst.CSTNode = literal
    while True:
        parent = parents.get(id(node))
        is_outcome = isinstance(parent, cst.IfExp) and parent.test is not node
        if not is_outcome and not (isinstance(parent, cst.UnaryOperation) and node is literal):
            break
        assert parent is not None
        node = parent
    if not isinstance(node, cst.BaseExpression) or setter_of(module, node, key) is None:
        return None
    return node if all(map(is_pure, descendants(node))) else None


def outcomes(node: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    """Yields the possible outcomes of a conditional expression, or the expression itself."""
    if isinstance(node, cst.IfExp):
        yield from outcomes(node.body)
        yield from outcomes(node.orelse)
    else:
        yield node


def is_pure(node: cst.CSTNode) -> bool:
    """Returns whether a part of an expression has no effect: the calls in it only read values."""
    match node:
        case cst.Await() | cst.NamedExpr() | cst.Yield():
            return False
        case cst.Call(func=function):
            return last_name(function) in _READING
    return True


def place_inside(module: Module, node: cst.Dict | cst.Call) -> Place:
    """Returns the layout of a display or of `dict(...)`."""
    return dict_layout(module.tree, node) if isinstance(node, cst.Dict) else call_layout(module.tree, node)


def place_beside(module: Module, value: Value, key: str, call: cst.Call) -> Place | None:
    """Returns the place where the file sets a value under a key for a call, or None if it may not be the only one.

    Equal values from several places are one value in the analysis, which records one of the places. So other places are
    searched for: in the module, and in the functions around the place and the call, or in all functions if one of the
    two is in no function.
    """
    step = value.provenance[0] if value.provenance else None
    setter = setter_of(module, step.node, key) if step is not None and is_of(module, step) else None
    if setter is None:
        return None
    near = {module.index.outermost_function(setter), module.index.outermost_function(call)}
    if [one for one, around in _setters(module, key) if None in near or around is None or around in near] != [setter]:
        return None
    parent = module.index.parents[id(setter)]
    match setter, parent:
        case cst.DictElement(), cst.Dict():
            return dict_layout(module.tree, parent)
        case cst.Arg(keyword=cst.Name()), cst.Call(func=function):
            updates = isinstance(function, cst.Attribute) and function.attr.value == "update"
            is_dict = isinstance(function, cst.Name) and function.value == "dict"
            return call_layout(module.tree, parent) if updates or is_dict else None
        case cst.Arg(), cst.Call(func=cst.Attribute(value=mapping)):
            return _statement(module, parent, mapping, ".setdefault(", ", ", ")")
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Subscript(value=mapping))]), _:
            return _statement(module, setter, mapping, "[", "] = ", "")
    return None


def mapping_of(module: Module, setter: cst.CSTNode) -> cst.BaseExpression | None:
    """Returns the expression for the dict whose item, argument or assignment this is, or None if it has no name.

    For an item of a display in `update()` or `|=`, this is the updated dict, else the display itself.
    """
    parents = module.index.parents
    match setter, parents[id(setter)]:
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Subscript(value=mapping))]), _:
            return mapping
        case cst.Arg(), cst.Call(func=cst.Attribute(value=mapping)):
            return mapping
        case cst.Arg(), cst.Call(func=cst.Name(value="dict")) as call:
            return call
        case cst.DictElement(), cst.Dict() as display:
            around = parents.get(id(display))
            match around, parents.get(id(around)):
                case cst.AugAssign(target=target, operator=cst.BitOrAssign()), _:
                    return target
                case cst.Arg(), cst.Call(func=cst.Attribute(value=mapping, attr=cst.Name(value="update"))):
                    return mapping
            return display
    return None


def _sets_default(call: cst.Call, key: str) -> bool:
    name = call.args[0].value
    is_key = isinstance(name, cst.SimpleString) and name.raw_value == key
    return isinstance(call.func, cst.Attribute) and last_name(call.func) == "setdefault" and is_key


def index_of(target: cst.Subscript) -> str | None:
    """Returns the key of a subscript if it is written as a string, or None."""
    match target.slice:
        case [cst.SubscriptElement(slice=cst.Index(value=cst.SimpleString() as name))]:
            return str(name.raw_value)
    return None


def _statement(
    module: Module, node: cst.CSTNode, mapping: cst.BaseExpression, opening: str, middle: str, closing: str
) -> ItemStatement | None:
    """Returns the statement that consists of a node alone, or None if it is a part of one."""
    parents = module.index.parents
    statement = node if isinstance(node, cst.BaseSmallStatement) else parents.get(id(node))
    if not isinstance(statement, (cst.Assign, cst.Expr)):
        return None
    line = parents.get(id(statement))
    start, end = module.tree.span(statement)
    alone = isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1
    name = module.tree.text(mapping)
    if "\n" in name or "#" in name:
        return None
    return ItemStatement(start, end, f"{name}{opening}", middle, closing, alone)


def _setters(module: Module, key: str) -> list[tuple[cst.CSTNode, cst.FunctionDef | None]]:
    """Returns all nodes that set a key of a dict, each with the outermost function around it. Cached in the module.

    Nodes that set keys other than literal strings count too: the same value may come from there.
    """
    memo = f"setters of {key}"
    found: list[tuple[cst.CSTNode, cst.FunctionDef | None]] | None = module.memo.get(memo)
    if found is None:
        found = module.memo[memo] = [
            (node, module.index.outermost_function(node))
            for node in descendants(module.tree.module)
            if _sets_any(node)
            or _names_key(node, key)
            or (isinstance(node, (cst.DictElement, cst.Arg, cst.Assign)) and _sets(module, node, key))
        ]
    return found


def _sets(module: Module, node: cst.DictElement | cst.Arg | cst.Assign, key: str) -> bool:
    value = node.value.expression if isinstance(node.value, cst.UnaryOperation) else node.value
    return setter_of(module, value, key) is node


def _sets_any(node: cst.CSTNode) -> bool:
    """Returns whether a node sets keys of a dict without the syntax showing which keys."""
    match node:
        case cst.DictComp():
            return True
        case cst.Assign(targets=targets):
            indices = (one.target for one in targets if isinstance(one.target, cst.Subscript))
            return any(index_of(one) is None for one in indices)
        case cst.Call(func=function):
            return last_name(function) in ("fromkeys", "zip")
    return False


def _names_key(node: cst.CSTNode, key: str) -> bool:
    """Returns whether a node names a key in a way that may set it: in a pair or a list of keys, or as an attribute."""
    match node:
        case cst.Tuple(elements=elements) | cst.List(elements=elements) | cst.Set(elements=elements):
            return any(isinstance(one.value, cst.SimpleString) and one.value.raw_value == key for one in elements)
        case cst.AssignTarget(target=target) | cst.AnnAssign(target=target) | cst.AugAssign(target=target):
            return last_name(target) == key
        case cst.Call(func=cst.Name(value="setattr"), args=[_, cst.Arg(value=cst.SimpleString() as name), _]):
            return bool(name.raw_value == key)
    return False


def literals_of_value(value: Value) -> list[Step]:
    """Returns the steps that are literals in a value's provenance: several if equal values were joined.

    Returns an empty list if the value was first written in another form.
    """
    steps = value.provenance
    if not steps or steps[0].label is not Origin.LITERAL:
        return []
    return [step for step in steps if step.label is Origin.LITERAL]


def depends_on_callers(module: Module, node: cst.BaseExpression) -> bool:
    """Returns whether an expression reads a parameter of a function around it, such as `self`."""
    names = parameters_around(module, node)
    return any(isinstance(one, cst.Name) and one.value in names for one in descendants(node))


def parameters_around(module: Module, node: cst.CSTNode) -> frozenset[str]:
    """Returns the names of the parameters of the functions around a node."""
    names: set[str] = set()
    for at in module.index.around(node):
        if isinstance(at, (cst.FunctionDef, cst.Lambda)):
            given = at.params
            names |= {one.name.value for one in (*given.params, *given.kwonly_params, *given.posonly_params)}
            names |= {given.star_kwarg.name.value} if given.star_kwarg is not None else set()
    return frozenset(names)
