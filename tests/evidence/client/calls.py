"""One function of a fixture, called with a connection or a session as its own project would."""

from __future__ import annotations

import contextlib
from typing import Any

import sqlalchemy.ext.asyncio as aio

from . import hooks
from .cell import named


async def run(job: dict[str, Any]) -> dict[str, Any]:
    """Call `function` of `fixture` with a `connection` or a `session` and `arguments`: its exception, or none.

    The engine is the fixture's own where it makes one, else one of the harness's.
    """
    module, engines = hooks.module_of(job["fixture"], job["server"], {})
    engine = engines[0] if engines else hooks.engine_of({"connect_args": {"statement_cache_size": 0}}, job["server"])
    function = getattr(module, job["function"])
    try:
        async with contextlib.AsyncExitStack() as stack:
            if job["with"] == "session":
                given: Any = await stack.enter_async_context(aio.AsyncSession(engine))
            else:
                given = await stack.enter_async_context(engine.begin())
            await function(given, *job["arguments"])
    except Exception as error:
        name, text = named(error)
        return {"name": name, "text": text, "wrapper": type(error).__name__}
    finally:
        await engine.dispose()
    return {"name": None}
