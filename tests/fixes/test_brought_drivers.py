"""Fixes of an engine to which a test, an env file or another module of the project brings another driver."""

from __future__ import annotations

from pathlib import Path

import pytest
from blocks import lay

from poolsafe.checker import check_bytes
from poolsafe.facts.deployment import Deployment, PoolMode
from poolsafe.findings import Applicability
from poolsafe.inference import Project

APP = """
import os
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(os.environ["DATABASE_URL"])
"""
DEFAULT = APP.replace('["DATABASE_URL"]', '.get("DATABASE_URL", "postgresql+asyncpg://app@db/app")')
REQUIREMENTS = {"requirements.txt": "sqlalchemy\nasyncpg\npsycopg2-binary\n"}

SAFE = {
    "no file sets the variable": {},
    "a test sets another variable": {"tests/conftest.py": "import os\nos.environ['CACHE'] = 'sqlite://'\n"},
    "a test sets asyncpg": {
        "tests/conftest.py": "import os\nos.environ['DATABASE_URL'] = 'postgresql+asyncpg://t/a'\n"
    },
    "pytest's configuration sets asyncpg": {"pytest.ini": "[pytest]\nenv = DATABASE_URL=postgresql+asyncpg://t/a\n"},
}
UNSAFE = {
    "a test sets the variable": {
        "tests/conftest.py": "import os\nos.environ['DATABASE_URL'] = 'sqlite+aiosqlite://'\nfrom app import engine\n"
    },
    "a test patches the variable": {
        "tests/test_app.py": "def test(monkeypatch):\n    monkeypatch.setenv('DATABASE_URL', 'sqlite+aiosqlite://')\n"
    },
    "pytest's configuration sets the variable": {
        "pytest.ini": "[pytest]\nenv = DATABASE_URL=sqlite+aiosqlite://t.db\n"
    },
    "tox sets the variable": {"tox.ini": "[testenv]\nsetenv = DATABASE_URL=sqlite+aiosqlite://t.db\n"},
    "another module asks for a driver by the end of its name": {
        "main.py": "from app import engine\nLITE = engine.url.drivername.endswith('+aiosqlite')\n"
    },
    "another module asks for another driver by name": {
        "main.py": "from app import engine\nLITE = engine.driver == 'aiosqlite'\n"
    },
    "another module searches the URL for another driver": {
        "main.py": "import re\nfrom app import engine\nLITE = re.match('^sqlite', str(engine.url))\n"
    },
}


@pytest.mark.parametrize("project", SAFE.values(), ids=SAFE.keys())
def test_safe(tmp_path: Path, project: dict[str, str]) -> None:
    assert applicability(tmp_path, {"app.py": DEFAULT, **project}) is Applicability.SAFE


@pytest.mark.parametrize("project", UNSAFE.values(), ids=UNSAFE.keys())
def test_unsafe(tmp_path: Path, project: dict[str, str]) -> None:
    assert applicability(tmp_path, {"app.py": DEFAULT, **project}) is Applicability.UNSAFE


def test_a_declaration_is_no_proof_of_an_unknown_driver(tmp_path: Path) -> None:
    assert applicability(tmp_path, {"app.py": APP}) is Applicability.UNSAFE


@pytest.mark.parametrize("given", ['"statement_cache_size": 0', '"command_timeout": 5'])
def test_a_key_of_asyncpg_is_proof_without_any_declaration(tmp_path: Path, given: str) -> None:
    app = APP.replace('"])', f'"], connect_args={{{given}}})')
    assert applicability(tmp_path, {"app.py": app, "requirements.txt": "asyncpg\naiosqlite\n"}, "asyncpg") is (
        Applicability.SAFE
    )


def test_the_users_own_assumption_is_no_proof(tmp_path: Path) -> None:
    assert applicability(tmp_path, {"app.py": APP, "requirements.txt": ""}, "asyncpg") is Applicability.UNSAFE


def applicability(folder: Path, project: dict[str, str], assumed: str | None = None) -> Applicability:
    """Returns the applicability of the fix for the engine in app.py."""
    root = folder / "root"
    lay(root / "app", {**REQUIREMENTS, **project})
    path = root / "app/app.py"
    deployment = Deployment(PoolMode.TRANSACTION, assume_asyncpg=None if assumed is None else assumed == "asyncpg")
    found = check_bytes(str(path), path.read_bytes(), deployment, Project(str(root)))[1].findings
    (fix,) = [one.fix for one in found if one.code in ("PGB101", "PGB102")]
    assert fix is not None
    return fix.applicability


@pytest.mark.parametrize(
    ("documented", "wanted"),
    [
        ("DATABASE_URL=postgresql+asyncpg://app@test/app", Applicability.SAFE),
        ("DATABASE_URL=sqlite+aiosqlite://", Applicability.UNSAFE),
        # A different variable.
        ("CACHE_URL=sqlite:///cache.db", Applicability.SAFE),
    ],
)
def test_an_env_file_brings_another_driver_in_place_of_a_default(
    tmp_path: Path, documented: str, wanted: Applicability
) -> None:
    assert applicability(tmp_path, {"app.py": DEFAULT, ".env.test": documented}) is wanted


@pytest.mark.parametrize(("folder", "wanted"), [("worker", Applicability.UNSAFE), ("../other", Applicability.SAFE)])
def test_an_engine_of_another_project_in_the_checkout_does_not_count(
    tmp_path: Path, folder: str, wanted: Applicability
) -> None:
    worker = APP + "lite = engine if os.environ['DATABASE_URL'].startswith('sqlite') else None\n"
    project = {"app.py": DEFAULT, f"{folder}/worker.py": worker, "../other/pyproject.toml": ""}
    assert applicability(tmp_path, project) is wanted
