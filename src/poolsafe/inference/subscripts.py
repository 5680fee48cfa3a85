"""`value[index]`: items of dicts and sequences, slices of strings."""

from __future__ import annotations

from poolsafe import ir
from poolsafe.inference import texts
from poolsafe.inference.annotations import annotated
from poolsafe.inference.arguments import Arguments
from poolsafe.inference.attributes import of_instance
from poolsafe.inference.classes import class_kind
from poolsafe.inference.context import Frame, Run
from poolsafe.inference.enumerations import by_name
from poolsafe.inference.environment_variables import environment
from poolsafe.inference.exceptions import caught_by, may_raise, raise_under, where_not_raising
from poolsafe.inference.instances import unpacked
from poolsafe.inference.lattice import alternatives, choose, compatible, each, for_detection, lift
from poolsafe.inference.mappings import attributes_of, item_of, keys_into, mapping_key
from poolsafe.inference.names import force
from poolsafe.inference.objects import InstanceDict
from poolsafe.inference.predicates import answers
from poolsafe.inference.symbols import (
    ALWAYS,
    At,
    Comparison,
    EnvironmentVariable,
    Guard,
    IsSet,
    Named,
    derived,
    unless,
    where,
)
from poolsafe.inference.values import (
    Absent,
    Class,
    Const,
    Function,
    Instance,
    Library,
    MappingRef,
    MappingValue,
    Sequence,
    Text,
    Unknown,
    Url,
    Value,
    raising,
    text,
)


def subscript(frame: Frame, node: ir.Subscript) -> Value:
    """Returns the value of a subscript expression."""
    base = force(frame, frame.evaluate(node.value))
    if isinstance(base, Instance):
        base = unpacked(frame, base)
    if base == Library("typing.Annotated"):
        return annotated(frame, node)
    if len(node.indices) != 1:
        return base if isinstance(base, (Class, Library)) else frame.unknown(node, "a subscript with several indices")
    index = node.indices[0]
    if isinstance(index, ir.Slice):
        return _sliced(frame, node, base, index)
    key = force(frame, frame.evaluate(index))
    found: list[tuple[Guard, Value]] = []
    for within, one in alternatives(base):
        for inside, at in alternatives(_answered(frame, index, one, keys_into(frame, one, key))):
            guard = within | inside
            items = _items(frame, node, one, at, guard) if compatible(within, inside) else []
            found += ((guard | inner, single) for inner, single in items if compatible(guard, inner))
    are_sequences = all(isinstance(one, Sequence) for _, one in alternatives(base))
    return force(frame, where_not_raising(frame, found, "IndexError" if are_sequences else "KeyError"))


def _answered(frame: Frame, node: ir.Expression, base: Value, key: Value) -> Value:
    """Returns the index, with both answers of a test that selects an item: `[first, second]["sqlite" in url]`."""
    if not isinstance(base, (Sequence, MappingRef, MappingValue)):
        return key
    options: list[tuple[Guard, Value]] = []
    for guard, single in alternatives(key):
        if isinstance(single, Unknown) and isinstance(single.symbol, Comparison):
            for answer, ways in zip((True, False), answers(frame, node, single), strict=True):
                options += [(guard | way, Const(answer)) for way in ways if compatible(guard, way)]
        else:
            options.append((guard, single))
    return choose(options)


def _items(frame: Frame, node: ir.Node, base: Value, key: Value, guard: Guard) -> list[tuple[Guard, Value]]:
    """Returns the alternatives of `base[key]` for single values with this guard, including those that raise."""
    if isinstance(base, InstanceDict):
        base = attributes_of(frame, base)
    if isinstance(base, Unknown):
        may_raise(frame, guard=guard)
    if base == Library("os.environ") and frame.run.attempts and isinstance(key, Text) and key.known is not None:
        given = IsSet(EnvironmentVariable(key.known))
        raise_under(frame, "KeyError", [unless(given)], [where(given)])
    name = mapping_key(key) if isinstance(base, (MappingRef, MappingValue)) else None
    if name is None:
        return [(ALWAYS, item(frame, node, base, key))]
    assert isinstance(base, (MappingRef, MappingValue))
    content = frame.content(base)
    if content.open is not None and name not in content.items:
        may_raise(frame, "KeyError", guard)
    return each(lambda one: _MISSING if isinstance(one, Absent) else one, content.get(name))


