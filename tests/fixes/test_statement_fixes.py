"""Each command gets its own call, with its bind parameters and its comments."""

from typing import Any

import pytest
from blocks import changes, programs
from by_hand import after, source_of, statement_in

from poolsafe.facts.statement import Runner
from poolsafe.findings import Applicability
from poolsafe.fixes.statement_fixes import split_text
from poolsafe.syntax.tree import parse

SPLIT = """
    await c.execute(text("a; b"))
    # becomes
    await c.execute(text("a"))
    await c.execute(text("b"))

    if x:
        await c.execute(text('a; b;  c;'))  # why
    # becomes
    if x:
        await c.execute(text('a'))
        await c.execute(text('b'))
        await c.execute(text('c'))  # why

    c.execute(text(r'a;b'))
    # becomes
    c.execute(text(r'a'))
    c.execute(text(r'b'))

    await c.execute(text('''a;b'''))
    # becomes
    await c.execute(text('''a'''))
    await c.execute(text('''b'''))
"""

# The binds that a command uses, and no others.
BINDS = """
    await c.execute(text('a :x; b :y'), {'x': 1, 'y': z})
    # becomes
    await c.execute(text('a :x'), {'x': 1})
    await c.execute(text('b :y'), {'y': z})

    await c.execute(text('a; b :y'), {'y': z.w})
    # becomes
    await c.execute(text('a'))
    await c.execute(text('b :y'), {'y': z.w})

    await c.execute(text('a :x; b :x'), params={'x': 1})
    # becomes
    await c.execute(text('a :x'), params={'x': 1})
    await c.execute(text('b :x'), params={'x': 1})

    await c.execute(
        text('a; b :y'),
        {'y': 1},
    )
    # becomes
    await c.execute(
        text('a'),
    )
    await c.execute(
        text('b :y'),
        {'y': 1},
    )

    await c.execute(text('a :é; b :y'), {'é': 'ü', 'y': 1})
    # becomes
    await c.execute(text('a :é'), {'é': 'ü'})
    await c.execute(text('b :y'), {'y': 1})
"""

# SQL's comments stay with their command.
COMMENTS = '''
    await c.execute(text("""
        a; -- about a
        -- about b
        b; -- about b too
    """))
    # becomes
    await c.execute(text("""
        a  -- about a
    """))
    await c.execute(text("""
        -- about b
        b;
    -- about b too
    """))

    await c.execute(text('a /* ; */; b'))
    # becomes
    await c.execute(text('a /* ; */'))
    await c.execute(text('b'))
'''

LINES = '''
    await c.execute(text("""
        a;
        b
    """))
    # becomes
    await c.execute(text("""
        a
    """))
    await c.execute(text("""
        b
    """))
'''


@pytest.mark.parametrize(("before", "expected"), changes(SPLIT, BINDS, COMMENTS, LINES))
def test_split(before: str, expected: str) -> None:
    assert_split(before, expected)


def assert_split(before: str, expected: str) -> None:
    source, statement = statement_in(before)
    fix = split_text(statement, source)
    assert fix is not None
    assert fix.applicability is Applicability.SAFE
    assert after(source, fix.edits) == expected
    parse(source_of(expected))


def test_tabs_and_line_ends_stay() -> None:
    assert_split(
        "async def f():\r\n\tawait s.execute(text('a;b'))\r\n",
        "async def f():\r\n\tawait s.execute(text('a'))\r\n\tawait s.execute(text('b'))\r\n",
    )


def test_the_last_line_may_have_no_end() -> None:
    assert_split("c.execute(text('a;b'))", "c.execute(text('a'))\nc.execute(text('b'))")


def test_pythons_comments_stay_in_the_last_call() -> None:
    before = """
await c.execute(  # first
    text('a; b')
    # second
)
"""
    expected = """
await c.execute(
    text('a')

)
await c.execute(  # first
    text('b')
    # second
)
"""
    assert_split(before, expected)


# One command, or text that nobody knows.
SINGLE = """
    await c.execute(text('a;'))

    await c.execute(text('a; -- b'))

    await c.execute(text('a' '; b'))

    await c.execute(text(f'a; b'))
"""

# The result is used, or the line holds more.
USED = """
    r = await c.execute(text('a; b'))

    return_(await c.execute(text('a; b')))

    await c.execute(text('a; b')); x = 1

    x = 1; await c.execute(text('a; b'))

    if x: await c.execute(text('a; b'))

    t = text('a; b')
"""

# Parameters that cannot be divided.
PARAMETERS = """
    await c.execute(text('a :x; b :y'), params)

    await c.execute(text('a :x; b :y'), {**params})

    await c.execute(text('a :x; b :y'), [{'x': 1, 'y': 2}])

    await c.execute(text('a :x; b :y'), {'x': 1})

    await c.execute(text('a :x; b :y'), {'x': now(), 'y': 2})

    await c.execute(text('a; b'), {}, execution_options={})

    await c.execute(text('a :x; b'), {
        'x': 1,  # c
    })

    await c.execute(text('a :x; b'))

    await c.execute(text('a; b', bind=e))
"""

# A quote that would join the closing ones.
QUOTE = '''
    await c.execute(text("""a "x"; b"""))
'''


@pytest.mark.parametrize("text", programs(SINGLE, USED, PARAMETERS, QUOTE))
def test_no_fix(text: str) -> None:
    source, statement = statement_in(f"{text}\n")
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
    """The connection gets the same commands and bind parameters as before, one by one."""
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
