"""Conditions: the guards under which a test is true or false, and what a branch may assume."""

from __future__ import annotations

from collections.abc import Callable

from poolsafe import ir
from poolsafe.checkout.project_files import is_driver_name
from poolsafe.inference import texts
from poolsafe.inference.classes import mro
from poolsafe.inference.context import Frame
from poolsafe.inference.exceptions import run_where
from poolsafe.inference.lattice import (
    alternatives,
    choose,
    combinations,
    conjunctions,
    is_chosen_by_or,
    is_override,
    lift,
    may_be_absent,
    restricted,
    when,
)
from poolsafe.inference.mappings import attributes_of
from poolsafe.inference.names import bind, force, lookup
from poolsafe.inference.objects import EnumMember, InstanceDict, LibraryObject, Sentinel
from poolsafe.inference.predicates import ASYNCPG_URL, CONTRARY, ORDER, answers, comparison
from poolsafe.inference.state import MAX_PATHS, simplified
from poolsafe.inference.symbols import (
    ALWAYS,
    At,
    Condition,
    Converted,
    EnvironmentVariable,
    Guard,
    IsSet,
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
    ModuleValue,
    Partial,
    Sequence,
    Text,
    Unknown,
    Url,
    Value,
    text,
)
from poolsafe.libraries import is_library

Guards = list[Guard]

MAX_SIMPLIFIED = 2 * MAX_PATHS  # more guards than this are kept as they are
MAX_ITEMS = 4  # of a dict whose items may be absent
MAX_KEPT = 64  # guards that one `Condition` remembers


def truth(frame: Frame, test: ir.Expression) -> tuple[Guards, Guards]:
    """Returns the guards under which a test is true, and those under which it is false."""
    if isinstance(test, ir.UnaryOperation) and test.operator == "not":
        then, other = truth(frame, test.operand)
        return other, then
    if isinstance(test, ir.BooleanOperation):
        left_then, left_other = truth(frame, test.left)
        goes_on, decided = (left_then, left_other) if test.operator == "and" else (left_other, left_then)
        right = run_where(frame, goes_on, decided, lambda: truth(frame, test.right)) if not frame.aborted else None
        right_then, right_other = right or ([], [])
        if test.operator == "and":
            then, other = conjunctions(left_then, right_then), left_other + conjunctions(left_then, right_other)
        else:
            then, other = left_then + conjunctions(left_other, right_then), conjunctions(left_other, right_other)
        return _told_apart(frame, test, then, other)
    return value_truth(frame, test, frame.evaluate(test))


def value_truth(frame: Frame, node: ir.Node, value: Value) -> tuple[Guards, Guards]:
    """Returns the guards under which a value is true, and those under which it is false."""
    then: Guards = []
    other: Guards = []
    for guard, single in alternatives(force(frame, value)):
        single = held(frame, guard, single)
        known = is_chosen_by_or(guard, single) or truthiness(frame, single)
        if not known:
            note_test(frame, node, single)
        presence = _presence(single) if known is None and isinstance(single, MappingValue) else None
        if presence is not None:
            then += conjunctions([guard], presence[0])
            other += conjunctions([guard], presence[1])
        elif known is None:
            yes, no = answers(frame, node, single)
            then += conjunctions([guard], yes)
            other += conjunctions([guard], no)
        elif known:
            if isinstance(single, Unknown) and single.symbol is not None:
                frame.run.conditions.setdefault(IsSet(single.symbol), (frame.module, node.origin))
            then.append(guard)
        else:
            other.append(guard)
    return _told_apart(frame, node, then, other)


def note_test(frame: Frame, node: ir.Node | None, value: Value) -> None:
    """Records that a test asks which items a dict has, if the value is one. Another item may change the answer."""
    if node is not None and isinstance(value, (MappingRef, MappingValue)):
        frame.run.observations.note_test(frame.content(value), node.origin)


