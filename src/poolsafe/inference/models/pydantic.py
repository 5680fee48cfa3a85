"""Pydantic's validators and their effect on a field's value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from poolsafe import ir, libraries
from poolsafe.inference.arguments import Arguments
from poolsafe.inference.classes import class_attribute, field_default, fields, mro
from poolsafe.inference.context import Frame
from poolsafe.inference.decorators import decorated_as
from poolsafe.inference.functions import call_function
from poolsafe.inference.heap import Slot
from poolsafe.inference.lattice import alternatives, or_before
from poolsafe.inference.models.validator_paths import Path, changed_paths
from poolsafe.inference.names import force
from poolsafe.inference.namespaces import complete
from poolsafe.inference.objects import AttributeBag, LibraryResult
from poolsafe.inference.slices import Use
from poolsafe.inference.values import Absent, Class, Const, Function, Instance, Text, Unknown, Value

MANY_FIELDS = 40


def validated(frame: Frame, instance: Instance, name: str, value: Value) -> Value:
    """Returns a field's value after the `field_validator`s of its class (`validator`s in pydantic 1)."""
    for function, owner in _validators(frame, instance.cls, name):
        value = _apply(
            frame, instance, name, function, owner, Unknown("no value") if isinstance(value, Absent) else value
        )
    return value


def _validators(frame: Frame, cls: Class, field: str) -> list[tuple[Function, Class]]:
    found: list[tuple[Function, Class]] = []
    for one in reversed(mro(cls)):
        for method in _methods(one):
            if not _names_field(method, field):
                continue
            value, owner = class_attribute(frame, one, method.name)
            if (
                isinstance(value, Function)
                and owner is not None
                and decorated_as(value.decorators, libraries.VALIDATOR_DECORATORS)
            ):
                found.append((value, owner))
    return found


def _methods(cls: Class) -> list[ir.FunctionDef]:
    found: list[ir.FunctionDef] | None = cls.known.get("methods")
    if found is None:
        statements = cls.node.body.statements
        found = cls.known["methods"] = [item for item in statements if isinstance(item, ir.FunctionDef)]
    return found


def _names_field(method: ir.FunctionDef, field: str) -> bool:
    """Returns whether a decorator of the method is called with this field's name, by the syntax alone."""
    for decorator in method.decorators:
        if isinstance(decorator, ir.Call):
            for argument in decorator.arguments:
                if isinstance(argument.value, ir.Constant) and argument.value.value in (field, "*"):
                    return True
    return False


def _apply(frame: Frame, instance: Instance, name: str, function: Function, owner: Class, value: Value) -> Value:
    node = function.node
    if not isinstance(node, ir.FunctionDef) or node in frame.run.active:
        return value
    free = decorated_as(function.decorators, frozenset({"builtins.staticmethod"}))
    bound = replace(function, bound=None if free else instance.cls, owner=owner)
    data = _other_fields(frame, instance, name, _words(owner, node))
    others = AttributeBag({"data": data}) if _takes_info(node) else data
    arguments = Arguments([value])
    parameters = node.parameters
    named = {one.name for one in parameters if one.kind in ("either", "keyword")}
    if "values" in named or any(one.kind == "**" for one in parameters):
        arguments.keywords["values"] = others
    elif sum(one.kind in ("positional", "either") for one in parameters) + free >= 3:
        arguments.positional.append(others)
    return force(frame, frame.apply(None, bound, arguments))


def _takes_info(node: ir.FunctionDef) -> bool:
    named = [one for one in node.parameters if one.kind == "either"]
    if not named:
        return False
    last = named[-1]
    if last.annotation is not None and any("Info" in word for word in _names_in(last.annotation)):
        return True
    return last.name in ("info", "validation_info")


def _other_fields(frame: Frame, instance: Instance, name: str, words: frozenset[str]) -> Value:
    """Returns the other fields' values, as validators see them: `values` in pydantic 1, `info.data` in pydantic 2.

    If there are very many fields, only those that the validator mentions are included.
    """
    items: dict[str, Value] = {}
    declared = fields(instance.cls)
    for field in declared:
        if field == name:
            break
        if len(declared) > MANY_FIELDS and field not in words:
            continue
        stored = frame.state.get(("attr", instance.address, field))
        items[field] = stored if not isinstance(stored, Absent) else field_default(frame, instance, field)
    return frame.new_mapping(items, "the fields of a settings class")


