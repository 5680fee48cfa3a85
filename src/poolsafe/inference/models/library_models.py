"""The models of all libraries combined: their functions, classes and objects."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from poolsafe import ir
from poolsafe.inference import texts
from poolsafe.inference.arguments import Arguments
from poolsafe.inference.assignment import set_attribute
from poolsafe.inference.attributes import bind_method
from poolsafe.inference.classes import class_attribute, class_kind
from poolsafe.inference.context import Frame, Models
from poolsafe.inference.lattice import for_detection, or_before
from poolsafe.inference.mappings import attributes_of, merge_into, open_attributes
from poolsafe.inference.methods import mapping_method
from poolsafe.inference.models import (
    alembic,
    builtin_functions,
    builtin_iterables,
    environment,
    fields,
    named_tuples,
    primitives,
    pydantic,
    pytest,
    sqlalchemy_connections,
    sqlalchemy_engines,
    standard_library,
    urls,
)
from poolsafe.inference.models.clients import client_method, observe_client
from poolsafe.inference.models.handler import Handler, forced
from poolsafe.inference.models.library_stubs import stubbed
from poolsafe.inference.objects import (
    Connectable,
    GeneratorObject,
    InstanceDict,
    LibraryObject,
    LibraryResult,
    Secret,
    SessionMaker,
    Super,
    TextClause,
    Wrapped,
    is_of_driver,
)
from poolsafe.inference.symbols import At, Symbol, derived
from poolsafe.inference.values import (
    Absent,
    Class,
    Const,
    Function,
    Instance,
    Library,
    Unknown,
    Value,
)
from poolsafe.libraries import (
    ASYNC_RUNNERS,
    CLIENT_FUNCTIONS,
    ENGINE_FUNCTIONS,
    SQL_FUNCTIONS,
    SYNC_RUNNERS,
    canonical,
)

# Calls that store their arguments: following imports in them now would run modules unnecessarily.
_PATIENT = frozenset({"fastapi.Depends", "functools.partial"})

_HANDLERS: dict[str, Handler] = {
    **environment.HANDLERS,
    **builtin_functions.HANDLERS,
    **builtin_iterables.HANDLERS,
    **standard_library.HANDLERS,
    **urls.HANDLERS,
    **sqlalchemy_connections.HANDLERS,
    **alembic.HANDLERS,
    **fields.HANDLERS,
    **named_tuples.HANDLERS,
    **primitives.HANDLERS,
}


def call(frame: Frame, node: ir.Call | None, callee: Library, arguments: Arguments) -> Value:
    """Returns the result of calling a library's function or class."""
    name = canonical(callee.name)
    stub = stubbed(frame, name)
    if stub is not None:
        return frame.apply(node, stub, arguments)
    if name in ENGINE_FUNCTIONS:
        return sqlalchemy_engines.make_engine(frame, node, name, arguments)
    if name in SQL_FUNCTIONS:
        return sqlalchemy_engines.give_sql(frame, node, name, arguments)
    if name in CLIENT_FUNCTIONS:
        observe_client(frame, node, name, arguments)
    handler = _HANDLERS.get(name)
    if handler is not None:
        return handler(frame, node, arguments if name in _PATIENT else forced(frame, arguments))
    head, _, tail = name.rpartition(".")
    if head == "alembic.context.config" or head.endswith(".alembic.context.config"):
        return alembic.call_config(frame, node, tail, arguments)
    if name in ASYNC_RUNNERS or name in SYNC_RUNNERS:
        return sqlalchemy_connections.make_connectable(frame, arguments, asynchronous=name in ASYNC_RUNNERS)
    made = sqlalchemy_connections.sql_function(frame, node, name, arguments) if "func." in name else None
    if made is not None:
        return made
    idents = [texts.symbol_of(for_detection(value)) for value in [*arguments.positional, *arguments.keywords.values()]]
    symbol = derived(name, *idents) if None not in idents else derived(name, frame.number, node)
    return LibraryResult(name, arguments, symbol=symbol)


def method(frame: Frame, node: ir.Call | None, receiver: Value, name: str, arguments: Arguments) -> Value:
    """Returns the result of a method of a library object or a call to it, or of a method of an unknown value."""
    client_method(frame, node, receiver, name, arguments)
    made = sqlalchemy_connections.any_method(frame, node, receiver, name, arguments)
    if made is None and name == "run_until_complete":
        made = arguments.get(0, "future") or Unknown("a future")
    if made is not None:
        return made
    if not isinstance(receiver, LibraryObject):
        return _unknown_method(frame, node, name, arguments)
    made = _object_method(frame, node, receiver, name, arguments)
    return made or Unknown("a method of a library", None if node is None else At(frame.number, node))


def _unknown_method(frame: Frame, node: ir.Call | None, name: str, arguments: Arguments) -> Value:
    # Other libraries may have a method of this name, but only the one of testcontainers has a `driver` parameter.
    if name == "get_connection_url" and "driver" in arguments.keywords:
        stub = stubbed(frame, "testcontainers.connection_url")
        if stub is not None:
            return frame.apply(node, stub, Arguments([arguments.keywords["driver"]]))
    return Unknown("a method of an unknown object")


