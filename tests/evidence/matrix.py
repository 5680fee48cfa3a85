"""The long matrix: `python -m tests.evidence.matrix` runs every pair of versions and writes docs/evidence.md.

Takes about five minutes on two cores. `--asyncpg 0.30 0.32 --sqlalchemy 2.0` runs less, `--output -` only prints.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .cells import ALL_WORK, AUTOCOMMIT_WORK, PROCESSES, TASKS, Outcome, Where, load
from .clients import NEWEST, TESTS, JobFailed, Pair, client, made
from .installed import Programs, postgres_version, programs
from .servers import Servers, running

ASYNCPG = ("0.27", "0.28", "0.29", "0.30", "0.31", "0.32")
SQLALCHEMY = ("1.4", "2.0", "2.1")
# Wheels of asyncpg 0.27 and 0.28 end there.
NEWEST_PYTHON = (3, 11)

ZERO = {"statement_cache_size": 0}
OTHER_ZERO = {"prepared_statement_cache_size": 0}
BOTH = ZERO | OTHER_ZERO

CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "no option": {},
    "`statement_cache_size=0`": {"connect_args": ZERO},
    "`prepared_statement_cache_size=0`": {"connect_args": OTHER_ZERO},
    "`prepared_statement_cache_size=0` in the URL": {"query": "?prepared_statement_cache_size=0"},
    "both 0": {"connect_args": BOTH},
    "both 0, pre-ping": {"connect_args": BOTH, "keywords": {"pool_pre_ping": True}},
    "both 0, AUTOCOMMIT": {"connect_args": BOTH, "autocommit": True},
    "both 0, empty name": {"connect_args": BOTH, "name": "empty"},
    "both 0, empty name, AUTOCOMMIT": {"connect_args": BOTH, "name": "empty", "autocommit": True},
    "both 0, unique names": {"connect_args": BOTH, "name": "unique"},
    "both 0, unique names, AUTOCOMMIT": {"connect_args": BOTH, "name": "unique", "autocommit": True},
    "`statement_cache_size=0`, empty name": {"connect_args": ZERO, "name": "empty"},
    "`statement_cache_size=0`, unique names": {"connect_args": ZERO, "name": "unique"},
    "empty name alone": {"name": "empty"},
    "unique names alone": {"name": "unique"},
    "NullPool alone": {"null_pool": True},
    "NullPool, unique names": {"null_pool": True, "name": "unique"},
    "NullPool, both 0": {"null_pool": True, "connect_args": BOTH},
    "`statement_cache_size=0`, cursors only": {"connect_args": ZERO, "work": ["stream"]},
    "both 0, cursors only": {"connect_args": BOTH, "work": ["stream"]},
}

HEAD = """\
# Evidence

poolsafe's rules are checked on real PostgreSQL and PgBouncer servers: `tests/evidence/` starts both and runs engines in
several processes against a pool of three server connections. Every query returns a value that only its own task knows,
so that the tests detect other clients' rows. `pytest -m evidence` runs the same tests as CI. They cover every bad
fixture and its fixed version, every row of the verdict table, several commands in one string, pre-ping, wrong rows
without an error, and session state that leaks to other clients, is lost, or causes no harm. The tests need Debian's
packages `postgresql`, `pgbouncer` and `openssl`. `POOLSAFE_POSTGRES` (the directory of `initdb` and `postgres`) and
`POOLSAFE_PGBOUNCER` (the program) select other installations, and `POOLSAFE_EVIDENCE_LOG` names a file for all figures.

PgBouncer has supported `max_prepared_statements` since 1.21. The tests read PgBouncer's version, set the option to 0 if
it is supported, and check the verdict table again with 200. With PgBouncer 1.18, the version in Debian 12, the second
part is skipped. Building another release takes a few minutes:

```sh
sudo apt-get install build-essential pkg-config libevent-dev libssl-dev
curl -L https://www.pgbouncer.org/downloads/files/1.25.2/pgbouncer-1.25.2.tar.gz | tar xz
(cd pgbouncer-1.25.2 && ./configure && make)
POOLSAFE_PGBOUNCER=$PWD/pgbouncer-1.25.2/pgbouncer pytest -m evidence
```

If the tests run as root, the user `postgres` must be able to read the program.

The only other pooler in the tests is pgpool-II, if Debian's `pgpool2` is installed (`POOLSAFE_PGPOOL` selects another
program). It gives each client a session and applies startup parameters. Two local proxies imitate hosted poolers: one
drops startup parameters as Neon's and Supabase's proxies do, and one rejects `options` as RDS Proxy does. They show how
drivers react and that the messages quote the right errors; **they prove nothing about the providers themselves**.

The tables below come from a longer matrix, which is not part of CI:

```sh
python -m tests.evidence.matrix
```
"""

NOTES = """\
## Other results of 2026-11-22

- The empty statement name without both sizes at 0 also fails on a direct connection, because SQLAlchemy's cache
  confuses unnamed statements (143 of 216 with asyncpg 0.32, including wrong rows).
- With asyncpg 0.31 and `statement_cache_size=0` alone, only server-side cursors (`stream()`) fail, even on a direct
  connection: `unnamed prepared statement does not exist`. With both sizes at 0, or asyncpg 0.32, they work.
- SQLAlchemy before 2.0.21 pings outside a transaction. This fails only with asyncpg <= 0.28: 105 of 216 with 2.0.20 and
  0.28, and none of 216 with 0.29 or 0.30.
- A connection that the pooler has closed raises `ConnectionDoesNotExistError: connection was closed in the middle of
  operation` if the event loop was blocked in the meantime, and `InterfaceError: connection is closed` if it ran.
