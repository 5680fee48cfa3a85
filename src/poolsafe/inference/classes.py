"""Classes of the project: attributes, method resolution order and fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from poolsafe import ir, libraries
from poolsafe.inference.annotations import by_annotation
from poolsafe.inference.arguments import Arguments
from poolsafe.inference.context import Frame
from poolsafe.inference.decorators import decorated_as
from poolsafe.inference.env_file_urls import documented_beside, documented_default
from poolsafe.inference.heap import Slot
from poolsafe.inference.lattice import may_be_absent, or_before, when
from poolsafe.inference.names import force, stored
from poolsafe.inference.namespaces import ask, class_namespace, complete, run_to_targets
from poolsafe.inference.objects import FieldFactory, LibraryObject, LibraryResult
from poolsafe.inference.state import State
from poolsafe.inference.symbols import IsSet, Setting, derived
from poolsafe.inference.values import (
    Absent,
    Alternatives,
    Class,
    Const,
    Function,
    Instance,
    Library,
    MappingRef,
    Sequence,
    Step,
    Text,
    Unknown,
    Value,
    through,
)
from poolsafe.records import frozen

MAX_BASES = 30


@frozen
class Field:
    """An annotated name in the body of a class. `value` is None if it has no default.

    `depth` is the position of that class in the method resolution order of the class whose field this is.
    """

    name: str
    depth: int
    annotation: ir.Expression
    value: ir.Expression | None
    statement: ir.Statement


def run_class_body(frame: Frame, cls: Class) -> None:
    """Runs the part of a class body that leads to targets, when the class statement is executed."""
    run_to_targets(frame.run, class_namespace(cls), State(frame.run.heap, frame.state, {}, frame.path))


def own_attribute(frame: Frame, cls: Class, name: str) -> Value:
    """Returns what the body of the class itself binds to a name, or Absent if it does not bind it."""
    value = stored(frame, cls.namespace, name)
    if may_be_absent(value) and name in cls.module.scope_of(cls.node.body).bound:
        # The body of a finished module's class has been run when the module was imported.
        is_finished = len(cls.parents) == 1 and cls.parents[0] not in frame.run.running
        within = None if is_finished else frame.state
        value = or_before(value, ask(frame.run, class_namespace(cls), name, within))
    return value


def mro(cls: Class) -> list[Class]:
    """Returns the class and its project bases in method resolution order."""
    bases: list[Class] | None = cls.known.get("bases")
    if bases is None:
        bases = cls.known["bases"] = _linear(cls, MAX_BASES, {})[1:]
    return [cls, *bases]


def _linear(cls: Class, depth: int, known: dict[int, list[Class]]) -> list[Class]:
    if id(cls) in known:
        return known[id(cls)]
    bases = [base for base in cls.bases if isinstance(base, Class)] if depth else []
    queues = [*(_linear(base, depth - 1, known) for base in bases), bases]
    known[id(cls)] = order = [cls]
    while queues := [queue for queue in queues if queue]:
        # A class follows all classes that derive from it. If there is no such order (Python raises TypeError), the rest
        # keep their order.
        head = next(
            (queue[0] for queue in queues if not any(_is_in(queue[0], other[1:]) for other in queues)), queues[0][0]
        )
        order.append(head)
        queues = [[one for one in queue if one.node is not head.node] for queue in queues]
    return order


def _is_in(cls: Class, classes: list[Class]) -> bool:
    return any(map(cls.is_same, classes))


def library_bases(cls: Class) -> set[str]:
    """Returns the names of the library classes that the class derives from, directly or indirectly."""
    return {libraries.canonical(base.name) for one in mro(cls) for base in one.bases if isinstance(base, Library)}


def has_unknown_base(cls: Class) -> bool:
    """Returns whether a base class belongs neither to the project nor to a library."""
    return any(not isinstance(base, (Class, Library)) for one in mro(cls) for base in one.bases)


def class_kind(cls: Class) -> str:
    """Returns the kind of a class: `settings`, `model`, `dataclass`, `namedtuple`, `enum` or `plain`."""
    kind: str | None = cls.known.get("kind")
    if kind is None:
        kind = cls.known["kind"] = _class_kind(cls)
    return kind


def _class_kind(cls: Class) -> str:
    bases = library_bases(cls)
    if bases & libraries.SETTINGS_BASES or any(base.endswith(("BaseSettings", ".Settings")) for base in bases):
        return "settings"
    if bases & libraries.MODEL_BASES:
        return "model"
    if bases & libraries.ENUM_BASES:
        return "enum"
    if "typing.NamedTuple" in bases:
        return "namedtuple"
    if any(decorated_as(one.decorators, libraries.DATACLASS_DECORATORS) for one in mro(cls)):
        return "dataclass"
    return "plain"


def is_configuration(value: Value) -> bool:
    """Returns whether a value is a settings class or a model."""
    return isinstance(value, Class) and class_kind(value) in ("settings", "model")


def class_attribute(frame: Frame, cls: Class, name: str) -> tuple[Value, Class | None]:
    """Returns an attribute of the class or a base, and the class that binds it, or Absent and None if none does."""
    for one in mro(cls):
        value = own_attribute(frame, one, name)
        if not isinstance(value, Absent):
            return force(frame, value), one
    return Absent(), None


def fields(cls: Class) -> dict[str, Field]:
    """Returns the fields of a dataclass or model by name: the annotated names of its bases and its own, bases first."""
    found: dict[str, Field] | None = cls.known.get("fields")
    if found is None:
        homes = [*enumerate(mro(cls))]
        declared = (_field(statement, depth) for depth, one in homes[::-1] for statement in one.node.body.statements)
        found = cls.known["fields"] = {field.name: field for field in declared if field is not None}
    return found


def _field(statement: ir.Statement, depth: int) -> Field | None:
    match statement:
        case ir.Declare(target=ir.Name(id=name), annotation=annotation):
            return Field(name, depth, annotation, None, statement)
        case ir.Assign(targets=(ir.Name(id=name),), annotation=ir.Expression() as annotation, value=value):
            return Field(name, depth, annotation, value, statement)
    return None


def is_class_variable(field: Field) -> bool:
    """Returns whether a field is annotated with `ClassVar`, so that instances do not have it."""
    head = field.annotation.value if isinstance(field.annotation, ir.Subscript) else field.annotation
    return ir.last_name(head) == "ClassVar"


def home_of(cls: Class, field: Field) -> Class:
    """Returns the class whose body declares a field of a class: the class itself or one of its bases."""
    return mro(cls)[field.depth]


def field_default(frame: Frame, instance: Instance, name: str) -> Value:
    """Returns the value of a field that was not passed to the constructor, or Absent if there is no such field.

    The value is the default. In a settings class, a value from the environment is an alternative.
    """
    cls = instance.cls
    value, owner = class_attribute(frame, cls, name)
    if isinstance(value, FieldFactory):
        factory = value.factory
        value = _made_once(frame, instance, name, lambda one: one.apply(None, factory, Arguments()))
    kind = class_kind(cls)
    declared = fields(cls).get(name)
    if isinstance(value, Absent) or (isinstance(value, Const) and value.value is Ellipsis):
        if declared is None:
            return Absent()
        return _without_default(frame, instance, declared, kind)
    if declared is None:
        return value
    key = (cls, name, frame.home)
    known = frame.run.answers.defaults.get(key)
    if known is not None and known[0] is value:
        return known[1]
    found, is_shared = _declared_default(frame, instance, value, owner, declared)
    if is_shared:
        frame.run.answers.defaults[key] = value, found
    return found


def _declared_default(
    frame: Frame, instance: Instance, value: Value, owner: Class | None, field: Field
) -> tuple[Value, bool]:
    """Returns the default of a declared field, and whether it is the same for all instances of the class."""
    cls, name, home, kind = instance.cls, field.name, home_of(instance.cls, field), class_kind(instance.cls)
    if owner is not None and _not_nested(value):
        value = through(value, Step(home.module, field.statement.origin, f"`{cls.node.name}.{name}`"))
    if value == Const(None) and kind in ("settings", "model", "dataclass"):
        value = _optional(frame, instance, field)
    if kind != "settings" or isinstance(value, Instance):
        return value, False  # the fields of a nested instance have their own alternatives
    key = Setting(cls.node.name, name)
    frame.run.conditions.setdefault(IsSet(key), (home.module, field.statement.origin))
    documented = documented_beside(frame, value, _variables(frame, cls, name), nested=name)
    if documented is not None:
        override = documented
    elif isinstance(value, Const) and value.value is None:
        override = Unknown(f"`{name}` comes from the environment", key)
    else:
        override = Unknown(f"`{name}` may come from the environment", key, override=True)
    return when(IsSet(key), override, value), not isinstance(value, Alternatives)


def _made_once(frame: Frame, instance: Instance, name: str, make: Callable[[Frame], Value]) -> Value:
    """Returns the object created for a field of an instance, the same one each time the field is read."""
    slot: Slot = ("made", instance.address, name)
    made = frame.state.get(slot)
    if may_be_absent(made):

        def create(inner: Frame) -> Value:
            inner.state.set(slot, created := make(inner))
            return created

        made = complete(frame, instance.address, create) or create(frame)
    return made


def _optional(frame: Frame, instance: Instance, field: Field) -> Value:
    """Returns None and, if the field is annotated with a project class, an instance of that class as an alternative."""
    nested = _of_annotation(frame, instance, field)
    if not isinstance(nested, Instance):
        return Const(None)
    key = derived("given", instance.cls.node.name, field.name)
    return when(key, nested, Const(None))


def _not_nested(value: Value) -> bool:
    return not isinstance(value, (Instance, Function, Class))


def _without_default(frame: Frame, instance: Instance, field: Field, kind: str) -> Value:
    cls, name = instance.cls, field.name
    nested = _of_annotation(frame, instance, field)
    if isinstance(nested, Instance) and class_kind(nested.cls) in ("settings", "model", "dataclass"):
        return nested
    if isinstance(nested, LibraryObject):
        return nested
    if kind == "settings":
        documented = documented_default(frame, _variables(frame, cls, name), nested=name)
        if documented is not None:
            key = Setting(cls.node.name, name)
            override = Unknown(f"`{name}` comes from the environment", key, override=True)
            return when(IsSet(key), override, documented)
    where = "the environment" if kind == "settings" else "the code that creates the object"
    return Unknown(f"`{name}` has no default and comes from {where}", Setting(cls.node.name, name))


def _of_annotation(frame: Frame, instance: Instance, field: Field) -> Value:
    """Returns an instance of the class that a field is annotated with, or an unknown value."""
    home = home_of(instance.cls, field)

    def make(one: Frame) -> Value:
        return by_annotation(body_frame(one, home), field.annotation) or _OF_NO_CLASS

    return _made_once(frame, instance, field.name, make)


_OF_NO_CLASS = Unknown("a field whose type names no known class")


def _variables(frame: Frame, cls: Class, name: str) -> tuple[str, ...]:
    """Returns the variables that may set a settings field: its aliases, or its name with and without `env_prefix`."""
    aliases = tuple(alias.upper() for alias in _aliases(frame, cls, name))
    if aliases:
        return aliases
    given = model_option(frame, cls, "env_prefix")
    prefix = given.known or "" if isinstance(given, Text) else ""
    return ((prefix + name).upper(), name.upper()) if prefix else (name.upper(),)


_ALIASES = frozenset({"alias", "validation_alias", "env"})


def _aliases(frame: Frame, cls: Class, name: str) -> Iterator[str]:
    """Yields the aliases that `Field(alias=…)`, `Field(validation_alias=…)` and `Field(env=…)` (pydantic 1) set."""
    field = fields(cls)[name]
    indices = field.annotation.indices if isinstance(field.annotation, ir.Subscript) else ()
    for call in (field.value, *indices):
        for arg in call.arguments if isinstance(call, ir.Call) and ir.last_name(call.callee) == "Field" else ():
            if arg.keyword in _ALIASES:
                given = force(frame, body_frame(frame, home_of(cls, field)).evaluate(arg.value))
                yield from _names_in(given)


def _names_in(given: Value) -> Iterator[str]:
    """Yields the names in a string, a list of strings or `AliasChoices`."""
    arguments = given.arguments if isinstance(given, LibraryResult) else None
    several = given.items if isinstance(given, Sequence) else ()
    for one in (given, *several, *(arguments.positional if arguments is not None else ())):
        if isinstance(one, Text) and one.known is not None:
            yield one.known


def model_option(frame: Frame, cls: Class, name: str) -> Value | None:
    """Returns an option of a pydantic model, or None if neither the class nor a base sets it.

    A class sets it by a keyword, in `model_config` or in its inner class `Config`. The option is unknown if the
    configuration is.
    """
    for one in mro(cls):
        given = [keyword.value for keyword in one.node.keywords if keyword.keyword == name]
        if given:
            return force(frame, body_frame(frame, one).evaluate(given[0]))
        found = _configured(frame, one, name)
        if not isinstance(found, Absent):
            return found
    return None


def _configured(frame: Frame, cls: Class, name: str) -> Value:
    """Returns an option from the configuration in the class's own body, or Absent if the body does not set it."""
    config = force(frame, own_attribute(frame, cls, "model_config"))
    if isinstance(config, LibraryResult):
        arguments = config.arguments
        otherwise = Absent() if arguments.open_keywords is None else Unknown(arguments.open_keywords)
        return arguments.keywords.get(name, otherwise)
    if isinstance(config, MappingRef):
        return frame.content(config).get(name)
    if not isinstance(config, Absent):
        return Unknown("an unknown configuration")
    inner = force(frame, own_attribute(frame, cls, "Config"))
    return class_attribute(frame, inner, name)[0] if isinstance(inner, Class) else Absent()


def body_frame(frame: Frame, cls: Class) -> Frame:
    """Returns a frame with the names that the body of the class sees."""
    return frame.run.running.get(cls.namespace) or Frame(
        frame.run, cls.module, cls.namespace, cls.parents, frame.state, frame.state, kind="class"
    )
