"""The installed programs: PostgreSQL's, PgBouncer, and interpreters for environments."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from glob import glob
from pathlib import Path

# Where Debian keeps what a user's PATH may lack, and two variables that come before it.
POSTGRES_FOLDERS = "/usr/lib/postgresql/*/bin"
POSTGRES_VARIABLE = "POOLSAFE_POSTGRES"
PGBOUNCER_VARIABLE = "POOLSAFE_PGBOUNCER"
PYTHONS = ("python3.13", "python3.12", "python3.11", "python3.10")


class Missing(Exception):  # noqa: N818 - it names what is the matter, and is a reason to skip
    """A program that the evidence tests need is missing; the message says which one and how to get it."""


@dataclass(frozen=True, slots=True)
class Programs:
    """Absolute paths, and PgBouncer's version as (1, 18, 0)."""

    initdb: str
    postgres: str
    pgbouncer: str
    pgbouncer_version: tuple[int, ...]
    # Before the command of a server, which refuses to run as root.
    as_postgres: tuple[str, ...]


@functools.cache
def programs() -> Programs:
    """Finds the servers. Raises Missing."""
    initdb, postgres = (_postgres(name) for name in ("initdb", "postgres"))
    pgbouncer = os.environ.get(PGBOUNCER_VARIABLE) or _find("pgbouncer", "/usr/sbin/pgbouncer")
    if pgbouncer is None:
        raise Missing("no pgbouncer here: apt-get install pgbouncer")
    if shutil.which("openssl") is None:
        raise Missing("no openssl here, for connections that are encrypted: apt-get install openssl")
    return Programs(initdb, postgres, pgbouncer, _version(pgbouncer), _as_postgres())


def postgres_version() -> tuple[int, ...]:
    """PostgreSQL's version as (15, 18). Raises Missing."""
    return _version(programs().postgres)


def interpreter(newest: tuple[int, int]) -> str:
    """An interpreter not newer than `newest`, so that wheels of an old release exist for it. Raises Missing."""
    if sys.version_info[:2] <= newest:
        return sys.executable
    found = [path for path in map(shutil.which, PYTHONS) if path]
    for path in [*found, *sorted(glob(os.path.expanduser("~/.pyenv/versions/3.1*/bin/python")), reverse=True)]:
        # pyenv's shims answer to names of versions that they do not have, so each candidate is asked to run.
        ran = subprocess.run(
            [path, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, text=True, check=False
        )
        version = tuple(map(int, ran.stdout.split())) if ran.returncode == 0 else ()
        if (3, 10) <= version <= newest:
            return path
    raise Missing(f"no Python between 3.10 and {newest[0]}.{newest[1]} here")


def _postgres(name: str) -> str:
    folders = [os.environ.get(POSTGRES_VARIABLE, ""), *sorted(glob(POSTGRES_FOLDERS), key=_number, reverse=True)]
    path = _find(name, *(os.path.join(folder, name) for folder in folders if folder))
    if path is None:
        raise Missing(f"no {name} of PostgreSQL here: apt-get install postgresql")
    return path


def _find(name: str, *candidates: str) -> str | None:
    return next((path for path in candidates if os.access(path, os.X_OK)), None) or shutil.which(name)


def _number(folder: str) -> int:
    version = Path(folder).parent.name
    return int(version) if version.isdecimal() else 0


def _version(program: str) -> tuple[int, ...]:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    match = re.search(r"(?:PgBouncer|PostgreSQL\)) (\d+(?:\.\d+)*)", said)
    if match is None:
        raise Missing(f"{program} --version does not say its version: {said!r}")
    return tuple(map(int, match[1].split(".")))


def _as_postgres() -> tuple[str, ...]:
    setpriv = shutil.which("setpriv")
    # Where the tests are killed, the servers go with them.
    prefix = () if setpriv is None else (setpriv, "--pdeathsig=KILL")
    if os.geteuid() != 0:
        return prefix
    if setpriv is None:
        raise Missing("no setpriv here, and PostgreSQL refuses to run as root: apt-get install util-linux")
    return (*prefix, "--reuid=postgres", "--regid=postgres", "--init-groups")
