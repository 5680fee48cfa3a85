"""Leftover state is removed, also by another client, and state that cannot be removed is reported."""

from __future__ import annotations

import pytest

from poolsafe.doctor.bench import Bench, Lost, transaction
from poolsafe.doctor.cleaning import drop_statements_everywhere

from .fake_server import TRANSACTION, FakeServer, run_without_waiting


def with_leftovers(size: int = 3) -> FakeServer:
    server = FakeServer(TRANSACTION, size=size)
    backends = [server.take() for _ in range(size)]
    for backend in backends:
        backend.statements |= {f"poolsafe_{'ab12'}": "SELECT 1", "pooler_1": "SELECT 'ab12'", "theirs": "SELECT 2"}
        server.free.append(backend)
    return server


@pytest.mark.parametrize("size", [1, 3])
def test_statements_go_from_every_server_and_those_of_others_stay(size: int) -> None:
    server = with_leftovers(size)
    assert run_without_waiting(drop_statements_everywhere(Bench(server.connect), "ab12"))
    assert server.left() == ["theirs"] * size


def test_one_server_is_enough_where_it_is_known() -> None:
    server = with_leftovers()
    home = [server.every[0].pid]
    assert run_without_waiting(drop_statements_everywhere(Bench(server.connect), "ab12", home, alone=True))


@pytest.mark.parametrize("alone", [True, False])
def test_a_server_that_was_not_visited_is_not_clean_unless_it_has_ended(alone: bool) -> None:
    server = with_leftovers()
    busy = server.free.pop(0)
    assert not run_without_waiting(drop_statements_everywhere(Bench(server.connect), "ab12", [busy.pid], alone=alone))
    server.every.remove(busy)
    server.size -= 1
    assert run_without_waiting(drop_statements_everywhere(Bench(server.connect), "ab12", [busy.pid], alone=alone))


def test_a_server_that_does_not_answer_is_not_clean() -> None:
    server = with_leftovers()

    async def program() -> bool:
        bench = Bench(server.connect)
        for client in await bench.clients(8):
            client.closed = True  # type: ignore[attr-defined]
        return await drop_statements_everywhere(bench, "ab12")

    assert not run_without_waiting(program())


def test_what_a_probe_did_not_come_to_is_cleaned_up_at_the_end() -> None:
    server = FakeServer(TRANSACTION)

    async def program() -> tuple[str, ...]:
        bench = Bench(server.connect)

        async def clean(bench: Bench) -> bool:
            async with transaction((await bench.clients(1))[0]):
                return True

        async def fail(bench: Bench) -> bool:
            raise Lost("gone")

        async def miss(bench: Bench) -> bool:
            return False

        await bench.clean_up()
        bench.leaves("one", clean)
        bench.leaves("two", fail)
        bench.leaves("three", miss)
        await bench.clean_up()
        return bench.left

    assert run_without_waiting(program()) == ("two", "three")
