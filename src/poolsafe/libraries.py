"""Names of other packages that the analysis knows: SQLAlchemy, SQLModel, Alembic, pydantic and their like.

This file only has names and what kind of thing each of them is. What a call means is in `inference/models`. To add a
library, begin here.
"""

from __future__ import annotations

# Other modules where a public name is defined or re-exported, with the name that the rest of the code uses.
_ALIASES = {
    "asyncpg.connection.connect": "asyncpg.connect",
    "asyncpg.pool.create_pool": "asyncpg.create_pool",
    "asyncpg.pool.Pool": "asyncpg.Pool",
    "psycopg.Connection.connect": "psycopg.connect",
    "psycopg.connection.Connection.connect": "psycopg.connect",
    "psycopg.connection_async.AsyncConnection.connect": "psycopg.AsyncConnection.connect",
    "psycopg_pool.pool.ConnectionPool": "psycopg_pool.ConnectionPool",
    "psycopg_pool.pool_async.AsyncConnectionPool": "psycopg_pool.AsyncConnectionPool",
    "psycopg_pool.null_pool.NullConnectionPool": "psycopg_pool.NullConnectionPool",
    "psycopg_pool.null_pool_async.AsyncNullConnectionPool": "psycopg_pool.AsyncNullConnectionPool",
    "databases.core.Database": "databases.Database",
    "piccolo.engine.postgres.PostgresEngine": "piccolo.engine.PostgresEngine",
    "sqlalchemy.ext.asyncio.engine.create_async_engine": "sqlalchemy.ext.asyncio.create_async_engine",
    "sqlalchemy.ext.asyncio.engine.async_engine_from_config": "sqlalchemy.ext.asyncio.async_engine_from_config",
    "sqlalchemy.ext.asyncio.engine.AsyncEngine": "sqlalchemy.ext.asyncio.AsyncEngine",
    "sqlalchemy.ext.asyncio.engine.AsyncConnection": "sqlalchemy.ext.asyncio.AsyncConnection",
    "sqlalchemy.ext.asyncio.session.AsyncSession": "sqlalchemy.ext.asyncio.AsyncSession",
    "sqlalchemy.ext.asyncio.session.async_sessionmaker": "sqlalchemy.ext.asyncio.async_sessionmaker",
    "sqlmodel.ext.asyncio.session.AsyncSession": "sqlalchemy.ext.asyncio.AsyncSession",
    "sqlalchemy.engine.create_engine": "sqlalchemy.create_engine",
    "sqlalchemy.engine.create.create_engine": "sqlalchemy.create_engine",
    "sqlalchemy.future.create_engine": "sqlalchemy.create_engine",
    "sqlalchemy.future.engine.create_engine": "sqlalchemy.create_engine",
    "sqlmodel.create_engine": "sqlalchemy.create_engine",
    "sqlalchemy.engine.engine_from_config": "sqlalchemy.engine_from_config",
    "sqlalchemy.engine.create.engine_from_config": "sqlalchemy.engine_from_config",
    "sqlalchemy.URL": "sqlalchemy.engine.URL",
    "sqlalchemy.engine.url.URL": "sqlalchemy.engine.URL",
    "sqlalchemy.make_url": "sqlalchemy.engine.make_url",
    "sqlalchemy.engine.url.make_url": "sqlalchemy.engine.make_url",
    "sqlalchemy.util.concurrency.await_fallback": "sqlalchemy.util.await_fallback",
    "sqlalchemy.util.concurrency.await_only": "sqlalchemy.util.await_only",
    "sqlalchemy.sql.text": "sqlalchemy.text",
    "sqlalchemy.sql.expression.text": "sqlalchemy.text",
    "sqlmodel.text": "sqlalchemy.text",
    "sqlalchemy.sql.elements.TextClause": "sqlalchemy.TextClause",
    "sqlalchemy.schema.DDL": "sqlalchemy.DDL",
    "sqlalchemy.sql.ddl.DDL": "sqlalchemy.DDL",
    "sqlmodel.DDL": "sqlalchemy.DDL",
    "sqlalchemy.engine.Engine": "sqlalchemy.Engine",
    "sqlalchemy.engine.base.Engine": "sqlalchemy.Engine",
    "sqlalchemy.engine.Connection": "sqlalchemy.Connection",
    "sqlalchemy.engine.base.Connection": "sqlalchemy.Connection",
    "sqlalchemy.orm.session.Session": "sqlalchemy.orm.Session",
    "sqlmodel.Session": "sqlalchemy.orm.Session",
    "sqlmodel.orm.session.Session": "sqlalchemy.orm.Session",
    "sqlalchemy.orm.session.sessionmaker": "sqlalchemy.orm.sessionmaker",
    "pydantic.BaseSettings": "pydantic_settings.BaseSettings",
    "pydantic.v1.BaseSettings": "pydantic_settings.BaseSettings",
    "pydantic.env_settings.BaseSettings": "pydantic_settings.BaseSettings",
    "pydantic_settings.main.BaseSettings": "pydantic_settings.BaseSettings",
    "pydantic.v1.BaseModel": "pydantic.BaseModel",
    "pydantic.main.BaseModel": "pydantic.BaseModel",
    "pydantic.v1.Field": "pydantic.Field",
    "pydantic.fields.Field": "pydantic.Field",
    "pydantic.v1.PrivateAttr": "pydantic.PrivateAttr",
    "pydantic.fields.PrivateAttr": "pydantic.PrivateAttr",
    "pydantic.types.Secret": "pydantic.Secret",
    "pydantic.types.SecretStr": "pydantic.SecretStr",
    "pydantic.v1.SecretStr": "pydantic.SecretStr",
    "sqlmodel.Field": "pydantic.Field",
    "sqlmodel.main.Field": "pydantic.Field",
    "pydantic.v1.PostgresDsn": "pydantic.PostgresDsn",
    "pydantic.networks.PostgresDsn": "pydantic.PostgresDsn",
    "pydantic_core.MultiHostUrl": "pydantic.MultiHostUrl",
    "pydantic_core.Url": "pydantic.AnyUrl",
    "pydantic.v1.validator": "pydantic.validator",
    "pydantic.v1.root_validator": "pydantic.root_validator",
    "fastapi.param_functions.Depends": "fastapi.Depends",
    "fastapi.params.Depends": "fastapi.Depends",
    "typing_extensions.Annotated": "typing.Annotated",
    "typing_extensions.cast": "typing.cast",
    "typing_extensions.Final": "typing.Final",
}

