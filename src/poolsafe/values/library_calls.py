"""What calls of library functions mean: environment, URLs, engines, SQL, settings. The names stand in `library`."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from typing import Any

import libcst as cst

from poolsafe.values import library, texts
from poolsafe.values.attributes import attribute, bind_method
from poolsafe.values.classes import class_attribute, documented_default, mro
from poolsafe.values.conditions import truthiness
from poolsafe.values.frame import Arguments, Frame
from poolsafe.values.lattice import (
    Absent,
    Class,
    Const,
    Function,
    Instance,
    Library,
    MappingRef,
    MappingValue,
    Object,
    Partial,
    Sequence,
    Text,
    Unknown,
    Url,
    Value,
    choose,
    harden,
    lift,
    text,
)
from poolsafe.values.mappings import merge_into
from poolsafe.values.methods import mapping_method
from poolsafe.values.names import force
from poolsafe.values.observe import observe_engine, observe_execution, observe_sql
from poolsafe.values.world import World

Handler = Callable[[World, Frame, "cst.Call | None", Arguments], Value]


def call_library(world: World, frame: Frame, node: cst.Call | None, callee: Library, arguments: Arguments) -> Value:
    """A call of a library's function or class."""
    name = library.canonical(callee.name)
    if name in library.ENGINE_FUNCTIONS:
        return observe_engine(world, frame, node, name, arguments)
    if name in library.SQL_FUNCTIONS:
        return observe_sql(world, frame, node, name, arguments)
    handler = _HANDLERS.get(name)
    if handler is not None:
        return handler(world, frame, node, arguments)
    head, _, tail = name.rpartition(".")
    if head.endswith("alembic.context.config") or head == "alembic.context.config":
        return _alembic(world, frame, node, tail, arguments)
    if name in library.ASYNC_RUNNERS or name in library.SYNC_RUNNERS:
        return _runner_of(world, frame, arguments, is_async=name in library.ASYNC_RUNNERS)
    mode = arguments.keywords.get("mode")
    idents = [texts.hashable(harden(value)) for value in [*arguments.positional, *arguments.keywords.values()]]
    ident = (name, *idents) if None not in idents else (name, frame.number, id(node))
    return Object("called", {"name": name, "mode": mode, "arguments": arguments}, ident)


def environment(world: World, frame: Frame, key: Value, default: Value | None) -> Value:
    """A variable of the environment: unknown, with its default beside it where there is one.

    Without a default in the code, the env files of the project document one.
    """
    default = force(world, frame, default) if default is not None else None
    key = force(world, frame, key)
    name = texts.as_text(harden(key)).known
    ident = ("environment", name if name is not None else texts.hashable(key))
    if default is None or (isinstance(default, Const) and default.value is None):
        documented = documented_default(world, frame, (name,)) if name is not None else None
        if documented is not None:
            default = documented
    if default is None or (isinstance(default, Const) and default.value is None):
        unknown = Unknown(
            f"it comes from the environment variable `{name}`" if name else "it comes from the environment", ident
        )
        if default is None:
            return unknown
        return choose([(frozenset({(("set", ident), True)}), unknown), (frozenset({(("set", ident), False)}), default)])
    override = Unknown(f"it may come from the environment variable `{name}`", ident, soft=True)
    return choose([(frozenset({(("set", ident), True)}), override), (frozenset({(("set", ident), False)}), default)])


def _getenv(world: World, frame: Frame, node: cst.Call | None, arguments: Arguments) -> Value:
    key = arguments.get(0, "key") or Unknown("a variable of the environment")
    default = arguments.get(1, "default")
    return environment(world, frame, key, Const(None) if default is None else default)


def _config_call(world: World, frame: Frame, node: cst.Call | None, arguments: Arguments) -> Value:
    """decouple's `config("X", default=…, cast=…)` and starlette's; environs' and django-environ's readers."""
    key = arguments.get(0, "name") or Unknown("a variable of the environment")
    default = arguments.keywords.get("default")
    cast = arguments.keywords.get("cast")
    if default is None and len(arguments.positional) > 1:
        if cast is None and isinstance(arguments.positional[1], (Library, Function, Class)):
            cast = arguments.positional[1]
            default = arguments.positional[2] if len(arguments.positional) > 2 else None
        else:
            default = arguments.positional[1]
    if default is not None and cast is not None:
        default = world.apply(world, frame, None, cast, Arguments([default]))
    return environment(world, frame, key, default)


