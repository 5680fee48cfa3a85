"""One setting of a pooler, wherever it was found."""

from __future__ import annotations

from poolsafe.records import frozen

MODES = frozenset({"session", "transaction", "statement"})

# The names in PgBouncer, images and operators, by their meaning.
KEYS = {
    "pool_mode": "pool_mode",
    "poolmode": "pool_mode",
    "pgbouncer_pool_mode": "pool_mode",
    "pgbouncer_default_pool_mode": "pool_mode",
    "connection_pooler_mode": "pool_mode",
    "max_prepared_statements": "max_prepared_statements",
    "maxpreparedstatements": "max_prepared_statements",
    "pgbouncer_max_prepared_statements": "max_prepared_statements",
    "ignore_startup_parameters": "parameters",
    "ignorestartupparameters": "parameters",
    "pgbouncer_ignore_startup_parameters": "parameters",
    "track_extra_parameters": "parameters",
    "trackextraparameters": "parameters",
    "pgbouncer_track_extra_parameters": "parameters",
}


@frozen
class Setting:
    """`key` is one of the values of KEYS; `value` is as it was written; `row` is 1-based.

    `product` is the name of the pooler in the catalogue, or "" for PgBouncer. `service` is the service or container
    that it belongs to, or "". A setting with the key `published` is a port of the host that leads to port 5432 of a
    service.
    """

    key: str
    value: str
    path: str
    row: int
    product: str = ""
    service: str = ""
