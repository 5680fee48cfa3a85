"""The arguments that a call passes to the driver for a connection or a pool: the URL and the options."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from poolsafe.facts.direct_names import names_direct_server
from poolsafe.facts.server_addresses import servers_of
from poolsafe.facts.servers import NOWHERE, Server
from poolsafe.facts.views import item_of, open_where_absent, option_of
from poolsafe.inference import (
    Absent,
    Aside,
    Const,
    Guard,
    MappingValue,
    ObservedCall,
    Text,
    Unknown,
    Url,
    Value,
    alternatives,
    as_text,
    conjunctions,
    defaults,
    for_detection,
    is_parameter,
    restrict,
)
from poolsafe.inference.models import is_address, parse_url
from poolsafe.libraries import ENGINE_FUNCTIONS, PSYCOPG_CONNECTS, PSYCOPG_POOLS
from poolsafe.records import frozen

# The argument whose dict contains the driver's options, for calls that do not take them as keywords.
_MAPPINGS = {
    **dict.fromkeys(PSYCOPG_POOLS, ("kwargs", None)),
    "piccolo.engine.PostgresEngine": ("config", 0),
    **dict.fromkeys(ENGINE_FUNCTIONS, ("connect_args", None)),
}
_URLS = {
    "asyncpg.connect": "dsn",
    "asyncpg.create_pool": "dsn",
    **dict.fromkeys(PSYCOPG_CONNECTS | PSYCOPG_POOLS, "conninfo"),
    "databases.Database": "url",
    "gino.Gino.set_bind": "bind",
    "gino.create_engine": "name_or_url",
}


@frozen
class Given:
    """One observed call. `mapping` is the name of the argument that contains the driver's options, or "" for keywords.

    In `seen`, only the URL's default counts, not a value from the environment. In `everywhere`, both count.
    """

    seen: ObservedCall
    mapping: str
    position: int | None
    everywhere: ObservedCall

    @property
    def url(self) -> Value:
        """The URL or connection string, or Absent."""
        return self._url_on(self.seen)

    @property
    def urls(self) -> Value:
        """The URL or connection string, with the values from the environment that may replace it."""
        return self._url_on(self.everywhere)

    @property
    def brought_urls(self) -> list[tuple[Guard, Value]]:
        """The values from the environment that may replace a default of the URL."""
        urls = alternatives(self.urls)
        own = {id(url) for _, url in defaults(list(urls))}
        return [(guard, url) for guard, url in urls if id(url) not in own]

    def _url_on(self, seen: ObservedCall) -> Value:
        if seen.function == "piccolo.engine.PostgresEngine":
            return self.option("dsn")
        name = _URLS.get(seen.function, "dsn")
        return restrict(seen.arguments.get(0, name) or Absent(), seen.path)

    def addresses(self) -> Iterator[tuple[Guard, Value]]:
        """Yields the values that name the server, each with its guard. The guard of a default tests its variable."""
        for guard, url in alternatives(self.urls):
            host = self.option("host") if isinstance(url, (Absent, Const)) else Absent()
            yield from [(guard, url)] if isinstance(host, Absent) else alternatives(host)

    @property
    def container(self) -> Value:
        """The dict argument that contains the driver's options, or Absent if there is none or keywords are used."""
        if not self.mapping:
            return Absent()
        positional = self.seen.arguments.positional
        if self.position is not None and self.position < len(positional):
            return restrict(positional[self.position], self.seen.path)
        return restrict(option_of(self.seen, self.mapping), self.seen.path)

    def option(self, key: str) -> Value:
        """Returns the value of an option, Absent if it is certainly not passed, or Unknown."""
        if not self.mapping:
            return open_where_absent(restrict(option_of(self.seen, key), self.seen.path))
        item = item_of(self.container, key, "options", "the options are not a dict that poolsafe can follow")
        return open_where_absent(restrict(item, self.seen.path))

    def option_of_call(self, name: str) -> Value:
        """Returns the value of a keyword of the call itself, as `option` does."""
        return open_where_absent(restrict(option_of(self.seen, name), self.seen.path))

    def options(self) -> Iterator[tuple[str, Value]]:
        """Yields the known options by name, including those that are absent on some path."""
        if not self.mapping:
            yield from self.seen.arguments.keywords.items()
            return
        for _, single in alternatives(for_detection(self.container)):
            if isinstance(single, MappingValue):
                yield from ((key, value) for key, value in single.items.items() if isinstance(key, str))

    def query(self) -> Iterator[tuple[str, Value]]:
        """Yields the keys of the URL's query string."""
        for _, url in alternatives(for_detection(self.url)):
            parsed = parse_url(url) if isinstance(url, Text) else url
            if not isinstance(parsed, Url):
                continue
            for _, query in alternatives(parsed.query):
                if isinstance(query, MappingValue):
                    yield from ((key, value) for key, value in query.items.items() if isinstance(key, str))

    def servers(self) -> Iterator[Server]:
        """Yields the addresses in the URL, or in the keywords."""
        for _, url in alternatives(for_detection(self.url)):
            if isinstance(url, (Absent, Const)):
                host, port = (as_text(for_detection(self.option(key))) for key in ("host", "port"))
                number = for_detection(self.option("port"))
                known = str(number.value) if isinstance(number, Const) else port.known
                yield Server(host.known, known or None) if host.known else NOWHERE
            else:
                yield from servers_of(url)

    @property
    def is_direct(self) -> bool:
        """Whether there is no pooler, or the names of the URL in the code say so."""
        url = self.url
        values = [url] if not isinstance(url, Absent) else [self.option("host")]
        return all(is_address(value) for value in values) or any(map(_is_named_direct, values))


def given_by(seen: ObservedCall) -> Given:
    """Returns the arguments that an observed call passes to the driver."""
    mapping, position = _MAPPINGS.get(seen.function, ("", None))
    given = Given(seen, mapping, position, seen)
    urls = alternatives(given.url)
    own = defaults(list(urls))
    if len(own) == len(urls):
        return given
    # Options for another URL, such as SQLite's, do not count.
    path = tuple(conjunctions(seen.path, [guard for guard, _ in own]))
    return Given(replace(seen, path=path or seen.path), mapping, position, seen)


def _is_named_direct(url: Value) -> bool:
    """Returns whether the names behind each alternative of a URL say that it leads directly to the server."""
    found = [single for _, single in alternatives(for_detection(url)) if not is_parameter(single)]
    found = found or [single for _, single in alternatives(url)]
    return all(any(map(names_direct_server, _names_of(single))) for single in found)


def _names_of(url: Value) -> Iterator[str]:
    yield from (step.module.text(step.node) for step in url.provenance if not isinstance(step, Aside))
    for piece in url.pieces if isinstance(url, Text) else (url,):
        symbol = piece.symbol if isinstance(piece, Unknown) else None
        if symbol is not None:
            yield from symbol.words()