def held(frame: Frame, guard: Guard, single: Value) -> Value:
    """Returns the content of a dict under a guard. Any other value is returned unchanged."""
    if isinstance(single, InstanceDict):
        single = attributes_of(frame, single)
    return restricted(frame.content(single), (guard,)) if isinstance(single, (MappingRef, MappingValue)) else single


def _told_apart(frame: Frame, node: ir.Node, then: Guards, other: Guards) -> tuple[Guards, Guards]:
    """Returns both lists of guards, simplified, or one predicate for the test if there are too many guards for a path.

    Tests with the same guards share that predicate, because they have the same answer.
    """
    if not then or not other:
        return (then, other) if len(then or other) <= MAX_PATHS else ([ALWAYS] * bool(then), [ALWAYS] * bool(other))
    if len(then) + len(other) <= MAX_SIMPLIFIED:
        then, other = list(simplified(then, MAX_SIMPLIFIED)), list(simplified(other, MAX_SIMPLIFIED))
    if len(then) + len(other) <= MAX_PATHS:
        return then, other
    if len(then) + len(other) <= MAX_KEPT:
        key = Condition(tuple(then), tuple(other), None)
    else:
        key = Condition((), (), At(frame.number, node))
    frame.run.conditions.setdefault(key, (frame.module, node.origin))
    return [where(key)], [unless(key)]


def truthiness(frame: Frame, value: Value) -> bool | None:
    """Returns whether a single value is true, or None if that is unknown."""
    match value:
        case Const():
            return bool(value.value)
        case Text():
            if value.known is not None:
                return bool(value.known)
            return True if any(isinstance(piece, str) for piece in value.pieces) else None
        case Sequence():
            return True if value.items else (None if value.open else False)
        case MappingRef():
            return _mapping_truth(frame.content(value))
        case MappingValue():
            return _mapping_truth(value)
        case Function() | Class() | Instance() | ModuleValue() | Partial() | Url():
            return True
        case Library(name="typing.TYPE_CHECKING"):
            return False
        case Library():
            return True if value.name.startswith("builtins.") else None
        case LibraryObject():
            return value.truth
        case Unknown(symbol=EnvironmentVariable() as variable):
            frame.run.emptiness.ask_for_truth(variable)
            return True  # an empty variable counts as one that is not set
        case Absent():
            return False
    return None


def _mapping_truth(content: MappingValue) -> bool | None:
    there = [single for single in content.items.values() if not isinstance(single, Absent)]
    if any(not may_be_absent(single) for single in there):
        return True
    return None if there or content.open is not None else False


def _presence(content: MappingValue) -> tuple[Guards, Guards] | None:
    """Returns the guards under which a dict has items and those under which it is empty, or None if unknown."""
    items = [alternatives(single) for single in content.items.values() if not isinstance(single, Absent)]
    if content.open is not None or not 0 < len(items) <= MAX_ITEMS:
        return None
    full: Guards = []
    empty: Guards = [ALWAYS]
    for options in items:
        full += conjunctions(empty, [guard for guard, single in options if not isinstance(single, Absent)])
        empty = conjunctions(empty, [guard for guard, single in options if isinstance(single, Absent)])
    return full, empty


