"""The doctor on real servers: the verdict is correct and in time, and nothing is left behind."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from .doctor import BOUND, RUNS, Answer, Place, added, ask, command, state
from .installed import Missing
from .pgpool import start
from .servers import HOST, USER, Pooler, Servers, free_port
from .stand_ins import cutting, dropping, pinning

Places = Callable[[str], Place]
KILLS = 8 * RUNS
STATE_KILLS = 2 * RUNS
# Seconds in which a pooler rolls back what was open, and gives its servers back.
PAUSE = 0.5
OURS = re.compile(
    r"\d+: (statement _{0,2}poolsafe_\w+|setting geqo_seed=\S+|lock \d+|table poolsafe_\w+|channel poolsafe_\w+)"
)
ONE_NAME = re.compile(r"\d+: statement poolsafe_[0-9a-f]+_\d")

ZEROS = {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
REFUSED = {"application_name": "applied"} | dict.fromkeys(
    ("search_path", "statement_timeout", "jit", "options", "extra_float_digits"), "rejected"
)
APPLIED = dict.fromkeys(REFUSED, "applied")
DROPPED = dict.fromkeys(REFUSED, "dropped")


@pytest.fixture(scope="module")
def places(request: pytest.FixtureRequest, servers: Servers) -> Places:
    """Gives a place by its name; what it needs is started with the first of its kind."""
    poolers: dict[str, Pooler] = {}

    def pooler(name: str) -> Pooler:
        return poolers.setdefault(name, request.getfixturevalue(name))

    def find(name: str) -> Place:
        match name:
            case "direct":
                return Place(servers.postgres.port)
            case "transaction":
                return Place(pooler("pooler").server.port, pooler("pooler").name("transaction"))
            case "transaction with max_prepared_statements":
                one = pooler("carrying_pooler")
                return Place(one.server.port, one.name("transaction"))
            case "session":
                return Place(pooler("pooler").server.port, pooler("pooler").name("session"), servers=8)
            case "statement":
                return Place(pooler("pooler").server.port, pooler("pooler").name("statement"), transactions=False)
        raise LookupError(name)

    return find


@pytest.fixture(scope="module")
def pgpool(servers: Servers) -> Place:
    """pgpool-II, or a skip with the reason: no CI of ours installs it."""
    try:
        return Place(start(servers).port, servers=8)
    except Missing as reason:
        pytest.skip(str(reason))


def fates(answer: Answer) -> dict[str, str]:
    return {name: found["result"] for name, found in answer.report["startup_parameters"].items()}


def check(place: Place, verdict: str, settings: dict[str, object], connect_args: object, expected: object) -> Answer:
    before = state(place)
    answer = ask(place)
    assert answer.code == 0, answer.errors
    assert answer.report["class"] == verdict, answer.report
    assert answer.report["configuration"] == settings
    assert answer.report["connect_args"] == connect_args
    assert fates(answer) == expected
    assert answer.report["left_behind"] == answer.report["problems"] == []
    assert answer.seconds < BOUND
    assert not added(before, state(place))
    return answer


@pytest.mark.parametrize("turn", range(RUNS))
@pytest.mark.parametrize(
    ("name", "verdict", "settings", "connect_args", "parameters"),
    [
        ("direct", "direct", {"pooler": "none"}, {}, APPLIED),
        ("transaction", "transaction-breaks", {"pooler": "transaction", "max-prepared-statements": 0}, ZEROS, REFUSED),
        (
            "transaction with max_prepared_statements",
            "transaction-carries",
            {"pooler": "transaction", "max-prepared-statements": 1},
            {},
            REFUSED,
        ),
        ("session", "session", {"pooler": "session"}, {}, REFUSED),
        ("statement", "statement", {"pooler": "statement"}, ZEROS, REFUSED),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_verdict(
    places: Places,
    name: str,
    verdict: str,
    settings: dict[str, object],
    connect_args: object,
    parameters: object,
    turn: int,
) -> None:
    check(places(name), verdict, settings, connect_args, parameters)


@pytest.mark.parametrize("turn", range(RUNS))
def test_the_verdict_on_pgpool(pgpool: Place, turn: int) -> None:
    check(pgpool, "session", {"pooler": "pgpool"}, {}, APPLIED)


@pytest.mark.parametrize("turn", range(RUNS))
def test_a_proxy_that_drops_parameters(servers: Servers, turn: int) -> None:
    with dropping(servers.postgres.port) as port:
        check(Place(port), "session", {"pooler": "session"}, {}, DROPPED)


@pytest.mark.parametrize("turn", range(RUNS))
def test_a_pooler_that_pins(servers: Servers, turn: int) -> None:
    with pinning(servers.postgres.port, servers=8) as port:
        check(Place(port, servers=8), "pins", {"pooler": "session"}, {}, DROPPED)


@pytest.mark.parametrize("turn", range(RUNS))
def test_a_pool_of_one_server(servers: Servers, turn: int) -> None:
    small = servers.pooler(max_db_connections=1)
    try:
        place = Place(small.server.port, small.name("transaction"), servers=1)
        check(place, "transaction-breaks", {"pooler": "transaction", "max-prepared-statements": 0}, ZEROS, REFUSED)
    finally:
        small.server.stop()


@pytest.mark.parametrize("turn", range(RUNS))
def test_sessions_that_are_not_reset(servers: Servers, turn: int) -> None:
    keeping = servers.pooler(server_reset_query="")
    try:
        place = Place(keeping.server.port, keeping.name("session"), servers=8)
        check(place, "session-without-reset", {"pooler": "session-without-reset"}, ZEROS, REFUSED)
    finally:
        keeping.server.stop()


def test_the_state_of_sessions_that_are_not_reset(servers: Servers) -> None:
    keeping = servers.pooler(server_reset_query="")
    try:
        place = Place(keeping.server.port, keeping.name("session"), servers=8)
        answer = ask(place, "--probe-state")
        assert answer.report["class"] == "session-without-reset"
        found = answer.report["session_state"].values()
        assert all((each["leaks"], each["kept"]) == (True, True) for each in found)
        assert answer.report["notifications_arrive"] is True
        assert answer.report["left_behind"] == []
        assert not [item for items in state(place).values() for item in items if "poolsafe" in item or "lock" in item]
    finally:
        keeping.server.stop()


def test_a_busy_pool(places: Places) -> None:
    place = places("transaction")
    busy = [subprocess.Popen(command(place, "--silent")) for _ in range(3)]
    try:
        answer = ask(place)
    finally:
        codes = [each.wait(60) for each in busy]
    assert answer.report["class"] == "transaction-breaks"
    assert codes == [0, 0, 0]
    assert not [item for items in state(place).values() for item in items]


def test_the_state_of_sessions(places: Places) -> None:
    place = places("transaction")
    before = state(place)
    answer = ask(place, "--probe-state")
    assert answer.code == 0, answer.errors
    assert "an advisory lock" in answer.errors
    rows = {tuple(sorted(each["connect_args"])): each for each in answer.report["configurations"]}
    default, zeros = rows[()], rows[tuple(sorted(ZEROS))]
    assert sum(default["failures"].values()) > 0
    assert not zeros["failures"]
    found = answer.report["session_state"]
    assert {name: (each["leaks"], each["kept"]) for name, each in found.items()} == dict.fromkeys(
        ("setting", "advisory lock", "temporary table", "LISTEN"), (True, False)
    )
    assert answer.report["notifications_arrive"] is False
    assert answer.report["left_behind"] == []
    assert not added(before, state(place))


def test_the_state_of_a_session_of_ones_own(servers: Servers, places: Places) -> None:
    answer = ask(places("session"), "--probe-state")
    assert not any(each["failures"] for each in answer.report["configurations"])
    assert all((each["leaks"], each["kept"]) == (False, True) for each in answer.report["session_state"].values())
    assert answer.report["notifications_arrive"] is True
    assert not [item for items in state(places("session")).values() for item in items]


@pytest.mark.parametrize(
    ("name", "url", "reason"),
    [
        ("nothing", "postgresql://{user}:hunter2@{host}:{port}/x", "refuses connections"),
        ("postgres", "postgresql://{user}:hunter2@{host}:{port}/x", "no such database"),
        (
            "postgres",
            "postgresql://{user}:hunter2@{host}:{port}/x?sslmode=require",
            "TLS: the server does not offer it",
        ),
        (
            "encrypting",
            "postgresql://{user}:hunter2@{host}:{port}/x?sslmode=verify-full",
            "TLS: root certificate file",
        ),
        (
            "encrypting",
            "postgresql://{user}:hunter2@localhost:{port}/x?sslmode=verify-full&sslrootcert={certificate}",
            "TLS: the certificate is not valid: Hostname mismatch",
        ),
        ("asking", "postgresql://{user}:hunter2@{host}:{port}/session_0", "authentication failed"),
        ("postgres", "postgresql://{user}:hunter2@poolsafe.invalid:{port}/x", "cannot be resolved (DNS)"),
    ],
)
def test_no_connection_is_one_line(
    request: pytest.FixtureRequest, servers: Servers, name: str, url: str, reason: str
) -> None:
    match name:
        case "nothing":
            port = free_port()
        case "postgres":
            port = servers.postgres.port
        case "encrypting":
            port = request.getfixturevalue("encrypting_pooler").server.port
        case _:
            users = servers.folder / "users.txt"
            users.write_text('"postgres" "another"\n')
            port = servers.pooler(auth_type="plain", auth_file=str(users)).server.port
    said = url.format(user=USER, host=HOST, port=port, certificate=servers.certificate())
    # Nobody's own certificates count.
    environment = {**os.environ, "URL": said, "HOME": str(servers.folder)}
    told = [sys.executable, "-m", "poolsafe", "--doctor", "env:URL", "--timeout", "10"]
    ran = subprocess.run(told, capture_output=True, text=True, check=False, env=environment)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert reason in ran.stderr
    assert ran.stderr.count("\n") == 1
    assert "hunter2" not in ran.stderr
    told += ["--output-format", "json"]
    ran = subprocess.run(told, capture_output=True, text=True, check=False, env=environment)
    report = json.loads(ran.stdout)
    assert (ran.returncode, report["exit_code"], report["class"]) == (2, 2, None)
    assert reason in report["error"]
    assert "hunter2" not in ran.stdout + ran.stderr


def test_a_server_that_hangs_is_given_up(servers: Servers) -> None:
    with socket.create_server((HOST, 0)) as silent:
        place = Place(silent.getsockname()[1])
        answer = ask(place, "--timeout", "2")
    assert answer.code == 2
    assert "did not answer within 2 s" in answer.errors
    assert answer.seconds < BOUND


def started(place: Place, *flags: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command(place, *flags), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def ended(place: Place, seconds: float, number: signal.Signals, *flags: str) -> int:
    """The exit code of an examination that gets a signal after so many seconds."""
    process = started(place, *flags)
    time.sleep(seconds)
    process.send_signal(number)
    code = process.wait(60)
    time.sleep(PAUSE)
    return code


def test_killed_after_any_message(places: Places) -> None:
    place = places("transaction")
    with cutting(place.port) as whole:
        assert ask(replace(place, port=whole.port)).code == 0
    for last in random.Random(20).sample(range(1, whole.messages + 1), min(KILLS, whole.messages)):
        place = places("transaction")
        before = state(place)
        with cutting(place.port, last) as cut:
            process = started(replace(place, port=cut.port))
            cut.kill = process.kill
            process.wait(60)
        time.sleep(PAUSE)
        left = added(before, state(place))
        assert len(left) <= 1, told(last, left)
        assert all(map(ONE_NAME.fullmatch, left)), told(last, left)


def test_killed_at_any_point_of_the_state_probes(places: Places) -> None:
    place = places("transaction")
    whole = ask(place, "--probe-state").seconds
    chance = random.Random(20)
    for _ in range(STATE_KILLS):
        place = places("transaction")
        before = state(place)
        moment = chance.uniform(0.2, 1) * whole
        ended(place, moment, signal.SIGKILL, "--probe-state")
        # The processes that it has started end by themselves.
        time.sleep(2)
        left = added(before, state(place))
        assert all(map(OURS.fullmatch, left)), told(moment, left)


def told(when: float, left: Sequence[str]) -> str:
    """All of what is left, for pytest, which would cut it short."""
    return "\n".join([f"killed at {when:g}", *left])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(("flags", "parts"), [((), (0.5, 0.7, 0.9)), (("--probe-state",), (0.7,))])
def test_interrupted_it_cleans_up(
    places: Places, number: signal.Signals, flags: tuple[str, ...], parts: tuple[float, ...]
) -> None:
    place = places("transaction")
    before = state(place)
    whole = ask(place, *flags).seconds
    for part in parts:
        # It dies of the signal before its first connection, and may have ended before the last one.
        assert ended(place, part * whole, number, *flags) in (0, 130, -number)
        assert not added(before, state(place))
