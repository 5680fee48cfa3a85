"""The fixtures of the rules as cells: how each bad one fails, and the result of `--apply`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import laws
import pytest
from laws import Case

from poolsafe.rules.registry import rules

from .clients import TESTS

DUPLICATE = 'prepared statement "__asyncpg_stmt_1__" already exists'
GONE = 'prepared statement "__asyncpg_stmt_1__" does not exist'
UNIQUE_GONE = 'prepared statement "__asyncpg_<uuid>__" does not exist'
UNNAMED_GONE = "unnamed prepared statement does not exist"
NAMES_OF_RACES = ("DuplicatePreparedStatementError", "InvalidSQLStatementNameError")
SEVERAL = "cannot insert multiple commands into a prepared statement"

# The environments with psycopg.
PSYCOPGS = ("libraries", "psycopg 3.1")

PARAMETER = 'syntax error at or near "$1"'

SYMPTOMS = TESTS.parent / "docs" / "symptoms.md"


@dataclass(frozen=True, slots=True)
class Race:
    """Fails in several processes at the same time: with which texts, in which environment, and where its fix works."""

    texts: tuple[str, ...] = (DUPLICATE, GONE)
    pair: str = "newest"
    fixed_pair: str = "newest"
    work: tuple[str, ...] = ("text", "core", "insert", "many", "types")
    script: bool = False


@dataclass(frozen=True, slots=True)
class Always:
    """Fails at every first query, or earlier."""

    name: str
    text: str
    mode: str = "transaction"
    # Whether its repair asks for an encrypted connection.
    encrypted: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """Fails when this function is called with a connection, a session or a DSN, with or without a pooler."""

    function: str
    given: str
    arguments: tuple[Any, ...] = ()
    name: str = "PostgresSyntaxError"
    text: str = SEVERAL
    wrapper: str = "ProgrammingError"
    pairs: tuple[str, ...] = ("newest",)


@dataclass(frozen=True, slots=True)
class Leak:
    """Leaves state on a server, where other clients read it with `probe`."""

    function: str
    given: str
    probe: str
    arguments: tuple[Any, ...] = ()
    # What the other clients do on their servers before.
    first: str | None = None
    # It takes another client at each commit: alone on the pool, a client gets the same server again.
    moved: bool = False


@dataclass(frozen=True, slots=True)
class NoEffect:
    """Returns this result, because nothing was set or locked, with or without a pooler."""

    function: str
    given: str
    arguments: tuple[Any, ...] = ()
    result: Any = None


@dataclass(frozen=True, slots=True)
class Listening:
    """Receives no notifications through the pooler."""


@dataclass(frozen=True, slots=True)
class LastValue:
    """Returns another client's id, or none."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Fails at the first query after an idle period: tested in test_pre_ping."""


@dataclass(frozen=True, slots=True)
class Own:
    """Creates connections without SQLAlchemy: its configuration is tested in test_connections."""


@dataclass(frozen=True, slots=True)
class Made:
    """Fails when several processes query with the objects that a fixture creates with a library: which, and how."""

    # Each object by its name, with the way to open it: `libraries.of_fixture`.
    objects: dict[str, str]
    texts: tuple[str, ...] = (DUPLICATE, GONE)
    pairs: tuple[str, ...] = ("libraries",)
    work: str = "fetch"
    # How often a process queries, and with how many texts. psycopg prepares a text that runs for the sixth time.
    size: tuple[tuple[str, int], ...] = ()


How = Race | Always | Call | Pause | Leak | NoEffect | Listening | LastValue | Own | Made

_REFUSED = "Invalid argument(s) '{}' sent to create_engine()"
_UNEXPECTED = "connect() got an unexpected keyword argument '{}'"
_NO_COMPARISON = "'<' not supported between instances of 'str' and 'int'"
_NEGATIVE = "statement_cache_size is expected to be greater or equal to 0, got {}"


def _own(setting: str) -> str:
    # After a transaction that set it, a setting of one's own is empty and no longer NULL.
    return f"SELECT coalesce(nullif(current_setting('{setting}', true), ''), 'none')"