def _object_method(
    frame: Frame, node: ir.Call | None, receiver: LibraryObject, name: str, arguments: Arguments
) -> Value | None:
    match receiver:
        case Connectable():
            return sqlalchemy_connections.connectable_method(frame, node, receiver, name, arguments)
        case SessionMaker():
            return sqlalchemy_connections.maker_method(receiver, name)
        case TextClause():
            return sqlalchemy_connections.clause_method(frame, node, receiver, name, arguments)
        case InstanceDict(instance=instance) if name == "update":
            return _update_attributes(frame, instance, arguments)
        case InstanceDict() if node is not None:
            return _method_of_attributes(frame, node, receiver, name, arguments)
        case Super():
            return _super_method(frame, node, receiver, name, arguments)
        case LibraryResult(name=sqlalchemy_connections.ASYNCPG_POOL) if name == "acquire":
            return sqlalchemy_connections.pooled_connection(receiver)
        case LibraryResult(name="re.compile", arguments=compiled) if name in _OF_PATTERNS and not compiled.keywords:
            if len(compiled.positional) == 1 and not arguments.keywords:
                arguments = replace(arguments, positional=[*compiled.positional, *arguments.positional])
                return call(frame, node, Library(f"re.{name}"), arguments)
        case LibraryResult() if name in _HANDING_ON and is_of_driver(receiver):
            return receiver
        case LibraryResult():
            symbol: Symbol | None = None if node is None else At(frame.number, node)
            if receiver.symbol is not None and not arguments.positional:
                symbol = derived("method", receiver.symbol, name)
            return Unknown(f"`{receiver.name}` is outside the project", symbol)
        case Wrapped():
            return receiver.value if name in _UNWRAPPING.get(type(receiver), ()) else None
    return None


_NEXT = ("__anext__", "__next__", "asend", "send")
# The methods that return the value that an object holds.
_UNWRAPPING: dict[type[Wrapped], tuple[str, ...]] = {
    GeneratorObject: _NEXT,
    Secret: ("get_secret_value",),
}


# Methods of compiled patterns that have the name and the arguments of a function in `re`.
_OF_PATTERNS = frozenset({"fullmatch", "match", "search", "sub"})
# Methods of drivers' pools and connections that return a connection or cursor of the same driver.
_HANDING_ON = frozenset({"acquire", "connection", "cursor", "getconn", "transaction"})


def _method_of_attributes(
    frame: Frame, node: ir.Call, receiver: InstanceDict, name: str, arguments: Arguments
) -> Value:
    """Returns the result of a dict method of `instance.__dict__`, and changes the attributes as it does."""
    before = attributes_of(frame, receiver)
    own = frame.new_mapping(dict(before.items), before.open)
    result = mapping_method(frame, node, own, name, arguments)
    after = frame.whole_content(own).items
    for key in dict.fromkeys([*before.items, *after]):
        value = after.get(key, Absent())
        if value is not before.items.get(key) and isinstance(key, str):
            frame.state.set(("attr", receiver.instance.address, key), value)
    return result


def _update_attributes(frame: Frame, instance: Instance, arguments: Arguments) -> Value:
    given: dict[Any, Value] = {}
    opened = [reason for value in arguments.positional if (reason := merge_into(frame, given, value)) is not None]
    if opened or arguments.open_keywords is not None:
        open_attributes(frame, instance, "`__dict__.update()` with unknown keys")
    given.update(arguments.keywords)
    for key, value in given.items():
        if isinstance(key, str) and not isinstance(value, Absent):
            before = frame.state.get(("attr", instance.address, key))
            set_attribute(frame, instance, key, or_before(value, before))
    return Const(None)


def _super_method(frame: Frame, node: ir.Call | None, receiver: Super, name: str, arguments: Arguments) -> Value:
    for base in receiver.cls.bases:
        if isinstance(base, Class):
            value, owner = class_attribute(frame, base, name)
            if isinstance(value, Function):
                return frame.apply(node, bind_method(frame, value, receiver.instance, owner), arguments)
    if name == "__new__":
        return call(frame, node, Library("builtins.object.__new__"), arguments)
    if name == "__setattr__":
        arguments = replace(arguments, positional=[receiver.instance, *arguments.positional])
        return call(frame, node, Library("builtins.setattr"), arguments)
    if name == "__init__" and isinstance(receiver.instance, Instance):
        for key, value in arguments.keywords.items():
            frame.state.set(("attr", receiver.instance.address, key), value)
    return Unknown(f"`super().{name}`")


def parameter(frame: Frame, function: Function, given: ir.Parameter, otherwise: Value) -> Value:
    """Returns the value that a framework passes for a parameter of a function that it calls, else `otherwise`."""
    if function.decorators and given.kind == "either":
        index = function.node.parameters.index(given)
        connection = sqlalchemy_connections.listener_parameter(frame, function, index)
        if connection is not None:
            return connection
    found = pytest.fixture(frame, function, given.name)
    # If the fixture cannot be followed, the annotation may determine more.
    return otherwise if found is None or (isinstance(found, Unknown) and not isinstance(otherwise, Unknown)) else found


def read_field(frame: Frame, instance: Instance, name: str, value: Value) -> Value:
    """Returns a field of a pydantic model after its validators, or Absent if there is none."""
    if class_kind(instance.cls) in ("settings", "model"):
        value = pydantic.validated(frame, instance, name, value)
    return value if isinstance(value, Absent) else pydantic.after_validation(frame, instance, name, value)


MODELS = Models(
    call,
    method,
    sqlalchemy_connections.sqlalchemy_attribute,
    parameter,
    sqlalchemy_connections.instance_of,
    read_field,
    stubbed,
)
