"""Instantiation of the project's classes: runs `__init__`, or sets fields as dataclasses and pydantic do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from poolsafe import ir
from poolsafe.inference.annotations import by_annotation
from poolsafe.inference.arguments import Arguments
from poolsafe.inference.classes import (
    Field,
    body_frame,
    class_attribute,
    class_kind,
    field_default,
    fields,
    home_of,
    is_class_variable,
    is_configuration,
    library_bases,
    mro,
)
from poolsafe.inference.context import Frame
from poolsafe.inference.lattice import alternatives, lift
from poolsafe.inference.mappings import merge_into, open_dicts
from poolsafe.inference.names import force
from poolsafe.inference.values import (
    Absent,
    Class,
    Const,
    Function,
    Instance,
    Library,
    MappingRef,
    Unknown,
    Value,
)


def instantiate(frame: Frame, cls: Class, arguments: Arguments) -> Value:
    """Returns a new instance for `cls(...)`: runs `__init__`, or sets fields as dataclasses and pydantic do."""
    if library_bases(cls) & _TYPED_DICTS:
        return frame.apply(None, Library("builtins.dict"), arguments)
    kind = class_kind(cls)
    new, owner = class_attribute(frame, cls, "__new__")
    if kind == "plain" and isinstance(new, Function):
        made = frame.apply(None, replace(new, bound=cls, owner=owner), arguments)
        return lift(lambda single: _initialized(frame, cls, single, arguments), force(frame, made))
    return _filled(frame, cls, Instance(frame.address(), cls), arguments)


_TYPED_DICTS = frozenset({"typing.TypedDict", "typing_extensions.TypedDict"})


def _initialized(frame: Frame, cls: Class, made: Value, arguments: Arguments) -> Value:
    """Returns the result of `__new__`, after its `__init__` if it is an instance of the class."""
    if isinstance(made, Instance) and any(map(cls.is_same, mro(made.cls))):
        return _filled(frame, made.cls, made, arguments)
    return made


def _filled(frame: Frame, cls: Class, instance: Instance, arguments: Arguments) -> Instance:
    kind, address = class_kind(cls), instance.address
    init, owner = class_attribute(frame, cls, "__init__")
    if isinstance(init, Function):
        frame.apply(None, replace(init, bound=instance, owner=owner), arguments)
        if kind in ("settings", "model"):
            _keywords(frame, cls, kind, address, arguments)
        return instance
    if kind != "plain":
        _fill(frame, cls, kind, address, arguments)
    post, owner = class_attribute(frame, cls, _AFTER_INIT.get(kind, ""))
    if isinstance(post, Function):
        bound = replace(post, bound=instance, owner=owner)
        frame.apply(None, bound, Arguments([Const(None)] if kind != "dataclass" else []))
    return instance


# A generated `__init__` calls this hook last.
_AFTER_INIT = {"dataclass": "__post_init__", "settings": "model_post_init", "model": "model_post_init"}


def _keywords(frame: Frame, cls: Class, kind: str, address: int, arguments: Arguments) -> None:
    for name, value in arguments.keywords.items():
        if kind in ("settings", "model"):
            value = _nested(frame, cls, name, value)
        frame.state.set(("attr", address, name), value)


def _fill(frame: Frame, cls: Class, kind: str, address: int, arguments: Arguments) -> None:
    if kind in ("dataclass", "namedtuple"):
        names = [name for name, field in fields(cls).items() if not is_class_variable(field)]
        for name, value in zip(names, arguments.positional, strict=False):
            frame.state.set(("attr", address, name), value)
    _keywords(frame, cls, kind, address, arguments)
    for name, field in fields(cls).items() if kind == "dataclass" else ():
        if _has_factory(field) and isinstance(frame.state.get(("attr", address, name)), Absent):
            value = field_default(frame, Instance(address, cls), name)
            if arguments.open_keywords is not None:
                open_dicts(frame, value, arguments.open_keywords)
            frame.state.set(("attr", address, name), value)


def _has_factory(node: Field) -> bool:
    """Returns whether a field has a default factory, so that each instance gets its own value."""
    return isinstance(node.value, ir.Call) and any(one.keyword in _FACTORIES for one in node.value.arguments)


_FACTORIES = frozenset({"default_factory", "factory"})


def validated(frame: Frame, cls: Class, mapping: Value) -> Value:
    """Returns the instance that pydantic creates from a mapping of fields."""
    given: dict[Any, Value] = {}
    reason = merge_into(frame, given, mapping)
    return instantiate(frame, cls, Arguments(keywords=given, open_keywords=reason))


def _nested(frame: Frame, cls: Class, name: str, value: Value) -> Value:
    """Returns the value of a model's field. If its type is a model, pydantic creates an instance from a dict."""
    field = fields(cls).get(name)
    if field is None or not any(isinstance(single, MappingRef) for _, single in alternatives(value)):
        return value
    models = _models(frame, cls, field)
    if not models:
        return value

    def one(single: Value) -> Value:
        if not isinstance(single, MappingRef):
            return single
        if len(models) > 1:
            return Unknown("a choice between several models")
        if single.address in frame.run.validating:
            return Unknown("a dict that contains itself")
        frame.run.validating.add(single.address)
        try:
            return validated(frame, models[0], single)
        finally:
            frame.run.validating.discard(single.address)

    return lift(one, value)


def _models(frame: Frame, cls: Class, field: Field) -> list[Class]:
    """Returns the model classes that a field is annotated with."""
    found: list[Class] = []

    def accepts(kind: Value) -> bool:
        if isinstance(kind, Class) and is_configuration(kind):
            found.append(kind)
        return False

    by_annotation(body_frame(frame, home_of(cls, field)), field.annotation, accepts)
    return found
