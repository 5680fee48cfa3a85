"""The option `--doctor`: its output on each stream, its exit codes, and the arguments that it rejects."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from in_process import run

from poolsafe import output_safety
from poolsafe.doctor import visit
from poolsafe.doctor.advice import ALL, BOTH_ZERO, DEFAULT, EMPTY_NAME
from poolsafe.doctor.diagnosis import WORDS, Between, Observations
from poolsafe.doctor.examination import Examination, NoConnection
from poolsafe.doctor.probes.leftover_state import StateFate
from poolsafe.doctor.probes.named_statements import Carried, Naming
from poolsafe.doctor.probes.server_identity import Identity
from poolsafe.doctor.probes.server_settings import Parameter
from poolsafe.doctor.probes.transaction_pooling import Movement, Pooling
from poolsafe.doctor.progress import Progress
from poolsafe.doctor.target import Target
from poolsafe.doctor.workload import WRONG, Outcome
from poolsafe.facts.pooler import Fate

URL = "postgresql://u:hunter2@db:6432/app"
VERSIONS: dict[str, tuple[int, ...] | None] = {"asyncpg": (0, 32, 0), "sqlalchemy": (2, 1, 9)}


def breaks(**changed: Any) -> Examination:
    seen = Observations(
        Identity("15.1", False, False, False, (("idle_session_timeout", "5min"),)),
        Pooling(Movement.MOVES, "clients 1 and 2 shared server process 7"),
        Naming(Carried.NO, "it failed: hunter2 \x1b[31m does not exist"),
        (
            Parameter("application_name", Fate.CARRIED),
            Parameter("jit", Fate.REFUSED, "unsupported startup parameter: jit"),
            Parameter("search_path", Fate.DROPPED),
        ),
    )
    said: dict[str, Any] = {
        "seen": seen,
        "between": Between.BREAKS,
        "recommended": BOTH_ZERO,
        "trial": Outcome(24, {}),
        "versions": VERSIONS,
        **changed,
    }
    return Examination(Target("db", 6432, "u", "hunter2", "app", left_out=("pgbouncer",)), **said)


@pytest.fixture
def doctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the command, whose examination returns `found` or raises it."""

    def ask(*arguments: str, found: Any = None) -> Any:
        async def examine(target: Target, **said: Any) -> Examination:
            ask.said = (target, said)  # type: ignore[attr-defined]
            said["say"]("asking")
            if isinstance(found, BaseException):
                raise found
            return found or breaks()

        monkeypatch.setattr(visit, "examine", examine)
        return run(tmp_path, *arguments)

    return ask


def test_the_report(doctor: Any) -> None:
    ran = doctor("--doctor", URL)
    assert ran.returncode == 0
    for text in (
        "Examined db:6432, database app, as u\n",
        "These parameters of the URL were not sent: pgbouncer.\n",
        "Transactions: clients share server connections, and each transaction may use a different one\n",
        "  jit: rejected (unsupported startup parameter: jit)\n",
        "Recommended options: 0 of 24 queries failed\n",
        "  PostgreSQL's idle timeouts: idle_session_timeout = 5min; a pooler's own timeouts",
        "Verdict: transaction-breaks\n",
        "Use this with asyncpg 0.32.0 and SQLAlchemy 2.1.9 (tried above):\n",
        '    create_async_engine(url, connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0})\n',
        "These startup parameters do not reach the server: jit, search_path.\n",
        '    [tool.poolsafe]\n    pooler = "transaction"\n    max-prepared-statements = 0\nThen `poolsafe` lists',
    ):
        assert text in ran.stdout, ran.stdout
    assert "\x1b" not in ran.stdout
    assert "hunter2" not in ran.stdout + ran.stderr
    assert "the password is visible in the process list" in ran.stderr


@pytest.mark.parametrize(
    ("versions", "text"),
    [
        (
            {"asyncpg": (0, 32, 0), "sqlalchemy": None},
            "with asyncpg 0.32.0 (tried above, with asyncpg alone):",
        ),
        ({"asyncpg": (0, 30, 0), "sqlalchemy": (2, 0, 40)}, "copy_records_to_table() need asyncpg >= 0.31\n"),
        (VERSIONS, "asyncpg.connect(url, statement_cache_size=0)\n"),
    ],
)
def test_the_advice_is_for_these_versions(doctor: Any, versions: Any, text: str) -> None:
    assert text in doctor("--doctor", URL, found=breaks(versions=versions)).stdout