def after_validation(frame: Frame, instance: Instance, name: str, value: Value) -> Value:
    """Returns a field's value after the model validators that may set it, or an attribute on the way to it.

    Each validator is run once for an instance. Its changes inside a nested instance are applied when a field of that
    instance is read.
    """
    ran = False
    around = frame.run.answers.nested.get(instance.address, ())
    if not around and name not in _settable(instance.cls):
        return value
    own = ((instance, cls, method, ()) for cls, method in _decorated(instance.cls))
    for root, cls, method, path in (*around, *own):
        changed = _changed(cls, method)
        at = (*path, name)
        if changed is None:
            ran = (root is instance and name in _words(cls, method) and _run_once(frame, root, cls, method)) or ran
            continue
        below = [one for one in changed if one[: len(at)] == at]
        inner = [single for _, single in alternatives(value) if isinstance(single, Instance)]
        if below and (at in below or len(inner) < len(alternatives(value))):
            ran = _run_once(frame, root, cls, method) or ran
        elif below:
            for one in inner:
                frame.run.answers.nested.setdefault(one.address, {})[root, cls, method, at] = None
    if not ran:
        return value
    return or_before(frame.state.get(("attr", instance.address, name)), value)


def _changed(cls: Class, method: ir.FunctionDef) -> frozenset[Path] | None:
    known: dict[int, frozenset[Path] | None] = cls.known.setdefault("changed", {})
    if id(method) not in known:
        known[id(method)] = changed_paths(method)
    return known[id(method)]


def _settable(cls: Class) -> frozenset[str]:
    """Returns the fields that a decorated method of the class may change, or any attribute inside them."""
    found: frozenset[str] | None = cls.known.get("settable")
    if found is None:
        several = [(_changed(one, method), one, method) for one, method in _decorated(cls)]
        names = (
            _words(one, method) if changed is None else frozenset(path[0] for path in changed)
            for changed, one, method in several
        )
        found = cls.known["settable"] = frozenset().union(*names)
    return found


def _decorated(cls: Class) -> list[tuple[Class, ir.FunctionDef]]:
    """Returns the decorated methods of the class and its bases, bases first."""
    return [(one, method) for one in reversed(mro(cls)) for method in _own_decorated(one)]


def _own_decorated(cls: Class) -> list[ir.FunctionDef]:
    found: list[ir.FunctionDef] | None = cls.known.get("decorated")
    if found is None:
        found = cls.known["decorated"] = [method for method in _methods(cls) if method.decorators]
    return found


def _run_once(frame: Frame, instance: Instance, cls: Class, method: ir.FunctionDef) -> bool:
    """Runs a model validator unless it was run for the instance. Returns whether the method is a model validator."""
    ran: Slot = ("attr", instance.address, f"{method.name}()")
    if frame.state.get(ran) == _TRUE:
        return True
    function, owner = class_attribute(frame, cls, method.name)
    if not isinstance(function, Function) or not decorated_as(function.decorators, libraries.MODEL_VALIDATORS):
        return False
    if method in frame.run.active:
        return True

    def validate(inner: Frame) -> Value:
        inner.state.set(ran, _TRUE)
        if not _is_before(function):
            call_function(inner, replace(function, bound=instance, owner=owner), Arguments(), Use.EFFECTS)
        return _TRUE

    return bool(complete(frame, instance.address, validate) or validate(frame))


_TRUE = Const(True)


def _is_before(function: Function) -> bool:
    """Returns whether the validator receives the raw data instead of the instance."""
    given = [value.arguments.keywords for value in function.decorators if isinstance(value, LibraryResult)]
    modes = [keywords.get("mode") for keywords in given]
    return not any(isinstance(mode, Text) and mode.known == "after" for mode in modes)


def _words(cls: Class, method: ir.FunctionDef) -> frozenset[str]:
    """Returns the attribute names and strings in the body of a method: the fields that it may refer to."""
    known: dict[int, frozenset[str]] = cls.known.setdefault("words", {})
    found = known.get(id(method))
    if found is None:
        found = known[id(method)] = frozenset(
            word for statement in method.body.statements for word in _words_in(statement)
        )
    return found


def _words_in(node: ir.Node) -> Iterator[str]:
    for one in ir.walk(node):
        match one:
            case ir.Attribute():
                yield one.name
            case ir.Constant(value=str() as value):
                yield value


def _names_in(annotation: ir.Expression) -> Iterator[str]:
    yield from _words_in(annotation)
    yield from (one.id for one in ir.walk(annotation) if isinstance(one, ir.Name))
