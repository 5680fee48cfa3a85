"""The trees of the benchmark: large packages from the index, and a generated service."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

# About 10,000 files; none of them names an engine function.
PACKAGES = (
    "ansible-core==2.19.14",
    "django==5.2.19",
    "matplotlib==3.11.2",
    "networkx==3.6.1",
    "numpy==2.4.6",
    "scikit-learn==1.9.1",
    "scipy==1.17.1",
    "sympy==1.14.0",
    "transformers==5.23.0",
    "twisted==26.10.0",
)
# Their own code names engine functions and runs SQL: nine of 1,700 files go to LibCST.
PACKAGES_WITH_SQL = ("pandas==3.1.1", "sqlalchemy==2.1.9")
# Trees that hold engines: what is installed, and the folder that is looked at.
WITH_ENGINES = {
    "sqlalchemy": ("sqlalchemy==2.0.45", "sqlalchemy"),
    "pandas": ("pandas==2.3.3", "pandas"),
    "airflow": ("apache-airflow-core==3.1.5", "airflow"),
    "homeassistant": ("homeassistant==2024.3.3", "homeassistant"),
    "phoenix": ("arize-phoenix==20.26.1", "phoenix"),
    "tiled": ("tiled==0.2.20", "tiled"),
}
SERVICE_FILES = 2_000
SERVICE_ENGINES = 100
SERVICE_TEXTS = 100


def packages(folder: Path, name: str = "packages", wanted: tuple[str, ...] = PACKAGES) -> Path:
    """Install the packages below `folder`, once, without what they need to run, and return where they are."""
    target = folder / name
    if not target.exists():
        part = folder / f"{name}.part"
        options = ["--quiet", "--no-deps", "--no-compile", "--disable-pip-version-check", "--upgrade"]
        subprocess.run([sys.executable, "-m", "pip", "install", *options, "--target", part, *wanted], check=True)
        part.rename(target)
    return target


def with_engines(folder: Path, name: str) -> Path:
    """Install one of `WITH_ENGINES`, once, and return the folder to look at."""
    requirement, package = WITH_ENGINES[name]
    (folder / "engines").mkdir(exist_ok=True)
    return packages(folder / "engines", name, (requirement,)) / package


def program(folder: Path, name: str, requirement: str) -> Path | None:
    """Make an environment for a program, once, and return the program; None where it cannot be installed."""
    target = folder / f"{name}.venv"
    found = target / "bin" / name
    if not found.exists():
        subprocess.run([sys.executable, "-m", "venv", target], check=True)
        pip = [str(target / "bin" / "python"), "-m", "pip", "install", "--quiet", requirement]
        if subprocess.run(pip, capture_output=True).returncode != 0:
            return None
    return found


def tools(folder: Path) -> Path:
    """Make an environment that holds fixit, once, and return its folder of programs."""
    target = folder / "tools"
    if not (target / "bin" / "fixit").exists():
        subprocess.run([sys.executable, "-m", "venv", target], check=True)
        subprocess.run([target / "bin" / "python", "-m", "pip", "install", "--quiet", "fixit"], check=True)
    return target / "bin"


def empty(folder: Path) -> Path:
    """A project without a Python file."""
    return _written(folder / "empty", {"pyproject.toml": '[project]\nname = "empty"\nversion = "1"\n'})


def without_needle(folder: Path) -> Path:
    """A project with one file that is none of our business."""
    return _written(folder / "plain", {"pyproject.toml": '[project]\nname = "plain"\nversion = "1"\n', "a.py": _PLAIN})


def one_engine(folder: Path) -> Path:
    """A project with one engine, which lacks both keys."""
    return _written(folder / "engine", {"pyproject.toml": _PYPROJECT, "db.py": _ONE_ENGINE})


def service(folder: Path) -> Path:
    """A service of 2,000 files: 100 make engines, 100 others run SQL with `text()`; the same files every time."""
    chance = random.Random(1)
    files = {
        "pyproject.toml": _PYPROJECT,
        "app/__init__.py": "",
        "app/core/__init__.py": "",
        "app/core/config.py": _CONFIG,
    }
    engines = set(range(0, SERVICE_FILES, SERVICE_FILES // SERVICE_ENGINES))
    texts = {number + 7 for number in engines}
    domain = ""
    for number in range(SERVICE_FILES):
        if number % 20 == 0:
            domain = f"app/domain{number // 20:03}"
            files[f"{domain}/__init__.py"] = ""
        if number in engines:
            files[f"{domain}/database.py"] = _engine_file(chance, number)
        elif number in texts:
            files[f"{domain}/queries.py"] = _text_file(chance, number)
        else:
            files[f"{domain}/module{number:04}.py"] = _plain_file(chance, number)
    return _written(folder / "service", files)


def _written(target: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return target


_PLAIN = "import os\n\n\ndef home() -> str:\n    return os.environ['HOME']\n"
_PYPROJECT = """\
[project]
name = "service"
version = "1"
dependencies = ["sqlalchemy>=2.0.30", "asyncpg>=0.29", "pydantic-settings>=2"]
"""
_ONE_ENGINE = """\
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine("postgresql+asyncpg://app:secret@db:6432/app", pool_pre_ping=True)
"""
_CONFIG = '''\
"""Settings of the service."""

from functools import lru_cache

from pydantic import computed_field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_file=".env")

    db_user: str = "app"
    db_password: str = "app"
    db_host: str = "pgbouncer"
    db_port: int = 6432
    db_name: str = "app"
    debug: bool = False

    @computed_field
    @property
    def database_url(self) -> str:
        return f"postgresql+asyncpg://{self.db_user}:{self.db_password}@{self.db_host}:{self.db_port}/{self.db_name}"


@lru_cache
def get_settings() -> Settings:
    return Settings()


settings = get_settings()
'''
_ARGUMENTS = (
    "",
    '    connect_args={"statement_cache_size": 0},\n',
    '    connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 0},\n    pool_pre_ping=True,\n',
    "    poolclass=NullPool,\n",
    "    pool_pre_ping=True,\n    echo=settings.debug,\n",
)
_HEADER = '''\
"""Domain {number}."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession{engine}
from sqlalchemy.pool import NullPool

