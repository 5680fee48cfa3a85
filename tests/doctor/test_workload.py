"""Transactions of an application, without a server: what they send, and what counts as a failure."""

from __future__ import annotations

import asyncio
import io
import json
import os
import sys
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest

from poolsafe.doctor import workload
from poolsafe.doctor.advice import ALL, BOTH_ZERO, DEFAULT, EMPTY_NAME, ONE_ZERO, UNIQUE_NAME
from poolsafe.doctor.probes import cache_configurations
from poolsafe.doctor.target import Target
from poolsafe.doctor.workload import WRONG, Job, Outcome, joined, read, run, written
from poolsafe.facts.engine import NameFunction

TARGET = Target("db", 1, "u", "hunter2", "app", {"sslmode": "require"})


@pytest.mark.parametrize("configuration", ALL, ids=lambda each: each.title)
def test_a_job_survives_the_way_to_another_process(configuration: Any) -> None:
    job = Job(TARGET, configuration, True, "ab12", "b", 2, 5)
    assert "\n" not in written(job)
    assert read(written(job)) == job


def test_outcomes_are_added() -> None:
    first, second = Outcome(2, {"A": 1}, "one", frozenset({1})), Outcome(3, {"A": 1, "B": 2}, "two", frozenset({2}))
    assert joined([first, second]) == Outcome(5, {"A": 2, "B": 2}, "one", frozenset({1, 2}))
    assert joined([]) == Outcome(0, {})
    assert Outcome(5, {"A": 2, "B": 2}).failed == 4


