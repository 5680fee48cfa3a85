"""Methods of built-in dicts and lists, and of URL objects."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from poolsafe import ir
from poolsafe.inference import texts
from poolsafe.inference.arguments import Arguments
from poolsafe.inference.context import Frame
from poolsafe.inference.exceptions import where_not_raising
from poolsafe.inference.instances import items_of
from poolsafe.inference.lattice import alternatives, choose, each, lift, or_before
from poolsafe.inference.mappings import blurred, item_of, keys_into, mapping_key, merge_into, view, with_item
from poolsafe.inference.names import force
from poolsafe.inference.symbols import Guard, derived, unless, where
from poolsafe.inference.text_methods import text_method
from poolsafe.inference.values import (
    Absent,
    Const,
    MappingRef,
    MappingValue,
    Sequence,
    Text,
    Unknown,
    Url,
    Value,
    raising,
)


def mapping_method(
    frame: Frame, node: ir.Node, subject: MappingRef | MappingValue, name: str, arguments: Arguments
) -> Value:
    """Returns the result of a dict method and stores its changes in the state."""
    content = frame.content(subject)
    args = arguments.positional
    if name == "get" and args:
        return _get(keys_into(frame, subject, args[0]), content, args[1] if len(args) > 1 else Const(None))
    if name in ("setdefault", "pop") and args:
        return _take(frame, subject, content, name, args)
    if name == "update":
        content = frame.whole_content(subject)
        items = dict(content.items)
        reason = content.open
        for value in args:
            reason = merge_into(frame, items, value) or reason
        items.update(arguments.keywords)
        _store(frame, subject, replace(content, items=items, open=reason or arguments.open_keywords))
        return Const(None)
    if name == "__getitem__" and args:
        key = mapping_key(args[0])
        return frame.unknown(node, "an unknown key") if key is None else content.get(key)
    if name in ("__setitem__", "__delitem__") and args:
        value = args[1] if name == "__setitem__" and len(args) > 1 else Absent()
        _store(frame, subject, with_item(frame.whole_content(subject), args[0], value))
        return Const(None)
    if name in ("copy", "__copy__"):
        return frame.new_mapping(dict(content.items), content.open, content.provenance)
    if name == "clear":
        _store(frame, subject, MappingValue({}, None, content.address))
        return Const(None)
    if name in ("items", "keys", "values"):
        return view(content, name)
    if name == "popitem":
        _store(frame, subject, blurred(content, "a dict from which an item is removed"))
    return frame.unknown(node, f"a call to the dict method `{name}`")


def _store(frame: Frame, subject: MappingRef | MappingValue, content: MappingValue) -> None:
    if isinstance(subject, MappingRef):
        frame.state.set(("dict", subject.address), content)


def _get(keys: Value, content: MappingValue, default: Value) -> Value:
    def one(key: Value) -> Value:
        name = mapping_key(key)
        # A key with an unknown value is still present.
        if name is None or name in content.items:
            return item_of(content, key, default)
        return or_default(content.get(name), default)

    return lift(one, keys)


def or_default(value: Value, default: Value) -> Value:
    """Returns the value, or the default where the value is or may be absent."""
    options = []
    for guard, single in alternatives(value):
        if isinstance(single, Absent):
            options.append((guard, default))
        elif isinstance(single, Unknown) and not isinstance(default, Const):
            key = derived("there", single.symbol)
            options.append((guard | where(key), replace(single, override=True)))
            options.append((guard | unless(key), default))
        else:
            options.append((guard, single))
    return choose(options)


def _take(
    frame: Frame, subject: MappingRef | MappingValue, content: MappingValue, name: str, args: list[Value]
) -> Value:
    key = mapping_key(args[0])
    default = args[1] if len(args) > 1 else Const(None)
    if key is None:
        _store(frame, subject, blurred(content, "an unknown key"))
        return Unknown("an unknown key")
    value = content.get(key)
    if name == "pop" and len(args) == 1:
        options = each(lambda one: raising("a key that is not in the dict") if isinstance(one, Absent) else one, value)
        result = where_not_raising(frame, options, "KeyError")
        if frame.aborted:
            return result
    else:
        # A key with an unknown value is still present.
        result = or_before(value, default) if key in content.items else or_default(value, default)
    changed = with_item(frame.whole_content(subject), args[0], Absent() if name == "pop" else result)
    _store(frame, subject, changed)
    return result


# Methods that change a list or a set.
LIST_CHANGING = frozenset(
    {"add", "append", "clear", "discard", "extend", "insert", "pop", "remove", "reverse", "sort", "update"}
)


def sequence_method(frame: Frame, node: ir.Call, subject: Sequence, name: str, arguments: Arguments) -> Value:
    """Returns the result of a method of a list, tuple or set that changes nothing."""
    if name == "copy":
        return replace(subject, address=frame.address())
    if name in ("union", "__add__") and len(arguments.positional) == 1:
        other = force(frame, arguments.positional[0])
        if isinstance(other, Sequence):
            return Sequence(subject.items + other.items, subject.kind, subject.open or other.open, frame.address())
    return frame.unknown(node, f"a call to the sequence method `{name}`")


def change_list(frame: Frame, node: ir.Call, subject: Value, name: str, arguments: Arguments) -> Value:
    """Runs a method that changes a list: changes each alternative and stores the result under the list's address.

    A list without an address, such as the result of a call, is stored under the name that the method is called on.
    """
    taken: list[tuple[Guard, Value]] = []
    left: list[tuple[Guard, Value]] = []
    for guard, single in alternatives(subject):
        assert isinstance(single, Sequence)
        result, changed = _changed(frame, node, single, name, arguments)
        taken.append((guard, result))
        left.append((guard, changed))
    result = where_not_raising(frame, taken, "IndexError")
    first = alternatives(subject)[0][1]
    assert isinstance(first, Sequence)
    callee = node.callee.value if isinstance(node.callee, ir.Attribute) else None
    if first.address:
        frame.state.set(("list", first.address), choose(left))
    elif isinstance(callee, ir.Name):
        frame.state.set(("name", frame.outer_names.get(callee.id, frame.number), callee.id), choose(left))
    return result


def _changed(frame: Frame, node: ir.Call, subject: Sequence, name: str, arguments: Arguments) -> tuple[Value, Sequence]:
    """Returns the result of a list method, and the list after the call."""
    args = arguments.positional
    items = subject.items
    match name:
        case "append" | "add" if len(args) == 1:
            return Const(None), replace(subject, items=(*items, args[0]))
        case "extend" | "update" if len(args) == 1:
            more = items_of(frame, args[0])
            return Const(None), replace(subject, items=items + more.items, open=subject.open or more.open)
        case "clear":
            return Const(None), replace(subject, items=(), open=False)
        case "reverse" if not subject.open:
            return Const(None), replace(subject, items=items[::-1])
        case "insert" if len(args) == 2 and isinstance(args[0], Const) and isinstance(args[0].value, int):
            grown = [*items]
            grown.insert(args[0].value, args[1])
            return Const(None), replace(subject, items=tuple(grown))
        case "pop" if not subject.open:
            index = args[0].value if args and isinstance(args[0], Const) else -1
            if not items:
                return raising("an item of an empty list"), subject
            if isinstance(index, int) and -len(items) <= index < len(items):
                rest = [*items]
                found = rest.pop(index)
                return found, replace(subject, items=tuple(rest))
    return frame.unknown(node, "a list that the code changes"), replace(subject, items=(), open=True)


def url_method(frame: Frame, node: ir.Call, subject: Url, name: str, arguments: Arguments) -> Value:
    """Returns the result of a method of a SQLAlchemy URL, a pydantic URL or a URL parsed by `urllib`."""
    if name in ("set", "_replace"):
        changes = {field: arguments.keywords[key] for key, field in _URL_PARTS.items() if key in arguments.keywords}
        return _with_parts(frame, subject, changes)
    if name in ("update_query_dict", "update_query_pairs", "update_query_string") and arguments.positional:
        items: dict[Any, Value] = {}
        first = merge_into(frame, items, subject.query)
        second = merge_into(frame, items, arguments.positional[0])
        return replace(subject, query=MappingValue(items, first or second))
    if name in _YARL_PARTS and (arguments.positional or arguments.keywords):
        field = _YARL_PARTS[name]
        return _with_parts(frame, subject, {field: _part(frame, subject, name, arguments)} if field else {})
    if name == "difference_update_query":
        return replace(subject, query=Unknown("a URL query that the code changes"))
    if name in ("render_as_string", "unicode_string", "geturl", "__str__", "__to_string__", "get_secret_value"):
        return subject
    if name == "get_backend_name":
        return lift(lambda name: texts.map_known(texts.as_text(name), _backend), subject.drivername)
    if name == "get_driver_name":
        return lift(lambda name: texts.map_known(texts.as_text(name), _driver), subject.drivername)
    # `str(url)` evaluates to the URL itself, so its string methods arrive here.
    return text_method(frame, node, texts.url_text(subject), name, arguments)


# The keywords of `set` and `_replace`, and the fields that they change.
_URL_PARTS = {"drivername": "drivername", "scheme": "drivername", "query": "query", "host": "host", "port": "port"}
# yarl's methods that return a URL with one part changed, and our field for that part.
_YARL_PARTS = {
    "with_scheme": "drivername",
    "with_host": "host",
    "with_port": "port",
    "with_query": "query",
    "update_query": "query",
    "extend_query": "query",
    **dict.fromkeys(("with_user", "with_password", "with_path", "with_name", "with_suffix", "with_fragment"), ""),
    "joinpath": "",
}


def _with_parts(frame: Frame, subject: Url, changes: dict[str, Any]) -> Value:
    """Returns the URL with some of its fields changed. Its provenance is the place of a new driver name."""
    if "query" in changes:
        changes["query"] = _frozen_query(frame, changes["query"])

    def one(drivername: Value) -> Value:
        provenance = drivername.provenance if isinstance(drivername, Text) else ()
        return replace(subject, **changes | {"drivername": drivername}, provenance=provenance or subject.provenance)

    return lift(one, force(frame, changes.get("drivername", subject.drivername)))


def _part(frame: Frame, subject: Url, name: str, arguments: Arguments) -> Value:
    """Returns the new part that a method of yarl sets."""
    if _YARL_PARTS[name] == "query":
        return _changed_query(frame, subject, name, arguments)
    return force(frame, (*arguments.positional, *arguments.keywords.values())[0])


def _changed_query(frame: Frame, subject: Url, name: str, arguments: Arguments) -> Value:
    items: dict[Any, Value] = {}
    reasons = [] if name == "with_query" else [merge_into(frame, items, subject.query)]
    reasons += [merge_into(frame, items, one) for one in arguments.positional if force(frame, one) != Const(None)]
    items.update(arguments.keywords)
    return MappingValue(items, next((one for one in (*reasons, arguments.open_keywords) if one), None))


def _backend(drivername: str) -> str:
    return drivername.partition("+")[0]


def _driver(drivername: str) -> str:
    return drivername.partition("+")[2]


def _frozen_query(frame: Frame, value: Value) -> Value:
    value = force(frame, value)
    return lift(lambda single: frame.content(single) if isinstance(single, MappingRef) else single, value)
