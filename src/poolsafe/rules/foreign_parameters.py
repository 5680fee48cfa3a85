"""The parameters that asyncpg's `connect()` refuses: which library they belong to, and what to use instead.

Each name is refused with the same TypeError in the URL's query string and in connect_args: tried with asyncpg 0.27,
0.30 and 0.32, and with the installed one by tests/rules/test_trials.py.
"""

from __future__ import annotations

from poolsafe.fixes.parameter_fixes import Remedy
from poolsafe.records import frozen


@frozen
class Foreign:
    """The library that a parameter belongs to, the advice in the message, and how a fix replaces the parameter."""

    owner: str
    advice: str
    remedy: Remedy | None = None


_LIBPQ, _PSYCOPG, _SQLITE, _MYSQL = "libpq's", "psycopg's", "SQLite's", "MySQL's"
_PRISMA, _JDBC, _SUPABASE = "Prisma's", "JDBC's", "Supabase's"
_SERVER, _ENGINE, _POOL = "PostgreSQL's", "SQLAlchemy's", "`create_pool()`'s"

_LEAVE_OUT = "remove it"
_CONTEXT = "pass an `ssl.SSLContext` as `ssl`"
_ROLE = "use `ALTER ROLE ... SET`"
_NAME = "move it to `server_settings`"
_APPLICATION = "use `application_name` in `server_settings`"
_TIMEOUT = "use asyncpg's `timeout`, which is a number"
_POOL_SIZE = "use the engine's `pool_size`"


_ARGUMENT = Foreign(_ENGINE, "pass it as an engine argument")


def _out(owner: str) -> Foreign:
    return Foreign(owner, _LEAVE_OUT, Remedy.LEAVE_OUT)


