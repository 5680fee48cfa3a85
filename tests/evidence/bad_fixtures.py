"""The fixtures of the rules as cells: how each bad one fails, and its repaired form, made by `--apply`."""

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

SYMPTOMS = TESTS.parent / "docs" / "symptoms.md"


@dataclass(frozen=True, slots=True)
class Race:
    """Fails when several processes meet: with which texts, in which environment, and where its repair is right."""

    texts: tuple[str, ...] = (DUPLICATE, GONE)
    pair: str = "newest"
    fixed_pair: str = "newest"
    work: tuple[str, ...] = ("text", "core", "insert", "many", "types")
    script: bool = False


@dataclass(frozen=True, slots=True)
class Always:
    """Fails at every first query, if not earlier."""

    name: str
    text: str
    mode: str = "transaction"
    # Whether its repair asks for an encrypted connection.
    encrypted: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """Fails where this function is called with a connection or a session."""

    function: str
    given: str
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Pause:
    """Fails at the first query after a rest: shown in test_pre_ping."""


How = Race | Always | Call | Pause

_REFUSED = "Invalid argument(s) '{}' sent to create_engine()"
_UNEXPECTED = "connect() got an unexpected keyword argument '{}'"
_NO_COMPARISON = "'<' not supported between instances of 'str' and 'int'"
_NEGATIVE = "statement_cache_size is expected to be greater or equal to 0, got {}"

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
    "PGB301_multiple_statements_in_text/bad_refresh.py": Call("aggregate", "connection"),
    "PGB301_multiple_statements_in_text/bad_result_used.py": Call("next_number", "session"),
    "PGB301_multiple_statements_in_text/bad_session_settings.py": Call("archive", "session", ("2026-01-01",)),
    "PGB302_multiple_statements/bad_driver_sql.py": Call("reset", "connection"),
}

# PGB0xx speak of files and comments, and claim nothing about servers.
BAD = [case for case in laws.cases("bad") if not case.name.startswith("PGB0")]
BROKEN_BY_PAUSES = [case for case in BAD if isinstance(HOW.get(case.name), Pause)]


def of(kind: type[Any]) -> pytest.MarkDecorator:
    """Parametrize a test with the fixtures that fail in one way."""
    chosen = [pytest.param(case, HOW[case.name], id=case.name) for case in BAD if isinstance(HOW.get(case.name), kind)]
    return pytest.mark.parametrize(("case", "how"), chosen)


def repaired(case: Case, folder: Path) -> Path:
    """A copy of the fixture after `--apply`; the fixture itself where no fix is offered."""
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
    """An exception's text as the pages write it: with the first number and without the UUID."""
    text = re.sub(r"__asyncpg_stmt_\w+?__", "__asyncpg_stmt_1__", text)
    return re.sub(r"__asyncpg_[0-9a-f]{8}-[-0-9a-f]+__", "__asyncpg_<uuid>__", text)


def written(case: Case) -> str:
    """What the pages say that somebody would search: the rule's own, and the page of all symptoms."""
    code = case.path.parent.name[:6]
    page = next(rule.page for rule in rules() if rule.code == code)
    return " ".join((page + SYMPTOMS.read_text("utf-8")).split())
