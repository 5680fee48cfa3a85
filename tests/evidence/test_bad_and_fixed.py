"""Every bad fixture fails as its page says, and does not fail after `--apply`."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from laws import Case

from .bad_fixtures import BAD, HOW, NAMES_OF_RACES, Always, Call, Made, Race, as_written, of, repaired, written
from .cells import TRIES, Where, load, until_it_fails
from .conftest import ClientOf
from .servers import Pooler, Servers


@of(Race)
def test_races(case: Case, how: Race, client_of: ClientOf, servers: Servers, pooler: Pooler, tmp_path: Path) -> None:
    where = Where(client_of(how.pair), servers, pooler)
    job: dict[str, Any] = {"script": how.script}
    outcome = until_it_fails(
        where, f"bad {case.name}", how.work, with_one_of=NAMES_OF_RACES, fixture=str(case.path), **job
    )
    seen = {as_written(outcome.examples[name]) for name in NAMES_OF_RACES if name in outcome.examples}
    assert seen & set(how.texts), f"wanted one of {how.texts}: {outcome}"
    assert any(text in written(case) for text in seen)
    if case.fixed.exists():
        fixed = repaired(case, tmp_path)
        outcome = load(
            Where(client_of(how.fixed_pair), servers, pooler), f"fixed {case.name}", how.work, fixture=str(fixed), **job
        )
        assert not outcome.failed, str(outcome)


@of(Always)
def test_what_always_fails(
    case: Case,
    how: Always,
    client_of: ClientOf,
    servers: Servers,
    pooler: Pooler,
    encrypting_pooler: Pooler,
    tmp_path: Path,
) -> None:
    where = Where(client_of("newest"), servers, encrypting_pooler if how.encrypted else pooler, how.mode)
    small = {"processes": 1, "tasks": 1, "transactions": 3}
    outcome = load(where, f"bad {case.name}", ["text"], fixture=str(case.path), **small)
    assert outcome.failed == outcome.attempts, str(outcome)
    assert how.text in outcome.examples.get(how.name, ""), str(outcome)
    assert how.name in written(case)
    if case.fixed.exists():
        fixed = repaired(case, tmp_path)
        trusted = {"root_certificate": str(servers.certificate())} if how.encrypted else {}
        outcome = load(where, f"fixed {case.name}", fixture=str(fixed), **trusted)
        assert not outcome.failed, str(outcome)


@of(Call)
def test_calls(case: Case, how: Call, client_of: ClientOf, servers: Servers, tmp_path: Path) -> None:
    for pair in how.pairs:
        where = Where(client_of(pair), servers)
        job = {"server": where.server(), "function": how.function, "with": how.given, "arguments": how.arguments}
        answer = where.client.do("call", fixture=str(case.path), **job)
        answer["text"] = as_written(answer["text"])
        assert answer == {"name": how.name, "text": how.text, "wrapper": how.wrapper}
        assert how.text in written(case)
        if case.fixed.exists():
            assert where.client.do("call", fixture=str(repaired(case, tmp_path)), **job) == {"name": None}


@of(Made)
def test_what_libraries_make(
    case: Case, how: Made, client_of: ClientOf, servers: Servers, pooler: Pooler, tmp_path: Path
) -> None:
    for pair, (name, use) in itertools.product(how.pairs, how.objects.items()):
        where = Where(client_of(pair), servers, pooler)
        job: dict[str, Any] = {"object": name, "make": use, "work": "call" if use == "function" else how.work}
        job |= dict(how.size)
        seen: set[str] = set()
        for _ in range(TRIES):
            told = where.client.do("own", server=where.server(), fixture=str(case.path), **job)
            seen |= {as_written(text) for text in told["examples"].values()}
            if seen & set(how.texts):
                break
        assert seen & set(how.texts), f"{name} with {pair}: {seen}"
        assert any(text in written(case) for text in seen)
        if case.fixed.exists():
            fixed = str(repaired(case, tmp_path))
            told = where.client.do("own", server=where.server(), fixture=fixed, **job)
            assert not told["failures"], told
        else:
            straight = Where(where.client, servers).server()
            told = where.client.do("own", server=straight, fixture=str(case.path), **job)
            assert not told["failures"], told


def test_the_old_pre_ping_is_at_fault(client_of: ClientOf, servers: Servers, pooler: Pooler) -> None:
    # The fixture of PGB206 has no fix: with SQLAlchemy >= 2.0.21 it is right as it stands.
    case = next(each for each in BAD if each.name.startswith("PGB206"))
    how = HOW[case.name]
    assert isinstance(how, Race)
    where = Where(client_of("old"), servers, pooler)
    outcome = load(where, f"upgraded {case.name}", how.work, fixture=str(case.path))
    assert not outcome.failed, str(outcome)


def test_one_branch_of_a_conditional_size_is_right(client_of: ClientOf, servers: Servers, pooler: Pooler) -> None:
    case = next(each for each in BAD if each.name.startswith("PGB108") and "APP_ENV" in each.source.text)
    where = Where(client_of("newest"), servers, pooler)
    job: dict[str, Any] = {"fixture": str(case.path), "environment": {"APP_ENV": "production"}}
    outcome = load(where, f"production {case.name}", **job)
    assert not outcome.failed, str(outcome)
