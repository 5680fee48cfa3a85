"""Listeners for `do_connect`, which may change the arguments of every connection of an engine.

    @event.listens_for(engine.sync_engine, "do_connect")
    def provide(dialect, record, cargs, cparams):
        cparams["statement_cache_size"] = 0

Their values override connect_args and the URL (measured with SQLAlchemy 2.1.9 and asyncpg 0.32).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import libcst as cst

from poolsafe.facts.engine import CacheSize, ConnectParameter, ParameterWhere, ServerSetting, SizeState
from poolsafe.facts.listeners import listeners
from poolsafe.facts.misplaced import KEYS
from poolsafe.facts.places import place
from poolsafe.facts.sizes import size_state
from poolsafe.facts.views import as_python
from poolsafe.findings import Related
from poolsafe.inference import Const, Module, Origin, Step, Unknown, Value, as_text
from poolsafe.libraries import ENGINE_NAMES
from poolsafe.syntax.index import descendants, last_name

_EVENT = "do_connect"
# The index of the listener's parameter that is the dict of keywords.
_KEYWORDS = 3
_SETTINGS = "server_settings"
_READING = frozenset({"get", "keys", "items", "values", "copy"})


@dataclass(slots=True)
class Listened:
    """The effect of listeners on the keywords of `connect()`.

    `keys` maps the keys that are set to the expressions of their last values. `always` are the keys that are set
    unconditionally, and `removed` those that are removed. `open`: other changes are possible.
    """

    keys: dict[str, cst.BaseExpression] = field(default_factory=dict)
    always: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    open: bool = False


def listened(module: Module, node: cst.Call) -> Listened:
    """Returns the effect of this file's listeners on the connections of the engine that a call creates."""
    found = Listened()
    if _EVENT not in module.source.text:
        return found
    own, others = _names_of(module, node), _names_of_engines(module)
    for one in listeners(module):
        if one.event != _EVENT:
            continue
        name = _engine_name(one.target)
        # A target that is not one of the file's engines may be this one under another name. `Engine` means all of them.
        # Listeners in other files usually set a token, and are assumed not to change the sizes.
        if one.function is not None and (name in own or name not in others):
            _read(one.function, found)
    return found


def with_listeners(module: Module, size: CacheSize, found: Listened) -> CacheSize:
    """Returns a cache size after the listeners have run."""
    if found.open or size.key in found.removed:
        return CacheSize(size.key, SizeState.UNKNOWN, reason="a listener to `do_connect` may change it")
    written = found.keys.get(size.key)
    if written is None:
        return size
    value = _value(written)
    state = size_state(size.key, value)
    if size.key not in found.always and state is not size.state:
        state = SizeState.UNKNOWN
    return CacheSize(size.key, state, as_python(value), origin=(_place(module, written, size.key),))


def parameters_with_listeners(
    module: Module, parameters: tuple[ConnectParameter, ...], found: Listened
) -> tuple[ConnectParameter, ...]:
    """Returns the parameters that reach `connect()` after the listeners have run."""
    kept = [one for one in parameters if not found.open and one.key not in found.removed]
    given = [
        ConnectParameter(
            key,
            ParameterWhere.LISTENER,
            as_python(_value(written)),
            (_place(module, written, key),),
            everywhere=key in found.always,
        )
        for key, written in found.keys.items()
        if key not in KEYS
    ]
    return (*kept, *given)


def settings_with_listeners(
    module: Module, settings: tuple[ServerSetting, ...], found: Listened
) -> tuple[ServerSetting, ...]:
    """Returns the startup parameters after the listeners have run."""
    written = found.keys.get(_SETTINGS)
    if found.open or _SETTINGS in found.removed or (written is not None and _SETTINGS in found.always):
        settings = ()
    if not isinstance(written, cst.Dict):
        return settings
    given = (
        ServerSetting(key, as_python(_value(value)), (_place(module, value, key),))
        for key, value in _items(written)
        if key is not None
    )
    return (*settings, *given)


def _items(display: cst.Dict) -> Iterator[tuple[str | None, cst.BaseExpression]]:
    """Yields the items of a display. The key is None for a key that is not a literal, and for `**`."""
    for element in display.elements:
        key = element.key if isinstance(element, cst.DictElement) else None
        yield str(key.evaluated_value) if isinstance(key, cst.SimpleString) else None, element.value


def _value(node: cst.BaseExpression) -> Value:
    """Returns the value of a literal, or an unknown value for any other expression."""
    match node:
        case cst.Integer():
            return Const(node.evaluated_value)
        case cst.UnaryOperation(operator=cst.Minus(), expression=cst.Integer() as number):
            return Const(-number.evaluated_value)
        case cst.Name(value="None"):
            return Const(None)
        case cst.Name(value="False" | "True"):
            return Const(node.value == "True")
        case cst.SimpleString():
            return as_text(Const(node.evaluated_value))
    return Unknown("an expression in a listener")


