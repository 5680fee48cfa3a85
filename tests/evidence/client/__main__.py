"""Jobs from standard input, answers to standard output, until the input ends."""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from typing import Any

from . import hooks

# What does each kind of job. Their modules are imported on demand: gino's SQLAlchemy is too old for most of them.
JOBS = {
    "cell": "cell.run",
    "call": "calls.run",
    "own": "connections.run",
    "pause": "pauses.run",
    "prepare": "statements.prepare",
    "last_value": "session_state.last_value",
    "listen": "session_state.listen",
    "move": "session_state.move",
    "set_up": "schema.set_up",
    "versions": "versions.told",
}


def done(job: dict[str, Any]) -> dict[str, Any]:
    """Do a job, in an event loop if it is asynchronous."""
    module, _, name = JOBS[job["kind"]].partition(".")
    function: Callable[[dict[str, Any]], Any] = getattr(import_module(f"{__package__}.{module}"), name)
    try:
        result: dict[str, Any] = asyncio.run(function(job)) if inspect.iscoroutinefunction(function) else function(job)
    finally:
        hooks.restore()
    return result


def answer(line: str) -> dict[str, Any]:
    """The answer to one job; {"error": traceback} where the job itself is at fault."""
    try:
        job = json.loads(line)
        if "server" in job:
            job["server"] = hooks.Server(**job["server"])
        return done(job)
    except BaseException:
        return {"error": traceback.format_exc()}


if __name__ == "__main__":
    # What a fixture prints must not come between the answers.
    output, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        print(json.dumps(answer(line)), file=output, flush=True)
