"""The page about the poolers, made from the catalogue.

`python -m poolsafe.deployment.providers.page docs/poolers.md` writes it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from poolsafe.deployment.providers.hosted import HOSTED
from poolsafe.deployment.providers.programs import PROGRAMS
from poolsafe.facts.pooler import Fate, Pooler, PoolerClass

_HEAD = """\
# Poolers

What fails depends on what stands between the engine and PostgreSQL. poolsafe sorts poolers into classes:

| Class | What it means | Cached statements (PGB1xx) | Pre-ping (PGB201, PGB202) | Session state (PGB4xx) |
|---|---|---|---|---|
| `direct` | there is no pooler | silent | silent | silent |
| `session` | each client has a server of its own | silent | reported | silent |
| `transaction-breaks` | clients change servers, and named statements fail | errors | reported | errors |
| `transaction-carries` | clients change servers, and the pooler carries named statements | silent | reported | errors |
| `pins` | a client keeps its server once its state requires it | silent | reported | silent |
| `unknown` | it depends on settings that are not visible | warnings | reported | warnings |

The class is taken from the strongest evidence: the configuration, then the host, port and database name of a provider
in the URL, then files of the project such as `pgbouncer.ini`. Names of variables (`PGBOUNCER_URL`), parameters of the
URL (`?pgbouncer=true`, `?supa=`), a mere word in a host (`pooler`, `pgbouncer`) and the ports 6432 and 6543 are weak,
in this order: the class stays `unknown`. Names such as `DIRECT_URL` and `DATABASE_URL_UNPOOLED` mean a direct
connection where nothing else speaks for a pooler. Cache sizes of 0 are no evidence at all.

Of session state, what a pooler tracks is silent, and what it discards by itself is a warning: its row says which.
PGB404 and PGB405 are reported everywhere, since they fail without a pooler too.

`pooler` in the configuration takes a mode (`transaction`, `statement`, `session`, `none`) or a name of this page:

```toml
[tool.poolsafe]
pooler = "neon"
```

`max-prepared-statements` in the configuration wins over the number given here. In a host, `*` stands for characters
other than a dot and `**.` for any number of labels; a URL without a port has 5432. Startup parameters are those of
asyncpg's `server_settings`; every pooler that refuses some accepts `application_name`, `client_encoding`, `DateStyle`,
`standard_conforming_strings` and `TimeZone`.

This page is generated from the catalogue in `src/poolsafe/deployment/providers`. What providers run can change without
notice.
"""
_HOSTED = """
## Recognised by the URL

"""
_PROGRAMS = """
## Recognised by files, or named in the configuration

"""
_EXCEPTED = {Fate.REFUSED: "dropped", Fate.DROPPED: "carried"}


def render() -> str:
    """Returns the page."""
    return _HEAD + _HOSTED + "\n".join(_each(HOSTED)) + _PROGRAMS + "\n".join(_each(PROGRAMS))


def _each(rows: tuple[Pooler, ...]) -> Iterator[str]:
    for row in rows:
        yield f"### `{row.name}`: {row.title}\n"
        yield "| | |\n|---|---|"
        for label, value in _cells(row):
            yield f"| {label} | {value} |"
        yield ""


def _cells(row: Pooler) -> Iterator[tuple[str, str]]:
    yield "Class", f"`{row.kind.value}`" + (f", settled by `{row.settle}`" if row.kind is PoolerClass.UNKNOWN else "")
    if row.hosts:
        yield "Host", ", ".join(f"`{host}`" for host in row.hosts) + _but(row)
    if row.ports:
        yield "Port", ", ".join(row.ports)
    if row.database:
        yield "Database", f"`{row.database}`"
    if row.prepared is not None:
        yield "`max_prepared_statements`", str(row.prepared)
    excepted = ", ".join(f"`{name}`" for name in row.excepted)
    yield "Startup parameters", row.startup.value + (f"; {_EXCEPTED[row.startup]}: {excepted}" if excepted else "")
    yield "`options`", row.options.value
    yield "Session state", row.state_in_words
    if row.idle:
        yield "Waiting connections", row.idle
    yield "Source", f"<{row.source}>"
    yield "Basis", row.sure


def _but(row: Pooler) -> str:
    return ", but not " + ", ".join(f"`{host}`" for host in row.unless) if row.unless else ""


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m poolsafe.deployment.providers.page FILE")
    with open(sys.argv[1], "w", encoding="utf-8", newline="\n") as file:
        file.write(render())
