"""Split programs, run against stand-ins for SQLAlchemy: the same commands in order, each with its parameters."""

from __future__ import annotations

import asyncio
import textwrap
from typing import Any

import pytest
from hypothesis import strategies as st
from samples import law

from poolsafe.checker import check
from poolsafe.edits.application import Repair, repair
from poolsafe.facts.deployment import Deployment, PoolMode
from poolsafe.findings import Applicability, Fix
from poolsafe.source import Source
from poolsafe.sql.scanner import binds, comments, split

HEAD = "from sqlalchemy import text\nfrom sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession\nX = 1\n\n\n"
VALUES = {"x": 1, "y": 2, "item_id": 3}

COMMANDS = (
    "SELECT 1",
    "DELETE FROM a WHERE b = :x",
    "UPDATE a SET b = :y WHERE c = :x",
    "INSERT INTO a VALUES (:item_id, ';')",
    "SELECT ';', :y::int",
    "SELECT $$ a; b $$",
    "SELECT $t$ it's; $t$ || :x",
    "CREATE RULE r AS ON INSERT TO a DO ALSO (DELETE FROM b; DELETE FROM c)",
    "SELECT E'it\\\\'s; ' || :x",
    'SELECT "a;b"',
    "SELECT /* ; */ 1 /* nested /* ; */ */",
    "SELECT 'ä;ö', :y",
    "SELECT\n    1,\n    :x",
    "SELECT 1 -- one; two\n + 2",
    "-- first; of all\nSELECT 3",
    "SELECT 'tab\there', '\t'",
)
GLUE = (
    ";",
    "; ",
    ";\n",
    ";\n\n    ",
    ";;",
    "; -- about it\n",
    ";\n-- about the next\n",
    "; /* between; */ ",
    "\n;\n",
    ";\t",
)
ENDS = ("", ";", ";\n", " ", "; -- done", "\n", ";;")
STARTS = ("", "\n", "\n        ", " ", "-- begin\n")
PREFIXES = ("", "", "r", "f", "u")
QUOTES = ("'", '"', "'''", '"""')
# Where the SQL stands; `{0}` is the literal and what follows it in `text()`, `{1}` the parameters.
LAYOUTS = (
    "await conn.execute(text({0}){1})",
    "await conn.execute(text({0}){1})  # why; so",
    "await conn.execute(\n        text({0}){1}\n    )",
    "await conn.execute(\n        text(\n            {0}\n        ){1},\n    )",
    "await conn.execute(\n        text({0}){1},  # here\n    )",
    "await conn.execute(  # why\n        # more\n        text({0})\n        {1}\n    )",
    "await conn.execute(text({0} ){1} )",
    "await conn .execute( text( {0} ){1})",
    "await conn.execute(statement=text({0}){1})",
    "await conn.scalar(text({0}){1})",
    "await conn \\\n        .execute(text({0}){1})",
    "if X:\n        await conn.execute(text({0}){1})\n    else:\n        pass",
    "try:\n        await conn.execute(text({0}){1})\n    finally:\n        pass",
    "for _ in range(2):\n        await conn.execute(text({0}){1})",
    "async with conn as c:\n        await c.execute(text({0}){1})",
    "if X: await conn.execute(text({0}){1})",
    "pass; await conn.execute(text({0}){1})",
    "await conn.execute(text({0}){1}); await conn.execute(text('SELECT 9'))",
    "(await conn.execute(text({0}){1}))",
    "result = await conn.execute(text({0}){1})\n    assert result == 'rows'",
    "return await conn.execute(text({0}){1})",
    "await run(conn, text({0}){1})",
    "await make().execute(text({0}){1})",
    "await conn.execute((text({0})){1})",
    "await conn.execute(text(({0})){1})",
)
PARAMETERS = (
    "",
    ", {'x': 1, 'y': 2, 'item_id': 3}",
    ', {"x": X, "y": 2, "item_id": 3}',
    ", params={'x': 1, 'y': 2, 'item_id': 3}",
    ", {\n            'x': 1,\n            'y': 2,\n            'item_id': 3,\n        }",
    ", {'x': 1, 'y': 2, 'item_id': 3},",
    ", dict(x=1, y=2, item_id=3)",
    ", {**VALUES}",
    ", VALUES",
    ", [{'x': 1, 'y': 2, 'item_id': 3}]",
    ", {'x': count(), 'y': 2, 'item_id': 3}",
    ", {'x': 1, 'y': 2, 'item_id': 3}  # c",
)


SPLIT = (*LAYOUTS[:15], LAYOUTS[18], *LAYOUTS[22:24])


