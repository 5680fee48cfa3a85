"""The effects of `init` and `setup`, which asyncpg's pool calls with each connection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from poolsafe.facts.connection import Hook
from poolsafe.facts.given import Given
from poolsafe.facts.places import place
from poolsafe.inference import Absent, Function, Instance, Module, Step, Value, alternatives
from poolsafe.sql.scanner import PLACEHOLDER
from poolsafe.sql.session_commands import Effect, session_commands
from poolsafe.syntax.index import descendants, last_name

HOOKS = ("init", "setup")
# Options that replace the commands that the pool runs when a connection is released.
_RESETTING = ("reset", "connection_class")
_RUNNING = frozenset({"execute", "fetch", "fetchrow", "fetchval"})
_SETTING = frozenset({Effect.SETTING, Effect.ROLE})
_MAX_HOPS = 2  # the maximum depth of helper functions that receive the connection


def hooks_of(module: Module, given: Iterable[Given]) -> tuple[Hook, ...]:
    """Returns the hooks of a pool that change session settings, each with the first setting that it changes."""
    found: dict[str, Hook] = {}
    for one in given:
        kept = any(not isinstance(one.option(name), Absent) for name in _RESETTING)
        for name in HOOKS:
            for _, single in alternatives(one.option(name)):
                hook = _hook(module, name, single, kept=kept)
                if hook is not None:
                    found.setdefault(name, hook)
    return tuple(found.values())


def _hook(home: Module, name: str, value: Value, *, kept: bool) -> Hook | None:
    function = _function_of(value)
    if function is None:
        return None
    module, node = function
    settings = list(_settings(module, node, 1 if _is_method(value) else 0, _MAX_HOPS))
    if not settings:
        return None
    first, setting = settings[0]
    spans = tuple(module.tree.span(call) for call, _ in settings) if module is home else ()
    return Hook(name, setting, (place(Step(module, first, ""), "it is set here"),), spans, kept)


def _function_of(value: Value) -> tuple[Module, cst.FunctionDef | cst.Lambda] | None:
    """Returns the definition of a function, or of the `__call__` of an object, with its module."""
    match value:
        case Function(module=module):
            definition = module.syntax(value.node.origin)
            return (module, definition) if isinstance(definition, (cst.FunctionDef, cst.Lambda)) else None
        case Instance(cls=cls):
            definition = cls.module.syntax(cls.node.origin)
            for one in definition.body.body if isinstance(definition, cst.ClassDef) else ():
                if isinstance(one, cst.FunctionDef) and one.name.value == "__call__":
                    return cls.module, one
    return None


def _is_method(value: Value) -> bool:
    return isinstance(value, Instance) or (isinstance(value, Function) and value.bound is not None)


def _settings(
    module: Module, function: cst.FunctionDef | cst.Lambda, position: int, hops: int
) -> Iterator[tuple[cst.Call, str]]:
    """Yields the calls that change a session setting of the connection that the function receives at a position."""
    parameters = function.params.params
    if position >= len(parameters):
        return
    connection = parameters[position].name.value
    for node in sorted(
        (one for one in descendants(function.body) if isinstance(one, cst.Call)),
        key=lambda one: module.tree.span(one)[0],
    ):
        if _is_run_on(node, connection):
            name = _setting(_sql(module, function, node.args[0].value))
            if name:
                yield node, name
        elif hops:
            yield from _in_helper(module, node, connection, hops)


def _in_helper(module: Module, call: cst.Call, connection: str, hops: int) -> Iterator[tuple[cst.Call, str]]:
    for index, argument in enumerate(call.args):
        if isinstance(argument.value, cst.Name) and argument.value.value == connection and argument.keyword is None:
            method = isinstance(call.func, cst.Attribute)
            for helper, scopes in module.index.functions.get(last_name(call.func) or "", ()):
                bound = method and bool(scopes) and isinstance(scopes[-1], cst.ClassDef)
                yield from _settings(module, helper, index + bound, hops - 1)


def _is_run_on(call: cst.Call, connection: str) -> bool:
    match call.func:
        case cst.Attribute(value=cst.Name(value=name), attr=cst.Name(value=method)):
            return name == connection and method in _RUNNING and bool(call.args)
    return False


def _setting(sql: str) -> str:
    """Returns the session setting that a SQL string changes, or "" if it changes none."""
    for command in session_commands(sql):
        if command.effect in _SETTING:
            return command.name.replace(PLACEHOLDER, "...") or "a setting"
    return ""


def _sql(module: Module, function: cst.CSTNode, node: cst.BaseExpression) -> str:
    """Returns a SQL string with its unknown parts replaced by a placeholder."""
    match node:
        case cst.SimpleString():
            value = node.evaluated_value
            return value if isinstance(value, str) else ""
        case cst.FormattedString():
            return "".join(
                part.value if isinstance(part, cst.FormattedStringText) else PLACEHOLDER for part in node.parts
            )
        case cst.ConcatenatedString() | cst.BinaryOperation(operator=cst.Add()):
            return _sql(module, function, node.left) + _sql(module, function, node.right)
        case cst.Name(value=name):
            bound = _bound(function, name) or _bound(module.tree.module, name)
            return PLACEHOLDER if bound is None or isinstance(bound, cst.Name) else _sql(module, function, bound)
        case cst.Call(func=cst.Attribute(attr=cst.Name(value="format" | "strip"), value=text)):
            return _sql(module, function, text)
    return PLACEHOLDER


def _bound(scope: cst.CSTNode, name: str) -> cst.BaseExpression | None:
    """Returns the value that is assigned to a name in a scope, if it is assigned once."""
    found = [
        one.value
        for one in descendants(scope)
        if isinstance(one, cst.Assign) and any(last_name(each.target) == name for each in one.targets)
    ]
    return found[0] if len(found) == 1 else None
