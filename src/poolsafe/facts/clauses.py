"""Clauses with several commands: the commands, the names that a clause is bound to, and whether its runner is known."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import libcst as cst

from poolsafe.facts.observed import OP_EXECUTE, Observed, sql_of
from poolsafe.inference import (
    Inference,
    Module,
    Text,
    Value,
    alternatives,
    for_detection,
    is_open,
    looks_like_scheme,
)
from poolsafe.inference.models import Connectable, SessionMaker
from poolsafe.libraries import EXECUTING
from poolsafe.sql import scanner
from poolsafe.syntax.index import CallSite

Spans = list[tuple[int, int]]


def several_commands(sql: Value) -> list[tuple[Text, Spans]]:
    """Returns the alternatives of a text with at least two commands, each of which contains a real token."""
    found: list[tuple[Text, Spans]] = []
    for _, single in alternatives(for_detection(sql)):
        if not isinstance(single, Text) or looks_like_scheme(single.prefix):
            continue
        joined = joined_text(single)
        spans = scanner.split(joined)
        if spans is not None and sum(scanner.holds_token(joined[start:end]) for start, end in spans) >= 2:
            found.append((single, spans))
    return found


def joined_text(text: Text) -> str:
    """Returns the text with a placeholder for each unknown piece."""
    return "".join(piece if isinstance(piece, str) else scanner.PLACEHOLDER for piece in text.pieces)


def unclaimed(inference: Inference, sites: Iterable[CallSite]) -> list[CallSite]:
    """Returns the calls with several commands, or with SQL that callers pass, whose execution no run has observed."""
    wanted = {id(site.node): site for site in sites}
    observed = Observed(inference)
    found: list[CallSite] = []
    for seen in observed.statements:
        site = wanted.get(id(seen[0].node))
        if site is None or seen[0].function == OP_EXECUTE:
            continue
        if all(map(is_open, seen)):
            found.append(site)
            continue
        if not any(several_commands(sql_of(one)) for one in seen):
            continue
        runs = [*seen, *observed.executions_of(seen[0])]
        if not any(one.awaited or _is_known(one.receiver) for one in runs):
            found.append(site)
    return found


def _is_known(receiver: Value | None) -> bool:
    return receiver is not None and any(
        isinstance(single, (Connectable, SessionMaker)) for _, single in alternatives(receiver)
    )


def clause_names(module: Module, site: CallSite) -> Iterator[str]:
    """Yields the module-level names, class-level names and attributes that hold the result of the call."""
    local = any(isinstance(scope, (cst.FunctionDef, cst.Lambda)) for scope in site.scopes)
    for node in module.index.around(site.node):
        if isinstance(node, (cst.BaseStatement, cst.Lambda)):
            return
        targets = [target.target for target in node.targets] if isinstance(node, cst.Assign) else []
        targets += [node.target] if isinstance(node, cst.AnnAssign) else []
        for target in targets:
            if not local or isinstance(target, cst.Attribute):
                yield from _names(target)


def uses_of(module: Module, names: Collection[str]) -> list[CallSite]:
    """Returns the calls that may execute an object with one of these names, directly or through a function."""
    if not names:
        return []
    return [site for site in module.index.calls if _may_execute(module, site) and _is_given(site.node.args, names)]


def _may_execute(module: Module, site: CallSite) -> bool:
    return site.name in EXECUTING or site.name in module.index.functions


def _is_given(args: Iterable[cst.Arg], names: Collection[str]) -> bool:
    return any(name in names for arg in args for name in _names(arg.value))


def _names(node: cst.BaseExpression) -> Iterator[str]:
    """Yields the last name of an expression, ignoring subscripts and method calls."""
    while True:
        match node:
            case cst.Name():
                yield node.value
                return
            case cst.Attribute():
                yield node.attr.value
                return
            case cst.Subscript():
                node = node.value
            case cst.Call(func=cst.Attribute() as method):
                node = method.value
            case _:
                return
