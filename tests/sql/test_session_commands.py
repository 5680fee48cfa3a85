"""The effects of PostgreSQL's commands on their session, and other facts that the rules need about them."""

import pytest

from poolsafe.sql.scanner import PLACEHOLDER
from poolsafe.sql.session_commands import Effect, SessionCommand, session_commands
from poolsafe.sql.setting_names import is_own_setting

S, R, L = Effect.SETTING, Effect.ROLE, Effect.LOCK
LOCAL_S, LOCAL_R, LOCAL_L = Effect.LOCAL_SETTING, Effect.LOCAL_ROLE, Effect.LOCAL_LOCK
TABLE, LOCAL_TABLE, PREPARED = Effect.TEMPORARY_TABLE, Effect.LOCAL_TABLE, Effect.PREPARED

# SQL, and the effects with what they are about.
EFFECTS: list[tuple[str, list[tuple[Effect, str]]]] = [
    ("SET work_mem = '1GB'", [(S, "work_mem")]),
    ("set Work_Mem to 1", [(S, "work_mem")]),
    ("-- c\n/* d */ SET SESSION work_mem=-1", [(S, "work_mem")]),
    ('SET "app"."Tenant" = 1', [(S, "app.tenant")]),
    ("SET LOCAL work_mem = 1", [(LOCAL_S, "work_mem")]),
    ("SET TIME ZONE 'UTC'", [(S, "timezone")]),
    ("SET SCHEMA 'a'", [(S, "search_path")]),
    ("SET NAMES 'utf8'", [(S, "client_encoding")]),
    ("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", [(S, "session characteristics")]),
    (f"SET app.{PLACEHOLDER} = 1", [(S, f"app.{PLACEHOLDER}")]),
    ("SET work_mem = DEFAULT", [(Effect.RESET, "work_mem")]),
    ("SET Work_Mem TO default", [(Effect.RESET, "work_mem")]),
    ("SET LOCAL work_mem TO DEFAULT", []),
    ("RESET work_mem", [(Effect.RESET, "work_mem")]),
    ("reset app.tenant;", [(Effect.RESET, "app.tenant")]),
    ("RESET ALL", [(Effect.RESET, "all")]),
    ("RESET TIME ZONE", [(Effect.RESET, "timezone")]),
    ("RESET ROLE", [(Effect.RESET, "role")]),
    ("RESET SESSION AUTHORIZATION", [(Effect.RESET, "session authorization")]),
    ("RESET the counters", []),
    ("SET", []),
    ("SET work_mem", []),
    ("SET = 1", []),
    ("SET a_column = 1", []),
    ("SET XML OPTION DOCUMENT", []),
    ("SET TRANSACTION READ ONLY", []),
    ("SET CONSTRAINTS ALL DEFERRED", []),
    ("UPDATE t SET work_mem = 1", []),
    ("ALTER ROLE app SET work_mem = 1", []),
    ("CREATE FUNCTION f() RETURNS int LANGUAGE sql SET search_path = a AS 'SELECT 1'", []),
    ("SET ROLE app", [(R, "app")]),
    ("SET LOCAL ROLE app", [(LOCAL_R, "app")]),
    ("SET SESSION ROLE app", [(R, "app")]),
    ("SET SESSION AUTHORIZATION 'app'", [(R, "app")]),
    ("SET SESSION SESSION AUTHORIZATION app", [(R, "app")]),
    ("SET LOCAL SESSION AUTHORIZATION app", [(LOCAL_R, "app")]),
    ("SET ROLE NONE", [(Effect.RESET, "role")]),
    ("SET LOCAL ROLE NONE", []),
    ("SET SESSION AUTHORIZATION DEFAULT", [(Effect.RESET, "session authorization")]),
    ("SET ROLE", []),
    ("SELECT set_config('work_mem', '1', false)", [(S, "work_mem")]),
    ("SELECT set_config('a.b', coalesce('x', ','), 't'::boolean), 1", [(LOCAL_S, "a.b")]),
    ("SELECT set_config(:n, :v, on)", [(LOCAL_S, "")]),
    ("SELECT set_config('a.b', '1', :local)", []),
    ("SELECT set_config('no_setting', '1', true)", []),
    ("SELECT set_config('a.b', '1')", []),
    ("SELECT set_config, 1", []),
    ("SELECT CASE WHEN set_config('a.b', '1', false) IS NOT NULL THEN 1 END", [(S, "a.b")]),
    ("SELECT set_config('a.b', '1', false), set_config('c.d', '1', true)", [(S, "a.b"), (LOCAL_S, "c.d")]),
    ("SELECT 'set_config(1, 2, false)'", []),
    ("SELECT pg_advisory_lock(1)", [(L, "pg_advisory_lock")]),
    ("select PG_TRY_ADVISORY_LOCK_SHARED(1, 2)", [(L, "pg_try_advisory_lock_shared")]),
    ("SELECT pg_advisory_xact_lock(1)", [(LOCAL_L, "pg_advisory_xact_lock")]),
    ("SELECT pg_advisory_unlock_all()", [(Effect.UNLOCK, "pg_advisory_unlock_all")]),
    ("SELECT my_pg_advisory_lock(1)", []),
    ("SELECT lastval()", [(Effect.SEQUENCE_VALUE, "lastval")]),
    ("INSERT INTO t VALUES (currval('s'))", [(Effect.SEQUENCE_VALUE, "currval")]),
    ("SELECT nextval('s')", []),
    ("CREATE TEMP TABLE t (a int)", [(TABLE, "t")]),
    ("CREATE GLOBAL TEMPORARY TABLE IF NOT EXISTS t (a int)", [(TABLE, "t")]),
    ("CREATE TABLE pg_temp.t (a int)", [(TABLE, "pg_temp.t")]),
    ("CREATE OR REPLACE TEMP VIEW v AS SELECT 1", [(TABLE, "v")]),
    ("CREATE TEMP RECURSIVE VIEW v (n) AS SELECT 1", [(TABLE, "v")]),
    ("CREATE TEMP TABLE t (a int) ON COMMIT DROP", [(LOCAL_TABLE, "t")]),
    ("CREATE TEMP TABLE t ON COMMIT DROP AS SELECT 1", [(LOCAL_TABLE, "t")]),
    ("CREATE TABLE t (a int)", []),
    ("CREATE TEMP FUNCTION f() AS 'x'", []),
    ("SELECT 1 AS a INTO TEMP t", [(TABLE, "t")]),
    ("SELECT 1 AS a INTO TEMPORARY TABLE t FROM s", [(TABLE, "t")]),
    ("SELECT 1 INTO t", []),
    ("DROP TABLE IF EXISTS t", [(Effect.DROP_TABLE, "t")]),
    ("DROP TABLE t", [(Effect.DROP_TABLE, "t")]),
    ('DROP TABLE IF EXISTS a, pg_temp."b" CASCADE', [(Effect.DROP_TABLE, "a"), (Effect.DROP_TABLE, "pg_temp.b")]),
    ("DROP VIEW v", []),
    ("LISTEN jobs", [(Effect.LISTEN, "jobs")]),
    ('LISTEN "my jobs"', [(Effect.LISTEN, "my jobs")]),
    ("listen 80", []),
    ("LISTEN to me", []),
    ("NOTIFY jobs", []),
    ("DECLARE c1 CURSOR WITH HOLD FOR SELECT 1", [(Effect.HELD_CURSOR, "c1")]),
    ("DECLARE c1 CURSOR WITHOUT HOLD FOR SELECT 1", []),
    ("DECLARE c1 CURSOR FOR SELECT 1", []),
    ("PREPARE p1 AS SELECT 1", [(PREPARED, "p1")]),
    ("PREPARE p1 (int) AS SELECT $1", [(PREPARED, "p1")]),
    ("PREPARE TRANSACTION 'x'", []),
    ("EXECUTE p1", [(PREPARED, "p1")]),
    ("EXECUTE p1(1)", [(PREPARED, "p1")]),
    ("execute order 66", []),
    ("DEALLOCATE ALL", [(Effect.DISCARD, "deallocate all")]),
    ("DEALLOCATE PREPARE ALL", [(Effect.DISCARD, "deallocate all")]),
    ("DEALLOCATE p1", [(Effect.DEALLOCATE, "p1")]),
    ("DEALLOCATE PREPARE p1", [(Effect.DEALLOCATE, "p1")]),
    ("DEALLOCATE the memory", []),
    ("DISCARD ALL", [(Effect.DISCARD, "discard all")]),
    ("DISCARD TEMP", [(Effect.DISCARD, "discard temp")]),
    ("DISCARD nothing", []),
    ("LOAD 'age'", [(Effect.LIBRARY, "age")]),
    ("load balancer", []),
    ("BEGIN; SET work_mem = 1; COMMIT", [(Effect.BEGIN, ""), (S, "work_mem"), (Effect.END, "")]),
    ("START TRANSACTION", [(Effect.BEGIN, "")]),
    ("ROLLBACK TO SAVEPOINT a", []),
    ("ROLLBACK WORK TO a", []),
    ("COMMIT PREPARED 'x'", []),
    ("SET app.x = 'unfinished", []),
    ("", []),
]


