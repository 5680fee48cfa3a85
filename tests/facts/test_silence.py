"""Calls that are not reported: in the summary, with `--verbose`, in PGB010 and in SARIF."""

from __future__ import annotations

import json
import re
from pathlib import Path

import laws
import pytest
from in_process import Ran, run
from programs import TRANSACTION, on_by_default
from sarif_pydantic import Sarif  # type: ignore[import-untyped]

from poolsafe.checker import check
from poolsafe.cli import processes
from poolsafe.facts.deployment import Deployment, Evidence, PoolMode
from poolsafe.facts.silence import Cause
from poolsafe.rules.registry import OFF_BY_DEFAULT, UNJUDGED
from poolsafe.source import Source

HEAD = """import asyncio, os
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from company import url, settings, connect

DB = "postgresql+asyncpg://app@db/app"
BOTH = {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
"""
UNKNOWN_URL = "create_async_engine(url)"
UNKNOWN_SIZE = (
    'create_async_engine(DB, pool_pre_ping=True, connect_args={"statement_cache_size": int(os.environ["N"])})'
)
RIGHT = "create_async_engine(DB, pool_pre_ping=True, connect_args=BOTH)"
WRONG = "create_async_engine(DB, pool_pre_ping=True)"


def silences(engine: str, deployment: Deployment = TRANSACTION) -> list[tuple[Cause, str]]:
    """Returns the causes and reasons why one expression is not reported."""
    report = check(Source.from_text("app.py", f"{HEAD}engine = {engine}\n"), deployment)
    # PGB010 reports exactly the unchecked calls.
    unjudged = [one.start for one in report.silences if one.unjudged]
    assert [finding.start for finding in report.findings if finding.code == UNJUDGED] == unjudged
    return [(one.cause, one.reason) for one in report.silences]


ENGINES = [
    (UNKNOWN_URL, Cause.DRIVER, "the driver is unknown (`company.url` is outside the project)"),
    ("AsyncEngine(create_engine(url))", Cause.DRIVER, "the driver is unknown (`company.url` is outside the project)"),
    (
        "create_async_engine(os.environ['DRIVER'] + '://db/app')",
        Cause.DRIVER,
        "the driver is unknown (it comes from the environment variable `DRIVER`)",
    ),
    (UNKNOWN_SIZE, Cause.SIZE, "`statement_cache_size` is unknown (it comes from the environment variable `N`)"),
    (
        "create_async_engine(DB, pool_pre_ping=True, connect_args={**BOTH, 'prepared_statement_cache_size': settings})",
        Cause.SIZE,
        "`prepared_statement_cache_size` is unknown (it is not a number that poolsafe can follow)",
    ),
    (
        "create_async_engine(DB, pool_pre_ping=True, async_creator=connect)",
        Cause.CREATOR,
        "poolsafe cannot follow its `async_creator`",
    ),
    (
        "create_engine(url)",
        Cause.SYNCHRONOUS,
        "the driver is unknown, and `create_engine()` is assumed to be synchronous",
    ),
    (
        "create_async_engine('sqlite+aiosqlite://' + settings.path)",
        Cause.OTHER_DRIVER,
        "its URL begins with `sqlite+aiosqlite://`",
    ),
    (
        "create_async_engine(os.environ.get('URL', 'postgresql://db/app'))",
        Cause.DRIVER,
        "the driver is unknown (its default has no asynchronous driver, so the environment must provide a different "
        "URL)",
    ),
    ("create_engine('postgresql://db/app')", Cause.OTHER_DRIVER, "its URL begins with `postgresql://`"),
    (
        "create_async_engine('mysql+aiomysql://db' if settings.mysql else 'sqlite+aiosqlite://')",
        Cause.OTHER_DRIVER,
        "its URL begins with `mysql+aiomysql://` or `sqlite+aiosqlite://`",
    ),
    (RIGHT, Cause.NO_FAULT, "no problem found"),
    (f"{RIGHT} if settings.on else None", Cause.NO_FAULT, "no problem found"),
    (f"{RIGHT} if False else None", Cause.UNREACHED, "no code path reaches it"),
]


