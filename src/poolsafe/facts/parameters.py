"""What else reaches the pool and asyncpg's `connect()`: arguments that some of them refuse."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from poolsafe.facts.engine import ConnectParameter, ParameterWhere, Pool, PoolArgument, ServerSetting
from poolsafe.facts.misplaced import KEYS, argument_index
from poolsafe.facts.places import explain
from poolsafe.facts.pooling import pool_kind
from poolsafe.facts.views import View, as_python, connect_arg, judged_values
from poolsafe.syntax.layout import CallLayout
from poolsafe.values.lattice import (
    Absent,
    Const,
    MappingValue,
    Text,
    Unknown,
    Url,
    Value,
    alternatives,
    combinations,
    harden,
    restrict,
)
from poolsafe.values.modules import Module
from poolsafe.values.urls import parse_url

_HOLE = "\x00"
# A part of the URL that nobody knows and that may well hold a key.
_OPEN_QUERY = re.compile(rf"[?&]{_HOLE}")
_POOL_ARGUMENTS = ("pool_size", "max_overflow", "pool_timeout", "pool_use_lifo")


def pool_arguments(module: Module, layout: CallLayout, views: list[View]) -> tuple[PoolArgument, ...]:
    """The arguments of a queue pool that are given on a path on which the pool class is another one."""
    found: dict[str, PoolArgument] = {}
    for view in views:
        for name in _POOL_ARGUMENTS:
            for _, (pool, given) in combinations((harden(view.option("poolclass")), view.option(name))):
                if pool_kind(pool) not in (Pool.NULL, Pool.STATIC) or isinstance(given, (Absent, Unknown)):
                    continue
                origin = explain(given.trail, f"`{name}`", module, (layout.start, layout.end))
                found.setdefault(name, PoolArgument(name, argument_index(layout, name), origin))
    return tuple(found.values())


def connect_parameters(module: Module, layout: CallLayout, views: list[View]) -> tuple[ConnectParameter, ...]:
    """The keys of the URL's query and of connect_args, without the cache sizes and the name function."""
    found: dict[tuple[str, ParameterWhere], ConnectParameter] = {}
    span = (layout.start, layout.end)
    for view in views:
        for key, value in _query(view.url):
            where = ParameterWhere.URL_QUERY
            origin = explain(view.url.trail, "the URL", module, span)
            found.setdefault((key, where), ConnectParameter(key, where, as_python(value), origin))
        for content in judged_values(view.option("connect_args")):
            for key, value in content.items.items() if isinstance(content, MappingValue) else ():
                if key in KEYS or all(isinstance(one, Absent) for one in judged_values(restrict(value, (view.guard,)))):
                    continue
                where = ParameterWhere.CONNECT_ARGS
                origin = explain(value.trail, f"`{key}`", module, span)
                found.setdefault((key, where), ConnectParameter(key, where, as_python(value), origin))
    return tuple(found.values())


def _query(url: Value) -> Iterator[tuple[str, Value]]:
    parsed = parse_url(url) if isinstance(url, Text) else url
    if not isinstance(parsed, Url):
        return
    for _, query in alternatives(parsed.query):
        if isinstance(query, MappingValue):
            for key, value in query.items.items():
                if key not in KEYS and not isinstance(value, Absent):
                    yield key, value


def server_settings(module: Module, layout: CallLayout, views: list[View]) -> tuple[ServerSetting, ...]:
    """The keys of `server_settings` in connect_args: PostgreSQL's startup parameters."""
    found: dict[str, ServerSetting] = {}
    for view in views:
        for settings in judged_values(connect_arg(view, "server_settings")):
            for key, value in settings.items.items() if isinstance(settings, MappingValue) else ():
                if isinstance(value, Absent) or key in found:
                    continue
                origin = explain(value.trail, f"`{key}`", module, (layout.start, layout.end))
                found[key] = ServerSetting(key, as_python(value), origin)
    return tuple(found.values())


def parameters_known(views: Iterable[View]) -> bool:
    """Whether every key that reaches `connect()`, and every startup parameter, is known by its name."""
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
