"""The fixes for an engine call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolsafe.edits.dict_items import display_of, items_of
from poolsafe.edits.folding import laid_out, refitted
from poolsafe.edits.insertion import insert_arguments
from poolsafe.edits.quoting import preferred_quote
from poolsafe.edits.replacement import replace_text
from poolsafe.edits.wrapping import fitted, is_commented_for_people
from poolsafe.facts.engine import ConnectArgsForm, Driver, Misplaced, MisplacedWhere, PrePing, SizeState
from poolsafe.facts.pooling import NAME_FUNCTION
from poolsafe.findings import Applicability, Edit, Fix
from poolsafe.fixes.misplaced_keys import remove_keys, replace_keys
from poolsafe.fixes.placement import Placement, add_at_call, doubt_of, may_be_given_twice, place_keys, replaced_by
from poolsafe.fixes.titles import listed, sentence
from poolsafe.verdicts import knows_empty_names, may_fail_by_name, would_keep_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poolsafe.facts.deployment import Deployment
    from poolsafe.facts.engine import CacheSize, Engine, EngineKeyword
    from poolsafe.source import Source

Edits = tuple[Edit, ...]

_EMPTY_NAME = f"an empty `{NAME_FUNCTION}`"
_COMMENTED = "a comment may give the reason for the old value"
_CHECK_COMMENT = ", and review the comment about the old value"
_SIZE_KEYS = frozenset({"statement_cache_size", "prepared_statement_cache_size"})
_NOTHING_CACHED = frozenset({"0", "None", "False", ""})
_LITERALLY_FALSE = frozenset({"False", "0", "None"})
_WRONG = frozenset({SizeState.POSITIVE, SizeState.INVALID})
_TO_ADD = frozenset({SizeState.ABSENT, SizeState.CONDITIONAL})


def disable_caches(engine: Engine, source: Source, deployment: Deployment) -> Fix | None:
    """Returns the fix that sets both cache sizes to 0 in connect_args and removes misplaced ones.

    With an old asyncpg, it also adds the empty statement name, if the versions support it. Returns None if no edit in
    this file can do so for asyncpg's engine alone. The fix is unsafe if the engine may have another driver, if a
    cache is disabled only on some paths, or if one size is unknown.
    """
    if engine.creator is not None:
        return _disable_caches_of_creator(engine, source)
    sizes = [size for size in engine.sizes.both if _is_wanting(size)]
    if not sizes and not engine.sizes.misplaced:
        return None
    moved = [each for each in engine.sizes.misplaced if each.where is not MisplacedWhere.BESIDE_CREATOR]
    if len(moved) != len(engine.sizes.misplaced):
        return None
    if any(each.key == NAME_FUNCTION for each in moved) and may_fail_by_name(engine, deployment):
        # It has no effect now, and would fail in connect_args.
        return None
    nameless = would_keep_names(engine, deployment) and knows_empty_names(engine, deployment)
    names = {NAME_FUNCTION: empty_name(engine, source)} if nameless else {}
    repair = _repair(engine, source, sizes, moved, names)
    if repair is None or not repair.edits:
        return None
    message = _message(sizes, moved, names)
    commented = any(_has_comment(source, end) for end in repair.replaced)
    if commented:
        message += _CHECK_COMMENT
    doubt = repair.doubt or _doubt_of_sizes(engine, sizes, moved) or (_COMMENTED if commented else "")
    return _fix(message, repair.edits, doubt, engine)


def _doubt_of_sizes(engine: Engine, sizes: Sequence[CacheSize], moved: Sequence[Misplaced]) -> str:
    """Returns why the sizes that a fix changes, or leaves, make it unsafe, or ""."""
    if any(size.state is SizeState.CONDITIONAL for size in sizes):
        return "a size is 0 on some paths only"
    if any(each.value.strip("'\"") not in _NOTHING_CACHED for each in moved if each.key in _SIZE_KEYS):
        return "the old size may be intended"
    changed = {size.key for size in sizes} | {each.key for each in moved}
    if engine.sizes.misplaced_elsewhere.difference(each.key for each in moved):
        return "another module passes a key that is refused"
    if any(
        size.state is SizeState.UNKNOWN or (size.key in engine.sizes.left_elsewhere and size.key not in changed)
        for size in engine.sizes.both
    ):
        return "the other size may still be missing"
    return ""


def _fix(message: str, edits: Edits, doubt: str, engine: Engine) -> Fix:
    applicability = Applicability.UNSAFE if doubt else Applicability.SAFE
    return Fix(message, edits, applicability, engine.layout.call.start, doubt)


def name_nothing(engine: Engine, source: Source) -> Fix | None:
    """Returns the fix that adds the empty statement name to two sizes of 0, or None if this file does not allow it."""
    placement = place_keys(engine, source, {NAME_FUNCTION: empty_name(engine, source)})
    if placement is None:
        return None
    return _fix(f"Add {_EMPTY_NAME}", placement.edits, placement.doubt, engine)


def empty_name(engine: Engine, source: Source) -> str:
    """Returns the source of the function that returns the empty name, with the quotes that the file prefers."""
    quote = preferred_quote(source, engine.layout.call.start, engine.layout.call.end)
    return f"lambda: {quote}{quote}"


def _disable_caches_of_creator(engine: Engine, source: Source) -> Fix | None:
    """Returns the fix of `disable_caches` for an engine with a creator that calls asyncpg's own `connect()`.

    SQLAlchemy ignores connect_args if there is a creator, so an edit at the engine's call would have no effect.
    """
    size, other = engine.sizes.statement, engine.sizes.prepared
    if engine.sizes.misplaced or engine.url.shared or not engine.layout.connects:
        return None
    edits: list[Edit] = []
    adds = size.state is SizeState.ABSENT
    for call in engine.layout.connects if adds else ():
        inserted = insert_arguments(source, call, [f"{size.key}=0"])
        if inserted is None:
            return None
        edits += fitted(source, call, inserted)
    literals = _literals(source, [one for one in (size, other) if one.state in _WRONG])
    if literals is None:
        return None
    edits += literals
    if not edits:
        return None
    groups = {
        "add {} to asyncpg's `connect()`": [f"`{size.key}=0`"] if adds else [],
        "set {}": [f"`{one.key}=0`" for one in (size, other) if one.state in _WRONG],
    }
    doubt, advice = doubt_of(engine), ""
    if any(_has_comment(source, end) for end in replaced_by(tuple(edits))):
        doubt, advice = doubt or _COMMENTED, _CHECK_COMMENT
    return _fix(_sentence(groups) + advice, tuple(edits), doubt, engine)


def move_misplaced(engine: Engine, source: Source, deployment: Deployment) -> Fix | None:
    """Returns the fix of `disable_caches` for an engine with misplaced keys, or None for other engines."""
    return disable_caches(engine, source, deployment) if engine.sizes.misplaced else None


def move_keywords(engine: Engine, source: Source, keywords: Sequence[EngineKeyword]) -> Fix | None:
    """Returns the fix that moves keywords of asyncpg's `connect()` from the engine function into connect_args.

    Returns None if one of them is not written in the call. Unsafe for `server_settings`, which a pooler may reject.
    """
    arguments = engine.layout.call.arguments
    moved = [Misplaced(one.name, MisplacedWhere.ENGINE_KEYWORD, argument=one.argument) for one in keywords]
    places = [one.argument for one in moved if one.argument is not None]
    values = {
        one.name: source.text[arguments[place].value_start : arguments[place].value_end]
        for one, place in zip(keywords, places, strict=False)
    }
    brought = "connect_args" in engine.layout.brought or engine.creator is not None or not engine.layout.writable
    if len(places) < len(moved) or brought or any("#" in value or "\n" in value for value in values.values()):
        return None
    edits = _moved(engine, source, moved, values)
    if edits is None:
        return None
    doubt = doubt_of(engine) or ("the pooler may refuse `server_settings`" if "server_settings" in values else "")
    message = _sentence({"move {} to `connect_args`": [f"`{one.name}`" for one in keywords]})
    return _fix(message, laid_out(source, engine.layout.call, edits), doubt, engine)


def enable_pre_ping(engine: Engine, source: Source) -> Fix | None:
    """Returns the fix that adds `pool_pre_ping=True`, or an unsafe one that replaces another value."""
    message = "Set `pool_pre_ping=True`"
    span = engine.pooling.pre_ping_value
    if engine.pooling.pre_ping is PrePing.FALSE and span is not None:
        if source.text[slice(*span)] not in _LITERALLY_FALSE:
            # The parameter or setting behind the value would no longer have an effect.
            return None
        replacement = replace_text(source, span, "True")
        doubt = "it may be switched off on purpose"
        return None if replacement is None else Fix(message, (replacement,), Applicability.UNSAFE, doubt=doubt)
    layout, passed_on = engine.layout, engine.layout.passed_on
    if engine.pooling.pre_ping is not PrePing.ABSENT or not layout.writable:
        return None
    value = "True"
    if passed_on is not None and passed_on.alone:
        quote = preferred_quote(source, layout.call.start, layout.call.end)
        value = f"{passed_on.name}.pop({quote}pool_pre_ping{quote}, True)"
    elif "pool_pre_ping" in layout.brought:
        return None
    edits = insert_arguments(source, layout.call, [f"pool_pre_ping={value}"])
    if edits is None:
        return None
    doubt = "a caller may pass `pool_pre_ping`, too" if may_be_given_twice(engine) else doubt_of(engine)
    applicability = Applicability.UNSAFE if doubt else Applicability.SAFE
    return Fix(message, fitted(source, layout.call, edits), applicability, doubt=doubt)


def _is_wanting(size: CacheSize) -> bool:
    return size.state in _WRONG or size.state in _TO_ADD


def _repair(
    engine: Engine, source: Source, sizes: Sequence[CacheSize], moved: Sequence[Misplaced], names: dict[str, str]
) -> Placement | None:
    in_place = _literals(source, sizes) if sizes and not moved else None
    if in_place is not None:
        added = add_at_call(engine, source, names) if names else ()
        if added is None:
            return None
        # The call creates no engine of another driver, because that could not connect with one of the sizes.
        certain = engine.url.driver is Driver.ASYNCPG and not names
        doubt = "" if certain else doubt_of(engine)
        return Placement(_together(engine, source, in_place, added), doubt, replaced_by(in_place))
    values = {size.key: "0" for size in sizes} | _moved_values(engine, source, moved)
    values = {**names, **values} if NAME_FUNCTION in values else {**values, **names}
    if not moved:
        return place_keys(engine, source, values)
    edits = _moved(engine, source, moved, values)
    if edits is None:
        return None
    return Placement(laid_out(source, engine.layout.call, edits), doubt_of(engine), replaced_by(edits))


def _together(engine: Engine, source: Source, in_place: Edits, added: Edits) -> Edits:
    call = engine.layout.call
    if not all(call.open <= edit.start and edit.end <= call.close for edit in in_place):
        return (*refitted(source, in_place), *fitted(source, call, added))
    return laid_out(source, call, (*in_place, *added))


def _moved(engine: Engine, source: Source, moved: Sequence[Misplaced], values: dict[str, str]) -> Edits | None:
    """Returns edits that add the keys to connect_args and remove misplaced ones."""
    call = engine.layout.call
    in_call = any(each.argument is not None for each in moved)
    if engine.layout.connect_args.form is not ConnectArgsForm.ABSENT or not in_call or engine.url.shared:
        removals, added = remove_keys(source, call, moved), add_at_call(engine, source, values)
        return None if removals is None or added is None else (*removals, *added)
    quote = preferred_quote(source, call.start, call.end)
    return replace_keys(source, call, moved, f"connect_args={display_of(items_of(values, quote))}")


def _moved_values(engine: Engine, source: Source, moved: Sequence[Misplaced]) -> dict[str, str]:
    """Returns the new values of misplaced keys: 0 for a cache size, and the old code for a function."""
    values: dict[str, str] = {}
    for each in moved:
        values[each.key] = "0"
        if each.key not in (engine.sizes.statement.key, engine.sizes.prepared.key) and each.argument is not None:
            argument = engine.layout.call.arguments[each.argument]
            values[each.key] = source.text[argument.value_start : argument.value_end]
    return values


def _literals(source: Source, sizes: Sequence[CacheSize]) -> Edits | None:
    """Returns edits that replace the values, or None if one of them is not a literal in this file."""
    edits: list[Edit] = []
    for size in sizes:
        if size.state not in _WRONG or not size.literals:
            return None
        for span in size.literals:
            edit = replace_text(source, span, "0")
            if edit is None:
                return None
            edits.append(edit)
    return tuple(dict.fromkeys(edits))


def _has_comment(source: Source, end: int) -> bool:
    """Returns whether a size that is set to 0 is followed on its line by a comment for people, not for tools."""
    row, _ = source.row_column(end)
    return is_commented_for_people(source.line(row), end - source.line_start(end))


def _message(sizes: Sequence[CacheSize], moved: Sequence[Misplaced], names: dict[str, str]) -> str:
    misplaced = dict.fromkeys(each.key for each in moved)
    given = [size for size in sizes if size.key not in misplaced]
    added = [f"`{size.key}=0`" for size in given if size.state in _TO_ADD]
    groups = {
        "move {} to `connect_args`": [f"`{key}`" for key in misplaced],
        "add {} to `connect_args`": [*added, *([_EMPTY_NAME] if names and NAME_FUNCTION not in misplaced else [])],
        "set {}": [f"`{size.key}=0`" for size in given if size.state in _WRONG],
    }
    return _sentence(groups)


def _sentence(groups: dict[str, list[str]]) -> str:
    """Returns the title of a fix, from the keys that each verb applies to."""
    return sentence(done.format(listed(keys)) for done, keys in groups.items() if keys)