@pytest.mark.parametrize(("engine", "cause", "reason"), ENGINES)
def test_why_an_engine_is_not_reported(engine: str, cause: Cause, reason: str) -> None:
    assert silences(engine) == [(cause, reason)]


@pytest.mark.parametrize("engine", [WRONG, "create_async_engine(DB, connect_args=BOTH)"])
def test_a_reported_engine_is_not_silent(engine: str) -> None:
    assert silences(engine) == []


def test_a_finding_on_the_pool_says_nothing_of_the_sizes() -> None:
    assert [cause for cause, _ in silences(UNKNOWN_SIZE.replace("True", "False"))] == [Cause.SIZE]


def test_a_container_has_no_pooler() -> None:
    code = (
        "from testcontainers.postgres import PostgresContainer\n"
        'postgres = PostgresContainer("postgres:16", driver="asyncpg")\n'
        "engine = create_async_engine(postgres.get_connection_url())\n"
    )
    report = check(Source.from_text("app.py", HEAD + code), TRANSACTION)
    assert [one.reason for one in report.silences] == ["its server is a container that the code starts"]


def test_what_costs_too_much_is_not_judged() -> None:
    work = "".join(
        f"    x{n} = [a for a in range(30) if a % 2 or x] + [str(x)]\n    x = (x + x{n}) if p[{n}] else x\n"
        for n in range(20)
    )
    loops = "    for a in x:\n        for b in x:\n            for c in x:\n                u += str(a + b + c)\n"
    code = f"{HEAD}def run(p, u):\n    x = []\n{work}{loops}    engine = create_async_engine(u)\n"
    report = check(Source.from_text("app.py", code), TRANSACTION)
    assert [(one.cause, one.unjudged, one.holds_sql) for one in report.silences] == [(Cause.BUDGET, True, False)]
    (finding,) = report.findings
    assert finding.message.startswith(
        "this call was not checked: the code that leads to it takes too long to analyse; "
    )
    assert report.engines == 1


def test_a_connection_is_not_called_an_engine() -> None:
    code = "import os\nimport psycopg\npsycopg.connect('postgresql://u@h/d', prepare_threshold=int(os.environ['N']))\n"
    (finding,) = check(Source.from_text("app.py", code), TRANSACTION).findings
    assert finding.message.startswith("this call was only partly checked: `prepare_threshold` is unknown (")


@pytest.mark.parametrize(
    ("call", "engines"),
    [
        ("create_async_engine(DB)", 1),
        ("sqlalchemy.ext.asyncio.create_async_engine(DB)", 1),
        # Of a call that nothing reaches, only the name tells what it is.
        ("pool.create_async_engine(DB)", 0),
        ("functools.partial(create_async_engine, DB)", 0),
    ],
)
def test_a_dead_call_is_told_by_its_name(call: str, engines: int) -> None:
    code = f"import functools, sqlalchemy.ext.asyncio\n{HEAD}def run(pool):\n    return\n    {call}\n"
    report = check(Source.from_text("app.py", code), TRANSACTION)
    assert (report.engines, [one.cause for one in report.silences]) == (engines, [Cause.UNREACHED] * engines)


def test_an_engine_in_a_file_that_is_searched_for_sql_only_is_not_said_to_be_dead() -> None:
    code = "from sqlalchemy import create_engine, text\n\nengine = create_engine(url)  # poolsafe: ignore[PGB301]\n"
    report = check(Source.from_text("app.py", f"{code}NAMES = 'a;b'\n"), TRANSACTION)
    assert (report.engines, report.silences) == (0, [])


SESSION = Evidence("pooler", "session", "/app/pgbouncer.ini", 3)
SUPPORTED = Evidence("max-prepared-statements", "200", "/app/pgbouncer.ini", 4)


