"""The server prepares whatever the scanner counts as one command, and rejects whatever it counts as several."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence

from poolsafe.sql.scanner import split

from .cells import Where
from .clients import TESTS
from .conftest import ClientOf
from .servers import Servers

CASES = [json.loads(line) for line in (TESTS / "sql" / "data" / "sql_cases.jsonl").read_text("utf-8").splitlines()]
SAMPLE = 1000
JOINS = 1000
SEED = 20261122
SEPARATORS = (";", "; ", ";\n", ";;", "; -- c\n", ";/* c; */")
# What this PostgreSQL cannot parse says nothing of the scanner; it must stay the exception.
UNREAD = 0.25


def said(sqls: Sequence[str], client_of: ClientOf, servers: Servers) -> list[str]:
    """What the server says of each: "one", "several" or "unread"."""
    where = Where(client_of("newest"), servers)
    answers: list[str] = where.client.do("prepare", server=where.server(), sql=list(sqls))["said"]
    return answers


def compare(sqls: Sequence[str], client_of: ClientOf, servers: Servers) -> None:
    """Fail where the server and the scanner count differently."""
    answers = zip(sqls, said(sqls, client_of, servers), strict=True)
    read = [(sql, answer) for sql, answer in answers if answer != "unread"]
    assert [(sql, answer) for sql, answer in read if answer != counted(sql)] == []
    assert {answer for _, answer in read} == {"one", "several"}
    assert len(read) > (1 - UNREAD) * len(sqls)


def counted(sql: str) -> str:
    """The scanner's answer; a string without any command can be prepared."""
    return "several" if len(split(sql) or ()) > 1 else "one"


def test_a_sample_of_the_cases(client_of: ClientOf, servers: Servers) -> None:
    compare([case["sql"] for case in random.Random(SEED).sample(CASES, SAMPLE)], client_of, servers)


def test_random_joins(client_of: ClientOf, servers: Servers) -> None:
    chosen = random.Random(SEED)
    sqls = [case["sql"] for case in CASES]
    read = [sql for sql, answer in zip(sqls, said(sqls, client_of, servers), strict=True) if answer != "unread"]
    joins = [chosen.choice(SEPARATORS).join(chosen.sample(read, chosen.randint(2, 3))) for _ in range(JOINS)]
    compare(joins, client_of, servers)
