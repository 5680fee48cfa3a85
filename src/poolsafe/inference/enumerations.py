"""Enumerations of the project: members by attribute, by name and by value."""

from __future__ import annotations

from poolsafe import ir
from poolsafe.inference.arguments import Arguments
from poolsafe.inference.classes import class_attribute, library_bases, own_attribute
from poolsafe.inference.context import Frame
from poolsafe.inference.lattice import choose, exclusive, lift, one_of
from poolsafe.inference.objects import EnumMember
from poolsafe.inference.symbols import Chosen, Guard, IsTrue, Symbol, derived, where
from poolsafe.inference.texts import comparison_of, symbol_of
from poolsafe.inference.values import Absent, Class, Const, Function, Text, Unknown, Value, raising

MAX_MEMBERS = 12
_STRINGS = frozenset({"builtins.str", "enum.StrEnum"})


def member(cls: Class, name: str, value: Value) -> EnumMember:
    """Returns the member with this name and value."""
    is_string = bool(library_bases(cls) & _STRINGS)
    return EnumMember(value, name, cls, is_string, symbol=derived("enum", cls.node.name, name))


def members(frame: Frame, cls: Class) -> list[EnumMember]:
    """Returns the members of an enumeration in source order."""
    names = [
        target.id
        for statement in cls.node.body.statements
        if isinstance(statement, ir.Assign) and statement.annotation is None
        for target in statement.targets
        if isinstance(target, ir.Name) and not target.id.startswith("_")
    ]
    return [member(cls, name, class_attribute(frame, cls, name)[0]) for name in names]


def by_name(frame: Frame, cls: Class, name: str) -> Value:
    """Returns `E["NAME"]`, or an unknown value if there is no such member."""
    value = own_attribute(frame, cls, name)
    return Unknown("a name that is not in the enumeration") if isinstance(value, Absent) else member(cls, name, value)


def by_value(frame: Frame, cls: Class, arguments: Arguments) -> Value:
    """Returns `E(value)`: the member with that value, or each member as an alternative if the value is unknown."""
    given = arguments.get(0, "value") or Unknown("a member of an enumeration")
    known = _without_aliases(members(frame, cls))
    # Such a class may map a value to any member.
    own_way = any(isinstance(class_attribute(frame, cls, name)[0], Function) for name in ("_missing_", "__new__"))

    def one(single: Value) -> Value:
        if isinstance(single, EnumMember):
            return single
        if isinstance(single, Const) or (isinstance(single, Text) and single.known is not None):
            equal = (each for each in known if each.value == single)
            lacking = (
                Unknown("a member of an enumeration") if own_way else raising("a value that is not in the enumeration")
            )
            return next(equal, lacking)
        if not 0 < len(known) <= MAX_MEMBERS:
            return Unknown("a member of an enumeration")
        told_by = symbol_of(single) or derived("only", frame.run.heap.number())
        guards = one_of(derived("member", told_by), len(known)) if own_way else _equalities(single, known, told_by)
        return choose(zip(guards, known, strict=True))

    return lift(one, given)


def _without_aliases(known: list[EnumMember]) -> list[EnumMember]:
    """Returns the members without aliases: members that have the value of an earlier one."""
    found: list[EnumMember] = []
    for each in known:
        if all(each.value != other.value for other in found):
            found.append(each)
    return found


def _equalities(single: Value, known: list[EnumMember], told_by: object) -> list[Guard]:
    """Returns a guard for each member: the value equals that of this member and of no earlier one.

    The predicates are the same as for `value == "x"` elsewhere in the program. Python raises if no member has the
    value, so the last guard has its own predicate. `told_by` identifies the value.
    """
    keys: list[Symbol] = []
    for index, each in enumerate(known):
        value = each.value
        equal = comparison_of("==", single, value) if isinstance(value, (Text, Const)) else None
        keys.append(Chosen(derived("member", told_by), index) if equal is None else IsTrue(equal))
    guards = exclusive(keys)
    return [*guards[:-1], guards[-1] | where(keys[-1])]
