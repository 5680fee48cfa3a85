"""A missing branch: an `if` sets options for another driver, and there is no `else` for asyncpg's engine."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from poolsafe.facts.engine import Driver
from poolsafe.facts.reach import Passage, Surroundings
from poolsafe.facts.written_keys import index_of
from poolsafe.inference import Absent, MappingValue, Module, alternatives, compatible
from poolsafe.syntax.index import descendants
from poolsafe.syntax.layout import MissingBranch


def missing_branch(surroundings: Surroundings, call: cst.Call, passages: list[Passage]) -> MissingBranch | None:
    """Returns where an `else` can set options for asyncpg's engine, or None if there is no such place.

    The `if` is in the function of the call, and sets an item only for engines of other drivers: `connect_args` in a
    dict that the call spreads, or a key of the dict that it passes as `connect_args`.
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
        if lacks and key is not None and module.index.innermost_function(node) is function:
            return _branch(module, node, mapping, around=around)
    return None


def _written(surroundings: Surroundings, passages: list[Passage]) -> tuple[set[int], set[int]]:
    """Returns the ids of the nodes that write connect_args and their items: for other drivers, and for asyncpg's."""
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