from app.core.config import get_settings, settings

log = logging.getLogger(__name__)

'''
_ENGINE = """
engine = create_async_engine(
    {url},
{arguments})
Session = async_sessionmaker(engine, expire_on_commit=False)


async def session() -> AsyncIterator[AsyncSession]:
    async with Session() as session:
        try:
            yield session
            await session.commit()
        except Exception:
            await session.rollback()
            raise

"""
_FUNCTION = '''
@dataclass(frozen=True)
class Order{number}:
    """An order of customer {number}."""

    id: int
    name: str
    total: float = 0.0
    notes: str = ""

    def is_open(self, limit: float) -> bool:
        return self.total > limit and not self.notes.startswith("closed")


async def find_orders_{number}(session: AsyncSession, customer: int, *, limit: int = {number}) -> list[dict[str, Any]]:
    """Find the newest orders; those without a name are left out."""
    if limit <= 0:
        raise ValueError(f"limit must be positive, not {{limit}}")
    rows = (await session.execute(select(Order).where(Order.customer == customer).limit(limit))).scalars()
    found = [{{"id": row.id, "name": row.name, "total": row.total or 0.0}} for row in rows if row.name]
    for order in found:
        log.debug("order %s of %s: %s", order["id"], customer, order["total"])
    return sorted(found, key=lambda order: (-order["total"], order["name"]))

'''
_TEXTS = (
    '    await session.execute(text("SELECT 1"))\n',
    '    await session.execute(text("DELETE FROM orders WHERE id = :i; DELETE FROM lines WHERE id = :i"), {"i": 1})\n',
    '    await session.execute(text("UPDATE orders SET note = \'a;b\' WHERE id = :id;"), {"id": 2})\n',
    '    await session.execute(\n        text(\n            """\n            CREATE TABLE a (id int);\n'
    '            CREATE INDEX a_id ON a (id);\n            """\n        )\n    )\n',
)


def _engine_file(chance: random.Random, number: int) -> str:
    url = chance.choice(
        ["settings.database_url", "get_settings().database_url", '"postgresql+asyncpg://app@db:5432/app"']
    )
    header = _HEADER.format(number=number, engine=", async_sessionmaker, create_async_engine")
    return header + _ENGINE.format(url=url, arguments=chance.choice(_ARGUMENTS)) + _functions(chance, number)


def _text_file(chance: random.Random, number: int) -> str:
    body = "".join(chance.choice(_TEXTS) for _ in range(4))
    runner = f"\nasync def clean_{number}(session: AsyncSession) -> None:\n{body}\n"
    return _HEADER.format(number=number, engine="") + runner + _functions(chance, number)


def _plain_file(chance: random.Random, number: int) -> str:
    return _HEADER.format(number=number, engine="") + _functions(chance, number)


def _functions(chance: random.Random, number: int) -> str:
    return "".join(_FUNCTION.format(number=number * 10 + extra) for extra in range(chance.randint(2, 9)))
