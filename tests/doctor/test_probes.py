"""The probes on a server in memory: the result of each, and that it leaves nothing behind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from poolsafe.doctor import cleaning
from poolsafe.doctor.bench import MOST_CLIENTS, Bench, Lost, NoAnswer, Refused, transaction
from poolsafe.doctor.diagnosis import Between, Observations, between, how, lost
from poolsafe.doctor.probes import (
    leftover_state,
    named_statements,
    server_identity,
    server_settings,
    transaction_pooling,
)
from poolsafe.doctor.probes.named_statements import Carried
from poolsafe.doctor.probes.transaction_pooling import Movement
from poolsafe.facts.pooler import Fate

from .fake_server import DIRECT, SESSION, STATEMENT, TRANSACTION, FakeServer, run_without_waiting

T = TypeVar("T")

BREAKS = FakeServer(TRANSACTION)


def probed(server: FakeServer, probe: Callable[[Bench], Awaitable[T]]) -> T:
    async def program() -> T:
        bench = Bench(server.connect)
        found = await probe(bench)
        await bench.close()
        return found

    return run_without_waiting(program())


async def observed(bench: Bench) -> Observations:
    identity = await server_identity.run(bench)
    pooling = await transaction_pooling.run(bench)
    naming = await named_statements.run(bench, pooling)
    return Observations(identity, pooling, naming, await server_settings.run(bench))


@pytest.mark.parametrize(
    ("server", "verdict", "word"),
    [
        (FakeServer(DIRECT), Between.DIRECT, "sees this client's own port"),
        (FakeServer(SESSION, pgpool=True, announces=False), Between.SESSION, "pgpool-II"),
        (FakeServer(SESSION, announces=False), Between.SESSION, "from the announced one"),
        (FakeServer(SESSION, reuses=True), Between.SESSION, "earlier, closed connection"),
        (FakeServer(SESSION, drops=frozenset({"jit"})), Between.SESSION, "do not reach it"),
        (FakeServer(SESSION, reuses=True, resets=False), Between.INHERITS, "earlier, closed connection"),
        (FakeServer(DIRECT, refuses_names="no names here"), Between.BREAKS, ""),
        (FakeServer(TRANSACTION), Between.BREAKS, "from the announced one"),
        (FakeServer(TRANSACTION, closes=True), Between.BREAKS, ""),
        (FakeServer(TRANSACTION, carries=True), Between.CARRIES, ""),
        (FakeServer(TRANSACTION, size=1), Between.BREAKS, ""),
        (FakeServer(TRANSACTION, size=1, carries=True), Between.CARRIES, ""),
        (FakeServer(TRANSACTION, size=8, pins=True), Between.PINS, ""),
        (FakeServer(STATEMENT), Between.STATEMENT, ""),
    ],
    ids=lambda value: value.value if isinstance(value, Between) else "",
)
def test_the_verdict(server: FakeServer, verdict: Between, word: str) -> None:
    seen = probed(server, observed)
    assert between(seen) is verdict
    assert word in how(seen)
    assert server.left() == []


def test_a_verdict_without_proof_of_names() -> None:
    async def busy(bench: Bench) -> Observations:
        seen = await observed(bench)
        return Observations(seen.identity, seen.pooling, named_statements.Naming(Carried.UNKNOWN, "busy"))

    assert between(probed(FakeServer(TRANSACTION), busy)) is Between.UNKNOWN


@pytest.mark.parametrize(("mode", "movement"), [(DIRECT, Movement.STAYS), (TRANSACTION, Movement.MOVES)])
def test_movement(mode: str, movement: Movement) -> None:
    assert probed(FakeServer(mode), transaction_pooling.run).movement is movement


def test_servers_in_turn_are_noticed_too() -> None:
    server = FakeServer(TRANSACTION, size=9)
    # The one that waited longest is next, as with PgBouncer's server_round_robin.
    take = server.take
    server.take = lambda: server.free.pop(0) if len(server.every) >= server.size else take()  # type: ignore[method-assign]
    assert probed(server, transaction_pooling.run).movement is Movement.MOVES


def test_a_connection_that_dies_is_no_statement_mode() -> None:
    server = FakeServer(STATEMENT)

    async def die(bench: Bench) -> object:
        client = (await bench.clients(1))[0]

        async def run(sql: str, patience: float | None = None) -> None:
            raise Lost("connection was closed in the middle of operation: server restarted")

        client.run = run  # type: ignore[method-assign]
        return await transaction_pooling.run(bench)

    with pytest.raises(Lost, match="server restarted"):
        probed(server, die)


def test_a_refused_begin_is_statement_mode() -> None:
    async def refuse(bench: Bench) -> object:
        client = (await bench.clients(1))[0]

        async def run(sql: str, patience: float | None = None) -> None:
            raise Refused("no transactions here")

        client.run = run  # type: ignore[method-assign]
        return await transaction_pooling.run(bench)

    found = probed(FakeServer(TRANSACTION), refuse)
    assert isinstance(found, transaction_pooling.Pooling)
    assert found.movement is Movement.NO_TRANSACTIONS
    assert "no transactions here" in found.proof


def test_a_server_that_others_keep_is_said_to_have_a_name() -> None:
    server = FakeServer(TRANSACTION, size=9)

    async def run(bench: Bench) -> tuple[named_statements.Naming, tuple[str, ...]]:
        pooling = await transaction_pooling.run(bench)
        owner, _ = await bench.clients(2)
        parse = owner.parse

        async def parse_and_lose(name: str, sql: str) -> object:
            statement = await parse(name, sql)
            # Somebody else takes this server from now on, and everybody gets new ones.
            server.take = server.add  # type: ignore[method-assign]
            return statement

        owner.parse = parse_and_lose  # type: ignore[method-assign, assignment]
        naming = await named_statements.run(bench, pooling)
        return naming, bench.left

    naming, left = probed(server, run)
    assert naming.carried is Carried.UNKNOWN
    assert len(left) == 1
    assert "one prepared statement, `poolsafe_" in left[0]


@pytest.mark.parametrize(
    ("server", "fate"),
    [
        (FakeServer(DIRECT), Fate.CARRIED),
        (FakeServer(DIRECT, drops=frozenset({"jit", "options"})), Fate.DROPPED),
        (FakeServer(DIRECT, refuses=frozenset({"jit", "options"})), Fate.REFUSED),
    ],
)
def test_startup_parameters(server: FakeServer, fate: Fate) -> None:
    found = {each.name: each for each in probed(server, server_settings.run)}
    assert found["jit"].fate is found["options"].fate is fate
    assert found["application_name"].fate is Fate.CARRIED
    assert found["jit"].reason == ("unsupported startup parameter: jit" if fate is Fate.REFUSED else "")


def test_a_name_that_is_not_reported() -> None:
    server = FakeServer(DIRECT, conceals=frozenset({"application_name"}))
    found = {each.name: each for each in probed(server, server_settings.run)}
    assert found["application_name"].fate is Fate.UNKNOWN
    assert lost(probed(server, observed)) == ()


def test_a_parameter_that_is_refused_with_the_first_command() -> None:
    server = FakeServer(DIRECT)
    connect = server.connect

    async def late(settings: dict[str, str]) -> object:
        client = await connect(settings)
        if "jit" in settings:
            client.closed = True
        return client

    server.connect = late  # type: ignore[method-assign, assignment]
    found = {each.name: each.fate for each in probed(server, server_settings.run)}
    assert found["jit"] is Fate.REFUSED


@pytest.mark.parametrize(
    ("server", "leaks", "kept"),
    [
        (FakeServer(TRANSACTION), True, False),
        (FakeServer(TRANSACTION, size=1), True, None),
        (FakeServer(DIRECT), False, True),
        (FakeServer(SESSION, reuses=True), False, True),
        (FakeServer(SESSION, reuses=True, resets=False), True, True),
    ],
)
def test_session_state(server: FakeServer, leaks: bool, kept: bool | None) -> None:
    found = probed(server, leftover_state.run)
    assert [(each.leaks, each.kept) for each in found] == [(leaks, kept)] * 4
    assert [each.name for each in found] == ["setting", "advisory lock", "temporary table", "LISTEN"]
    assert server.left() == []


def test_a_server_that_nobody_gets_again_is_not_known_to_be_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "_PAUSE", 0)
    server = FakeServer(SESSION)

    async def run(bench: Bench) -> tuple[tuple[leftover_state.StateFate, ...], tuple[str, ...]]:
        return await leftover_state.run(bench), bench.left

    found, left = probed(server, run)
    assert {each.leaks for each in found} == {None}
    assert [what.split(",")[0].split("`")[0] for what in left] == [
        "the setting ",
        f"the advisory lock {left[1].split()[3].rstrip(',')}",
        "the temporary table ",
        "the channel ",
    ]


def test_a_server_that_somebody_else_gets_is_not_known_to_be_without_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "_PAUSE", 0)
    server = FakeServer(SESSION, resets=False)

    async def run(bench: Bench) -> tuple[named_statements.Naming, tuple[str, ...]]:
        pooling = transaction_pooling.Pooling(Movement.STAYS, "", reused=True)
        return await named_statements.run(bench, pooling), bench.left

    naming, left = probed(server, run)
    assert naming.carried is Carried.YES
    assert len(left) == 1
    assert "one prepared statement, `poolsafe_" in left[0]


@pytest.mark.parametrize("servers", [1, 3, 7])
def test_state_is_removed_from_a_session_pool_that_keeps_it(servers: int) -> None:
    server = FakeServer(SESSION, reuses=True, resets=False)

    async def run(bench: Bench) -> bool:
        clients = await bench.clients(servers)
        async with transaction(clients[0], keep=True) as home:
            await clients[0].run("SET geqo_seed = 0.1")
        for client in clients:
            # The others are given away first.
            await bench.drop(client)
        return await leftover_state._clean(bench, home, "RESET geqo_seed")

    assert probed(server, run)
    assert server.left() == []


def test_state_that_is_refused_is_no_end() -> None:
    server = FakeServer(TRANSACTION)

    async def refuse(bench: Bench) -> tuple[leftover_state.StateFate, ...]:
        for client in await bench.clients(2):
            run = client.run

            async def refusing(sql: str, patience: float | None = None, run: object = run) -> None:
                if sql.startswith("LISTEN"):
                    raise Refused("LISTEN is not allowed")
                await run(sql, patience)  # type: ignore[operator]

            client.run = refusing  # type: ignore[method-assign]
        return await leftover_state.run(bench)

    found = probed(server, refuse)
    assert found[-1].problem == "LISTEN is not allowed"
    assert found[0].leaks is True


@pytest.mark.parametrize(("mode", "arrives"), [(SESSION, True), (TRANSACTION, False)])
def test_notifications(mode: str, arrives: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftover_state, "_ARRIVES", 0.05)
    server = FakeServer(mode)
    assert probed(server, leftover_state.arrives) is arrives
    assert server.left() == []


def test_clients_are_few() -> None:
    server = FakeServer(DIRECT)

    async def run(bench: Bench) -> int:
        for _ in range(20):
            await bench.client()
        return sum(not client.closed for client in server.clients)

    assert probed(server, run) == MOST_CLIENTS


def test_a_transaction_waits_for_no_server_for_ever() -> None:
    async def run(bench: Bench) -> None:
        first, second = await bench.clients(2)
        async with transaction(first):
            with pytest.raises(NoAnswer):
                async with transaction(second):
                    pytest.fail("there is no second server")

    probed(FakeServer(TRANSACTION, size=1), run)