class Recorder:
    """Stands for a connection, and for `make()` and `async with` around it."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Any]] = []

    async def execute(self, statement: str, parameters: Any = None, *, params: Any = None) -> str:
        self.seen.append((statement, params if parameters is None else parameters))
        return "rows"

    scalar = execute

    async def __aenter__(self) -> Recorder:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None


def recorded(program: str) -> tuple[list[tuple[str, Any]], int, int]:
    """Returns what a program's `f` executes, how often it gets its connection, and how often a value."""
    connection = Recorder()
    asked = {"made": 0, "counted": 0}

    def make() -> Recorder:
        asked["made"] += 1
        return connection

    def count() -> int:
        asked["counted"] += 1
        return 1

    async def run(target: Recorder, statement: str, parameters: Any = None, **keywords: Any) -> None:
        await target.execute(statement, parameters, **keywords)

    body = "\n".join(line for line in program.splitlines() if not line.startswith("from "))
    names = {"text": str, "make": make, "count": count, "run": run, "VALUES": VALUES, "AsyncConnection": Recorder}
    exec(compile(body, "program", "exec"), names)
    asyncio.run(names["f"](connection))  # type: ignore[operator]
    return connection.seen, asked["made"], asked["counted"]


def repaired(program: str, *, unsafe: bool) -> Repair:
    def accepts(fix: Fix) -> bool:
        return fix.applicability is Applicability.SAFE or (unsafe and fix.applicability is Applicability.UNSAFE)

    deployment = Deployment(PoolMode.TRANSACTION)
    return repair(Source.from_text("app.py", program), lambda source: check(source, deployment).findings, accepts)


@st.composite
def texts(draw: st.DrawFn) -> str:
    commands = draw(st.lists(st.sampled_from(COMMANDS), min_size=draw(st.sampled_from((1, 2, 2))), max_size=4))
    glued = commands[0]
    for command in commands[1:]:
        glued += draw(st.sampled_from(GLUE)) + command
    return draw(st.sampled_from(STARTS)) + glued + draw(st.sampled_from(ENDS))


@st.composite
def programs(draw: st.DrawFn) -> str:
    sql = draw(texts())
    quote = draw(st.sampled_from(QUOTES))
    prefix = draw(st.sampled_from(PREFIXES))
    if len(quote) == 1:
        sql = sql.replace("--", "/*").replace("\n", " */" if "--" in sql else " ").replace(quote, "")
    written = f"{prefix}{quote}{sql.replace(quote, '')}{quote}"
    if draw(st.integers(0, 9)) == 0:
        written = f"{written} {quote}; SELECT 7{quote}"
    layout = draw(st.sampled_from(LAYOUTS)).format(written, draw(st.sampled_from(PARAMETERS)))
    program = f"{HEAD}async def f(conn: AsyncConnection):\n    {layout}\n"
    indent = draw(st.sampled_from(("    ", "\t", "  ")))
    program = program.replace("    ", indent)
    return program.replace("\n", draw(st.sampled_from(("\n", "\n", "\r\n"))))


def _is_python(program: str) -> bool:
    try:
        compile(program, "program", "exec")
        recorded(program)
    except (SyntaxError, TypeError, NameError, AssertionError):
        return False
    return True


def _same(before: list[tuple[str, Any]], after: list[tuple[str, Any]]) -> None:
    """Returns the commands of `before`, one by one, with the values that each needs."""
    expected = [(sql[start:end], given) for sql, given in before for start, end in split(sql) or []]
    got = [(sql[start:end], given) for sql, given in after for start, end in split(sql) or []]
    assert [command for command, _ in got] == [command for command, _ in expected]
    for (command, given), (_, all_given) in zip(got, expected, strict=True):
        if isinstance(all_given, dict):
            assert {name: (given or {})[name] for name in binds(command)} == {
                name: all_given[name] for name in binds(command)
            }
        else:
            assert given == all_given
    said = [sql[a:b].strip() for sql, _ in before for a, b in comments(sql)]
    assert sorted(sql[a:b].strip() for sql, _ in after for a, b in comments(sql)) == sorted(said)


@law(programs(), st.booleans(), sample=40, most=400)
def test_the_split_program_executes_the_same_commands(program: str, unsafe: bool) -> None:
    if not _is_python(program):
        return
    before, made, counted = recorded(program)
    result = repaired(program, unsafe=unsafe)
    after, made_after, counted_after = recorded(result.source.text)
    assert not result.refused
    _same(before, after)
    for sql, given in after if result.gone else ():
        assert given is None or set(binds(sql)) <= given.keys()
    assert counted_after == counted
    if not unsafe:
        assert made_after == made
    assert repaired(result.source.text, unsafe=unsafe).source.text == result.source.text


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_is_split(layout: str) -> None:
    """Exactly the bare statements on their own lines are split, so the other test is not trivially true."""
    run = layout.format("'SELECT 1; SELECT 2'", "")
    program = f"{HEAD}async def f(conn: AsyncConnection):\n    {run}\n"
    assert bool(repaired(program, unsafe=True).gone) is (layout in SPLIT)


def test_a_program_by_hand() -> None:
    program = HEAD + textwrap.dedent('''
        async def f(conn: AsyncConnection):
            await conn.execute(
                text("""
                    DELETE FROM a WHERE b = :x;  -- about a
                    SELECT ';'
                """),
                {"x": 1, "y": 2},
            )
    ''')
    after, _, _ = recorded(repaired(program, unsafe=False).source.text)
    assert [(" ".join(sql.split()), given) for sql, given in after] == [
        ("DELETE FROM a WHERE b = :x -- about a", {"x": 1}),
        ("SELECT ';'", None),
    ]
