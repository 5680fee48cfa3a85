"""The findings of the rules on session state, built from facts alone, and their messages."""

from __future__ import annotations

from typing import Any

import pytest
from by_hand import session_statement_in
from message_length import LONGEST, counted

from poolsafe.deployment.providers.catalogue import behind, named
from poolsafe.facts.connection import Route
from poolsafe.facts.deployment import Deployment, Evidence, PoolMode
from poolsafe.facts.session_statement import Client, SessionStatement, Transaction
from poolsafe.facts.statement import Runner
from poolsafe.findings import Finding, Severity
from poolsafe.rules.registry import rules
from poolsafe.sql.session_commands import Effect, SessionCommand

OPEN, BEGUN = {"transaction": Transaction.OPEN}, {"transaction": Transaction.BEGUN}
AUTOCOMMIT, NONE = {"transaction": Transaction.AUTOCOMMIT}, {"transaction": Transaction.NONE}
UNKNOWN = {"transaction": Transaction.UNKNOWN}
USED_AFTER = {"used_here": True, "used_after": True}
LENT = {"transaction": Transaction.BEGUN, "lent": True}

SETTING = "SET work_mem = '1GB'"
TENANT = "SET app.tenant = 'a'"
LOCK = "SELECT pg_advisory_lock(1)"
TABLE = "CREATE TEMP TABLE t (a int)"
NO_POOLER = Deployment(pooler=PoolMode.NONE)


def said(sql: str, where: Deployment | None = None, **changes: Any) -> list[Finding]:
    source, statement = session_statement_in(f'text("{sql}")\n', **changes)
    return [
        finding
        for rule in rules()
        if rule.subject is SessionStatement
        for finding in rule.check(statement, where or Deployment(), source)
    ]