@pytest.mark.parametrize("between", Between)
def test_every_verdict_has_its_words(doctor: Any, between: Between) -> None:
    ran = doctor("--doctor", URL, found=breaks(between=between))
    assert " ".join(WORDS[between].split()) in " ".join(ran.stdout.split())
    assert f"Verdict: {between.value}\n" in ran.stdout


@pytest.mark.parametrize(
    ("found", "code", "text"),
    [
        (breaks(), 0, "(tried above)"),
        (breaks(between=Between.DIRECT, recommended=DEFAULT, trial=None), 0, "asyncpg's defaults, as the probe above"),
        (breaks(trial=Outcome(24, {"InterfaceError": 3}, "InterfaceError: no")), 1, "were tried, but queries failed"),
        (breaks(trial=None, stopped="the time limit of 30 s was reached"), 1, "SQLAlchemy 2.1.9 (not tried):"),
        (breaks(recommended=None, trial=None), 1, "no options work here. Use asyncpg >= 0.31."),
        (breaks(stopped="the time limit of 30 s was reached"), 0, "Stopped: the time limit of 30 s was reached."),
        (breaks(stopped="interrupted"), 130, "Stopped: interrupted."),
        (breaks(problems=["startup parameters: gone"]), 0, "Not finished: startup parameters: gone."),
        (breaks(left=("a thing",)), 0, "Could not be removed from the server: a thing."),
        (
            breaks(seen=None, between=None, stopped="x", left=("a thing",)),
            2,
            "Could not be removed from the server: a thing.",
        ),
        (breaks(recommended=EMPTY_NAME), 0, '"prepared_statement_name_func": lambda: ""'),
    ],
)
def test_exit_codes(doctor: Any, found: Examination, code: int, text: str) -> None:
    ran = doctor("--doctor", URL, found=found)
    assert (ran.returncode, text in ran.stdout) == (code, True), ran.stdout
    assert json.loads(doctor("--doctor", URL, "--output-format", "json", found=found).stdout)["exit_code"] == code


def with_state() -> Examination:
    wrong = Outcome(48, {WRONG: 4, "DuplicatePreparedStatementError": 2}, "x")
    return breaks(
        configurations=tuple((each, wrong if each is DEFAULT else Outcome(48, {})) for each in ALL),
        state=(
            StateFate("setting", True, False),
            StateFate("advisory lock", False, True),
            StateFate("temporary table", None, None),
            StateFate("LISTEN", None, None, "not allowed"),
        ),
        notifications=False,
    )


def test_the_state_of_sessions(doctor: Any) -> None:
    ran = doctor("--doctor", URL, "--probe-state", found=with_state())
    assert doctor.said[1]["state"] is True
    assert doctor.said[1]["timeout"] == 120
    for text in (
        "  no options: 6 of 48 queries failed, 4 of them silently, with another client's rows\n",
        "  both sizes 0: 0 of 48 queries failed\n",
        "  setting: the next client on that server inherits it; its owner loses it on other servers\n",
        "  advisory lock: no other client inherits it; its owner keeps it\n",
        "  temporary table: unknown\n",
        "  LISTEN: could not be tried: not allowed\n",
        "  notifications: do not arrive, and no error is raised\n",
    ):
        assert text in ran.stdout, ran.stdout
    assert "--probe-state creates the following on shared server connections" in ran.stderr
    assert all(len(line) < 240 for line in ran.stderr.splitlines())


