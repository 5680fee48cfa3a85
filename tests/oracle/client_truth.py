"""What the runs of a program show about a call that creates a connection or a pool, as codes of the rules.

| code | what the run shows |
|---|---|
| PGB501, PGB512 | asyncpg is given no size, by itself or by a library on top of it |
| PGB103, PGB104 | the size is a positive number, or one that asyncpg refuses |
| PGB105 | asyncpg is given SQLAlchemy's size as a keyword, or any size in the DSN |
| PGB108 | the size is 0 in one run and not in another: shown by all runs together |
| PGB204 | a startup parameter that PgBouncer refuses |
| PGB205 | a key that the driver does not take |
| PGB511 | psycopg's threshold is not None |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .execution import ClientCall, EngineCall
from .truth import PREPARED, PSYCOPG, STATEMENT, THRESHOLD, Size, size_of

ASYNCPG = frozenset({"asyncpg.connect", "asyncpg.create_pool", "asyncpg.Pool"})
# The argument that holds the driver's keywords, where these are not the call's own.
_MAPPINGS = {"psycopg_pool": "kwargs", "piccolo": "config"}
_URL_OF = ("dsn", "conninfo", "url", "bind")
_SIZES = {Size.ABSENT: "missing", Size.POSITIVE: "PGB103", Size.INVALID: "PGB104"}
# Findings of one line that may each speak of what is wrong with the size or the threshold.
OF_SIZES = frozenset({"PGB103", "PGB104", "PGB105", "PGB108", "PGB501", "PGB511", "PGB512"})
# What the programs give to drivers that refuse it.
_UNKNOWN_TO_ASYNCPG = frozenset({"check_same_thread", "pool_size", THRESHOLD})
_REJECTED_SETTINGS = frozenset({"jit", "search_path"})


def library(call: ClientCall) -> str:
    """The package whose function is called."""
    return call.function.partition(".")[0]


def url_of(call: ClientCall) -> str:
    """The URL that a call is given, "" for none."""
    found = [call.keywords[name] for name in _URL_OF if name in call.keywords]
    if library(call) == "tortoise":
        found = [call.keywords.get("db_url", "")]
    elif not found and library(call) != "piccolo":
        found = list(call.arguments[:1])
    return str(found[0]) if found else ""


def query_of(call: ClientCall) -> dict[str, str]:
    """The query of a call's URL."""
    return dict(parse_qsl(urlsplit(url_of(call)).query))


def options_of(call: ClientCall) -> Mapping[str, Any]:
    """The keywords that reach the driver."""
    if library(call) == "tortoise":
        return _credentials(call)
    name = _MAPPINGS.get(library(call))
    if name is None:
        return {key: value for key, value in call.keywords.items() if key not in _URL_OF}
    given = call.keywords.get(name, call.arguments[0] if library(call) == "piccolo" and call.arguments else {})
    return given if isinstance(given, dict) else {}


def _credentials(call: ClientCall) -> Mapping[str, Any]:
    """What Tortoise gives to asyncpg: the size in a URL is a number by then."""
    config = call.keywords.get("config")
    if config is not None:
        credentials: dict[str, Any] = config["connections"]["default"]["credentials"]
        return credentials
    size = query_of(call).get(STATEMENT)
    return {} if size is None else {STATEMENT: int(size)}


def is_asyncpgs(call: ClientCall) -> bool:
    """Whether asyncpg makes the connections."""
    config = call.keywords.get("config")
    if library(call) == "tortoise" and config is not None:
        return str(config["connections"]["default"]["engine"]).endswith("asyncpg")
    if library(call) in ("databases", "gino"):
        return urlsplit(url_of(call)).scheme in ("postgresql", "postgres")
    return not library(call).startswith("psycopg")


def is_right(call: ClientCall) -> bool:
    """Whether asyncpg is given the size 0, or psycopg the threshold None. Calls for other databases are right."""
    if library(call).startswith("psycopg"):
        return options_of(call).get(THRESHOLD, 5) is None
    return not is_asyncpgs(call) or (STATEMENT in options_of(call) and _size(call) is Size.ZERO)


def _size(call: ClientCall) -> Size:
    options = options_of(call)
    return size_of(STATEMENT, options[STATEMENT]) if STATEMENT in options else Size.ABSENT


def shown_by(call: ClientCall) -> set[str]:
    """The codes that one run of a call shows."""
    options, query = options_of(call), query_of(call)
    if library(call).startswith("psycopg"):
        return _shown_of_psycopg(call, options, query)
    if not is_asyncpgs(call):
        return set()
    shown = set()
    if not is_right(call):
        code = _SIZES[_size(call)]
        shown.add(("PGB501" if call.function in ASYNCPG else "PGB512") if code == "missing" else code)
    if library(call) == "tortoise" and "schema" in query:
        shown.add("PGB204")
    if call.function not in ASYNCPG:
        return shown
    if PREPARED in options or {STATEMENT, PREPARED} & query.keys():
        shown.add("PGB105")
    if _REJECTED_SETTINGS & {*options.get("server_settings", ()), *query}:
        shown.add("PGB204")
    if _UNKNOWN_TO_ASYNCPG & options.keys() or THRESHOLD in query:
        shown.add("PGB205")
    return shown


def _shown_of_psycopg(call: ClientCall, options: Mapping[str, Any], query: Mapping[str, str]) -> set[str]:
    shown = set() if is_right(call) else {"PGB511"}
    if THRESHOLD in query or (library(call) == "psycopg_pool" and THRESHOLD in call.keywords):
        shown.add("PGB205")
    return shown


def shown_by_all(calls: Iterable[ClientCall]) -> set[str]:
    """The codes that the runs of one call show, one by one or together."""
    calls = list(calls)
    shown = {code for call in calls for code in shown_by(call)}
    ours = [is_right(call) for call in calls if is_asyncpgs(call)]
    if any(ours) and not all(ours):
        shown.add("PGB108")
    return shown


def of_engines(calls: Iterable[EngineCall]) -> list[ClientCall]:
    """The engines of one call as connections, if psycopg serves all of them; an empty list otherwise."""
    calls = list(calls)
    if any(call.url.drivername not in PSYCOPG for call in calls):
        return []
    return [ClientCall(call.path, call.line, "psycopg.connect", (), dict(call.connect_args)) for call in calls]