_POOLS = (
    "NullPool",
    "StaticPool",
    "QueuePool",
    "AsyncAdaptedQueuePool",
    "FallbackAsyncAdaptedQueuePool",
    "SingletonThreadPool",
    "AssertionPool",
)
for _pool in _POOLS:
    for _home in ("sqlalchemy", "sqlalchemy.pool.impl", "sqlmodel.pool"):
        _ALIASES[f"{_home}.{_pool}"] = f"sqlalchemy.pool.{_pool}"

# Functions that create an engine, each with whether the engine is always asynchronous.
ENGINE_FUNCTIONS = {
    "sqlalchemy.ext.asyncio.create_async_engine": True,
    "sqlalchemy.ext.asyncio.async_engine_from_config": True,
    "sqlalchemy.create_engine": False,
    "sqlalchemy.engine_from_config": False,
}
# The class of objects that create an engine from their arguments; `engine_config` has the other arguments.
ENGINE_CONFIG = "advanced_alchemy.config.SQLAlchemyAsyncConfig"
ENGINE_FUNCTIONS[ENGINE_CONFIG] = True
# The schemes of psycopg 3, which prepares statements by itself; psycopg2 does not.
PSYCOPG_SCHEMES = frozenset({"postgresql+psycopg", "postgresql+psycopg_async"})
# ormar's class calls an engine function with its arguments, as its stub shows.
ENGINE_NAMES = frozenset({*(name.rpartition(".")[2] for name in ENGINE_FUNCTIONS), "DatabaseConnection"})

# Options of the engine functions with no effect on anything that is checked.
INDIFFERENT_OPTIONS = frozenset(
    {
        "echo", "echo_pool", "hide_parameters", "json_deserializer", "json_serializer", "label_length", "logging_name",
        "pool_logging_name", "pool_recycle", "query_cache_size",
    }
)  # fmt: skip

