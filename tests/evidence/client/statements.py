"""SQL given to asyncpg itself."""

from __future__ import annotations

from typing import Any

import asyncpg  # type: ignore[import-untyped]

SEVERAL = "cannot insert multiple commands into a prepared statement"


async def prepare(job: dict[str, Any]) -> dict[str, Any]:
    """What the server says of preparing each of `sql`: "one", "several", or "unread" where it cannot parse it.

    What fails after the parser, as a table that does not exist, was one command.
    """
    connection: Any = await asyncpg.connect(job["server"].dsn(), statement_cache_size=0)
    try:
        return {"said": [await _said(connection, sql) for sql in job["sql"]]}
    finally:
        await connection.close()


async def _said(connection: Any, sql: str) -> str:
    try:
        await connection.prepare(sql)
    except asyncpg.PostgresSyntaxError as error:
        return "several" if SEVERAL in str(error) else "unread"
    except (asyncpg.CharacterNotInRepertoireError, UnicodeEncodeError):
        return "unread"
    except asyncpg.PostgresError:
        return "one"
    return "one"
