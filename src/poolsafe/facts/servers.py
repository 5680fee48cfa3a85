"""One server in the URL of an engine, and signs of a pooler in the URL."""

from __future__ import annotations

from poolsafe.records import frozen

DEFAULT_PORT = "5432"
# Represents an unknown part of a host.
HOLE = "\x00"


@frozen
class Server:
    """One address. `host` may contain `HOLE` for unknown parts, and is None if it is completely unknown.

    `port` is None if it is unknown, and the default port if the URL has none. `database` is "" if it is unknown.
    """

    host: str | None
    port: str | None
    database: str = ""


# The server with an unknown address.
NOWHERE = Server(None, None)


@frozen
class Sign:
    """A weak sign of a pooler, or of a direct connection, in words: `variable PGBOUNCER_URL`."""

    words: str
    pooled: bool