def _locks(key: int) -> str:
    return f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = {key} AND pid = pg_backend_pid()"


def _table(name: str) -> str:
    return f"SELECT to_regclass('pg_temp.{name}') IS NOT NULL"


def _prepared(name: str) -> str:
    return f"SELECT count(*) FROM pg_prepared_statements WHERE name = '{name}'"


_OF_PSYCOPG = ('prepared statement "_pg3_0" already exists', 'prepared statement "_pg3_0" does not exist')
_SEVERAL_BY_PSYCOPG = ("SyntaxError", SEVERAL, "SyntaxError", PSYCOPGS)
_SAME_TEXT = (("texts", 1), ("attempts", 24))
_NO_ASYNC_POOL = "Pool class {} cannot be used with asyncio engine"

HOW: dict[str, How] = {
    "PGB101_missing_cache_size/bad_alembic_env.py": Race(script=True),
    "PGB101_missing_cache_size/bad_fastapi_service.py": Race(),
    "PGB101_missing_cache_size/bad_keywords_in_a_dict.py": Race(),
    "PGB101_missing_cache_size/bad_two_engines.py": Race(),
    "PGB101_missing_cache_size/bad_url_create.py": Race(),
    # asyncpg's key alone is wrong for the old asyncpg only, and both zeros are right for the new one only.
    "PGB102_partial_cache_size/bad_asyncpg_key_only.py": Race(pair="old"),
    "PGB102_partial_cache_size/bad_in_the_url.py": Race(),
    "PGB102_partial_cache_size/bad_sqlalchemy_key_only.py": Race(),
    "PGB103_nonzero_cache_size/bad_small_cache.py": Race(),
    "PGB103_nonzero_cache_size/bad_tuned_for_a_direct_connection.py": Race(),
    "PGB104_invalid_cache_size/bad_negative.py": Always("ValueError", _NEGATIVE.format(-1)),
    "PGB104_invalid_cache_size/bad_none.py": Always("ValueError", _NEGATIVE.format(None)),
    "PGB104_invalid_cache_size/bad_text_from_the_environment.py": Always(
        "TypeError", "can't multiply sequence by non-int of type 'float'"
    ),
    "PGB105_misplaced_cache_size/bad_beside_a_creator.py": Race(),
    "PGB105_misplaced_cache_size/bad_engine_keyword.py": Always(
        "TypeError", _REFUSED.format("statement_cache_size','prepared_statement_cache_size")
    ),
    "PGB105_misplaced_cache_size/bad_in_the_url.py": Always("TypeError", _NO_COMPARISON),
    "PGB106_named_prepared_statement/bad_old_asyncpg.py": Race((DUPLICATE,), "old", "old"),
    "PGB107_unsafe_statement_name/bad_autocommit.py": Race((UNIQUE_GONE,)),
    "PGB107_unsafe_statement_name/bad_autocommit_of_a_connection.py": Race((UNIQUE_GONE,), work=("maintain",)),
    "PGB107_unsafe_statement_name/bad_widely_copied_recipe.py": Race((DUPLICATE, GONE, UNIQUE_GONE)),
    "PGB108_conditional_cache_size/bad_one_environment.py": Race(),
    "PGB109_transaction_in_statement_mode/bad_session.py": Always(
        "ConnectionDoesNotExistError", "transaction blocks not allowed in statement pooling mode", "statement"
    ),
    "PGB201_missing_pre_ping/bad_recycle_only.py": Pause(),
    "PGB201_missing_pre_ping/bad_worker.py": Pause(),
    "PGB202_disabled_pre_ping/bad_module_setting.py": Pause(),
    "PGB202_disabled_pre_ping/bad_written_out.py": Pause(),
    "PGB203_null_pool_argument/bad_switched_to_null_pool.py": Always(
        "TypeError", _REFUSED.format("pool_size','max_overflow")
    ),
    "PGB204_rejected_startup_parameter/bad_jit_and_timeout.py": Always(
        "ProtocolViolationError", "unsupported startup parameter: jit"
    ),
    "PGB205_rejected_connect_parameter/bad_application_name.py": Always(
        "TypeError", _UNEXPECTED.format("application_name")
    ),
    "PGB205_rejected_connect_parameter/bad_beside_server_settings.py": Always(
        "TypeError", _UNEXPECTED.format("application_name")
    ),
    "PGB205_rejected_connect_parameter/bad_engine_keyword.py": Always("TypeError", _REFUSED.format("command_timeout")),
    "PGB205_rejected_connect_parameter/bad_libpq_url.py": Always(
        "TypeError", _UNEXPECTED.format("sslmode"), encrypted=True
    ),
    "PGB205_rejected_connect_parameter/bad_listener.py": Always("TypeError", _UNEXPECTED.format("sslmode")),
    "PGB205_rejected_connect_parameter/bad_misspelt_keyword.py": Always("TypeError", _REFUSED.format("poolsize")),
    "PGB205_rejected_connect_parameter/bad_no_place.py": Always("TypeError", _UNEXPECTED.format("options")),
    "PGB205_rejected_connect_parameter/bad_several_places.py": Always(
        "TypeError", _UNEXPECTED.format("sslmode"), encrypted=True
    ),
    "PGB205_rejected_connect_parameter/bad_slip.py": Always("TypeError", _UNEXPECTED.format("comand_timeout")),
    "PGB205_rejected_connect_parameter/bad_url_of_a_dashboard.py": Always("TypeError", _UNEXPECTED.format("pgbouncer")),
    "PGB205_rejected_connect_parameter/bad_sqlite_option.py": Always(
        "TypeError", _UNEXPECTED.format("check_same_thread")
    ),
    "PGB206_pre_ping_outside_transaction/bad_old_versions.py": Race((UNNAMED_GONE,), "older"),
    "PGB207_refused_pool_class/bad_beside_another_pool.py": Always("ArgumentError", _NO_ASYNC_POOL.format("QueuePool")),
    "PGB207_refused_pool_class/bad_by_the_module.py": Always("ArgumentError", _NO_ASYNC_POOL.format("QueuePool")),
    "PGB207_refused_pool_class/bad_queue_pool.py": Always("ArgumentError", _NO_ASYNC_POOL.format("QueuePool")),
    "PGB207_refused_pool_class/bad_singleton.py": Always("ArgumentError", _NO_ASYNC_POOL.format("SingletonThreadPool")),
    "PGB301_multiple_statements_in_text/bad_psycopg_at_once.py": Call(
        "purge", "nothing", ("2026-01-01",), "SyntaxError", pairs=PSYCOPGS
    ),
    "PGB301_multiple_statements_in_text/bad_refresh.py": Call("aggregate", "connection"),
    "PGB301_multiple_statements_in_text/bad_result_used.py": Call("next_number", "session"),
    "PGB301_multiple_statements_in_text/bad_session_settings.py": Call("archive", "session", ("2026-01-01",)),
    "PGB302_multiple_statements/bad_driver_sql.py": Call("reset", "connection"),
    "PGB401_session_setting/bad_asyncpg_transaction.py": Leak("total", "dsn", "SHOW work_mem"),
    "PGB401_session_setting/bad_autocommit.py": Leak("build_index", "nothing", "SHOW lock_timeout"),
    "PGB401_session_setting/bad_function_of_sqlalchemy.py": Leak("audit", "nothing", _own("app.user"), ("alice",)),
    "PGB401_session_setting/bad_search_path_of_a_tenant.py": Leak("count", "session", "SHOW search_path"),
    "PGB401_session_setting/bad_session_characteristics.py": Leak(
        "read", "nothing", "SHOW default_transaction_read_only"
    ),
    "PGB401_session_setting/bad_tenant_of_a_session.py": Leak("set_tenant", "session", _own("app.tenant"), ("acme",)),
    "PGB401_session_setting/bad_timeout_of_a_report.py": Leak("report", "nothing", "SHOW statement_timeout"),
    "PGB402_session_role/bad_authorization.py": Leak("impersonate", "dsn", "SELECT session_user"),
    "PGB402_session_role/bad_role.py": Leak("audit", "nothing", "SELECT current_user"),
    "PGB402_session_role/bad_session_role.py": Leak("use_role", "session", "SELECT current_user"),
    "PGB403_session_advisory_lock/bad_leader.py": Leak("lead", "dsn", _locks(4713)),
    "PGB403_session_advisory_lock/bad_never_released.py": Leak("send_invoices", "nothing", _locks(4711)),
    # Alone on the pool, a client would get the same server again for its release.
    "PGB403_session_advisory_lock/bad_released_after_commit.py": Leak(
        "send_invoices", "nothing", _locks(4712), moved=True
    ),
    "PGB404_local_setting_outside_transaction/bad_autocommit.py": NoEffect("locks_held", "nothing", (), 0),
    "PGB404_local_setting_outside_transaction/bad_temporary_table.py": Call(
        "load", "dsn", (), "UndefinedTableError", 'relation "tt" does not exist', "UndefinedTableError"
    ),
    "PGB404_local_setting_outside_transaction/bad_tenant_on_asyncpg.py": NoEffect("tenant_seen", "dsn", ("acme",)),
    "PGB405_setting_with_parameter/bad_role_on_asyncpg.py": Call(
        "use_role", "dsn", ("auditor",), text=PARAMETER, wrapper="PostgresSyntaxError"
    ),
    "PGB405_setting_with_parameter/bad_tenant.py": Call("set_tenant", "session", ("acme",), text=PARAMETER),
    "PGB405_setting_with_parameter/bad_timeout.py": Call("set_timeout", "connection", ("5000",), text=PARAMETER),
    "PGB406_temporary_table/bad_from_a_query.py": Leak("load", "session", _table("old_items")),
    "PGB406_temporary_table/bad_if_not_exists.py": Leak("remember", "dsn", _table("seen")),
    "PGB406_temporary_table/bad_import.py": Leak("load", "nothing", _table("new_items")),
    "PGB407_listen/bad_add_listener.py": Listening(),
    "PGB407_listen/bad_statement.py": Leak(
        "subscribe", "nothing", "SELECT count(*) FROM pg_listening_channels() AS channel WHERE channel = 'orders'"
    ),
    "PGB408_connect_event_setting/bad_checkout_listener.py": Leak("use", "nothing", "SHOW statement_timeout"),
    "PGB408_connect_event_setting/bad_connect_listener.py": Leak("use", "nothing", "SHOW search_path"),
    "PGB409_session_statement/bad_deallocate_all.py": Leak(
        "tidy_up", "nothing", _prepared("kept"), first="PREPARE kept AS SELECT 1"
    ),
    "PGB409_session_statement/bad_drops_cached.py": Call(
        "after_a_migration", "nothing", name="InvalidSQLStatementNameError", text=GONE, wrapper="DBAPIError"
    ),
    "PGB409_session_statement/bad_held_cursor.py": Leak(
        "open_export", "nothing", "SELECT count(*) FROM pg_cursors WHERE name = 'c1'"
    ),
    "PGB409_session_statement/bad_last_value.py": LastValue(),
    "PGB103_nonzero_cache_size/bad_asyncpg_pool.py": Own(),
    "PGB104_invalid_cache_size/bad_asyncpg_connect.py": Own(),
    "PGB105_misplaced_cache_size/bad_asyncpg_dsn.py": Own(),
    "PGB108_conditional_cache_size/bad_asyncpg_pool.py": Own(),
    "PGB204_rejected_startup_parameter/bad_asyncpg_pool.py": Own(),
    "PGB205_rejected_connect_parameter/bad_asyncpg_connect.py": Own(),
    "PGB302_multiple_statements/bad_asyncpg_fetch.py": Call("report", "dsn", wrapper="PostgresSyntaxError"),
    "PGB302_multiple_statements/bad_asyncpg_many.py": Call("move", "dsn", wrapper="PostgresSyntaxError"),
    "PGB302_multiple_statements/bad_psycopg.py": Call("clear", "dsn", ("2026-01-01",), *_SEVERAL_BY_PSYCOPG),
    "PGB302_multiple_statements/bad_psycopg_at_once.py": Call("rebuild", "dsn", (), *_SEVERAL_BY_PSYCOPG),
    "PGB501_asyncpg_missing_cache_size/bad_bot.py": Own(),
    "PGB501_asyncpg_missing_cache_size/bad_imported_by_name.py": Own(),
    "PGB501_asyncpg_missing_cache_size/bad_on_several_lines.py": Own(),
    "PGB501_asyncpg_missing_cache_size/bad_one_url_of_two.py": Own(),
    "PGB502_asyncpg_cursor/bad_databases_iterate.py": Made(
        {"database": "databases"}, (DUPLICATE,), work="cursor", size=(("processes", 5), ("attempts", 40))
    ),
    "PGB502_asyncpg_cursor/bad_export.py": Own(),
    "PGB503_asyncpg_prepare/bad_named.py": Own(),
    "PGB503_asyncpg_prepare/bad_old_asyncpg.py": Own(),
    "PGB504_pool_init_setting/bad_init.py": Own(),
    "PGB504_pool_init_setting/bad_object.py": Own(),
    "PGB511_psycopg_prepare_threshold/bad_checkpointer.py": Made(
        {"checkpoints": "function", "store": "psycopg_pool"}, _OF_PSYCOPG, PSYCOPGS, size=_SAME_TEXT
    ),
    "PGB511_psycopg_prepare_threshold/bad_engine.py": Made(
        {"reports": "engine", "engine": "engine"}, _OF_PSYCOPG, PSYCOPGS, size=_SAME_TEXT
    ),
    "PGB512_wrapped_asyncpg/bad_databases.py": Made({"database": "databases"}),
    "PGB512_wrapped_asyncpg/bad_piccolo.py": Made({"DB": "piccolo"}),
    "PGB512_wrapped_asyncpg/bad_tortoise.py": Made({"init": "tortoise"}),
    "PGB512_wrapped_asyncpg/bad_tortoise_url.py": Made({"init": "tortoise"}),
    "PGB409_session_statement/bad_prepare.py": Leak("warm_up", "nothing", _prepared("p1")),
}

