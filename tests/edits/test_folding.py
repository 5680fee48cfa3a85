"""Lines that a fix makes shorter or longer are laid out again as formatters do it."""

from __future__ import annotations

import pytest
from blocks import changes, programs
from by_hand import source_of

from poolsafe.edits.folding import refitted
from poolsafe.findings import Edit
from poolsafe.source import edited

WIDTH = 40
LONG, SHORT = "100_000", "0"


def replaced(code: str, old: str, new: str) -> str:
    """Returns the code with each `old` replaced by `new`, laid out again."""
    source = source_of(code)
    source.line_length = WIDTH
    starts = [place for place in range(len(code)) if code.startswith(old, place)]
    edits = refitted(source, [Edit(start, start + len(old), new) for start in starts])
    return edited(code, edits)


CLOSED = """
    connection = connect(
        dsn, cache_of=100_000
    )
    # becomes
    connection = connect(dsn, cache_of=0)

    async with to(
        dsn, a=100_000, b=100_000
    ) as a:  # b
        pass
    # becomes
    async with to(dsn, a=0, b=0) as a:  # b
        pass

    run(
        text(
            f"set session work_mem = 100_000"
        )
    )
    # becomes
    run(text(f"set session work_mem = 0"))

    the_first_of_all_connections.execute(
        text(
            f"set session work_mem = 100_000"
        )
    )
    # becomes
    the_first_of_all_connections.execute(
        text(f"set session work_mem = 0")
    )
"""


@pytest.mark.parametrize(("before", "after"), changes(CLOSED))
def test_a_bracket_is_closed_as_soon_as_its_content_fits(before: str, after: str) -> None:
    assert replaced(before, LONG, SHORT) == after


OPEN = """
    # A trailing comma keeps the bracket open.
    connection = connect(
        dsn, statement_cache=100_000,
    )

    # It would have fitted before.
    connect(
        dsn, cache=100_000
    )

    # So does a comment.
    connection = connect(
        dsn, statement_cache=100_000  # a
    )

    connection = connect(  # a
        dsn, statement_cache=100_000
    )

    # Formatters would remove these parentheses.
    connection_to_the_first = (
        cache + 100_000
    )

    # A text is not laid out.
    sql = '''CREATE TABLE numbers_of_things(
        numbers_of_a int, 100_000
    )'''
"""


@pytest.mark.parametrize("code", programs(OPEN))
def test_a_bracket_stays_open_where_its_owner_opened_it(code: str) -> None:
    assert replaced(code, LONG, SHORT) == code.replace(LONG, SHORT)


OPENED = """
    OPTIONS = {"autocommit": True, "key": 0}
    # becomes
    OPTIONS = {
        "autocommit": True,
        "key": 100_000,
    }

    first(
        connect("0", timeout_of_all=10)
    )
    # becomes
    first(
        connect(
            "100_000",
            timeout_of_all=1100_000,
        )
    )

    first(
        connect("a text that is longer: 0")
    )
    # becomes
    first(
        connect(
            "a text that is longer: 100_000"
        )
    )
"""


@pytest.mark.parametrize(("before", "after"), changes(OPENED))
def test_what_no_longer_fits_gets_lines_of_its_own(before: str, after: str) -> None:
    assert replaced(before, SHORT, LONG) == after


def test_a_line_of_a_text_is_not_wrapped() -> None:
    code = 'sql = """\nset_config(a_long_name, 0, true, ab)\n"""\n'
    assert replaced(code, SHORT, LONG) == code.replace(SHORT, LONG)