class Connection:
    """The parts of asyncpg's connection that an application without SQLAlchemy needs."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer
        self.begun = 0

    async def fetchrow(self, sql: str, said: str) -> object:
        if isinstance(self._answer, BaseException):
            raise self._answer
        return self._answer or sql.split("'")[1] + said, 7

    def transaction(self) -> Connection:
        return self

    async def __aenter__(self) -> None:
        self.begun += 1

    async def __aexit__(self, *_: object) -> None:
        pass

    def terminate(self) -> None:
        pass


def with_asyncpg(monkeypatch: pytest.MonkeyPatch, answer: Any, **job: Any) -> tuple[Outcome, list[dict[str, Any]]]:
    said: list[dict[str, Any]] = []

    async def connect(**keywords: Any) -> Connection:
        said.append(keywords)
        return Connection(answer)

    monkeypatch.setattr(asyncpg, "connect", connect)
    monkeypatch.setattr(workload, "installed", {}.get)
    return asyncio.run(
        run(Job(TARGET, **{"configuration": ONE_ZERO, "autocommit": False, "token": "ab12", **job}))
    ), said


@pytest.mark.parametrize("autocommit", [False, True])
def test_asyncpg_alone(monkeypatch: pytest.MonkeyPatch, autocommit: bool) -> None:
    outcome, said = with_asyncpg(monkeypatch, None, autocommit=autocommit)
    assert outcome == Outcome(24, {}, servers=frozenset({7}))
    assert [each["statement_cache_size"] for each in said] == [0, 0, 0]
    assert said[0]["dsn"] == "postgresql://?sslmode=require"


def test_other_rows_and_exceptions_are_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome, said = with_asyncpg(monkeypatch, "theirs", configuration=DEFAULT)
    assert outcome.failures == {WRONG: 24}
    assert "'theirs' in place of 'a-0-0-ab12-0'" in outcome.example
    assert "statement_cache_size" not in said[0]
    error = asyncpg.DuplicatePreparedStatementError('"hunter2" already exists\nHINT: a page of text')
    outcome, _ = with_asyncpg(monkeypatch, error)
    assert outcome.failures == {"DuplicatePreparedStatementError": 24}
    assert outcome.example == 'DuplicatePreparedStatementError: "***" already exists'


def test_a_refused_connection_is_a_failure_without_sqlalchemy_too(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(**_: Any) -> Connection:
        raise asyncpg.TooManyConnectionsError("too many clients already")

    monkeypatch.setattr(workload, "installed", {}.get)
    monkeypatch.setattr(asyncpg, "connect", refuse)
    outcome = asyncio.run(run(Job(TARGET, ONE_ZERO, False, "ab12")))
    assert outcome.failures == {"TooManyConnectionsError": 24}


def test_names_are_nobody_else_s() -> None:
    for configuration in (DEFAULT, UNIQUE_NAME):
        job = Job(TARGET, configuration, False, "ab12")
        said = workload._connect_args(job)
        number = ALL.index(configuration)
        names = [said["connection_class"]._get_unique_id(None, "stmt") for _ in range(2)]
        assert names == [f"__poolsafe_ab12_{number}_stmt_1__", f"__poolsafe_ab12_{number}_stmt_2__"]
    assert said["prepared_statement_name_func"]().startswith("__poolsafe_ab12_")


def test_what_sqlalchemy_is_told() -> None:
    said = workload._connect_args(Job(TARGET, EMPTY_NAME, False, "ab12"))
    assert (said["statement_cache_size"], said["prepared_statement_cache_size"]) == (0, 0)
    assert said["prepared_statement_name_func"]() == ""
    said = workload._connect_args(Job(TARGET, BOTH_ZERO, False, "ab12"))
    assert "prepared_statement_name_func" not in said


def test_with_sqlalchemy_a_server_that_refuses_is_a_failure() -> None:
    job = Job(Target("127.0.0.1", 1, "u", "hunter2", "app"), BOTH_ZERO, True, "ab12", tasks=1, transactions=2)
    outcome = asyncio.run(run(job))
    assert (outcome.attempts, outcome.failed) == (2, 2)
    assert "hunter2" not in outcome.example


def test_the_program(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    async def done(job: Job) -> Outcome:
        return Outcome(job.transactions, {WRONG: 1}, job.who, frozenset({9, 7}))

    jobs = [Job(TARGET, DEFAULT, False, "ab12", who) for who in "ab"]
    monkeypatch.setattr(workload, "run", done)
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{written(job)}\n" for job in jobs)))
    workload.main()
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [
        [8, {WRONG: 1}, "a", [7, 9]],
        [8, {WRONG: 1}, "b", [7, 9]],
    ]


def test_the_program_ends_with_the_process_that_has_started_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stopped: list[str] = []

    async def hang(job: Job) -> Outcome:
        try:
            await asyncio.sleep(60)
        finally:
            stopped.append(job.who)
        return Outcome(1, {})

    parents = iter([7, 7, 1])
    monkeypatch.setattr(workload, "run", hang)
    monkeypatch.setattr(workload, "_LOOK", 0.01)
    monkeypatch.setattr(os, "getppid", lambda: next(parents))
    jobs = [Job(TARGET, DEFAULT, False, "ab12", who) for who in "ab"]
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{written(job)}\n" for job in jobs)))
    workload.main()
    assert (stopped, capsys.readouterr().out) == (["a"], "")


def test_processes_of_their_own_run_every_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    async def clean(bench: Any, marker: str, servers: object) -> bool:
        return True

    class Bench:
        token = "ab12"
        left: list[str]

        def __init__(self) -> None:
            self.left = []

        def say(self, text: str) -> None:
            pass

        async def close(self) -> None:
            pass

        def leaves(self, what: str, clean: object) -> None:
            self.left.append(what)

        def removed(self, what: str) -> None:
            self.left.remove(what)

    monkeypatch.setattr(cache_configurations, "drop_statements_everywhere", clean)
    monkeypatch.setattr(cache_configurations, "candidates", lambda: (DEFAULT, ONE_ZERO))
    bench = Bench()
    refusing = Target("127.0.0.1", 1, "u", "hunter2", "app")
    found = asyncio.run(cache_configurations.run(bench, refusing))  # type: ignore[arg-type]
    assert [(each, outcome.attempts, outcome.failed) for each, outcome in found] == [
        (DEFAULT, 48, 48),
        (ONE_ZERO, 48, 48),
    ]
    assert "hunter2" not in found[0][1].example
    assert bench.left == []
    # A process that does not answer ends the table.
    monkeypatch.setattr(cache_configurations, "_START", "pass")
    found = asyncio.run(cache_configurations.run(bench, refusing))  # type: ignore[arg-type]
    assert [(each, outcome.failures) for each, outcome in found] == [(DEFAULT, {"no answer": 2})]


@pytest.mark.parametrize(
    ("version", "names", "count"),
    [(None, False, 2), ((2, 0, 9), False, 4), ((2, 0, 10), True, 6), ((2, 1, 9), True, 6)],
)
def test_candidates(monkeypatch: pytest.MonkeyPatch, version: Any, names: bool, count: int) -> None:
    monkeypatch.setattr(cache_configurations, "installed", {"sqlalchemy": version}.get)
    found = cache_configurations.candidates()
    assert len(found) == count
    assert any(each.name is not NameFunction.ABSENT for each in found) is names
