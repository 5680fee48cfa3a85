"""How a project's versions and poolers change the findings, from the files to the message."""

from __future__ import annotations

from pathlib import Path

import pytest

from poolsafe.checker import check_in_project
from poolsafe.deployment.evidence import deployment_for, described, overruled
from poolsafe.facts.deployment import Deployment, PoolMode
from poolsafe.findings import Severity
from poolsafe.source import Source

ONE = "{'statement_cache_size': 0}"
BOTH = "{'statement_cache_size': 0, 'prepared_statement_cache_size': 0}"
DIRECT = "postgresql+asyncpg://app@db/app"
ERROR, WARNING = Severity.ERROR, Severity.WARNING


def engine(connect_args: str = "{}", url: str = DIRECT, more: str = "") -> str:
    return (
        "from sqlalchemy.ext.asyncio import create_async_engine\n"
        f"engine = create_async_engine('{url}', pool_pre_ping=True, connect_args={connect_args}{more})\n"
    )


def lock(asyncpg: str, sqlalchemy: str = "2.0.40") -> dict[str, str]:
    packages = {"asyncpg": asyncpg, "sqlalchemy": sqlalchemy}
    tables = [f'[[package]]\nname = "{name}"\nversion = "{version}"\n' for name, version in packages.items()]
    return {"uv.lock": "\n".join(tables), "pyproject.toml": ""}


def requires(asyncpg: str) -> dict[str, str]:
    return {"pyproject.toml": f'[project]\nname = "x"\ndependencies = ["asyncpg{asyncpg}", "psycopg"]\n'}


INI = {"pyproject.toml": "", "pgbouncer.ini": "[pgbouncer]\npool_mode = transaction\n"}
SESSION = {"pyproject.toml": "", "pgbouncer.ini": "[pgbouncer]\npool_mode = session\n"}
CARRIES = {"pyproject.toml": "", "pgbouncer.ini": "[pgbouncer]\npool_mode = transaction\nmax_prepared_statements = 9\n"}
NOTHING = {"pyproject.toml": ""}

# the project's files, the module, the codes with their severities, and a part of the first message
TABLE: list[tuple[str, dict[str, str], str, list[tuple[str, Severity]], str]] = [
    ("nothing known", NOTHING, engine(), [("PGB101", WARNING)], "behind a pooler such as PgBouncer"),
    ("one zero, nothing known", NOTHING, engine(ONE), [("PGB102", WARNING)], "require asyncpg >= 0.31"),
    ("one zero, 0.31 locked", lock("0.31.0"), engine(ONE), [], ""),
    ("one zero, 0.32 locked", lock("0.32.0"), engine(ONE), [], ""),
    ("one zero, 0.30 locked", lock("0.30.0"), engine(ONE), [("PGB102", WARNING)], "use asyncpg >= 0.31"),
    ("one zero, 0.31 declared", requires(">=0.31"), engine(ONE), [], ""),
    ("one zero, 0.30 declared", requires(">=0.30"), engine(ONE), [("PGB102", WARNING)], "require asyncpg >= 0.31"),
    (
        "both, 0.30 locked",
        lock("0.30.0"),
        engine(BOTH),
        [("PGB106", WARNING)],
        "asyncpg 0.30.0 (uv.lock) names statements",
    ),
    ("both, 0.31 locked", lock("0.31.0"), engine(BOTH), [], ""),
    ("both, open", requires(">=0.27"), engine(BOTH), [], ""),
    (
        "both, bounded",
        requires(">=0.29,<0.31"),
        engine(BOTH),
        [("PGB106", WARNING)],
        "asyncpg >= 0.29, < 0.31 (pyproject.toml)",
    ),
    ("both, nothing known", NOTHING, engine(BOTH), [], ""),
    ("a transaction pooler", INI, engine(), [("PGB101", ERROR)], "behind the transaction pooler in pgbouncer.ini"),
    ("a session pooler", SESSION, engine(), [], ""),
    ("a pooler that carries statements", CARRIES, engine(), [], ""),
    (
        "a port",
        NOTHING,
        engine(url="postgresql+asyncpg://a:b@db:6432/app"),
        [("PGB101", WARNING)],
        "(port 6432 suggests one)",
    ),
    (
        "a port with a query",
        NOTHING,
        engine(url="postgresql+asyncpg://db:6543?ssl=require"),
        [("PGB101", WARNING)],
        "(port 6543 suggests one)",
    ),
    (
        "a host",
        NOTHING,
        engine(url="postgresql+asyncpg://pgbouncer/app"),
        [("PGB101", WARNING)],
        "(host pgbouncer suggests one)",
    ),
    (
        "a part of a host",
        NOTHING,
        engine(url="postgresql+asyncpg://ep-1-pooler.neon.example/app"),
        [("PGB101", WARNING)],
        "-pooler",
    ),
    (
        "another host",
        NOTHING,
        engine(url="postgresql+asyncpg://spooler.example/app"),
        [("PGB101", WARNING)],
        "behind a pooler such as PgBouncer",
    ),
    (
        "another port",
        NOTHING,
        engine(url="postgresql+asyncpg://db:5432/app6432"),
        [("PGB101", WARNING)],
        "behind a pooler such as PgBouncer",
    ),
    (
        "a size of 0, which is the tool's own repair",
        NOTHING,
        engine("{'prepared_statement_cache_size': 0}"),
        [("PGB102", WARNING)],
        "behind a pooler such as PgBouncer",
    ),
    ("a port and a session pooler", SESSION, engine(url="postgresql+asyncpg://db:6432/app"), [], ""),
]