@pytest.mark.parametrize(("sql", "effects"), EFFECTS, ids=[sql[:60] for sql, _ in EFFECTS])
def test_effects(sql: str, effects: list[tuple[Effect, str]]) -> None:
    assert [(command.effect, command.name) for command in session_commands(sql)] == effects


@pytest.mark.parametrize(
    ("sql", "edited"),
    [
        ("SET SESSION  work_mem = 1", "SET SESSION"),
        ("SET LOCAL work_mem = 1", "SET LOCAL"),
        ("SELECT set_config('a.b', f(1, 2), false)", "false"),
        ("SELECT (set_config('a.b', (f((1))), false))", "false"),
        ("SELECT 1, pg_advisory_lock ( 1 )", "pg_advisory_lock"),
    ],
)
def test_what_a_repair_replaces(sql: str, edited: str) -> None:
    start, end = only(sql).edit or (0, 0)
    assert sql[start:end] == edited


def only(sql: str) -> SessionCommand:
    (command,) = session_commands(sql)
    return command


@pytest.mark.parametrize(
    ("sql", "parameters"),
    [
        ("SET app.t = :t", True),
        ("SET LOCAL app.t TO $1", True),
        ("SET app.t = %(t)s", True),
        ("SET ROLE :role", True),
        ("SET SESSION AUTHORIZATION %s", True),
        ("SET TIME ZONE :zone", True),
        ("SELECT set_config('app.t', :t, false)", True),
        ("SET app.t = '$100'", False),
        ("SET app.t = 'http://:8080'", False),
        ("SET app.t = '100%s'", False),
        (f"SET app.t = {PLACEHOLDER}", False),
        ("SET ROLE app", False),
        ("SELECT set_config('app.t', ':x', false)", False),
    ],
)
def test_what_stands_in_quotes_is_no_parameter(sql: str, parameters: bool) -> None:
    assert only(sql).parameters is parameters