# SQL, what else is known of the statement, the code, and phrases of the message.
REPORTED: list[tuple[str, dict[str, Any], str, list[str]]] = [
    (SETTING, OPEN, "PGB401", ["`SET work_mem` leaks behind", "the next client inherits it", "; use `SET LOCAL`"]),
    (SETTING, LENT, "PGB401", ["; use `SET LOCAL`"]),
    (SETTING, AUTOCOMMIT, "PGB401", ["; use `SET LOCAL` in a transaction, or a direct connection"]),
    (SETTING, USED_AFTER, "PGB401", ["; use `SET LOCAL` in each transaction, or a direct connection"]),
    (SETTING, UNKNOWN, "PGB401", ["; use `SET LOCAL` in a transaction"]),
    (SETTING, {"listener": "begin"}, "PGB401", []),
    (
        TENANT,
        BEGUN,
        "PGB401",
        ["`SET app.tenant`", "the next client sees this client's rows despite row-level security"],
    ),
    ("SET hnsw.ef_search = 100", OPEN, "PGB401", ["the next client inherits it"]),
    ("SET search_path TO a, b", OPEN, "PGB401", ["the next client uses this client's schema"]),
    (
        "SELECT set_config('app.tenant', :t, false)",
        BEGUN,
        "PGB401",
        ["`set_config('app.tenant', ..., false)`", "; use `true` instead of `false`"],
    ),
    (
        "SELECT set_config(:n, :t, false)",
        NONE,
        "PGB401",
        ["`set_config(..., false)`", "; use `true` in a transaction, or a direct connection"],
    ),
    ("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", OPEN, "PGB401", ["; use `SET TRANSACTION`"]),
    ("SET default_transaction_isolation = serializable", AUTOCOMMIT, "PGB401", []),
    ("SET ROLE app", OPEN, "PGB402", ["`SET ROLE app`", "acts as that role", "; use `SET LOCAL ROLE`"]),
    ("SET SESSION AUTHORIZATION app", BEGUN, "PGB402", ["; use `SET LOCAL SESSION AUTHORIZATION`"]),
    ("SET ROLE app", {"listener": "checkout"}, "PGB402", []),
    (LOCK, AUTOCOMMIT, "PGB403", ["`pg_advisory_lock()`", "; take it on a direct connection"]),
    (LOCK, NONE, "PGB403", []),
    (LOCK, UNKNOWN, "PGB403", ["; take it on a direct connection"]),
    (LOCK, OPEN, "PGB403", ["; use `pg_advisory_xact_lock()`"]),
    (LOCK, {"undone_late": True, "lent": True}, "PGB403", ["; take it on a direct connection"]),
    (LOCK, {"undone_late": True, "used_here": True}, "PGB403", ["; use `pg_advisory_xact_lock()`"]),
    (LOCK, USED_AFTER, "PGB403", ["; take it on a direct connection"]),
    ("SELECT pg_try_advisory_lock_shared(1)", BEGUN, "PGB403", ["; use `pg_try_advisory_xact_lock_shared()`"]),
    ("SET LOCAL work_mem = '1GB'", AUTOCOMMIT, "PGB404", ["`SET LOCAL work_mem` has no effect", "without AUTOCOMMIT"]),
    ("SET LOCAL ROLE app", NONE, "PGB404", ["`SET LOCAL ROLE app`", "`async with connection.transaction()`"]),
    ("SELECT set_config('app.t', $1, true)", NONE, "PGB404", ["`set_config('app.t', ..., true)` has no effect"]),
    ("SELECT pg_advisory_xact_lock(1)", NONE, "PGB404", ["`pg_advisory_xact_lock()` protects nothing"]),
    (
        "CREATE TEMP TABLE t (a int) ON COMMIT DROP",
        AUTOCOMMIT,
        "PGB404",
        ["`t` is dropped immediately", "UndefinedTableError"],
    ),
    (
        "SET LOCAL app.t = :t",
        OPEN,
        "PGB405",
        ['`syntax error at or near "$1"`', "`SELECT set_config('app.t', :t, true)`"],
    ),
    ("SET app.t = $1", NONE, "PGB405", []),
    ("SET ROLE :r", BEGUN, "PGB405", ["`SET ROLE :r`", "`SELECT set_config('role', :r, true)`"]),
    ("SET app.t = %s", {"runner": Runner.SYNC, "client": Client.PSYCOPG}, "PGB405", []),
    (TABLE, OPEN, "PGB406", ["the temporary table `t` leaks", "`already exists`", "; add `ON COMMIT DROP`"]),
    (TABLE, LENT, "PGB406", []),
    (TABLE, AUTOCOMMIT, "PGB406", ["; create, use and drop it in one transaction"]),
    (TABLE, USED_AFTER, "PGB406", ["; create, use and drop it in one transaction"]),
    ("CREATE TEMP TABLE IF NOT EXISTS t (a int)", OPEN, "PGB406", ["with another client's rows"]),
    (
        "CREATE TEMP TABLE t (a int) ON COMMIT DELETE ROWS",
        OPEN,
        "PGB406",
        ["; use `ON COMMIT DROP` instead of `DELETE"],
    ),
    ("SELECT 1 AS a INTO TEMP t", OPEN, "PGB406", ["; use `CREATE TEMP TABLE ... ON COMMIT DROP AS`"]),
    ("CREATE TEMP VIEW v AS SELECT 1", OPEN, "PGB406", ["temporary view `v`", "; drop it in the same transaction"]),
    ("CREATE TEMP SEQUENCE s", OPEN, "PGB406", ["temporary sequence `s`"]),
    (
        "LISTEN jobs",
        NONE,
        "PGB407",
        ["`LISTEN jobs` silently receives no notifications", "; use a direct connection"],
    ),
    ("LISTEN jobs", {"function": "add_listener()"}, "PGB407", ["`add_listener()` silently receives no notifications"]),
    (SETTING, {"listener": "connect"}, "PGB408", ["in a `connect` listener leaks"]),
    (SETTING, {"listener": "first_connect"}, "PGB408", []),
    (
        TENANT,
        {"listener": "checkout"},
        "PGB408",
        ["in a `checkout` listener leaks", "; use `SET LOCAL` in a `begin` listener"],
    ),
    (
        "PREPARE p1 AS SELECT 1",
        OPEN,
        "PGB409",
        ["`PREPARE p1` affects only one server connection", "; execute the statement directly"],
    ),
    ("EXECUTE p1", NONE, "PGB409", ["may have run on another server connection"]),
    ("DECLARE c1 CURSOR WITH HOLD FOR SELECT 1", OPEN, "PGB409", ["the `WITH HOLD` cursor `c1`"]),
    ("LOAD 'age'", NONE, "PGB409", ["`LOAD 'age'` affects only one server connection"]),
    ("LOAD 'age'", {"listener": "connect", "lent": True}, "PGB409", []),
    ("LOAD 'age'", BEGUN, "PGB409", []),
    ("SELECT lastval()", AUTOCOMMIT, "PGB409", ["`lastval()` outside", "; use `RETURNING`"]),
    ("SELECT currval('s')", NONE, "PGB409", []),
    ("DISCARD ALL", AUTOCOMMIT, "PGB409", ["`DISCARD ALL` runs on an arbitrary server connection", "; remove it"]),
    ("DEALLOCATE ALL", OPEN, "PGB409", []),
    ("DISCARD TEMP", OPEN, "PGB409", []),
]
ALWAYS = ("PGB404", "PGB405")
EACH = pytest.mark.parametrize(
    ("sql", "changes", "code", "phrases"), REPORTED, ids=[f"{code} {sql}" for sql, _, code, _ in REPORTED]
)


