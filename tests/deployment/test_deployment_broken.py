"""Project files that are broken, huge or inaccessible: nothing is raised, and `--verbose` lists the unread ones."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from in_process import run

from poolsafe.deployment.evidence import deployment_for
from poolsafe.deployment.files import FILE_BYTES, LOCK_BYTES, unread
from poolsafe.facts.deployment import Deployment, shown
from poolsafe.folders import Folder

ENGINE = """\
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine("postgresql+asyncpg://db/app", pool_pre_ping=True)
"""
LOCK = '[[package]]\nname = "asyncpg"\nversion = "0.30.0"\n'
INI = "[pgbouncer]\npool_mode = transaction\n"

Make = Callable[[Path], object]


def text(content: str) -> Make:
    return lambda path: path.write_text(content)


def linked_to_itself(path: Path) -> None:
    path.symlink_to(path)


def linked_outside(path: Path) -> None:
    outside = path.parent.parent / "outside"
    outside.write_text(LOCK)
    path.symlink_to(outside)


# what is wrong, the file, how it is made, and what is said of it ("": nothing)
BROKEN: list[tuple[str, str, Make, str]] = [
    ("no TOML", "pyproject.toml", text("[project\n"), "not TOML: Expected ']' at the end of a table declaration"),
    ("deep TOML", "pyproject.toml", text("a = " + "[" * 5000), "not TOML"),
    ("no TOML", "Pipfile", text("packages ="), "not TOML"),
    ("no INI", "setup.cfg", text("install_requires = asyncpg\n"), "not an INI file"),
    ("no JSON", "Pipfile.lock", text("{"), "not JSON"),
    ("deep JSON", "Pipfile.lock", text("[" * 100_000), "not JSON"),
    ("JSON of another kind", "Pipfile.lock", text("[1]"), ""),
    ("no lock", "uv.lock", text("<html>404</html>"), "not a lock file"),
    ("an empty lock", "uv.lock", text('version = 1\nrequires-python = ">=3.11"\n'), ""),
    ("an empty lock", "poetry.lock", text("package = []\n\n[metadata]\n"), ""),
    ("a long number", "uv.lock", text('[[package]]\nname = "asyncpg"\nversion = "' + "9" * 5000 + '"\n'), ""),
    ("a lock with a conflict", "uv.lock", text(f"<<<<<<< HEAD\n{LOCK}=======\n{LOCK}>>>>>>> main\n"), ""),
    ("a huge lock", "uv.lock", text("#" * (LOCK_BYTES + 1)), "larger than 20 MB"),
    ("a huge list", "requirements.txt", text("#" * (FILE_BYTES + 1)), "larger than 1 MB"),
    ("a huge manifest", "compose.yml", text("#" * 300_001), "larger than 300,000 bytes"),
    ("a folder", "poetry.lock", Path.mkdir, "is a directory"),
    ("a pipe", "pgbouncer.ini", os.mkfifo, "not a regular file"),
    ("a link to itself", "uv.lock", linked_to_itself, "symbolic links"),
    ("a link to nowhere", "uv.lock", lambda path: path.symlink_to("nowhere"), ""),
    ("a link to the outside", "uv.lock", linked_outside, "points outside the project"),
    ("bytes", "requirements.txt", lambda path: path.write_bytes(bytes(range(256)) * 100), ""),
    ("bytes", "pgbouncer.ini", lambda path: path.write_bytes(b"\xff\xfe[pgbouncer]\n\x00pool_mode = \xff"), ""),
]
EACH = pytest.mark.parametrize(
    ("name", "make", "said"), [pytest.param(*row, id=f"{row[0]}: {what}") for what, *row in BROKEN]
)


@EACH
def test_nothing_is_raised(tmp_path: Path, name: str, make: Make, said: str) -> None:
    root = tmp_path / "project"
    root.mkdir()
    make(root / name)
    deployment_for(str(root / "db.py"), str(root), Deployment())
    found = unread(str(root))
    assert [path for path, _ in found] == ([str(root / name)] if said else [])
    assert all(said.lower() in reason.lower() and "\n" not in reason for _, reason in found)


def test_a_long_chain_of_requirements(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("asyncpg==0.30.0\n-r 0.txt\n")
    for number in range(3000):
        (tmp_path / f"{number}.txt").write_text(f"-r {number + 1}.txt\n")
    assert shown(deployment_for(str(tmp_path / "db.py"), str(tmp_path), Deployment()).asyncpg) == "0.30.0"


def test_a_closed_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Root may read everything, so that the refusal is put on.
    (tmp_path / "uv.lock").write_text(LOCK)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Folder, "open", refuse)
    found = deployment_for(str(tmp_path / "db.py"), str(tmp_path), Deployment())
    monkeypatch.undo()
    assert found.asyncpg is None
    assert unread(str(tmp_path)) == [(str(tmp_path / "uv.lock"), "permission denied")]


def test_verbose_says_it_once(tmp_path: Path) -> None:
    for name, content in {"a.py": ENGINE, "b.py": ENGINE, "Pipfile.lock": "{", "pgbouncer.ini": INI}.items():
        (tmp_path / name).write_text(content)
    (tmp_path / "uv.lock").symlink_to("uv.lock")

    def lines(*flags: str) -> list[str]:
        ran = run(tmp_path, *flags)
        assert ran.returncode == ("--show-settings" not in flags)
        said = (ran.stdout + ran.stderr).splitlines()
        return [line for line in said if "Pipfile.lock" in line or "uv.lock" in line]

    assert lines() == []
    assert lines("--verbose") == [
        "poolsafe: Pipfile.lock: not read: not JSON",
        "poolsafe: uv.lock: not read: too many levels of symbolic links",
    ]
    assert lines("--show-settings") == [
        "# Pipfile.lock was not read: not JSON",
        "# uv.lock was not read: too many levels of symbolic links",
    ]


# What takes a regular expression with a fault in it minutes.
HOSTILE = {
    "names without versions": ("uv.lock", '[[package]]\nname = "asyncpg"\n' + 'name = "asyncpg"\n' * 200_000),
    "tables without names": ("poetry.lock", "[[package]]\nx = 1\n" * 200_000),
    "blanks in a requirement": ("requirements.txt", "asyncpg==0.30.0" + " " * 900_000 + "x"),
    "blanks in a constraint": ("pyproject.toml", f'[tool.poetry.dependencies]\nasyncpg = "^0.30{" " * 900_000}x"'),
    "blanks in a specifier": ("pyproject.toml", f'[project]\ndependencies = ["asyncpg>=0.30{"," * 900_000}"]'),
    "blanks in a manifest": ("compose.yml", "pgbouncer\n" + " " * 250_000 + "x"),
    "blanks in an ini": ("pgbouncer.ini", "[pgbouncer]\npool_mode = a" + " " * 250_000 + "x"),
    "blanks in a list": ("environment.yml", "dependencies:\n- asyncpg=1" + " " * 900_000 + "x"),
    "dots in a list": ("environment.yml", "dependencies:\n- asyncpg=1" + "." * 900_000 + "x"),
    "packages in one line": ("pyproject.toml", "[project]\ndependencies = [" + '"asyncpg",' * 80_000 + "]"),
    "packages in many lines": ("pyproject.toml", "[project]\ndependencies = [\n" + '"asyncpg",\n' * 80_000 + "]"),
    "packages of conda": ("environment.yml", "dependencies:\n" + "- psycopg2\n" * 80_000),
}


@pytest.mark.parametrize(("name", "content"), [pytest.param(*row, id=what) for what, row in HOSTILE.items()])
@pytest.mark.torture
def test_hostile_files_take_no_time(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    began = time.process_time()
    deployment_for(str(tmp_path / "db.py"), str(tmp_path), Deployment())
    assert time.process_time() - began < 5


def test_a_long_lock_costs_little(tmp_path: Path) -> None:
    wheel = '    { url = "https://files.pythonhosted.org/p-1.0.whl", hash = "sha256:' + "0" * 64 + '", size = 1 },\n'
    table = (
        '[[package]]\nname = "p{}"\nversion = "1.0"\nwheels = [\n' + wheel.replace("{", "{{").replace("}", "}}") * 30
    )
    tables = "".join(table.format(number) + "]\n\n" for number in range(1200))
    (tmp_path / "uv.lock").write_text(tables + LOCK)
    assert (tmp_path / "uv.lock").stat().st_size > 4_500_000
    began = time.process_time()
    found = deployment_for(str(tmp_path / "db.py"), str(tmp_path), Deployment())
    assert time.process_time() - began < 1
    assert found.asyncpg is not None


FILES = {
    "uv.lock": LOCK,
    "pyproject.toml": '[project]\ndependencies = ["asyncpg>=0.29,<0.31", "sqlalchemy[postgresql-asyncpg]~=2.0"]\n',
    "setup.cfg": "[options]\ninstall_requires =\n    asyncpg>=0.27\n",
    "setup.py": "import setuptools\nsetuptools.setup(install_requires=['asyncpg==0.30.0'], extras_require={})\n",
    "requirements.txt": "-r base.txt\nasyncpg==0.30.0 ; python_version > '3' --hash=sha256:00\n-c pins.txt\n",
    "Pipfile": '[packages]\nasyncpg = {version = "^0.30", extras = ["a"]}\n',
    "Pipfile.lock": json.dumps({"default": {"asyncpg": {"version": "==0.30.0"}}}),
    "environment.yml": "dependencies:\n  - asyncpg=0.30.0=py_0\n  - pip:\n    - sqlalchemy~=2.0\n",
    "pgbouncer.ini": "[databases]\na = pool_mode='session'\n[pgbouncer]\npool_mode = transaction\n",
    "compose.yml": "pgbouncer:\n  environment:\n    - POOL_MODE=transaction\n    - MAX_PREPARED_STATEMENTS: '5'\n",
}


@pytest.mark.parametrize("seed", range(40))
def test_random_damage_raises_nothing(tmp_path: Path, seed: int) -> None:
    chosen = random.Random(seed)
    for name, content in FILES.items():
        raw = bytearray(content.encode())
        for _ in range(chosen.randint(1, 4)):
            at = chosen.randrange(len(raw) + 1)
            raw[at : at + chosen.randint(0, 6)] = chosen.choice(
                [b"", b"\x00", b"[", b"{", b'"', b"'", b"\n", b"9" * 30, b"\xff", b"="]
            )
        (tmp_path / name).write_bytes(raw)
    deployment_for(str(tmp_path / "db.py"), str(tmp_path), Deployment())
    assert all("\n" not in reason for _, reason in unread(str(tmp_path)))