@pytest.mark.parametrize("engine", [WRONG, UNKNOWN_SIZE, "create_async_engine(DB, async_creator=connect)"])
@pytest.mark.parametrize(
    ("deployment", "reason"),
    [
        (Deployment(PoolMode.NONE), '`pooler` is "none"'),
        (Deployment(PoolMode.SESSION), '`pooler` is "session"'),
        (Deployment(PoolMode.SESSION, evidence=(SESSION,)), "the pooler is in session mode"),
        (Deployment(max_prepared_statements=200), "`max_prepared_statements` of the pooler is 200"),
        (
            Deployment(max_prepared_statements=200, evidence=(SUPPORTED,)),
            "`max_prepared_statements` of the pooler is 200",
        ),
    ],
)
def test_a_pooler_that_does_no_harm_leaves_nothing_to_judge(engine: str, deployment: Deployment, reason: str) -> None:
    report = check(Source.from_text("app.py", f"{HEAD}engine = {engine}\n"), deployment)
    assert {finding.code for finding in report.findings} <= {"PGB201"}
    if not report.findings:
        (silence,) = report.silences
        assert (silence.cause, silence.reason) == (Cause.POOLER, reason)
        assert silence.evidence == (deployment.evidence[0] if deployment.evidence else None)


@pytest.mark.parametrize(
    ("engine", "deployment", "cause"),
    [
        (UNKNOWN_URL, Deployment(assume_asyncpg=False), Cause.ASSUMED),
        (RIGHT.replace("DB", "url"), Deployment(assume_asyncpg=True), Cause.NO_FAULT),
        (UNKNOWN_SIZE.replace("DB", "url"), Deployment(assume_asyncpg=True), Cause.SIZE),
        # A setting decides on a driver that is chosen elsewhere; that only asyncpg is declared does not.
        ("create_async_engine(settings.driver + '://db')", Deployment(assume_asyncpg=False), Cause.ASSUMED),
        (
            "create_async_engine(settings.driver + '://db')",
            Deployment(assume_asyncpg=True, evidence=(Evidence("assume-driver", "asyncpg", "/app/pyproject.toml", 3),)),
            Cause.DRIVER,
        ),
        # With asyncpg 0.31 its own size at 0 is enough, whatever SQLAlchemy's is.
        (
            "create_async_engine(DB, pool_pre_ping=True, connect_args={**BOTH, 'prepared_statement_cache_size': url})",
            Deployment(PoolMode.TRANSACTION, asyncpg=(0, 31)),
            Cause.NO_FAULT,
        ),
    ],
)
def test_what_settles_it(engine: str, deployment: Deployment, cause: Cause) -> None:
    assert [found for found, _ in silences(engine, deployment)] == [cause]


def test_a_misplaced_size_is_no_silence() -> None:
    engine = UNKNOWN_SIZE.replace("pool_pre", "prepared_statement_cache_size=0, pool_pre")
    assert silences(engine) == []


@pytest.mark.parametrize("case", [*laws.cases("bad"), *laws.cases("good"), *laws.shop()], ids=lambda case: case.name)
def test_each_engine_is_reported_or_said_to_be_silent(case: laws.Case) -> None:
    report = check(case.source, case.deployment)
    spoken = {finding.start for finding in on_by_default(report)}
    silent = [one for one in report.silences if not one.holds_sql]
    assert len({one.start for one in silent}) == len(silent), "one reason for each"
    engines = {one.start for one in silent} | {
        finding.start for finding in on_by_default(report) if finding.code.startswith(("PGB1", "PGB2", "PGB511"))
    }
    # A connection without SQLAlchemy has its codes and silences as well.
    assert report.engines <= len(engines) <= report.engines + report.connections
    assert all(one.unjudged or one.start not in spoken for one in silent)


# --- the command