def compare(frame: Frame, node: ir.Node, kind: str, left: Value, right: Value) -> Value:
    """Returns the value of `left kind right`. `kind` is the comparison operator as it is spelled."""

    def apply(guard: Guard, one: Value, two: Value) -> Value:
        one, two = _plain(one), _plain(two)
        if isinstance(two, InstanceDict) and kind in _MEMBERSHIP:
            two = attributes_of(frame, two)
        known: Value | bool | None
        if kind in _MEMBERSHIP and two == Library("os.environ"):
            known = _is_set(frame, node, one, positive=kind == "in")
        elif kind in _MEMBERSHIP and isinstance(two, (MappingRef, MappingValue)):
            known = _has_key(restricted(frame.content(two), (guard,)), one, positive=kind == "in")
        elif frame.module.is_stub and two == Const(Ellipsis):
            # A stub tests whether an argument was passed. An unknown argument counts as passed.
            known = (one == two) is (kind == "is")
        else:
            if two == Const(None) and isinstance(one, Unknown) and isinstance(one.symbol, EnvironmentVariable):
                frame.run.emptiness.ask_for_none(one.symbol)
            if kind not in _IDENTITY:
                note_test(frame, node, one)
                note_test(frame, node, two)
            known = _compare(kind, one, two)
            if known is None and kind in _IDENTITY and two == Const(None) and is_chosen_by_or(guard, one):
                known = kind == "is not"
        if known is not None:
            return known if isinstance(known, Value) else Const(known)
        symbol = comparison(kind, one, two) or At(frame.number, node)
        return Unknown("a comparison", symbol, override=is_override(one) or is_override(two))

    sides = combinations((force(frame, left), force(frame, right)))
    return choose((guard, apply(guard, one, two)) for guard, (one, two) in sides)


_IDENTITY = frozenset({"is", "is not"})
_MEMBERSHIP = frozenset({"in", "not in"})


def _has_key(content: MappingValue, key: Value, *, positive: bool) -> Value | None:
    """Returns the value of `key in content`, negated unless `positive`, or None if it is unknown."""
    name = key.known if isinstance(key, Text) else None
    if name is None or (content.open is not None and name not in content.items):
        return None
    return lift(lambda found: Const(isinstance(found, Absent) is not positive), content.get(name))


def _plain(value: Value) -> Value:
    if isinstance(value, EnumMember):
        return value.value
    if isinstance(value, Url):
        return texts.as_text(value)
    return value


def _is_set(frame: Frame, node: ir.Node, name: Value, *, positive: bool) -> Value | None:
    """Returns the value of `name in os.environ`, negated unless `positive`, or None if the name is unknown.

    The predicate is the one under which the variable is read.
    """
    if not isinstance(name, Text) or name.known is None:
        return None
    variable = EnvironmentVariable(name.known)
    frame.run.emptiness.ask_for_none(variable)
    key = IsSet(variable)
    frame.run.conditions.setdefault(key, (frame.module, node.origin))
    return when(key, Const(positive), Const(not positive))


def _compare(kind: str, one: Value, two: Value) -> bool | None:
    if kind in CONTRARY:
        known = _compare(CONTRARY[kind], one, two)
        return None if known is None else not known
    if kind in ("==", "is"):
        return _equal(one, two)
    if kind == "in":
        return _contains(two, one)
    if isinstance(one, Const) and isinstance(two, Const):
        try:
            return bool(ORDER[kind](one.value, two.value))
        except (TypeError, KeyError):
            return None
    return None


def _equal(one: Value, two: Value) -> bool | None:
    if isinstance(one, Const) and isinstance(two, Const):
        return bool(one.value == two.value)
    if isinstance(one, Text) and isinstance(two, Text):
        if one.known is not None and two.known is not None:
            return one.known == two.known
        if not (one.prefix.startswith(two.prefix) or two.prefix.startswith(one.prefix)):
            return False
        return None
    if isinstance(one, Library) and isinstance(two, Library):
        return True if one.name == two.name else None
    if isinstance(one, Sentinel) and isinstance(two, Sentinel):
        return one == two
    if isinstance(one, Instance) and isinstance(two, Instance) and one.address == two.address:
        return None if _defines_equality(one.cls) else True
    types = type_of(one), type_of(two)
    return False if None not in types and types[0] is not types[1] else None


def _defines_equality(cls: Class) -> bool:
    statements = (item for base in mro(cls) for item in base.node.body.statements)
    return any(isinstance(item, ir.FunctionDef) and item.name in ("__eq__", "__ne__") for item in statements)