def _partial(world: World, frame: Frame, node: cst.Call | None, arguments: Arguments) -> Value:
    if not arguments.positional:
        return Unknown("a partial of nothing")
    return Partial(arguments.positional[0], tuple(arguments.positional[1:]), dict(arguments.keywords))


def _first(world: World, frame: Frame, node: cst.Call | None, arguments: Arguments) -> Value:
    if arguments.positional:
        return arguments.positional[0]
    return next(iter(arguments.keywords.values()), Unknown("a call without arguments"))


def _second(world: World, frame: Frame, node: cst.Call | None, arguments: Arguments) -> Value:
    return arguments.positional[1] if len(arguments.positional) > 1 else Unknown("a call without arguments")


def _dict(world: World, frame: Frame, node: cst.Call | None, arguments: Arguments) -> Value:
    items: dict[Any, Value] = {}
    reason: str | None = None
    for value in arguments.positional[:1]:
        value = force(world, frame, value)
        if isinstance(value, Sequence):
            pairs = [item for item in value.items if isinstance(item, Sequence) and len(item.items) == 2]
            for pair in pairs:
                key = texts.as_text(pair.items[0]).known
                if key is not None:
                    items[key] = pair.items[1]
            reason = None if len(pairs) == len(value.items) and not value.open else "pairs that are not known"
        elif isinstance(value, Library) and value.name == "os.environ":
            reason = "the environment"
        else:
            reason = merge_into(world, frame, items, value)
    items.update(arguments.keywords)
    trail = (world.step(frame, node, "dict"),) if node is not None else ()
    return world.new_mapping(frame.state, items, reason or arguments.open_keywords, trail)


def _str(world: World, frame: Frame, node: cst.Call | None, arguments: Arguments) -> Value:
    if not arguments.positional:
        return text()
    value = force(world, frame, arguments.positional[0])
    return lift(_as_string, value)


def _as_string(value: Value) -> Value:
    if isinstance(value, (Unknown, Url)):
        return value
    if isinstance(value, Object) and value.kind == "called":
        return Unknown("a string made by a library", ("str", value.ident))
    return texts.as_text(value)


def _number(kind: Callable[[Any], Any]) -> Handler:
    def handler(world: World, frame: Frame, node: cst.Call | None, arguments: Arguments) -> Value:
        if not arguments.positional:
            return Const(kind(0))

        def convert(value: Value) -> Value:
            plain = value.value if isinstance(value, Const) else value.known if isinstance(value, Text) else None
            if isinstance(plain, (int, float, str)):
                try:
                    return Const(kind(plain), trail=value.trail)
                except (ValueError, OverflowError):
                    return Unknown("a number that cannot be read")
            if isinstance(value, Unknown):
                return Unknown(
                    value.reason, (kind.__name__, value.ident) if value.ident is not None else None, soft=value.soft
                )
            return Unknown("a number")

        return lift(convert, force(world, frame, arguments.positional[0]))

    return handler


def _bool(world: World, frame: Frame, node: cst.Call | None, arguments: Arguments) -> Value:
    if not arguments.positional:
        return Const(False)

    def convert(value: Value) -> Value:
        known = truthiness(world, frame, value)
        return Unknown("a condition", ("bool", texts.hashable(value))) if known is None else Const(known)

    return lift(convert, force(world, frame, arguments.positional[0]))


def _sequence(kind: str) -> Handler:
    def handler(world: World, frame: Frame, node: cst.Call | None, arguments: Arguments) -> Value:
        if not arguments.positional:
            return Sequence((), kind)
        value = force(world, frame, arguments.positional[0])
        if isinstance(value, Sequence):
            return Sequence(value.items, kind, value.open)
        if isinstance(value, MappingRef):
            keys = mapping_method(world, frame, cst.Call(cst.Name("keys")), value, "keys", Arguments())
            assert isinstance(keys, Sequence)
            return Sequence(keys.items, kind, keys.open)
        return Sequence((), kind, open=True)

    return handler


