"""A missing branch: an `if` sets options for another driver, and there is no `else` for asyncpg's engine.

A key set in the `else` reaches only asyncpg's engine if every path to the call passes the `if`, if the paths of other
drivers lead through its body, and if only the call reads the dict.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from poolsafe.facts.engine import Driver
from poolsafe.facts.reach import Passage, Surroundings
from poolsafe.facts.sizes import PREPARED, STATEMENT
from poolsafe.facts.written_keys import index_of
from poolsafe.inference import Absent, MappingValue, Module, alternatives, compatible, restrict
from poolsafe.records import frozen
from poolsafe.syntax.index import descendants
from poolsafe.syntax.layout import MissingBranch


@frozen
class FoundBranch:
    """A missing branch. `certain`: asyncpg's engine, and no other, certainly gets the keys that are set there."""

    branch: MissingBranch
    certain: bool


def missing_branch(surroundings: Surroundings, call: cst.Call, passages: list[Passage]) -> FoundBranch | None:
    """Returns where an `else` can set options for asyncpg's engine, or None if there is no such place.

    Every path to the call in its function passes the `if`, which sets an item only for engines of other drivers:
    `connect_args` in a dict that the call spreads, or a key of the dict that it passes as `connect_args`.
    """
    ours = [one for one in passages if one.driver is not Driver.OTHER]
    others, shared = _written(surroundings, passages)
    if not ours or not others - shared:
        return None
    module = surroundings.module
    spread = {module.tree.text(one.value) for one in call.args if one.star == "**"}
    passed = {module.tree.text(one.value) for one in call.args if one.keyword is not None and _names_args(one)}
    function = module.index.innermost_function(call)
    for node, assignment in _settings(module):
        value, target = id(assignment.value), assignment.targets[0].target
        if value not in others - shared or not isinstance(target, cst.Subscript):
            continue
        mapping, key = module.tree.text(target.value), index_of(target)
        around = key == "connect_args" and mapping in spread
        lacks = all(isinstance(one.connect_args, Absent) for one in ours) if around else mapping in passed
        here = module.index.innermost_function(node) is function and _is_passed(module, node, call)
        if lacks and key is not None and here:
            certain = _is_alone(surroundings, assignment, key, call, passages)
            return FoundBranch(_branch(module, node, mapping, around=around), certain)
    return None


def is_in_asyncpgs_branch(module: Module, node: cst.CSTNode) -> bool:
    """Returns whether a node is in the body of an `if` whose test asks for asyncpg by name."""
    inner = node
    for around in module.index.around(node):
        if isinstance(around, cst.If) and inner is around.body and _asks_for_asyncpg(around.test):
            return True
        if isinstance(around, (cst.FunctionDef, cst.Lambda)):
            return False
        inner = around
    return False


def _asks_for_asyncpg(test: cst.BaseExpression) -> bool:
    """Returns whether a test is only true if a string is equal to, or contains, a name with `asyncpg`."""
    match test:
        case cst.BooleanOperation(operator=cst.And()):
            return _asks_for_asyncpg(test.left) or _asks_for_asyncpg(test.right)
        case cst.Comparison(comparisons=[cst.ComparisonTarget(operator=cst.Equal(), comparator=other)]):
            return _names_asyncpg(test.left) or _names_asyncpg(other)
        case cst.Comparison(left=name, comparisons=[cst.ComparisonTarget(operator=cst.In())]):
            return _names_asyncpg(name)
        case cst.Call(func=cst.Attribute(attr=cst.Name(value="startswith" | "endswith")), args=[cst.Arg(value=name)]):
            return _names_asyncpg(name)
    return False


def _names_asyncpg(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.SimpleString) and "asyncpg" in node.value


def _is_passed(module: Module, node: cst.If, call: cst.Call) -> bool:
    """Returns whether an `if` is in the block of the call or in one around it, and before the call."""
    block = module.index.parents.get(id(node))
    return module.tree.span(node)[1] <= module.tree.span(call)[0] and any(
        at is block for at in module.index.around(call)
    )


