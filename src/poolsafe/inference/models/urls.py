"""URL objects of SQLAlchemy, pydantic, yarl and `urllib`: creating and parsing them."""

from __future__ import annotations

import re

from poolsafe import ir
from poolsafe.inference import texts
from poolsafe.inference.arguments import Arguments
from poolsafe.inference.context import Frame
from poolsafe.inference.lattice import lift
from poolsafe.inference.models.addresses import is_address
from poolsafe.inference.models.handler import Handler, first
from poolsafe.inference.names import force
from poolsafe.inference.symbols import SchemeOf
from poolsafe.inference.values import Absent, MappingRef, MappingValue, Text, Unknown, Url, Value, text

_LOGIN = re.compile(r"[^:/]*:[^@/]*@")


def url_object(frame: Frame, drivername: Value, arguments: Arguments | None = None) -> Value:
    """Returns a URL object with this driver name and the other parts in the arguments of `URL.create` or a `build`."""
    given = arguments or Arguments()
    query = given.keywords.get("query", Absent())
    query = lift(
        lambda single: frame.content(single) if isinstance(single, MappingRef) else single,
        force(frame, query),
    )
    host = given.keywords.get("host") or (given.positional[3] if len(given.positional) > 3 else Unknown("a host"))
    port = given.keywords.get("port") or (given.positional[4] if len(given.positional) > 4 else Unknown("a port"))

    def make(single: Value) -> Value:
        scheme = texts.as_text(single)
        return Url(scheme, query, host, port, provenance=scheme.provenance)

    return lift(make, force(frame, drivername))


def _url_create(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    drivername = arguments.get(0, "drivername") or Unknown(arguments.open_keywords or "a URL without a driver name")
    return url_object(frame, drivername, arguments)


def _dsn_build(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    scheme = arguments.keywords.get("scheme") or Unknown(arguments.open_keywords or "a URL without a scheme")
    given = dict(arguments.keywords)
    if "query" in given:
        given["query"] = lift(_query_of, force(frame, given["query"]))
    elif "path" in given:
        given["query"] = lift(_query_behind, force(frame, given["path"]))
    return url_object(frame, scheme, Arguments(keywords=given))


def _query_of(query: Value) -> Value:
    return parse_query(Text(("?", *query.pieces), provenance=query.provenance)) if isinstance(query, Text) else query


def _query_behind(path: Value) -> Value:
    """Returns the query after a path: pydantic joins the parts and parses the result."""
    written = isinstance(path, Text) and any(isinstance(piece, str) and "?" in piece for piece in path.pieces)
    return parse_query(path) if written and isinstance(path, Text) else Absent()


def _make_url(frame: Frame, node: ir.Call | None, arguments: Arguments) -> Value:
    return lift(parse_url, force(frame, first(frame, node, arguments)))


def parse_url(value: Value) -> Value:
    """Returns the URL object of a string, which may be unknown; other values are returned unchanged."""
    if isinstance(value, Unknown):
        value = Text((value,), provenance=value.provenance)
    if not isinstance(value, Text):
        return value
    parts = texts.partition(value, "://")
    host = next(
        (piece for piece in value.pieces if isinstance(piece, Unknown) and is_address(piece)), Unknown("a host")
    )
    if parts is None or not parts[1].pieces:
        hole = next((piece for piece in value.pieces if isinstance(piece, Unknown)), Unknown("a URL without a scheme"))
        scheme = text(
            Unknown(
                hole.reason,
                None if (symbol := texts.symbol_of(value)) is None else SchemeOf(symbol),
                override=hole.override,
            )
        )
        return Url(scheme, parse_query(value), host, Unknown("a port"), provenance=value.provenance)
    scheme = Text(parts[0].pieces, provenance=value.provenance)
    return Url(scheme, parse_query(parts[2]), host, Unknown("a port"), provenance=value.provenance)


def parse_query(rest: Text) -> Value:
    """Returns the query of a URL or part of one: a mapping of strings, which is open if a piece is unknown."""
    items: dict[str, Value] = {}
    joined = "".join(piece if isinstance(piece, str) else "\x00" for piece in rest.pieces)
    # SQLAlchemy accepts a question mark in a password.
    login = _LOGIN.match(joined)
    for part in joined[login.end() if login else 0 :].partition("?")[2].partition("#")[0].split("&"):
        key, _, value = part.partition("=")
        if key and "\x00" not in key:
            items[key] = (
                text(Unknown("a value in a URL query")) if "\x00" in value else text(value, provenance=rest.provenance)
            )
    return MappingValue(items, "the URL" if "\x00" in joined else None)


HANDLERS: dict[str, Handler] = {
    "urllib.parse.urlparse": _make_url,
    "urllib.parse.urlsplit": _make_url,
    "urllib.parse.urlunparse": first,
    "urllib.parse.urlunsplit": first,
    "sqlalchemy.engine.URL.create": _url_create,
    "sqlalchemy.engine.URL": _url_create,
    "sqlalchemy.engine.make_url": _make_url,
    "pydantic.PostgresDsn.build": _dsn_build,
    "pydantic.MultiHostUrl.build": _dsn_build,
    "pydantic.AnyUrl.build": _dsn_build,
    "pydantic.PostgresDsn": _make_url,
    "pydantic.MultiHostUrl": _make_url,
    "pydantic.AnyUrl": _make_url,
    "yarl.URL": _make_url,
    "yarl.URL.build": _dsn_build,
}