def _getattr(world: World, frame: Frame, node: cst.Call | None, arguments: Arguments) -> Value:
    args = arguments.positional
    name = args[1].known if len(args) > 1 and isinstance(args[1], Text) else None
    if name is None or node is None:
        return Unknown("an attribute by a name that is not known")
    value = attribute(world, frame, args[0], name, node)
    if len(args) < 3:
        return value
    default = args[2]

    def with_default(single: Value) -> Value:
        if not isinstance(single, Unknown) or single.soft:
            return single
        key = ("there", single.ident)
        hard = Const(None) == default
        return choose([
            (frozenset({(key, True)}), Unknown(single.reason, single.ident, soft=not hard)),
            (frozenset({(key, False)}), default),
        ])  # fmt: skip

    return lift(with_default, value)


def _setattr(world: World, frame: Frame, node: cst.Call | None, arguments: Arguments) -> Value:
    args = arguments.positional
    if len(args) == 3 and isinstance(args[1], Text) and args[1].known is not None:
        target = force(world, frame, args[0])
        if isinstance(target, Instance):
            frame.state.set(("attr", target.oid, args[1].known), args[2])
    return Const(None)


_TYPES: dict[str, tuple[type, ...]] = {
    "builtins.str": (Text,),
    "builtins.dict": (MappingRef, MappingValue),
    "builtins.list": (Sequence,),
    "builtins.tuple": (Sequence,),
    "sqlalchemy.engine.URL": (Url,),
}


def _isinstance(world: World, frame: Frame, node: cst.Call | None, arguments: Arguments) -> Value:
    if len(arguments.positional) != 2:
        return Unknown("a condition")
    kinds = force(world, frame, arguments.positional[1])
    names = [kinds] if isinstance(kinds, (Library, Class)) else list(kinds.items) if isinstance(kinds, Sequence) else []

    def check(value: Value) -> Value:
        answers = [_is(value, kind) for kind in names]
        if any(answer is True for answer in answers):
            return Const(True)
        if answers and all(answer is False for answer in answers):
            return Const(False)
        return Unknown("a condition", ("isinstance", texts.hashable(value), *(texts.hashable(kind) for kind in names)))

    return lift(check, force(world, frame, arguments.positional[0]))


def _is(value: Value, kind: Value) -> bool | None:
    if isinstance(kind, Class) and isinstance(value, Instance):
        return any(one.node is kind.node for one in mro(value.cls))
    if not isinstance(kind, Library):
        return None
    expected = _TYPES.get(kind.name)
    if isinstance(value, Const):
        python = (
            getattr(__import__("builtins"), kind.name.rpartition(".")[2], None)
            if kind.name.startswith("builtins.")
            else None
        )
        return isinstance(value.value, python) if isinstance(python, type) else False
    if expected is not None and isinstance(value, (Text, MappingRef, MappingValue, Sequence, Url, Instance, Function)):
        return isinstance(value, expected)
    return None


def _join_path(world: World, frame: Frame, node: cst.Call | None, arguments: Arguments) -> Value:
    known = [part.known for part in arguments.positional if isinstance(part, Text) and part.known is not None]
    if len(known) == len(arguments.positional):
        return text(posixpath.join(*known))
    return Unknown("a path")


def _quote(world: World, frame: Frame, node: cst.Call | None, arguments: Arguments) -> Value:
    value = arguments.positional[0] if arguments.positional else Unknown("quoted text")
    known = harden(force(world, frame, value))
    if isinstance(known, Text) and known.known is not None and known.known.replace("_", "").replace("-", "").isalnum():
        return known
    return text(Unknown("quoted text", ("quote", texts.hashable(known))))


def _dedent(world: World, frame: Frame, node: cst.Call | None, arguments: Arguments) -> Value:
    value = harden(force(world, frame, _first(world, frame, node, arguments)))
    return lift(lambda single: texts.dedent(single) if isinstance(single, Text) else Unknown("dedented text"), value)


