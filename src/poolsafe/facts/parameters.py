"""Other arguments of the pool and of asyncpg's `connect()`, which may reject some of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import libcst as cst

from poolsafe.facts.driver_tests import DriverTests
from poolsafe.facts.engine import (
    ConnectParameter,
    Driver,
    EngineKeyword,
    ParameterWhere,
    Pool,
    PoolArgument,
    ServerSetting,
    Written,
)
from poolsafe.facts.misplaced import KEYS, argument_index
from poolsafe.facts.places import explain
from poolsafe.facts.pooling import creator_of, pool_kind
from poolsafe.facts.views import (
    View,
    as_python,
    configured_keys,
    connect_arg,
    detection_alternatives,
    is_given,
    judged_value,
    judged_values,
    overridden_views_of,
    query_value,
    views_of,
)
from poolsafe.facts.written import written_item, written_texts
from poolsafe.inference import (
    Absent,
    Const,
    Derived,
    MappingValue,
    Module,
    ObservedCall,
    Provenance,
    Text,
    Unknown,
    Url,
    Value,
    alternatives,
    combinations,
)
from poolsafe.inference.models import parse_url, single_scheme
from poolsafe.libraries import ASYNCPG_KEYS, ENGINE_CONFIG
from poolsafe.records import frozen
from poolsafe.syntax.layout import CallLayout

_HOLE = "\x00"
# An unknown piece of the URL that may contain a key.
_OPEN_QUERY = re.compile(rf"[?&]{_HOLE}")
# The keywords of the engine functions themselves.
_OF_THE_FUNCTION = ("url", "configuration", "prefix")
_POOL_ARGUMENTS = ("pool_size", "max_overflow", "pool_timeout", "pool_use_lifo")


def pool_arguments(module: Module, layout: CallLayout, views: list[View]) -> tuple[PoolArgument, ...]:
    """Returns the arguments of a queue pool that are passed on a path with another pool class."""
    found: dict[str, PoolArgument] = {}
    for view in views:
        for name in _POOL_ARGUMENTS:
            for _, (pool, given) in combinations((judged_value(view.option("poolclass")), view.option(name))):
                if pool_kind(pool) not in (Pool.NULL, Pool.STATIC) or isinstance(given, (Absent, Unknown)):
                    continue
                origin = explain(given.provenance, f"`{name}`", module, (layout.start, layout.end))
                found.setdefault(name, PoolArgument(name, argument_index(layout, name), origin))
    return tuple(found.values())


def connect_parameters(
    tests: DriverTests, call: cst.Call, layout: CallLayout, views: list[View]
) -> tuple[ConnectParameter, ...]:
    """Returns the keys of the URL's query string and of connect_args, except the cache sizes and the name function."""
    module = tests.inference.module
    found: dict[tuple[str, ParameterWhere], list[_Given]] = {}
    for view in views:
        for given in (*_in_query(module, call, view), *_in_connect_args(tests, call, view)):
            found.setdefault((given.key, given.where), []).append(given)
    span = (layout.start, layout.end)
    return tuple(
        _parameter(module, span, places, everywhere=all(_gives(view, places) for view in views))
        for places in found.values()
    )


@frozen
class _Given:
    """A parameter in one view. `written` is empty if it is not written in this file."""

    view: View
    key: str
    where: ParameterWhere
    value: Value
    provenance: Provenance
    written: tuple[Written, ...]
    optional: bool


def _parameter(module: Module, span: tuple[int, int], places: list[_Given], *, everywhere: bool) -> ConnectParameter:
    first = places[0]
    what = "the URL" if first.where is ParameterWhere.URL_QUERY else f"`{first.key}`"
    written = dict.fromkeys(one for place in places for one in place.written)
    return ConnectParameter(
        first.key,
        first.where,
        as_python(first.value),
        explain(first.provenance, what, module, span),
        tuple(written) if all(place.written for place in places) else (),
        everywhere,
    )


def _gives(view: View, places: list[_Given]) -> bool:
    return any(place.view is view and not place.optional for place in places)


def _in_query(module: Module, call: cst.Call, view: View) -> Iterator[_Given]:
    parsed = parse_url(view.url) if isinstance(view.url, Text) else view.url
    if not isinstance(parsed, Url):
        return
    queries = [single for _, single in alternatives(parsed.query)]
    for query in queries:
        if not isinstance(query, MappingValue):
            continue
        for key, value in query.items.items():
            if key in KEYS or isinstance(value, Absent) or (_is_blank(value) and not query.provenance):
                continue
            item = written_item(module, call, query, key)
            texts = written_texts(module, call, view.url, key, value) if item is None else (item,)
            yield _Given(
                view, key, ParameterWhere.URL_QUERY, value, view.url.provenance, tuple(texts), optional=len(queries) > 1
            )


def other_driver_parameters(calls: Iterable[ObservedCall], module: Module) -> tuple[str, tuple[ConnectParameter, ...]]:
    """Returns the scheme of an engine of another driver, and its arguments that only asyncpg accepts.

    Returns "" and () unless every path has one known scheme, whatever the values in the environment.
    """
    views = [view for seen in calls for view in (*views_of(seen), *overridden_views_of(seen))]
    schemes = {single_scheme(view.url) for view in views}
    scheme = schemes.pop() if len(schemes) == 1 else None
    if scheme is None or any(view.driver is not Driver.OTHER or view.seen.function == ENGINE_CONFIG for view in views):
        return "", ()
    found = [one for key in ASYNCPG_KEYS if (one := _misdirected(key, scheme, views, module)) is not None]
    return scheme, tuple(found)