# PGB0xx speak of files and comments, and claim nothing about servers.
BAD = [case for case in laws.cases("bad") if not case.name.startswith("PGB0")]
BROKEN_BY_PAUSES = [case for case in BAD if isinstance(HOW.get(case.name), Pause)]


def of(kind: type[Any]) -> pytest.MarkDecorator:
    """Parametrizes a test with the fixtures that fail in one way."""
    chosen = [pytest.param(case, HOW[case.name], id=case.name) for case in BAD if isinstance(HOW.get(case.name), kind)]
    return pytest.mark.parametrize(("case", "how"), chosen)


def repaired(case: Case, folder: Path) -> Path:
    """Returns a copy of the fixture after `--apply`, or the fixture itself if there is no fix."""
    path = folder / case.path.name
    path.write_bytes(case.raw)
    said = {key: value for key, value in case.options.items() if key != "unsafe-fixes"}
    settings = [word for key, value in said.items() for word in ("--config", f"{key} = {value!r}")]
    flags = ["--isolated", "--apply", *["--unsafe-fixes"] * case.unsafe, *settings]
    command = [sys.executable, "-m", "fixer", *flags, str(path)]
    environment = os.environ | {"NO_COLOR": "1"}
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode in (0, 1), ran.stdout + ran.stderr
    return path


def as_written(text: str) -> str:
    """Returns an exception's text as on the pages: with the first number and without the UUID."""
    text = re.sub(r"_pg3_\d+", "_pg3_0", text)
    text = re.sub(r"__asyncpg_stmt_\w+?__", "__asyncpg_stmt_1__", text)
    return re.sub(r"__asyncpg_[0-9a-f]{8}-[-0-9a-f]+__", "__asyncpg_<uuid>__", text)


def written(case: Case) -> str:
    """Returns the texts that users may search for on the rule's page and on the page of symptoms."""
    code = case.path.parent.name[:6]
    page = next(rule.page for rule in rules() if rule.code == code)
    return " ".join((page + SYMPTOMS.read_text("utf-8")).split())