def _copy(world: World, frame: Frame, node: cst.Call | None, arguments: Arguments) -> Value:
    value = force(world, frame, _first(world, frame, node, arguments))

    def one(single: Value) -> Value:
        if isinstance(single, MappingRef):
            content = world.content(frame.state, single)
            items = {
                key: one(inner) if isinstance(inner, MappingRef) else inner for key, inner in content.items.items()
            }
            return world.new_mapping(frame.state, items, content.open, content.trail)
        return single

    return lift(one, value)


def _sorted(world: World, frame: Frame, node: cst.Call | None, arguments: Arguments) -> Value:
    value = force(world, frame, _first(world, frame, node, arguments))
    return Sequence(value.items, "list", value.open) if isinstance(value, Sequence) else Sequence((), "list", open=True)


def _enumerate(world: World, frame: Frame, node: cst.Call | None, arguments: Arguments) -> Value:
    value = force(world, frame, _first(world, frame, node, arguments))
    if not isinstance(value, Sequence):
        return Sequence((), "list", open=True)
    return Sequence(
        tuple(Sequence((Const(index), item), "tuple") for index, item in enumerate(value.items)), "list", value.open
    )


def _zip(world: World, frame: Frame, node: cst.Call | None, arguments: Arguments) -> Value:
    columns = [force(world, frame, value) for value in arguments.positional]
    known = [column for column in columns if isinstance(column, Sequence) and not column.open]
    if len(known) != len(columns):
        return Sequence((), "list", open=True)
    rows = zip(*(column.items for column in known), strict=False)
    return Sequence(tuple(Sequence(tuple(row), "tuple") for row in rows), "list")


def _range(world: World, frame: Frame, node: cst.Call | None, arguments: Arguments) -> Value:
    return Sequence((), "list", open=True)


def _length(world: World, frame: Frame, node: cst.Call | None, arguments: Arguments) -> Value:
    def count(value: Value) -> Value:
        if isinstance(value, Text) and value.known is not None:
            return Const(len(value.known))
        if isinstance(value, Sequence) and not value.open:
            return Const(len(value.items))
        return Unknown("a length", ("len", texts.hashable(value)))

    return lift(count, harden(force(world, frame, _first(world, frame, node, arguments))))


# --- URLs ---


def url_object(world: World, frame: Frame, drivername: Value, arguments: Arguments | None = None) -> Value:
    """A URL object with this driver name; the rest from the arguments of `URL.create` or `PostgresDsn.build`."""
    given = arguments or Arguments()
    query = given.keywords.get("query", Absent())
    query = lift(
        lambda single: world.content(frame.state, single) if isinstance(single, MappingRef) else single,
        force(world, frame, query),
    )
    host = given.keywords.get("host") or (given.positional[3] if len(given.positional) > 3 else Unknown("a host"))
    port = given.keywords.get("port") or (given.positional[4] if len(given.positional) > 4 else Unknown("a port"))

    def make(single: Value) -> Value:
        scheme = texts.as_text(single)
        return Url(scheme, query, host, port, trail=scheme.trail)

    return lift(make, harden(force(world, frame, drivername)))


def _url_create(world: World, frame: Frame, node: cst.Call | None, arguments: Arguments) -> Value:
    drivername = arguments.get(0, "drivername") or Unknown(arguments.open_keywords or "a URL without a driver name")
    return url_object(world, frame, drivername, arguments)


def _dsn_build(world: World, frame: Frame, node: cst.Call | None, arguments: Arguments) -> Value:
    scheme = arguments.keywords.get("scheme") or Unknown(arguments.open_keywords or "a URL without a scheme")
    return url_object(world, frame, scheme, Arguments(keywords=dict(arguments.keywords)))


def _make_url(world: World, frame: Frame, node: cst.Call | None, arguments: Arguments) -> Value:
    value = harden(force(world, frame, _first(world, frame, node, arguments)))
    return lift(lambda single: parse_url(single), value)


def parse_url(value: Value) -> Value:
    """A URL object of a string; the value itself where its scheme is not known."""
    if not isinstance(value, Text):
        return value
    parts = texts.partition(value, "://")
    if parts is None or not parts[1].pieces:
        return Unknown("a URL whose scheme is not known", ("url", texts.hashable(value)))
    scheme = Text(parts[0].pieces, trail=value.trail)
    return Url(scheme, parse_query(parts[2]), Unknown("a host"), Unknown("a port"), trail=value.trail)


