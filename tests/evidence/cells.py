"""Cells for the tests: what is run where, the outcome, and how often a race is repeated."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .clients import Client
from .servers import DATABASE, HOST, USER, Pooler, Servers

PROCESSES = 3
TASKS = 3
# Transactions of one task: enough for every kind of work twice.
TRANSACTIONS = 12
# A race is repeated so many times before the test fails because it did not show.
TRIES = 12
# Every cell is appended here as one line of JSON, for whoever wants the figures.
LOG_VARIABLE = "POOLSAFE_EVIDENCE_LOG"

# In place of an exception's name: whatever it is.
ANY = "any"

ALL_WORK = ("text", "core", "insert", "many", "types", "stream")
# A cursor on the server needs a transaction, with or without a pooler.
AUTOCOMMIT_WORK = ALL_WORK[:-1]


@dataclass(frozen=True, slots=True)
class Where:
    """A client's environment and a server: the database of a pooler, or PostgreSQL itself without one."""

    client: Client
    servers: Servers
    pooler: Pooler | None = None
    mode: str = "transaction"

    def server(self) -> dict[str, Any]:
        """The address, with a database name whose server connections are new."""
        if self.pooler is None:
            return {"host": HOST, "port": self.servers.postgres.port, "user": USER, "database": DATABASE}
        return {"host": HOST, "port": self.pooler.server.port, "user": USER, "database": self.pooler.name(self.mode)}


@dataclass(slots=True)
class Outcome:
    """Attempts and failures; `examples` and `tracebacks` hold the first of each exception, by its name."""

    attempts: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    tracebacks: dict[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> int:
        return self.failures.total()

    def shows(self, names: Sequence[str]) -> bool:
        """Returns whether one of these exceptions occurred, or any at all if `names` says so."""
        return bool(self.failed) if ANY in names else any(name in self.failures for name in names)

    def join(self, answer: dict[str, Any]) -> None:
        self.attempts += answer["attempts"]
        self.failures.update(answer["failures"])
        self.examples = answer["examples"] | self.examples
        self.tracebacks = answer["tracebacks"] | self.tracebacks

    def __str__(self) -> str:
        seen = ", ".join(f"{name} {count} ({self.examples[name]})" for name, count in self.failures.most_common())
        return f"{self.failed} of {self.attempts} failed" + (f": {seen}" if seen else "")


def load(where: Where, label: str, work: Sequence[str] = ALL_WORK, **job: Any) -> Outcome:
    """Runs one cell to its end: an `engine`, or a `fixture`."""
    sizes = {"processes": PROCESSES, "tasks": TASKS, "transactions": TRANSACTIONS}
    outcome = Outcome()
    outcome.join(where.client.do("cell", **{**sizes, "work": work, "server": where.server(), **job}))
    _note(label, outcome)
    return outcome


def until_it_fails(
    where: Where, label: str, work: Sequence[str] = ALL_WORK, *, with_one_of: Sequence[str] = (ANY,), **job: Any
) -> Outcome:
    """Repeats a cell until it fails, with one of these exceptions if any are given, or up to the limit."""
    sizes = {"processes": PROCESSES, "tasks": TASKS, "transactions": TRANSACTIONS}
    outcome = Outcome()
    for _ in range(TRIES):
        settings = {**sizes, "work": work, "server": where.server(), "stop_at": with_one_of, **job}
        outcome.join(where.client.do("cell", **settings))
        if outcome.shows(with_one_of):
            break
    _note(label, outcome)
    return outcome


def _note(label: str, outcome: Outcome) -> None:
    path = os.environ.get(LOG_VARIABLE)
    if not path:
        return
    row = {"cell": label, "attempts": outcome.attempts, "failures": dict(outcome.failures)}
    with open(path, "a", encoding="utf-8") as log:
        log.write(json.dumps(row | {"examples": outcome.examples}) + "\n")