def test_json(doctor: Any) -> None:
    report = json.loads(doctor("--doctor", URL, "--output-format", "json", found=with_state()).stdout)
    assert report["class"] == "transaction-breaks"
    assert report["target"] == {"host": "db", "port": 6432, "user": "u", "database": "app"}
    assert report["versions"] == {"asyncpg": "0.32.0", "sqlalchemy": "2.1.9"}
    assert report["connect_args"] == {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
    assert report["configuration"] == {"pooler": "transaction", "max-prepared-statements": 0}
    assert report["startup_parameters"]["search_path"] == {"result": "dropped", "reason": None}
    assert report["configurations"][0]["failures"] == {WRONG: 4, "DuplicatePreparedStatementError": 2}
    assert report["session_state"]["setting"] == {"leaks": True, "kept": False, "problem": None}
    assert "hunter2" not in json.dumps(report)
    bare = json.loads(doctor("--doctor", URL, "--output-format", "json", found=breaks(seen=None)).stdout)
    assert bare["server"] is bare["session_state"] is bare["configurations"] is None


@pytest.mark.parametrize("form", ["full", "json"])
@pytest.mark.parametrize("columns", ["20", "60", "100"])
def test_a_server_steers_nothing(doctor: Any, form: str, columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    said = "it failed:\n::error::x ##[error]y ##vso[z] \x1b]0;t\x07 " + "::warning:: " * 30
    seen = breaks().seen
    assert seen is not None
    hostile = Observations(seen.identity, Pooling(Movement.MOVES, said), Naming(Carried.NO, said), (
        Parameter("jit", Fate.REFUSED, said),
    ))  # fmt: skip
    trial = Outcome(24, {"InterfaceError": 1}, f"InterfaceError: {said}")
    ran = doctor("--doctor", URL, "--output-format", form, found=breaks(seen=hostile, trial=trial, problems=[said]))
    assert not any(output_safety.commands(line) for line in ran.stdout.splitlines()), ran.stdout
    assert "\x1b" not in ran.stdout
    assert "\x07" not in ran.stdout


def test_no_connection_is_one_line(doctor: Any) -> None:
    ran = doctor("--doctor", "postgresql://u@db/app", found=no_connection())
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == "poolsafe: error: --doctor: db:5432 refuses connections\n"


def test_no_connection_as_json(doctor: Any, tmp_path: Path) -> None:
    ask = ["--doctor", "postgresql://u@db/app", "--output-format", "json"]
    ran = doctor(*ask, found=no_connection())
    assert (ran.returncode, ran.stderr) == (2, "poolsafe: error: --doctor: db:5432 refuses connections\n")
    report = json.loads(ran.stdout)
    assert (report["error"], report["exit_code"]) == ("db:5432 refuses connections", 2)
    assert report.keys() == json.loads(doctor(*ask).stdout).keys()
    assert report["class"] is report["configuration"] is report["connect_args"] is None
    assert doctor(*ask, "--output-file", "report.json", found=no_connection()).stdout == ""
    assert json.loads((tmp_path / "report.json").read_text()) == report
    assert doctor(*ask, "--silent", found=no_connection()).stdout == ""


def no_connection() -> NoConnection:
    found = Examination(Target("db", 5432, "u", None, "app"), VERSIONS, problems=["db:5432 refuses connections"])
    return NoConnection(found.error, found)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--doctor"], "argument --doctor: expected one argument"),
        (
            ["--doctor", "hunter2"],
            "write `env:NAME` for a URL in an environment variable, or `postgresql://user@host/database`\n",
        ),
        (["--doctor", "mysql://u:hunter2@db/app"], "`mysql` is not PostgreSQL; write `env:NAME` for a URL in"),
        (["--doctor", URL, "--write-config", "--config", "no.toml"], "--config: no such file: `no.toml`"),
        (["--doctor", URL, "src"], "`--doctor` connects to a server and reads no files; remove the paths"),
        (
            ["--doctor", URL, "--timeout", "0"],
            "--timeout: must be a number of seconds above 0 and at most 3600, not `0`",
        ),
        (
            ["--doctor", URL, "--timeout", "soon"],
            "--timeout: must be a number of seconds above 0 and at most 3600, not `soon`",
        ),
        (
            ["--doctor", URL, "--timeout", "nan"],
            "--timeout: must be a number of seconds above 0 and at most 3600, not `nan`",
        ),
        (["--doctor", URL, "--output-format", "sarif"], "with --doctor, must be `full` or `json`, not `sarif`"),
        (["--doctor", URL, "--apply"], "`--apply` cannot be combined with `--doctor`"),
        (["--doctor", URL, "--diff"], "`--diff` cannot be combined with `--doctor`"),
        (["--probe-state"], "`--probe-state` requires `--doctor URL`"),
        (["--write-config"], "`--write-config` requires `--doctor URL`"),
        (["--timeout", "3"], "`--timeout` requires `--doctor URL`"),
        (["--doctor", URL, "--write-config"], "there is no pyproject.toml here"),
    ],
)
def test_what_is_refused(doctor: Any, arguments: list[str], text: str) -> None:
    ran = doctor(*arguments)
    assert ran.returncode == 2
    assert text in ran.stderr
    assert ran.stderr.count("\n") == 1
    assert "hunter2" not in ran.stderr


