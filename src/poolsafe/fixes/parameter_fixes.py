"""The fix for connect parameters that asyncpg does not accept: it renames, moves or removes them."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from poolsafe.edits.dict_items import display_of, extend_mapping, items_of
from poolsafe.edits.insertion import insert_arguments, insert_items
from poolsafe.edits.quoting import preferred_quote
from poolsafe.edits.removal import remove_elements
from poolsafe.edits.wrapping import fitted
from poolsafe.facts.engine import ConnectArgsForm, ParameterWhere, WrittenText
from poolsafe.findings import Applicability, Edit, Fix
from poolsafe.fixes.queries import rewrite_query
from poolsafe.fixes.titles import listed, sentence
from poolsafe.syntax.layout import CallLayout, DictLayout
from poolsafe.syntax.scan import inside_formatted_string

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from poolsafe.facts.engine import ConnectParameter, Engine, Written, WrittenItem
    from poolsafe.source import Source

Edits = tuple[Edit, ...]

# The strings that asyncpg accepts for `ssl`: libpq's modes (tests/rules/test_trials.py).
SSL_MODES = frozenset({"disable", "allow", "prefer", "require", "verify-ca", "verify-full"})

_STRING = re.compile(r"[rRuUbB]*['\"]")
# A field of an f-string or of `format()`, or a conversion of the operator `%`; `%20` is an escape in the URL.
_PARAMETER = re.compile(r"[?&]([^?&#='\"]*)=([^&#'\"]*)")
_PLACEHOLDER = re.compile(r"[{}]|%[(sdr]")
_SECONDS = re.compile(r"[1-9]\d*(?:\.\d+)?")


class Remedy(enum.Enum):
    """The replacement of a parameter: a string for `ssl`, a number for `timeout`, a server setting, or nothing."""

    SSL = "ssl"
    TIMEOUT = "timeout"
    APPLICATION_NAME = "server_settings"
    LEAVE_OUT = ""


@dataclass(frozen=True, slots=True)
class Rename:
    """The key is misspelled; `value` is the intended name."""

    value: str


class _NoFixError(Exception):
    """The parameter has no correct place, or cannot be moved there."""


@dataclass(slots=True)
class _Plan:
    """The planned changes, by place. A new name of None removes the parameter."""

    engine: Engine
    source: Source
    safe: bool
    queries: dict[WrittenText, dict[str, str | None]] = field(default_factory=dict)
    removed: dict[DictLayout | CallLayout, set[int]] = field(default_factory=dict)
    edits: list[Edit] = field(default_factory=list)
    added: dict[str, str] = field(default_factory=dict)
    setting: str | None = None
    messages: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def replace_parameters(
    engine: Engine, source: Source, remedies: Sequence[tuple[ConnectParameter, Remedy | Rename | None]]
) -> Fix | None:
    """Returns the fix that passes each parameter as asyncpg accepts it, or None if this file does not allow that.

    It is safe only if the meaning remains exactly the same and no other code uses the edited value.
    """
    if not source.round_trips or engine.creator is not None:
        return None
    plan = _Plan(engine, source, safe=engine.url.driver_everywhere)
    try:
        for parameter, remedy in remedies:
            if remedy is None:
                return None
            _replace(plan, parameter, remedy)
        edits = [*plan.edits, *_removals(plan), *_queries(plan), *_additions(plan)]
    except _NoFixError:
        return None
    edits = list(dict.fromkeys(edits))
    if not _is_sound(edits):
        return None
    applicability = Applicability.SAFE if plan.safe else Applicability.UNSAFE
    left_out = [f"remove {listed(dict.fromkeys(plan.left_out))}"] if plan.left_out else []
    title = sentence([*dict.fromkeys(plan.messages), *left_out])
    return Fix(title, _fitted(plan, tuple(edits), remedies), applicability, engine.layout.call.start)


def _fitted(plan: _Plan, edits: Edits, remedies: Sequence[tuple[ConnectParameter, Remedy | Rename | None]]) -> Edits:
    """Returns the edits laid out within the line length, in the call and in each dict outside it."""
    call = plan.engine.layout.call
    places = [one.place for parameter, _ in remedies for one in parameter.written]
    layouts = [place.layout for place in places if not isinstance(place, WrittenText)]
    done: Edits = ()
    for layout in dict.fromkeys([call, *layouts]):
        inside = tuple(edit for edit in edits if layout.open <= edit.start and edit.end <= layout.close)
        edits = tuple(edit for edit in edits if edit not in inside)
        done += fitted(plan.source, layout, inside)
    return (*done, *edits)


def _replace(plan: _Plan, parameter: ConnectParameter, remedy: Remedy | Rename) -> None:
    if not parameter.written:
        raise _NoFixError
    for written in parameter.written:
        plan.safe = plan.safe and written.alone
        if isinstance(written.place, WrittenText):
            new = _in_url(plan, parameter, remedy, written)
            plan.queries.setdefault(written.place, {})[parameter.key] = new
            continue
        if inside_formatted_string(plan.source.text, written.place.layout.start) or plan.engine.url.shared:
            # The other drivers of the call read the same dict.
            raise _NoFixError
        if parameter.where is ParameterWhere.CONNECT_ARGS:
            _in_connect_args(plan, remedy, written, written.place)
            continue
        new = _in_url(plan, parameter, remedy, written)
        if new is None:
            _remove(plan, written.place)
        else:
            _rename(plan, written.place, new)
    if remedy is Remedy.LEAVE_OUT:
        plan.left_out.append(f"`{parameter.key}`")
    else:
        plan.messages.append(_message(parameter.key, remedy))


def _in_url(plan: _Plan, parameter: ConnectParameter, remedy: Remedy | Rename, written: Written) -> str | None:
    """Returns the parameter's new name in the URL, or None if the fix removes it there."""
    text = _text(written.value)
    if remedy is Remedy.SSL:
        if _has(plan, "ssl", ParameterWhere.URL_QUERY):
            raise _NoFixError
        # connect_args override the URL.
        _check_mode(plan, written.value)
        plan.safe = plan.safe and not _has(plan, "ssl", ParameterWhere.CONNECT_ARGS)
        return "ssl"
    if remedy is Remedy.LEAVE_OUT:
        plan.safe = False
        return None
    # A parameter in connect_args is passed on every path, and a placeholder must not become a literal.
    if (
        text is None
        or not _is_spelled(plan, parameter.key, written)
        or not parameter.everywhere
        or len(parameter.written) > 1
    ):
        raise _NoFixError
    if remedy is Remedy.TIMEOUT:
        others = ("timeout", "connect_timeout")
        if _SECONDS.fullmatch(text) is None or any(_has(plan, key, ParameterWhere.CONNECT_ARGS) for key in others):
            raise _NoFixError
        plan.safe = plan.safe and parameter.key == "timeout"
        _add(plan, "timeout", text)
        return None
    if plan.setting is not None:
        raise _NoFixError
    plan.setting = unquote_plus(text) if isinstance(written.place, WrittenText) else text
    return None


