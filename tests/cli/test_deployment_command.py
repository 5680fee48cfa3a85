"""The command on trees with lock files: how the locked asyncpg changes the messages and the output of `--apply`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from in_process import run

Files = dict[str, str]


def tables(asyncpg: str, sqlalchemy: str, head: str = "[[package]]") -> str:
    packages = {"anyio": "4.9.0", "asyncpg": asyncpg, "sqlalchemy": sqlalchemy}
    return "\n".join(f'{head}\nname = "{name}"\nversion = "{version}"\n' for name, version in packages.items())


def pipfile_lock(asyncpg: str, sqlalchemy: str) -> str:
    packages = {"asyncpg": asyncpg, "sqlalchemy": sqlalchemy}
    return json.dumps({"default": {name: {"version": f"=={version}"} for name, version in packages.items()}}, indent=4)


def requirements(asyncpg: str, sqlalchemy: str) -> str:
    return (
        f'asyncpg=={asyncpg} ; python_version >= "3.10" \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\n'
        f"    # via app\nsqlalchemy[asyncio]=={sqlalchemy}\n"
    )


LOCKS = {
    "uv.lock": tables,
    "poetry.lock": tables,
    "pdm.lock": tables,
    "pylock.toml": lambda asyncpg, sqlalchemy: tables(asyncpg, sqlalchemy, "[[packages]]"),
    "Pipfile.lock": pipfile_lock,
    "requirements.txt": requirements,
}
EACH = pytest.mark.parametrize("name", LOCKS)

ASYNCPG_ONLY = '{"statement_cache_size": 0}'
BOTH = '{"statement_cache_size": 0, "prepared_statement_cache_size": 0}'


def engine(connect_args: str) -> str:
    return (
        "from sqlalchemy.ext.asyncio import create_async_engine\n\n"
        'engine = create_async_engine("postgresql+asyncpg://app@db/app", pool_pre_ping=True, '
        f"connect_args={connect_args})\n"
    )


def tree(root: Path, files: Files) -> Path:
    """Writes a project whose engine is two folders below its lock file."""
    for name, content in {"pyproject.toml": '[project]\nname = "app"\n', **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


def found(root: Path) -> list[dict[str, Any]]:
    """The findings as JSON."""
    ran = run(root, "--output-format=json")
    assert ran.returncode in (0, 1), ran.stderr
    findings: list[dict[str, Any]] = json.loads(ran.stdout)
    return findings


def said(root: Path) -> list[tuple[str, str]]:
    return [(finding["code"], finding["severity"]) for finding in found(root)]


@EACH
@pytest.mark.parametrize("asyncpg", ["0.31.0", "0.32.0"])
def test_asyncpg_s_key_alone_is_silent_since_0_31(tmp_path: Path, name: str, asyncpg: str) -> None:
    root = tree(tmp_path, {name: LOCKS[name](asyncpg, "2.0.40"), "src/app/db.py": engine(ASYNCPG_ONLY)})
    assert found(root) == []


@EACH
def test_both_zeros_are_not_enough_until_0_30(tmp_path: Path, name: str) -> None:
    root = tree(tmp_path, {name: LOCKS[name]("0.30.0", "2.0.40"), "src/app/db.py": engine(BOTH)})
    (finding,) = found(root)
    assert (finding["code"], finding["severity"], finding["fix"]["applicability"]) == ("PGB106", "warning", "safe")
    assert f"asyncpg 0.30.0 ({name})" in finding["message"]
    places = [(Path(place["filename"]).name, place["message"]) for place in finding["related"]]
    assert places == [(name, "asyncpg 0.30.0 is declared here"), (name, "SQLAlchemy 2.0.40 is declared here")]
    row = finding["related"][0]["location"]["row"]
    line = (root / name).read_text().splitlines()[row - 1]
    assert "asyncpg" in line or "0.30.0" in line
    # The repair that was shown to work, and nothing is left to say.
    assert run(root, "--apply").returncode == 0
    assert '"prepared_statement_name_func": lambda: ""' in (root / "src/app/db.py").read_text()
    assert found(root) == []


@pytest.mark.parametrize(
    ("asyncpg", "sqlalchemy"),
    [("0.30.0", "2.0.9"), ("0.27.0", "2.0.40"), ("0.30.0", "1.4.54")],
)
def test_without_a_repair_that_works_there_is_none(tmp_path: Path, asyncpg: str, sqlalchemy: str) -> None:
    root = tree(tmp_path, {"uv.lock": tables(asyncpg, sqlalchemy), "src/app/db.py": engine(BOTH)})
    (finding,) = (each for each in found(root) if each["code"] == "PGB106")
    assert finding["fix"] is None
    assert finding["message"].endswith("use asyncpg >= 0.31")


# What the project says of its versions, the sizes, and what is reported.
UNKNOWN: list[tuple[str, Files, str, list[tuple[str, str]]]] = [
    ("nothing", {}, ASYNCPG_ONLY, [("PGB102", "warning")]),
    ("nothing", {}, BOTH, []),
    ("an open specifier", {"requirements.txt": "asyncpg>=0.27\n"}, BOTH, []),
    ("an open specifier", {"requirements.txt": "asyncpg>=0.27\n"}, ASYNCPG_ONLY, [("PGB102", "warning")]),
    ("a lower bound", {"requirements.txt": "asyncpg>=0.31\n"}, ASYNCPG_ONLY, []),
    ("an upper bound", {"requirements.txt": "asyncpg<0.31\n"}, BOTH, [("PGB106", "warning")]),
    ("a lock of something else", {"uv.lock": '[[package]]\nname = "anyio"\nversion = "4"\n'}, BOTH, []),
    ("a broken lock", {"uv.lock": "<<<<<<<"}, BOTH, []),
    ("a lock with two releases", {"uv.lock": tables("0.30.0", "2.0.40") + tables("0.31.0", "2.0.40")}, BOTH, []),
]


@pytest.mark.parametrize(
    ("files", "connect_args", "codes"),
    [pytest.param(*row, id=f"{what}: {row[1]}") for what, *row in UNKNOWN],
)
def test_unknown_versions(tmp_path: Path, files: Files, connect_args: str, codes: list[tuple[str, str]]) -> None:
    assert said(tree(tmp_path, {**files, "src/app/db.py": engine(connect_args)})) == codes


def test_each_project_of_a_monorepo_has_its_own_lock(tmp_path: Path) -> None:
    files = {
        "uv.lock": tables("0.32.0", "2.1.0"),
        # A member of the workspace, and two projects that lock for themselves.
        "libs/common/pyproject.toml": '[project]\nname = "common"\ndependencies = ["asyncpg"]\n',
        "libs/common/db.py": engine(BOTH),
        "services/old/poetry.lock": tables("0.30.0", "2.0.40"),
        "services/old/app/db.py": engine(BOTH),
        "services/new/requirements.txt": "-r base.txt\n-c pins.txt\n",
        "services/new/base.txt": "asyncpg\n",
        "services/new/pins.txt": "asyncpg==0.31.0\n",
        "services/new/app/db.py": engine(ASYNCPG_ONLY),
    }
    findings = found(tree(tmp_path, files))
    assert [(finding["code"], Path(finding["filename"]).parts[-3]) for finding in findings] == [("PGB106", "old")]


def test_the_pooler_s_place_is_shown(tmp_path: Path) -> None:
    files = {
        "deploy/pgbouncer.ini": "[databases]\n* = host=db\n\n[pgbouncer]\npool_mode = transaction\n",
        "src/app/db.py": engine("{}"),
    }
    (finding,) = found(tree(tmp_path, files))
    assert (finding["code"], finding["severity"]) == ("PGB101", "error")
    (place,) = finding["related"]
    assert place["filename"].endswith("deploy/pgbouncer.ini")
    assert place["location"] == {"row": 5, "column": 1}
    shown = run(tmp_path).stdout
    assert "deploy/pgbouncer.ini:5:1: the pooler runs in transaction mode here" in shown
    assert "5 | pool_mode = transaction" in shown
