"""Cache-size keys in places where they are rejected or ignored."""

from __future__ import annotations

import libcst as cst

from poolsafe.facts.creators import connections, given_to_asyncpg
from poolsafe.facts.engine import Driver, Misplaced, MisplacedWhere
from poolsafe.facts.places import explain
from poolsafe.facts.pooling import NAME_FUNCTION
from poolsafe.facts.sizes import PREPARED, STATEMENT
from poolsafe.facts.views import View, as_python, configured, connect_arg, judged_values, query_value
from poolsafe.inference import Absent, Module, Unknown, Value, restrict
from poolsafe.syntax.layout import CallLayout

KEYS = (STATEMENT, PREPARED, NAME_FUNCTION)


def misplaced_keys(module: Module, layout: CallLayout, views: list[View], creator: str | None) -> tuple[Misplaced, ...]:
    found: dict[tuple[str, MisplacedWhere], Misplaced] = {}
    span = (layout.start, layout.end)
    for view in views:
        if view.driver is not Driver.ASYNCPG:
            continue
        for key in KEYS:
            given = view.seen.arguments.keywords.get(key)
            for single in [] if given is None else judged_values(restrict(given, (view.guard,))):
                if not isinstance(single, Absent):
                    index = argument_index(layout, key)
                    place = explain(single.provenance, f"`{key}`", module, span)
                    where = MisplacedWhere.ENGINE_KEYWORD
                    found.setdefault((key, where), Misplaced(key, where, as_python(single), index, None, place))
            section = configured(view.seen, key) if view.seen.function.endswith("from_config") else Absent()
            for single in judged_values(section):
                if not isinstance(single, Absent):
                    where = MisplacedWhere.ALEMBIC_KEY
                    place = explain(single.provenance, f"`{key}`", module, span)
                    found.setdefault((key, where), Misplaced(key, where, as_python(single), None, None, place))
            if creator is not None:
                for single in judged_values(connect_arg(view, key)):
                    if not isinstance(single, (Absent, Unknown)):
                        where = MisplacedWhere.BESIDE_CREATOR
                        place = explain(single.provenance, f"`{key}`", module, span)
                        found.setdefault((key, where), Misplaced(key, where, as_python(single), None, None, place))
        for _, connection in connections(view, creator) if creator is not None else ():
            for key in (PREPARED, NAME_FUNCTION):
                for single in judged_values(given_to_asyncpg(connection, key)):
                    if not isinstance(single, (Absent, Unknown)):
                        where = MisplacedWhere.ASYNCPG_CALL
                        place = explain(single.provenance, f"`{key}`", module, span)
                        found.setdefault((key, where), Misplaced(key, where, as_python(single), None, None, place))
        in_url = query_value(view.url, STATEMENT)
        if not isinstance(in_url, Absent):
            where = MisplacedWhere.URL_QUERY
            removal = removal_from_url(module, view.url, STATEMENT)
            place = explain(view.url.provenance, "the URL", module, span)
            found.setdefault((STATEMENT, where), Misplaced(STATEMENT, where, as_python(in_url), None, removal, place))
    return tuple(found.values())


def argument_index(layout: CallLayout, keyword: str) -> int | None:
    return next((index for index, one in enumerate(layout.arguments) if one.keyword == keyword), None)


def written_value(layout: CallLayout, keyword: str) -> tuple[int, int] | None:
    index = argument_index(layout, keyword)
    if index is None:
        return None
    return layout.arguments[index].value_start, layout.arguments[index].value_end


def removal_from_url(module: Module, url: Value, key: str) -> tuple[int, int] | None:
    """Returns the span of `key=value` and one separator in the URL's string literal in this file, or None."""
    step = url.provenance[0] if url.provenance else None
    if step is None or step.module is not module or not isinstance(step.node, (cst.SimpleString, cst.FormattedString)):
        return None
    start, end = module.tree.span(step.node)
    written = module.source.text[start:end]
    at = written.find(f"{key}=")
    if at <= 0 or written.count(f"{key}=") != 1 or written[at - 1] not in "?&":
        return None
    stop = at
    while stop < len(written) and written[stop] not in "&#\"'{}\\ ":
        stop += 1
    if written[stop : stop + 1] == "&":
        return start + at, start + stop + 1
    if written[stop : stop + 1] not in ('"', "'", "#"):
        return None
    return start + at - 1, start + stop
