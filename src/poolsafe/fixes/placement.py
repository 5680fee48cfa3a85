"""Finds out where a fix adds keys to connect_args: next to the other size, at the call, or where they are built."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from poolsafe.edits.dict_items import complete_display, display_of, extend_mapping, items_of, set_beside, set_otherwise
from poolsafe.edits.folding import refitted
from poolsafe.edits.insertion import insert_arguments, insert_items
from poolsafe.edits.quoting import preferred_quote
from poolsafe.edits.wrapping import fitted
from poolsafe.facts.engine import ConnectArgsForm, Driver
from poolsafe.findings import Edit
from poolsafe.records import frozen
from poolsafe.syntax.layout import ItemStatement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poolsafe.facts.engine import Engine
    from poolsafe.facts.engine_places import DriverCondition
    from poolsafe.source import Source
    from poolsafe.syntax.layout import Place

Edits = tuple[Edit, ...]


@frozen
class Placement:
    """Edits that add keys to connect_args, and why they are unsafe, or "".

    `replaced` are the ends of the values that they replace.
    """

    edits: Edits
    doubt: str = ""
    replaced: tuple[int, ...] = ()


def replaced_by(edits: Edits) -> tuple[int, ...]:
    """Returns the ends of the values that edits set to 0, before the edits are laid out."""
    return tuple(edit.end for edit in edits if edit.start < edit.end and edit.content == "0")


def place_keys(engine: Engine, source: Source, values: Mapping[str, str]) -> Placement | None:
    """Adds keys to connect_args in the first suitable place; values are Python source.

    Returns None if no edit in this file passes the keys only to asyncpg's engine.
    """
    places = engine.layout.destinations
    everywhere = engine.url.driver_everywhere
    built = _where_built(engine, source, values)
    if built is not None and places.certain and (places.beside or places.holds_own_keys or not everywhere):
        return built
    branch = _in_new_branch(engine, source, values)
    if branch is not None:
        return branch
    if not everywhere and places.condition is not None:
        conditional = _under_condition(engine, source, places.condition, values)
        if conditional is not None:
            return Placement(fitted(source, engine.layout.call, conditional), doubt_of(engine))
    layout = engine.layout
    at_call = add_at_call(engine, source, values)
    if at_call is None or (built is not None and places.certain and layout.connect_args.form is ConnectArgsForm.SPREAD):
        return built
    fitting = fitted(source, engine.layout.call, at_call)
    doubt = doubt_of(engine)
    if layout.connect_args.form is ConnectArgsForm.ABSENT and may_be_given_twice(engine):
        doubt = doubt or "a caller may pass `connect_args`, too"
    return Placement(fitting, doubt, replaced_by(at_call))


def doubt_of(engine: Engine) -> str:
    """Returns why an edit at the engine's own call is unsafe, or ""."""
    if engine.url.driver_everywhere:
        return ""
    if engine.url.shared:
        return "the call also creates engines of another driver"
    if engine.url.driver is Driver.ASYNCPG:
        return "the environment or a caller may bring another driver"
    return "the driver is not known"


def may_be_given_twice(engine: Engine) -> bool:
    """Returns whether a caller elsewhere may also pass the keyword that a fix adds, and the fix cannot prevent that."""
    return engine.layout.passed_on is not None and not engine.layout.passed_on.alone


def add_at_call(engine: Engine, source: Source, values: Mapping[str, str]) -> Edits | None:
    """Returns edits that add the keys in the engine's own call, where they override the existing ones."""
    given, passed_on = engine.layout.connect_args, engine.layout.passed_on
    is_refused = given.form is ConnectArgsForm.DISPLAY and engine.layout.destinations.holds_own_keys
    if engine.url.shared and not is_refused:
        # The other driver would get keys that only asyncpg and its dialect accept. Now it gets none of them.
        return None
    quote = preferred_quote(source, engine.layout.call.start, engine.layout.call.end)
    match given.form:
        case ConnectArgsForm.ABSENT | ConnectArgsForm.SPREAD if passed_on is not None and passed_on.alone:
            brought = f"**{passed_on.name}.pop({quote}connect_args{quote}, {{}})"
            argument = f"connect_args={display_of([brought, *items_of(values, quote)])}"
            return insert_arguments(source, engine.layout.call, [argument])
        case ConnectArgsForm.ABSENT:
            return insert_arguments(source, engine.layout.call, [f"connect_args={display_of(items_of(values, quote))}"])
        case ConnectArgsForm.DISPLAY if given.display is not None:
            return complete_display(source, given.display, values, quote)
        case ConnectArgsForm.EXPRESSION if given.value is not None:
            return extend_mapping(source, given.value, items_of(values, quote), may_be_none=given.may_be_none)
    return None


