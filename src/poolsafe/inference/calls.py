"""Calls: evaluates the callee and the arguments, and dispatches on the kind of callee."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from poolsafe import ir
from poolsafe.inference.arguments import Arguments
from poolsafe.inference.attributes import as_set, attribute, bind_method, of_instance
from poolsafe.inference.classes import class_attribute, class_kind
from poolsafe.inference.context import ANYTHING, Frame
from poolsafe.inference.effects import note_effect, stands_for_effect
from poolsafe.inference.enumerations import by_value
from poolsafe.inference.exceptions import (
    NEVER_RETURNING,
    for_each,
    may_raise,
    raise_now,
    where_not_raising,
)
from poolsafe.inference.functions import call_function, is_aside, use_of
from poolsafe.inference.instances import changed, dumped, items_of
from poolsafe.inference.instantiation import instantiate, validated
from poolsafe.inference.lattice import alternatives, each, or_before
from poolsafe.inference.mappings import merge_into
from poolsafe.inference.methods import (
    LIST_CHANGING,
    change_list,
    mapping_method,
    sequence_method,
    url_method,
)
from poolsafe.inference.names import force, peek
from poolsafe.inference.objects import BuiltinMethod, LibraryAttribute, LibraryObject, LibraryResult, Super
from poolsafe.inference.symbols import At, AttributeOf, CallOf, Symbol, derived
from poolsafe.inference.text_methods import text_method
from poolsafe.inference.texts import symbol_of
from poolsafe.inference.values import (
    Absent,
    Alternatives,
    Class,
    Const,
    Function,
    Instance,
    Library,
    MappingRef,
    MappingValue,
    Partial,
    Sequence,
    Text,
    Unknown,
    Url,
    Value,
    raising,
    text,
)
from poolsafe.libraries import is_library

# Methods that have a meaning even if the receiver is unknown.
KNOWN_METHODS = frozenset(
    {
        "replace", "startswith", "endswith", "removeprefix", "removesuffix", "strip", "lstrip", "rstrip", "partition",
        "encode", "unicode_string", "render_as_string", "get_secret_value", "execute", "scalar", "scalars", "stream",
        "stream_scalars", "exec", "exec_driver_sql", "run_sync", "get", "set", "_replace", "connect",
        "connect_async", "begin", "run_until_complete", "get_connection_url", "count", "find", "index", "rfind",
        "rindex",
    }
)  # fmt: skip


# Prefixes of library functions that are assumed to raise nothing.
_RAISING_NOTHING = (
    "builtins.", "copy.", "contextlib.", "functools.", "os.environ.get", "os.getenv", "poolsafe.primitives.",
    "sqlalchemy.text",
)  # fmt: skip


def call(frame: Frame, node: ir.Call) -> Value:
    """Returns the result of a call, and applies its effects to the state."""
    target = node.callee
    if isinstance(target, ir.Name) and target.id == "super" and _is_own(frame, node):
        return _super(frame)
    if isinstance(target, ir.Attribute):
        receiver = as_set(frame, target.value, force(frame, frame.evaluate(target.value)))
        name = target.name
        if _is_indifferent(frame, node, receiver, name):
            return Unknown("a call that poolsafe cannot follow", At(frame.number, node))
        arguments = evaluate_arguments(frame, node)
        if frame.aborted:
            return raising("an exception")
        if name in LIST_CHANGING and _is_one_list(receiver):
            return change_list(frame, node, receiver, name, arguments)
        run = partial(_method, frame, node, name, arguments)
        frame.calling = node
        results = for_each(frame, alternatives(receiver), run)
        frame.calling = None
        note_effect(frame, node, receiver, name, arguments)
        return where_not_raising(frame, results, "AttributeError")
    callee = force(frame, frame.evaluate(target))
    arguments = evaluate_arguments(frame, node)
    if frame.aborted:
        return raising("an exception")
    frame.calling = node
    result = apply(frame, node, callee, arguments)
    frame.calling = None
    note_effect(frame, node, callee, None, arguments)
    return result


def _is_own(frame: Frame, node: ir.Call) -> bool:
    """Returns whether a call to `super` has no arguments, or those that it would have without: `super(C, self)`."""
    given = [one.value.id if isinstance(one.value, ir.Name) else None for one in node.arguments]
    return not given or (len(given) == 2 and frame.cls is not None and given[0] == frame.cls.node.name)


def _is_one_list(receiver: Value) -> bool:
    several = alternatives(receiver)
    first = several[0][1]
    if not isinstance(first, Sequence) or first.kind == "tuple":
        return False
    return all(isinstance(single, Sequence) and single.address == first.address for _, single in several)


def _is_indifferent(frame: Frame, node: ir.Call, receiver: Value, name: str) -> bool:
    """Returns whether a call is an unknown method of an unknown receiver, so that its arguments do not matter."""
    if (
        not isinstance(receiver, Unknown)
        or name in KNOWN_METHODS
        or frame.run.strategy.is_on_path(node)
        or not node.arguments
    ):
        return False
    return not stands_for_effect(node, name)


def evaluate_arguments(frame: Frame, node: ir.Call) -> Arguments:
    """Returns the evaluated arguments of a call. Known `*` and `**` arguments are unpacked.

    A keyword that is given twice raises TypeError in the program.
    """
    arguments = Arguments()
    spread: dict[Any, Value] = {}
    written: dict[str, Value] = {}
    for arg in node.arguments:
        value = peek(frame, arg.value.id) if isinstance(arg.value, ir.Name) else frame.evaluate(arg.value)
        if arg.keyword is not None:
            written[arg.keyword] = value
        elif arg.star == "*":
            more = items_of(frame, value)
            arguments.positional += more.items
            arguments.open_positional = arguments.open_positional or more.open
        elif arg.star == "**":
            reason = merge_into(frame, spread, value)
            arguments.open_keywords = arguments.open_keywords or reason
        else:
            arguments.positional.append(value)
    for keyword in spread.keys() & written.keys():
        twice = each(lambda single: single if isinstance(single, Absent) else _TWICE, spread[keyword])
        where_not_raising(frame, twice, "TypeError")
    arguments.keywords = {key: value for key, value in spread.items() if isinstance(key, str)} | written
    return arguments


_TWICE = raising("a keyword that is given twice")


def apply(frame: Frame, node: ir.Call | None, callee: Value, arguments: Arguments) -> Value:
    """Returns the result of calling a value, joined over the alternatives of the callee.

    `node` is the call in the source, or None if the interpreter itself makes the call.
    """
    callee = force(frame, callee)
    if isinstance(callee, Alternatives):
        run = partial(_apply_one, frame, node, arguments)
        return where_not_raising(frame, for_each(frame, callee.alternatives, run), ANYTHING)
    return _apply_one(frame, node, arguments, callee)


def _apply_one(frame: Frame, node: ir.Call | None, arguments: Arguments, callee: Value) -> Value:
    match callee:
        case Function():
            use = use_of(frame, node, arguments)
            if is_aside(frame, callee, use):
                return Unknown("a call that leads to no engine and no SQL", derived("aside", callee.node))
            wrapper = wrapped(frame, callee)
            if wrapper is not None:
                given = [*([] if callee.bound is None else [callee.bound]), *arguments.positional]
                # A wrapper may lead to a target through the function that it wraps, so it is run in full.
                return apply(frame, None, wrapper, replace(arguments, positional=given))
            return call_function(frame, callee, arguments, use)
        case Class() if class_kind(callee) == "enum":
            return by_value(frame, callee, arguments)
        case Class():
            return instantiate(frame, callee, arguments)
        case Partial():
            keywords = {name: or_before(value, callee.keywords.get(name)) for name, value in arguments.keywords.items()}
            merged = replace(
                arguments,
                positional=[*callee.args, *arguments.positional],
                keywords={**callee.keywords, **keywords},
            )
            return apply(frame, node, callee.function, merged)
        case Library() if callee.name.startswith(_OF_DICTS) and (unbound := _unbound(frame, arguments)) is not None:
            assert frame.statement is not None
            subject, rest = unbound
            return mapping_method(frame, frame.statement, subject, callee.name.removeprefix(_OF_DICTS), rest)
        case Library():
            if callee.name in NEVER_RETURNING:
                raise_now(frame, "SystemExit")
            elif not callee.name.startswith(_RAISING_NOTHING):
                may_raise(frame)
            return frame.run.models.call(frame, node, callee, arguments)
        case Instance():
            method, owner = class_attribute(frame, callee.cls, "__call__")
            if isinstance(method, Function):
                return apply(frame, node, bind_method(frame, method, callee, owner), arguments)
        case BuiltinMethod(receiver=receiver, name=name) if node is not None:
            return _method(frame, node, name, arguments, receiver)
        case BuiltinMethod(receiver=MappingRef() as receiver, name=name) if frame.statement is not None:
            return mapping_method(frame, frame.statement, receiver, name, arguments)
        case LibraryObject():
            return frame.run.models.method(frame, node, callee, "__call__", arguments)
        case Unknown():
            may_raise(frame)
            return _unknown_result(frame, node, callee, arguments)
    return Unknown("a call that poolsafe cannot follow", None if node is None else At(frame.number, node))


_OF_DICTS = "builtins.dict."


def _unbound(frame: Frame, arguments: Arguments) -> tuple[MappingRef, Arguments] | None:
    """Returns the dict and the other arguments of a method that is called on `dict`, or None if the dict is unknown."""
    receiver = force(frame, arguments.positional[0]) if arguments.positional else None
    if not isinstance(receiver, MappingRef) or frame.statement is None:
        return None
    return receiver, replace(arguments, positional=arguments.positional[1:])


def wrapped(frame: Frame, function: Function) -> Value | None:
    """Returns the result of the project's own decorators for a function, or None if it is not a function."""
    if function.wrapper is not None:
        return function.wrapper
    decorators = [force(frame, value) for value in function.decorators]
    if not any(isinstance(value, (Function, Partial)) for value in decorators):
        return None
    made: Value = replace(function, decorators=(), bound=None)
    for value in reversed(decorators):
        if isinstance(value, (Function, Partial)):
            made = apply(frame, None, value, Arguments([made]))
            if not isinstance(made, (Function, Partial)):
                return None
    return made