def _place(module: Module, node: cst.BaseExpression, key: str) -> Related:
    return place(Step(module, node, Origin.LITERAL), f"`{key}` is set here")


def _engine_name(target: cst.BaseExpression) -> str | None:
    name = last_name(target)
    return last_name(target.value) if isinstance(target, cst.Attribute) and name == "sync_engine" else name


def _names_of_engines(module: Module) -> set[str]:
    sites = (site for name in ENGINE_NAMES for site in module.index.calls_by_name.get(name, ()))
    return {name for site in sites for name in _names_of(module, site.node)}


def _names_of(module: Module, node: cst.Call) -> set[str]:
    """Returns the names that the statement around an engine's call binds to it."""
    match next((one for one in module.index.around(node) if not isinstance(one, (cst.BaseExpression, cst.Arg))), None):
        case cst.Assign(targets=targets):
            found = [last_name(one.target) for one in targets]
        case cst.AnnAssign(target=target):
            found = [last_name(target)]
        case _:
            found = []
    return {name for name in found if name is not None}


def _read(function: cst.FunctionDef | None, found: Listened) -> None:
    """Adds the changes of a listener to its dict of keywords."""
    parameters = [] if function is None else [*function.params.posonly_params, *function.params.params]
    if function is None or len(parameters) <= _KEYWORDS:
        found.open = True
        return
    name = parameters[_KEYWORDS].name.value
    certain = {id(line) for one in function.body.body for line in _small(one)}
    uses = sum(_is(one, name) for one in descendants(function.body))
    for node in descendants(function.body):
        match node:
            case cst.Assign(targets=[cst.AssignTarget(target=cst.Subscript(value=owner) as target)], value=value):
                if _is(owner, name):
                    _set(found, _key(target), value, always=id(node) in certain)
            case cst.Del(target=cst.Subscript(value=owner) as target) if _is(owner, name):
                found.removed.add(_key(target) or "")
            case cst.Expr(value=cst.Call(func=cst.Attribute(value=owner, attr=method)) as call) if _is(owner, name):
                uses -= _changes(found, method.value, call, always=id(node) in certain)
            case cst.Call(func=cst.Attribute(value=owner, attr=method)) as call if _is(owner, name):
                uses -= _reads(found, method.value, call)
            case cst.Subscript(value=owner) if _is(owner, name):
                uses -= 1
            case cst.Return(value=cst.BaseExpression() as value):
                # A listener that returns a value has created the connection itself.
                found.open = found.open or not _is(value, "None")
    found.open = found.open or uses > 0


def _small(statement: cst.CSTNode) -> Iterator[cst.CSTNode]:
    if isinstance(statement, cst.SimpleStatementLine):
        yield from statement.body


def _is(node: cst.CSTNode, name: str) -> bool:
    return isinstance(node, cst.Name) and node.value == name


def _key(target: cst.Subscript) -> str | None:
    item = target.slice[0].slice
    if isinstance(item, cst.Index) and isinstance(item.value, cst.SimpleString):
        return str(item.value.evaluated_value)
    return None


def _set(found: Listened, key: str | None, value: cst.BaseExpression, *, always: bool) -> None:
    if key is None:
        found.open = True
        return
    found.keys[key] = value
    if always:
        found.always.add(key)


def _changes(found: Listened, method: str, call: cst.Call, *, always: bool) -> bool:
    """Adds the keys that a method sets in the dict, and returns whether all of them are known."""
    if method == "update":
        known = [_updated(found, argument, always=always) for argument in call.args]
        return all(known)
    first = call.args[0].value if call.args else None
    if method != "setdefault" or not isinstance(first, cst.SimpleString) or len(call.args) == 1:
        return False
    _set(found, str(first.evaluated_value), call.args[1].value, always=always)
    return True


def _reads(found: Listened, method: str, call: cst.Call) -> bool:
    """Returns whether a method only reads the dict, or removes a known key."""
    first = call.args[0].value if call.args else None
    if method == "pop" and isinstance(first, cst.SimpleString):
        found.removed.add(str(first.evaluated_value))
        return True
    return method in _READING


def _updated(found: Listened, argument: cst.Arg, *, always: bool) -> bool:
    if argument.keyword is not None:
        _set(found, argument.keyword.value, argument.value, always=always)
        return True
    if argument.star or not isinstance(argument.value, cst.Dict):
        return False
    for key, value in _items(argument.value):
        _set(found, key, value, always=always)
    return True
