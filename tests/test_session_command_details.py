"""What the rules on session state need to know of a command besides its effect."""

import pytest

from poolsafe.sql.scanner import PLACEHOLDER
from poolsafe.sql.session_commands import Effect, SessionCommand, session_commands
from poolsafe.sql.setting_names import is_own_setting


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
        ("SELECT 1 INTO TEMP t", "", False),
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