@pytest.mark.parametrize(("files", "module", "codes", "phrase"), [pytest.param(*row, id=name) for name, *row in TABLE])
def test_findings(
    tmp_path: Path, files: dict[str, str], module: str, codes: list[tuple[str, Severity]], phrase: str
) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    findings = check_in_project(Source.from_text(str(tmp_path / "db.py"), module), Deployment()).findings
    assert [(finding.code, finding.severity) for finding in findings] == codes
    assert phrase in "".join(finding.message for finding in findings[:1])


def test_the_fix_for_a_locked_old_asyncpg_is_the_empty_name(tmp_path: Path) -> None:
    for name, content in lock("0.30.0").items():
        (tmp_path / name).write_text(content)
    (finding,) = check_in_project(Source.from_text(str(tmp_path / "db.py"), engine(BOTH)), Deployment()).findings
    assert finding.fix is not None
    assert '"prepared_statement_name_func": lambda: ""' in "".join(edit.content for edit in finding.fix.edits).replace(
        "'", '"'
    )


def test_what_is_configured_wins(tmp_path: Path) -> None:
    for name, content in (INI | lock("0.30.0")).items():
        (tmp_path / name).write_text(content)
    source = Source.from_text(str(tmp_path / "db.py"), engine(BOTH))
    assert check_in_project(source, Deployment(PoolMode.NONE)).findings == []
    assert check_in_project(source, Deployment(asyncpg=(0, 32))).findings == []


def test_every_fact_is_described_with_its_place(tmp_path: Path) -> None:
    for name, content in (CARRIES | lock("0.30.0")).items():
        (tmp_path / name).write_text(content)
    found = deployment_for(str(tmp_path / "db.py"), str(tmp_path), Deployment())
    assert "".join(described(found, str(tmp_path))) == (
        'asyncpg-version = "0.30.0"  # uv.lock:3\n'
        'sqlalchemy-version = "2.0.40"  # uv.lock:7\n'
        'pooler = "transaction"  # pgbouncer.ini:2\n'
        'max-prepared-statements = "9"  # pgbouncer.ini:3\n'
    )


def test_what_is_overruled_is_described_too(tmp_path: Path) -> None:
    files = CARRIES | {"compose.yml": "pgbouncer:\n  POOL_MODE: session\n  MAX_PREPARED_STATEMENTS: 20\n"}
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    root = str(tmp_path)
    found = deployment_for(str(tmp_path / "db.py"), root, Deployment())
    assert "".join(described(found, root)) == (
        'pooler = "transaction"  # pgbouncer.ini:2\nmax-prepared-statements = "9"  # pgbouncer.ini:3\n'
    )
    beaten = [
        '# overruled: pooler = "session"  # compose.yml:2\n',
        '# overruled: max-prepared-statements = "20"  # compose.yml:3\n',
    ]
    assert list(overruled(found, root)) == beaten
    # The configuration overrules them all.
    found = deployment_for(str(tmp_path / "db.py"), root, Deployment(PoolMode.NONE))
    ini = ['# overruled: pooler = "transaction"  # pgbouncer.ini:2\n']
    ini.append('# overruled: max-prepared-statements = "9"  # pgbouncer.ini:3\n')
    assert list(overruled(found, root)) == beaten + ini


