"""Weak signs of a pooler: parameters that pooler dashboards add to a URL, and names of variables that contain the URL.

A parameter may be a leftover, and a variable may have any name. So a sign never decides whether there is a pooler. It
only explains why a pooler is assumed, or why it is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from poolsafe.facts.direct_names import names_direct_server
from poolsafe.facts.servers import Sign
from poolsafe.facts.views import query_value
from poolsafe.inference import (
    Absent,
    EnvironmentVariable,
    Guard,
    IsSet,
    Setting,
    Symbol,
    Text,
    Unknown,
    Url,
    Value,
    is_parameter,
)

# Parameters of Prisma and Supabase that dashboards add to the URLs of their poolers.
_PARAMETERS = ("pgbouncer", "supa", "pooled")
_POOLED = re.compile(
    r"(?:^|_)(?:PGBOUNCER|BOUNCER|POOL|POOLED|POOLER|POOLING|SUPAVISOR|PGCAT|PGDOG|ODYSSEY|PGPOOL)(?:_|$)",
    re.IGNORECASE,
)
# Only the names of the URL and its server count; `POOL_SIZE` and `USE_POOLER` have other meanings.
_OF_SERVER = re.compile(r"(?:URL|URI|DSN|HOST|PORT|SERVER|DATABASE|CONNECTION_STRING|ADDRESS)(?:_|$)", re.IGNORECASE)


def signs_of(urls: Iterable[tuple[Guard, Value]]) -> tuple[Sign, ...]:
    """Returns the signs in URLs under their guards, each once; a variable comes before a parameter.

    The name of a direct connection only counts if each URL has one. In `DIRECT_URL or DATABASE_URL`, one has none.
    """
    urls = list(urls)
    names = [name for guard, url in urls for name in _names(guard, url) if _tells(name)]
    if not all(is_parameter(url) or _is_named_direct(guard, url) for guard, url in urls):
        names = [name for name in names if not names_direct_server(name)]
    of_names = (Sign(f"variable {name}", pooled=not names_direct_server(name)) for name in names)
    of_query = (
        Sign(f"`{key}` in the URL", pooled=True)
        for _, url in urls
        for key in _PARAMETERS
        if not isinstance(query_value(url, key), Absent)
    )
    return tuple(dict.fromkeys((*of_names, *of_query)))


def _tells(name: str) -> bool:
    if names_direct_server(name):
        return True
    found = [match.end() for match in _POOLED.finditer(name)]
    # A name may also end with the sign, as in `DB_PGBOUNCER`.
    return bool(found) and (len(name) in found or _OF_SERVER.search(name) is not None)


def _names(guard: Guard, url: Value) -> list[str]:
    """Returns the names of the variables and settings in a URL, or of those that decide whether its default counts."""
    return [*_named(_symbols(url)), *_named(_asked(guard))]


def _is_named_direct(guard: Guard, url: Value) -> bool:
    """Returns whether the URL's own variable, or the one whose default it is, says that the connection is direct."""
    return any(map(names_direct_server, _named(_symbols(url)) or _named(_asked(guard))))


def _named(symbols: Iterable[Symbol]) -> list[str]:
    return [
        one.name
        for symbol in symbols
        for one in symbol.distinct()
        if isinstance(one, (EnvironmentVariable, Setting)) and isinstance(one.name, str)
    ]


def _symbols(url: Value) -> Iterator[Symbol]:
    if isinstance(url, Url):
        for part in (url.drivername, url.host, url.port):
            yield from _symbols(part)
    elif isinstance(url, Text):
        yield from (piece.symbol for piece in url.pieces if isinstance(piece, Unknown) and piece.symbol is not None)
    elif isinstance(url, Unknown) and url.symbol is not None:
        yield url.symbol


def _asked(guard: Guard) -> Iterator[Symbol]:
    return (one.symbol for one in guard if isinstance(one.symbol, IsSet))
