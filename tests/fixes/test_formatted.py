"""A file that a formatter does not change before its fixes is not changed after them: `ruff format` and black."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from difflib import unified_diff
from pathlib import Path
from typing import Any

import laws
import pytest
from laws import Case

from poolsafe.source import Source

Formatter = Callable[[Path, int], None]

# Fixes that remove or move arguments, after which a call may fit on one line again.
SHRINKING = """
import asyncpg
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

URL = "postgresql+asyncpg://app@pgbouncer:6432/app"
OFF = {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
without_size = create_async_engine(
    URL, connect_args=OFF, poolclass=NullPool, pool_size=5, max_overflow=10, echo=True
)
without_both = create_async_engine(
    URL,
    connect_args=OFF,
    poolclass=NullPool,
    pool_size=5,
    max_overflow=10,
)
moved = create_async_engine(URL, pool_pre_ping=True, connect_args=OFF, command_timeout=10)


async def connect():
    await asyncpg.connect("postgresql://app@pgbouncer:6432/app", prepared_statement_cache_size=0)
    await asyncpg.connect(
        "postgresql://pgbouncer:6432/app", statement_cache_size=100_000, prepared_statement_cache_size=100_000
    )
    await asyncpg.connect("postgresql://app@pgbouncer:6432/app?statement_cache_size=0&application_name=app")
"""

# A fix that replaces a value by a longer one, after which the arguments do not fit on their line.
GROWING = """
import psycopg


def connect():
    with psycopg.connect(
        "postgresql://app@pgbouncer:6432/app_at_the_office", autocommit=True, prepare_threshold=0
    ) as connection:
        connection.execute("SELECT 1")
    with psycopg.connect(
        "postgresql://app@pgbouncer:6432/orders1", autocommit=True, prepare_threshold=0
    ) as connection:
        connection.execute("SELECT 1")
    with psycopg.connect(
        "postgresql://pgbouncer:6432/app", autocommit=True, prepare_threshold=0
    ) as connection:
        connection.execute("SELECT 1")
"""

_OWN = [
    Case(laws.FIXTURES / name, text.encode(), {})
    for name, text in (("shrinking.py", SHRINKING), ("growing.py", GROWING))
]
CASES = [case for case in [*laws.cases("bad"), *laws.shop(), *_OWN] if case.source.round_trips]
WIDTHS = (79, 88, 120)


def with_ruff(folder: Path, width: int) -> None:
    ruff = shutil.which("ruff")
    if ruff is None:
        pytest.skip("ruff is not installed")
    command = [ruff, "format", "--isolated", "--quiet", "--no-cache", f"--line-length={width}", str(folder)]
    # Status 2: a fixture that is no Python.
    subprocess.run(command, check=False)


def with_black(folder: Path, width: int) -> None:
    black: Any = pytest.importorskip("black")
    mode = black.Mode(line_length=width)
    for path in sorted(folder.iterdir()):
        try:
            black.format_file_in_place(path, fast=True, mode=mode, write_back=black.WriteBack.YES)
        except black.InvalidInput:
            continue


@pytest.mark.parametrize(
    "width", [pytest.param(width, marks=() if width == 88 else pytest.mark.long) for width in WIDTHS]
)
@pytest.mark.parametrize("formatter", [with_ruff, with_black])
def test_a_formatted_file_stays_formatted(formatter: Formatter, width: int, tmp_path: Path) -> None:
    paths = {tmp_path / f"case_{number}.py": case for number, case in enumerate(CASES)}
    for path, case in paths.items():
        path.write_bytes(case.raw)
    formatter(tmp_path, width)
    fixed = {path: _repaired(path, case, width) for path, case in paths.items()}
    changed = {path for path, raw in fixed.items() if raw != path.read_bytes()}
    assert len(changed) > 30
    for path in changed:
        path.write_bytes(fixed[path])
    formatter(tmp_path, width)
    spoiled = [
        "\n".join(unified_diff(fixed[path].decode().splitlines(), path.read_text("utf-8").splitlines(), case.name))
        for path, case in paths.items()
        if path in changed and path.read_bytes() != fixed[path]
    ]
    assert not spoiled, "\n".join(spoiled)


def _repaired(path: Path, case: Case, width: int) -> bytes:
    source = Source.decode(str(case.path), path.read_bytes(), width)
    return laws.repaired(source, case.deployment, unsafe=True).raw