def _is_spelled(plan: _Plan, key: str, written: Written) -> bool:
    """Returns whether the value is a literal, not a name or a placeholder."""
    source = plan.source
    if not isinstance(written.place, WrittenText):
        start, end = _value(written.place)
        return _STRING.match(source.text, start, end) is not None
    text = source.text[written.place.start : written.place.end]
    given = [value for name, value in _PARAMETER.findall(text) if name == key]
    return bool(given) and _PLACEHOLDER.search(given[0]) is None


def _in_connect_args(plan: _Plan, remedy: Remedy | Rename, written: Written, item: WrittenItem) -> None:
    if remedy is Remedy.LEAVE_OUT:
        plan.safe = False
        _remove(plan, item)
        return
    if remedy is Remedy.APPLICATION_NAME:
        _into_settings(plan, written, item)
        return
    if remedy.value in (*item.layout.names, *plan.added) or _has(plan, remedy.value, ParameterWhere.URL_QUERY):
        raise _NoFixError
    if isinstance(remedy, Rename):
        # The suggested name is only a guess.
        plan.safe = False
    elif remedy is Remedy.SSL:
        _check_mode(plan, written.value)
    else:
        # libpq applies it to each address, asyncpg to all of them together.
        plan.safe = False
        if written.value and _SECONDS.fullmatch(written.value) is None:
            raise _NoFixError
    _rename(plan, item, remedy.value)


def _into_settings(plan: _Plan, written: Written, item: WrittenItem) -> None:
    """Moves an item into the `server_settings` next to it, or wraps the item in a new one."""
    if plan.setting is not None:
        raise _NoFixError
    plan.safe = plan.safe and _text(written.value) is not None
    if written.value and _text(written.value) is None:
        raise _NoFixError
    start, end = _value(item)
    quote = preferred_quote(plan.source, item.layout.start, item.layout.end)
    key = f"{quote}application_name{quote}: "
    if not _is_plain(item.layout):
        raise _NoFixError
    if "server_settings" not in item.layout.names:
        plan.edits += (Edit(start, start, f"{{{key}"), Edit(end, end, "}"))
        _rename(plan, item, "server_settings")
        return
    if item.settings is None or not _is_plain(item.settings) or "application_name" in item.settings.names:
        raise _NoFixError
    value = plan.source.text[start:end]
    if "#" in value or "\n" in value or "\r" in value:
        raise _NoFixError
    _extend(plan, insert_items(plan.source, item.settings, [f"{key}{value}"]))
    _remove(plan, item)