@EACH
def test_what_is_reported(sql: str, changes: dict[str, Any], code: str, phrases: list[str]) -> None:
    # One fault is one finding.
    (found,) = said(sql, **changes)
    assert found.code == code
    for phrase in phrases:
        assert phrase in found.message
    assert found.severity is (Severity.ERROR if code in ALWAYS else Severity.WARNING)


@EACH
def test_messages_are_short_and_end_with_what_to_do(
    sql: str, changes: dict[str, Any], code: str, phrases: list[str]
) -> None:
    (found,) = said(sql, **changes)
    assert counted(found.message) <= LONGEST, counted(found.message)
    assert found.message.count("; ") == 1
    assert "\n" not in found.message


@EACH
def test_without_a_pooler_only_what_fails_everywhere_is_reported(
    sql: str, changes: dict[str, Any], code: str, phrases: list[str]
) -> None:
    always = [code] if code in ALWAYS else []
    for where in (NO_POOLER, Deployment(pooler=PoolMode.SESSION), behind(named("neon-direct"), Deployment())):
        assert [finding.code for finding in said(sql, where, **changes)] == always


@EACH
def test_rds_proxy_pins_and_does_not_break(sql: str, changes: dict[str, Any], code: str, phrases: list[str]) -> None:
    where = behind(named("rds-proxy"), Deployment())
    found = [one for one in said(sql, where, **changes) if one.code not in ALWAYS]
    leaves_nothing = "lastval" in sql or "currval" in sql or sql.startswith(("DISCARD", "DEALLOCATE"))
    assert [one.code for one in found] == ([] if code in ALWAYS or leaves_nothing else [code])
    for finding in found:
        assert "pins its client to one server connection behind RDS Proxy" in finding.message
        assert finding.severity is Severity.WARNING
        assert finding.fix is None
        assert counted(finding.message) <= LONGEST


@EACH
def test_evidence_of_a_transaction_pooler_makes_an_error(
    sql: str, changes: dict[str, Any], code: str, phrases: list[str]
) -> None:
    carrying = Deployment(pooler=PoolMode.TRANSACTION, max_prepared_statements=200)
    for where in (Deployment(pooler=PoolMode.TRANSACTION), carrying, behind(named("azure"), Deployment())):
        (found,) = said(sql, where, **changes)
        assert (found.code, found.severity) == (code, Severity.ERROR)