ENV = f"{HEAD}one = {UNKNOWN_URL}\ntwo = {UNKNOWN_SIZE}\nthree = {RIGHT}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "a.py").write_text(ENV)
    (tmp_path / "b.py").write_text("import os\n")
    return tmp_path


def test_the_summary_counts_what_was_not_judged(project: Path) -> None:
    ran = run(project, ".")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert (
        ran.stdout
        == "All checks passed! (2 files, 3 engines; 2 calls could not be checked: run with --verbose to see why)\n"
    )


def test_verbose_says_why_and_how_to_learn_more(project: Path) -> None:
    ran = run(project, "--verbose", ".")
    assert [line.removeprefix("poolsafe: ") for line in ran.stderr.splitlines()] == [
        "a.py:8: not checked: the driver is unknown (`company.url` is outside the project)",
        "a.py:9: not checked: `statement_cache_size` is unknown (it comes from the environment variable `N`)",
        "a.py:10: not reported: no problem found",
    ]
    advice = "run with --extend-select PGB010 for advice"
    last = f"All checks passed! (2 files, 3 engines; 2 calls could not be checked: {advice})\n"
    assert ran.stdout == last


def test_verbose_names_the_file_and_line_that_decide(tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy/pgbouncer.ini").write_text("[databases]\n\n[pgbouncer]\npool_mode = session\n")
    (tmp_path / "a.py").write_text(f"{HEAD}engine = {WRONG}\n")
    place = str(Path("deploy/pgbouncer.ini"))
    said = run(tmp_path, "--verbose", ".").stderr
    assert said == f"poolsafe: a.py:8: not reported: the pooler is in session mode ({place}:4)\n"


def test_quiet_is_quiet(project: Path) -> None:
    for arguments in (["-q"], ["-q", "--diff"], ["-q", "--apply"], ["-q", "--verbose"], ["--silent"]):
        ran = run(project, *arguments, ".")
        assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def looked_at(text: str) -> str:
    found = re.search(r"\d+ files?, \d+ engines?(; \d+ calls? could not be checked)?", text)
    assert found is not None, text
    return found[0]


def test_every_way_through_the_command_counts_alike(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        (project / f"more{number}.py").write_text(ENV + f"four = {WRONG}\n")
    monkeypatch.setattr(processes, "WORTH_A_PROCESS", processes.FOLLOWED)
    monkeypatch.setattr(processes, "processors", lambda: 2)
    told = {
        looked_at(ran.stdout + ran.stderr)
        for ran in (
            run(project, "--jobs=1", "."),
            run(project, "--jobs=2", "."),
            run(project, "--verbose", "."),
            run(project, "--statistics", "."),
            run(project, "--output-format=concise", "."),
            run(project, "--output-format=grouped", "."),
            run(project, "--diff", "."),
            run(project, "--apply", "."),
            run(project, "--fix-only", "."),
        )
    }
    assert told == {"8 files, 27 engines; 14 calls could not be checked"}


def test_formats_for_programs_stay_what_they_are(project: Path) -> None:
    assert json.loads(run(project, "--output-format=json", ".").stdout) == []
    assert run(project, "--output-format=github", ".").stdout == ""
    assert run(project, "--output-format=json-lines", ".").stdout == ""


def test_sarif_notifies(project: Path) -> None:
    log = json.loads(run(project, "--output-format=sarif", ".").stdout)
    Sarif.model_validate(log)
    (sarif,) = log["runs"]
    (invocation,) = sarif["invocations"]
    assert invocation["executionSuccessful"] is True
    first, second = invocation["toolExecutionNotifications"]
    assert first["level"] == "note"
    assert first["descriptor"] == {"id": "PGB010", "index": 0}
    assert first["message"]["text"].startswith("this call was not checked: the driver is unknown (")
    assert second["message"]["text"].startswith("this call was only partly checked: `statement_cache_size`")
    place = first["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("a.py", 8)
    assert [one["id"] for one in sarif["tool"]["driver"]["notifications"]] == ["PGB010"]
    assert sarif["results"] == []


def test_sarif_says_of_a_run_whether_it_is_whole(project: Path) -> None:
    def invocation(ran: Ran) -> object:
        return json.loads(ran.stdout)["runs"][0]["invocations"]

    (project / "a.py").write_text("import os\n")
    successful = {"executionSuccessful": True, "toolExecutionNotifications": []}
    assert invocation(run(project, "--output-format=sarif", ".")) == [successful]
    failed = {"executionSuccessful": False, "toolExecutionNotifications": []}
    assert invocation(run(project, "--output-format=sarif", ".", "nowhere")) == [failed]


# --- the rule


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ([], 0),
        (["--select=ALL"], 0),
        (["--select=PGB"], 0),
        (["--select=PGB0"], 0),
        (["--extend-select=PGB01"], 0),
        (["--select=PGB010"], 2),
        (["--extend-select=PGB010"], 2),
        (["--extend-select=PGB010", "--ignore=PGB0"], 2),
        (["--extend-select=PGB010", "--ignore=PGB010"], 0),
        (["--extend-select=PGB010", "--min-severity=error"], 0),
        (["--extend-select=PGB010", "--per-file-ignores=a.py:PGB"], 0),
    ],
)
def test_only_its_whole_code_selects_the_rule(project: Path, arguments: list[str], found: int) -> None:
    ran = run(project, "--output-format=concise", *arguments, ".")
    assert ran.stdout.count(": PGB010 ") == found
    assert ran.returncode == (1 if found else 0)
    # Selected or not, what is not judged is counted.
    assert looked_at(ran.stdout) == "2 files, 3 engines; 2 calls could not be checked"


def test_a_selected_rule_needs_no_hint(project: Path) -> None:
    ran = run(project, "--extend-select=PGB010", "--statistics", ".")
    assert (
        ran.stdout == "2\tPGB010\t[ ] unjudged-engine\nFound 2 problems.\n"
        "Checked 2 files, 3 engines; 2 calls could not be checked.\n"
    )


def test_a_comment_answers(tmp_path: Path) -> None:
    for comment in ("# noqa: PGB010", "# poolsafe: ignore[PGB010] the URL is asyncpg's"):
        (tmp_path / "a.py").write_text(f"{HEAD}one = {UNKNOWN_URL}  {comment}\n")
        assert run(tmp_path, "--extend-select=PGB010", "a.py").returncode == 0
        # The comment is needed by who selects the rule, so nobody else calls it unused.
        assert run(tmp_path, "a.py").returncode == 0
        (tmp_path / "a.py").write_text(f"{HEAD}one = {RIGHT}  {comment}\n")
        ran = run(tmp_path, "--output-format=concise", "a.py")
        assert "PGB001 " in ran.stdout
        assert "`PGB010`" in ran.stdout


def test_a_comment_outlives_another_pooler(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(f"{HEAD}one = {UNKNOWN_SIZE}  # noqa: PGB010\n")
    assert run(tmp_path, "--pooler=none", "a.py").returncode == 0


def test_comments_can_be_written_for_the_rule(project: Path) -> None:
    assert run(project, "--extend-select=PGB010", "--add-noqa", ".").returncode == 0
    assert (project / "a.py").read_text().count("  # noqa: PGB010") == 2
    assert run(project, "--extend-select=PGB010", ".").returncode == 0


def test_a_baseline_holds_what_is_not_judged(project: Path) -> None:
    assert run(project, "--extend-select=PGB010", "--write-baseline=known.json", ".").returncode == 0
    assert run(project, "--extend-select=PGB010", "--baseline=known.json", ".").returncode == 0


def test_every_rule_that_is_off_by_default_exists() -> None:
    assert {UNJUDGED} == OFF_BY_DEFAULT
