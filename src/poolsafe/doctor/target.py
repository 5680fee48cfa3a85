"""The server to examine: a SQLAlchemy or libpq URL, libpq's `key=value` form, or a variable that contains one."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import field
from urllib.parse import parse_qsl, unquote

from poolsafe.config.errors import UsageError, one_of
from poolsafe.records import frozen

DEFAULT_PORT = 5432
_FLAG = "--doctor"
# The URL comes last, because masking also hides text after a URL and a colon.
_FORM = "write `env:NAME` for a URL in an environment variable, or `postgresql://user@host/database`"
# As in asyncpg, a password may contain an unescaped `@`: the last one before the query ends it.
_URL = re.compile(
    r"(?P<scheme>[A-Za-z][\w.+-]*)://(?:(?P<user>[^@]*(?:@[^@?]*)*)@)?"
    r"(?P<hosts>[^/?@]*)(?:/(?P<database>[^?@]*))?(?:\?(?P<query>.*))?"
)
_QUERY = re.compile(r"(?:[\w.-]+=[^&]*(?:&|\Z))*")
_SCHEMES = frozenset({"postgresql", "postgres", "asyncpg", "psycopg"})
_WORD = re.compile(r"\s*(\w+)\s*=\s*('(?:\\.|[^'\\])*'|(?:\\.|[^\s'\\])*)")
_ESCAPE = re.compile(r"\\(.)")
# asyncpg's and SQLAlchemy's name for the same parameter; both accept libpq's modes.
_MODE = {"ssl": "sslmode"}
_TLS = ("sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "sslpassword", "ssl_min_protocol_version")
_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_DATABASE = ("dbname", "database")
# Words that set parameters. Other words in `options` select a tenant or an endpoint, and are needed to connect.
_SETS = re.compile(r"(?:^|\s)-c|--\w")


@frozen
class Target:
    """A server's address. `host` is a name, an address, or the folder of a Unix socket.

    `password` is None if the URL has none: asyncpg then reads PGPASSWORD and the password file. `tls` has libpq's
    parameters for TLS. `options` is sent when connecting, because a proxy may use it for routing. `left_out` are the
    names of the other parameters, which are not sent, and `other_hosts` is the number of hosts that are not contacted.
    """

    host: str
    port: int
    user: str | None = None
    password: str | None = None
    database: str | None = None
    tls: Mapping[str, str] = field(default_factory=dict)
    options: str = ""
    left_out: tuple[str, ...] = ()
    other_hosts: int = 0

    @property
    def address(self) -> str:
        """The server's name in messages: `host:port`."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def without_secrets(self, text: str) -> str:
        """Returns `text` with `***` in place of the password, both plain and percent-encoded."""
        from urllib.parse import quote, quote_plus

        for secret in filter(None, (self.password, self.tls.get("sslpassword"))):
            for spelling in sorted({secret, quote(secret, safe=""), quote_plus(secret), quote(secret)}, key=len)[::-1]:
                text = text.replace(spelling, "***")
        return text


def read(said: str, environment: Mapping[str, str] = os.environ) -> Target:
    """Returns the server that the option names. Raises UsageError, which never quotes the value of the option."""
    name = said.removeprefix("env:")
    if name != said:
        if not name:
            raise UsageError(f"{_FLAG}: `env:` must be followed by the name of a variable; {_FORM}")
        if not environment.get(name):
            raise UsageError(f"{_FLAG}: the environment variable `{name}` is not set or is empty")
        said = environment[name].strip()
    url = _URL.fullmatch(said)
    if url is not None:
        return _of_url(url)
    if _WORD.match(said):
        return _of_words(said)
    if environment.get(said):
        raise UsageError(f"{_FLAG}: not a PostgreSQL URL; write `env:{said}` for the one in that environment variable")
    raise UsageError(f"{_FLAG}: not a PostgreSQL URL; {_FORM}")


def shows_password(said: str) -> bool:
    """Returns whether the option itself contains a password, which every user of the machine can read."""
    if said.startswith("env:"):
        return False
    return read(said).password is not None


def _of_url(url: re.Match[str]) -> Target:
    dialect = url["scheme"].lower().partition("+")[0]
    if dialect not in _SCHEMES:
        raise UsageError(f"{_FLAG}: `{dialect}` is not PostgreSQL; {_FORM}")
    if _QUERY.fullmatch(url["query"] or "") is None:
        raise UsageError(f"{_FLAG}: expected `name=value` pairs after `?`; in a password, percent-encode `?` and `@`")
    user, colon, password = (url["user"] or "").partition(":")
    said = {
        "user": unquote(user),
        "password": unquote(password) if colon else "",
        "host": ",".join(unquote(_host_and_port(each)[0]) for each in url["hosts"].split(",")),
        "port": ",".join(_host_and_port(each)[1] for each in url["hosts"].split(",")),
        "dbname": unquote(url["database"] or ""),
    }
    # As in libpq, a parameter in the query string overrides the part of the URL.
    return _target({**said, **dict(parse_qsl(url["query"] or "", keep_blank_values=True))})


def _of_words(text: str) -> Target:
    said: dict[str, str] = {}
    position = 0
    while match := _WORD.match(text, position):
        value = match[2]
        said[match[1]] = _ESCAPE.sub(r"\1", value[1:-1] if value.startswith("'") else value)
        position = match.end()
    if text[position:].strip():
        raise UsageError(f"{_FLAG}: neither a URL nor `key=value` pairs in libpq's syntax; {_FORM}")
    return _target(said)


def _target(said: dict[str, str]) -> Target:
    said = {_MODE.get(key, key): value for key, value in said.items()}
    # SQLAlchemy's form for several hosts is `?host=a:1&host=b:2`; libpq's is `a,b` with `1,2`. The first one is used.
    hosts = said.pop("host", "").split(",")
    host = hosts[0]
    written = said.pop("port", "").split(",")[0]
    if not host.startswith("/"):
        host, _, beside = host.rpartition(":") if host.count(":") == 1 else (host, "", "")
        host, written = (host or beside, written) if not host else (host, beside or written)
    host = host or said.pop("hostaddr", "") or os.environ.get("PGHOST", "").split(",")[0] or "localhost"
    tls = {key: value for key in _TLS if (value := said.pop(key, ""))}
    if tls.get("sslmode", "prefer") not in _MODES:
        raise UsageError(f"{_FLAG}: `sslmode` must be {one_of(_MODES)}")
    databases = [said.pop(key, "") for key in _DATABASE]
    options = said.get("options", "")
    if options and not _SETS.search(options):
        del said["options"]
    else:
        options = ""
    return Target(
        host,
        _port(written or os.environ.get("PGPORT", "").split(",")[0]),
        said.pop("user", "") or None,
        said.pop("password", "") or None,
        next(filter(None, databases), None),
        tls,
        options,
        tuple(sorted(said)),
        len(hosts) - 1,
    )


def _host_and_port(text: str) -> tuple[str, str]:
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, rest.removeprefix(":")
    host, _, port = text.partition(":")
    return host, port


def _port(text: str) -> int:
    if not text:
        return DEFAULT_PORT
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 1 << 16):
        raise UsageError(f"{_FLAG}: the port must be a number from 1 to 65535")
    return int(text)
