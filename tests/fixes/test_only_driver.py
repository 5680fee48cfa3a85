"""A fix is safe where an unknown driver can only be asyncpg, because the project has and names no other one."""

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
# The callers of a library may have another driver.
LIBRARY = """
from sqlalchemy.ext.asyncio import create_async_engine

def make(url):
    return create_async_engine(url)
"""
SCHEME_APART = """
import os
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(f"{os.environ['DB_DRIVER']}://app@db/app")
"""
REQUIREMENTS = {"requirements.txt": "sqlalchemy\nasyncpg\npsycopg2-binary\n"}
LOCK = '[[package]]\nname = "{}"\nversion = "0.30.0"\n'

SAFE = {
    "only asyncpg is declared": {"app.py": APP},
    "only asyncpg is locked, too": {"app.py": APP, "uv.lock": LOCK.format("asyncpg")},
    "the project names a synchronous driver": {
        "app.py": APP,
        "migrate.py": "URL = 'postgresql+psycopg2://app@db/app'\nimport psycopg2.extras\n",
    },
    "an env file names asyncpg": {"app.py": APP, ".env": "DATABASE_URL=postgresql+asyncpg://app@db/app\n"},
    "a URL may be None, which raises": {
        "app.py": f"{APP}\nurls = [None, 'postgresql+asyncpg://app@db/app']\n".replace(
            "os.environ[", 'None if os.getenv("CI") else os.environ['
        ),
    },
}
UNSAFE = {
    "another driver is locked": {"app.py": APP, "uv.lock": LOCK.format("asyncpg") + LOCK.format("aiosqlite")},
    "another driver is locked further up": {
        "app.py": APP,
        "pyproject.toml": "[project]\ndependencies = ['asyncpg']\n",
        "../poetry.lock": LOCK.format("asyncmy"),
    },
    "another driver is locked by Pipenv": {
        "app.py": APP,
        "Pipfile.lock": '{"default": {"psycopg": {"version": "==3.2.0"}}}',
    },
    "another module names a database": {"app.py": APP, "models.py": "BATCH = URL.startswith('sqlite')\n"},
    "a test names a database": {"app.py": APP, "tests/conftest.py": "URL = 'sqlite+aiosqlite://'\n"},
    "another module names the other psycopg": {"app.py": APP, "other.py": "URL = 'postgresql+psycopg://db/a'\n"},
    "an env file names a database": {"app.py": APP, ".env.test": "TEST_URL=sqlite+aiosqlite://\n"},
    "the URL is a parameter": {"app.py": LIBRARY},
}


@pytest.mark.parametrize("project", SAFE.values(), ids=SAFE.keys())
def test_safe(tmp_path: Path, project: dict[str, str]) -> None:
    assert applicability(tmp_path, project) is Applicability.SAFE


@pytest.mark.parametrize("project", UNSAFE.values(), ids=UNSAFE.keys())
def test_unsafe(tmp_path: Path, project: dict[str, str]) -> None:
    assert applicability(tmp_path, project) is Applicability.UNSAFE


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


DEFAULT = APP.replace('["DATABASE_URL"]', '.get("DATABASE_URL", "postgresql+asyncpg://app@db/app")')


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