# Functions and classes that create a connection or a pool of asyncpg or psycopg without a SQLAlchemy engine. Those in
# `WRAPPERS` pass their arguments on to asyncpg.
ASYNCPG_CONNECT = "asyncpg.connect"
ASYNCPG_POOLS = frozenset({"asyncpg.create_pool", "asyncpg.Pool"})
PSYCOPG_CONNECTS = frozenset({"psycopg.connect", "psycopg.AsyncConnection.connect"})
PSYCOPG_POOLS = frozenset(
    {
        "psycopg_pool.ConnectionPool", "psycopg_pool.AsyncConnectionPool", "psycopg_pool.NullConnectionPool",
        "psycopg_pool.AsyncNullConnectionPool",
    }
)  # fmt: skip
WRAPPERS = frozenset(
    {
        "databases.Database", "gino.Gino.set_bind", "gino.create_engine", "piccolo.engine.PostgresEngine",
        "tortoise.Tortoise.init", "tortoise.register_tortoise",
    }
)  # fmt: skip
CLIENT_FUNCTIONS = frozenset({ASYNCPG_CONNECT}) | ASYNCPG_POOLS | PSYCOPG_CONNECTS | PSYCOPG_POOLS | WRAPPERS
CLIENT_NAMES = frozenset({*(name.rpartition(".")[2] for name in CLIENT_FUNCTIONS), "create_pool_b"})
# The packages that these are imported from.
CLIENT_PACKAGES = frozenset({name.partition(".")[0] for name in CLIENT_FUNCTIONS} | {"buildpg"})

# Functions and classes that call their first argument.
CALLING = frozenset(
    {
        "run_sync", "Callable", "ContextLocalSingleton", "Coroutine", "Factory", "Resource", "Singleton",
        "ThreadLocalSingleton", "ThreadSafeSingleton",
    }
)  # fmt: skip

# Functions that take SQL as a string, each with the index of that argument.
SQL_FUNCTIONS = {
    "sqlalchemy.text": 0,
    "sqlalchemy.DDL": 0,
    "alembic.op.execute": 0,
}
SQL_NAMES = frozenset({"text", "DDL", "execute", "exec_driver_sql"})
# Keys of connect_args that, among the asynchronous drivers, only asyncpg or SQLAlchemy's dialect for it accepts. Tried
# with asyncpg 0.32.0 and SQLAlchemy 2.1.9, next to psycopg 3.3.9, aiosqlite 0.22.1, aiomysql 0.3.2 and asyncmy 0.2.18.
ASYNCPG_KEYS: tuple[str, ...] = (
    "statement_cache_size", "prepared_statement_cache_size", "prepared_statement_name_func", "server_settings",
    "command_timeout", "max_cached_statement_lifetime", "max_cacheable_statement_size", "direct_tls", "record_class",
)  # fmt: skip
# Keys of connect_args that aiosqlite, psycopg or aiomysql accepts, and that asyncpg refuses with a TypeError. libpq's
# keys are not among them, because they are often left behind when a project moves to asyncpg.
OTHER_KEYS: tuple[str, ...] = (
    "check_same_thread", "cached_statements", "detect_types", "iter_chunk_size", "prepare_threshold", "row_factory",
    "cursor_factory", "charset", "use_unicode", "init_command", "sql_mode", "cursorclass", "unix_socket",
)  # fmt: skip
# Keys of connect_args that, among the synchronous drivers, only `sqlite3` accepts, not psycopg 3.3.9 or PyMySQL 1.2.4.
SQLITE_KEYS: tuple[str, ...] = ("check_same_thread", "cached_statements", "detect_types")
# Packages whose connections run SQL that is given as a string, and whose connections and cursors are context managers.
DRIVER_PACKAGES = frozenset(
    {
        "asyncpg", "psycopg", "psycopg_pool", "psycopg2", "aiopg", "aiosqlite", "sqlite3", "aiomysql", "asyncmy",
        "pymysql", "mysql", "MySQLdb", "databases", "duckdb", "oracledb", "clickhouse_connect", "aioodbc", "pyodbc",
        "psqlpy", "snowflake", "redis", "tortoise", "piccolo", "neo4j", "surrealdb", "singlestoredb", "trino",
        "asynch",
    }
)  # fmt: skip
# Methods of the drivers' own connections and pools that run SQL, which is their first argument.
DRIVER_METHODS = frozenset({"execute", "executemany", "fetch", "fetchmany", "fetchrow", "fetchval"})
# Methods of connections and sessions that execute a clause.
EXECUTING = frozenset(
    {"execute", "scalar", "scalars", "stream", "stream_scalars", "exec", "execute_iterate", "get_one"}
)

# Methods of engines, connections and sessions that take execution options, the isolation level among them.
SETTING_OPTIONS = frozenset({"execution_options", "connection"})

# Packages that a module of the project never replaces, whatever its files are called.
_PACKAGES = frozenset(
    {
        "sqlalchemy", "sqlmodel", "alembic", "asyncpg", "psycopg", "psycopg_pool", "pydantic", "pydantic_settings",
        "pydantic_core", "fastapi", "starlette", "decouple", "environs", "environ", "dotenv", "os", "functools",
        "typing", "typing_extensions", "urllib", "dataclasses", "enum", "textwrap", "inspect", "copy", "contextlib",
        "asyncio", "attr", "attrs", "abc", "collections", "pathlib", "ssl", "uuid", "json", "logging", "sys",
        "re", "datetime",
    }
)  # fmt: skip


