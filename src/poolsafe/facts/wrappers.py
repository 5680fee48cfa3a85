"""Libraries that create asyncpg's connections: databases, gino, Piccolo and Tortoise ORM."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import libcst as cst

from poolsafe.facts.client_sites import client_sites
from poolsafe.facts.connection import ClientDriver, Connection, ConnectionUrl
from poolsafe.facts.connection_calls import connection_of
from poolsafe.facts.engine import CacheSize, ConnectArgs, ConnectArgsForm, Parameters, ServerSetting, SizeState
from poolsafe.facts.given import Given, given_by
from poolsafe.facts.observed import Observed
from poolsafe.facts.option_places import is_extendable, size_of
from poolsafe.facts.reach import Surroundings
from poolsafe.facts.server_addresses import servers_of
from poolsafe.facts.sizes import STATEMENT, size_state
from poolsafe.facts.views import as_python, judged_values, query_value
from poolsafe.inference import (
    Absent,
    Const,
    MappingValue,
    Module,
    ObservedCall,
    Text,
    Unknown,
    Value,
    is_override,
    is_parameter,
)
from poolsafe.inference.models import is_address, single_scheme
from poolsafe.syntax.call_layout import call_layout, dict_layout
from poolsafe.syntax.index import descendants
from poolsafe.syntax.layout import CallLayout

# The URLs that databases 0.9.0 and gino 1.0.1 open with asyncpg.
OTHERWISE = frozenset({"postgresql+aiopg"})
# The schemes that Tortoise ORM 1.1.9 opens with asyncpg, and the name of its back end in a dict.
TORTOISE_SCHEMES = frozenset({"asyncpg", "postgres", "postgresql"})
_TORTOISE_ENGINE = "tortoise.backends.asyncpg"
_TORTOISE = frozenset({"tortoise.Tortoise.init", "tortoise.register_tortoise"})


def wrapped_connections(surroundings: Surroundings, calls: list[ObservedCall]) -> Iterator[Connection]:
    """Yields the connections that a call to a wrapper creates with asyncpg, or none for another database."""
    if calls[0].function in _TORTOISE:
        yield from _tortoise_urls(surroundings, calls)
        return
    given = [given_by(seen) for seen in calls]
    asyncpg = {_is_for_asyncpg(one) for one in given}
    if True not in asyncpg and None not in asyncpg:
        return
    made = connection_of(surroundings, calls, given, ClientDriver.ASYNCPG)
    yield replace(
        made,
        size=size_of(surroundings, made.call, given),
        # The same call may open another database, which rejects the keyword.
        extendable=asyncpg == {True}
        and not any(
            surroundings.expects_another(url, guard, one.everywhere.path, "asyncpg")
            for one in given
            for guard, url in one.brought_urls
        )
        and is_extendable(surroundings, calls, made.options_name or STATEMENT),
        assumed=True not in asyncpg,
    )


def _is_for_asyncpg(given: Given) -> bool | None:
    """Returns whether a call opens PostgreSQL with asyncpg, or None if its URL is unknown."""
    if given.seen.function == "piccolo.engine.PostgresEngine":
        return True
    found = set()
    for single in judged_values(given.url):
        scheme = single_scheme(single)
        if scheme is None:
            # A parameter, or a value that replaces a default, may be any database's URL.
            unknown = isinstance(single, (Unknown, Text)) and not is_parameter(single) and not is_override(single)
            found.add(None if unknown else False)
        else:
            found.add(scheme.partition("+")[0] in ("postgresql", "postgres") and scheme not in OTHERWISE)
    if found == {True}:
        return True
    return None if found and False not in found else False


# --- Tortoise ORM ---


def _tortoise_urls(surroundings: Surroundings, calls: list[ObservedCall]) -> Iterator[Connection]:
    """Yields the connections that Tortoise gets as URLs. `tortoise_dicts` finds those in dicts."""
    module = surroundings.module
    layout = call_layout(module.tree, calls[0].node)
    for seen in calls:
        for url in _urls_for_tortoise(seen):
            if single_scheme(url) in TORTOISE_SCHEMES:
                yield Connection(
                    path=module.path,
                    function=seen.function,
                    call=layout,
                    driver=ClientDriver.ASYNCPG,
                    url=ConnectionUrl(tuple(servers_of(url))),
                    size=_size_in_query(url),
                    parameters=Parameters(server_settings=_schema_in_query(url)),
                    direct=is_address(url),
                    in_query=True,
                )
                return


def _urls_for_tortoise(seen: ObservedCall) -> Iterator[Value]:
    given = seen.arguments.keywords.get("db_url")
    if given is not None:
        yield from judged_values(given)
    # `Tortoise.init(config)` and `register_tortoise(app, config)`.
    position = 1 if seen.function == "tortoise.register_tortoise" else 0
    for config in judged_values(seen.arguments.get(position, "config") or Absent()):
        connections = config.get("connections") if isinstance(config, MappingValue) else Absent()
        for one in judged_values(connections):
            for connection in one.items.values() if isinstance(one, MappingValue) else ():
                yield from (single for single in judged_values(connection) if isinstance(single, Text))


def _size_in_query(url: Value) -> CacheSize:
    """Returns the size in a URL, which Tortoise converts to a number."""
    value = query_value(url, STATEMENT)
    if isinstance(value, Text) and value.known is not None and value.known.lstrip("-").isdecimal():
        value = Const(int(value.known))
    return CacheSize(STATEMENT, size_state(STATEMENT, value), as_python(value), reason="it is not a number")


def _schema_in_query(url: Value) -> tuple[ServerSetting, ...]:
    """Returns the startup parameter `search_path`, which Tortoise sets from a schema in the URL."""
    value = query_value(url, "schema")
    return () if isinstance(value, Absent) else (ServerSetting("search_path", as_python(value)),)


def tortoise_dicts(observed: Observed) -> Iterator[Connection]:
    """Yields the connections of Tortoise that are written as dicts: a back end and the credentials for it.

    Dicts in calls that no run reaches are not included.
    """
    module = observed.module
    if _TORTOISE_ENGINE not in module.source.text:
        return
    unreached = {id(site.node) for site, _ in observed.inference.unreached(client_sites(module))}
    for node in descendants(module.tree.module):
        if isinstance(node, cst.Dict):
            items = _items(node)
            engine, credentials = items.get("engine"), items.get("credentials")
            named = isinstance(engine, cst.SimpleString) and engine.raw_value == _TORTOISE_ENGINE
            if named and isinstance(credentials, cst.Dict) and unreached.isdisjoint(map(id, module.index.around(node))):
                yield _tortoise_dict(module, node, credentials)


def _items(display: cst.Dict) -> dict[str, cst.BaseExpression]:
    return {
        str(one.key.raw_value): one.value
        for one in display.elements
        if isinstance(one, cst.DictElement) and isinstance(one.key, cst.SimpleString)
    }


def _tortoise_dict(module: Module, node: cst.Dict, credentials: cst.Dict) -> Connection:
    start, end = module.tree.span(node)
    items = _items(credentials)
    given, schema = items.get(STATEMENT), items.get("schema")
    closed = len(items) == len(credentials.elements)
    state = _written_state(given) if given is not None else SizeState.ABSENT if closed else SizeState.UNKNOWN
    wrong = given is not None and state in (SizeState.POSITIVE, SizeState.INVALID)
    size = CacheSize(
        STATEMENT,
        state,
        module.tree.text(given) if given is not None else "",
        (module.tree.span(given),) if wrong and given is not None else None,
        reason="some of the credentials come from elsewhere",
    )
    has_schema = schema is not None and not (isinstance(schema, cst.Name) and schema.value == "None")
    settings = (ServerSetting("search_path"),) if has_schema else ()
    return Connection(
        path=module.path,
        function="tortoise.Tortoise.init",
        call=CallLayout(start, end, start + 1, end - 1, ()),
        driver=ClientDriver.ASYNCPG,
        url=ConnectionUrl(),
        size=size,
        options=ConnectArgs(
            ConnectArgsForm.DISPLAY, module.tree.span(credentials), dict_layout(module.tree, credentials)
        ),
        options_name="credentials",
        extendable=True,
        parameters=Parameters(server_settings=settings),
    )


def _written_state(node: cst.BaseExpression) -> SizeState:
    """Returns the state of a size if it is a literal; other expressions are not followed."""
    match node:
        case cst.Integer():
            return size_state(STATEMENT, Const(node.evaluated_value))
        case cst.SimpleString():
            return SizeState.INVALID
        case cst.Name(value="None"):
            return SizeState.INVALID
    return SizeState.UNKNOWN
