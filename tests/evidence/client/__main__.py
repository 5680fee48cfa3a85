"""Jobs from standard input, answers to standard output, until the input ends."""

from __future__ import annotations

import asyncio
import json
import sys
import traceback
from collections.abc import Callable
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import sqlalchemy

from . import calls, cell, connections, pauses, schema, session_state, statements
from .hooks import Server

JOBS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "cell": cell.run,
    "call": lambda job: asyncio.run(calls.run(job)),
    "own": connections.run,
    "pause": lambda job: asyncio.run(pauses.run(job)),
    "prepare": lambda job: asyncio.run(statements.prepare(job)),
    "last_value": lambda job: asyncio.run(session_state.last_value(job)),
    "listen": lambda job: asyncio.run(session_state.listen(job)),
    "move": lambda job: asyncio.run(session_state.move(job)),
    "set_up": lambda job: asyncio.run(schema.set_up(job)),
    "versions": lambda job: {
        "asyncpg": asyncpg.__version__,
        "sqlalchemy": sqlalchemy.__version__,
        "python": sys.version.split()[0],
    },
}


def answer(line: str) -> dict[str, Any]:
    """The answer to one job; {"error": traceback} where the job itself is at fault."""
    try:
        job = json.loads(line)
        if "server" in job:
            job["server"] = Server(**job["server"])
        return JOBS[job["kind"]](job)
    except BaseException:
        return {"error": traceback.format_exc()}


if __name__ == "__main__":
    # What a fixture prints must not come between the answers.
    output, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        print(json.dumps(answer(line)), file=output, flush=True)