# A package with one of these names is the library itself. A project with its own could not import the library.
NEVER_OWN = frozenset({"sqlalchemy", "asyncpg", "psycopg", "psycopg_pool"})


def canonical(name: str) -> str:
    """Returns the one name by which the analysis knows something, whatever module it was imported from."""
    if name.startswith(("advanced_alchemy.", "litestar.")):
        # advanced-alchemy re-exports it in a module for each framework, and Litestar in a module that changes between
        # releases.
        name = f"advanced_alchemy.config.{name.rpartition('.')[2]}"
    elif name.startswith("tortoise.contrib.") and name.endswith(".register_tortoise"):
        name = "tortoise.register_tortoise"
    elif name.startswith("buildpg.asyncpg."):
        # buildpg re-exports all of asyncpg, next to functions whose results understand its templates.
        name = name.removeprefix("buildpg.").removesuffix("_b")
    return _ALIASES.get(name, name)


def is_known(name: str) -> bool:
    """Returns whether the analysis knows anything by this dotted name."""
    name = canonical(name)
    return name in _ALIASES.values() or name in ENGINE_FUNCTIONS or name in SQL_FUNCTIONS


def is_library(module: str) -> bool:
    """Returns whether a module belongs to a package that is never searched for in the project."""
    return module.partition(".")[0] in _PACKAGES


SETTINGS_BASES = frozenset({"pydantic_settings.BaseSettings"})
MODEL_BASES = frozenset({"pydantic.BaseModel", "sqlmodel.SQLModel"})
DATACLASS_DECORATORS = frozenset(
    {
        "dataclasses.dataclass",
        "pydantic.dataclasses.dataclass",
        "attr.s",
        "attr.attrs",
        "attr.define",
        "attr.frozen",
        "attrs.define",
        "attrs.frozen",
        "attrs.mutable",
    }
)
PROPERTY_DECORATORS = frozenset(
    {
        "builtins.property",
        "functools.cached_property",
        "pydantic.computed_field",
        "sqlalchemy.util.memoized_property",
        "django.utils.functional.cached_property",
        "abc.abstractproperty",
    }
)
VALIDATOR_DECORATORS = frozenset({"pydantic.validator", "pydantic.field_validator"})
MODEL_VALIDATORS = frozenset({"pydantic.model_validator", "pydantic.root_validator"})
ENUM_BASES = frozenset({"enum.Enum", "enum.StrEnum", "enum.IntEnum", "enum.Flag", "enum.IntFlag"})

ASYNC_RUNNERS = frozenset(
    {
        "sqlalchemy.ext.asyncio.AsyncEngine",
        "sqlalchemy.ext.asyncio.AsyncConnection",
        "sqlalchemy.ext.asyncio.AsyncSession",
        "sqlalchemy.ext.asyncio.async_scoped_session",
    }
)
SYNC_RUNNERS = frozenset(
    {"sqlalchemy.Engine", "sqlalchemy.Connection", "sqlalchemy.orm.Session", "sqlalchemy.orm.scoped_session"}
)

# Functions that run a server, a bot or a worker until it stops: uvicorn, aiohttp, aiogram, python-telegram-bot,
# discord.py, pyrogram, telethon, arq, and asyncio's own.
SERVING = frozenset(
    {
        "serve", "serve_forever", "run_app", "run_forever", "start_polling", "run_polling", "start_webhook",
        "run_webhook", "infinity_polling", "idle", "run_until_disconnected", "run_worker", "start", "async_run", "wait",
    }
)  # fmt: skip
# Common names of modules and objects whose `run` does the same.
SERVERS = frozenset({"uvicorn", "hypercorn", "granian", "web", "app", "bot", "client", "dp", "dispatcher", "worker"})
# Context managers that suppress exceptions.
SWALLOWING = frozenset({"contextlib.suppress", "pytest.raises"})
# Methods that change a dict, a list or Alembic's configuration.
CHANGING = frozenset(
    {
        "__delitem__", "__setitem__", "add", "append", "clear", "discard", "extend", "insert", "move_to_end", "pop",
        "popitem", "remove", "reverse", "set_main_option", "set_section_option", "setdefault", "sort", "update",
    }
)  # fmt: skip
# Methods of loggers, printers and writers, which only read their arguments.
READING = frozenset("debug info warning warn error critical exception log print echo write dump dumps".split())  # noqa: SIM905