@EACH
def test_other_drivers_are_silent(sql: str, changes: dict[str, Any], code: str, phrases: list[str]) -> None:
    changes = {**changes, "client": Client.UNKNOWN}
    assert said(sql, **{**changes, "runner": Runner.SYNC}) == []
    unknown = {**changes, "runner": Runner.UNKNOWN}
    assert said(sql, **unknown) == []
    assert said(sql, Deployment(assume_asyncpg=True, synchronous_too=True), **unknown) == []
    assert [finding.code for finding in said(sql, Deployment(assume_asyncpg=True), **unknown)] == [code]


@pytest.mark.parametrize(
    ("sql", "changes"),
    [
        ("SET timezone = 'UTC'", OPEN),
        ("SET application_name = 'x'", AUTOCOMMIT),
        ("SET TIME ZONE 'UTC'", {"listener": "connect"}),
        ("SELECT set_config('TimeZone', 'UTC', false)", OPEN),
        ("SET LOCAL work_mem = '1GB'", OPEN),
        ("SET LOCAL work_mem = '1GB'", LENT),
        ("SET LOCAL work_mem = '1GB'", UNKNOWN),
        ("SELECT set_config('app.t', :t, true)", BEGUN),
        ("SELECT pg_advisory_xact_lock(id) FROM jobs", AUTOCOMMIT),
        ("SELECT pg_advisory_xact_lock(1)", OPEN),
        ("SET app.price = '$100'", {"transaction": Transaction.BEGUN, "rolled_back": True}),
        (LOCK, {"ended_in": True}),
        (LOCK, LENT),
        (TABLE, {"ended_in": True}),
        (SETTING, {"ended_in": True}),
        ("CREATE TEMP TABLE t (a int) ON COMMIT DROP", BEGUN),
        ("CREATE TEMP TABLE IF NOT EXISTS t (a int) ON COMMIT DELETE ROWS", OPEN),
        ("PREPARE p1 AS SELECT 1", {"ended_in": True}),
        ("EXECUTE p1", OPEN),
        ("EXECUTE p1", UNKNOWN),
        ("LOAD 'age'", {"contained": True}),
        ("LOAD 'age'", LENT),
        ("LOAD 'age'", {"listener": "begin"}),
        ("LOAD 'age'", UNKNOWN),
        ("SELECT lastval()", OPEN),
        ("SELECT lastval()", UNKNOWN),
        ("DISCARD PLANS", AUTOCOMMIT),
        ("SELECT pg_advisory_unlock(1)", AUTOCOMMIT),
        ("DROP TABLE t", AUTOCOMMIT),
        ("COMMIT", OPEN),
    ],
)
def test_what_is_silent(sql: str, changes: dict[str, Any]) -> None:
    assert said(sql, **changes) == []


@pytest.mark.parametrize(
    ("sql", "changes", "code"),
    [
        (SETTING, OPEN, "PGB401"),
        ("SET ROLE app", OPEN, "PGB402"),
        (LOCK, OPEN, "PGB403"),
        (TABLE, OPEN, "PGB406"),
        (SETTING, {"listener": "connect"}, "PGB408"),
    ],
)
def test_odyssey_loses_and_does_not_leak(sql: str, changes: dict[str, Any], code: str) -> None:
    (found,) = said(sql, behind(named("odyssey"), Deployment()), **changes)
    assert (found.code, found.severity) == (code, Severity.WARNING)
    assert found.message.startswith("behind Odyssey (configured), ")
    assert "is lost when its transaction ends" in found.message
    assert "client" not in found.message


