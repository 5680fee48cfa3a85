"""Attributes of modules, instances, classes, URLs and library objects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from poolsafe import ir, libraries
from poolsafe.inference.arguments import Arguments
from poolsafe.inference.classes import (
    class_attribute,
    class_kind,
    field_default,
    fields,
    has_unknown_base,
    is_class_variable,
    library_bases,
    mro,
    own_attribute,
)
from poolsafe.inference.context import Frame
from poolsafe.inference.decorators import decorated_as
from poolsafe.inference.enumerations import member
from poolsafe.inference.exceptions import may_raise, where_not_raising
from poolsafe.inference.heap import Slot
from poolsafe.inference.later import NOTHING, any_of, set_by
from poolsafe.inference.lattice import alternatives, lift, may_be_absent, or_before
from poolsafe.inference.mappings import open_attributes, open_dicts
from poolsafe.inference.modules import Module
from poolsafe.inference.names import force, module_name
from poolsafe.inference.objects import (
    AttributeBag,
    BuiltinMethod,
    EnumMember,
    InstanceDict,
    LibraryAttribute,
    LibraryObject,
)
from poolsafe.inference.symbols import At, AttributeOf, Guard, Identity, derived
from poolsafe.inference.texts import symbol_of
from poolsafe.inference.values import (
    Absent,
    Class,
    Const,
    Function,
    Instance,
    Library,
    MappingRef,
    ModuleValue,
    NamespacePackage,
    Sequence,
    Step,
    Text,
    Unknown,
    Url,
    Value,
    raising,
    text,
    through,
)


def attribute(frame: Frame, base: Value, name: str, node: ir.Node) -> Value:
    """Returns `base.name`, computed for each alternative of `base`."""
    base = force(frame, base)
    if isinstance(node, ir.Attribute):
        base = as_set(frame, node.value, base)
    found = [(guard, _attribute(frame, single, name, node, guard)) for guard, single in alternatives(base)]
    return force(frame, where_not_raising(frame, found, "AttributeError"))


def as_set(frame: Frame, node: ir.Expression, value: Value) -> Value:
    """Returns the value of an attribute that is used as an object: unknown if it is None on every path.

    `__init__` may set such an attribute to None, and other code may set it to an object, such as the pool in
    `self.pool.close()`.
    """
    if value == Const(None) and isinstance(node, ir.Attribute):
        return Unknown("an attribute that is None until other code sets it", At(frame.number, node))
    return value


def _attribute(frame: Frame, base: Value, name: str, node: ir.Node, guard: Guard) -> Value:
    match base:
        case ModuleValue():
            return _of_module(frame, base, name)
        case NamespacePackage():
            return _of_namespace_package(frame, base, name)
        case Library():
            return Library(libraries.canonical(f"{base.name}.{name}"))
        case Instance():
            return of_instance(frame, base, name)
        case Class():
            return of_class(frame, base, name)
        case Url():
            return _of_url(base, name)
        case LibraryObject():
            return _of_object(frame, base, name)
        case Unknown():
            known = frame.run.models.attribute(frame, base, name)
            if known is not None:
                return known
            may_raise(frame, "AttributeError", guard)
            symbol = At(frame.number, node) if base.symbol is None else AttributeOf(base.symbol, name)
            return Unknown(base.reason, symbol, override=base.override)
        case Const(value=None):
            return raising("an attribute of None")
        case MappingRef() | Sequence() | Text():
            return BuiltinMethod(base, name)
        case Function(node=ir.FunctionDef(name=own)) if name in ("__name__", "__qualname__"):
            return text(own)
        case Function():
            return Unknown(f"an attribute of a function: `{name}`", AttributeOf(base.node, name))
    return Unknown(
        f"an unknown attribute, `{name}`",
        At(frame.number, node) if (owner := symbol_of(base)) is None else AttributeOf(owner, name),
    )


def _of_module(frame: Frame, base: ModuleValue, name: str) -> Value:
    value = module_name(frame, base.module, name)
    if not isinstance(value, Absent):
        return value
    if base.module.path.endswith("__init__.py"):
        child = frame.run.project.find(base.module, 1, name)
        if child is not None:
            return ModuleValue(child)
        if _imports_below(frame.module, name):
            return NamespacePackage(base.module, 1, name)
    return Unknown(f"`{name}` is not found in {base.module.path}", derived("missing", base.module.path, name))


def _of_namespace_package(frame: Frame, base: NamespacePackage, name: str) -> Value:
    whole = f"{base.name}.{name}"
    child = frame.run.project.find(base.importer, base.level, whole)
    if child is not None:
        return ModuleValue(child)
    if _imports_below(frame.module, name):
        return NamespacePackage(base.importer, base.level, whole)
    return Library(libraries.canonical(whole))


def _imports_below(module: Module, package: str) -> bool:
    """Returns whether an `import a.b.c` in the module contains a package of this name."""
    return any(f".{package}." in f".{dotted}" for dotted in module.dotted_imports)


def of_instance(frame: Frame, instance: Instance, name: str) -> Value:
    """Returns an attribute of an instance: its own, or that of its class. A property is called."""
    found = _found(frame, instance, name)
    return _set_later(frame, instance, name) if found == NOTHING else found


def _found(frame: Frame, instance: Instance, name: str) -> Value:
    stored = frame.state.get(("attr", instance.address, name))
    if not may_be_absent(stored):
        return stored
    found = _inherited(frame, instance, name)
    if instance.address in frame.run.heap.made_elsewhere:
        open_dicts(frame, found, "an instance created elsewhere")
    return or_before(stored, found)


def _set_later(frame: Frame, target: Instance | Class, name: str) -> Value:
    """Returns the value that other methods assign to an attribute that is None at first."""
    cls = target.cls if isinstance(target, Instance) else target
    key = (cls.namespace, f".{name}")
    return any_of(frame.run, key, cls.node, lambda: _set_by_methods(frame, target, cls, name))


def _set_by_methods(frame: Frame, target: Instance | Class, cls: Class, name: str) -> Iterator[Value]:
    methods = [
        node.name
        for one in mro(cls)
        for node in one.node.body.statements
        if isinstance(node, ir.FunctionDef) and node.name != "__init__" and _assigns(node, name)
    ]
    for method in dict.fromkeys(methods):
        state = frame.state.layer()
        inner = Frame(frame.run, frame.module, frame.number, frame.parents, state, state, kind="module")
        function, owner = class_attribute(inner, cls, method)
        if not isinstance(function, Function):
            continue
        bound = bind_method(inner, function, target, owner) if isinstance(target, Instance) else None
        slot: Slot = ("name", cls.namespace, name)
        if isinstance(target, Instance):
            slot = ("attr", target.address, name)
        yield from set_by(inner, [bound or of_class(inner, cls, method)], slot)


def _assigns(method: ir.FunctionDef, name: str) -> bool:
    """Returns whether a method assigns to this attribute of its first parameter."""
    own = method.parameters[0].name if method.parameters else None
    return any(
        isinstance(target, ir.Attribute)
        and target.name == name
        and isinstance(target.value, ir.Name)
        and target.value.id == own
        for node in ir.walk(method)
        if isinstance(node, ir.Assign)
        for target in node.targets
    )


def _inherited(frame: Frame, instance: Instance, name: str) -> Value:
    value, owner = class_attribute(frame, instance.cls, name)
    if isinstance(value, Function):
        return bind_method(frame, value, instance, owner)
    kind = class_kind(instance.cls)
    if kind == "plain":
        if not isinstance(value, Absent):
            return _described(frame, value, instance, instance.cls) or _with_owner(value, owner, name)
    else:
        value = field_default(frame, instance, name)
        value = frame.run.models.read_field(frame, instance, name, value)
        if not isinstance(value, Absent):
            return value
    getter, owner = class_attribute(frame, instance.cls, "__getattr__")
    if isinstance(getter, Function):
        bound = bind_method(frame, getter, instance, owner)
        return frame.apply(None, bound, Arguments([text(name)]))
    if name == "__dict__":
        return instance_dict(frame, instance)
    return Unknown(
        f"`{instance.cls.node.name}.{name}` is not found",
        AttributeOf(instance.cls.node, name),
    )


def _with_owner(value: Value, owner: Class | None, name: str) -> Value:
    if owner is None or not isinstance(value, Text):
        return value
    return through(value, Step(owner.module, owner.node.identifier.origin, f"`{owner.node.name}.{name}`"))


def bind_method(frame: Frame, function: Function, instance: Value, owner: Class | None) -> Value:
    """Returns a function of a class as an attribute of `instance`.

    That is the bound method, the result of a property, or the function itself if it is a static method.
    """
    decorators = function.decorators
    if decorated_as(decorators, frozenset({"builtins.staticmethod"})):
        return function
    target: Value = instance
    if decorated_as(decorators, frozenset({"builtins.classmethod"})) and isinstance(instance, Instance):
        target = instance.cls
    bound = replace(function, bound=target, owner=owner)
    if not decorated_as(decorators, libraries.PROPERTY_DECORATORS):
        return bound
    value = frame.apply(None, bound, Arguments())
    label = (
        f"`{owner.node.name}.{function.node.name}`"
        if owner and isinstance(function.node, ir.FunctionDef)
        else "a property"
    )
    step = Step(function.module, function.node.origin, label)
    return lift(lambda single: through(single, step), force(frame, value))


def of_class(frame: Frame, cls: Class, name: str) -> Value:
    """Returns an attribute of a class: `cls.name`."""
    if name in ("__name__", "__qualname__"):
        return text(cls.node.name)
    value, owner = class_attribute(frame, cls, name)
    if isinstance(value, Function):
        if decorated_as(value.decorators, frozenset({"builtins.classmethod"})):
            return replace(value, bound=cls, owner=owner)
        return value
    if isinstance(value, Absent) and name == "__dict__":
        return class_dict(frame, cls)
    if isinstance(value, Absent):
        bases = library_bases(cls)
        if not bases and not has_unknown_base(cls):
            return Unknown(f"`{cls.node.name}.{name}` is not found", derived("class", cls.node, name))
        return Unknown(f"`{cls.node.name}.{name}` comes from a base class", derived("class", cls.node, name))
    if class_kind(cls) == "enum" and not name.startswith("_"):
        return member(cls, name, value)
    if value == NOTHING:
        return _set_later(frame, cls, name)
    return _described(frame, value, Const(None), cls) or _with_owner(value, owner, name)


def _described(frame: Frame, value: Value, instance: Value, owner: Class) -> Value | None:
    """Returns the result of a descriptor's `__get__`, or None if the value of a class is no descriptor."""
    if not isinstance(value, Instance):
        return None
    getter, home = class_attribute(frame, value.cls, "__get__")
    if not isinstance(getter, Function):
        return None
    return frame.apply(None, bind_method(frame, getter, value, home), Arguments([instance, owner]))


