"""One function of a fixture, called with a connection or a session as its own project would."""

from __future__ import annotations

import contextlib
import inspect
from typing import Any

import sqlalchemy.ext.asyncio as aio

from . import hooks, session_state
from .cell import named


async def run(job: dict[str, Any]) -> dict[str, Any]:
    """Call `function` of `fixture` and say its exception, or none, and its `result` where the job asks for it.

    It is given a `connection`, a `session`, the server's `dsn` or nothing, and `arguments`. The engine is the fixture's
    own where it makes one, else one of the harness's. With a `probe`, SQL that gives one value, `before` and `after`
    say what other clients read on every server of the pool; they execute `first` there before. If the engine is to be
    `moved`, another client takes its server between its transactions.
    """
    module, engines = hooks.module_of(job["fixture"], job["server"], {})
    engine = engines[0] if engines else hooks.engine_of({"connect_args": {"statement_cache_size": 0}}, job["server"])
    function = getattr(module, job["function"])
    probe = job.get("probe")
    if probe is not None:
        before = await session_state.on_every_server(job["server"], probe, job.get("first"))
    try:
        async with contextlib.AsyncExitStack() as stack:
            if job.get("moved"):
                await stack.enter_async_context(session_state.moved(engine, job["server"]))
            if job["with"] == "session":
                given: Any = await stack.enter_async_context(aio.AsyncSession(engine))
            elif job["with"] == "connection":
                given = await stack.enter_async_context(engine.begin())
            else:
                given = job["server"].dsn()
            result = function(*(() if job["with"] == "nothing" else (given,)), *job["arguments"])
            if inspect.isawaitable(result):
                result = await result
    except Exception as error:
        name, text = named(error)
        return {"name": name, "text": text, "wrapper": type(error).__name__}
    finally:
        for one in engines or [engine]:
            await hooks.disposed(one)
    answer: dict[str, Any] = {"name": None}
    if job.get("result"):
        answer["result"] = result
    if probe is not None:
        after = await session_state.on_every_server(job["server"], probe)
        answer |= {"before": before, "after": after}
    return answer
