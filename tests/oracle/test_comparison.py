"""The oracle detects a wrong tool, and accepts a correct one: hand-written programs, and tools with errors."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Mapping

import pytest

from poolsafe.checker import Report
from poolsafe.edits.application import Repair
from poolsafe.facts.silence import Cause, Silence
from poolsafe.findings import Finding, Severity
from poolsafe.source import Source

from . import truth
from .comparison import Examination, Tool, examine
from .programs import Program

HEAD = """
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine
import asyncio, os
"""
BOTH = '{"statement_cache_size": 0, "prepared_statement_cache_size": 0}'


def unknown_at(start: int) -> Silence:
    return Silence(lambda: (start, start), Cause.DRIVER, "unknown")


def program(text: str, **variables: tuple[str, ...]) -> Program:
    return Program(textwrap.dedent(HEAD) + textwrap.dedent(text), variables)


def tool(codes: Mapping[int, str] = {}, after: str | None = None, silent: tuple[int, ...] = ()) -> Tool:
    """A tool that reports these codes on these lines (from 1 below HEAD), and repairs a program into `after`."""
    shift = HEAD.count("\n")

    def check(source: Source) -> Report:
        findings = []
        for line, words in codes.items():
            start = source.offset(line + shift, 1)
            findings += [Finding(code, "", "", Severity.ERROR, start, start) for code in words.split()]
        return Report(findings, [unknown_at(source.offset(line + shift, 1)) for line in silent])

    def repair(source: Source) -> Repair:
        if after is None:
            return Repair(source, Counter(), (), 0)
        return Repair(source.with_text(textwrap.dedent(HEAD) + textwrap.dedent(after)), Counter(PGB101=1), (), 1)

    return Tool(check, repair)


def kinds(result: Examination) -> list[str]:
    return [failure.kind for failure in result.failures]


# --- findings ---

ENGINES = [
    ("", "PGB101 PGB201"),
    ("pool_pre_ping=True, connect_args={}", "PGB101"),
    ("pool_pre_ping=False, connect_args={}", "PGB101 PGB202"),
    ('pool_pre_ping=True, connect_args={"statement_cache_size": 0}', "PGB102"),
    ('pool_pre_ping=True, connect_args={"prepared_statement_cache_size": None}', "PGB102"),
    ('pool_pre_ping=True, connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": 5}', "PGB103"),
    ('pool_pre_ping=True, connect_args={"statement_cache_size": None, "prepared_statement_cache_size": 5}', "PGB104"),
    ('pool_pre_ping=True, connect_args={"statement_cache_size": 0, "prepared_statement_cache_size": "0"}', "PGB104"),
    ("pool_pre_ping=True, statement_cache_size=0, prepared_statement_cache_size=0", "PGB105"),
    (f"pool_pre_ping=True, connect_args={BOTH}", ""),
    (f'pool_pre_ping=True, connect_args={{**{BOTH}, "check_same_thread": False}}', "PGB205"),
]


@pytest.mark.parametrize(("arguments", "codes"), ENGINES)
def test_what_one_engine_shows(arguments: str, codes: str) -> None:
    """The correct codes pass; a code that is not reported is missed; any other one is false."""
    engine = program(f'create_async_engine("postgresql+asyncpg://db/a", {arguments})\n')
    assert kinds(examine(engine, tool({1: codes}))) == []
    for code in codes.split():
        rest = " ".join(one for one in codes.split() if one != code)
        assert kinds(examine(engine, tool({1: rest}))) == [f"missed {code}"]
    wrong = {"PGB202", "PGB205", "PGB301"} - {*codes.split()}
    if not truth.VERDICTS & {*codes.split()}:
        wrong.add("PGB108")
    assert sorted(kinds(examine(engine, tool({1: " ".join([codes, *wrong])})))) == sorted(
        f"false {one}" for one in wrong
    )


@pytest.mark.parametrize("arguments", ["poolclass=NullPool, pool_size=5", "poolclass=StaticPool, max_overflow=5"])
def test_a_queue_where_there_is_none(arguments: str) -> None:
    text = f"""
        from sqlalchemy.pool import NullPool, StaticPool
        create_async_engine("postgresql+asyncpg://db/a", connect_args={BOTH}, {arguments})
    """
    assert kinds(examine(program(text), tool())) == ["missed PGB203"]
    assert kinds(examine(program(text), tool({3: "PGB203 PGB201"}))) == ["false PGB201"]


BRANCH = f"""
    args = {BOTH} if os.environ.get("APP_ENV") == "test" else {{}}
    create_async_engine("postgresql+asyncpg://db/a", pool_pre_ping=True, connect_args=args)