def parse_query(rest: Text) -> Value:
    """The query of what follows a URL's scheme, as a mapping of strings; what stands in a hole of it is not seen."""
    items: dict[str, Value] = {}
    joined = "".join(piece if isinstance(piece, str) else "\x00" for piece in rest.pieces)
    for part in joined.partition("?")[2].partition("#")[0].split("&"):
        key, _, value = part.partition("=")
        if key and "\x00" not in key:
            items[key] = text(Unknown("a value in the query")) if "\x00" in value else text(value, trail=rest.trail)
    return MappingValue(items)


# --- Alembic ---


def main_option(world: World, frame: Frame, name: str) -> Value:
    """An option of Alembic's configuration as the running env.py has set it."""
    return world.content(frame.state, _section(world, frame)).get(name)


def _section(world: World, frame: Frame) -> MappingRef:
    slot = ("dict", -frame.module.number)
    if isinstance(frame.state.get(slot), Absent):
        options = world.project.alembic(frame.module)
        items: dict[Any, Value] = {
            name: text(value.replace("%%", "%")) for name, value in options.items() if not value.startswith("driver://")
        }
        frame.state.set(slot, MappingValue(items, "a section of alembic.ini", -frame.module.number))
    return MappingRef(-frame.module.number)


def _alembic(world: World, frame: Frame, node: cst.Call | None, name: str, arguments: Arguments) -> Value:
    section = _section(world, frame)
    if name in ("set_main_option", "set_section_option"):
        offset = 0 if name == "set_main_option" else 1
        key, value = arguments.get(offset, "name"), arguments.get(offset + 1, "value")
        known = texts.as_text(key).known if key is not None else None
        if known is not None and value is not None:
            content = world.content(frame.state, section)
            unescaped = lift(_percent, harden(force(world, frame, value)))
            items = {**content.items, known: unescaped}
            frame.state.set(("dict", section.oid), MappingValue(items, content.open, content.oid))
        return Const(None)
    if name == "get_main_option":
        key = arguments.get(0, "name")
        known = texts.as_text(key).known if key is not None else None
        return main_option(world, frame, known) if known is not None else Unknown("an option of alembic.ini")
    if name == "get_section":
        content = world.content(frame.state, section)
        return world.new_mapping(frame.state, dict(content.items), content.open)
    if name == "get_section_option":
        key = arguments.get(1, "name")
        known = texts.as_text(key).known if key is not None else None
        return main_option(world, frame, known) if known is not None else Unknown("an option of alembic.ini")
    return Unknown(f"`{name}` of Alembic's configuration", ("alembic", name))


def _percent(value: Value) -> Value:
    """Alembic's configuration writes `%` as `%%`."""
    return (
        texts.map_known(value, lambda known: known.replace("%%", "%"), pieces=True)
        if isinstance(value, Text)
        else value
    )


# --- SQLAlchemy's objects ---


def _runner_of(world: World, frame: Frame, arguments: Arguments, *, is_async: bool) -> Value:
    bind = arguments.get(0, "bind") or arguments.keywords.get("engine")
    driver = bind.facts.get("driver") if isinstance(bind, Object) else None
    return Object("runner", {"async": is_async, "driver": driver, "engine": False})


def _sessionmaker(default_async: bool) -> Handler:
    def handler(world: World, frame: Frame, node: cst.Call | None, arguments: Arguments) -> Value:
        bind = arguments.get(0, "bind")
        bind = force(world, frame, bind) if bind is not None else None
        kind = arguments.keywords.get("class_")
        is_async = default_async
        if isinstance(kind, Library):
            is_async = library.canonical(kind.name) in library.ASYNC_RUNNERS
        elif isinstance(bind, Object) and bind.kind == "runner":
            is_async = bool(bind.facts.get("async"))
        driver = bind.facts.get("driver") if isinstance(bind, Object) else None
        return Object("factory", {"async": is_async, "driver": driver, "engine": False})

    return handler


