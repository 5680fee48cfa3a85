"""The page about poolers, generated from the catalogue.

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

What fails depends on the pooler between the engine and PostgreSQL. poolsafe divides poolers into classes:

| Class | What it means | Cached statements (PGB1xx) | \
Pre-ping ([PGB201](rules/missing-pre-ping.md), [PGB202](rules/disabled-pre-ping.md)) | Session state (PGB4xx) |
|---|---|---|---|---|
| `direct` | there is no pooler | not reported | not reported | not reported |
| `session` | each client has its own server connection | not reported | reported | not reported |
| `transaction-breaks` | server connections are shared, and named statements fail | errors | reported | errors |
| `transaction-carries` | server connections are shared, and named statements work | not reported | reported | errors |
| `pins` | a client keeps its server connection if its state requires it | not reported | reported | not reported |
| `unknown` | the class depends on settings that poolsafe cannot see | warnings | reported | warnings |

To find the class, poolsafe looks at the configuration first, then at the host, port and database name in the URL, and
then at project files such as `pgbouncer.ini`. The first of these that determines the class counts. If there are only
weak signs of a pooler, the class remains `unknown`. Weak signs are the name of a variable (`PGBOUNCER_URL`), a
parameter in the URL (`?pgbouncer=true` or `?supa=`), a word in the host (`pooler` or `pgbouncer`), and the ports 6432
and 6543. A variable name such as `DIRECT_URL` or `DATABASE_URL_UNPOOLED` means a direct connection, unless something
else suggests a pooler. Cache sizes of 0 are not a sign of a pooler.

Some poolers restore part of the session state for each client. poolsafe does not report the state that they restore.
Other poolers discard session state after each transaction, which poolsafe reports as a warning. The tables below give
the details. [PGB404](rules/local-setting-outside-transaction.md) and [PGB405](rules/setting-with-parameter.md) are
reported behind every pooler, because that code fails without a pooler too.

`pooler` in the configuration accepts a mode (`transaction`, `statement`, `session` or `none`) or a name from this page:

```toml
[tool.poolsafe]
pooler = "neon"
```

`max-prepared-statements` in the configuration overrides the number on this page. In the host patterns below, `*`
matches characters other than a dot, and `**.` matches any number of labels. A URL without a port means port 5432.

Startup parameters are the keys of asyncpg's `server_settings`. Even poolers that reject other parameters accept
`application_name`, `client_encoding`, `DateStyle`, `standard_conforming_strings` and `TimeZone`. The row `options` says
what happens to the startup parameter `options`, as in `options=-c search_path=app`. A pooler that drops a parameter
accepts the connection and ignores the value.

This page is generated from the catalogue in `src/poolsafe/deployment/providers`. Providers can change their poolers
without notice.
"""
_HOSTED = """
## Recognised by the URL

"""
_PROGRAMS = """
## Recognised in project files, or named in the configuration

"""
_EXCEPTED = {Fate.REFUSED: "dropped", Fate.DROPPED: "applied"}
_FATES = {Fate.REFUSED: "rejected", Fate.DROPPED: "dropped", Fate.CARRIED: "applied", Fate.UNKNOWN: "unknown"}


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
    yield (
        "Class",
        f"`{row.kind.value}`" + (f", unless you set `{row.settle}`" if row.kind is PoolerClass.UNKNOWN else ""),
    )
    if row.hosts:
        yield "Host", ", ".join(f"`{host}`" for host in row.hosts) + _but(row)
    if row.ports:
        yield "Port", ", ".join(row.ports)
    if row.database:
        yield "Database", f"`{row.database}`"
    if row.prepared is not None:
        yield "`max_prepared_statements`", str(row.prepared)
    excepted = ", ".join(f"`{name}`" for name in row.excepted)
    yield (
        "Startup parameters",
        _FATES[row.startup] + (f", except {excepted} ({_EXCEPTED[row.startup]})" if excepted else ""),
    )
    yield "`options`", _FATES[row.options]
    yield "Session state", row.state_in_words
    if row.idle:
        yield "Idle connections", row.idle
    yield "Source", f"<{row.source}>"
    yield "Basis", row.sure


def _but(row: Pooler) -> str:
    return ", except " + ", ".join(f"`{host}`" for host in row.unless) if row.unless else ""


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m poolsafe.deployment.providers.page FILE")
    with open(sys.argv[1], "w", encoding="utf-8", newline="\n") as file:
        file.write(render())
