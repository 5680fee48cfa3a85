"""One server in the URL of an engine, and signs of a pooler in the URL."""

from __future__ import annotations

from poolsafe.records import frozen

DEFAULT_PORT = "5432"
# Stands for an unknown part of a host.
HOLE = "\x00"


@frozen
class Server:
    """One address. `host` may hold `HOLE` for unknown parts, and is None if nothing of it is known.

    `port` is None if it is unknown, and the default port if the URL gives none. `database` is "" if it is unknown.
    """

    host: str | None
    port: str | None
    database: str = ""


# An unknown address.
NOWHERE = Server(None, None)


@frozen
class Sign:
    """A weak sign of a pooler, or of a direct connection, in words: `variable PGBOUNCER_URL`."""

    words: str
    pooled: bool