"""


@pytest.mark.parametrize(("codes", "wrong"), [("PGB108", []), ("PGB101", []), ("", []), ("PGB102", ["false PGB102"])])
def test_runs_that_disagree_may_be_reported_and_need_not_be(codes: str, wrong: list[str]) -> None:
    assert kinds(examine(program(BRANCH, APP_ENV=("test",)), tool({3: codes}))) == wrong


def test_an_engine_has_one_verdict() -> None:
    result = examine(program(BRANCH, APP_ENV=("test",)), tool({3: "PGB101 PGB108"}))
    assert kinds(result) == ["false second verdict"]


def test_a_value_that_no_environment_brings_is_not_shown() -> None:
    assert kinds(examine(program(BRANCH), tool({3: "PGB108"}))) == ["false PGB108"]


def test_a_default_wins_over_its_variable() -> None:
    text = """
        size = int(os.environ.get("SIZE", "0"))
        args = {"statement_cache_size": size, "prepared_statement_cache_size": 0}
        create_async_engine("postgresql+asyncpg://db/a", pool_pre_ping=True, connect_args=args)
    """
    override = Program(program(text).text, {"SIZE": ("5",)}, frozenset({"SIZE"}))
    assert kinds(examine(override, tool({4: "PGB103"}))) == ["false PGB103"]
    assert kinds(examine(program(text, SIZE=("5",)), tool({4: "PGB103"}))) == []


def test_what_is_listed_as_not_judged_is_not_missed() -> None:
    engine = program('create_async_engine("postgresql+asyncpg://db/a")\n')
    result = examine(engine, tool(silent=(1,)))
    assert (kinds(result), result.not_judged, result.engines) == ([], 1, 1)


def test_where_nothing_runs_nothing_is_shown() -> None:
    engine = program('if not HEAD:\n    create_async_engine("postgresql+asyncpg://db/a")\n'.replace("HEAD", '"a"'))
    assert kinds(examine(engine, tool({2: "PGB101"}))) == ["false PGB101 where nothing ran"]


def test_other_drivers_are_not_reported() -> None:
    engine = program('create_async_engine("sqlite+aiosqlite://")\n')
    assert kinds(examine(engine, tool())) == []
    assert kinds(examine(engine, tool({1: "PGB201"}))) == ["false PGB201"]


def test_a_program_that_always_raises_is_not_compared() -> None:
    result = examine(program("raise ValueError\n"), tool({1: "PGB101"}))
    assert result.always_raises
    assert kinds(result) == []


def test_a_tool_that_raises() -> None:
    def check(_: Source) -> Report:
        raise IndexError("list index out of range")

    assert kinds(examine(program("a = 1\n"), Tool(check))) == ["crash IndexError"]


# --- SQL ---

SQL = """
    engine = create_{kind}("{url}", pool_pre_ping=True, connect_args={both})
    {wait} def run():
        {wait} with engine.begin() as connection:
            {await_} connection.execute(text({sql}), {{"x": 1, "y": 2}})
    {run}