- `prepared_statement_cache_size=0` with the empty name under AUTOCOMMIT returns other clients' rows even if PgBouncer
  1.25.2 supports prepared statements (`max_prepared_statements = 200`): 20 of 108.
"""

LEGEND = """\
Each field shows failures / attempts, in **bold** if rows of another query were returned without an error. "-" means
that SQLAlchemy does not support the option. The attempts are transactions with textual and expression queries, inserts,
`executemany`, enum types and server-side cursors (`stream()`), except that cursors are not used under AUTOCOMMIT, where
they never work. Each field is one run of {processes} processes with {tasks} tasks each, so figures vary from run to
run. 0 means that none of at least 108 attempts failed.
"""


@dataclass(frozen=True, slots=True)
class Column:
    """The results of one pair of versions, by the name of the configuration; None if it does not exist there."""

    sqlalchemy: str
    asyncpg: str
    outcomes: dict[str, Outcome | None]


def pairs(sqlalchemy: Sequence[str], asyncpg: Sequence[str]) -> Iterator[Pair]:
    """The pairs of versions, as environments that pip can make."""
    for one in sqlalchemy:
        for other in asyncpg:
            requirements = (f"sqlalchemy[asyncio]=={one}.*", f"asyncpg=={other}.*")
            yield Pair(f"sqlalchemy-{one}-asyncpg-{other}", requirements, NEWEST_PYTHON)


def column(pair: Pair, servers: Servers, folder: Path) -> Column:
    """Runs all configurations with one pair. Raises JobFailed if pip or a client fails."""
    pooler = servers.pooler()
    with client(made(pair, folder)) as one:
        versions = one.do("versions")
        known = int(versions["sqlalchemy"].split(".")[0]) >= 2
        outcomes: dict[str, Outcome | None] = {}
        for name, engine in CONFIGURATIONS.items():
            work = engine.get("work", AUTOCOMMIT_WORK if engine.get("autocommit") else ALL_WORK)
            where = Where(one, servers, pooler)
            outcomes[name] = (
                load(where, f"{pair.name}: {name}", work, engine=engine) if known or "name" not in engine else None
            )
    pooler.server.stop()
    return Column(versions["sqlalchemy"], versions["asyncpg"], outcomes)


def table(columns: Sequence[Column]) -> str:
    """The Markdown table of one release of SQLAlchemy."""
    head = ["transaction pooling", *(f"asyncpg {each.asyncpg}" for each in columns)]
    rows = [head, ["---"] * len(head)]
    rows += [[name, *(field(each.outcomes[name]) for each in columns)] for name in CONFIGURATIONS]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def field(outcome: Outcome | None) -> str:
    """One field of the table."""
    if outcome is None:
        return "-"
    if not outcome.failed:
        return "0"
    figures = f"{outcome.failed}/{outcome.attempts}"
    return f"**{figures}**" if "WrongRows" in outcome.failures else figures


def page(columns: Sequence[Column], found: Programs) -> str:
    """The whole of docs/evidence.md."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    servers = ", ".join(
        f"{name} {'.'.join(map(str, version))}"
        for name, version in (("PostgreSQL", postgres_version()), ("PgBouncer", found.pgbouncer_version))
    )
    ran = f"Last run: {time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, {memory:.0f} GB, {servers}."
    parts = [HEAD, f"{ran}\n", LEGEND.format(processes=PROCESSES, tasks=TASKS)]
    for release in dict.fromkeys(each.sqlalchemy for each in columns):
        parts += [f"## SQLAlchemy {release}\n", table([each for each in columns if each.sqlalchemy == release]) + "\n"]
    parts += [exceptions(columns), NOTES]
    return "\n".join(parts)


def exceptions(columns: Sequence[Column]) -> str:
    """Every exception of all columns with its first text, the most frequent first."""
    total = Outcome()
    for each in columns:
        for outcome in each.outcomes.values():
            if outcome is not None:
                total.failures.update(outcome.failures)
                total.examples = outcome.examples | total.examples
    rows = [f"| `{name}` | {count} | `{total.examples[name][:150]}` |" for name, count in total.failures.most_common()]
    return "\n".join(
        ["## Exceptions in all runs\n", "| exception | times | for example |", "| --- | --- | --- |", *rows, ""]
    )


def main() -> int:
    """Runs the matrix; returns 0 if every pair could be installed and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.evidence.matrix", description=__doc__)
    parser.add_argument("--asyncpg", nargs="+", default=ASYNCPG, metavar="VERSION")
    parser.add_argument("--sqlalchemy", nargs="+", default=SQLALCHEMY, metavar="VERSION")
    parser.add_argument("--output", default=str(TESTS.parent / "docs" / "evidence.md"), help="a file, or - to print")
    parser.add_argument("--environments", type=Path, default=Path(tempfile.gettempdir()) / "poolsafe-environments")
    options = parser.parse_args()
    columns, failed = [], 0
    with running(programs()) as servers:
        with client(made(NEWEST, options.environments)) as newest:
            newest.do("set_up", server=Where(newest, servers).server())
        for pair in pairs(options.sqlalchemy, options.asyncpg):
            try:
                columns.append(column(pair, servers, options.environments))
            except JobFailed as error:
                failed += 1
                print(f"{pair.name}: {error}", file=sys.stderr)
            else:
                print(f"{pair.name}: done", file=sys.stderr)
    text = page(columns, programs())
    if options.output == "-":
        print(text)
    else:
        Path(options.output).write_text(text, encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