def test_without_the_extra(doctor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    ran = doctor("--doctor", URL)
    assert ran.returncode == 2
    assert "python -m pip install 'poolsafe[doctor]'" in ran.stderr


def test_a_variable(doctor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", URL)
    ran = doctor("--doctor", "env:DATABASE_URL", "--timeout", "7.5")
    assert doctor.said[0].password == "hunter2"
    assert doctor.said[1]["timeout"] == 7.5
    assert ran.stderr == ""


def test_the_report_in_a_file(doctor: Any, tmp_path: Path) -> None:
    ran = doctor("--doctor", URL, "--output-format", "json", "--output-file", "reports/doctor.json")
    assert ran.stdout == ""
    assert json.loads((tmp_path / "reports/doctor.json").read_text())["class"] == "transaction-breaks"


def test_silence(doctor: Any) -> None:
    ran = doctor("--doctor", URL, "--silent", found=breaks(recommended=None))
    assert (ran.returncode, ran.stdout, ran.stderr) == (1, "", "")


def test_the_configuration_is_written(doctor: Any, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'app'\n")
    assert "wrote the verdict to pyproject.toml" in doctor("--doctor", URL, "--write-config").stderr
    lines = (tmp_path / "pyproject.toml").read_text().splitlines()
    assert lines[-3:] == ["[tool.poolsafe]", 'pooler = "transaction"', "max-prepared-statements = 0"]
    assert "pyproject.toml already contains this verdict" in doctor("--doctor", URL, "--write-config").stderr
    (tmp_path / "other.toml").touch()
    assert "other.toml" in doctor("--doctor", URL, "--write-config", "--config", "other.toml").stderr
    # And the linter reads it.
    assert 'pooler = "transaction"' in run(tmp_path, "--show-settings").stdout


def test_what_is_interrupted_writes_nothing(doctor: Any, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    assert doctor("--doctor", URL, "--write-config", found=breaks(stopped="interrupted")).returncode == 130
    assert (tmp_path / "pyproject.toml").read_text() == ""


def test_without_a_verdict_nothing_is_written(doctor: Any, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    doctor("--doctor", URL, "--write-config", found=breaks(seen=None, between=None, left=("x",)))
    assert (tmp_path / "pyproject.toml").read_text() == ""


def test_a_second_signal_ends_at_once(doctor: Any) -> None:
    assert doctor("--doctor", URL, found=asyncio.CancelledError()).returncode == 130


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such handlers")
def test_a_signal_is_a_cancellation(monkeypatch: pytest.MonkeyPatch) -> None:
    async def examine(target: Target, **_: Any) -> Examination:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return breaks(stopped="interrupted")
        raise AssertionError

    monkeypatch.setattr(visit, "examine", examine)
    with Progress(enabled=False) as progress:
        found = asyncio.run(visit._interruptible(Target("db", 1), 60, False, progress))
    assert found.stopped == "interrupted"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_erases_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", Terminal())
    with Progress(enabled=True) as progress:
        progress.say("one")
        progress.say("two")
    assert isinstance(sys.stderr, Terminal)
    assert sys.stderr.getvalue() == "\r\x1b[Kpoolsafe --doctor: one\r\x1b[Kpoolsafe --doctor: two\r\x1b[K"


@pytest.mark.parametrize(("enabled", "term"), [(False, "xterm"), (True, "dumb")])
def test_progress_is_silent_where_it_could_not_be_erased(
    enabled: bool, term: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr(sys, "stderr", Terminal())
    with Progress(enabled=enabled) as progress:
        progress.say("one")
    assert isinstance(sys.stderr, Terminal)
    assert sys.stderr.getvalue() == ""


def test_progress_gives_up_where_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(Terminal):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", Gone())
    with Progress(enabled=True) as progress:
        progress.say("one")
        progress.say("two")