"""


def sql_program(sql: str, url: str = "postgresql+asyncpg://db/a") -> Program:
    text = SQL.format(
        kind="async_engine", url=url, both=BOTH, wait="async", await_="await", run="asyncio.run(run())", sql=sql
    )
    return program(text)


@pytest.mark.parametrize(
    ("sql", "several"),
    [
        ('"SELECT 1; SELECT 2"', True),
        ('"; ".join(["SELECT 1", "SELECT 2"])', True),
        ('"SELECT 1;"', False),
        ("\"SELECT ';'\"", False),
    ],
)
def test_several_commands(sql: str, several: bool) -> None:
    assert kinds(examine(sql_program(sql), tool())) == (["missed PGB301"] if several else [])
    assert kinds(examine(sql_program(sql), tool({5: "PGB301"}))) == ([] if several else ["false PGB301"])


def test_another_driver_may_run_several_commands() -> None:
    other = sql_program('"SELECT 1; SELECT 2"', "postgresql+psycopg2://db/a")
    assert kinds(examine(other, tool())) == []
    assert kinds(examine(other, tool({5: "PGB301"}))) == ["false PGB301"]


@pytest.mark.parametrize(
    ("statements", "wrong"),
    [
        (['text("DELETE FROM a WHERE b = :x"), {"x": 1}', 'text("SELECT :y"), {"y": 2}'], []),
        (['text("DELETE FROM a WHERE b = :x"), {"x": 1}'], ["broken: SQL"]),
        (['text("SELECT :y"), {"y": 2}', 'text("DELETE FROM a WHERE b = :x"), {"x": 1}'], ["broken: SQL"]),
        (['text("DELETE FROM a WHERE b = :x"), {"x": 2}', 'text("SELECT :y"), {"y": 2}'], ["broken: SQL"]),
        (['text("DELETE FROM a WHERE b = :x")', 'text("SELECT :y"), {"y": 2}'], ["broken: raises"]),
    ],
)
def test_split_sql_is_the_same_sql(statements: list[str], wrong: list[str]) -> None:
    before = sql_program('"DELETE FROM a WHERE b = :x; SELECT :y"')
    lines = [f"            await connection.execute({one})" for one in statements]
    after = before.text.replace(HEAD, "").replace(
        '        await connection.execute(text("DELETE FROM a WHERE b = :x; SELECT :y"), {"x": 1, "y": 2})',
        "\n".join(line[4:] for line in lines),
    )
    assert kinds(examine(before, tool({5: "PGB301"}, after))) == wrong


# --- fixes ---

TWO = """
    for url in ("postgresql+asyncpg://db/a", "sqlite+aiosqlite://"):
        create_async_engine(url, pool_pre_ping=True)
"""


@pytest.mark.parametrize(
    ("repaired", "wrong"),
    [
        (
            "create_async_engine(url, pool_pre_ping=True, "
            f"**({{'connect_args': {BOTH}}} if 'asyncpg' in url else {{}}))",
            [],
        ),
        (f"create_async_engine(url, pool_pre_ping=True, connect_args={BOTH})", ["broken: other driver"]),
        ("create_async_engine(url, pool_pre_ping=True, **{'pool_pre_ping': True})", ["broken: raises"]),
        ("create_async_engine(url, pool_pre_ping='asyncpg' not in url)", ["broken: pre-ping"]),
        (
            "create_async_engine(url, pool_pre_ping=True, **({'echo': 1} if 'asyncpg' in url else {}))",
            ["broken: other argument"],
        ),
        ("create_async_engine(url, pool_pre_ping=True), create_async_engine(url)", ["broken: driver"]),
        ("print(create_async_engine(url, pool_pre_ping=True) and 1)", ["broken: prints"]),
        ("pass", ["broken: other engines"]),
    ],
)
def test_a_fix_changes_what_it_says_and_nothing_else(repaired: str, wrong: list[str]) -> None:
    after = TWO.replace("create_async_engine(url, pool_pre_ping=True)", repaired)
    assert kinds(examine(program(TWO), tool({3: "PGB101"}, after))) == wrong


def test_a_size_that_changes_becomes_0() -> None:
    before = """
        args = {"statement_cache_size": 5}
        create_async_engine("postgresql+asyncpg://db/a", pool_pre_ping=True, connect_args=args)
    """
    assert kinds(examine(program(before), tool({3: "PGB103"}, before.replace("5}", "6}")))) == []
    assert kinds(examine(program(before), tool({3: "PGB103"}, before.replace("5}", "None}")))) == [
        "broken: still wrong"
    ]
    assert kinds(examine(program(before), tool({3: "PGB103"}, before.replace("5}", "0}")))) == []


def test_a_fix_holds_in_every_environment() -> None:
    before = """
        options = {"connect_args": {}} if os.environ.get("APP_ENV") == "test" else {}
        create_async_engine("postgresql+asyncpg://db/a", pool_pre_ping=True, **options)
    """
    after = before.replace("pool_pre_ping=True", f"pool_pre_ping=True, connect_args={BOTH}")
    result = examine(program(before, APP_ENV=("test", "other")), tool({3: "PGB101"}, after))
    assert [(one.kind, one.assignment) for one in result.failures] == [("broken: raises", {"APP_ENV": "test"})]