def instance_dict(frame: Frame, instance: Instance) -> InstanceDict:
    """Returns `instance.__dict__`. Stores the defaults of the fields, which are otherwise computed when read."""
    cls, state = instance.cls, frame.state
    is_plain = class_kind(cls) == "plain"
    for name, field in () if is_plain else fields(cls).items():
        slot = ("attr", instance.address, name)
        if not is_class_variable(field) and may_be_absent(state.get(slot)):
            state.set(slot, of_instance(frame, instance, name))
    if has_unknown_base(cls) or (is_plain and not library_bases(cls) <= _WITHOUT_ATTRIBUTES):
        open_attributes(frame, instance, "an instance of a library's class")
    return InstanceDict(instance)


_WITHOUT_ATTRIBUTES = frozenset({"abc.ABC", "builtins.object", "typing.Generic", "typing.Protocol"})


def class_dict(frame: Frame, cls: Class) -> MappingRef:
    """Returns the names that the body of a class binds, and that other code sets, as a dict."""
    binders = cls.module.scope_of(cls.node).binders
    bound = sorted(binders, key=lambda name: binders[name][0].position)
    names = dict.fromkeys([*bound, *frame.state.names_in("name", cls.namespace)])
    return frame.new_mapping({name: force(frame, own_attribute(frame, cls, name)) for name in names})


def _of_url(url: Url, name: str) -> Value:
    match name:
        case "drivername" | "scheme":
            return url.drivername
        case "query":
            return url.query
        case "host":
            return url.host
        case "port":
            return url.port
    return Unknown(f"`{name}` of the URL", derived("url", Identity(url), name))


def _of_object(frame: Frame, base: LibraryObject, name: str) -> Value:
    match base:
        case AttributeBag() if name in base.attributes:
            return base.attributes[name]
        case EnumMember():
            if name == "value":
                return base.value
            if name == "name":
                return text(base.name)
            value, owner = class_attribute(frame, base.cls, name)
            if isinstance(value, Function):
                return bind_method(frame, value, base, owner)
    return frame.run.models.attribute(frame, base, name) or LibraryAttribute(base, name)