def _additions(plan: _Plan) -> Edits:
    """Returns edits that add the parameters removed from the URL to the end of connect_args."""
    engine, source = plan.engine, plan.source
    if not plan.added and plan.setting is None:
        return ()
    given = engine.layout.connect_args
    # The content of `**` is unknown, and might be overwritten.
    if engine.url.shared or (given.display is not None and not _is_plain(given.display)):
        raise _NoFixError
    quote = preferred_quote(source, engine.layout.call.start, engine.layout.call.end)
    items = items_of(plan.added, quote)
    edits: list[Edit] = []
    if plan.setting is not None:
        setting = items_of({"application_name": _literal(plan.setting, quote)}, quote)
        if given.settings is not None:
            if not _is_plain(given.settings) or "application_name" in given.settings.names:
                raise _NoFixError
            edits += _given(insert_items(source, given.settings, setting))
        elif given.display is not None and "server_settings" in given.display.names:
            (place,) = [
                (item.value_start, item.value_end) for item in given.display.items if item.key == "server_settings"
            ]
            edits += _given(extend_mapping(source, place, setting, may_be_none=True))
        else:
            items += items_of({"server_settings": display_of(setting)}, quote)
    if not items:
        return tuple(edits)
    if given.form is ConnectArgsForm.ABSENT:
        return _given(insert_arguments(source, engine.layout.call, [f"connect_args={display_of(items)}"]))
    if given.display is None:
        raise _NoFixError
    return (*edits, *_given(insert_items(source, given.display, items)))


def _queries(plan: _Plan) -> Edits:
    return tuple(
        edit
        for literal, names in plan.queries.items()
        for edit in _given(rewrite_query(plan.source, (literal.start, literal.end), names))
    )


def _removals(plan: _Plan) -> Edits:
    return tuple(
        edit
        for layout, indices in plan.removed.items()
        for edit in _given(remove_elements(plan.source, layout, indices))
    )


def _rename(plan: _Plan, item: WrittenItem, name: str) -> None:
    if isinstance(item.layout, CallLayout):
        argument = item.layout.arguments[item.index]
        plan.edits.append(Edit(argument.start, argument.start + len(argument.keyword or ""), name))
        return
    element = item.layout.items[item.index]
    written = plan.source.text[element.start : element.key_end]
    if "#" in written:
        raise _NoFixError
    quote = written[0] if written[0] in "'\"" else '"'
    plan.edits.append(Edit(element.start, element.key_end, f"{quote}{name}{quote}"))


def _remove(plan: _Plan, item: WrittenItem) -> None:
    plan.removed.setdefault(item.layout, set()).add(item.index)


def _add(plan: _Plan, name: str, value: str) -> None:
    if name in plan.added:
        raise _NoFixError
    plan.added[name] = value


def _check_mode(plan: _Plan, value: str) -> None:
    text = _text(value)
    if value and text not in SSL_MODES:
        raise _NoFixError
    plan.safe = plan.safe and text is not None


def _has(plan: _Plan, key: str, where: ParameterWhere) -> bool:
    return any(one.key == key and one.where is where for one in plan.engine.parameters.connect)


def _value(item: WrittenItem) -> tuple[int, int]:
    element = item.layout.elements[item.index]
    return element.value_start, element.value_end


def _is_plain(layout: DictLayout | CallLayout) -> bool:
    """Returns whether every key of the layout is known and occurs once."""
    return None not in layout.names and len(set(layout.names)) == len(layout.names)


def _text(value: str) -> str | None:
    """Returns the value of a Python string literal, or None if it is not a string or is unknown."""
    import ast

    return ast.literal_eval(value) if value[:1] in ("'", '"') else None


def _literal(text: str, quote: str) -> str:
    written = repr(text)
    simple = quote not in text and written[1:-1] == text
    return f"{quote}{text}{quote}" if simple else written


def _extend(plan: _Plan, edits: Edits | None) -> None:
    plan.edits += _given(edits)


def _given(edits: Edits | None) -> Edits:
    if edits is None:
        raise _NoFixError
    return edits


def _is_sound(edits: Iterable[Edit]) -> bool:
    ordered = sorted(edits, key=lambda edit: (edit.start, edit.end))
    return all(before.end <= after.start for before, after in pairwise(ordered))


def _message(key: str, remedy: Remedy | Rename) -> str:
    if remedy is Remedy.APPLICATION_NAME:
        return f"move `{key}` to `server_settings`"
    if key == remedy.value:
        return f"move `{key}` to `connect_args` as a number"
    if isinstance(remedy, Rename):
        return f"use `{remedy.value}` instead of `{key}`"
    return f"use asyncpg's `{remedy.value}` instead of `{key}`"
