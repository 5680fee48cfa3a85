"""Weak signs of a pooler in a URL: parameters that pooler dashboards add, and the names of variables it comes from.

A parameter may be a relic, and a variable may be called anything. So a sign never settles what stands before the
server; it only says why a pooler is assumed, or why none is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from poolsafe.facts.servers import Sign
from poolsafe.facts.views import View, query_value
from poolsafe.inference import Absent, EnvironmentVariable, Guard, IsSet, Setting, Symbol, Text, Unknown, Url, Value

# Parameters of Prisma and Supabase that dashboards add to the URLs of their poolers.
_PARAMETERS = ("pgbouncer", "supa", "pooled")
_POOLED = re.compile(
    r"(?:^|_)(?:PGBOUNCER|BOUNCER|POOL|POOLED|POOLER|POOLING|SUPAVISOR|PGCAT|PGDOG|ODYSSEY|PGPOOL)(?:_|$)",
    re.IGNORECASE,
)
_DIRECT = re.compile(r"(?:^|_)(?:DIRECT|UNPOOLED|NON_?POOLING|NON_?POOLED)(?:_|$)", re.IGNORECASE)
# Of the names around a URL, those of the URL and its server; `POOL_SIZE` and `USE_POOLER` say something else.
_OF_SERVER = re.compile(r"(?:URL|URI|DSN|HOST|PORT|SERVER|DATABASE|CONNECTION_STRING|ADDRESS)(?:_|$)", re.IGNORECASE)


def signs_of(views: Iterable[View]) -> tuple[Sign, ...]:
    """Returns the signs in the URLs of an engine, each once; a variable comes before a parameter."""
    views = list(views)
    names = (name for view in views for name in _names(view))
    of_names = (Sign(f"variable {name}", pooled=not _DIRECT.search(name)) for name in names if _tells(name))
    of_query = (
        Sign(f"`{key}` in the URL", pooled=True)
        for view in views
        for key in _PARAMETERS
        if not isinstance(query_value(view.url, key), Absent)
    )
    return tuple(dict.fromkeys((*of_names, *of_query)))


def _tells(name: str) -> bool:
    return bool(_DIRECT.search(name) or _POOLED.search(name)) and bool(_OF_SERVER.search(name) or _ends_so(name))


def _ends_so(name: str) -> bool:
    """Returns whether a name ends in its sign, as `DB_PGBOUNCER` and `POSTGRES_URL_NON_POOLING` do."""
    return any(found.end() == len(name) for pattern in (_POOLED, _DIRECT) for found in pattern.finditer(name))


def _names(view: View) -> Iterator[str]:
    """Yields the names of the variables and settings that a URL is made of, or that decide over its default."""
    for symbol in (*_symbols(view.url), *_asked(view.guard)):
        for one in symbol.distinct():
            if isinstance(one, (EnvironmentVariable, Setting)) and isinstance(one.name, str):
                yield one.name


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
