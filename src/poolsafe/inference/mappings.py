"""Dicts: their keys, and merging by `**`, `|` and `update`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from poolsafe.inference.context import Frame, Run
from poolsafe.inference.lattice import alternatives, choose, exclusive, for_detection, is_parameter, lift, or_before
from poolsafe.inference.names import force
from poolsafe.inference.objects import EnumMember, GeneratorObject, InstanceDict
from poolsafe.inference.symbols import Chosen, Guard, IsTrue, Symbol, derived
from poolsafe.inference.texts import comparison_of, symbol_of
from poolsafe.inference.values import (
    Absent,
    Const,
    Instance,
    MappingRef,
    MappingValue,
    Sequence,
    Text,
    Unknown,
    Value,
    text,
)

MAX_MEMBERS = 8  # an unknown key may select one of this many items


def merge_into(frame: Frame, items: dict[Any, Value], value: Value) -> str | None:
    """Updates `items` with a mapping value. Returns the reason why keys may be missing, or None if none is missing."""
    value = lift(lambda single: single.items if isinstance(single, GeneratorObject) else single, force(frame, value))
    reason: str | None = None
    contents: list[tuple[Guard, MappingValue]] = []
    for guard, single in alternatives(value):
        match single:
            case MappingRef():
                contents.append((guard, frame.content(single)))
            case MappingValue():
                contents.append((guard, single))
            case Const(value=None):
                contents.append((guard, MappingValue({})))
            case Sequence():
                contents.append((guard, _of_pairs(frame.run, single)))
            case InstanceDict():
                contents.append((guard, attributes_of(frame, single)))
            case Unknown(override=True):
                # If only callers outside the project can pass the mapping, the default does not show its keys.
                reason = single.reason if is_parameter(single) else reason
            case Unknown():
                reason = single.reason
                contents.append((guard, MappingValue({}, single.reason, frame.run.heap.number())))
            case _:
                reason = "an unknown mapping"
                contents.append((guard, MappingValue({}, reason, frame.run.heap.number())))
    if len(contents) == 1:
        content = contents[0][1]
        if content.open is not None:
            for key in list(items):
                if key not in content.items:
                    items[key] = Unknown(content.open, derived("overridden", content.address, key))
        for key, inner in content.items.items():
            items[key] = or_before(inner, items.get(key))
        return content.open or reason
    keys = dict.fromkeys(key for _, content in contents for key in content.items)
    if any(content.open is not None for _, content in contents):
        keys.update(dict.fromkeys(items))
    for key in keys:
        before = items.get(key, Absent())
        items[key] = choose((guard, or_before(content.get(key), before)) for guard, content in contents)
    opened = [content.open for _, content in contents if content.open is not None]
    return opened[0] if opened else reason


def attributes_of(frame: Frame, value: InstanceDict) -> MappingValue:
    """Returns the attributes of an instance as a dict, without those of its class."""
    address = value.instance.address
    names = frame.state.names_in("attr", address)
    items: dict[Any, Value] = {name: frame.state.get(("attr", address, name)) for name in names if name.isidentifier()}
    reason = "an instance created elsewhere" if address in frame.run.heap.made_elsewhere else None
    if OPEN in names or items.pop("__dict__", None) is not None:
        reason = reason or "an instance with unknown attributes"
    return MappingValue(items, reason, address)


OPEN = "*"  # an attribute of this name stands for attributes with unknown names


def open_attributes(frame: Frame, instance: Instance, reason: str) -> None:
    """Notes that an instance may have more attributes than the known ones."""
    frame.state.set(("attr", instance.address, OPEN), Unknown(reason))


def open_dicts(frame: Frame, value: Value, reason: str) -> None:
    """Marks the dicts of a value as open, because an instance may be created with keys that the default lacks."""
    for _, single in alternatives(value):
        if isinstance(single, MappingRef) and (content := frame.content(single)).open is None:
            frame.state.set(("dict", single.address), replace(content, open=reason))


def item_of(content: MappingValue, key: Value, missing: Value) -> Value:
    """Returns the item under a key, or `missing` on the paths where the dict lacks the key."""
    name = mapping_key(key)
    if name is not None:
        return or_before(content.get(name), missing)
    if _may_be_any_of(content):
        guards = exclusive(_equalities(content, key))
        members = [or_before(member, missing) for member in content.items.values()]
        return choose(zip(guards, [*members, missing], strict=True))
    return Unknown("an unknown key", derived("item", content.address, symbol_of(key)))


def keys_into(frame: Frame, base: Value, key: Value) -> Value:
    """Returns the alternatives of a key, including values from the environment that select other items of a dict.

    The program itself contains these items.
    """
    table = isinstance(base, (MappingRef, MappingValue)) and _may_be_any_of(frame.content(base))
    return key if table else for_detection(key)


def _may_be_any_of(content: MappingValue) -> bool:
    """Returns whether an unknown key may be the key of any item: the dict has no other items, and only a few."""
    return content.open is None and 0 < len(content.items) <= MAX_MEMBERS


def _equalities(content: MappingValue, key: Value) -> list[Symbol]:
    """Returns a predicate for each key of a dict: an unknown key equals it. The last one is for any other key.

    The predicates are the same as for `key == "x"` elsewhere in the program.
    """
    among = derived("key", symbol_of(key), content.address)
    predicates: list[Symbol] = []
    for index, known in enumerate(content.items):
        equal = comparison_of("==", key, text(known) if isinstance(known, str) else Const(known))
        predicates.append(Chosen(among, index) if equal is None else IsTrue(equal))
    return [*predicates, Chosen(among, len(predicates))]


def with_item(content: MappingValue, key: Value, value: Value) -> MappingValue:
    """Returns the dict after `content[key] = value`, or after `del content[key]` if the value is Absent."""
    name = mapping_key(key)
    if name is None:
        return blurred(content, "an item with an unknown key")
    return replace(content, items={**content.items, name: value})


def blurred(content: MappingValue, reason: str) -> MappingValue:
    """Returns the dict after a change that may affect any of its items."""
    items: dict[Any, Value] = {key: Unknown(reason, derived("blurred", content.address, key)) for key in content.items}
    return replace(content, items=items, open=reason)


def _of_pairs(run: Run, pairs: Sequence) -> MappingValue:
    """Returns the dict of a sequence of pairs."""
    items: dict[Any, Value] = {}
    unclear = pairs.open
    for pair in pairs.items:
        key = mapping_key(pair.items[0]) if isinstance(pair, Sequence) and len(pair.items) == 2 else None
        if isinstance(pair, Sequence) and key is not None:
            items[key] = pair.items[1]
        else:
            unclear = True
    return MappingValue(items, "unknown pairs" if unclear else None, run.heap.number())


def view(content: MappingValue, name: str) -> Sequence:
    """Returns the result of `items`, `keys` or `values` of a dict."""
    lacking = {
        key for key, value in content.items.items() if all(isinstance(one, Absent) for _, one in alternatives(value))
    }
    pairs = [(key, value) for key, value in content.items.items() if key not in lacking]
    names = [(text(key) if isinstance(key, str) else Const(key), value) for key, value in pairs]
    rows: dict[str, list[Value]] = {
        "items": [Sequence((key, value), "tuple") for key, value in names],
        "keys": [key for key, _ in names],
        "values": [value for _, value in names],
    }
    return Sequence(tuple(rows[name]), "view", content.open is not None)


def mapping_key(value: Value) -> Any:
    """Returns the dict key that a value stands for, or None if it is not one known string or number."""
    value = for_detection(value)
    if isinstance(value, Text):
        return value.known
    if isinstance(value, Const) and isinstance(value.value, (int, bytes, bool)):
        return value.value
    if isinstance(value, EnumMember):
        # A member of a string enumeration equals its string, even as a key.
        return mapping_key(value.value) if value.is_string else value.symbol
    return None