def places(files: dict[str, str], module: str, root: Path) -> list[list[tuple[str, int, str]]]:
    """Returns the related places of each finding in the project's other files."""
    for name, content in files.items():
        (root / name).write_text(content)
    findings = check_in_project(Source.from_text(str(root / "db.py"), module), Deployment()).findings
    return [
        [
            (Path(place.path).name, place.row, place.message)
            for place in finding.related
            if Path(place.path).name in files
        ]
        for finding in findings
    ]


LOCKED = ("uv.lock", 3, "asyncpg 0.30.0 is declared here")
LOCKED_TOO = ("uv.lock", 7, "SQLAlchemy 2.0.40 is declared here")
POOLED = ("pgbouncer.ini", 2, "the pooler runs in transaction mode here")
NO_DRIVER = "import os\n" + engine().replace(f"'{DIRECT}'", "os.environ['DATABASE_URL']")
STATEMENT = {"pyproject.toml": "", "pgbouncer.ini": "[pgbouncer]\npool_mode = statement\nmax_prepared_statements = 0\n"}
DESCRIBED = {
    "pyproject.toml": """\
[project]
description = "SQLAlchemy and asyncpg behind a pooler"
keywords = ["asyncpg", "sqlalchemy"]
dependencies = [
    "SQLAlchemy[asyncio] ==2.0.40",
    "asyncpg==0.30.0",
]
"""
}
ASYNCPG_ONLY = {"requirements.txt": "sqlalchemy\nasyncpg\n"}
SQL = "from sqlalchemy import text\n\nBOTH = text('SELECT 1; SELECT 2')\n"

PLACES = [
    ("nothing known", NOTHING, engine(), [[]]),
    ("a pooler", INI, engine(), [[POOLED]]),
    ("a pooler and a new asyncpg", INI | lock("0.32.0"), engine(), [[POOLED]]),
    ("a pooler and an old asyncpg", INI | lock("0.30.0"), engine(), [[POOLED, LOCKED]]),
    ("half of the sizes", INI | lock("0.30.0"), engine(ONE), [[POOLED, LOCKED]]),
    ("a name that is needed", lock("0.30.0"), engine(BOTH), [[LOCKED, LOCKED_TOO]]),
    (
        "a description that mentions the packages",
        DESCRIBED,
        engine(BOTH),
        [
            [
                ("pyproject.toml", 6, "asyncpg 0.30.0 is declared here"),
                ("pyproject.toml", 5, "SQLAlchemy 2.0.40 is declared here"),
            ]
        ],
    ),
    ("a size refused anywhere", INI | lock("0.30.0"), engine("{'statement_cache_size': None}"), [[]]),
    (
        "statement mode",
        STATEMENT,
        engine(),
        [
            [
                ("pgbouncer.ini", 2, "the pooler runs in statement mode here"),
                ("pgbouncer.ini", 3, "`max_prepared_statements` is 0 here"),
            ],
            [("pgbouncer.ini", 2, "the pooler runs in statement mode here")],
        ],
    ),
    (
        "a driver that is declared",
        ASYNCPG_ONLY,
        NO_DRIVER,
        [[("requirements.txt", 2, "asyncpg is the only asynchronous SQL driver declared here")]],
    ),
    (
        "SQL that nobody sees run",
        ASYNCPG_ONLY,
        SQL,
        [[("requirements.txt", 2, "asyncpg is the only asynchronous SQL driver declared here")]],
    ),
]


@pytest.mark.parametrize(("files", "module", "wanted"), [pytest.param(*row, id=name) for name, *row in PLACES])
def test_findings_show_where_the_facts_stand(
    tmp_path: Path, files: dict[str, str], module: str, wanted: list[list[tuple[str, int, str]]]
) -> None:
    assert places(files, module, tmp_path) == wanted
