"""Session state on real servers: what the bad fixtures leave to other clients, and harmless state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import laws
import pytest
from laws import Case

from .bad_fixtures import GONE, LastValue, Leak, Listening, NoEffect, as_written, of, repaired, written
from .cells import Where
from .conftest import ClientOf
from .servers import Pooler, Servers

# A race is repeated so many times by each client before the test fails because it did not show.
ROUNDS = 60
READS_OF_ONES_OWN = "SELECT coalesce(nullif(current_setting('app.tenant', true), ''), 'none')"
LOCKS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
STATE = " || '/' || ".join(
    (
        "current_setting('work_mem')",
        "current_setting('statement_timeout')",
        "current_setting('search_path')",
        "current_setting('timezone')",
        "current_setting('datestyle')",
        "coalesce(nullif(current_setting('app.user', true), ''), 'none')",
        "current_user",
        f"({LOCKS})",
        "(SELECT count(*) FROM pg_class WHERE relpersistence = 't' AND relname LIKE '%\\_items')",
        "(SELECT count(*) FROM pg_cursors WHERE name = 'c1')",
    )
)


def call(where: Where, path: Path, how: Any, **more: Any) -> dict[str, Any]:
    job = {"server": where.server(), "function": how.function, "with": how.given, "arguments": how.arguments}
    return where.client.do("call", fixture=str(path), **job, **more)


@of(Leak)
def test_what_a_client_leaves_behind(
    case: Case, how: Leak, client_of: ClientOf, servers: Servers, pooler: Pooler, tmp_path: Path
) -> None:
    where = Where(client_of("newest"), servers, pooler)
    looks = {"probe": how.probe, "first": how.first, "moved": how.moved}
    answer = call(where, case.path, how, **looks)
    assert answer["name"] is None
    assert answer["after"] != answer["before"]
    if case.fixed.exists():
        answer = call(where, repaired(case, tmp_path), how, **looks)
        assert answer["name"] is None
        assert answer["after"] == answer["before"]


@of(Leak)
def test_without_a_pooler_nobody_meets_it(case: Case, how: Leak, client_of: ClientOf, servers: Servers) -> None:
    answer = call(Where(client_of("newest"), servers), case.path, how, probe=how.probe)
    assert answer["name"] is None
    assert answer["after"] == answer["before"]


@of(NoEffect)
def test_what_has_no_effect(case: Case, how: NoEffect, client_of: ClientOf, servers: Servers, pooler: Pooler) -> None:
    for where in (Where(client_of("newest"), servers), Where(client_of("newest"), servers, pooler)):
        assert call(where, case.path, how, result=True) == {"name": None, "result": how.result}


@of(Listening)
def test_listening(case: Case, how: Listening, client_of: ClientOf, servers: Servers, pooler: Pooler) -> None:
    direct = Where(client_of("newest"), servers)
    job = {"fixture": str(case.path), "origin": direct.server()}
    assert direct.client.do("listen", server=direct.server(), **job) == {"heard": ["new"]}
    pooled = Where(client_of("newest"), servers, pooler)
    assert pooled.client.do("listen", server=pooled.server(), **job) == {"heard": []}


@of(LastValue)
def test_the_last_value(case: Case, how: LastValue, client_of: ClientOf, servers: Servers, pooler: Pooler) -> None:
    where = Where(client_of("newest"), servers, pooler)
    job: dict[str, Any] = {"fixture": str(case.path), "rounds": ROUNDS}
    (mistake, *_) = where.client.do("last_value", server=where.server(), **job)["mistakes"]
    assert mistake in written(case)
    direct = Where(client_of("newest"), servers)
    assert direct.client.do("last_value", server=direct.server(), fixture=str(case.path), rounds=10) == {"mistakes": []}


@pytest.mark.parametrize("mode", [None, "session"])
def test_statements_that_are_dropped_and_still_cached(
    mode: str | None, client_of: ClientOf, servers: Servers, pooler: Pooler
) -> None:
    where = Where(client_of("newest"), servers, pooler if mode else None, mode or "")
    how = Leak("after_a_migration", "nothing", "")
    folder = laws.FIXTURES / "PGB409_session_statement"
    bad = call(where, folder / "bad_drops_cached.py", how)
    assert bad["name"] == "InvalidSQLStatementNameError"
    assert as_written(bad["text"]) == GONE
    for name in ("good_nothing_cached.py", "good_thrown_away.py"):
        for _ in range(2):
            assert call(where, folder / name, how) == {"name": None}


# What is silent in the fixtures: a function, and what it is given.
SILENT = [
    ("PGB401_session_setting/good_set_local.py", "report"),
    ("PGB401_session_setting/good_tracked.py", "prepare"),
    ("PGB401_session_setting/good_set_back.py", "load_history"),
    ("PGB402_session_role/good_set_local_role.py", "audit"),
    ("PGB402_session_role/good_reset.py", "leave"),
    ("PGB403_session_advisory_lock/good_transaction_lock.py", "send_invoices"),
    ("PGB403_session_advisory_lock/good_released_in_the_transaction.py", "send_invoices"),
    ("PGB404_local_setting_outside_transaction/good_transaction.py", "lock"),
    ("PGB406_temporary_table/good_on_commit_drop.py", "load"),
    ("PGB406_temporary_table/good_dropped_by_hand.py", "load"),
    ("PGB407_listen/good_notify.py", "publish"),
    ("PGB408_connect_event_setting/good_begin_listener.py", "use"),
    ("PGB409_session_statement/good_cursor_in_a_transaction.py", "export"),
]


@pytest.mark.parametrize(("name", "function"), SILENT, ids=[name for name, _ in SILENT])
def test_what_is_silent_leaves_nothing(
    name: str, function: str, client_of: ClientOf, servers: Servers, pooler: Pooler
) -> None:
    where = Where(client_of("newest"), servers, pooler)
    answer = call(where, laws.FIXTURES / name, Leak(function, "nothing", STATE), probe=f"SELECT {STATE}")
    assert answer["name"] is None
    assert answer["after"] == answer["before"]


@pytest.mark.parametrize(
    ("sql", "read", "there", "elsewhere"),
    [
        # The other client has it, and this one has not.
        ("SET work_mem = '64MB'", "SHOW work_mem", "64MB", "4MB"),
        ("SELECT set_config('app.tenant', 'acme', false)", READS_OF_ONES_OWN, "acme", "none"),
        ("SET ROLE auditor", "SELECT current_user", "auditor", "postgres"),
        ("SELECT pg_advisory_lock(4720)", LOCKS, "1", "0"),
        ("SELECT pg_advisory_lock(4721)", "SELECT pg_advisory_unlock(4721)", "True", "False"),
        ("CREATE TEMP TABLE moved (a int)", "SELECT to_regclass('pg_temp.moved') IS NOT NULL", "True", "False"),
        ("LOAD 'auto_explain'", "SELECT current_setting('auto_explain.log_format', true)", "text", "None"),
        # Nobody has it.
        ("SET LOCAL work_mem = '64MB'", "SHOW work_mem", "4MB", "4MB"),
        ("SELECT set_config('app.tenant', 'acme', true)", READS_OF_ONES_OWN, "none", "none"),
        ("SET LOCAL ROLE auditor", "SELECT current_user", "postgres", "postgres"),
        ("SELECT pg_advisory_xact_lock(4720)", LOCKS, "0", "0"),
        # The client has it on every server, and the other one does not.
        ("SET timezone = 'Asia/Tokyo'", "SELECT current_setting('timezone') = 'Asia/Tokyo'", "False", "True"),
        ("SET DateStyle = 'SQL, DMY'", "SHOW DateStyle", "ISO, MDY", "SQL, DMY"),
    ],
)
def test_what_moves_with_a_client(
    sql: str, read: str, there: str, elsewhere: str, client_of: ClientOf, servers: Servers, pooler: Pooler
) -> None:
    where = Where(client_of("newest"), servers, pooler)
    answer = where.client.do("move", server=where.server(), sql=sql, read=read)
    assert answer == {"there": there, "elsewhere": elsewhere}