def _misdirected(key: str, scheme: str, views: list[View], module: Module) -> ConnectParameter | None:
    """Returns a key that only asyncpg accepts and that another driver certainly gets, or None."""
    values = [connect_arg(view, key) for view in views]
    where = ParameterWhere.CONNECT_ARGS
    # SQLite's dialect treats unknown parameters in a query as part of the file name.
    if not all(map(is_given, values)) and not scheme.startswith("sqlite"):
        values, where = [query_value(view.url, key) for view in views], ParameterWhere.URL_QUERY
    if not values or not all(map(is_given, values)) or creator_of(views) is not None:
        return None
    first = values[0]
    what = "the URL" if where is ParameterWhere.URL_QUERY else f"`{key}`"
    return ConnectParameter(
        key, where, as_python(first), explain(first.provenance, what, module, (0, 0)), everywhere=True
    )


def engine_keywords(module: Module, layout: CallLayout, views: list[View]) -> tuple[EngineKeyword, ...]:
    """Returns the keywords and options of the configuration that reach the engine function of asyncpg's engine."""
    views = [view for view in views if view.driver is Driver.ASYNCPG and view.seen.function != ENGINE_CONFIG]
    found: dict[str, EngineKeyword] = {}
    for view in views:
        for name in (*view.seen.arguments.keywords, *configured_keys(view.seen)):
            given = judged_values(view.option(name))
            if name in found or name in (*KEYS, *_OF_THE_FUNCTION) or all(isinstance(one, Absent) for one in given):
                continue
            origin = explain(given[0].provenance, f"`{name}`", module, (layout.start, layout.end))
            everywhere = not any(isinstance(one, Absent) for each in views for one in judged_values(each.option(name)))
            found[name] = EngineKeyword(name, argument_index(layout, name), origin, everywhere)
    return tuple(found.values())


def _is_blank(value: Value) -> bool:
    # make_url() drops blank values such as `?sslmode=`.
    return isinstance(value, Text) and value.known == ""


def _in_connect_args(tests: DriverTests, call: cst.Call, view: View) -> Iterator[_Given]:
    options = detection_alternatives(view.option("connect_args"))
    # The analysis may not see that a condition excludes this URL.
    contents = [single for guard, single in options if not tests.implied(guard).other]
    for content in contents:
        if not isinstance(content, MappingValue):
            continue
        for key, value in content.items.items():
            ways = detection_alternatives(view.reached(value))
            possible = [single for guard, single in ways if not tests.implied(guard).other]
            if key in KEYS or all(map(_may_be_missing, possible)):
                continue
            item = written_item(tests.inference.module, call, content, key)
            optional = len(contents) > 1 or any(map(_may_be_missing, possible))
            if optional and view.driver is not Driver.ASYNCPG:
                continue  # another driver may be used on that path
            written = () if item is None else (item,)
            yield _Given(view, key, ParameterWhere.CONNECT_ARGS, value, value.provenance, written, optional=optional)


def _may_be_missing(single: Value) -> bool:
    """Returns whether a dict lacks an item, or is only known to be open for it."""
    match single:
        case Absent() | Unknown(symbol=Derived(operation="open")):
            return True
    return False


def server_settings(module: Module, layout: CallLayout, views: list[View]) -> tuple[ServerSetting, ...]:
    """Returns the keys of `server_settings` in connect_args: PostgreSQL's startup parameters."""
    found: dict[str, ServerSetting] = {}
    for view in views:
        for settings in judged_values(connect_arg(view, "server_settings")):
            for key, value in settings.items.items() if isinstance(settings, MappingValue) else ():
                if all(map(_may_be_missing, judged_values(view.reached(value)))) or key in found:
                    continue
                origin = explain(value.provenance, f"`{key}`", module, (layout.start, layout.end))
                found[key] = ServerSetting(key, as_python(value), origin)
    return tuple(found.values())


def parameters_known(views: Iterable[View]) -> bool:
    """Returns whether the names of all keys that reach `connect()`, and of all startup parameters, are known."""
    for view in views:
        known = (*alternatives(view.option("connect_args")), *alternatives(connect_arg(view, "server_settings")))
        if not all(_is_closed(single) for _, single in known) or not _query_known(view.url):
            return False
    return True


def _is_closed(value: Value) -> bool:
    if isinstance(value, MappingValue):
        return value.open is None
    return isinstance(value, Absent) or value == Const(None)


def _query_known(url: Value) -> bool:
    if isinstance(url, Url):
        return all(_is_closed(single) for _, single in alternatives(url.query))
    if not isinstance(url, Text):
        return isinstance(url, Absent)
    text = "".join(piece if isinstance(piece, str) else _HOLE for piece in url.pieces).partition("://")[2]
    return _HOLE not in text or ("/" in text and _OPEN_QUERY.search(text) is None)