_CONNECTING = frozenset(
    {"connect", "begin", "execution_options", "get_bind", "connection", "begin_nested", "__aenter__", "begin_twophase"}
)
_EXECUTING = frozenset(
    {"execute", "scalar", "scalars", "stream", "stream_scalars", "exec", "execute_iterate", "get_one"}
)


def call_object_method(
    world: World,
    frame: Frame,
    node: cst.Call | None,
    receiver: Value,
    name: str,
    arguments: Arguments,
    *,
    awaited: bool,
) -> Value:
    """A method of a library object, or a call of it."""
    if node is not None and name in _EXECUTING:
        observe_execution(world, frame, node, name, receiver, arguments, awaited=awaited)
    if node is not None and name == "exec_driver_sql":
        observe_sql(world, frame, node, "exec_driver_sql", arguments, receiver=receiver, awaited=awaited)
    if name == "run_sync" and arguments.positional:
        _run_sync(world, frame, receiver, arguments)
    if not isinstance(receiver, Object):
        return Unknown("a method of something unknown")
    match receiver.kind:
        case "runner" if name in _CONNECTING:
            return Object(
                "runner", {**receiver.facts, "engine": receiver.facts.get("engine") and name == "execution_options"}
            )
        case "factory" if name in ("__call__", "begin"):
            return Object("runner", dict(receiver.facts))
        case "super":
            return _super_method(world, frame, node, receiver, name, arguments)
        case "depends" | "generator" if name in ("__anext__", "__next__", "asend", "send"):
            inner = receiver.facts.get("value")
            return inner if isinstance(inner, Value) else Unknown("a generator")
        case "called":
            return _called_method(world, frame, node, receiver, name, arguments)
        case "enum" | "secret":
            inner = receiver.facts.get("value")
            if isinstance(inner, Value) and name == "get_secret_value":
                return inner
    if receiver.kind == "member":
        return Unknown("a method of a library", ("member", receiver.facts.get("name"), name, id(node)))
    return Unknown("a method of a library", None if node is None else ("node", frame.number, id(node)))


def _run_sync(world: World, frame: Frame, receiver: Value, arguments: Arguments) -> None:
    """`run_sync(f, …)`: `f` is given a synchronous face of the same asynchronous connection."""
    callee = force(world, frame, arguments.positional[0])
    if isinstance(callee, Function):
        facts = dict(receiver.facts) if isinstance(receiver, Object) else {"driver": None}
        given = Object("runner", {**facts, "async": True, "engine": False})
        rest = Arguments([given, *arguments.positional[1:]], arguments.keywords)
        force(world, frame, world.apply(world, frame, None, callee, rest))


_READERS = frozenset(
    {"__call__", "str", "string", "get", "get_value", "url", "db", "json", "int", "bool", "float", "read_env"}
)


def _called_method(
    world: World, frame: Frame, node: cst.Call | None, receiver: Object, name: str, arguments: Arguments
) -> Value:
    made = receiver.facts.get("name")
    if (
        made in ("starlette.config.Config", "decouple.Config", "decouple.AutoConfig", "environs.Env", "environ.Env")
        and name in _READERS
    ):
        value = _config_call(world, frame, node, arguments)
        conversion = {"int": _number(int), "float": _number(float)}.get(name)
        return conversion(world, frame, node, Arguments([value])) if conversion is not None else value
    ident = ("method", receiver.ident, name) if receiver.ident is not None and not arguments.positional else None
    return Unknown(
        f"`{made}` is outside the project", ident or (None if node is None else ("node", frame.number, id(node)))
    )


def _super_method(
    world: World, frame: Frame, node: cst.Call | None, receiver: Object, name: str, arguments: Arguments
) -> Value:
    cls, instance = receiver.facts.get("class"), receiver.facts.get("self")
    if not isinstance(cls, Class) or not isinstance(instance, Value):
        return Unknown("`super()`")
    for base in cls.bases:
        if isinstance(base, Class):
            value, owner = class_attribute(world, frame, base, name)
            if isinstance(value, Function):
                return world.apply(world, frame, node, bind_method(world, frame, value, instance, owner), arguments)
    if name == "__init__" and isinstance(instance, Instance):
        for key, value in arguments.keywords.items():
            frame.state.set(("attr", instance.oid, key), value)
    return Unknown(f"`super().{name}`")


