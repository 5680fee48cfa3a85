"""Turns the results of the probes into a verdict, with pure functions."""

from __future__ import annotations

import enum
from dataclasses import field

from poolsafe.doctor.probes.named_statements import Carried, Naming
from poolsafe.doctor.probes.server_identity import Identity
from poolsafe.doctor.probes.server_settings import Parameter
from poolsafe.doctor.probes.transaction_pooling import Movement, Pooling
from poolsafe.facts.pooler import Fate
from poolsafe.records import frozen


class Between(enum.Enum):
    """What is between a client and PostgreSQL: classes of docs/poolers.md, and `INHERITS` and `STATEMENT`."""

    DIRECT = "direct"
    SESSION = "session"
    INHERITS = "session-without-reset"
    BREAKS = "transaction-breaks"
    CARRIES = "transaction-carries"
    PINS = "pins"
    STATEMENT = "statement"
    UNKNOWN = "unknown"


_ALL_THE_SAME = (
    "If you still see `prepared statement ... does not exist`, the application uses a different URL, or it runs "
    "DISCARD ALL or DEALLOCATE ALL."
)
WORDS = {
    Between.DIRECT: (
        f"PostgreSQL itself. Each client has its own server process, so nothing breaks here. {_ALL_THE_SAME}"
    ),
    Between.SESSION: (
        "A pooler in session mode. Each client keeps its server connection until it disconnects, "
        f"so prepared statements and session state work as on PostgreSQL. {_ALL_THE_SAME}"
    ),
    Between.INHERITS: (
        "A pooler in session mode that does not reset a server connection before the next client gets it. That client "
        "finds the previous one's prepared statements (`prepared statement ... already exists`), settings, locks and "
        "temporary tables. If you can, let the pooler reset the connection: `server_reset_query = DISCARD ALL` in "
        "PgBouncer. Otherwise, use the options below."
    ),
    Between.BREAKS: (
        "A pooler in transaction mode without support for prepared statements. asyncpg's defaults fail here with "
        "`prepared statement ... already exists` or `does not exist`, and may return another client's rows."
    ),
    Between.CARRIES: (
        "A pooler in transaction mode that supports prepared statements on every server connection. asyncpg's defaults "
        "work. SET, advisory locks, temporary tables and LISTEN still affect a server connection, not a client."
    ),
    Between.PINS: (
        "A pooler that shares server connections, but gives a client with session state a connection of its own. "
        "Nothing breaks here, but that connection is no longer shared."
    ),
    Between.STATEMENT: (
        "A pooler in statement mode. It rejects transactions, so an engine works only with "
        '`isolation_level="AUTOCOMMIT"`.'
    ),
    Between.UNKNOWN: (
        "A pooler in transaction mode. It is unknown whether it supports prepared statements, "
        "so assume that it does not."
    ),
}


@frozen
class Observations:
    """The results of the probes. `parameters` is None if they were not tried."""

    identity: Identity
    pooling: Pooling
    naming: Naming
    parameters: tuple[Parameter, ...] | None = field(default=None)


def between(seen: Observations) -> Between:
    """Returns what is between the client and PostgreSQL."""
    if seen.pooling.movement is Movement.NO_TRANSACTIONS:
        return Between.STATEMENT
    if seen.naming.carried is Carried.NO:
        # This applies even if a client keeps its server, because a proxy itself can lose names.
        return Between.BREAKS
    if seen.naming.carried is Carried.INHERITED:
        return Between.INHERITS
    if seen.pooling.movement is Movement.STAYS:
        return _kept(seen)
    return {
        Carried.YES: Between.CARRIES,
        Carried.PINNED: Between.PINS,
        Carried.UNKNOWN: Between.UNKNOWN,
    }[seen.naming.carried]


def _kept(seen: Observations) -> Between:
    identity = seen.identity
    if identity.pgpool or seen.pooling.reused or not identity.process or lost(seen):
        return Between.SESSION
    # A different port alone proves nothing, because Docker and other networks rewrite addresses.
    return Between.DIRECT


def lost(seen: Observations) -> tuple[str, ...]:
    """Returns the startup parameters that do not reach the server; PostgreSQL itself applies them all."""
    return tuple(each.name for each in seen.parameters or () if each.fate in (Fate.REFUSED, Fate.DROPPED))


def how(seen: Observations) -> str:
    """Returns the report's explanation of whether there is a pooler, as a clause without a full stop."""
    identity = seen.identity
    if identity.pgpool:
        return "the server answers as pgpool-II, so there is a pooler"
    if not identity.process:
        return "queries run on a different server process from the announced one, so there is a pooler"
    if seen.pooling.reused:
        return "a new connection got the server process of an earlier, closed connection, so there is a pooler"
    if between(seen) is Between.SESSION:
        return (
            "queries run on the announced server process, but startup parameters do not reach it, so there is a proxy"
        )
    if identity.port is False:
        return (
            "queries run on the announced server process, but it sees a different client port, so something rewrites "
            "addresses"
        )
    return "queries run on the announced server process, which sees this client's own port, so there is no pooler"