def type_of(value: Value) -> type | None:
    """Returns the type of a value, or None if it is unknown. All numbers have the same type."""
    match value:
        case Const():
            return float if isinstance(value.value, (int, float)) else type(value.value)
        case Text() | Unknown(symbol=EnvironmentVariable()):
            return str
        case Unknown(symbol=Converted(how="int" | "float")):
            return float
        case Sequence() | MappingRef() | MappingValue() | Function() | Class() | Instance() | Url():
            return type(value)
        case LibraryObject() if value.truth:
            return type(value)
    return None


def _contains(container: Value, item: Value) -> bool | None:
    if isinstance(container, Text) and isinstance(item, Text) and item.known is not None:
        return texts.contains(container, item.known)
    if isinstance(container, Sequence):
        answers = [_equal(_plain(member), item) for member in container.items]
        if any(answer is True for answer in answers):
            return True
        return False if not container.open and all(answer is False for answer in answers) else None
    return None


def assume(frame: Frame, test: ir.Expression, *, positive: bool) -> None:
    """Narrows the state to what a test implies: after `url.startswith("x")`, an unknown string begins with "x".

    `"asyncpg" in url` and `name == "x"` narrow as well. The subject is a name or an attribute of an instance.
    """
    if isinstance(test, ir.UnaryOperation) and test.operator == "not":
        assume(frame, test.operand, positive=not positive)
        return
    if isinstance(test, ir.BooleanOperation):
        if positive == (test.operator == "and"):
            assume(frame, test.left, positive=positive)
            assume(frame, test.right, positive=positive)
        return
    told = _told(test) if positive else None
    if told is None:
        return
    subject, kind, expression = told
    said = frame.evaluate(expression)
    known = said.known if isinstance(said, Text) else None
    if known is None or (kind == "contains" and "asyncpg" not in known):
        return
    beginning = ASYNCPG_URL if kind == "contains" else f"{known}://" if is_driver_name(known) else known

    def narrow(single: Value) -> Value:
        if isinstance(single, Library) and not is_library(single.name):
            single = Unknown(f"`{single.name}` is outside the project", texts.symbol_of(single))
        if not isinstance(single, Unknown) and not (
            isinstance(single, Text) and not single.prefix and not single.known
        ):
            return single
        if kind == "equals":
            return text(known, provenance=said.provenance)
        hole = single
        if not isinstance(hole, Unknown):
            hole = Unknown("the rest", texts.derived_of("rest", single), override=is_override(single))
        # The code handles such a URL, so it counts even if the default is for another driver.
        override = hole.override and not texts.looks_like_scheme(beginning)
        rest = Unknown(hole.reason, texts.derived_of("after", hole, more=(beginning,)), override=override)
        return text(beginning, rest, provenance=said.provenance)

    _narrow(frame, subject, narrow)


def _told(test: ir.Expression) -> tuple[ir.Expression, str, ir.Expression] | None:
    """Returns what a true test implies: the subject, the relation and the other operand, or None."""
    match test:
        case ir.Call(callee=ir.Attribute(value=subject, name="startswith"), arguments=(ir.Argument(value=said),)):
            return subject, "begins", said
        case ir.Comparison(left=left, rest=(("in", right),)):
            return right, "contains", left
        case ir.Comparison(left=left, rest=(("==", right),)):
            return left, "equals", right
    return None


def _narrow(frame: Frame, subject: ir.Expression, narrow: Callable[[Value], Value]) -> None:
    if isinstance(subject, ir.Name):
        bind(frame, subject.id, lift(narrow, lookup(frame, subject.id)))
    elif isinstance(subject, ir.Attribute) and isinstance(subject.value, ir.Name):
        base = force(frame, lookup(frame, subject.value.id))
        if isinstance(base, Instance):
            value = force(frame, frame.evaluate(subject))
            frame.state.set(("attr", base.address, subject.name), lift(narrow, value))


__all__ = ["ALWAYS", "assume", "compare", "truth", "truthiness", "value_truth"]