# --- pydantic, dataclasses, FastAPI ---


def _field(world: World, frame: Frame, node: cst.Call | None, arguments: Arguments) -> Value:
    default = arguments.get(0, "default")
    if default is not None:
        return default
    factory = arguments.keywords.get("default_factory") or arguments.keywords.get("factory")
    if factory is not None:
        return world.apply(world, frame, None, factory, Arguments())
    return Const(Ellipsis)


def _depends(world: World, frame: Frame, node: cst.Call | None, arguments: Arguments) -> Value:
    return Object("depends", {"dependency": arguments.get(0, "dependency") or Const(None)})


def _secret_str(world: World, frame: Frame, node: cst.Call | None, arguments: Arguments) -> Value:
    return Object("secret", {"value": arguments.positional[0] if arguments.positional else Unknown("a secret")})


def _urlparse(world: World, frame: Frame, node: cst.Call | None, arguments: Arguments) -> Value:
    return _make_url(world, frame, node, arguments)


_HANDLERS: dict[str, Handler] = {
    "os.getenv": _getenv,
    "os.environ.get": _getenv,
    "os.environ.setdefault": _getenv,
    "decouple.config": _config_call,
    "functools.partial": _partial,
    "functools.lru_cache": _first,
    "functools.cache": _first,
    "functools.wraps": lambda world, frame, node, arguments: Library("functools.wrapped"),
    "functools.wrapped": _first,
    "contextlib.asynccontextmanager": _first,
    "contextlib.contextmanager": _first,
    "contextlib.nullcontext": _first,
    "typing.cast": _second,
    "asyncio.run": _first,
    "asyncio.shield": _first,
    "asyncio.wait_for": _first,
    "asyncio.run_until_complete": _first,
    "anyio.run": _first,
    "copy.copy": _copy,
    "copy.deepcopy": _copy,
    "textwrap.dedent": _dedent,
    "inspect.cleandoc": _dedent,
    "os.path.join": _join_path,
    "urllib.parse.quote": _quote,
    "urllib.parse.quote_plus": _quote,
    "urllib.parse.urlparse": _urlparse,
    "urllib.parse.urlsplit": _urlparse,
    "urllib.parse.urlunparse": _first,
    "urllib.parse.urlunsplit": _first,
    "builtins.dict": _dict,
    "builtins.str": _str,
    "builtins.int": _number(int),
    "builtins.float": _number(float),
    "builtins.bool": _bool,
    "builtins.list": _sequence("list"),
    "builtins.tuple": _sequence("tuple"),
    "builtins.set": _sequence("set"),
    "builtins.frozenset": _sequence("set"),
    "builtins.sorted": _sorted,
    "builtins.reversed": _sorted,
    "builtins.enumerate": _enumerate,
    "builtins.zip": _zip,
    "builtins.range": _range,
    "builtins.len": _length,
    "builtins.iter": _first,
    "builtins.getattr": _getattr,
    "builtins.setattr": _setattr,
    "builtins.isinstance": _isinstance,
    "sqlalchemy.engine.URL.create": _url_create,
    "sqlalchemy.engine.URL": _url_create,
    "sqlalchemy.engine.make_url": _make_url,
    "pydantic.PostgresDsn.build": _dsn_build,
    "pydantic.MultiHostUrl.build": _dsn_build,
    "pydantic.AnyUrl.build": _dsn_build,
    "pydantic.PostgresDsn": _make_url,
    "pydantic.MultiHostUrl": _make_url,
    "pydantic.AnyUrl": _make_url,
    "yarl.URL": _make_url,
    "yarl.URL.build": _dsn_build,
    "sqlalchemy.ext.asyncio.async_sessionmaker": _sessionmaker(True),
    "sqlalchemy.orm.sessionmaker": _sessionmaker(False),
    "pydantic.Field": _field,
    "dataclasses.field": _field,
    "attr.ib": _field,
    "attrs.field": _field,
    "fastapi.Depends": _depends,
    "pydantic.SecretStr": _secret_str,
}
