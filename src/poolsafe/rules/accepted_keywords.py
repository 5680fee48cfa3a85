"""The keywords that asyncpg's `connect()` and SQLAlchemy's engine function accept, with the versions that accept them.

`CONNECT` is the signature of `asyncpg.connect` in every tag from 0.11 to 0.32; no keyword was ever removed. `ADAPTER`
are the keys of connect_args that SQLAlchemy's dialect removes before that call. `ENGINE` are the keywords that
`create_engine()` passes to the dialect, the pool and the engine. They were read from the signatures, as in
`create_engine()` itself, and tried with SQLAlchemy 1.4.54, 2.0.0, 2.0.21, 2.0.51 and 2.1.9.
`tests/rules/test_trials.py` compares all three with the installed versions.
"""

from __future__ import annotations

from collections.abc import Iterable

from poolsafe.facts.deployment import Deployment, Version, Versions, at_least, older_than
from poolsafe.records import frozen


@frozen
class Taken:
    """The versions that accept a keyword: from `since` on, and before `until`. None means no bound on that side."""

    since: Version | None = None
    until: Version | None = None

    def refused_by(self, known: Version | Versions | None) -> bool:
        """Returns whether no release that may be in use accepts the keyword."""
        early = self.since is not None and older_than(known, self.since)
        return early or (self.until is not None and at_least(known, self.until))


_ALWAYS = Taken()

CONNECT: dict[str, Taken] = {
    **dict.fromkeys(
        (
            "dsn", "host", "port", "user", "password", "passfile", "database", "loop", "timeout",
            "statement_cache_size", "max_cached_statement_lifetime", "max_cacheable_statement_size",
            "command_timeout", "ssl", "connection_class", "server_settings",
        ),
        _ALWAYS,
    ),
    "record_class": Taken((0, 22)),
    "direct_tls": Taken((0, 26)),
    "target_session_attrs": Taken((0, 28)),
    "krbsrvname": Taken((0, 30)),
    "gsslib": Taken((0, 30)),
    "service": Taken((0, 31)),
    "servicefile": Taken((0, 31)),
}  # fmt: skip

ADAPTER: dict[str, Taken] = {
    "prepared_statement_cache_size": _ALWAYS,
    "prepared_statement_name_func": Taken((2, 0, 10)),
    "async_creator_fn": Taken((2, 0, 16)),
    "async_fallback": Taken(until=(2, 1)),
}

ENGINE: dict[str, Taken] = {
    **dict.fromkeys(
        (
            "connect_args", "creator", "echo", "echo_pool", "enable_from_linting", "execution_options", "future",
            "hide_parameters", "implicit_returning", "isolation_level", "json_deserializer", "json_serializer",
            "label_length", "logging_name", "max_identifier_length", "max_overflow", "module", "paramstyle",
            "plugins", "pool", "pool_events", "pool_logging_name", "pool_pre_ping", "pool_recycle",
            "pool_reset_on_return", "pool_size", "pool_timeout", "pool_use_lifo", "poolclass", "query_cache_size",
            "server_side_cursors", "strategy", "supports_native_boolean", "url", "compiler_linting", "dbapi",
        ),
        _ALWAYS,
    ),
    "async_creator": Taken((2, 0, 16)),
    "case_sensitive": Taken(until=(2, 0)),
    "convert_unicode": Taken(until=(2, 0)),
    "encoding": Taken(until=(2, 0)),
    "insertmanyvalues_page_size": Taken((2, 0)),
    "native_inet_types": Taken((2, 0, 18)),
    "skip_autocommit_rollback": Taken((2, 0, 43)),
    "use_insertmanyvalues": Taken((2, 0)),
}  # fmt: skip


def refuses_connect(key: str, deployment: Deployment) -> bool:
    """Returns whether neither `asyncpg.connect()` nor SQLAlchemy's dialect accepts a key in any possible version."""
    if key in CONNECT:
        return CONNECT[key].refused_by(deployment.asyncpg)
    return key not in ADAPTER or ADAPTER[key].refused_by(deployment.sqlalchemy)


def refuses_engine(keyword: str, deployment: Deployment) -> bool:
    """Returns whether SQLAlchemy's engine function refuses a keyword, in every version that may be in use."""
    # SQLAlchemy's functions pass each other keywords that begin with an underscore.
    return not keyword.startswith("_") and (keyword not in ENGINE or ENGINE[keyword].refused_by(deployment.sqlalchemy))


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Returns the name that was probably meant by a misspelled one, or None if there is none."""
    # Imported late, because only a finding needs it.
    import difflib

    plain = {_plain(one): one for one in names}
    found = difflib.get_close_matches(_plain(name), plain, 1, 0.8)
    return plain[found[0]] if found else None


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")
