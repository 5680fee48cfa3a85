"""Interpreters with a version pair of SQLAlchemy and asyncpg, and their processes, which run jobs."""

from __future__ import annotations

import fcntl
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .installed import interpreter

TESTS = Path(__file__).parent.parent
# Seconds until the answer to one job.
PATIENCE = 180.0


class JobFailed(Exception):  # noqa: N818 - it names what happened
    """A client could not run its job: an error of the test harness, not a result."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The requirements of one environment, and the newest Python with wheels."""

    name: str
    requirements: tuple[str, ...]
    newest_python: tuple[int, int] = (3, 13)


# What the project's own environment has, and two that are made: the last asyncpg that names every statement, and the
# last SQLAlchemy that pings outside a transaction.
NEWEST = Pair("newest", ())
OLD = Pair("old", ("sqlalchemy[asyncio]>=2.0,<2.1", "asyncpg==0.30.0"))
OLDER = Pair("older", ("sqlalchemy[asyncio]==2.0.20", "asyncpg==0.28.0"), (3, 11))
# Libraries that make asyncpg's connections, and psycopg, newest and 3.1.
LIBRARIES = Pair(
    "libraries",
    (
        "databases==0.9.0",
        "tortoise-orm==1.1.9",
        "piccolo==1.38.0",
        "psycopg[binary,pool]",
        "asyncpg",
        "sqlalchemy[asyncio]",
    ),
)  # fmt: skip
# gino is made for SQLAlchemy 1.3.
GINO = Pair("gino", ("gino==1.0.1", "asyncpg"), (3, 11))
PSYCOPG_31 = Pair("psycopg 3.1", ("psycopg[binary,pool]==3.1.20", "asyncpg", "sqlalchemy[asyncio]"), (3, 12))


def made(pair: Pair, folder: Path) -> str:
    """The interpreter of the pair's environment, made below `folder` unless it is there. Raises Missing, JobFailed."""
    if not pair.requirements:
        return sys.executable
    python = interpreter(pair.newest_python)
    home = folder / pair.name
    folder.mkdir(parents=True, exist_ok=True)
    # Several test processes want it at once.
    with (folder / f"{pair.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        finished = home / "finished"
        wanted = "\n".join([python, *pair.requirements])
        if not finished.exists() or finished.read_text() != wanted:
            _run([python, "-m", "venv", "--clear", str(home)])
            pip = [str(home / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
            # An old release without a wheel for this machine would be compiled for minutes.
            _run([*pip, "--only-binary", "asyncpg,greenlet", *pair.requirements])
            finished.write_text(wanted)
    return str(home / "bin" / "python")


class Client:
    """A process of one environment that runs one job after the other."""

    def __init__(self, python: str) -> None:
        """`python` is the environment's interpreter."""
        # Coverage would measure, and slow down, what is not the project.
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "PYTHON"))}
        self._process = subprocess.Popen(
            [python, "-m", "evidence.client"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=TESTS,
            env=environment | {"PYTHONDONTWRITEBYTECODE": "1"},
            start_new_session=True,
        )

    def do(self, kind: str, **job: Any) -> dict[str, Any]:
        """Returns the answer to one job. Raises JobFailed if the job fails or there is no answer."""
        self.begin(kind, **job)
        return self.answer()

    def begin(self, kind: str, **job: Any) -> None:
        """Starts a job without waiting for its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"kind": kind, **job}).encode() + b"\n")
        self._process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """Waits for the answer to the started job. Raises JobFailed."""
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], PATIENCE)[0]:
            raise JobFailed(f"no answer in {PATIENCE:.0f} seconds")
        line = self._process.stdout.readline()
        if not line:
            raise JobFailed(f"the client ended with {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise JobFailed(answer["error"])
        return answer

    def stop(self) -> None:
        """Ends the process; without jobs, it ends by itself."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def client(python: str) -> Iterator[Client]:
    """A client while the block runs."""
    one = Client(python)
    try:
        yield one
    finally:
        one.stop()


def wait_for(path: Path) -> None:
    """Waits until a file exists. Raises JobFailed."""
    deadline = time.monotonic() + PATIENCE
    while not path.exists():
        if time.monotonic() > deadline:
            raise JobFailed(f"{path.name} did not appear in {PATIENCE:.0f} seconds")
        time.sleep(0.02)


def _run(command: list[str]) -> None:
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise JobFailed(f"{' '.join(command)}\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}")
