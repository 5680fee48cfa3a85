"""A whole examination of a server in memory: its order, its end, and the cleaning up."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from poolsafe.doctor import driver, examination
from poolsafe.doctor.advice import ALL, BOTH_ZERO, DEFAULT, EMPTY_NAME, Configuration
from poolsafe.doctor.bench import Bench, Client, NoAnswer, Refused
from poolsafe.doctor.diagnosis import Between
from poolsafe.doctor.examination import Examination, NoConnection, examine
from poolsafe.doctor.probes import (
    cache_configurations,
    leftover_state,
    named_statements,
    recommended_configuration,
    server_identity,
    transaction_pooling,
)
from poolsafe.doctor.probes.named_statements import Carried, Naming
from poolsafe.doctor.target import Target
from poolsafe.doctor.workload import Outcome

from .fake_server import DIRECT, SESSION, STATEMENT, TRANSACTION, FakeServer, run_without_waiting

TARGET = Target("db", 6432, "u", "hunter2", "app")
WORKS, FAILS = Outcome(24, {}), Outcome(24, {"InterfaceError": 3}, "InterfaceError: hunter2")


@pytest.fixture(autouse=True)
def versions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "installed", {"asyncpg": (0, 32, 0), "sqlalchemy": (2, 1, 9)}.get)
    monkeypatch.setattr(leftover_state, "_ARRIVES", 0.03)


def examined(
    server: FakeServer,
    monkeypatch: pytest.MonkeyPatch,
    *,
    outcome: Outcome = WORKS,
    timeout: float = 20.0,
    state: bool = False,
    figures: Mapping[Configuration, Outcome] | None = None,
) -> Examination:
    table_of = figures or {}

    async def connect(target: Target, settings: Mapping[str, str], timeout: float) -> Client:
        return await server.connect(settings)

    async def trial(bench: Bench, target: Target, configuration: Configuration, between: Between) -> Outcome:
        return outcome

    async def table(bench: Bench, target: Target) -> tuple[tuple[Configuration, Outcome], ...]:
        return tuple((configuration, table_of.get(configuration, WORKS)) for configuration in ALL)

    monkeypatch.setattr(driver, "connect", connect)
    monkeypatch.setattr(recommended_configuration, "run", trial)
    monkeypatch.setattr(cache_configurations, "run", table)
    return run_without_waiting(examine(TARGET, timeout=timeout, state=state))


@pytest.mark.parametrize(
    ("server", "between", "settings"),
    [
        (FakeServer(DIRECT), Between.DIRECT, {"pooler": "none"}),
        (FakeServer(SESSION, reuses=True), Between.SESSION, {"pooler": "session"}),
        (FakeServer(SESSION, drops=frozenset({"jit"})), Between.SESSION, {"pooler": "session"}),
        (FakeServer(SESSION, pgpool=True, announces=False), Between.SESSION, {"pooler": "pgpool"}),
        (FakeServer(SESSION, reuses=True, resets=False), Between.INHERITS, {"pooler": "session-without-reset"}),
        (FakeServer(TRANSACTION), Between.BREAKS, {"pooler": "transaction", "max-prepared-statements": 0}),
        (FakeServer(STATEMENT), Between.STATEMENT, {"pooler": "statement"}),
    ],
    ids=lambda value: value.value if isinstance(value, Between) else "",
)
def test_the_verdict(
    server: FakeServer, between: Between, settings: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = examined(server, monkeypatch)
    assert (found.between, found.settings, found.works) == (between, settings, True)
    assert (found.left, found.problems, found.stopped) == ((), [], "")
    assert all(client.closed for client in server.clients)
    assert server.left() == []


def test_advice_that_fails_does_not_work(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not examined(FakeServer(TRANSACTION), monkeypatch, outcome=FAILS).works


@pytest.mark.parametrize(
    ("figures", "recommended", "works"),
    [
        ({}, DEFAULT, True),
        ({DEFAULT: FAILS}, BOTH_ZERO, True),
        ({DEFAULT: FAILS, BOTH_ZERO: FAILS}, EMPTY_NAME, True),
        (dict.fromkeys(ALL, FAILS), DEFAULT, False),
        # A process that gave no answer proves nothing of its configuration.
        ({DEFAULT: Outcome(1, {cache_configurations.NO_ANSWER: 1})}, DEFAULT, True),
    ],
)
def test_what_fails_in_two_processes_is_not_recommended(
    figures: Mapping[Configuration, Outcome],
    recommended: Configuration,
    works: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = examined(FakeServer(TRANSACTION, carries=True), monkeypatch, state=True, figures=figures)
    assert (found.between, found.recommended, found.works) == (Between.CARRIES, recommended, works)


def test_versions_for_which_nothing_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "installed", {"asyncpg": (0, 27, 0), "sqlalchemy": (2, 1, 9)}.get)
    found = examined(FakeServer(TRANSACTION), monkeypatch)
    assert (found.recommended, found.works) == (None, False)


def test_asyncpg_s_defaults_are_not_tried_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    found = examined(FakeServer(TRANSACTION, carries=True), monkeypatch, outcome=FAILS)
    assert (found.recommended, found.trial, found.works) == (DEFAULT, None, True)


def test_the_state_of_sessions_is_examined_if_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    server = FakeServer(TRANSACTION)
    found = examined(server, monkeypatch, state=True)
    assert found.state is not None
    assert found.configurations is not None
    assert found.notifications is False
    assert server.left() == []


def test_without_transactions_no_state_is_left_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    found = examined(FakeServer(STATEMENT), monkeypatch, state=True)
    assert (found.state, found.configurations) == (None, None)
    assert found.problems == ["session state: not tried, because without transactions it could not be removed again"]


@pytest.mark.parametrize(
    "command", ["inet_client_port", "SELECT pg_catalog.pg_backend_pid()", "pg_prepared_statements"]
)
def test_a_server_that_hangs(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "_CLEANING", 0.1)
    server = FakeServer(TRANSACTION, hangs_at=command)
    if command == "pg_prepared_statements":
        found = examined(server, monkeypatch, timeout=0.3)
        assert found.stopped == "the time limit of 0.3 s was reached"
        assert "one prepared statement" in found.left[0]
        return
    with pytest.raises(NoConnection, match=r"^no verdict: db:6432: the time limit of 0.3 s was reached$"):
        examined(server, monkeypatch, timeout=0.3)


def test_time_that_runs_out_after_the_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    found = examined(FakeServer(TRANSACTION, hangs_at="FROM (VALUES"), monkeypatch, timeout=1)
    assert (found.between, found.stopped) == (Between.BREAKS, "the time limit of 1 s was reached")


def test_an_interruption_cleans_up(monkeypatch: pytest.MonkeyPatch) -> None:
    server = FakeServer(TRANSACTION)
    found: list[Examination] = []

    async def connect(target: Target, settings: Mapping[str, str], timeout: float) -> Client:
        return await server.connect(settings)

    async def hang(bench: Bench) -> Any:
        bench.leaves("something", removed)
        await asyncio.sleep(3600)

    async def removed(bench: Bench) -> bool:
        return True

    async def interrupt() -> None:
        monkeypatch.setattr(driver, "connect", connect)
        monkeypatch.setattr(server_identity, "run", hang)
        task = asyncio.ensure_future(examine(TARGET, timeout=20))
        await asyncio.sleep(0.05)
        task.cancel()
        found.append(await task)

    run_without_waiting(interrupt())
    assert (found[0].stopped, found[0].left, found[0].between) == ("interrupted", (), None)
    assert all(client.closed for client in server.clients)


def test_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(target: Target, settings: Mapping[str, str], timeout: float) -> Client:
        raise Refused('password authentication failed for user "u": hunter2', "28P01")

    monkeypatch.setattr(driver, "connect", refuse)
    with pytest.raises(NoConnection) as error:
        run_without_waiting(examine(TARGET, timeout=5))
    assert str(error.value).startswith("db:6432: authentication failed: password authentication failed")
    assert "hunter2" not in str(error.value)
    assert error.value.found.problems == [str(error.value)]


def test_a_busy_pool_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    probe = transaction_pooling.run
    times: list[int] = []

    async def busy(bench: Bench) -> Any:
        times.append(1)
        if len(times) < 3:
            raise NoAnswer
        return await probe(bench)

    monkeypatch.setattr(transaction_pooling, "run", busy)
    assert examined(FakeServer(TRANSACTION), monkeypatch).between is Between.BREAKS
    assert len(times) == 3


@pytest.mark.parametrize(("busy_times", "verdict"), [(2, Between.BREAKS), (9, Between.UNKNOWN)])
def test_names_are_tried_again_if_others_kept_their_server(
    busy_times: int, verdict: Between, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe = named_statements.run
    left: list[tuple[str, ...]] = []

    async def busy(bench: Bench, pooling: Any) -> Any:
        left.append(bench.left)
        if len(left) > busy_times:
            return await probe(bench, pooling)

        async def clean(bench: Bench) -> bool:
            return True

        bench.leaves("a name", clean)
        return Naming(Carried.UNKNOWN, "others kept it")

    monkeypatch.setattr(named_statements, "run", busy)
    assert examined(FakeServer(TRANSACTION), monkeypatch).between is verdict
    assert left == [()] * 3


def test_a_name_that_cannot_be_removed_stays_the_only_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async def busy(bench: Bench, pooling: Any) -> Any:
        async def clean(bench: Bench) -> bool:
            return False

        bench.leaves(f"name {bench.next_number()}", clean)
        return Naming(Carried.UNKNOWN, "others kept it")

    monkeypatch.setattr(named_statements, "run", busy)
    assert len(examined(FakeServer(TRANSACTION), monkeypatch).left) == 1


def test_a_pool_that_stays_busy_has_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    async def busy(bench: Bench) -> Any:
        raise NoAnswer

    monkeypatch.setattr(transaction_pooling, "run", busy)
    with pytest.raises(
        NoConnection,
        match=r"^no verdict: db:6432 did not answer in time; other clients may be using every server connection$",
    ):
        examined(FakeServer(TRANSACTION), monkeypatch)


@pytest.mark.parametrize("probe", ["server_settings", "leftover_state"])
def test_a_later_probe_that_fails_leaves_the_verdict(probe: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(bench: Bench) -> Any:
        raise Refused("hunter2 went away")

    monkeypatch.setattr(getattr(examination, probe), "run", fail)
    found = examined(FakeServer(TRANSACTION), monkeypatch, state=True)
    assert found.between is Between.BREAKS
    assert len(found.problems) == 1
    assert "*** went away" in found.problems[0]
