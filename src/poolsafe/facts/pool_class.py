"""A pool class that asynchronous engines reject, and where the file uses and imports it."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from poolsafe.facts.engine import RefusedPoolClass
from poolsafe.facts.misplaced import argument_index
from poolsafe.facts.places import explain
from poolsafe.facts.views import View, judged_values
from poolsafe.inference import Library, Module
from poolsafe.syntax.index import descendants, last_name
from poolsafe.syntax.layout import CallLayout

# Their `_is_asyncio` is False. Every engine accepts AssertionPool, StaticPool and NullPool.
REFUSED = frozenset({"QueuePool", "SingletonThreadPool"})
REPLACEMENT = "AsyncAdaptedQueuePool"


def refused_pool_class(
    module: Module, call: cst.Call | None, layout: CallLayout, views: list[View]
) -> RefusedPoolClass | None:
    """Returns the pool class of an engine if asynchronous engines reject it, or None."""
    given = [single for view in views for single in judged_values(view.option("poolclass"))]
    refused = [one for one in given if _name_of(one) in REFUSED]
    if not refused:
        return None
    name = _name_of(refused[0])
    index = argument_index(layout, "poolclass")
    value = None if call is None or index is None else call.args[index].value
    origin = explain(refused[0].provenance, "`poolclass`", module, (layout.start, layout.end))
    everywhere = len(refused) == len(given)
    if value is None or last_name(value) != name:
        return RefusedPoolClass(name, everywhere, origin)
    if isinstance(value, cst.Attribute):
        if _root(value) not in module.library_names:
            return RefusedPoolClass(name, everywhere, origin)
        return RefusedPoolClass(name, everywhere, origin, module.tree.span(value.attr), is_attribute=True)
    aliases = list(_aliases(module, name))
    if len(aliases) != 1:
        return RefusedPoolClass(name, everywhere, origin)
    statement, alias = aliases[0]
    uses = [node for node in descendants(module.tree.module) if isinstance(node, cst.Name) and node.value == name]
    names = [one.name for one in statement.names] if not isinstance(statement.names, cst.ImportStar) else []
    place = names.index(alias.name)
    later = next((one for one in names if (last_name(one) or "") > REPLACEMENT), alias.name)
    return RefusedPoolClass(
        name,
        everywhere,
        origin,
        module.tree.span(value),
        module.tree.span(alias.name),
        sorted_at=module.tree.span(later)[0],
        previous_end=module.tree.span(names[place - 1])[1] if place else None,
        shared=any(node is not value and node is not alias.name for node in uses),
        bound=bool(list(_aliases(module, REPLACEMENT))),
    )


def _name_of(value: object) -> str:
    if not isinstance(value, Library) or not value.name.startswith("sqlalchemy."):
        return ""
    return value.name.rpartition(".")[2]


def _root(node: cst.BaseExpression) -> str | None:
    while isinstance(node, cst.Attribute):
        node = node.value
    return last_name(node)


def _aliases(module: Module, name: str) -> Iterator[tuple[cst.ImportFrom, cst.ImportAlias]]:
    """Yields the parts of `from sqlalchemy… import` that bind a class of this name under its own name."""
    for node in module.imports:
        if not isinstance(node, cst.ImportFrom) or isinstance(node.names, cst.ImportStar) or node.relative:
            continue
        home = "" if node.module is None else cst.Module([]).code_for_node(node.module)
        if home.partition(".")[0] == "sqlalchemy":
            yield from ((node, one) for one in node.names if last_name(one.name) == name and one.asname is None)
