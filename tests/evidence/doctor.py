"""The doctor as a process, and the state of a pool's server connections before and after it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg  # type: ignore[import-untyped]

from .servers import DATABASE, HOST, USER

# How often each verdict is asked for; 10 is what docs/is-it-the-pooler.md speaks of.
RUNS = int(os.environ.get("POOLSAFE_DOCTOR_RUNS", "1"))
# Seconds that an examination may take.
BOUND = 30.0

# What a client could leave on a server connection. The name that we give our own connections is not among it.
_STATE = """
    SELECT pg_backend_pid(), pg_sleep({pause}) IS NULL,
        ARRAY(SELECT 'statement ' || name FROM pg_prepared_statements WHERE name <> '')
        || ARRAY(SELECT 'setting ' || name || '=' || setting FROM pg_settings
            WHERE source = 'session' AND name NOT IN ('client_encoding', 'application_name') AND setting <> reset_val)
        || ARRAY(SELECT 'name ' || setting FROM pg_settings WHERE name = 'application_name' AND setting <> '')
        || ARRAY(SELECT 'lock ' || objid FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())
        || ARRAY(SELECT 'table ' || relname FROM pg_class WHERE relnamespace = pg_my_temp_schema())
        || ARRAY(SELECT 'channel ' || channel FROM pg_listening_channels() AS channel)
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A server, or a database of a pooler, and how many server connections it has for it."""

    port: int
    database: str = DATABASE
    servers: int = 3
    transactions: bool = True

    @property
    def url(self) -> str:
        return f"postgresql+asyncpg://{USER}@{HOST}:{self.port}/{self.database}"


@dataclass(frozen=True, slots=True)
class Answer:
    """The exit code, the report, and how many seconds it took."""

    code: int
    report: dict[str, Any]
    seconds: float
    errors: str


def command(place: Place, *flags: str) -> list[str]:
    return [sys.executable, "-m", "poolsafe", "--doctor", place.url, *flags]


def ask(place: Place, *flags: str) -> Answer:
    """Runs the doctor and waits for its report."""
    start = time.monotonic()
    ran = subprocess.run(
        command(place, "--output-format", "json", *flags), capture_output=True, text=True, check=False, timeout=180
    )
    report = json.loads(ran.stdout) if ran.stdout else {}
    return Answer(ran.returncode, report, time.monotonic() - start, ran.stderr)


def state(place: Place) -> dict[int, list[str]]:
    """What is on each server connection of the pool, by process id; all of them are held at once to be seen."""
    return asyncio.run(_state(place))


async def _state(place: Place) -> dict[int, list[str]]:
    async def connected() -> Any:
        return await asyncpg.connect(
            host=HOST, port=place.port, user=USER, database=place.database, statement_cache_size=0
        )

    clients = [await connected() for _ in range(place.servers)]
    try:
        if place.transactions:
            for client in clients:
                await client.execute("BEGIN")
            rows = [await client.fetchrow(_STATE.format(pause=0)) for client in clients]
            for client in clients:
                await client.execute("ROLLBACK")
        else:
            # Nothing but a running command holds a server there.
            rows = await asyncio.gather(*(client.fetchrow(_STATE.format(pause=0.3)) for client in clients))
    finally:
        for client in clients:
            await client.close()
    return {pid: sorted(found) for pid, _, found in rows}


def added(before: dict[int, list[str]], after: dict[int, list[str]]) -> Sequence[str]:
    """Returns the state that has been added, and the state that has been removed."""
    new = [f"{pid}: {item}" for pid, items in after.items() for item in items if item not in before.get(pid, [])]
    gone = [f"{pid}: no {item}" for pid in before for item in before[pid] if item not in after.get(pid, before[pid])]
    return new + gone