_MISSING = raising("a key that is not in the dict")


def _is_expected(run: Run) -> bool:
    """Returns whether an enclosing handler names the exception that an index out of range raises.

    Otherwise the sequence probably has more items than are known: a loop over an unknown iterable is run only once.
    """
    handlers = (one for attempt in run.attempts if isinstance(attempt.node, ir.Try) for one in attempt.node.handlers)
    return any(not _OUT_OF_RANGE.isdisjoint(caught_by(one.exception)) for one in handlers)


_OUT_OF_RANGE = frozenset({"IndexError", "LookupError"})


def item(frame: Frame, node: ir.Node, base: Value, key: Value) -> Value:
    """Returns `base[key]` for single values."""
    match base:
        case MappingRef() | MappingValue():
            return item_of(frame.content(base), key, _MISSING)
        case Sequence():
            index = key.value if isinstance(key, Const) else None
            inside = isinstance(index, int) and -len(base.items) <= index < len(base.items)
            if isinstance(index, int) and inside and (index >= 0 or not base.open):
                return base.items[index]
            if isinstance(index, int) and not base.open:
                if _is_expected(frame.run):
                    return raising("an index out of range")
                may_raise(frame, "IndexError")
            return frame.unknown(node, "an item of a sequence")
        case Text():
            return _character(frame, node, base, key)
        case Instance():
            method = force(frame, of_instance(frame, base, "__getitem__"))
            if isinstance(method, Function):
                return force(frame, frame.apply(None, method, Arguments([key])))
        case Library(name="os.environ"):
            return environment(frame, key, None)
        case Class() if class_kind(base) == "enum":
            known = key.known if isinstance(key, Text) else None
            return frame.unknown(node, "a member") if known is None else by_name(frame, base, known)
        case Library() if isinstance(key, Const) and isinstance(key.value, int):
            return Unknown(f"an item of `{base.name}`", derived("item", Named(base.name), texts.symbol_of(key)))
        case Library() | Class():
            return base
        case Url():
            return Unknown("a part of a URL")
        case Const(value=None):
            return raising("a subscript of None")
        case Unknown():
            ident = texts.symbol_of(key)
            if base.symbol is not None and ident is not None:
                return Unknown(base.reason, derived("item", base.symbol, ident), override=base.override)
            return Unknown(base.reason, At(frame.number, node), override=base.override)
    return frame.unknown(node, "an item")


def _character(frame: Frame, node: ir.Node, base: Text, key: Value) -> Value:
    index = key.value if isinstance(key, Const) and isinstance(key.value, int) else None
    ends = base.known if base.known is not None else base.prefix
    if index is not None and (index >= 0 or base.known is not None) and -len(ends) <= index < len(ends):
        return text(ends[index])
    return text(frame.unknown(node, "a character"))


def _sliced(frame: Frame, node: ir.Subscript, base: Value, index: ir.Slice) -> Value:
    bounds: list[Value] = [
        Const(None) if part is None else for_detection(frame.evaluate(part))
        for part in (index.lower, index.upper, index.step)
    ]

    def cut(single: Value, *at: Value) -> Value:
        known = [one.value for one in at if isinstance(one, Const) and isinstance(one.value, (int, type(None)))]
        if len(known) < len(at):
            if isinstance(single, (Text, Unknown)):
                return text(frame.unknown(node, "a slice of text"))
            return frame.unknown(node, "a slice")
        start, stop, step = known
        if isinstance(single, Text):
            return texts.slice_text(single, start, stop, step)
        if isinstance(single, Sequence) and not single.open:
            return Sequence(single.items[start:stop:step], single.kind)
        if isinstance(single, Unknown):
            return Unknown(
                single.reason,
                derived("slice", single.symbol, start, stop, step) if single.symbol is not None else None,
                override=single.override,
            )
        return frame.unknown(node, "a slice")

    return lift(cut, force(frame, base), *bounds)