@pytest.mark.parametrize(
    ("sql", "changes", "code", "phrase"),
    [
        (SETTING, OPEN, "PGB401", ": the next client inherits it;"),
        (TENANT, OPEN, "PGB401", "the next client sees this client's rows"),
        ("SET ROLE app", OPEN, "PGB402", "the next client acts as that role"),
        (LOCK, AUTOCOMMIT, "PGB403", "the next client holds it"),
        (TABLE, OPEN, "PGB406", "other clients can read it"),
        (SETTING, {"listener": "connect"}, "PGB408", ": other clients inherit it;"),
        ("PREPARE p1 AS SELECT 1", OPEN, "PGB409", "outlives its client"),
        ("DECLARE c1 CURSOR WITH HOLD FOR SELECT 1", OPEN, "PGB409", "outlives its client"),
    ],
)
def test_a_session_that_is_not_reset_is_inherited_and_not_lost(
    sql: str, changes: dict[str, Any], code: str, phrase: str
) -> None:
    (found,) = said(sql, behind(named("session-without-reset"), Deployment()), **changes)
    assert found.code == code
    assert phrase in found.message
    assert not any(word in found.message for word in ("lose", "lost", "may not find", "take it too"))


@pytest.mark.parametrize("sql", ["EXECUTE p1", "LOAD 'age'", "SELECT lastval()", "DISCARD ALL", "LISTEN jobs"])
def test_a_session_that_is_not_reset_works_for_its_client(sql: str) -> None:
    assert said(sql, behind(named("session-without-reset"), Deployment()), **NONE) == []


def test_pgdog_tracks_settings() -> None:
    where = behind(named("pgdog"), Deployment())
    assert said(SETTING, where) == said("SET ROLE app", where) == said(SETTING, where, listener="connect") == []
    (found,) = said(LOCK, where)
    assert found.severity is Severity.WARNING


def test_long_and_unknown_names_are_cut() -> None:
    (found,) = said("SET app.a_very_long_name_of_a_setting_of_ones_own = 'x'")
    assert "`SET app.a_very_long_name_of_a...`" in found.message
    assert counted(found.message) <= LONGEST
    (found,) = said("SET ROLE app", command=SessionCommand(Effect.ROLE, "\x01", 0, 0, value="role"))
    assert "`SET ROLE ...`" in found.message


def test_the_place_of_the_pooler_is_related() -> None:
    evidence = (Evidence("pooler", "transaction", "pgbouncer.ini", 3),)
    (found,) = said(SETTING, Deployment(pooler=PoolMode.TRANSACTION, evidence=evidence))
    assert [(place.path, place.row) for place in found.related] == [("pgbouncer.ini", 3)]
    assert "behind the transaction pooler in pgbouncer.ini" in found.message


CACHING, EMPTY = Route(caches=True), Route()


@pytest.mark.parametrize("where", [NO_POOLER, Deployment(pooler=PoolMode.SESSION)])
@pytest.mark.parametrize(
    ("sql", "changes", "reported"),
    [
        ("DEALLOCATE ALL", {**OPEN, "routes": (CACHING,)}, True),
        ("DEALLOCATE PREPARE ALL", {**AUTOCOMMIT, "routes": (CACHING, CACHING)}, True),
        ("DISCARD ALL", {**NONE, "routes": (CACHING,)}, True),
        # It fails at once.
        ("DISCARD ALL", {**OPEN, "routes": (CACHING,)}, False),
        ("DISCARD TEMP", {**NONE, "routes": (CACHING,)}, False),
        ("DISCARD PLANS", {**NONE, "routes": (CACHING,)}, False),
        ("DEALLOCATE ALL", {**OPEN, "routes": (CACHING, EMPTY)}, False),
        ("DEALLOCATE ALL", OPEN, False),
        ("DEALLOCATE ALL", {**OPEN, "routes": (CACHING,), "runner": Runner.SYNC}, False),
    ],
)
def test_what_drops_cached_statements_without_a_pooler(
    sql: str, changes: dict[str, Any], reported: bool, where: Deployment
) -> None:
    found = said(sql, where, **changes)
    assert [(one.code, one.severity) for one in found] == [("PGB409", Severity.ERROR)] * reported
    assert all(counted(one.message) <= LONGEST for one in found)