@pytest.mark.parametrize(
    ("sql", "name"), [("SET ROLE :role", ":role"), ("SET ROLE 'app'", "app"), ("SET SESSION AUTHORIZATION $1", "$1")]
)
def test_the_name_of_a_role(sql: str, name: str) -> None:
    assert only(sql).name == name


@pytest.mark.parametrize(
    ("sql", "value", "repairable"),
    [
        ("CREATE TEMP TABLE t (a int)", "", True),
        ("CREATE TEMP TABLE t (a int) ON COMMIT DELETE ROWS", "delete rows", False),
        ("CREATE TEMP TABLE t ON COMMIT PRESERVE ROWS AS SELECT 1", "preserve rows", False),
        ("CREATE TEMP VIEW v AS SELECT 1", "view", False),
        ("CREATE TEMPORARY SEQUENCE s", "sequence", False),
        ("SELECT 1 INTO TEMP t", "select into", False),
    ],
)
def test_kinds_of_temporary_objects(sql: str, value: str, repairable: bool) -> None:
    command = only(sql)
    assert command.value == value
    assert (command.edit is not None) is repairable


@pytest.mark.parametrize(
    ("sql", "with_work"),
    [
        ("SELECT pg_advisory_xact_lock(1)", False),
        ("SELECT set_config('a.b', 'c', true)", False),
        ("SELECT pg_advisory_xact_lock(id) FROM jobs", True),
        ("WITH l AS (SELECT pg_try_advisory_xact_lock(1)) UPDATE jobs SET done = true", True),
        ("INSERT INTO t VALUES (set_config('a.b', 'c', true))", True),
    ],
)
def test_a_query_may_do_its_work_beside_the_call(sql: str, with_work: bool) -> None:
    assert only(sql).with_work is with_work


def test_session_characteristics_cannot_be_made_local() -> None:
    assert only("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY").edit is None


@pytest.mark.parametrize(
    ("name", "own"),
    [("app.tenant", True), ("My.Tenant", True), ("hnsw.ef_search", False), ("PG_TRGM.x", False), ("work_mem", False)],
)
def test_settings_of_ones_own(name: str, own: bool) -> None:
    assert is_own_setting(name) is own


@pytest.mark.parametrize(
    ("sql", "effect"),
    [
        ("SELECT set_config('role', 'app', false)", Effect.ROLE),
        ("SELECT set_config('role', :role, true)", Effect.LOCAL_ROLE),
        ("SELECT set_config('session_authorization', 'app', false)", Effect.ROLE),
    ],
)
def test_set_config_sets_roles_too(sql: str, effect: Effect) -> None:
    assert only(sql).effect is effect
