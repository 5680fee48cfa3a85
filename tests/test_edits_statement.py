"""Each command gets its own call, with the binds it uses and the comments that are about it."""

from typing import Any

import pytest
from by_hand import after, source_of, statement_in

from poolsafe.edits.statement_fixes import split_text
from poolsafe.facts.statement import Runner
from poolsafe.findings import Applicability
from poolsafe.syntax.tree import parse

SPLIT = [
    (
        'await c.execute(text("a; b"))\n',
        'await c.execute(text("a"))\nawait c.execute(text("b"))\n',
    ),
    (
        "if x:\n    await c.execute(text('a; b;  c;'))  # why\n",
        "if x:\n    await c.execute(text('a'))\n    await c.execute(text('b'))\n"
        "    await c.execute(text('c'))  # why\n",
    ),
    ("\tawait s.execute(text('a;b'))\r\n", "\tawait s.execute(text('a'))\r\n\tawait s.execute(text('b'))\r\n"),
    ("c.execute(text(r'a;b'))", "c.execute(text(r'a'))\nc.execute(text(r'b'))"),
    (
        "await c.execute(text('''a;b'''))\n",
        "await c.execute(text('''a'''))\nawait c.execute(text('''b'''))\n",
    ),
    (
        'await c.execute(text("""\n    a;\n    b\n"""))\n',
        'await c.execute(text("""\n    a\n"""))\nawait c.execute(text("""\n    b\n"""))\n',
    ),
    # The binds that a command uses, and no others.
    (
        "await c.execute(text('a :x; b :y'), {'x': 1, 'y': z})\n",
        "await c.execute(text('a :x'), {'x': 1})\nawait c.execute(text('b :y'), {'y': z})\n",
    ),
    (
        "await c.execute(text('a; b :y'), {'y': z.w})\n",
        "await c.execute(text('a'))\nawait c.execute(text('b :y'), {'y': z.w})\n",
    ),
    (
        "await c.execute(text('a :x; b :x'), params={'x': 1})\n",
        "await c.execute(text('a :x'), params={'x': 1})\nawait c.execute(text('b :x'), params={'x': 1})\n",
    ),
    (
        "await c.execute(\n    text('a; b :y'),\n    {'y': 1},\n)\n",
        "await c.execute(\n    text('a'),\n)\nawait c.execute(\n    text('b :y'),\n    {'y': 1},\n)\n",
    ),
    (
        "await c.execute(text('a :é; b :y'), {'é': 'ü', 'y': 1})\n",
        "await c.execute(text('a :é'), {'é': 'ü'})\nawait c.execute(text('b :y'), {'y': 1})\n",
    ),
    # Comments: SQL's stay with their command, Python's in the last call.
    (
        'await c.execute(text("""\n    a; -- about a\n    -- about b\n    b; -- about b too\n"""))\n',
        'await c.execute(text("""\n    a  -- about a\n"""))\n'
        'await c.execute(text("""\n    -- about b\n    b;\n-- about b too\n"""))\n',
    ),
    (
        "await c.execute(  # first\n    text('a; b')\n    # second\n)\n",
        "await c.execute(\n    text('a')\n\n)\nawait c.execute(  # first\n    text('b')\n    # second\n)\n",
    ),
    (
        "await c.execute(text('a /* ; */; b'))\n",
        "await c.execute(text('a /* ; */'))\nawait c.execute(text('b'))\n",
    ),
]


@pytest.mark.parametrize(("before", "expected"), SPLIT)
def test_split(before: str, expected: str) -> None:
    head = "async def f():\r\n" if before.startswith("\t") else ""
    source, statement = statement_in(head + before)
    fix = split_text(statement, source)
    assert fix is not None
    assert fix.applicability is Applicability.SAFE
    fixed = after(source, fix.edits)
    assert fixed == head + expected
    parse(source_of(head + expected))


KEPT = [
    # One command, or text that nobody knows.
    "await c.execute(text('a;'))\n",
    "await c.execute(text('a; -- b'))\n",
    "await c.execute(text('a' '; b'))\n",
    "await c.execute(text(f'a; b'))\n",
    # The result is used, or the line holds more.
    "r = await c.execute(text('a; b'))\n",
    "return_(await c.execute(text('a; b')))\n",
    "await c.execute(text('a; b')); x = 1\n",
    "x = 1; await c.execute(text('a; b'))\n",
    "if x: await c.execute(text('a; b'))\n",
    "t = text('a; b')\n",
    # Parameters that cannot be divided.
    "await c.execute(text('a :x; b :y'), params)\n",
    "await c.execute(text('a :x; b :y'), {**params})\n",
    "await c.execute(text('a :x; b :y'), [{'x': 1, 'y': 2}])\n",
    "await c.execute(text('a :x; b :y'), {'x': 1})\n",
    "await c.execute(text('a :x; b :y'), {'x': now(), 'y': 2})\n",
    "await c.execute(text('a; b'), {}, execution_options={})\n",
    "await c.execute(text('a :x; b'), {\n    'x': 1,  # c\n})\n",
    "await c.execute(text('a :x; b'))\n",
    "await c.execute(text('a; b', bind=e))\n",
    # A quote that would join the closing ones.
    'await c.execute(text("""a "x"; b"""))\n',
]


@pytest.mark.parametrize("text", KEPT)
def test_no_fix(text: str) -> None:
    source, statement = statement_in(text)
    assert split_text(statement, source) is None


UNSAFE: list[tuple[str, dict[str, Any]]] = [
    ("await c.execute(text('a; b'))\n", {"autocommit": True}),
    ("await c.execute(text('a; b'))\n", {"runner": Runner.UNKNOWN}),
    ("await get().execute(text('a; b'))\n", {}),
    ("(await c.execute(text('a; b')))\n", {}),
    ("await c[0].execute(text('a; b'))\n", {}),
]


@pytest.mark.parametrize(("text", "changes"), UNSAFE)
def test_unsafe(text: str, changes: dict[str, Any]) -> None:
    source, statement = statement_in(text, **changes)
    fix = split_text(statement, source)
    assert fix is not None
    assert fix.applicability is Applicability.UNSAFE


def test_interpolated_text_has_no_fix() -> None:
    source, statement = statement_in("await c.execute(text('a; b'))\n", interpolated=True)
    assert split_text(statement, source) is None


def test_two_executions_of_one_call_each() -> None:
    """The commands and binds that reach the connection are those of before, one by one."""
    seen: list[tuple[str, Any]] = []

    class Connection:
        def execute(self, statement: str, parameters: Any = None) -> None:
            seen.append((statement, parameters))

    before = "c.execute(text('a :x;\\tb; c :y :x'), {'x': 1, 'y': 2})\n".replace("\\t", " ")
    source, statement = statement_in(before)
    fix = split_text(statement, source)
    assert fix is not None
    fixed = after(source, fix.edits)
    assert fixed is not None
    exec(fixed, {"c": Connection(), "text": str})
    assert seen == [("a :x", {"x": 1}), ("b", None), ("c :y :x", {"x": 1, "y": 2})]
