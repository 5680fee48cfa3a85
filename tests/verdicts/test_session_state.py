"""What happens to session state behind each pooler of the catalogue, and how severe that is."""

from typing import Any

import pytest
from by_hand import session_statement_in

from poolsafe.deployment.providers.catalogue import CATALOGUE, behind, named
from poolsafe.facts.deployment import Deployment, PoolMode
from poolsafe.facts.pooler import Pooler, PoolerClass, State
from poolsafe.facts.session_statement import SessionStatement, Transaction
from poolsafe.findings import Severity
from poolsafe.sql.session_commands import Effect
from poolsafe.verdicts import StateVerdict, judge_state
from poolsafe.verdicts.session_state import Outcome, outcome

ERROR, WARNING = Severity.ERROR, Severity.WARNING
SET, ROLE, LOCK = "SET work_mem = '1GB'", "SET ROLE app", "SELECT pg_advisory_lock(1)"
TABLE, LISTEN, DISCARD = "CREATE TEMP TABLE t (a int)", "LISTEN jobs", "DISCARD ALL"
COMMANDS = (SET, ROLE, LOCK, TABLE, LISTEN, DISCARD)


def statement(sql: str, **changes: Any) -> SessionStatement:
    return session_statement_in(f'text("{sql}")\n', **changes)[1]


def at(name: str) -> Deployment:
    return behind(named(name), Deployment())


@pytest.mark.parametrize("sql", COMMANDS)
@pytest.mark.parametrize(
    ("deployment", "verdict"),
    [
        (Deployment(), StateVerdict(Outcome.LEAKS, WARNING)),
        (Deployment(pooler=PoolMode.TRANSACTION), StateVerdict(Outcome.LEAKS, ERROR)),
        (Deployment(pooler=PoolMode.STATEMENT), StateVerdict(Outcome.LEAKS, ERROR)),
        # Carrying statements helps statements alone.
        (
            Deployment(pooler=PoolMode.TRANSACTION, max_prepared_statements=200),
            StateVerdict(Outcome.LEAKS, ERROR),
        ),
        (Deployment(pooler=PoolMode.SESSION), None),
        (Deployment(pooler=PoolMode.NONE), None),
    ],
)
def test_by_mode(sql: str, deployment: Deployment, verdict: StateVerdict | None) -> None:
    assert judge_state(statement(sql), deployment) == verdict


@pytest.mark.parametrize(
    ("name", "sql", "wanted", "severity"),
    [
        ("neon", SET, Outcome.LEAKS, ERROR),
        ("supabase-transaction", LOCK, Outcome.LEAKS, ERROR),
        ("pgbouncer", SET, Outcome.LEAKS, WARNING),
        ("prisma-postgres", SET, Outcome.LEAKS, WARNING),
        # Lost and not leaked; there is nothing left to discard.
        ("odyssey", SET, Outcome.LOST, WARNING),
        ("odyssey", TABLE, Outcome.LOST, WARNING),
        ("odyssey", DISCARD, None, None),
        # SET is tracked, the rest is not.
        ("pgdog", SET, None, None),
        ("pgdog", ROLE, None, None),
        ("pgdog", LOCK, Outcome.LEAKS, WARNING),
        ("pgdog", LISTEN, Outcome.LEAKS, WARNING),
        # The client keeps its server, and no other client gets it meanwhile.
        ("rds-proxy", SET, Outcome.PINS, WARNING),
        ("rds-proxy", LOCK, Outcome.PINS, WARNING),
        ("rds-proxy", DISCARD, None, None),
        ("yugabytedb", SET, None, None),
        ("yugabytedb", TABLE, Outcome.PINS, WARNING),
        ("supabase-session", SET, None, None),
        ("neon-direct", LOCK, None, None),
        ("pgpool", TABLE, None, None),
        ("yandex", SET, None, None),
        # The client keeps its server, and the next one gets it as it is.
        ("session-without-reset", SET, Outcome.INHERITED, ERROR),
        ("session-without-reset", LOCK, Outcome.INHERITED, ERROR),
        ("session-without-reset", LISTEN, None, None),
        ("session-without-reset", DISCARD, None, None),
    ],
)
def test_by_product(name: str, sql: str, wanted: Outcome | None, severity: Severity | None) -> None:
    verdict = None if wanted is None or severity is None else StateVerdict(wanted, severity)
    assert judge_state(statement(sql), at(name)) == verdict


@pytest.mark.parametrize(
    ("transaction", "leaks"),
    [(Transaction.OPEN, True), (Transaction.BEGUN, True), (Transaction.AUTOCOMMIT, False), (Transaction.NONE, False)],
)
def test_pgcat_resets_what_no_transaction_holds(transaction: Transaction, leaks: bool) -> None:
    verdict = judge_state(statement(SET, transaction=transaction), at("pgcat"))
    assert verdict == StateVerdict(Outcome.LEAKS if leaks else Outcome.LOST, ERROR)


def test_every_state_and_effect_has_an_outcome() -> None:
    found = {outcome(state, effect, where) for state in State for effect in Effect for where in Transaction}
    assert found == set(Outcome)


@pytest.mark.parametrize("row", CATALOGUE, ids=lambda row: row.name)
def test_states_agree_with_the_classes_of_the_catalogue(row: Pooler) -> None:
    keeping = {State.OWN, State.PINNED, State.TRACKED_OR_PINNED}
    if row.kind in (PoolerClass.BREAKS, PoolerClass.CARRIES):
        assert row.state not in keeping
    if row.kind in (PoolerClass.DIRECT, PoolerClass.SESSION, PoolerClass.PINS):
        assert row.state in keeping
    assert row.state_in_words.startswith(row.state.value)