def _unknown_result(frame: Frame, node: ir.Call | None, callee: Unknown, arguments: Arguments) -> Value:
    symbols = [symbol_of(value) for value in [*arguments.positional, *arguments.keywords.values()]]
    symbol: Symbol | None = None if node is None else At(frame.number, node)
    known = tuple(one for one in symbols if one is not None)
    if callee.symbol is not None and len(known) == len(symbols):
        symbol = CallOf(callee.symbol, known)
    return Unknown(callee.reason, symbol, override=callee.override)


def _method(frame: Frame, node: ir.Call, name: str, arguments: Arguments, receiver: Value) -> Value:
    match receiver:
        case Text():
            return text_method(frame, node, receiver, name, arguments)
        case MappingRef() | MappingValue():
            return mapping_method(frame, node, receiver, name, arguments)
        case Sequence():
            return sequence_method(frame, node, receiver, name, arguments)
        case Url():
            return url_method(frame, node, receiver, name, arguments)
        case Library() | LibraryResult() | LibraryAttribute() if _is_of_text(frame, receiver, name, arguments):
            unknown = Unknown("a string from outside the project", symbol_of(receiver))
            return text_method(frame, node, text(unknown), name, arguments, of_unknown=True)
        case LibraryObject():
            return frame.run.models.method(frame, node, receiver, name, arguments)
        case Unknown():
            known = text_method(
                frame, node, Text((receiver,), provenance=receiver.provenance), name, arguments, of_unknown=True
            )
            if not isinstance(known, Absent):
                return known
            made = frame.run.models.method(frame, node, receiver, name, arguments)
            if not isinstance(made, Unknown):
                return made
            return _unknown_result(
                frame,
                node,
                Unknown(
                    receiver.reason,
                    AttributeOf(receiver.symbol, name) if receiver.symbol else None,
                    override=receiver.override,
                ),
                arguments,
            )
        case Instance():
            method = force(frame, of_instance(frame, receiver, name))
            if isinstance(method, Unknown):
                frame.run.models.method(frame, node, receiver, name, arguments)
                return _instance_builtin(frame, receiver, name, arguments, method)
            return apply(frame, node, method, arguments)
        case Class() if name in _VALIDATING and class_kind(receiver) in ("settings", "model"):
            method = force(frame, attribute(frame, receiver, name, node))
            if isinstance(method, Unknown):
                return validated(frame, receiver, arguments.get(0, "obj") or Const(None))
            return apply(frame, node, method, arguments)
        case Const(value=None):
            return raising("a method of None")
    return apply(frame, node, attribute(frame, receiver, name, node), arguments)