def _in_new_branch(engine: Engine, source: Source, values: Mapping[str, str]) -> Placement | None:
    """Adds the keys in an `else` of the code's own test for another driver. Unsafe if there may be a third driver."""
    branch = engine.layout.destinations.branch
    if branch is None:
        return None
    if branch.around:
        values = {"connect_args": display_of(items_of(values, preferred_quote(source, branch.start, branch.end)))}
    return _placed(set_otherwise(source, branch, values), engine, certain=engine.layout.destinations.certain)


def _under_condition(
    engine: Engine, source: Source, condition: DriverCondition, values: Mapping[str, str]
) -> Edits | None:
    """Returns edits that add the keys in the engine's own call, under the code's own condition for the driver."""
    call, given = engine.layout.call, engine.layout.connect_args
    display = display_of(items_of(values, preferred_quote(source, call.start, call.end)))
    first, last = (display, "{}") if condition.holds else ("{}", display)
    chosen = f"{first} if {condition.text} else {last}"
    match given.form:
        case ConnectArgsForm.ABSENT:
            return insert_arguments(source, call, [f"connect_args={chosen}"])
        case ConnectArgsForm.DISPLAY if given.display is not None:
            return insert_items(source, given.display, [f"**({chosen})"])
        case ConnectArgsForm.EXPRESSION if given.value is not None:
            return extend_mapping(source, given.value, [f"**({chosen})"], may_be_none=given.may_be_none)
    return None


def _where_built(engine: Engine, source: Source, values: Mapping[str, str]) -> Placement | None:
    places = engine.layout.destinations
    if not places.beside and not places.inside and not places.around:
        return None
    places_and_values = [(place, values) for place in (*places.beside, *places.inside)]
    for place in places.around:
        display = display_of(items_of(values, preferred_quote(source, place.start, place.end)))
        places_and_values.append((place, {"connect_args": display}))
    return _placed(_into_all(engine, source, places_and_values), engine, certain=places.certain)


def _placed(edits: Edits | None, engine: Engine, *, certain: bool) -> Placement | None:
    if edits is None:
        return None
    places = engine.layout.destinations
    is_asyncpg = engine.url.driver is Driver.ASYNCPG or engine.url.driver_everywhere
    # Another driver refuses the size, or asyncpg's other key, that is already there.
    safe = certain and (is_asyncpg or bool(places.beside) or places.holds_own_keys)
    return Placement(edits, "" if safe else (doubt_of(engine) or "other code may use these options"))


def _into_all(engine: Engine, source: Source, given: Sequence[tuple[Place, Mapping[str, str]]]) -> Edits | None:
    """Returns edits that set keys at places, laid out within the line length."""
    rows = Counter(row for place, _ in given for row in _ends(source, place))
    edits: list[Edit] = []
    together: list[Edit] = []  # in lines with several places
    for place, values in given:
        added = set_beside(source, place, values)
        if added is None:
            return None
        if isinstance(place, ItemStatement):
            edits += added
        elif any(rows[row] > 1 for row in _ends(source, place)):
            together += added
        else:
            call = engine.layout.call
            is_in_call = call.open <= place.start and place.end <= call.close
            edits += fitted(source, call if is_in_call else place, added)
    return (*edits, *refitted(source, together))


def _ends(source: Source, place: Place) -> set[int]:
    """Returns the first and the last row of a place."""
    return {source.row_column(place.start)[0], source.row_column(place.end)[0]}