FOREIGN: dict[str, Foreign] = {
    # libpq's parameters, in the URLs of psycopg and of every provider.
    "application_name": Foreign(_LIBPQ, _NAME, Remedy.APPLICATION_NAME),
    "channel_binding": _out(_LIBPQ),
    "client_encoding": _out(_LIBPQ),
    "connect_timeout": Foreign(_LIBPQ, _TIMEOUT, Remedy.TIMEOUT),
    "dbname": Foreign(_LIBPQ, "put the database name in the URL's path"),
    "fallback_application_name": Foreign(_LIBPQ, _APPLICATION),
    "gssencmode": _out(_LIBPQ),
    "hostaddr": Foreign(_LIBPQ, "put the host in the URL"),
    "keepalives": _out(_LIBPQ),
    "keepalives_count": _out(_LIBPQ),
    "keepalives_idle": _out(_LIBPQ),
    "keepalives_interval": _out(_LIBPQ),
    "load_balance_hosts": _out(_LIBPQ),
    "options": Foreign(_LIBPQ, _ROLE),
    "require_auth": Foreign(_LIBPQ, _LEAVE_OUT),
    "requirepeer": Foreign(_LIBPQ, _LEAVE_OUT),
    "ssl_max_protocol_version": Foreign(_LIBPQ, _CONTEXT),
    "ssl_min_protocol_version": Foreign(_LIBPQ, _CONTEXT),
    "sslcert": Foreign(_LIBPQ, _CONTEXT),
    "sslcertmode": Foreign(_LIBPQ, _LEAVE_OUT),
    "sslcompression": _out(_LIBPQ),
    "sslcrl": Foreign(_LIBPQ, _CONTEXT),
    "sslcrldir": Foreign(_LIBPQ, _CONTEXT),
    "sslkey": Foreign(_LIBPQ, _CONTEXT),
    "sslmode": Foreign(_LIBPQ, "use asyncpg's `ssl`", Remedy.SSL),
    "sslnegotiation": Foreign(_LIBPQ, _LEAVE_OUT),
    "sslpassword": Foreign(_LIBPQ, _CONTEXT),
    "sslrootcert": Foreign(_LIBPQ, _CONTEXT),
    "sslsni": _out(_LIBPQ),
    "tcp_user_timeout": _out(_LIBPQ),
    # Parameters of other drivers.
    "autocommit": Foreign(_PSYCOPG, 'use the engine\'s `isolation_level="AUTOCOMMIT"`'),
    "cursor_factory": Foreign(_PSYCOPG, _LEAVE_OUT),
    "prepare_threshold": Foreign(_PSYCOPG, "use asyncpg's `statement_cache_size=0`"),
    "row_factory": Foreign(_PSYCOPG, _LEAVE_OUT),
    "cached_statements": _out(_SQLITE),
    "check_same_thread": _out(_SQLITE),
    "detect_types": _out(_SQLITE),
    "uri": _out(_SQLITE),
    "charset": _out(_MYSQL),
    "ssl_ca": Foreign(_MYSQL, _CONTEXT),
    # Settings of the server, which PgBouncer refuses as startup parameters too.
    "idle_in_transaction_session_timeout": Foreign(_SERVER, _ROLE),
    "jit": Foreign(_SERVER, _ROLE),
    "lock_timeout": Foreign(_SERVER, _ROLE),
    "search_path": Foreign(_SERVER, _ROLE),
    "statement_timeout": Foreign(_SERVER, f"{_ROLE}, or `command_timeout`"),
    "timezone": Foreign(_SERVER, _NAME),
    # Arguments of the engine function and of asyncpg's own pool.
    "echo": _ARGUMENT,
    "isolation_level": _ARGUMENT,
    "json_deserializer": _ARGUMENT,
    "json_serializer": _ARGUMENT,
    "max_overflow": _ARGUMENT,
    "pool_pre_ping": _ARGUMENT,
    "pool_recycle": _ARGUMENT,
    "pool_size": _ARGUMENT,
    "pool_timeout": _ARGUMENT,
    "poolclass": _ARGUMENT,
    "init": Foreign(_POOL, "listen to the engine's `connect` event"),
    "max_inactive_connection_lifetime": Foreign(_POOL, "use the engine's `pool_recycle`"),
    "max_queries": Foreign(_POOL, _LEAVE_OUT),
    "max_size": Foreign(_POOL, _POOL_SIZE),
    "min_size": Foreign(_POOL, _POOL_SIZE),
    "setup": Foreign(_POOL, "listen to the engine's `checkout` event"),
    # URLs made for other libraries.
    "connection_limit": Foreign(_PRISMA, _POOL_SIZE),
    "pgbouncer": _out(_PRISMA),
    "schema": Foreign(_PRISMA, _ROLE),
    "socket_timeout": Foreign(_PRISMA, "use asyncpg's `command_timeout`"),
    "sslaccept": Foreign(_PRISMA, "use asyncpg's `ssl`"),
    "ApplicationName": Foreign(_JDBC, _APPLICATION),
    "currentSchema": Foreign(_JDBC, _ROLE),
    "prepareThreshold": Foreign(_JDBC, "use asyncpg's `statement_cache_size=0`"),
    "supa": _out(_SUPABASE),
}


# How other drivers fail to connect with one of asyncpg's keys, observed with psycopg 3.3.9, psycopg2 2.9.13,
# pg8000, the sqlite3 module, aiosqlite, PyMySQL, aiomysql and asyncmy, under SQLAlchemy 2.0.51
# (tests/rules/test_trials.py).
_OPTION = 'ProgrammingError: {}invalid connection option "{}"'
_KEYWORD = "TypeError: connect() got an unexpected keyword argument '{}'"


def of_another_driver(scheme: str, key: str) -> tuple[str, str]:
    """Returns the name of the driver of a URL's scheme, and the exception that it raises for one of asyncpg's keys."""
    dialect, _, driver = scheme.partition("+")
    if dialect in ("postgresql", "postgres") and driver in ("", "psycopg2"):
        return "psycopg2", _OPTION.format("invalid dsn: ", key)
    if driver in ("psycopg", "psycopg_async"):
        return "psycopg", _OPTION.format("", key)
    if dialect == "sqlite":
        return "SQLite", "TypeError"  # The message of Python 3.13 differs from that of earlier versions.
    return driver or dialect, _KEYWORD.format(key)