_OF_TEXT = frozenset({"startswith", "endswith", "removeprefix", "removesuffix"})


def _is_of_text(frame: Frame, receiver: Value, name: str, arguments: Arguments) -> bool:
    """Returns whether only strings have such a method, so that an object from outside the project must be one."""
    if isinstance(receiver, Library) and is_library(receiver.name):
        return False
    if name == "replace":
        given = [force(frame, value) for value in arguments.positional[:2]]
        return len(given) == 2 and all(isinstance(value, Text) for value in given)
    return name in _OF_TEXT and bool(arguments.positional)


# Class methods of pydantic that create an instance from a mapping.
_VALIDATING = frozenset({"model_validate", "model_validate_strings", "parse_obj"})


def _instance_builtin(frame: Frame, receiver: Instance, name: str, arguments: Arguments, otherwise: Unknown) -> Value:
    """Returns the result of a method that pydantic or a named tuple adds to its instances.

    Returns `otherwise` for any other method.
    """
    match name:
        case "model_dump" | "dict" | "_asdict":
            partial = bool(arguments.keywords or arguments.positional)
            return dumped(frame, receiver, "a dump of only some fields of a model" if partial else None)
        case "_replace":
            return changed(frame, receiver, arguments.keywords)
        case "model_copy" | "copy":
            changes: dict[Any, Value] = {}
            merge_into(frame, changes, arguments.keywords.get("update", Const(None)))
            return changed(frame, receiver, changes)
    return otherwise


def _super(frame: Frame) -> Value:
    if frame.cls is None or frame.self_value is None:
        return Unknown("`super()` outside a method")
    return Super(frame.cls, frame.self_value)
