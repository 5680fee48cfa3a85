"""Shared code of the messages about connections and pools without SQLAlchemy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from poolsafe.facts.connection import ClientDriver, Connection, OptionWhere, RefusedOption
from poolsafe.facts.deployment import Deployment
from poolsafe.facts.engine import CacheSize
from poolsafe.findings import Finding, Fix, Related
from poolsafe.libraries import PSYCOPG_POOLS
from poolsafe.rules.wording import and_others, called, finding, provenance, with_advice
from poolsafe.verdicts import Problem, judge_size


def called_by(connection: Connection) -> str:
    """Returns the call that makes the connection, without its module and in backticks: `` `create_pool()` ``."""
    return f"`{called(connection.function)}`"


def client_grounds(connection: Connection, deployment: Deployment, *keys: str) -> tuple[Related, ...]:
    """Returns the places that explain a finding about prepared statements: the URL, the pooler, and `keys`."""
    return connection.url.origin + provenance(deployment, "pooler", "max-prepared-statements", *keys)


def size_findings(
    module: str,
    connection: Connection,
    deployment: Deployment,
    problem: Problem,
    message: Callable[[CacheSize], str],
    fix: Callable[[], Fix | None] = lambda: None,
) -> Iterator[Finding]:
    """Yields the finding of a rule's module about asyncpg's cache size if it has this problem."""
    size, verdict = connection.size, judge_size(connection, deployment)
    if size is not None and verdict is not None and verdict.problem is problem:
        related = size.origin + client_grounds(connection, deployment)
        yield finding(module, connection, message(size), verdict.severity, fix(), related)


_ROLE = "use `ALTER ROLE ... SET`"
_ADVICE = {
    "application_name": "move it to `server_settings`",
    "command_timeout": "pass it as a keyword",
    "connect_timeout": "use asyncpg's `timeout`",
    "max_size": "pass it to `create_pool()`",
    "min_size": "pass it to `create_pool()`",
    "options": _ROLE,
    "pool_size": "use the pool's `max_size`",
    "prepare_threshold": "use `statement_cache_size=0`",
    "reset_query": "give the pool a `reset` function",
    "search_path": _ROLE,
    "sslmode": "use `ssl`",
    "statement_timeout": f"{_ROLE} or `command_timeout`",
}
_PSYCOPG_ADVICE = {
    "statement_cache_size": "use `prepare_threshold=None`",
    "prepared_statement_cache_size": "use `prepare_threshold=None`",
    "server_settings": _ROLE,
    "search_path": _ROLE,
    "statement_timeout": _ROLE,
}


def refusal_of_option(option: RefusedOption, others: Sequence[RefusedOption], connection: Connection) -> str:
    """Returns the message for options that the driver does not accept: what happens, and what to do instead."""
    key = f"`{option.key}`{and_others([one.key for one in others], 'option')}"
    if connection.driver is ClientDriver.PSYCOPG:
        if option.key == "prepare_threshold":
            return _misplaced_threshold(option, key, connection)
        said = f'{key} passed to psycopg: connecting raises `invalid connection option "{option.key}"`'
        return _advised(said, _PSYCOPG_ADVICE, option, others)
    if option.where is OptionWhere.URL_QUERY:
        is_sent, it = ("are sent", "them") if others else ("is sent", "it")
        error = f'unrecognized configuration parameter "{option.key}"'
        said = f"{key} in asyncpg's DSN {is_sent} to the server, which rejects {it}: `{error}`"
        return _advised(said, _ADVICE, option, others)
    error = f"TypeError: connect() got an unexpected keyword argument '{option.key}'"
    return _advised(f"passing {key} to asyncpg raises `{error}`", _ADVICE, option, others)


def _advised(said: str, table: dict[str, str], option: RefusedOption, others: Sequence[RefusedOption]) -> str:
    advice, *on_others = [(one.key, table.get(one.key, "remove it")) for one in (option, *others)]
    return with_advice(said, *advice, on_others, "option")


def _misplaced_threshold(option: RefusedOption, key: str, connection: Connection) -> str:
    pool = connection.function in PSYCOPG_POOLS
    right = '`kwargs={"prepare_threshold": None}`' if pool else "`prepare_threshold=None` as a keyword"
    if option.where is OptionWhere.URL_QUERY:
        return f"{key} in psycopg's URL: connecting raises `invalid URI query parameter`; use {right}"
    return f"passing {key} to the pool raises `TypeError: __init__() got an unexpected keyword argument`; use {right}"


_WRAPPERS = {"databases": "the `databases` package", "gino": "gino", "piccolo": "Piccolo", "tortoise": "Tortoise"}


def wrapper_of(connection: Connection) -> tuple[str, str]:
    """Returns the name of the library that makes the connections, and where to set the size."""
    name = _WRAPPERS[connection.function.partition(".")[0]]
    if connection.in_query:
        return name, "add `?statement_cache_size=0` to the URL"
    if connection.options_name:
        return name, f'add `"statement_cache_size": 0` to `{connection.options_name}`'
    return name, "add `statement_cache_size=0`"