def _is_alone(
    surroundings: Surroundings, assignment: cst.Assign, key: str, call: cst.Call, passages: list[Passage]
) -> bool:
    """Returns whether an item is set exactly on the paths of other drivers, in a dict that only the call reads."""
    if any(map(surroundings.reads_item, (STATEMENT, PREPARED, "connect_args", key))):
        return False
    for passage in passages:
        content = passage.connect_args
        item = content.get(key) if key != "connect_args" and isinstance(content, MappingValue) else content
        for guard, single in alternatives(restrict(item, (passage.guard,))):
            step = next(iter(single.provenance), None)
            is_set = step is not None and step.node is assignment.value
            driver = surroundings.driver_on(passage.view, passage.guard | guard)
            if driver is not (Driver.OTHER if is_set else Driver.ASYNCPG):
                return False
            if step is not None and is_set and surroundings.gives_to_another_call(step, call):
                return False
    target = assignment.targets[0].target
    mapping = target.value if isinstance(target, cst.Subscript) else target
    if surroundings.spreads_into_asyncpg or not _is_made_anew(surroundings.module, mapping, assignment):
        return False
    return surroundings.readers.only_engines_read(mapping, empty_for_another=True)


def _is_made_anew(module: Module, mapping: cst.BaseExpression, assignment: cst.Assign) -> bool:
    """Returns whether a new dict is created each time the code sets its item, so that no other engine shares it."""
    if not isinstance(mapping, cst.Name):
        return False
    function = module.index.innermost_function(assignment)
    bindings = [
        node
        for node in descendants(module.tree.module if function is None else function.body)
        if isinstance(node, (cst.Assign, cst.AnnAssign)) and mapping.value in _targets(module, node)
    ]
    loop = _innermost_loop(module, assignment)
    return bool(bindings) and all(
        _is_new(node.value)
        and module.index.innermost_function(node) is function
        and _innermost_loop(module, node) is loop
        for node in bindings
    )


def _targets(module: Module, node: cst.Assign | cst.AnnAssign) -> list[str]:
    targets = [one.target for one in node.targets] if isinstance(node, cst.Assign) else [node.target]
    return [module.tree.text(one) for one in targets]


def _is_new(value: cst.BaseExpression | None) -> bool:
    match value:
        case (
            cst.Dict()
            | cst.Call(func=cst.Name(value="dict"))
            | cst.Call(func=cst.Attribute(attr=cst.Name(value="copy")))
        ):
            return True
    return False


def _innermost_loop(module: Module, node: cst.CSTNode) -> cst.CSTNode | None:
    return next((at for at in module.index.around(node) if isinstance(at, (cst.For, cst.While))), None)


def _written(surroundings: Surroundings, passages: list[Passage]) -> tuple[set[int], set[int]]:
    """Returns the ids of the nodes that write connect_args and their items, for other drivers and for asyncpg."""
    others: set[int] = set()
    ours: set[int] = set()
    for one in passages:
        content = one.connect_args
        (others if one.driver is Driver.OTHER else ours).update(id(step.node) for step in content.provenance[:1])
        for item in content.items.values() if isinstance(content, MappingValue) else ():
            for guard, single in alternatives(item):
                if compatible(guard, one.guard):
                    driver = surroundings.driver_on(one.view, one.guard | guard)
                    nodes = (id(step.node) for step in single.provenance[:1])
                    (others if driver is Driver.OTHER else ours).update(nodes)
    return others, ours


def _names_args(argument: cst.Arg) -> bool:
    return argument.keyword is not None and argument.keyword.value == "connect_args"


def _settings(module: Module) -> list[tuple[cst.If, cst.Assign]]:
    """Returns the items that are set in `if` statements with neither `elif` nor `else`. Cached in the module."""
    memo = "items set in a lone branch"
    found: list[tuple[cst.If, cst.Assign]] | None = module.memo.get(memo)
    if found is None:
        ifs = [node for node in descendants(module.tree.module) if isinstance(node, cst.If)]
        chained = {id(node.orelse) for node in ifs}
        found = module.memo[memo] = [
            (node, one)
            for node in ifs
            if node.orelse is None and id(node) not in chained and isinstance(node.body, cst.IndentedBlock)
            for one in _item_assignments(node.body)
        ]
    return found


def _item_assignments(block: cst.IndentedBlock) -> Iterator[cst.Assign]:
    for line in block.body:
        for one in line.body if isinstance(line, cst.SimpleStatementLine) else ():
            match one:
                case cst.Assign(targets=[cst.AssignTarget(target=cst.Subscript())]):
                    yield one


def _branch(module: Module, node: cst.If, mapping: str, *, around: bool) -> MissingBranch:
    tree = module.tree
    start, end = tree.span(node)
    first, _ = tree.span(node.body.body[0])
    source = tree.source
    indent, inner = (source.text[source.line_start(at) : at] for at in (start, first))
    return MissingBranch(start, end, indent, inner, f"{mapping}[", "] = ", around)
