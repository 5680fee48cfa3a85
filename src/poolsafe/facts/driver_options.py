"""The options that reach asyncpg or psycopg besides the cache size and the threshold, and those that they reject."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from poolsafe.facts.connection import OptionWhere, RefusedOption
from poolsafe.facts.engine import Misplaced, MisplacedWhere, ServerSetting
from poolsafe.facts.given import Given
from poolsafe.facts.misplaced import argument_index, removal_from_url
from poolsafe.facts.places import explain
from poolsafe.facts.sizes import PREPARED, STATEMENT
from poolsafe.facts.thresholds import KEY as THRESHOLD
from poolsafe.facts.views import as_python, judged_values
from poolsafe.inference import Absent, MappingValue, Module, Provenance, Unknown, Value, alternatives, for_detection
from poolsafe.libraries import ASYNCPG_CONNECT, ASYNCPG_POOLS, PSYCOPG_CONNECTS, PSYCOPG_POOLS
from poolsafe.syntax.layout import CallLayout

# The keys that asyncpg 0.32.0 reads from a DSN's query string; it sends every other key to the server as a setting.
_DSN_KEYS = frozenset(
    """
    database dbname gsslib host krbsrvname passfile password port service ssl_max_protocol_version
    ssl_min_protocol_version sslcert sslcrl sslkey sslmode sslnegotiation sslpassword sslrootcert target_session_attrs
    user
    """.split()  # noqa: SIM905
)
# Arguments of asyncpg's functions and of other libraries. No server has such a setting, so every connection fails.
# Tested with asyncpg 0.32.0.
_NO_SETTINGS = frozenset(
    """
    command_timeout connect_timeout init max_cacheable_statement_size max_cached_statement_lifetime
    max_inactive_connection_lifetime max_queries max_size min_size pgbouncer pool_size pool_timeout prepare_threshold
    schema setup ssl supa timeout connection_limit max_overflow pool_pre_ping sslaccept socket_timeout
    """.split()  # noqa: SIM905
)
# Keywords that programs pass to asyncpg's connect() and create_pool(), which reject them. Tested with 0.30.0 and
# 0.32.0.
_REFUSED_BY_ASYNCPG = frozenset(
    """
    application_name autocommit check_same_thread connect_timeout cursor_factory dbname isolation_level max_overflow
    options pool_pre_ping pool_recycle pool_size pool_timeout prepare_threshold reset_query row_factory search_path
    sslmode statement_timeout
    """.split()  # noqa: SIM905
)
_REFUSED_BY_CONNECT = _REFUSED_BY_ASYNCPG | {"init", "max_size", "min_size", "setup", "max_queries"}
# Keywords for which libpq has no option. Tested with psycopg 3.3.9.
_REFUSED_BY_PSYCOPG = frozenset(
    {STATEMENT, PREPARED, "server_settings", "search_path", "statement_timeout", "command_timeout", "pool_size"}
)


def misplaced_options(module: Module, layout: CallLayout, given: Iterable[Given]) -> tuple[Misplaced, ...]:
    """Returns the cache sizes that are passed to asyncpg in a place where it rejects them."""
    found: dict[tuple[str, MisplacedWhere], Misplaced] = {}
    span = (layout.start, layout.end)
    for one in given:
        for single in _values_of_key(one, PREPARED):
            where, index = MisplacedWhere.ASYNCPG_CALL, argument_index(layout, PREPARED)
            places = explain(single.provenance, f"`{PREPARED}`", module, span)
            found.setdefault((PREPARED, where), Misplaced(PREPARED, where, as_python(single), index, None, places))
        for key, value, provenance in _query(one):
            if key in (STATEMENT, PREPARED):
                where = MisplacedWhere.DSN_QUERY
                removal = removal_from_url(module, one.url, key)
                places = explain(provenance, "the URL", module, span)
                found.setdefault((key, where), Misplaced(key, where, as_python(value), None, removal, places))
    return tuple(found.values())


def refused_options(module: Module, layout: CallLayout, given: Iterable[Given]) -> tuple[RefusedOption, ...]:
    """Returns the options that the driver rejects."""
    found: dict[tuple[str, OptionWhere], RefusedOption] = {}
    span = (layout.start, layout.end)
    for one in given:
        for key, value, where in _refused(one):
            places = explain(value.provenance, f"`{key}`", module, span)
            found.setdefault((key, where), RefusedOption(key, where, as_python(value), places))
    return tuple(found.values())


def _refused(given: Given) -> Iterator[tuple[str, Value, OptionWhere]]:
    function = given.seen.function
    if function in PSYCOPG_POOLS:
        keywords = given.seen.arguments.keywords
        if THRESHOLD in keywords and _is_given(keywords[THRESHOLD]):
            yield THRESHOLD, keywords[THRESHOLD], OptionWhere.KEYWORD
    refused, where = _REFUSED_BY_PSYCOPG, OptionWhere.MAPPING if given.mapping else OptionWhere.KEYWORD
    if function == ASYNCPG_CONNECT:
        refused = _REFUSED_BY_CONNECT
    elif function in ASYNCPG_POOLS:
        refused = _REFUSED_BY_ASYNCPG
    for key, value in given.options():
        if key in refused and _is_given(given.option(key)):
            yield key, value, where
    for key, value, _ in _query(given):
        in_asyncpg = function == ASYNCPG_CONNECT or function in ASYNCPG_POOLS
        if (key in _NO_SETTINGS and in_asyncpg) or (key in (THRESHOLD, STATEMENT, PREPARED) and not in_asyncpg):
            yield key, value, OptionWhere.URL_QUERY


def asyncpg_settings(module: Module, layout: CallLayout, given: Iterable[Given]) -> tuple[ServerSetting, ...]:
    """Returns the startup parameters: `server_settings` and the DSN's unknown keys, or psycopg's `options`."""
    found: dict[str, ServerSetting] = {}
    for one in given:
        for key, value, provenance in _settings(one):
            if key not in found and not isinstance(value, Absent):
                origin = explain(provenance, f"`{key}`", module, (layout.start, layout.end))
                found[key] = ServerSetting(key, as_python(value), origin)
    return tuple(found.values())


def _settings(given: Given) -> Iterator[tuple[str, Value, Provenance]]:
    function = given.seen.function
    if function in PSYCOPG_CONNECTS or function in PSYCOPG_POOLS:
        for single in _given_values(given.option("options")):
            yield "options", single, single.provenance
        for key, value, provenance in _query(given):
            if key == "options":
                yield key, value, provenance
        return
    for _, settings in alternatives(for_detection(given.option("server_settings"))):
        if isinstance(settings, MappingValue):
            for key, value in settings.items.items():
                if isinstance(key, str) and _is_given(value):
                    yield key, value, value.provenance
    for key, value, provenance in _query(given):
        if key not in _DSN_KEYS and key not in _NO_SETTINGS and key not in (STATEMENT, PREPARED):
            yield key, value, provenance


def _query(given: Given) -> Iterator[tuple[str, Value, Provenance]]:
    for key, value in given.query():
        if not isinstance(value, Absent):
            yield key, value, value.provenance


def _values_of_key(given: Given, key: str) -> list[Value]:
    """Returns the values of a key that is certainly present, whatever they are."""
    if not any(name == key for name, _ in given.options()):
        return []
    return [single for single in judged_values(given.option(key)) if not isinstance(single, Absent)]


def _given_values(value: Value) -> list[Value]:
    return [single for single in judged_values(value) if not isinstance(single, (Absent, Unknown))]


def _is_given(value: Value) -> bool:
    """Returns whether an option is passed on some path, whatever its value is."""
    return any(not isinstance(single, Absent) for single in judged_values(value))
